/**
 * What becomes of a message that somebody who logged in wants to send, and when his account is frozen. Pure.
 *
 * Three answers below the ice. A message that fits goes. One that does not fit a budget, or looks like spam and comes from a new network, is
 * taken and held: nothing is lost, and an honest person waits at worst. One that is spam by its score is refused: the sender's program has it
 * still, and says so. What is refused, or held from a new network for strangers' sake, is a strike; `strikes` of them freeze the account.
 */
import type { Over } from './budget.ts'
import type { GuardSettings } from './settings.ts'

/** Tries of one and the same message that count as one: a mail program tries again, and so does a person. */
const MOST_SAME = 10
/** Strikes that are remembered: many more than any setting needs. */
const MOST_STRIKES = 30

type Strike = {
  readonly at: number
  readonly what: 'refused' | 'held'
  readonly weight: number
  readonly score: number
  /** What makes two tries the same message; '' where nobody knows. */
  readonly same: string
  readonly tries: number
  readonly ip: string
}
/** Newest first. */
export type Strikes = readonly Strike[]

export type FreezeWhy = 'refused' | 'far-beyond' | 'strangers' | 'by-hand'
export type Judgement = {
  readonly answer: 'go' | 'hold' | 'refuse'
  readonly strikes: Strikes
  /** The account is to be frozen, and why. */
  readonly freeze?: FreezeWhy
  /** What the message was measured by. */
  readonly limit: number
}

const recent = (strikes: Strikes, settings: GuardSettings, now: number): Strikes =>
  // A strike of the future is a mistake of the clock: it counts as one of now.
  strikes.filter(({ at }) => now - at < settings.strikesWithinMs)

const weightOf = (strikes: Strikes): number =>
  strikes.reduce((sum, { weight, tries }) => sum + weight * Math.ceil(tries / MOST_SAME), 0)

const struck = (strikes: Strikes, strike: Omit<Strike, 'tries'>): Strikes => {
  const before = strike.same === '' ? undefined : strikes.find(({ same }) => same === strike.same)
  return [
    { ...strike, weight: Math.max(strike.weight, before?.weight ?? 0), tries: (before?.tries ?? 0) + 1 },
    ...strikes.filter((one) => one !== before),
  ].slice(0, MOST_STRIKES)
}

type Case = {
  readonly strikes: Strikes
  readonly attention: boolean
  readonly ip: string
  readonly now: number
}

/** @returns what becomes of a message that a budget has no room for, before it is scanned. */
export const judgeOver = (settings: GuardSettings, over: Over, heldBefore: number, given: Case): Judgement => {
  const before = recent(given.strikes, settings, given.now)
  if (heldBefore >= settings.mostHeld) return { answer: 'refuse', strikes: before, limit: over.limit }
  if (!given.attention || over.kind !== 'firstTime') return { answer: 'hold', strikes: before, limit: over.limit }
  const { now: at, ip } = given
  const strikes = struck(before, { at, what: 'held', weight: 1, score: 0, same: '', ip })
  const frozen = weightOf(strikes) >= settings.strikes
  return { answer: 'hold', strikes, limit: over.limit, ...(frozen ? { freeze: 'strangers' as const } : {}) }
}

/** The thresholds that hold for a message. */
const thresholdsAt = (
  settings: Pick<GuardSettings, 'flag' | 'reject' | 'attentionPoints'>,
  attention: boolean,
): { readonly flag: number; readonly reject: number } => {
  const less = attention ? settings.attentionPoints : 0
  return { flag: settings.flag - less, reject: settings.reject - less }
}

/** @param same what makes two tries the same message, or ''. @returns what becomes of a message that was scanned. */
export const judgeScore = (settings: GuardSettings, score: number, same: string, given: Case): Judgement => {
  const before = recent(given.strikes, settings, given.now)
  const { flag, reject } = thresholdsAt(settings, given.attention)
  const { now: at, ip, attention } = given
  if (score < flag) return { answer: 'go', strikes: before, limit: flag }
  if (score < reject) {
    if (!attention) return { answer: 'go', strikes: before, limit: flag }
    const strikes = struck(before, { at, what: 'held', weight: 1, score, same, ip })
    return {
      answer: 'hold',
      strikes,
      limit: flag,
      ...(weightOf(strikes) >= settings.strikes ? { freeze: 'refused' as const } : {}),
    }
  }
  const far = score >= reject + settings.farBeyond
  const strikes = struck(before, { at, what: 'refused', weight: far ? 2 : 1, score, same, ip })
  // Once alone it may be somebody who tries the filter with GTUBE.
  if (far && attention) return { answer: 'refuse', strikes, limit: reject, freeze: 'far-beyond' }
  const frozen = weightOf(strikes) >= settings.strikes
  return { answer: 'refuse', strikes, limit: reject, ...(frozen ? { freeze: 'refused' as const } : {}) }
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const MOST_TEXT = 100

/** @returns strikes as plain data. */
export const writeStrikes = (strikes: Strikes): unknown =>
  strikes.map(({ at, what, weight, score, same, tries, ip }) => [at, what, weight, score, same, tries, ip])

const readOne = (value: unknown): Strike | undefined => {
  const [at, what, weight, score, same, tries, ip]: readonly unknown[] = Array.isArray(value) ? value : []
  if (what !== 'refused' && what !== 'held') return undefined
  if (typeof same !== 'string' || typeof ip !== 'string' || same.length > MOST_TEXT || ip.length > MOST_TEXT)
    return undefined
  return isNumber(at) && isNumber(weight) && isNumber(score) && isNumber(tries) && tries >= 1
    ? { at, what, weight, score, same, tries, ip }
    : undefined
}

/** @returns undefined for what are no strikes. */
export const readStrikes = (value: unknown): Strikes | undefined => {
  if (!Array.isArray(value) || value.length > MOST_STRIKES) return undefined
  const all = value.map(readOne)
  return all.every((one) => one !== undefined) ? all : undefined
}
