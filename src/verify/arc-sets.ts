/**
 * The sets of an ARC chain as a header has them. RFC 8617 section 4.1 (the three fields), section 4.2.1 (instances 1 to 50), section 5.2 steps
 * 1 to 3 (what spoils a chain before any key is looked up). Pure.
 */
import { fail, ok, type Result } from '../base/result.ts'
import { canonField } from './canon.ts'
import {
  asksElsewhere,
  type Cover,
  readCover,
  readSigner,
  readTimes,
  type Signer,
  type Times,
} from './dkim-signature.ts'
import type { Field } from './fields.ts'
import { readTags, type Tags } from './tags.ts'

/** The most sets of a chain: RFC 8617 section 4.2.1. */
export const MOST_SETS = 50
const names = ['arc-authentication-results', 'arc-message-signature', 'arc-seal'] as const

export type ArcSet = {
  readonly instance: number
  readonly results: Field
  readonly message: Field
  readonly seal: Field
  /** What the ARC-Authentication-Results says after its `i=`. */
  readonly resultsText: string
  readonly messageSigner: Signer & Cover & Times
  /** There is no `c=`: the RFC means simple/simple then, and some sealers mean relaxed/relaxed. */
  readonly eitherCanon: boolean
  readonly sealSigner: Signer
  readonly cv: string
}
export type ArcSetFault = {
  readonly reason: 'too-many-sets' | 'broken-structure' | 'broken-field' | 'sealed-as-failed'
  readonly at?: number
}
/** RFC 8617 section 4.2.1: one or two digits. @returns 0 for what is no instance. */
const readInstance = (text: string | undefined): number =>
  text !== undefined && /^[0-9]{1,2}$/.test(text) ? Number(text) : 0

const digitsOf = /(?:^|[;\s])[ \t\r\n]*i[ \t\r\n]*=[ \t\r\n]*([0-9]+)(?=[;\s]|$)/i

/**
 * `i=` of an ARC-Authentication-Results field, which is not a tag list after its first semicolon, and what follows it. The grammar puts it first
 * (RFC 8617 section 4.1.1); one that stands further on counts too, as in dkimpy: the seal covers it, so that only its sealer can have put it there.
 */
const splitResults = (value: string): { readonly instance: number; readonly rest: string } => {
  const bare = withoutComments(value)
  const [, digits] = digitsOf.exec(bare) ?? []
  const semicolon = value.indexOf(';')
  return { instance: readInstance(digits), rest: semicolon < 0 ? '' : value.slice(semicolon + 1).trim() }
}

/** RFC 5322 section 3.2.2: comments, nested ones too, become a space; a quoted string is left out, and a comment that never ends takes the rest. */
const withoutComments = (text: string): string => {
  let out = ''
  let depth = 0
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? ''
    if ((depth > 0 || quoted) && char === '\\') at += 1
    else if (depth === 0 && char === '"') quoted = !quoted
    else if (!quoted && char === '(') depth += 1
    else if (depth > 0 && char === ')') {
      depth -= 1
      if (depth === 0) out += ' '
    } else if (depth === 0 && !quoted) out += char
  }
  return out
}

const instanceOf = (field: Field): number => {
  if (field.name === names[0]) return splitResults(field.value).instance
  const tags = readTags(field.value)
  return tags.ok ? readInstance(tags.value.get('i')) : 0
}

/** RFC 8617 section 4.1.2: the tags of DKIM-Signature with their rules, but for `v=`, which has no meaning: where it stands it must be DKIM's. */
const readMessageTags = (tags: Tags): (Signer & Cover & Times) | undefined => {
  const [signer, cover, times] = [readSigner(tags), readCover(tags), readTimes(tags)]
  if (!signer.ok || !cover.ok || times === undefined || asksElsewhere(tags)) return undefined
  const { names: signed } = cover.value
  if (!signed.includes('from') || signed.includes(names[2]) || (tags.get('v') ?? '1') !== '1') return undefined
  return { ...signer.value, ...cover.value, ...times }
}

/** RFC 8617 section 4.1.3: `h=` must not be there. */
const readSealTags = (tags: Tags): Signer | undefined => {
  const signer = readSigner(tags)
  return signer.ok && !tags.has('h') && readTimes(tags) !== undefined ? signer.value : undefined
}

const readSet = (instance: number, results: Field, message: Field, seal: Field): ArcSet | undefined => {
  const [messageTags, sealTags] = [readTags(message.value), readTags(seal.value)]
  if (!messageTags.ok || !sealTags.ok) return undefined
  const messageSigner = readMessageTags(messageTags.value)
  const sealSigner = readSealTags(sealTags.value)
  if (messageSigner === undefined || sealSigner === undefined) return undefined
  return {
    ...{ instance, results, message, seal, resultsText: splitResults(results.value).rest, messageSigner, sealSigner },
    eitherCanon: !messageTags.value.has('c'),
    cv: sealTags.value.get('cv') ?? '',
  }
}

/**
 * RFC 8617 section 5.2, steps 1 to 3. @returns the sets, oldest first, each with one field of each kind that can be read; none for a message
 * without ARC fields; the first fault otherwise, with its instance where it has one.
 */
export const readSets = (fields: readonly Field[]): Result<readonly ArcSet[], ArcSetFault> => {
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

/** Whether a field is one of the three. */
export const isArcField = (field: Field): boolean => names.some((name) => name === field.name)

/**
 * Where a chain stands that cannot be read as `readSets` does, for who adds to it: RFC 8617 section 5.1.2. @returns the highest instance of any ARC
 * field that has one (99 at most), and whether its seal says `cv=fail`, after which nothing may be added.
 */
export const topOf = (fields: readonly Field[]): { readonly instance: number; readonly ended: boolean } => {
  const placed = fields.filter(isArcField).map((field) => ({ field, instance: instanceOf(field) }))
  const instance = placed.reduce((most, one) => Math.max(most, one.instance), 0)
  const ended = placed.some((one) => {
    if (one.instance !== instance || one.field.name !== names[2]) return false
    const tags = readTags(one.field.value)
    return tags.ok && tags.value.get('cv')?.toLowerCase() === 'fail'
  })
  return { instance, ended }
}

/**
 * What a seal signs: the sets in order, each results, message signature, seal. RFC 8617 section 5.1.1. @param sets oldest first. @param last the newest set's fields as text, its seal with an
 * empty `b=`.
 */
export const sealedText = (
  sets: readonly Pick<ArcSet, 'results' | 'message' | 'seal'>[],
  last: { readonly results: string; readonly message: string; readonly seal: string },
): string =>
  [...sets.flatMap((set) => [set.results.text, set.message.text, set.seal.text]), last.results, last.message]
    .map((text) => `${canonField(text, 'relaxed')}\r\n`)
    .join('') + canonField(last.seal, 'relaxed')
