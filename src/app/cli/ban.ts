/** `postern ban list|set` and `postern pardon`: who is kept out, and the undo. */
import * as z from 'zod'
import { readDuration } from '../settings/kinds.ts'
import { writeTable } from '../text/table.ts'
import { askAndPrint } from './ask.ts'
import type { Command } from './command.ts'
import { whereOptions } from './config-file.ts'
import { banShape } from './shapes.ts'

/** @returns bans as a table. */
const writeBans = (value: unknown): string => {
  const bans = z.array(banShape).parse(value)
  if (bans.length === 0) return 'nobody is kept out\n'
  return writeTable(
    [{ head: 'who' }, { head: 'offence' }, { head: 'closes' }, { head: 'until' }, { head: 'times', right: true }],
    bans
      .sort((a, b) => a.until - b.until)
      .map((ban) => [
        ban.subject,
        ban.offence,
        ban.scope,
        new Date(ban.until).toISOString().slice(0, 16).replace('T', ' '),
        String(ban.times),
      ]),
  )
}

export const banList: Command = {
  usage: 'ban list',
  about: 'Lists the bans in force: who, for which offence, what is closed, until when (UTC), how often before.',
  options: whereOptions,
  example: 'postern ban list',
  json: true,
  run: (given, shell) => askAndPrint(given, shell, { verb: 'ban-list', words: {} }, writeBans),
}

export const banSet: Command = {
  usage: 'ban set WHO DURATION',
  about: 'Bans an address, a network or a sender by hand. `postern pardon` undoes it.',
  options: whereOptions,
  example: 'postern ban set 192.0.2.0/24 "6 h"',
  json: true,
  run: async (given, shell) => {
    const [subject, ...length] = given.words
    const ms = readDuration(length.join(' '))
    if (subject === undefined || ms === undefined) {
      shell.err('postern ban set: name whom and for how long, as in `postern ban set 192.0.2.7 "6 h"`\n')
      return 2
    }
    return askAndPrint(given, shell, { verb: 'ban-set', words: { subject, ms } }, (ban) => writeBans([ban]))
  },
}

export const pardon: Command = {
  usage: 'pardon WHO',
  about: 'Lifts every ban on an address, a network or a sender, and forgets the record.',
  options: whereOptions,
  example: 'postern pardon 192.0.2.7',
  json: true,
  run: async (given, shell) => {
    const [subject, ...more] = given.words
    if (subject === undefined || more.length > 0) {
      shell.err('postern pardon: name one address, network or sender\n')
      return 2
    }
    return askAndPrint(given, shell, { verb: 'pardon', words: { subject } }, (value) => {
      const lifted = z.array(banShape).parse(value)
      return lifted.length === 0
        ? `${subject} was not banned; its record is clean now\n`
        : `lifted ${lifted.length} ban${lifted.length === 1 ? '' : 's'} on ${subject}\n`
    })
  },
}
