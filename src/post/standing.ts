/**
 * What our own history says of a sender: wanted and unwanted mail by address, domain and network, fading with time. Pure.
 *
 * A count loses half its weight in HALF_LIFE, so that a network that changed hands is judged by its new owner's mail. The score
 * is the log-odds of unwanted mail, shrunk towards nothing while little is known.
 */
import { subjectsOf } from '../ban/subject.ts'

const HALF_LIFE = 30 * 86_400_000
/** Messages of history at which a score counts half of what it says. */
const SHRINK = 2
const MOST_SCORE = 4

export type Standing = {
  readonly wanted: number
  readonly unwanted: number
  readonly firstAt: number
  readonly lastAt: number
}

/** The history of somebody never seen before. */
const stranger = (now: number): Standing => ({ wanted: 0, unwanted: 0, firstAt: now, lastAt: now })

/** The counts as they weigh at `now`; a clock that went back changes nothing. */
const faded = (standing: Standing, now: number): Standing => {
  const factor = 0.5 ** (Math.max(0, now - standing.lastAt) / HALF_LIFE)
  return {
    ...standing,
    wanted: standing.wanted * factor,
    unwanted: standing.unwanted * factor,
    lastAt: Math.max(now, standing.lastAt),
  }
}

/** @param weight 1 for a message; a correction by the reader takes back what the first judgement gave. */
export const counted = (
  standing: Standing | undefined,
  what: 'wanted' | 'unwanted',
  now: number,
  weight = 1,
): Standing => {
  const then = faded(standing ?? stranger(now), now)
  return { ...then, [what]: Math.max(0, then[what] + weight) }
}

/** @returns −4 (always wanted) to 4 (always unwanted); 0 for a stranger. */
export const standingScore = (standing: Standing | undefined, now: number): number => {
  if (standing === undefined) return 0
  const { wanted, unwanted } = faded(standing, now)
  const trust = (wanted + unwanted) / (wanted + unwanted + SHRINK)
  return Math.max(-MOST_SCORE, Math.min(MOST_SCORE, Math.log((unwanted + 0.5) / (wanted + 0.5)))) * trust
}

/** Wanted messages, as they weigh now, from which a sender is trusted… */
const TRUSTED_WANTED = 2
/** …and how many times more they must be than the unwanted ones. */
const TRUSTED_RATIO = 3
const STRONGLY = 3

/**
 * Whether this sender delivers wanted mail, so that one message of spam is not its doing.
 * @param strongly asks for several times as much: for a whole network that speaks for a host of which nothing is known.
 */
export const isTrusted = (standing: Standing | undefined, now: number, strongly = false): boolean => {
  if (standing === undefined) return false
  const { wanted, unwanted } = faded(standing, now)
  const factor = strongly ? STRONGLY : 1
  return wanted >= TRUSTED_WANTED * factor && wanted >= unwanted * TRUSTED_RATIO * factor
}

/** The keys under which a sender's history is kept; the domain only where SPF, DKIM or DMARC vouch for it, because anybody may write a name. */
export type SenderKeys = {
  readonly host: string
  readonly network: string
  readonly address?: string
  readonly domain?: string
}

/** @param address the From or envelope address, lower case. @param vouched the domain that authentication stands for. */
export const senderKeys = (ip: string, address: string | undefined, vouched: string | undefined): SenderKeys => {
  const subjects = subjectsOf(ip)
  const [host, network] = [`h:${subjects?.address ?? '?'}`, `n:${subjects?.network ?? '?'}`]
  const own = address !== undefined && vouched !== undefined && address.endsWith(`@${vouched}`)
  return {
    host,
    network,
    ...(own ? { address: `a:${address}` } : {}),
    ...(vouched === undefined ? {} : { domain: `d:${vouched}` }),
  }
}

/** @returns the memo's octets. */
export const writeStanding = (s: Standing): Uint8Array =>
  new Uint8Array(Float64Array.of(s.wanted, s.unwanted, s.firstAt, s.lastAt).buffer)

/** @returns undefined for octets that are no standing: history is lost then, mail is not. */
export const readStanding = (bytes: Uint8Array): Standing | undefined => {
  if (bytes.length !== 32) return undefined
  const [wanted = 0, unwanted = 0, firstAt = 0, lastAt = 0] = new Float64Array(bytes.slice().buffer)
  return [wanted, unwanted, firstAt, lastAt].every((n) => Number.isFinite(n) && n >= 0)
    ? { wanted, unwanted, firstAt, lastAt }
    : undefined
}
