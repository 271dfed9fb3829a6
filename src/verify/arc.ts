/**
 * ARC: did the chain of forwarders keep the message as they found it? RFC 8617 section 4 (the three fields), section 5.2 (the validator).
 * Pure but for the look-ups. A fact for forwarded mail: a good chain says who handled the message, not that they are honest.
 */
import type { Resolve } from '../base/dns.ts'
import { type ArcSet, type ArcSetFault, readSets, sealedText } from './arc-sets.ts'
import { type Canon, canonField, withoutSignature } from './canon.ts'
import { bodyHashes, type DkimOptions, signedFields, tryKeys } from './dkim.ts'
import { findKeys } from './dkim-key.ts'
import type { Signer } from './dkim-signature.ts'
import type { ReadMessage } from './fields.ts'

type ArcReason =
  | ArcSetFault['reason']
  | 'message-signature'
  | 'body-hash'
  | 'expired'
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

type Find = (name: string) => ReturnType<typeof findKeys>

/** Looks the key up and tries it. @returns undefined when it signs `data`. */
const check = async (signer: Signer, data: string, wrong: ArcReason, find: Find): Promise<ArcReason | undefined> => {
  const keys = await find(`${signer.selector}._domainkey.${signer.domain}`)
  if (!keys.ok) return keys.error === 'key-unavailable' ? 'no-answer' : 'no-key'
  return tryKeys({ ...signer, identityDomain: signer.domain }, keys.value, data).fault === undefined ? undefined : wrong
}

type At = {
  readonly message: ReadMessage
  readonly hashes: ReturnType<typeof bodyHashes>
  readonly now: number | undefined
}

const checkMessageAs = async (
  set: ArcSet,
  at: At,
  find: Find,
  canon: Canon | undefined,
): Promise<ArcReason | undefined> => {
  const signed = set.messageSigner
  const { header, body: how } = canon === undefined ? signed : { header: canon, body: canon }
  const body = at.hashes(how, signed.bodyLength)
  if ((signed.bodyLength ?? 0) > body.total || !body.digest.equals(signed.bodyHash)) return 'body-hash'
  const data =
    signedFields(at.message.fields, signed.names, header) + canonField(withoutSignature(set.message.text), header)
  return await check(signed, data, 'message-signature', find)
}

/** Whether a message signature still holds. @returns undefined when it does. */
const checkMessage = async (set: ArcSet, at: At, find: Find): Promise<ArcReason | undefined> => {
  const { expiresAt } = set.messageSigner
  if (expiresAt !== undefined && at.now !== undefined && expiresAt * 1000 < at.now) return 'expired'
  const wrong = await checkMessageAs(set, at, find, undefined)
  return wrong === undefined || !set.eitherCanon ? wrong : await checkMessageAs(set, at, find, 'relaxed')
}

const checkSeal = async (sets: readonly ArcSet[], instance: number, find: Find): Promise<ArcReason | undefined> => {
  const upTo = sets.slice(0, instance)
  const last = upTo.at(-1)
  if (last === undefined) return 'broken-structure'
  const { results, message, seal } = last
  const newest = { results: results.text, message: message.text, seal: withoutSignature(seal.text) }
  const data = sealedText(upTo.slice(0, -1), newest)
  return await check(last.sealSigner, data, 'seal', find)
}

/** The older message signatures say since when the message is unchanged; they cannot break the chain. */
const findOldestPass = async (sets: readonly ArcSet[], message: At, find: Find): Promise<number> => {
  let oldest = sets.length
  for (const set of sets.slice(0, -1).reverse()) {
    if ((await checkMessage(set, message, find)) !== undefined) return oldest
    oldest = set.instance
  }
  return oldest === 1 ? 0 : oldest
}

const MOST_OLDER = 5 // older message signatures that are verified

/**
 * @param message from `readMessage`. @param options without `now` no signature expires. @returns the state of its ARC chain; `none` without one.
 */
export const verifyArc = async (
  message: ReadMessage,
  resolve: Resolve,
  options: Partial<DkimOptions> = {},
): Promise<ArcVerdict> => {
  const find: Find = (name) => findKeys(name, resolve, options.keys)
  if (message.cut) return { cv: 'fail', reason: 'message-cut', sets: 0, sealers: [], results: [] }
  const found = readSets(message.fields)
  if (!found.ok) return { cv: 'fail', ...found.error, sets: 0, sealers: [], results: [] }
  const sets = found.value
  const last = sets.at(-1)
  const facts = {
    sets: sets.length,
    sealers: sets.map((set) => set.sealSigner.domain),
    results: sets.map((set) => set.resultsText),
  }
  if (last === undefined) return { cv: 'none', ...facts }
  const at = { message, hashes: bodyHashes(message.body), now: options.now }
  const wrong = await checkMessage(last, at, find)
  if (wrong !== undefined) return { cv: 'fail', reason: wrong, at: last.instance, ...facts }
  const seals = await Promise.all(sets.map((set) => checkSeal(sets, set.instance, find)))
  const broken = seals.findLastIndex((reason) => reason !== undefined)
  const reason = seals[broken]
  if (reason !== undefined) return { cv: 'fail', reason, at: broken + 1, ...facts }
  const oldestPass = await findOldestPass(sets.slice(-MOST_OLDER - 1), at, find)
  return { cv: 'pass', ...facts, oldestPass }
}
