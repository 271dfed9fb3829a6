/**
 * Reading a DKIM-Signature field. RFC 6376 section 3.5 (tags), section 6.1.1 (what makes it unusable); RFC 8301 section 3.1 (rsa-sha1 is
 * not valid); RFC 8463 (ed25519-sha256); RFC 8616 section 4 (U-labels). Pure.
 */
import { fail, ok, type Result } from '../base/result.ts'
import type { Canon } from './canon.ts'
import { isDomain, toAscii } from './lookup.ts'
import { readBase64, readList, readTags, type Tags, withoutSpace } from './tags.ts'

type Algorithm = 'rsa-sha256' | 'ed25519-sha256'
export type SignatureFault =
  | 'signature-syntax'
  | 'signature-version'
  | 'tag-missing'
  | 'from-not-signed'
  | 'algorithm-unknown'
  | 'algorithm-historic'
  | 'identity-outside-domain'
  | 'no-dns-query'
  | 'canonicalization-unknown'

export type DkimSignature = Signer &
  Cover &
  Times & {
    /** `i=`, decoded; `@domain` where it is absent. */
    readonly identity: string
    readonly identityDomain: string
  }

const MOST_NAMES = 500
const LONGEST_SIGNATURE = 2_048 // octets: RSA of 16,384 bits

const algorithms: Readonly<Record<string, Algorithm>> = {
  'rsa-sha256': 'rsa-sha256',
  'ed25519-sha256': 'ed25519-sha256',
}

const readNumber = (text: string | undefined, digits: number): number | undefined | 'bad' => {
  if (text === undefined) return undefined
  const value = new RegExp(`^[0-9]{1,${digits}}$`).test(text) ? Number(text) : Number.NaN
  return Number.isNaN(value) ? 'bad' : Math.min(value, Number.MAX_SAFE_INTEGER)
}

const isCanon = (text: string): text is Canon => text === 'simple' || text === 'relaxed'
/** RFC 6376 section 3.5: `c=header/body`; the body is simple where it is not named. */
const readCanon = (text: string): readonly [Canon, Canon] | undefined => {
  const [header = '', body = 'simple', ...rest] = withoutSpace(text).toLowerCase().split('/')
  return rest.length === 0 && isCanon(header) && isCanon(body) ? [header, body] : undefined
}

/** RFC 6376 section 2.11: dkim-quoted-printable. */
const readQuoted = (text: string): string =>
  withoutSpace(text).replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

type Identity = { readonly identity: string; readonly identityDomain: string }
const readIdentity = (text: string | undefined, domain: string): Identity | undefined => {
  if (text === undefined) return { identity: `@${domain}`, identityDomain: domain }
  const identity = readQuoted(text)
  const at = identity.lastIndexOf('@')
  const identityDomain = at < 0 ? '' : toAscii(utf8(identity.slice(at + 1)))
  return identityDomain === domain || identityDomain.endsWith(`.${domain}`) ? { identity, identityDomain } : undefined
}

const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8')

const required = ['v', 'a', 'b', 'bh', 'd', 'h', 's'] as const

/** Which of the rules about tags as such is broken first. */
const firstFault = (tags: Tags): SignatureFault | undefined => {
  if (required.some((tag) => !tags.has(tag))) return 'tag-missing'
  if (tags.get('v') !== '1') return 'signature-version'
  return asksElsewhere(tags) ? 'no-dns-query' : undefined
}

/** Whether `q=` names other ways to the key than DNS, and not DNS. */
export const asksElsewhere = (tags: Tags): boolean => {
  const queries = tags.get('q')
  return queries !== undefined && !readList(queries).includes('dns/txt')
}

/** Domain and selector for the header of a result even where the signature is unusable. @param value the field's value. */
export const readClaims = (
  value: string,
): { readonly domain: string; readonly selector: string; readonly algorithm: string } => {
  const tags = readTags(value)
  const of = (tag: string): string => (tags.ok ? withoutSpace(tags.value.get(tag) ?? '') : '')
  return { domain: toAscii(utf8(of('d'))), selector: toAscii(utf8(of('s'))), algorithm: of('a').toLowerCase() }
}

/** Who signed and how: what DKIM and ARC fields have in common. */
export type Signer = {
  readonly algorithm: Algorithm
  /** Lower-case A-labels. */
  readonly domain: string
  readonly selector: string
  readonly signature: Uint8Array
}

/** @param tags of a DKIM-Signature, ARC-Message-Signature or ARC-Seal. @returns `a=`, `d=`, `s=` and `b=`, read. */
export const readSigner = (tags: Tags): Result<Signer, SignatureFault> => {
  const named = withoutSpace(tags.get('a') ?? '').toLowerCase()
  if (named === 'rsa-sha1') return fail('algorithm-historic')
  const algorithm = algorithms[named]
  if (algorithm === undefined) return fail('algorithm-unknown')
  const domain = toAscii(utf8(withoutSpace(tags.get('d') ?? '')))
  const selector = toAscii(utf8(withoutSpace(tags.get('s') ?? '')))
  const signature = readBase64(tags.get('b') ?? '')
  if (!isDomain(domain) || !isDomain(`${selector}.${domain}`)) return fail('signature-syntax')
  if (signature === undefined || signature.length > LONGEST_SIGNATURE) return fail('signature-syntax')
  return ok({ algorithm, domain, selector, signature })
}

/** What of the message is signed. */
export type Cover = {
  readonly header: Canon
  readonly body: Canon
  /** Lower-case names in the order of `h=`, repeated ones too. */
  readonly names: readonly string[]
  readonly bodyHash: Uint8Array
  /** Octets of canonical body that are signed; all without it. */
  readonly bodyLength?: number
}

/** @param tags of a DKIM-Signature or ARC-Message-Signature. @returns `c=`, `h=`, `bh=` and `l=`, read. */
export const readCover = (tags: Tags): Result<Cover, SignatureFault> => {
  const canon = readCanon(tags.get('c') ?? 'simple/simple')
  if (canon === undefined) return fail('canonicalization-unknown')
  const names = readList(tags.get('h') ?? '')
  const bodyHash = readBase64(tags.get('bh') ?? '')
  const bodyLength = readNumber(tags.get('l'), 76)
  if (bodyHash === undefined || bodyLength === 'bad' || names.length > MOST_NAMES) return fail('signature-syntax')
  return ok({
    ...{ header: canon[0], body: canon[1], names, bodyHash },
    ...(bodyLength === undefined ? {} : { bodyLength }),
  })
}

/** Epoch seconds. */
export type Times = { readonly signedAt?: number; readonly expiresAt?: number }
/** @param tags of a DKIM-Signature, ARC-Message-Signature or ARC-Seal. @returns `t=` and `x=`; undefined where one is no time, or the end not after the start. */
export const readTimes = (tags: Tags): Times | undefined => {
  const signedAt = readNumber(tags.get('t'), 12)
  const expiresAt = readNumber(tags.get('x'), 12)
  if (signedAt === 'bad' || expiresAt === 'bad') return undefined
  if (signedAt !== undefined && expiresAt !== undefined && expiresAt <= signedAt) return undefined
  return {
    ...(signedAt === undefined ? {} : { signedAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

/** @param value what follows `DKIM-Signature:`, folds included, latin1. @returns what it says, or the first rule that it breaks. */
export const readSignature = (value: string): Result<DkimSignature, SignatureFault> => {
  const read = readTags(value)
  if (!read.ok) return fail('signature-syntax')
  const tags = read.value
  const fault = firstFault(tags)
  if (fault !== undefined) return fail(fault)
  const signer = readSigner(tags)
  if (!signer.ok) return signer
  const cover = readCover(tags)
  if (!cover.ok) return cover
  if (!cover.value.names.includes('from')) return fail('from-not-signed')
  const times = readTimes(tags)
  if (times === undefined) return fail('signature-syntax')
  const identity = readIdentity(tags.get('i'), signer.value.domain)
  if (identity === undefined) return fail('identity-outside-domain')
  return ok({ ...signer.value, ...cover.value, ...times, ...identity })
}
