/**
 * When a message that could not leave is tried again, and when it is given up. RFC 5321 section 4.5.4.1: at least 30 minutes between tries is the old advice, 4 to 5 days the
 * time to give up; we begin sooner (a greylisting peer lets the second try in after minutes) and slow down to a few tries a day. Pure: time and chance are parameters.
 */
const MINUTE = 60_000
const HOUR = 60 * MINUTE

export type Schedule = {
  /** Before the second try; then twice as long each time… */
  readonly firstMs: number
  /** …up to this. */
  readonly longestMs: number
  /** Of a message, from the time it was queued. */
  readonly lifetimeMs: number
  /** A sender hears of the delay after so long. */
  readonly delayNoticeMs: number
}

export const scheduleDefaults: Schedule = {
  firstMs: 5 * MINUTE,
  longestMs: 4 * HOUR,
  lifetimeMs: 5 * 24 * HOUR,
  delayNoticeMs: 4 * HOUR,
}

const GREYLISTED_TRIES = 6 // so often at the first distance: greylists ask for 1 to 60 minutes

/** A fifth more or less, so that messages that failed together do not come back together. @param chance 0 to 1 */
export const jittered = (ms: number, chance: number): number => Math.round(ms * (0.8 + 0.4 * chance))

/**
 * @param a.tries that failed, the last one included. @param a.greylisted what the peer said last time
 * @returns when to try again: at the latest at the end of its life, so that the last try is made then
 */
export const nextTry = (
  a: {
    readonly tries: number
    readonly now: number
    readonly expiresAt: number
    readonly greylisted: boolean
    readonly chance: number
  },
  { firstMs, longestMs }: Schedule,
): number => {
  const doublings = a.greylisted && a.tries <= GREYLISTED_TRIES ? 0 : Math.min(Math.max(a.tries - 1, 0), 30)
  const wait = jittered(Math.min(longestMs, firstMs * 2 ** doublings), a.chance)
  return a.now >= a.expiresAt ? a.now + wait : Math.min(a.now + wait, a.expiresAt)
}
