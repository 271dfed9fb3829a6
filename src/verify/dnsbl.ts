/**
 * Blocklists: which zones list an address or a domain, what their codes mean, and whether a zone answers us at all. RFC 5782 section 2.1
 * (IPv4), 2.4 (IPv6), 2.3 (results), section 3 (domains), section 5 (test entries). Pure but for the look-ups.
 *
 * A zone whose answer lies outside 127.0.0.0/8 is not a blocklist any more (a parked domain, a resolver that lies): it is ignored. Spamhaus
 * answers 127.255.255.0/24 to resolvers that it does not serve: that is reported as `blocked` and never counted.
 */
import type { Resolve } from '../base/dns.ts'
import { readIp } from '../base/ip.ts'
import { askable, isDomain, reversed, toAscii } from './lookup.ts'

export type DnsblZone = {
  readonly zone: string
  /** What is asked for: client addresses, or domains of senders and links. */
  readonly lists: 'addresses' | 'domains'
  /** For codes that `codes` does not name. 0: they do not count. */
  readonly weight: number
  /** Meanings of single result addresses; the heaviest that is answered counts. */
  readonly codes?: Readonly<Record<string, { readonly weight: number; readonly says: string }>>
}
export type DnsblListing = {
  readonly zone: string
  /** What is listed. */
  readonly listed: string
  readonly weight: number
  readonly says?: string
  readonly codes: readonly string[]
}
export type DnsblFindings = {
  readonly listings: readonly DnsblListing[]
  /** Zones that refuse our resolver, with their code: the caller logs `dnsbl-blocked`. */
  readonly blocked: readonly { readonly zone: string; readonly code: string }[]
  /** Zones that did not answer in time. */
  readonly silent: readonly string[]
}

const MOST_ZONES = 32
const MOST_DOMAINS = 20

/** Data: Spamhaus ZEN and Barracuda, the two that decide who receives our mail. Codes as the lists document them. */
export const defaultZones: readonly DnsblZone[] = [
  {
    zone: 'zen.spamhaus.org',
    lists: 'addresses',
    weight: 3,
    codes: {
      '127.0.0.2': { weight: 4, says: 'SBL: a spam source' },
      '127.0.0.3': { weight: 4, says: 'SBL CSS: a low-reputation spam source' },
      '127.0.0.4': { weight: 4, says: 'XBL: a compromised machine' },
      '127.0.0.5': { weight: 4, says: 'XBL: a compromised machine' },
      '127.0.0.6': { weight: 4, says: 'XBL: a compromised machine' },
      '127.0.0.7': { weight: 4, says: 'XBL: a compromised machine' },
      '127.0.0.9': { weight: 5, says: 'DROP: a network run by criminals' },
      '127.0.0.10': { weight: 3, says: 'PBL: an address that its provider says sends no mail' },
      '127.0.0.11': { weight: 3, says: 'PBL: an address that sends no mail, by Spamhaus' },
    },
  },
  {
    zone: 'b.barracudacentral.org',
    lists: 'addresses',
    weight: 2.5,
    codes: { '127.0.0.2': { weight: 2.5, says: 'Barracuda: poor reputation' } },
  },
]

const isRefusal = (code: string): boolean => code.startsWith('127.255.255.')

type ZoneFinding = { readonly listing?: DnsblListing; readonly blocked?: string; readonly silent?: true }
const lookIn = async (zone: DnsblZone, listed: string, label: string, resolve: Resolve): Promise<ZoneFinding> => {
  const name = `${label}.${zone.zone}`
  if (!askable(name)) return {}
  const answer = await resolve(name, 'A')
  if (answer.kind === 'failed') return { silent: true }
  if (answer.kind === 'none') return {}
  const refusal = answer.records.find(isRefusal)
  if (refusal !== undefined) return { blocked: refusal }
  const codes = answer.records.filter((code) => code.startsWith('127.') && code !== '127.0.0.1')
  const [heaviest] = codes
    .map((code) => zone.codes?.[code] ?? { weight: zone.weight, says: code })
    .toSorted((one, other) => other.weight - one.weight)
  if (heaviest === undefined) return {}
  return { listing: { zone: zone.zone, listed, weight: heaviest.weight, says: heaviest.says, codes } }
}

const gatherFindings = async (
  questions: readonly { readonly zone: DnsblZone; readonly listed: string; readonly label: string }[],
  resolve: Resolve,
): Promise<DnsblFindings> => {
  const found = await Promise.all(
    questions.map(async ({ zone, listed, label }) => ({
      zone: zone.zone,
      ...(await lookIn(zone, listed, label, resolve)),
    })),
  )
  const blocked = new Map(found.flatMap((one) => (one.blocked === undefined ? [] : [[one.zone, one.blocked] as const])))
  return {
    listings: found.flatMap((one) => (one.listing === undefined ? [] : [one.listing])),
    blocked: [...blocked].map(([zone, code]) => ({ zone, code })),
    silent: [...new Set(found.flatMap((one) => (one.silent === true ? [one.zone] : [])))],
  }
}

/** Asks all zones of addresses at once. @param address the client; a private one is asked for too, as a test zone may list it. */
export const checkDnsbl = async (
  address: string,
  zones: readonly DnsblZone[],
  resolve: Resolve,
): Promise<DnsblFindings> => {
  const ip = readIp(address)
  const asked = ip.ok ? zones.filter((zone) => zone.lists === 'addresses').slice(0, MOST_ZONES) : []
  const label = ip.ok ? reversed(ip.value) : ''
  return await gatherFindings(
    asked.map((zone) => ({ zone, listed: address, label })),
    resolve,
  )
}

/** The same for domains: of the sender, HELO, or links. At most `MOST_DOMAINS` of them; what is no domain is passed over. */
export const checkDomainBlocklists = async (
  domains: readonly string[],
  zones: readonly DnsblZone[],
  resolve: Resolve,
): Promise<DnsblFindings> => {
  const asked = zones.filter((zone) => zone.lists === 'domains').slice(0, MOST_ZONES)
  const names = [...new Set(domains.map(toAscii))].filter(isDomain).slice(0, MOST_DOMAINS)
  return await gatherFindings(
    names.flatMap((name) => asked.map((zone) => ({ zone, listed: name, label: name }))),
    resolve,
  )
}

/** RFC 5782 section 5: 127.0.0.2 must be listed and 127.0.0.1 not. @returns how the zone behaves, for the doctor. */
export const probeZone = async (
  zone: DnsblZone,
  resolve: Resolve,
): Promise<'works' | 'blocked' | 'silent' | 'broken'> => {
  const labels = zone.lists === 'addresses' ? ['2.0.0.127', '1.0.0.127'] : ['test', 'invalid']
  const [listed, free] = await Promise.all(labels.map((label) => lookIn(zone, label, label, resolve)))
  if (listed?.blocked !== undefined || free?.blocked !== undefined) return 'blocked'
  if (listed?.silent === true || free?.silent === true) return 'silent'
  return listed?.listing !== undefined && free?.listing === undefined ? 'works' : 'broken'
}
