/** `postern selftest talk`: each sentence of the table is played, and what it does is written down. Pure but for the stage. */
import type { Offence } from '../../ban/offence.ts'
import { type Sentence, talkSentences } from '../../ban/sentences.ts'
import { subjectsOf } from '../../ban/subject.ts'
import { openStage } from './stage.ts'

const SECOND = 1000

export type Played = {
  readonly offence: string
  readonly count: number
  readonly who: string
  readonly leastMs: number
  readonly mostMs: number
  /** What came of it. */
  readonly subject: string
  readonly termMs: number
  /** The connection, counted from the first offence, that was the first to be refused. */
  readonly firstRefused: number
  readonly wrong?: string
}

const addressOf = (row: Sentence, index: number): string =>
  row.who === 'network' ? `203.0.113.${1 + (index % 200)}` : '203.0.113.9'

/** @returns how the sentence was passed; `wrong` says where it was not as the table has it. */
const play = async (row: Sentence, random: () => number): Promise<Played> => {
  const stage = await openStage({ random })
  const service = row.offence === 'login-failed' ? 'login' : 'mail'
  const base = { offence: row.offence, count: row.count, who: row.who, leastMs: row.leastMs, mostMs: row.mostMs }
  for (let index = 0; index < row.count + 3; index += 1) {
    const ip = addressOf(row, index)
    const subjects = subjectsOf(row.who === 'network' ? '203.0.113.250' : ip)
    const witness = row.who === 'network' ? '203.0.113.250' : ip
    const ban = stage.jail.barred(witness, service)
    if (ban !== undefined) {
      const termMs = ban.until - ban.from
      const subject = row.who === 'network' ? subjects?.network : subjects?.address
      const wrong =
        index !== row.count
          ? `banned after ${index} offences instead of ${row.count}`
          : ban.subject !== subject
            ? `${ban.subject} is banned instead of ${subject}`
            : termMs < row.leastMs || termMs > row.mostMs
              ? 'the term is not between the two of the table'
              : undefined
      return {
        ...base,
        subject: ban.subject,
        termMs,
        firstRefused: index + 1,
        ...(wrong === undefined ? {} : { wrong }),
      }
    }
    const offence: Offence = { kind: row.offence, ip, service, sameAs: `offence ${index}` }
    stage.jail.offence(offence)
    stage.pass(SECOND)
  }
  return { ...base, subject: '', termMs: 0, firstRefused: 0, wrong: 'nobody was banned' }
}

/** @param random 0 to 1: terms are drawn. */
export const playTalk = async (random: () => number): Promise<readonly Played[]> => {
  const out: Played[] = []
  for (const row of talkSentences.rows) out.push(await play(row, random))
  return out
}
