/**
 * DKIM key records: from DNS to a key. RFC 6376 section 3.6.1 (tags), RFC 8301 section 3.2 (at least 1024 bits), RFC 8463 section 4
 * (ed25519). Pure; node:crypto reads the keys.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Resolve } from '../base/dns.ts'
import { fail, ok, type Result } from '../base/result.ts'
import { readBase64, readList, readTags } from './tags.ts'

export type KeyFault = 'key-unavailable' | 'no-key' | 'key-syntax' | 'key-revoked'
export type DkimKey = {
  readonly kind: 'rsa' | 'ed25519'
  readonly key: KeyObject
  /** RSA modulus; 256 for ed25519. */
  readonly bits: number
  /** Hashes the key may be used with; empty means any. */
  readonly hashes: readonly string[]
  /** `t=y`: the owner is testing. */
  readonly testing: boolean
  /** `t=s`: `i=` must have the very domain of `d=`. */
  readonly strict: boolean
  /** The answer came with the AD bit of a resolver we trust. */
  readonly secure: boolean
}

/** A selector has one key; where there are more, so many are tried (RFC 6376 section 3.6.2.2 leaves it open). */
const MOST_KEYS = 3
const LONGEST_KEY = 4_096 // octets of DER: RSA of 16,384 bits takes 2 KiB

const ed25519Head = Buffer.from('302a300506032b6570032100', 'hex') // RFC 8410 section 4: SubjectPublicKeyInfo of 32 octets

const importKey = (kind: 'rsa' | 'ed25519', octets: Uint8Array): KeyObject | undefined => {
  const der = kind === 'ed25519' && octets.length === 32 ? Buffer.concat([ed25519Head, octets]) : Buffer.from(octets)
  for (const type of ['spki', 'pkcs1'] as const) {
    try {
      const key = createPublicKey({ key: der, format: 'der', type })
      if (key.asymmetricKeyType === kind) return key
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause // OpenSSL's way to say that it is no such key
    }
  }
  return undefined
}

type Inner = { readonly from: number; readonly to: number }
/** The contents of the DER element at `at` (ITU-T X.690 section 8.1). */
const innerOf = (der: Uint8Array, at: number): Inner => {
  const first = der[at + 1] ?? 0
  if (first < 0x80) return { from: at + 2, to: at + 2 + first }
  const count = first & 0x7f
  let length = 0
  for (let index = 0; index < count; index += 1) length = length * 256 + (der[at + 2 + index] ?? 0)
  return { from: at + 2 + count, to: at + 2 + count + length }
}

/**
 * The bits of an RSA modulus, out of a key that OpenSSL has taken: SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) or RSAPublicKey (RFC 8017
 * section A.1.1). KeyObject tells it too, at twice the cost of reading the whole key.
 */
const modulusBits = (der: Uint8Array): number => {
  let at = innerOf(der, 0).from
  if (der[at] === 0x30) at = innerOf(der, innerOf(der, innerOf(der, at).to).from + 1).from
  const { from, to } = innerOf(der, at)
  const start = der[from] === 0 ? from + 1 : from
  return Math.max(0, (to - start) * 8 - Math.clz32((der[start] ?? 0) << 24))
}

/**
 * @param text one TXT record. @returns the key; undefined for a record that is something else (another version, another kind of key,
 * another service), which RFC 6376 section 3.6.1 says to pass over.
 */
export const readKey = (text: string, secure: boolean): Result<DkimKey, KeyFault> | undefined => {
  const read = readTags(text)
  if (!read.ok) return /(?:^|;)\s*p\s*=/.test(text) ? fail('key-syntax') : undefined
  const tags = read.value
  const [first] = tags.keys()
  const version = tags.get('v')
  if (version !== undefined && (version !== 'DKIM1' || first !== 'v')) return undefined
  const p = tags.get('p')
  if (p === undefined) return version === undefined ? undefined : fail('key-syntax')
  const kind = (tags.get('k') ?? 'rsa').toLowerCase()
  const services = readList(tags.get('s') ?? '*')
  if (kind !== 'rsa' && kind !== 'ed25519') return undefined
  if (!services.includes('*') && !services.includes('email')) return undefined
  if (p === '') return fail('key-revoked')
  const octets = readBase64(p)
  if (octets === undefined || octets.length > LONGEST_KEY) return fail('key-syntax')
  const key = importKey(kind, octets)
  if (key === undefined) return fail('key-syntax')
  const flags = readList(tags.get('t') ?? '')
  const bits = kind === 'rsa' ? modulusBits(octets) : 256
  const hashes = readList(tags.get('h') ?? '')
  return ok({ kind, key, bits, hashes, testing: flags.includes('y'), strict: flags.includes('s'), secure })
}

/** Keys that were read lately, by record: senders come back, and reading a key costs more than verifying with it. One for a thread. */
export class KeyRing {
  readonly #known = new Map<string, ReturnType<typeof readKey>>()

  /** As `readKey`. */
  read(text: string, secure: boolean): ReturnType<typeof readKey> {
    const name = `${secure} ${text}`
    const before = this.#known.get(name)
    if (before !== undefined) return before
    const read = readKey(text, secure)
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear()
    if (text.length <= LONGEST_KEY * 2) this.#known.set(name, read)
    return read
  }
}
const MOST_REMEMBERED = 500

/** @param name `SELECTOR._domainkey.DOMAIN`. @returns its keys, at least one, or why there is none. */
export const findKeys = async (
  name: string,
  resolve: Resolve,
  ring: KeyRing = new KeyRing(),
): Promise<Result<readonly [DkimKey, ...DkimKey[]], KeyFault>> => {
  const answer = await resolve(name, 'TXT')
  if (answer.kind === 'failed') return fail('key-unavailable')
  if (answer.kind === 'none') return fail('no-key')
  const read = answer.records.flatMap((text) => ring.read(text, answer.secure) ?? [])
  const [first, ...others] = read.flatMap((one) => (one.ok ? [one.value] : [])).slice(0, MOST_KEYS)
  if (first !== undefined) return ok([first, ...others])
  const fault = read.find((one) => !one.ok)
  return fault === undefined || fault.ok ? fail('no-key') : fault
}
