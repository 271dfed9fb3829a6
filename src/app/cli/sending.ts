/** `postern account second-address|budget`: where an owner is told what must not be told in the account itself, and how much an account may send. */
import * as z from 'zod'
import { writeTable } from '../text/table.ts'
import { askAndPrint } from './ask.ts'
import type { Command, Given, Option, Shell } from './command.ts'
import { whereOptions } from './config-file.ts'

const addressShape = z.object({ address: z.string().nullable() })

export const accountSecondAddress: Command = {
  usage: 'account second-address ADDRESS [OTHER]',
  about:
    'Sets where the owner is told when the account is frozen: an address that does not need this account. Without OTHER it shows the one that is set.',
  options: [{ name: 'none', says: 'take it away' }, ...whereOptions],
  example: 'postern account second-address anna@example.org anna.private@example.net',
  json: true,
  run: async (given, shell) => {
    const [name, other, ...more] = given.words
    const none = given.values['none'] === true
    if (name === undefined || more.length > 0 || (none && other !== undefined)) {
      shell.err('postern account second-address: name the account and one other address, as in the example\n')
      return 2
    }
    const address = none ? null : other
    const words = { name, ...(address === undefined ? {} : { address }) }
    return askAndPrint(given, shell, { verb: 'account-second-address', words }, (value) => {
      const { address: now } = addressShape.parse(value)
      return now === null ? `${name} has no second address\n` : `${name} is told at ${now}\n`
    })
  },
}

const amountShape = z.object({ messages: z.number(), recipients: z.number(), firstTime: z.number() })
const bothShape = z.object({ hour: amountShape, day: amountShape })
const ownShape = z.object({ flag: z.number().optional(), reject: z.number().optional() })
const standingShape = z.object({
  spent: bothShape,
  limits: bothShape,
  attention: z.array(z.string()),
  strikes: z.number(),
  own: ownShape,
})

const spans = ['hour', 'day'] as const
const kinds = [
  { kind: 'messages', name: 'messages', says: 'messages' },
  { kind: 'recipients', name: 'recipients', says: 'recipients' },
  { kind: 'firstTime', name: 'first-time', says: 'recipients that it never wrote to before' },
] as const
const numbers: readonly Option[] = [
  ...spans.flatMap((span) =>
    kinds.map(({ name, says }) => ({
      name: `${name}-${span}`,
      value: 'N',
      says: `its own limit of ${says} in ${span === 'hour' ? 'an hour' : 'a day'}`,
    })),
  ),
  { name: 'flag', value: 'POINTS', says: 'its own threshold for noting a message' },
  { name: 'reject', value: 'POINTS', says: 'its own threshold for refusing a message' },
]

/** A number, null for `none`, undefined where the option is not there; NaN for anything else. */
const numberOf = (given: Given, name: string): number | null | undefined => {
  const text = given.values[name]
  if (text === undefined) return undefined
  if (text === 'none') return null
  return text === true || text.trim() === '' ? Number.NaN : Number(text)
}

const amountOf = (given: Given, span: string): Readonly<Record<string, number | null>> =>
  Object.fromEntries(
    kinds.flatMap(({ kind, name }) => {
      const limit = numberOf(given, `${name}-${span}`)
      return limit === undefined ? [] : [[kind, limit]]
    }),
  )

const standingWords = (value: unknown): string => {
  const { spent, limits, attention, strikes, own } = standingShape.parse(value)
  const table = writeTable(
    [
      { head: '' },
      { head: 'last hour', right: true },
      { head: 'of', right: true },
      { head: 'last day', right: true },
      { head: 'of', right: true },
    ],
    kinds.map(({ kind, says }) => [
      says,
      ...spans.flatMap((span) => [String(spent[span][kind]), String(limits[span][kind])]),
    ]),
  )
  const more = [
    ...(strikes > 0 ? [`refused or held lately: ${strikes}`] : []),
    ...(attention.length > 0 ? [`new networks, from which less goes out: ${attention.join(', ')}`] : []),
    ...(own.reject === undefined ? [] : [`its own threshold for refusing: ${own.reject}`]),
    ...(own.flag === undefined ? [] : [`its own threshold for noting: ${own.flag}`]),
  ]
  return `${table}${more.map((line) => `${line}\n`).join('')}`
}

const isWrong = (shell: Shell, given: Given): boolean => {
  const wrong = numbers.find(({ name }) => Number.isNaN(numberOf(given, name)))
  if (wrong !== undefined)
    shell.err(`postern account budget: --${wrong.name} takes a number, or "none" for the server's own\n`)
  return wrong !== undefined
}

export const accountBudget: Command = {
  usage: 'account budget ADDRESS',
  about:
    'Shows how much an account has sent in the last hour and day, and how much it may send; with an option gives it a limit of its own ("none" takes it away). From a network that is new to the account less goes out all the same.',
  options: [...numbers, ...whereOptions],
  example: 'postern account budget club@example.org --first-time-day 400',
  json: true,
  run: async (given, shell) => {
    const [name, ...more] = given.words
    if (name === undefined || more.length > 0) {
      shell.err('postern account budget: name one address, as in anna@example.org\n')
      return 2
    }
    if (isWrong(shell, given)) return 2
    const words = {
      name,
      flag: numberOf(given, 'flag'),
      reject: numberOf(given, 'reject'),
      hour: amountOf(given, 'hour'),
      day: amountOf(given, 'day'),
    }
    return askAndPrint(given, shell, { verb: 'account-budget', words }, standingWords)
  },
}
