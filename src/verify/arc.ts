/**
 * ARC: did the chain of forwarders keep the message as they found it? RFC 8617 section 4 (the three fields), section 5.2 (the validator).
 * Pure but for the look-ups. A fact for forwarded mail: a good chain says who handled the message, not that they are honest.
 */
import type { Resolve } from '../base/dns.ts'
import { fail, ok, type Result } from '../base/result.ts'
import { canonField, withoutSignature } from './canon.ts'
import { bodyHashes, signedFields, tryKeys } from './dkim.ts'
import { findKeys, type KeyRing } from './dkim-key.ts'
import { type Cover, readCover, readSigner, type Signer } from './dkim-signature.ts'
import type { Field, ReadMessage } from './fields.ts'
import { readTags } from './tags.ts'

type ArcReason =
  | 'too-many-sets'
  | 'broken-structure'
  | 'broken-field'
  | 'sealed-as-failed'
  | 'message-signature'
  | 'body-hash'
  | 'seal'
  | 'no-key'
  | 'no-answer'
  | 'message-cut'
export type ArcVerdict = {
  /** The word for `arc=` and `cv=`; an unanswered look-up is a `fail` there (RFC 8617 section 5.2 knows no other), told apart by `reason`. */
  readonly cv: 'none' | 'pass' | 'fail'
  readonly reason?: ArcReason
  /** Instance of the set at fault. */
  readonly at?: number
  /** Sets in the chain. */
  readonly sets: number
  /** Who sealed, oldest first. */
  readonly sealers: readonly string[]
  /** The ARC-Authentication-Results of the sets, oldest first: what the forwarders saw; latin1, to be trusted as far as they are. */
  readonly results: readonly string[]
  /** The oldest instance from which on the message is as it was (RFC 8617 section 5.2 step 5); 0 when it is whole. */
  readonly oldestPass?: number
}

const MOST_SETS = 50 // RFC 8617 section 4.2.1
const names = ['arc-authentication-results', 'arc-message-signature', 'arc-seal'] as const

type ArcSet = {
  readonly instance: number
  readonly results: Field
  readonly message: Field
  readonly seal: Field
  readonly resultsText: string
  readonly messageSigner: Signer & Cover
  readonly sealSigner: Signer
  readonly cv: string
}

type Fault = { readonly reason: ArcReason; readonly at?: number }
type Found = Result<readonly ArcSet[], Fault>

const readInstance = (text: string | undefined): number =>
  text !== undefined && /^[1-9][0-9]{0,2}$/.test(text) ? Number(text) : 0

/** `i=` of an ARC-Authentication-Results field, which is not a tag list after its first semicolon; what follows it. */
const splitResults = (value: string): { readonly instance: number; readonly rest: string } => {
  const semicolon = value.indexOf(';')
  const [, digits] = /^\s*i\s*=\s*([0-9]+)\s*$/.exec(semicolon < 0 ? value : value.slice(0, semicolon)) ?? []
  return { instance: readInstance(digits), rest: semicolon < 0 ? '' : value.slice(semicolon + 1).trim() }
}

const instanceOf = (field: Field): number => {
  if (field.name === names[0]) return splitResults(field.value).instance
  const tags = readTags(field.value)
  return tags.ok ? readInstance(tags.value.get('i')) : 0
}

const readSet = (instance: number, results: Field, message: Field, seal: Field): ArcSet | undefined => {
  const [messageTags, sealTags] = [readTags(message.value), readTags(seal.value)]
  if (!messageTags.ok || !sealTags.ok || sealTags.value.has('h')) return undefined
  const [signer, cover, sealSigner] = [
    readSigner(messageTags.value),
    readCover(messageTags.value),
    readSigner(sealTags.value),
  ]
  if (!signer.ok || !cover.ok || !sealSigner.ok) return undefined
  if (cover.value.names.length === 0 || cover.value.names.includes('arc-seal')) return undefined
  return {
    ...{ instance, results, message, seal, resultsText: splitResults(results.value).rest },
    messageSigner: { ...signer.value, ...cover.value },
    sealSigner: sealSigner.value,
    cv: sealTags.value.get('cv') ?? '',
  }
}

/** RFC 8617 section 5.2, steps 1 to 3: the sets, oldest first, each with one field of each kind. */
const collect = (fields: readonly Field[]): Found => {
  const ours = fields.filter((field) => names.some((name) => name === field.name))
  if (ours.length > MOST_SETS * names.length) return fail({ reason: 'too-many-sets' })
  const placed = ours.map((field) => ({ field, instance: instanceOf(field) }))
  const most = Math.max(0, ...placed.map((one) => one.instance))
  if (most > MOST_SETS) return fail({ reason: 'too-many-sets' })
  if (placed.some((one) => one.instance === 0) || ours.length !== most * names.length)
    return fail({ reason: 'broken-structure' })
  const sets: ArcSet[] = []
  for (let instance = 1; instance <= most; instance += 1) {
    const [results, message, seal] = names.map(
      (name) => placed.find((one) => one.instance === instance && one.field.name === name)?.field,
    )
    if (results === undefined || message === undefined || seal === undefined)
      return fail({ reason: 'broken-structure', at: instance })
    const set = readSet(instance, results, message, seal)
    if (set === undefined) return fail({ reason: 'broken-field', at: instance })
    if (set.cv !== (instance === 1 ? 'none' : 'pass'))
      return fail({ reason: set.cv === 'fail' ? 'sealed-as-failed' : 'broken-structure', at: instance })
    sets.push(set)
  }
  return ok(sets)
}

type Find = (name: string) => ReturnType<typeof findKeys>

/** Looks the key up and tries it. @returns undefined when it signs `data`. */
const check = async (signer: Signer, data: string, wrong: ArcReason, find: Find): Promise<ArcReason | undefined> => {
  const keys = await find(`${signer.selector}._domainkey.${signer.domain}`)
  if (!keys.ok) return keys.error === 'key-unavailable' ? 'no-answer' : 'no-key'
  return tryKeys({ ...signer, identityDomain: signer.domain }, keys.value, data).fault === undefined ? undefined : wrong
}

const checkMessage = async (
  set: ArcSet,
  message: ReadMessage,
  hashes: ReturnType<typeof bodyHashes>,
  find: Find,
): Promise<ArcReason | undefined> => {
  const signed = set.messageSigner
  const body = hashes(signed.body, signed.bodyLength)
  if ((signed.bodyLength ?? 0) > body.total || !body.digest.equals(signed.bodyHash)) return 'body-hash'
  const data =
    signedFields(message.fields, signed.names, signed.header) +
    canonField(withoutSignature(set.message.text), signed.header)
  return await check(signed, data, 'message-signature', find)
}

const checkSeal = async (sets: readonly ArcSet[], instance: number, find: Find): Promise<ArcReason | undefined> => {
  const upTo = sets.slice(0, instance)
  const last = upTo.at(-1)
  if (last === undefined) return 'broken-structure'
  const texts = upTo.flatMap((set) => [set.results.text, set.message.text, ...(set === last ? [] : [set.seal.text])])
  const data =
    texts.map((text) => `${canonField(text, 'relaxed')}\r\n`).join('') +
    canonField(withoutSignature(last.seal.text), 'relaxed')
  return await check(last.sealSigner, data, 'seal', find)
}

/** The older message signatures say since when the message is unchanged; they cannot break the chain. */
const findOldestPass = async (
  sets: readonly ArcSet[],
  message: ReadMessage,
  hashes: ReturnType<typeof bodyHashes>,
  find: Find,
): Promise<number> => {
  let oldest = sets.length
  for (const set of sets.slice(0, -1).reverse()) {
    if ((await checkMessage(set, message, hashes, find)) !== undefined) return oldest
    oldest = set.instance
  }
  return oldest === 1 ? 0 : oldest
}

const MOST_OLDER = 5 // older message signatures that are verified

/** @param message from `readMessage`. @param keys of earlier messages. @returns the state of its ARC chain; `none` without one. */
export const verifyArc = async (message: ReadMessage, resolve: Resolve, keys?: KeyRing): Promise<ArcVerdict> => {
  const find: Find = (name) => findKeys(name, resolve, keys)
  if (message.cut) return { cv: 'fail', reason: 'message-cut', sets: 0, sealers: [], results: [] }
  const found = collect(message.fields)
  if (!found.ok) return { cv: 'fail', ...found.error, sets: 0, sealers: [], results: [] }
  const sets = found.value
  const last = sets.at(-1)
  const facts = {
    sets: sets.length,
    sealers: sets.map((set) => set.sealSigner.domain),
    results: sets.map((set) => set.resultsText),
  }
  if (last === undefined) return { cv: 'none', ...facts }
  const hashes = bodyHashes(message.body)
  const wrong = await checkMessage(last, message, hashes, find)
  if (wrong !== undefined) return { cv: 'fail', reason: wrong, at: last.instance, ...facts }
  const seals = await Promise.all(sets.map((set) => checkSeal(sets, set.instance, find)))
  const broken = seals.findLastIndex((reason) => reason !== undefined)
  const reason = seals[broken]
  if (reason !== undefined) return { cv: 'fail', reason, at: broken + 1, ...facts }
  const oldestPass = await findOldestPass(sets.slice(-MOST_OLDER - 1), message, hashes, find)
  return { cv: 'pass', ...facts, oldestPass }
}
