/**
 * Whom a report goes to: the URIs of a record, their size limits, and whether a stranger agreed to be named. RFC 9990 sections 3.5 (transport, limits) and 4
 * (verifying external destinations), RFC 7489 sections 6.2 and 7.1, RFC 8460 section 3, RFC 6068 (mailto). Pure but for the look-ups.
 */
import type { Resolve } from '../../base/dns.ts'
import { isDmarcRecord, readDmarcRecord } from '../../verify/dmarc-record.ts'
import { isSure, organizationalDomain, walk } from '../../verify/dmarc-walk.ts'
import { askable, isDomain, toAscii } from '../../verify/lookup.ts'

/** Report addresses of one record that are served; RFC 7489 section 6.2 lets a receiver stop at two. */
const MOST_DESTINATIONS = 4
const LONGEST_ADDRESS = 320
const LONGEST_URL = 2_000

export type Destination =
  | { readonly kind: 'mail'; readonly address: string; readonly host: string; readonly mostBytes: number }
  | { readonly kind: 'https'; readonly url: string }

const units: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }

/** A name and no address in digits: nobody's report leads into a network by its numbers. */
const isNamed = (host: string): boolean => isDomain(host) && !/\.\d+$/.test(host)

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

/** `mailto:reports@example.org!10m`. */
const readMailto = (uri: string): Destination | undefined => {
  const [, path = '', limit, unit = ''] = /^mailto:([^!?]+)(?:!(\d{1,12})([kmgt]?))?(?:\?.*)?$/i.exec(uri) ?? []
  const address = decoded(path) ?? ''
  const at = address.lastIndexOf('@')
  const host = toAscii(address.slice(at + 1))
  const local = address.slice(0, at)
  // What is not a plain address could be read as two, or as a command.
  if (at < 1 || address.length > LONGEST_ADDRESS || !/^[\w.!#$%&'*+/=?^`{|}~-]{1,64}$/.test(local)) return undefined
  if (!isNamed(host)) return undefined
  const mostBytes = limit === undefined ? Number.POSITIVE_INFINITY : Number(limit) * (units[unit.toLowerCase()] ?? 1)
  return { kind: 'mail', address: `${local}@${host}`, host, mostBytes }
}

const readHttps = (uri: string): Destination | undefined => {
  if (uri.length > LONGEST_URL || !URL.canParse(uri)) return undefined
  const url = new URL(uri)
  const good = url.protocol === 'https:' && url.username === '' && url.password === '' && isNamed(url.hostname)
  return good ? { kind: 'https', url: url.href } : undefined
}

/** @param uris of a record, in order. @returns those that can be used, each once; others are passed over. */
export const readDestinations = (uris: readonly string[]): readonly Destination[] => {
  const found = new Map<string, Destination>()
  for (const uri of uris) {
    const read = /^https:/i.test(uri) ? readHttps(uri) : readMailto(uri)
    if (read !== undefined) found.set(read.kind === 'mail' ? read.address : read.url, read)
  }
  return [...found.values()].slice(0, MOST_DESTINATIONS)
}

export type Verified =
  | { readonly kind: 'yes'; readonly destinations: readonly Destination[] }
  /** Never agreed to, or names somebody else in turn. */
  | { readonly kind: 'no' }
  /** DNS gave no answer. */
  | { readonly kind: 'unknown' }

/**
 * @param policyDomain where the record stands. @param destination one of its addresses. @returns where to send to: the address itself within one
 * organization; what the record at `DOMAIN._report._dmarc.HOST` allows or puts in its place, elsewhere.
 */
export const verifyDestination = async (
  policyDomain: string,
  destination: Destination,
  resolve: Resolve,
): Promise<Verified> => {
  if (destination.kind === 'https') return { kind: 'no' } // RFC 9990 knows mail alone
  const { host, mostBytes } = destination
  if (host === policyDomain) return { kind: 'yes', destinations: [destination] }
  const [ours, theirs] = await Promise.all([walk(policyDomain, resolve), walk(host, resolve)])
  if (organizationalDomain(policyDomain, ours) === organizationalDomain(host, theirs))
    return { kind: 'yes', destinations: [destination] }
  if (!isSure(ours) || !isSure(theirs)) return { kind: 'unknown' }
  const name = `${policyDomain}._report._dmarc.${host}`
  if (!askable(name)) return { kind: 'no' }
  const answer = await resolve(name, 'TXT')
  if (answer.kind === 'failed') return { kind: 'unknown' }
  const records = answer.kind === 'found' ? answer.records.filter(isDmarcRecord) : []
  if (records.length === 0) return { kind: 'no' }
  const [instead] = records.map((text) => readDmarcRecord(text)?.rua ?? []).filter((rua) => rua.length > 0)
  if (instead === undefined) return { kind: 'yes', destinations: [destination] }
  const named = readDestinations(instead)
  const same = named.every((one) => one.kind === 'mail' && one.host === host)
  if (named.length === 0 || !same) return { kind: 'no' }
  // The limit of the record that asked stays: nobody else knows how much it is about.
  return {
    kind: 'yes',
    destinations: named.flatMap((one) =>
      one.kind === 'mail' ? [{ ...one, mostBytes: Math.min(one.mostBytes, mostBytes) }] : [],
    ),
  }
}
