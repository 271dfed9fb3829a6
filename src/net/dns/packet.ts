/**
 * DNS messages, over dns-packet: the query that a stub sends, and what a response says. RFC 1035 section 4, RFC 6891 (EDNS0), RFC 6840
 * section 5.7 (AD in a query asks for AD in the answer, so that no signatures need to be sent along), RFC 2308 section 5 (how long
 * a no is good for), RFC 6698 section 2.1 (TLSA). Pure; `readResponse` never throws.
 *
 * A response must repeat the question octet by octet: dns-packet gives names as text, in which one label that holds a dot looks
 * like two.
 */
import * as dns from 'dns-packet'
import type { DnsAnswer, DnsRecords, DnsType } from '../../base/dns.ts'
import { readIp, writeIp } from '../../base/ip.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import { readTarget } from './names.ts'

const UDP_PAYLOAD = 1232 // DNS flag day 2020: what passes everywhere without fragments
const MOST_ALIASES = 10
const MOST_RECORDS = 256 // of one answer
const HEADER = 12

export type Query = { readonly id: number; readonly bytes: Uint8Array; readonly question: Uint8Array }

/** @param name as `readName` gives it, in whatever case it is to be sent. */
export const writeQuery = (id: number, name: string, type: DnsType, edns: boolean): Query => {
  const bytes = dns.encode({
    type: 'query',
    id,
    flags: dns.RECURSION_DESIRED | dns.AUTHENTIC_DATA,
    questions: [{ type, name, class: 'IN' }],
    additionals: edns
      ? [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize: UDP_PAYLOAD,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ]
      : [],
  })
  return { id, bytes, question: bytes.subarray(HEADER, HEADER + name.length + 2 + 4) }
}

export type Response = {
  readonly rcode: 'ok' | 'nxdomain' | 'servfail' | 'refused' | 'no-edns'
  readonly truncated: boolean
  readonly authentic: boolean
  readonly answers: readonly dns.Answer[]
  readonly authorities: readonly dns.Answer[]
}

const rcodes: Readonly<Record<number, Response['rcode']>> = {
  0: 'ok',
  1: 'no-edns', // FORMERR: a server from before RFC 6891
  2: 'servfail',
  3: 'nxdomain',
  4: 'no-edns',
  5: 'refused',
}

const repeats = (bytes: Uint8Array, question: Uint8Array): boolean => {
  if (bytes.length < HEADER + question.length) return false
  for (let index = 0; index < question.length; index += 1) if (bytes[HEADER + index] !== question[index]) return false
  return true
}

/**
 * @returns what the response says; `not-ours` for one that does not answer this query (wait on: somebody may be guessing);
 * `malformed` for one that does, but cannot be read.
 */
export const readResponse = (bytes: Uint8Array, query: Query): Result<Response, 'not-ours' | 'malformed'> => {
  const [first = 0, second = 0, flagsHigh = 0, flagsLow = 0] = bytes
  const id = (first << 8) | second
  if (bytes.length < HEADER || id !== query.id || (flagsHigh & 0x80) === 0) return fail('not-ours')
  const rcode = rcodes[flagsLow & 15] ?? 'servfail'
  const bare = { rcode, truncated: false, authentic: false, answers: [], authorities: [] }
  const questions = ((bytes[4] ?? 0) << 8) | (bytes[5] ?? 0)
  if (questions === 0 && rcode !== 'ok' && rcode !== 'nxdomain') return ok(bare) // a refusal may leave the question out
  if (questions !== 1 || !repeats(bytes, query.question)) return fail('not-ours')
  if ((flagsHigh & 0x02) !== 0) return ok({ ...bare, truncated: true })
  try {
    const packet = dns.decode(Buffer.from(bytes))
    return ok({
      ...bare,
      authentic: (flagsLow & 0x20) !== 0,
      answers: packet.answers ?? [],
      authorities: packet.authorities ?? [],
    })
  } catch (error) {
    return error instanceof Error ? fail('malformed') : fail('malformed')
  }
}

// ---- Records ----------------------------------------------------------------------------------------------------------

const octetsText = (part: string | Uint8Array): string =>
  typeof part === 'string' ? part : Buffer.from(part.buffer, part.byteOffset, part.length).toString('latin1')

const address = (text: unknown, version: 4 | 6): string | undefined => {
  const ip = typeof text === 'string' ? readIp(text) : undefined
  if (typeof text !== 'string' || ip === undefined || !ip.ok) return undefined
  if (ip.value.version === version) return writeIp(ip.value)
  return version === 6 ? text : undefined // ::ffff:a.b.c.d in an AAAA record stays what it is
}
const target = (answer: dns.Answer): string | undefined =>
  'data' in answer && typeof answer.data === 'string' ? readTarget(answer.data) : undefined

/** One reader for each type; undefined for a record that is not worth having. */
const readers: { readonly [T in DnsType]: (answer: dns.Answer) => DnsRecords[T] | undefined } = {
  A: (answer) => (answer.type === 'A' ? address(answer.data, 4) : undefined),
  AAAA: (answer) => (answer.type === 'AAAA' ? address(answer.data, 6) : undefined),
  CNAME: target,
  NS: target,
  PTR: target,
  TXT: (answer) => {
    if (answer.type !== 'TXT') return undefined
    return Array.isArray(answer.data) ? answer.data.map(octetsText).join('') : octetsText(answer.data)
  },
  MX: (answer) => {
    const exchange = answer.type === 'MX' ? readTarget(answer.data.exchange) : undefined
    return answer.type !== 'MX' || exchange === undefined
      ? undefined
      : { preference: answer.data.preference ?? 0, exchange }
  },
  TLSA: (answer) => {
    if (answer.type !== 'TLSA') return undefined
    const { usage, selector, matchingType, certificate } = answer.data
    return { usage, selector, matching: matchingType, data: Uint8Array.from(certificate) }
  },
}

const nameOf = (answer: dns.Answer): string => answer.name.toLowerCase()
const ttlOf = (answer: dns.Answer): number => ('ttl' in answer ? (answer.ttl ?? 0) : 0)

/** What a response means for a look-up. `alias`: ask again for that name. `ttl` in seconds; 0 is not to be kept. */
export type Meaning<T extends DnsType> =
  | { readonly kind: 'answer'; readonly answer: DnsAnswer<T>; readonly ttl: number }
  | { readonly kind: 'alias'; readonly name: string; readonly ttl: number; readonly secure: boolean }
  | { readonly kind: 'try-another'; readonly why: 'servfail' | 'refused' | 'malformed' }

const soaTtl = (response: Response): number => {
  for (const record of response.authorities)
    if (record.type === 'SOA') return Math.min(ttlOf(record), record.data.minimum ?? 0)
  return 0
}

/** Follows the aliases that the response itself holds. @returns the last name, and the least TTL on the way. */
const follow = (response: Response, name: string): { readonly name: string; readonly ttl: number } | undefined => {
  let at = name
  let ttl = Number.POSITIVE_INFINITY
  for (let step = 0; step <= MOST_ALIASES; step += 1) {
    const alias = response.answers.find((answer) => answer.type === 'CNAME' && nameOf(answer) === at)
    if (alias === undefined) return { name: at, ttl }
    const next = target(alias)
    if (next === undefined || next === '') return undefined
    at = next
    ttl = Math.min(ttl, ttlOf(alias))
  }
  return undefined
}

/** @param trusted whether this server's AD bit is to be believed. */
export const meaningOf = <T extends DnsType>(
  response: Response,
  name: string,
  type: T,
  trusted: boolean,
): Meaning<T> => {
  const secure = trusted && response.authentic
  if (response.rcode !== 'ok' && response.rcode !== 'nxdomain')
    return { kind: 'try-another', why: response.rcode === 'refused' ? 'refused' : 'servfail' }
  const end = type === 'CNAME' ? { name, ttl: Number.POSITIVE_INFINITY } : follow(response, name)
  if (end === undefined) return { kind: 'try-another', why: 'malformed' }
  const matching = response.answers.filter((answer) => answer.type === type && nameOf(answer) === end.name)
  const records = matching
    .slice(0, MOST_RECORDS)
    .map((answer) => readers[type](answer))
    .filter((record) => record !== undefined)
  if (records.length > 0) {
    const ttl = matching.reduce((least, answer) => Math.min(least, ttlOf(answer)), end.ttl)
    return { kind: 'answer', answer: { kind: 'found', records, secure }, ttl }
  }
  if (matching.length > 0) return { kind: 'try-another', why: 'malformed' }
  const why = response.rcode === 'nxdomain' ? 'nxdomain' : 'nodata'
  const no = soaTtl(response)
  if (end.name !== name && why === 'nodata' && !response.authorities.some((record) => record.type === 'SOA'))
    return { kind: 'alias', name: end.name, ttl: end.ttl, secure }
  return { kind: 'answer', answer: { kind: 'none', why, secure }, ttl: Math.min(no, end.ttl) }
}
