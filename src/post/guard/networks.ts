/**
 * Where an account is used from: its networks (/24, /48 of IPv6) with when each was first and last seen, and their countries where somebody knows
 * them. A network never seen before raises attention for what comes from it. Pure.
 *
 * Attention is for the network, not for the account: a thief writes from his own, and the owner's mail from home goes on as ever. The first network
 * of an account is as good as any, for somebody must begin; but an account whose networks are all forgotten is watched when it wakes.
 */
import { subjectsOf } from '../../ban/subject.ts'
import type { GuardSettings } from './settings.ts'

/** Networks of one account; the longest unseen is forgotten for a new one. */
const MOST_NETWORKS = 32
const MOST_COUNTRY = 2

type Network = {
  readonly network: string
  readonly firstAt: number
  readonly lastAt: number
  /** Two letters, or '' where nobody knows. */
  readonly country: string
  /** The first that the account ever had: taken for the owner's. */
  readonly trusted: boolean
}
/** Newest first. */
export type Networks = readonly Network[]

/** What is new about where a message or a login comes from. */
export type Attention = {
  readonly network: string
  readonly country: string
  readonly newCountry: boolean
  /** When it is over. */
  readonly until: number
}

/** @returns the key of the network of an address; the address itself where it is none that can be read. */
export const networkOf = (ip: string): string => subjectsOf(ip)?.network ?? ip.slice(0, 64)

/** @returns the networks that are remembered at `now`. */
const rememberedAt = (networks: Networks, settings: GuardSettings, now: number): Networks =>
  networks.filter(({ lastAt }) => now - lastAt < settings.rememberMs)

/**
 * @param networks undefined for an account that nothing was ever written down of.
 * @returns the networks with this one seen; the same list where nothing worth writing changed.
 */
export const seen = (
  networks: Networks | undefined,
  at: { readonly ip: string; readonly country?: string | undefined; readonly now: number },
  settings: GuardSettings,
): Networks => {
  const network = networkOf(at.ip)
  const all = rememberedAt(networks ?? [], settings, at.now)
  const before = all.find((one) => one.network === network)
  const country = (at.country ?? before?.country ?? '').slice(0, MOST_COUNTRY)
  const now: Network =
    before === undefined
      ? { network, firstAt: at.now, lastAt: at.now, country, trusted: networks === undefined }
      : // A clock that went back must not make an old network new for longer.
        { ...before, country, firstAt: Math.min(before.firstAt, at.now), lastAt: at.now }
  return [now, ...all.filter((one) => one !== before)].slice(0, MOST_NETWORKS)
}

/** @returns what is new about `ip`; undefined where it is known. */
export const attentionOf = (
  networks: Networks | undefined,
  ip: string,
  settings: GuardSettings,
  now: number,
): Attention | undefined => {
  if (networks === undefined || settings.attentionMs === 0) return undefined
  const network = networkOf(ip)
  const all = rememberedAt(networks, settings, now)
  const one = all.find((known) => known.network === network)
  if (one?.trusted === true) return undefined
  const firstAt = one?.firstAt ?? now
  const until = firstAt + settings.attentionMs
  if (until <= now) return undefined
  const country = one?.country ?? ''
  const older = all.filter((known) => known !== one && known.country !== '')
  const newCountry = country !== '' && older.length > 0 && older.every((known) => known.country !== country)
  return { network, country, newCountry, until }
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0

/** @returns the networks as plain data. */
export const writeNetworks = (networks: Networks): unknown =>
  networks.map(({ network, firstAt, lastAt, country, trusted }) => [network, firstAt, lastAt, country, trusted])

const readOne = (value: unknown): Network | undefined => {
  const [network, firstAt, lastAt, country, trusted]: readonly unknown[] = Array.isArray(value) ? value : []
  return typeof network === 'string' &&
    network.length <= 64 &&
    isTime(firstAt) &&
    isTime(lastAt) &&
    typeof country === 'string' &&
    country.length <= MOST_COUNTRY &&
    typeof trusted === 'boolean'
    ? { network, firstAt, lastAt, country, trusted }
    : undefined
}

/** @returns undefined for what is no list of networks. */
export const readNetworks = (value: unknown): Networks | undefined => {
  if (!Array.isArray(value) || value.length > MOST_NETWORKS) return undefined
  const all = value.map(readOne)
  return all.every((one) => one !== undefined) ? all : undefined
}
