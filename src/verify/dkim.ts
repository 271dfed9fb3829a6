/**
 * Verifying DKIM signatures. RFC 6376 section 6 (verifier actions), section 5.4.2 (which instance of a repeated field), section 3.7 (what is
 * hashed); RFC 8301; RFC 8463. The words are those of RFC 8601 section 2.7.1. Pure but for the look-ups that are a parameter.
 *
 * Refused on purpose: rsa-sha1 and RSA keys under 1024 bits (RFC 8301). Bounded: `MOST_SIGNATURES` are verified, the others are `neutral`.
 */
import { createHash, verify } from 'node:crypto'
import type { Resolve } from '../base/dns.ts'
import { BodyHasher, type Canon, canonField, withoutSignature } from './canon.ts'
import { type DkimKey, findKeys, type KeyFault, type KeyRing } from './dkim-key.ts'
import { type DkimSignature, readClaims, readSignature, type SignatureFault } from './dkim-signature.ts'
import type { Field, ReadMessage } from './fields.ts'

type DkimWord = 'pass' | 'fail' | 'policy' | 'neutral' | 'temperror' | 'permerror'
export type DkimReason =
  | SignatureFault
  | KeyFault
  | 'body-hash'
  | 'body-shorter-than-signed'
  | 'signature-mismatch'
  | 'expired'
  | 'key-too-weak'
  | 'key-kind'
  | 'key-hash'
  | 'key-strict-domain'
  | 'too-many-signatures'
  | 'message-cut'
export type DkimVerdict = {
  readonly result: DkimWord
  /** `d=`, `s=`, `a=` and `i=`; what is readable of them where the signature is not. */
  readonly domain: string
  readonly selector: string
  readonly algorithm: string
  readonly identity?: string
  readonly reason?: DkimReason
  /** The key says `t=y`: a failure must not be held against anybody. */
  readonly testing: boolean
  /** RSA modulus bits, 256 for ed25519. */
  readonly keyBits?: number
  /** The first eight characters of `b=`, as `header.b` (RFC 6008). */
  readonly tag: string
  /** Octets of canonical body beyond `l=`: anybody may have put them there. */
  readonly bodyUnsigned?: number
  readonly signedAt?: number
  /** The key came with the AD bit. */
  readonly secure?: boolean
}
export type DkimOptions = {
  /** Epoch ms. */
  readonly now: number
  /** Keys of earlier messages; without it each is read anew. */
  readonly keys?: KeyRing
}

export const MOST_SIGNATURES = 8 // one message must not cost more than so many RSA verifications and look-ups
const LEAST_BITS = 1_024

const words: Readonly<Partial<Record<DkimReason, DkimWord>>> = {
  'key-unavailable': 'temperror',
  'body-hash': 'fail',
  'body-shorter-than-signed': 'fail',
  'signature-mismatch': 'fail',
  expired: 'fail',
  'key-too-weak': 'policy',
  'too-many-signatures': 'neutral',
  'message-cut': 'neutral',
}

type BodyFound = { readonly digest: Buffer; readonly total: number; readonly hashed: number }
/** Hashes a body once for each canonicalisation and length that signatures ask for. @returns a function that remembers. */
export const bodyHashes = (body: Uint8Array): ((canon: Canon, limit: number | undefined) => BodyFound) => {
  const known = new Map<string, BodyFound>()
  return (canon, limit) => {
    const key = `${canon} ${limit ?? ''}`
    const before = known.get(key)
    if (before !== undefined) return before
    const hasher = new BodyHasher(canon, limit)
    hasher.feed(body)
    const found = hasher.finish()
    known.set(key, found)
    return found
  }
}

/**
 * The fields that `names` signs, last instance first; names without a further instance sign its absence (RFC 6376 section 5.4.2).
 * @returns each canonicalised with its CRLF, joined.
 */
export const signedFields = (fields: readonly Field[], names: readonly string[], canon: Canon): string => {
  const waiting = new Map<string, Field[]>()
  for (const field of fields) {
    const same = waiting.get(field.name)
    if (same === undefined) waiting.set(field.name, [field])
    else same.push(field)
  }
  let text = ''
  for (const name of names) {
    const field = waiting.get(name)?.pop()
    if (field !== undefined) text += `${canonField(field.text, canon)}\r\n`
  }
  return text
}

/** Whether `signature` is that of `data` (latin1) under `key`: RSA PKCS#1 v1.5 over SHA-256, or Ed25519 over the SHA-256 digest (RFC 8463 section 3). */
const isSignedBy = (data: string, key: DkimKey, signature: Uint8Array): boolean => {
  const octets = Buffer.from(data, 'latin1')
  return key.kind === 'rsa'
    ? verify('sha256', octets, key.key, signature)
    : verify(null, createHash('sha256').update(octets).digest(), key.key, signature)
}

/** Why `key` may not be used for `signature` (RFC 6376 section 6.1.2), undefined when it may. */
const keyFault = (
  signature: Pick<DkimSignature, 'algorithm' | 'identityDomain' | 'domain'>,
  key: DkimKey,
): DkimReason | undefined => {
  if (!signature.algorithm.startsWith(`${key.kind}-`)) return 'key-kind'
  if (key.hashes.length > 0 && !key.hashes.includes('sha256')) return 'key-hash'
  if (key.strict && signature.identityDomain !== signature.domain) return 'key-strict-domain'
  if (key.bits < LEAST_BITS && key.kind === 'rsa') return 'key-too-weak'
  return undefined
}

/** The first key that signs `data`; the last fault where none does. */
export const tryKeys = (
  signature: Pick<DkimSignature, 'algorithm' | 'identityDomain' | 'domain' | 'signature'>,
  keys: readonly [DkimKey, ...DkimKey[]],
  data: string,
): { readonly key: DkimKey; readonly fault?: DkimReason } => {
  let last: { key: DkimKey; fault: DkimReason } | undefined
  for (const key of keys) {
    const fault =
      keyFault(signature, key) ?? (isSignedBy(data, key, signature.signature) ? undefined : 'signature-mismatch')
    if (fault === undefined) return { key }
    last = { key, fault }
  }
  return last ?? { key: keys[0] }
}

type Hashes = ReturnType<typeof bodyHashes>
const bodyFault = (signature: DkimSignature, hashes: Hashes): DkimReason | undefined => {
  const found = hashes(signature.body, signature.bodyLength)
  if (signature.bodyLength !== undefined && signature.bodyLength > found.total) return 'body-shorter-than-signed'
  return found.digest.equals(signature.bodyHash) ? undefined : 'body-hash'
}

type Facts = Omit<DkimVerdict, 'result' | 'reason'>
const verdict = (facts: Facts, reason: DkimReason | undefined): DkimVerdict =>
  reason === undefined ? { result: 'pass', ...facts } : { result: words[reason] ?? 'permerror', ...facts, reason }

const factsOf = (signature: DkimSignature, key: DkimKey | undefined, hashes: Hashes): Facts => {
  const { algorithm, domain, selector, identity, bodyLength, signedAt } = signature
  const unsigned = bodyLength === undefined ? 0 : hashes(signature.body, bodyLength).total - bodyLength
  return {
    ...{ domain, selector, algorithm, identity, testing: key?.testing ?? false },
    tag: Buffer.from(signature.signature).toString('base64').slice(0, 8),
    ...(key === undefined ? {} : { keyBits: key.bits, secure: key.secure }),
    ...(unsigned > 0 ? { bodyUnsigned: unsigned } : {}),
    ...(signedAt === undefined ? {} : { signedAt }),
  }
}

const verifyOne = async (
  field: Field,
  message: ReadMessage,
  hashes: Hashes,
  resolve: Resolve,
  options: DkimOptions,
): Promise<DkimVerdict> => {
  const read = readSignature(field.value)
  if (!read.ok) return verdict({ ...readClaims(field.value), testing: false, tag: '' }, read.error)
  const signature = read.value
  if (signature.expiresAt !== undefined && signature.expiresAt * 1000 < options.now)
    return verdict(factsOf(signature, undefined, hashes), 'expired')
  const keys = await findKeys(`${signature.selector}._domainkey.${signature.domain}`, resolve, options.keys)
  if (!keys.ok) return verdict(factsOf(signature, undefined, hashes), keys.error)
  const data =
    signedFields(message.fields, signature.names, signature.header) +
    canonField(withoutSignature(field.text), signature.header)
  const { key, fault } = tryKeys(signature, keys.value, data)
  return verdict(
    factsOf(signature, key, hashes),
    fault === undefined || fault === 'signature-mismatch' ? (bodyFault(signature, hashes) ?? fault) : fault,
  )
}

/**
 * Every DKIM signature of a message, in the order of the header. @param message from `readMessage`. @param resolve look-ups; one without an
 * answer makes that signature a temperror. @returns a verdict each; none for an unsigned message.
 */
export const verifyDkim = async (
  message: ReadMessage,
  resolve: Resolve,
  options: DkimOptions,
): Promise<readonly DkimVerdict[]> => {
  const hashes = bodyHashes(message.body)
  const signatures = message.fields.filter((field) => field.name === 'dkim-signature')
  const skipped = (field: Field, reason: DkimReason): DkimVerdict =>
    verdict({ ...readClaims(field.value), testing: false, tag: '' }, reason)
  return await Promise.all(
    signatures.slice(0, MOST_SIGNATURES * 4).map(async (field, index) => {
      if (message.cut) return skipped(field, 'message-cut')
      if (index >= MOST_SIGNATURES) return skipped(field, 'too-many-signatures')
      return await verifyOne(field, message, hashes, resolve, options)
    }),
  )
}
