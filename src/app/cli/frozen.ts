/** `postern account freeze|thaw|frozen`: closing an account whose password is in other hands, and what was held of its mail. */
import * as z from 'zod'
import { writeTable } from '../text/table.ts'
import { askAndPrint } from './ask.ts'
import type { Command, Given, Shell } from './command.ts'
import { whereOptions } from './config-file.ts'

const heldShape = z.object({
  message: z.string(),
  why: z.string(),
  at: z.number(),
  sender: z.string(),
  recipients: z.array(z.string()),
  subject: z.string(),
  size: z.number(),
})
const frozenShape = z.object({
  name: z.string(),
  at: z.string(),
  why: z.string(),
  says: z.string(),
  note: z.string(),
  ip: z.string(),
  held: z.number(),
})
const thawedShape = z.object({
  thawed: z.boolean(),
  released: z.number(),
  dropped: z.number(),
  held: z.array(heldShape),
})
type Held = z.infer<typeof heldShape>

const SHORT_ID = 12
const MOST_SUBJECT = 40
const minute = (at: number | string): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ')
const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
/** Nothing that a stranger wrote may steer a terminal. */
const plain = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?')

const to = ([first = '', ...others]: readonly string[]): string =>
  others.length === 0 ? plain(first) : `${plain(first)} and ${others.length} more`

const heldTable = (held: readonly Held[]): string =>
  writeTable(
    [{ head: 'id' }, { head: 'sent (UTC)' }, { head: 'held' }, { head: 'to' }, { head: 'subject' }],
    held.map((one) => [
      one.message.slice(0, SHORT_ID),
      minute(one.at),
      one.why,
      to(one.recipients),
      plain(one.subject).slice(0, MOST_SUBJECT),
    ]),
  )

const oneName = (given: Given, shell: Shell, usage: string): string | undefined => {
  const [name, ...more] = given.words
  if (name !== undefined && more.length === 0) return name
  shell.err(`postern ${usage}: name one address, as in anna@example.org\n`)
  return undefined
}

export const accountFreeze: Command = {
  usage: 'account freeze ADDRESS',
  about:
    'Nobody can log in to the account, open sessions are cut, and its mail that waits to leave is held. Mail for it goes on being delivered. The owner (at the second address) and the administrator are told. `account thaw` undoes it.',
  options: [
    {
      name: 'stolen',
      says: 'somebody else has the password: app passwords are revoked, and only another password thaws',
    },
    { name: 'note', value: 'TEXT', says: 'why, for the record and the mail to the owner' },
    ...whereOptions,
  ],
  example: 'postern account freeze anna@example.org --stolen',
  json: true,
  run: async (given, shell) => {
    const name = oneName(given, shell, 'account freeze')
    if (name === undefined) return 2
    const note = given.values['note'] === true ? '' : (given.values['note'] ?? '')
    const request = { verb: 'account-freeze', words: { name, note, stolen: given.values['stolen'] === true } }
    return askAndPrint(given, shell, request, (value) => {
      const { held } = frozenShape.parse(value)
      return `froze ${name}\n${held === 0 ? '' : `${counted(held, 'message')} held; \`postern account thaw ${name} --list\` shows them\n`}`
    })
  },
}

const thawedWords = (name: string, value: unknown): string => {
  const { thawed, released, dropped, held } = thawedShape.parse(value)
  const lines = [
    ...(thawed ? [`thawed ${name}: it can log in and send again`] : []),
    ...(released > 0 ? [`released ${counted(released, 'message')}: on the way now`] : []),
    ...(dropped > 0 ? [`dropped ${counted(dropped, 'message')} for good`] : []),
  ]
  if (held.length === 0) return `${lines.join('\n')}\n`
  return `${lines.join('\n')}\n\nstill held:\n${heldTable(held)}\nSend with --release ID or --release all; throw away with --drop ID or --drop all.\n`
}

export const accountThaw: Command = {
  usage: 'account thaw ADDRESS',
  about:
    'Opens a frozen account again, once it has another password. What was held stays held until you say what becomes of it: all, or a message at a time, now or later. The counts that led to the freeze begin anew.',
  options: [
    { name: 'list', says: 'only show what is held' },
    { name: 'release', value: 'ID|all', says: 'send what was held' },
    { name: 'drop', value: 'ID|all', says: 'throw away what was held; there is no undo' },
    { name: 'same-password', says: 'open it with the password that it was frozen with' },
    ...whereOptions,
  ],
  example: 'postern account thaw anna@example.org --drop all',
  json: true,
  run: async (given, shell) => {
    const name = oneName(given, shell, 'account thaw')
    if (name === undefined) return 2
    if (given.values['list'] === true)
      return askAndPrint(given, shell, { verb: 'account-held', words: { name } }, (value) => {
        const held = z.array(heldShape).parse(value)
        return held.length === 0 ? `nothing of ${name} is held\n` : heldTable(held)
      })
    const [release, drop] = [given.values['release'], given.values['drop']]
    if (release !== undefined && release === drop) {
      shell.err('postern account thaw: the same messages cannot be released and dropped; say one of them\n')
      return 2
    }
    const samePassword = given.values['same-password'] === true
    const request = { verb: 'account-thaw', words: { name, samePassword, release, drop } }
    return askAndPrint(given, shell, request, (value) => thawedWords(name, value))
  },
}

export const accountFrozen: Command = {
  usage: 'account frozen',
  about: 'Lists the frozen accounts: since when, why, from where, and how much of their mail is held.',
  options: whereOptions,
  example: 'postern account frozen --json',
  json: true,
  run: (given, shell) =>
    askAndPrint(given, shell, { verb: 'account-frozen', words: {} }, (value) => {
      const frozen = z.array(frozenShape).parse(value)
      if (frozen.length === 0) return 'no account is frozen\n'
      return writeTable(
        [
          { head: 'account' },
          { head: 'since (UTC)' },
          { head: 'from' },
          { head: 'held', right: true },
          { head: 'why' },
        ],
        frozen.map((one) => [
          one.name,
          minute(one.at),
          one.ip === '' ? '-' : one.ip,
          String(one.held),
          `${one.says}${one.note === '' ? '' : ` (${plain(one.note)})`}`,
        ]),
      )
    }),
}
