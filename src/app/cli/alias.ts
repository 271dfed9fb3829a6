/** `postern alias add|list|remove`: addresses that are not accounts: aliases, and the talk's life cycle (reject, blackhole, spamtrap). */
import * as z from 'zod'
import { writeTable } from '../text/table.ts'
import { askAndPrint } from './ask.ts'
import type { Command } from './command.ts'
import { whereOptions } from './config-file.ts'
import { addressShape } from './shapes.ts'

const day = (ms: number | undefined): string => (ms === undefined ? '' : new Date(ms).toISOString().slice(0, 10))

const meanings: Readonly<Record<string, string>> = {
  reject: 'mail for it is refused',
  blackhole: 'mail for it is taken and thrown away',
  spamtrap: 'mail for it is spam, teaches the filter, and bans its sender',
}
/** @returns what an address means from now on, in a line. */
const meaningOf = (address: string | undefined, state: string, targets: readonly string[]): string => {
  if (state === 'alias') return `${address} leads to ${targets.join(' and ')}\n`
  if (state === 'forward') return `${address} has moved: its mail goes on to ${targets.join(' and ')}\n`
  return `${address} is a ${state === 'reject' ? 'refused address' : state}: ${meanings[state]}\n`
}

/** @returns epoch ms of a day, or undefined where it is none. */
const readDay = (text: string | true | undefined): number | undefined => {
  const ms = typeof text === 'string' && /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}

export const aliasAdd: Command = {
  usage: 'alias add ADDRESS [TARGET…]',
  about:
    'Gives an address a meaning: an alias for its targets, or one of the ends of an address\'s life. "@example.org" is every\naddress of the domain that has no meaning of its own. An address that exists gets the new meaning.',
  options: [
    { name: 'forward', says: 'its owner has moved: mail goes on to the targets' },
    { name: 'reject', value: 'TEXT', says: 'refuse mail for it, with this text' },
    { name: 'blackhole', says: 'take mail for it and throw it away' },
    { name: 'spamtrap', says: 'nobody has ever used it: mail for it is spam, and teaches the filter' },
    { name: 'from', value: 'DAY', says: 'the meaning begins on this day (YYYY-MM-DD, UTC)' },
    { name: 'until', value: 'DAY', says: 'and ends on this one' },
    ...whereOptions,
  ],
  example: 'postern alias add sales@example.org anna@example.org ben@example.org',
  json: true,
  run: async (given, shell) => {
    const [address, ...targets] = given.words
    const { values } = given
    const ends = (['reject', 'blackhole', 'spamtrap'] as const).filter((name) => values[name] !== undefined)
    const moved = values['forward'] !== undefined
    const wrong =
      address === undefined
        ? 'name an address'
        : ends.length + (moved ? 1 : 0) > 1
          ? `${[...ends, ...(moved ? ['forward'] : [])].map((name) => `--${name}`).join(' and ')} exclude each other`
          : ends.length === 0 && targets.length === 0
            ? 'name the addresses it leads to, or one of --reject, --blackhole, --spamtrap'
            : ends.length === 1 && targets.length > 0
              ? `an address with --${ends[0]} leads nowhere; leave the targets out`
              : (['from', 'until'] as const).find(
                    (name) => values[name] !== undefined && readDay(values[name]) === undefined,
                  ) !== undefined
                ? 'write a day as 2026-12-31'
                : undefined
    if (wrong !== undefined) {
      shell.err(`postern alias add: ${wrong}\n`)
      return 2
    }
    const words = {
      address,
      state: ends[0] ?? (moved ? 'forward' : 'alias'),
      ...(targets.length === 0 ? {} : { targets }),
      ...(typeof values['reject'] === 'string' ? { says: values['reject'] } : {}),
      ...(readDay(values['from']) === undefined ? {} : { from: readDay(values['from']) }),
      ...(readDay(values['until']) === undefined ? {} : { until: readDay(values['until']) }),
    }
    return askAndPrint(given, shell, { verb: 'alias-put', words }, () => meaningOf(address, words.state, targets), true)
  },
}

export const aliasList: Command = {
  usage: 'alias list [DOMAIN]',
  about: 'Lists every address with its meaning.',
  options: whereOptions,
  example: 'postern alias list example.org',
  json: true,
  run: (given, shell) => {
    const [domain] = given.words
    return askAndPrint(given, shell, { verb: 'alias-list', words: domain === undefined ? {} : { domain } }, (value) =>
      writeTable(
        [{ head: 'address' }, { head: 'is' }, { head: 'leads to' }, { head: 'from' }, { head: 'until' }],
        z
          .array(addressShape)
          .parse(value)
          .map((one) => [
            one.address,
            one.state,
            one.targets?.join(' ') ?? one.says ?? '',
            day(one.from),
            day(one.until),
          ]),
      ),
    )
  },
}

export const aliasRemove: Command = {
  usage: 'alias remove ADDRESS',
  about: 'Takes the meaning of an address away: mail for it is refused as unknown.',
  options: whereOptions,
  example: 'postern alias remove sales@example.org',
  json: true,
  run: async (given, shell) => {
    const [address, ...more] = given.words
    if (address === undefined || more.length > 0) {
      shell.err('postern alias remove: name one address\n')
      return 2
    }
    return askAndPrint(given, shell, { verb: 'alias-remove', words: { address } }, () => `removed ${address}\n`)
  },
}
