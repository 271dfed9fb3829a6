/**
 * Look-ups as the verifier makes them: bounded in number and in time, each question asked once a message, and the names and addresses
 * that go in and come out. RFC 1035 section 2.3.4 (lengths of names), section 3.5 (in-addr.arpa), RFC 3596 section 2.5 (ip6.arpa). Pure.
 */
import { domainToASCII } from 'node:url'
import type { DnsAnswer, DnsType, Resolve } from '../base/dns.ts'
import { type Ip, readIp } from '../base/ip.ts'

/** Questions one message may cause; SPF twice, a full DMARC walk and fifty ARC sets stay under it. */
export const MOST_QUESTIONS = 500
/** RFC 1035 section 2.3.4, in characters of text without the last dot. */
export const LONGEST_NAME = 253
const LONGEST_LABEL = 63

const late = { kind: 'failed', why: 'timeout' } as const
const refused = { kind: 'failed', why: 'refused' } as const
/** A name that cannot be asked for cannot be there: no later try would find it. */
const nowhere = { kind: 'none', why: 'nxdomain', secure: false } as const

/** Whether DNS can be asked for `name`: labels of 1 to 63 octets, 253 in all, no last dot. Any octets: SPF asks for odd ones. */
export const askable = (name: string): boolean =>
  name.length > 0 &&
  name.length <= LONGEST_NAME &&
  name.split('.').every((label) => label.length > 0 && label.length <= LONGEST_LABEL)

/** Resolves with `late` as soon as `signal` fires; the answer that comes afterwards is nobody's. */
const beforeAbort = <T>(answer: Promise<T>, signal: AbortSignal, instead: T): Promise<T> =>
  new Promise((done) => {
    const stop = (): void => done(instead)
    signal.addEventListener('abort', stop, { once: true })
    const settle = (value: T): void => {
      signal.removeEventListener('abort', stop)
      done(value)
    }
    answer.then(settle, () => settle(instead))
  })

/**
 * A resolver for one message: each question is asked once, at most `MOST_QUESTIONS` are asked, after `signal` fires all answers are
 * `timeout`, a name that cannot be asked for is not there, and a resolver that throws counts as one that does not answer. @param resolve the real one. @returns the bounded one.
 */
export const boundedResolve = (resolve: Resolve, signal?: AbortSignal): Resolve => {
  const asked = new Map<string, Promise<DnsAnswer>>()
  return <T extends DnsType>(name: string, type: T): Promise<DnsAnswer<T>> => {
    if (!askable(name)) return Promise.resolve(nowhere)
    if (signal?.aborted === true) return Promise.resolve(late)
    const key = `${type} ${name.toLowerCase()}`
    const before = asked.get(key)
    if (before !== undefined) return before as Promise<DnsAnswer<T>> // the key holds the type
    if (asked.size >= MOST_QUESTIONS) return Promise.resolve(refused)
    const answer = ask(resolve, name, type)
    const bounded = signal === undefined ? answer : beforeAbort(answer, signal, late)
    asked.set(key, bounded)
    return bounded
  }
}

/** `Resolve` promises never to reject; a look-up that breaks the promise must still not cost a message. */
const ask = <T extends DnsType>(resolve: Resolve, name: string, type: T): Promise<DnsAnswer<T>> =>
  new Promise<DnsAnswer<T>>((done) => done(resolve(name, type))).then(
    (answer) => (answer.kind === 'failed' && answer.why === 'bad-name' ? nowhere : answer),
    () => late,
  )

/** @returns the octets back to front, as `4.3.2.1` or 32 nibbles: what stands before in-addr.arpa, ip6.arpa or a blocklist's zone. */
export const reversed = (ip: Ip): string =>
  ip.version === 4
    ? ip.octets.toReversed().join('.')
    : Array.from(ip.octets.toReversed(), (octet) => `${(octet & 15).toString(16)}.${(octet >> 4).toString(16)}`).join(
        '.',
      )

/** @returns the name that holds the PTR records of `ip`. */
export const pointerName = (ip: Ip): string => `${reversed(ip)}.${ip.version === 4 ? 'in-addr' : 'ip6'}.arpa`

/** @returns the addresses of `name` of the version of `ip`, read; the failure, when there was no answer. */
export const addressesOf = async (
  resolve: Resolve,
  name: string,
  version: 4 | 6,
): Promise<{ readonly kind: 'found' | 'none' | 'failed'; readonly addresses: readonly Ip[] }> => {
  const answer = await (version === 4 ? resolve(name, 'A') : resolve(name, 'AAAA'))
  if (answer.kind !== 'found') return { kind: answer.kind, addresses: [] }
  const addresses = answer.records.flatMap((text) => {
    const ip = readIp(text)
    return ip.ok ? [ip.value] : []
  })
  return { kind: addresses.length > 0 ? 'found' : 'none', addresses }
}

/** Whether two addresses are the same host. */
export const sameIp = (one: Ip, other: Ip): boolean =>
  one.version === other.version && one.octets.every((octet, index) => octet === other.octets[index])

/** @returns `name` in lower case A-labels without its last dot; empty when it cannot be one (RFC 5890 section 2.3.2.1). */
export const toAscii = (name: string): string => {
  const bare = name.endsWith('.') ? name.slice(0, -1) : name
  if (/^[\x21-\x7e]*$/.test(bare)) return bare.toLowerCase()
  return /[\x00-\x20\x7f]/.test(bare) ? '' : domainToASCII(bare)
}

/** A host or mail domain as DNS and SMTP know it: askable, two labels or more, letters, digits, hyphens and underscores. */
export const isDomain = (name: string): boolean =>
  name.includes('.') && askable(name) && /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+$/.test(name)
