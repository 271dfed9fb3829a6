/** The demo's closing tables: what became of the messages, who is banned, where mail went. Pure. */
import type { Ban } from '../../ban/offence.ts'
import { writeTable } from '../text/table.ts'
import type { Sent } from './send.ts'

/** What the server said of a message it took or refused, by its id. */
export type Verdicts = ReadonlyMap<string, 'accept' | 'flag' | 'reject' | 'defer'>

type Fate = 'accepted' | 'flagged' | 'rejected' | 'unknown recipient' | 'refused at the door' | 'put off' | 'lost'
const fates: readonly Fate[] = [
  'accepted',
  'flagged',
  'rejected',
  'unknown recipient',
  'refused at the door',
  'put off',
  'lost',
]
const meanings: Readonly<Record<Fate, string>> = {
  accepted: 'in an inbox',
  flagged: 'filed in Junk',
  rejected: 'refused after its data: spam',
  'unknown recipient': 'no such address here',
  'refused at the door': 'its sender is banned: not a byte was read',
  'put off': 'the sender is asked to come again',
  lost: 'the connection broke',
}

const idIn = (reply: string, verdicts: Verdicts): string | undefined =>
  reply.split(/[\s()<>]+/).find((word) => verdicts.has(word))

/** @returns what became of a message. */
const fateOf = (sent: Sent, verdicts: Verdicts): Fate => {
  if (sent.outcome === 'barred') return 'refused at the door'
  if (sent.outcome === 'later') return 'put off'
  if (sent.outcome === 'lost') return 'lost'
  if (sent.outcome === 'refused') {
    if (/\b5\.1\.1\b/.test(sent.reply)) return 'unknown recipient'
    return /banned|5\.7\.1 Your/i.test(sent.reply) && !/spam/i.test(sent.reply) ? 'refused at the door' : 'rejected'
  }
  const id = idIn(sent.reply, verdicts)
  return id !== undefined && verdicts.get(id) === 'flag' ? 'flagged' : 'accepted'
}

export type Tally = { readonly fate: Fate; readonly wanted: number; readonly spam: number }

/** @returns how many of each fate, by what the corpus says they are. */
export const tallyOf = (all: readonly Sent[], verdicts: Verdicts): readonly Tally[] => {
  const fated = all.map((sent) => ({ spam: sent.delivery.message.spam, fate: fateOf(sent, verdicts) }))
  return fates.map((fate) => ({
    fate,
    wanted: fated.filter((one) => one.fate === fate && !one.spam).length,
    spam: fated.filter((one) => one.fate === fate && one.spam).length,
  }))
}

const MOST_BANS = 12
const clock = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ')

export type Place = { readonly account: string; readonly mailbox: string; readonly messages: number }

/** @param seconds how long the sending took. @returns the tables. */
export const writeReport = (
  tally: readonly Tally[],
  bans: readonly Ban[],
  places: readonly Place[],
  seconds: number,
): string => {
  const total = tally.reduce((sum, one) => sum + one.wanted + one.spam, 0)
  const what = writeTable(
    [{ head: 'what became of them' }, { head: 'wanted', right: true }, { head: 'spam', right: true }, { head: '' }],
    tally
      .filter((one) => one.wanted + one.spam > 0)
      .map((one) => [one.fate, String(one.wanted), String(one.spam), meanings[one.fate]]),
  )
  const shown = [...bans].sort((a, b) => b.until - a.until).slice(0, MOST_BANS)
  const banned = writeTable(
    [{ head: 'banned' }, { head: 'for' }, { head: 'until (UTC)' }, { head: 'closes' }],
    shown.map((ban) => [ban.subject, ban.offence, clock(ban.until), ban.scope]),
  )
  const more = bans.length > shown.length ? `and ${bans.length - shown.length} more\n` : ''
  const where = writeTable(
    [{ head: 'account' }, { head: 'mailbox' }, { head: 'messages', right: true }],
    places.filter((place) => place.messages > 0).map((place) => [place.account, place.mailbox, String(place.messages)]),
  )
  const rate = seconds > 0 ? (total / seconds).toFixed(0) : '0'
  return `\n${what}\n${banned}${more}\n${where}\n${total} messages in ${seconds.toFixed(1)} s: ${rate} a second\n`
}
