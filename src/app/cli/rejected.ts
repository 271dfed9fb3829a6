/** `postern rejected list|release`: what was refused, and letting a message go to whom it was for. */
import * as z from 'zod'
import { readDuration } from '../settings/kinds.ts'
import { writeTable } from '../text/table.ts'
import { askAndPrint } from './ask.ts'
import type { Command } from './command.ts'
import { whereOptions } from './config-file.ts'
import { receiptShape } from './shapes.ts'

const storyShape = z.object({ id: z.string(), reasons: z.array(z.string()) })
const unknown = { id: '?', reasons: [] }
const storyOf = (text: string): z.output<typeof storyShape> => {
  try {
    return storyShape.safeParse(JSON.parse(text)).data ?? unknown
  } catch (error) {
    if (error instanceof SyntaxError) return unknown
    throw error
  }
}

/** @returns a table for the operator. Pure. */
export const writeRejected = (value: unknown): string => {
  const list = z.array(receiptShape).parse(value)
  if (list.length === 0) return 'nothing was refused after it was read in that time\n'
  const table = writeTable(
    [
      { head: 'message' },
      { head: 'at (UTC)' },
      { head: 'from', most: 32 },
      { head: 'to', most: 28 },
      { head: 'points', right: true },
      { head: 'because', most: 22 },
      { head: 'subject', most: 40 },
    ],
    list.map(({ at, fromHeader, mailFrom, recipients, score, story, subject }) => {
      const { id, reasons } = storyOf(story)
      const when = new Date(at).toISOString().slice(0, 16).replace('T', ' ')
      return [id, when, fromHeader || mailFrom, recipients.join(' '), score.toFixed(1), reasons.join(' '), subject]
    }),
  )
  return `${table}\nWhom it was for finds each in the mailbox Rejected. \`postern why MESSAGE\` says more of one, \`postern rejected release MESSAGE\` lets it go.\n`
}

export const rejectedList: Command = {
  usage: 'rejected list [ADDRESS|WORD]',
  about:
    'Lists mail that was refused after it was read: who wrote, to whom, the points and why. What was refused earlier (by bans, or for an unknown\nrecipient) is in the log. Whom it was for finds the same in the mailbox Rejected, for as long as [keep] rejected says.',
  options: [{ name: 'since', value: 'DURATION', says: 'how far back', byDefault: '"14 d"' }, ...whereOptions],
  example: 'postern rejected list anna@example.org --since "2 d"',
  json: true,
  run: async (given, shell) => {
    const [match, ...more] = given.words
    const since = given.values['since']
    const ms = readDuration(typeof since === 'string' ? since : '14 d')
    if (more.length > 0 || ms === undefined) {
      shell.err('postern rejected list: name one address or word at most, and a length of time as in --since "2 d"\n')
      return 2
    }
    const words = { since: shell.now() - ms, ...(match === undefined ? {} : { match }) }
    return askAndPrint(given, shell, { verb: 'rejected-list', words }, writeRejected)
  },
}

const releasedShape = z.array(z.object({ account: z.string(), whole: z.boolean() }))

export const rejectedRelease: Command = {
  usage: 'rejected release MESSAGE',
  about:
    'Moves what shows a refused message from Rejected to the INBOX of whom it was for, as they can do themselves, and lets its sender write again. The message\nitself comes along only where [spam] keep-rejected was on; otherwise ask the sender, who was told that it was refused, to send it once more.',
  options: whereOptions,
  example: 'postern rejected release 0123456789abcdef',
  json: true,
  run: async (given, shell) => {
    const [id, ...more] = given.words
    if (id === undefined || more.length > 0) {
      shell.err('postern rejected release: name one message, as `postern rejected list` does\n')
      return 2
    }
    return askAndPrint(given, shell, { verb: 'rejected-release', words: { id } }, (value) =>
      releasedShape
        .parse(value)
        .map(({ account, whole }) =>
          whole
            ? `${account}: the message is in the INBOX\n`
            : `${account}: a note of it is in the INBOX; the message itself was not kept, and its sender may write again\n`,
        )
        .join(''),
    )
  },
}
