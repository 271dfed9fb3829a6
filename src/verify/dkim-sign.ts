/**
 * Signing with DKIM. RFC 6376 section 5 (signer actions), section 3.5 (the tags), section 5.4 (what is signed), section 3.4 (canonicalisation);
 * RFC 8301; RFC 8463. Pure: the time is a parameter, and the same message, key and time give the same octets.
 *
 * Refused on purpose: `l=` (what follows it is anybody's), `q=` (there is one), `z=`, rsa-sha1, RSA under 2048 bits, a message without From.
 * The message is signed as it stands: whoever changes line ends, encodings or dots does it before.
 */
import { fail, ok, type Result } from '../base/result.ts'
import { BodyHasher, type Canon, canonField } from './canon.ts'
import { signedFields } from './dkim.ts'
import type { ReadMessage } from './fields.ts'
import { isDomain, toAscii } from './lookup.ts'
import { defaultNames, isFieldName, MOST_SIGNED_NAMES } from './signed-names.ts'
import { type SigningKey, signData } from './signing-key.ts'

export type DkimSigner = {
  /** A-labels or U-labels; written as A-labels in lower case (RFC 8616 section 4 allows both, older verifiers only these). */
  readonly domain: string
  readonly selector: string
  readonly key: SigningKey
  /** Canonicalisation of header and body; both `relaxed` by default. */
  readonly header?: Canon
  readonly body?: Canon
  /** `i=`: `local@domain` or `@domain`, at or below `domain`; left out by default, which means `@domain`. */
  readonly identity?: string
  /** Seconds until the signature expires (`x=`); without it none. */
  readonly lifetime?: number
  /** `h=`, each name as often as it is signed; by default `defaultNames`. */
  readonly names?: readonly string[]
}
export type SignFault = 'message-cut' | 'no-from' | 'from-not-signed' | 'names' | 'domain' | 'identity' | 'lifetime'

const WIDTH = 78 // RFC 5322 section 2.1.1
const LONGEST_IDENTITY = 320 // RFC 5321 section 4.5.3.1: 64, an at sign, 255
const LONGEST_LIFETIME = 10 * 366 * 86_400 // more is a mistake of units

/** RFC 6376 section 2.11: dkim-quoted-printable, so that no octet of an identity ends the tag or the line. */
const writeQuoted = (text: string): string =>
  Buffer.from(text, 'utf8')
    .toString('latin1')
    .replaceAll(/[^!-:<>-~]/g, (octet) => `=${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)

/** Joins pieces that may be parted by folds: as many a line as there is room for. @param first the text that opens the first line. */
const fill = (first: string, pieces: readonly string[]): string => {
  let text = first
  let column = first.length + 8 // a tab may count for eight
  for (const [index, piece] of pieces.entries()) {
    const folds = index > 0 && column + piece.length > WIDTH
    text += folds ? `\r\n\t ${piece}` : piece
    column = folds ? 9 + piece.length : column + piece.length
  }
  return text
}

/** base64 in lines; folds are no part of it (RFC 6376 section 3.5, `b=`). */
const fillBase64 = (first: string, base64: string): string => fill(first, base64.match(/.{1,8}/g) ?? [])

const writeNames = (names: readonly string[]): string =>
  fill(
    'h=',
    names.map((name, index) => (index < names.length - 1 ? `${name}:` : name)),
  )

type Who = { readonly domain: string; readonly selector: string; readonly identity: string | undefined }
/** @returns the names as they are written, or which of them cannot be. */
const readWho = (signer: Omit<DkimSigner, 'key'>): Result<Who, SignFault> => {
  const domain = toAscii(signer.domain)
  const selector = toAscii(signer.selector)
  if (!isDomain(domain) || !isDomain(`${selector}.${domain}`)) return fail('domain')
  const { identity } = signer
  if (identity === undefined) return ok({ domain, selector, identity })
  const at = identity.lastIndexOf('@')
  const below = toAscii(identity.slice(at + 1))
  if (
    at < 0 ||
    identity.length > LONGEST_IDENTITY ||
    !isDomain(below) ||
    (below !== domain && !below.endsWith(`.${domain}`))
  )
    return fail('identity')
  return ok({ domain, selector, identity: `${writeQuoted(identity.slice(0, at))}@${below}` })
}

const readNames = (
  fields: ReadMessage['fields'],
  given: readonly string[] | undefined,
): Result<readonly string[], SignFault> => {
  const names = given?.map((name) => name.toLowerCase()) ?? defaultNames(fields)
  if (!names.includes('from')) return fail('from-not-signed')
  return names.length > MOST_SIGNED_NAMES || !names.every(isFieldName) ? fail('names') : ok(names)
}

/** Tags that stand in one piece, a space apart, in lines. */
const writeShort = (tags: readonly (readonly [string, string | undefined])[]): string => {
  const pieces = tags.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value};`]))
  let line = 'DKIM-Signature:'
  let text = ''
  for (const piece of pieces) {
    const folds = line.length + 1 + piece.length > WIDTH
    text += folds ? `${line}\r\n` : ''
    line = folds ? `\t${piece}` : `${line} ${piece}`
  }
  return text + line
}

/** A signature but for its `b=`: so that the body is hashed once for several keys, and the signing can be done elsewhere. */
export type PlannedSignature = {
  /** The field up to `b=`. */
  readonly head: string
  /** What the key signs; latin1. */
  readonly data: string
}

/**
 * @param message the fields of `readMessage`. @param bodyHash base64 of the hash of the body, canonicalised as `signer.body` says. @param now epoch ms.
 * @returns the field but for its signature. Errors as `signDkim`.
 */
export const planDkim = (
  message: Pick<ReadMessage, 'fields' | 'cut'>,
  bodyHash: string,
  signer: Omit<DkimSigner, 'key'> & { readonly key: Pick<SigningKey, 'algorithm'> },
  now: number,
): Result<PlannedSignature, SignFault> => {
  if (message.cut) return fail('message-cut')
  if (!message.fields.some((field) => field.name === 'from')) return fail('no-from')
  const who = readWho(signer)
  if (!who.ok) return who
  const names = readNames(message.fields, signer.names)
  if (!names.ok) return names
  const { header = 'relaxed', body = 'relaxed', key, lifetime } = signer
  if (lifetime !== undefined && !(lifetime >= 1 && lifetime <= LONGEST_LIFETIME)) return fail('lifetime')
  const signedAt = Math.floor(now / 1000)
  const short = writeShort([
    ['v', '1'],
    ['a', key.algorithm],
    ['c', `${header}/${body}`],
    ['d', who.value.domain],
    ['s', who.value.selector],
    ['t', String(signedAt)],
    ['x', lifetime === undefined ? undefined : String(signedAt + Math.floor(lifetime))],
    ['i', who.value.identity],
  ])
  const head = `${short}\r\n\t${writeNames(names.value)};\r\n\t${fillBase64('bh=', bodyHash)};\r\n\t`
  return ok({ head, data: signedFields(message.fields, names.value, header) + canonField(`${head}b=`, header) })
}

/** @param signature base64, over `planned.data`. @returns the whole field, ending in CRLF. */
export const endDkim = (planned: PlannedSignature, signature: string): string =>
  `${planned.head}${fillBase64('b=', signature)}\r\n`

/**
 * @param message from `readMessage`, with CRLF line ends as it goes out. @param now epoch ms, for `t=` and `x=`.
 * @returns the whole DKIM-Signature field, folded to 78 columns where words allow it, ending in CRLF, ASCII: put it on top. Errors: the message or a
 * parameter that cannot be signed; nothing is signed half.
 */
export const signDkim = (message: ReadMessage, signer: DkimSigner, now: number): Result<string, SignFault> => {
  const hasher = new BodyHasher(signer.body ?? 'relaxed', undefined)
  if (!message.cut) hasher.feed(message.body)
  const planned = planDkim(message, hasher.finish().digest.toString('base64'), signer, now)
  return planned.ok ? ok(endDkim(planned.value, signData(planned.value.data, signer.key))) : planned
}
