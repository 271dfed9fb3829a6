/**
 * Data: the table of sentences: which offence, how often, earns whom a ban of how long, and what it closes. The first rows are the
 * talk's (docs/manual, "sentences"); the rest are ours. Every number is a setting; the manual prints this table. Pure.
 *
 * Where a row differs from the talk's letter, decision record 0035 says why: unknown recipients are counted by weight, so that a
 * bot is sentenced at the first and a wanted sender's typing mistake is not.
 */
import type { OffenceKind, Who } from './offence.ts'

export type Sentence = {
  readonly offence: OffenceKind
  /** This weight of offences, not all the same one, within `withinMs`. */
  readonly count: number
  readonly withinMs: number
  readonly who: Exclude<Who, 'sender'>
  /** The term is drawn between the two, so that bans that began together do not end together. */
  readonly leastMs: number
  readonly mostMs: number
  /** `earned`: closes the service where it happened; `all`: every port. */
  readonly closes: 'earned' | 'all'
}

export type Sentences = {
  readonly rows: readonly Sentence[]
  /** A further ban within memory is this much longer than the one before… */
  readonly growth: number
  /** …up to this term, or the row's own longest where that is longer. */
  readonly longestMs: number
  /** Half of a record is forgotten in this time. */
  readonly halfLifeMs: number
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

const row = (
  offence: OffenceKind,
  count: number,
  withinMs: number,
  who: Sentence['who'],
  [least, most]: readonly [number, number],
  closes: Sentence['closes'] = 'earned',
): Sentence => ({ offence, count, withinMs, who, leastMs: least * hour, mostMs: most * hour, closes })

/** The defaults. */
export const talkSentences: Sentences = {
  rows: [
    row('login-failed', 3, 12 * hour, 'address', [1, 2], 'all'),
    row('login-failed', 30, 12 * hour, 'network', [1, 2], 'all'),
    row('spam-rejected', 1, day, 'address', [6, 10]),
    row('spam-rejected', 1, day, 'network', [1, 2]),
    row('spam-flagged', 2, day, 'address', [1, 2]),
    row('no-reverse', 1, day, 'address', [6, 10]),
    row('unknown-recipient', 3, day, 'address', [6, 10]),
    row('spamtrap', 1, day, 'address', [6, 10]),
    row('spamtrap', 1, day, 'network', [1, 2]),
    row('smuggling', 1, day, 'address', [6, 10]),
    row('early-talker', 2, hour, 'address', [0.5, 1]),
    row('protocol-abuse', 3, hour, 'address', [0.5, 1]),
    row('too-slow', 5, hour, 'address', [0.25, 0.5]),
    row('too-many-connections', 20, 10 * minute, 'address', [0.25, 0.5]),
  ],
  growth: 2,
  longestMs: 7 * day,
  halfLifeMs: 7 * day,
}
