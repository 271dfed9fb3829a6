/**
 * How fast a destination is sent to: connections at once, a gap between messages, and rests. They grow by a little as long as all goes well and are cut in half when the
 * peer balks (additive increase, multiplicative decrease), so that the pace settles at what the peer bears. Pure: time and chance are parameters.
 */
import { jittered } from './schedule.ts'

export type PaceRules = {
  /** Connections at once, to begin with and at most. */
  readonly start: number
  readonly most: number
  /** The first rest of a peer that does not answer or will not talk; then twice as long… */
  readonly restMs: number
  readonly longestRestMs: number
  /** The first gap between messages for a peer that finds us too fast; then twice as long… */
  readonly gapMs: number
  readonly longestGapMs: number
}

export const paceDefaults: PaceRules = {
  start: 5,
  most: 20,
  restMs: 60_000,
  longestRestMs: 3_600_000,
  gapMs: 500,
  longestGapMs: 60_000,
}

export type Pace = {
  /** Connections at once. */
  readonly limit: number
  /** Messages that went well since the limit grew. */
  readonly credit: number
  /** Between the beginnings of two messages. */
  readonly gapMs: number
  /** No new message before this time. */
  readonly restUntil: number
  /** Rests in a row. */
  readonly rests: number
}

/** The pace of a destination that nothing is known of. */
export const newPace = (rules: PaceRules): Pace => ({
  ...{ limit: Math.min(rules.start, rules.most), credit: 0 },
  ...{ gapMs: 0, restUntil: 0, rests: 0 },
})

/** A message went, or was refused for its own sake: the peer bears the pace. */
export const went = (pace: Pace, rules: PaceRules): Pace => {
  const full = pace.credit + 1 >= pace.limit && pace.limit < rules.most
  const gapMs = pace.gapMs <= rules.gapMs / 2 ? 0 : pace.gapMs * 0.75
  return {
    limit: full ? pace.limit + 1 : pace.limit,
    credit: full || pace.limit >= rules.most ? 0 : pace.credit + 1,
    ...{ gapMs, restUntil: pace.restUntil, rests: 0 },
  }
}

/** The peer closed a connection that had served: fewer at once, without a rest. */
export const cutShort = (pace: Pace): Pace => ({ ...pace, limit: Math.max(1, Math.floor(pace.limit / 2)), credit: 0 })

/** The peer does not answer, will not talk, or finds us too fast. What fails while it rests already is the same failure, seen again. */
export const balked = (pace: Pace, rules: PaceRules, now: number, chance: number): Pace => {
  if (now < pace.restUntil) return pace
  const rest = Math.min(rules.longestRestMs, rules.restMs * 2 ** Math.min(pace.rests, 30))
  return {
    ...cutShort(pace),
    gapMs: Math.min(rules.longestGapMs, Math.max(rules.gapMs, pace.gapMs * 2)),
    restUntil: now + jittered(rest, chance),
    rests: pace.rests + 1,
  }
}
