/**
 * What an answer makes of an entry of the queue: sent, tried again at once or later, or failed for good; and whether its sender is to hear of it (RFC 3461 section 4.1: NOTIFY). RFC 5321
 * sections 4.2.1 (4xx and 5xx) and 4.5.3.1.10 (too many recipients: the others in another transaction). Pure: time and chance are parameters.
 */
import type { QueueChange, QueueEntry } from '../../store/store.ts'
import { classify } from '../bounce/classify.ts'
import type { Classified, Said } from '../bounce/said.ts'
import { type QueueOptions, readOptions, writeLast, writeOptions } from './options.ts'
import { nextTry, type Schedule } from './schedule.ts'

export type Judged =
  | { readonly kind: 'sent'; readonly notice: boolean }
  /** In another transaction, now. */
  | { readonly kind: 'again' }
  | {
      readonly kind: 'deferred'
      readonly change: QueueChange
      readonly nextAt: number
      readonly notice: boolean
      readonly classified: Classified
    }
  | { readonly kind: 'failed'; readonly notice: boolean; readonly classified: Classified; readonly expired: boolean }

export type JudgeRules = {
  readonly now: number
  readonly chance: number
  readonly schedule: Schedule
  /** The peer tells the sender itself (RFC 3461 section 5.2.1). */
  readonly dsn: boolean
  /** Other recipients of the transaction were taken. */
  readonly someTaken: boolean
}

/** Whether the sender wants to hear this; the null sender never does. */
const wants = (entry: QueueEntry, { notify }: QueueOptions, what: 'success' | 'failure' | 'delay'): boolean =>
  entry.sender !== '' && (notify.length === 0 ? what !== 'success' : notify.includes(what))

/** An entry that did not go. @param counts false: it was not even tried */
const notSent = (entry: QueueEntry, said: Said, rules: JudgeRules): Judged => {
  const options = readOptions(entry.options)
  const classified = classify(said)
  const { now } = rules
  const expired = now >= entry.expiresAt
  if (classified.permanent || expired)
    return { kind: 'failed', notice: wants(entry, options, 'failure'), classified, expired: !classified.permanent }
  const tries = entry.tries + 1
  const nextAt = nextTry(
    { tries, now, expiresAt: entry.expiresAt, greylisted: classified.class === 'greylisted', chance: rules.chance },
    rules.schedule,
  )
  const notice =
    options.delayTold !== true && wants(entry, options, 'delay') && now - entry.queuedAt >= rules.schedule.delayNoticeMs
  const last = writeLast({ at: now, ...said, class: classified.class })
  const told = notice ? { options: writeOptions({ ...options, delayTold: true }) } : {}
  return { kind: 'deferred', change: { id: entry.id, nextAt, tries, last, ...told }, nextAt, notice, classified }
}

/** @returns what becomes of an entry. */
export const judge = (entry: QueueEntry, answer: 'taken' | Said, rules: JudgeRules): Judged => {
  if (answer === 'taken')
    return { kind: 'sent', notice: !rules.dsn && wants(entry, readOptions(entry.options), 'success') }
  const tooMany = answer.stage === 'rcpt' && (answer.code === 452 || answer.code === 552)
  if (tooMany && rules.someTaken && answer.enhanced !== '4.2.2' && answer.enhanced !== '5.2.2') return { kind: 'again' }
  return notSent(entry, answer, rules)
}
