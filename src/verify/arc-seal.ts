/**
 * Adding a set to an ARC chain. RFC 8617 section 5.1 (the sealer), section 5.1.1 (what is signed, in which order), section 5.1.2 (a chain that
 * was found broken: the new seal covers its own set alone, and is the last), section 4.1 (the fields). Pure: time, results and the state of the
 * chain are parameters.
 *
 * The text of a signature decides its value, and the public suite fixes the values. So there are the two forms of dkimpy: `folded`, tags in the
 * RFC's order, lines of 74; `sorted`, tags by name on one line.
 */
import { fail, ok, type Result } from '../base/result.ts'
import { type ArcSet, isArcField, MOST_SETS, readSets, sealedText, topOf } from './arc-sets.ts'
import { BodyHasher, canonField } from './canon.ts'
import { signedFields } from './dkim.ts'
import type { Field, ReadMessage } from './fields.ts'
import { isDomain, toAscii } from './lookup.ts'
import { defaultNames, isFieldName, MOST_SIGNED_NAMES } from './signed-names.ts'
import { type SigningKey, signData } from './signing-key.ts'

export type ArcSealer = {
  readonly domain: string
  readonly selector: string
  readonly key: SigningKey
  /** Our authserv-id, as it stands in our Authentication-Results. */
  readonly authserv: string
  /** `h=` of the message signature, each name as often as it is signed; by default `defaultNames` and DKIM-Signature. */
  readonly names?: readonly string[]
  readonly form?: 'folded' | 'sorted'
}
export type Sealing = {
  /** What was found of the chain when the message came in: before anything of ours changed it. */
  readonly cv: 'none' | 'pass' | 'fail'
  /** The results to repeat, from `ownResults`: `spf=pass …`; at least one. */
  readonly results: readonly string[]
  /** Epoch ms. */
  readonly now: number
}
/** Whole fields, folded, latin1, ending in CRLF. To be put on top in this order: seal, message signature, results. */
export type NewArcSet = { readonly seal: string; readonly messageSignature: string; readonly results: string }
export type SealFault =
  | 'message-cut'
  | 'domain'
  | 'names'
  | 'from-not-signed'
  | 'seal-signed'
  | 'results'
  /** The newest seal says `cv=fail`: nothing may follow (RFC 8617 section 5.1). */
  | 'chain-ended'
  | 'too-many-sets'
  /** `none` for a message with a chain, or something else for one without. */
  | 'cv-and-chain-differ'

type Tags = readonly (readonly [name: string, value: string])[]

const FIRST_WIDTH = 72 // dkimpy: so many columns, less the field's name, on the first line, one less on the others
const NEXT_WIDTH = 71
const LONGEST_LINE = 990 // RFC 5322 section 2.1.1: 998 is the limit; a sorted field folds only past it

/** A word that fits no line of `width`, in pieces: base64 anywhere, a list of names after its colons, what else there is not at all. */
const breakWord = (word: string, width: number): readonly string[] => {
  if (word.startsWith('b=')) return word.match(new RegExp(`.{1,${width}}`, 'g')) ?? []
  if (word.startsWith('h=')) return word.match(new RegExp(`.{1,${width - 1}}(?::|$)`, 'g')) ?? []
  return [word]
}

/** Breaks lines at spaces, each as full as it can be. @param first,next the widths; a line that goes on has one less. */
const foldAt = (text: string, first: number, next: number): string => {
  const lines: string[] = []
  let line: string | undefined
  for (const word of text.split(' ')) {
    const width = lines.length === 0 ? first : next
    if (line !== undefined && line.length + 1 + word.length < width) line += ` ${word}`
    else {
      if (line !== undefined) lines.push(line)
      const pieces = word.length > next ? breakWord(word, next) : [word]
      lines.push(...pieces.slice(0, -1))
      line = pieces.at(-1) ?? ''
    }
  }
  return [...lines, line ?? ''].join('\r\n ')
}

const writeTags = (name: string, tags: Tags, form: ArcSealer['form']): string => {
  const ordered = form === 'sorted' ? tags.toSorted(([one], [other]) => (one < other ? -1 : 1)) : tags
  const text = ordered.map(([tag, value]) => `${tag}=${value}`).join('; ')
  const [first, next] = form === 'sorted' ? [LONGEST_LINE, LONGEST_LINE] : [FIRST_WIDTH, NEXT_WIDTH]
  return `${name}: ${foldAt(text, first - name.length, next)}`
}

/** A signature field: written with an empty `b=` and signed, then with it. Folds stand where relaxed canonicalisation makes them the space that was there, or after a colon of `h=`, at the same places both times. */
const signTags = (name: string, tags: Tags, sealer: ArcSealer, data: (unsigned: string) => string): string => {
  const write = (b: string): string => writeTags(name, [...tags, ['b', b]], sealer.form)
  return write(signData(data(write('')), sealer.key))
}

/** A field as `readMessage` gives it; it stands nowhere in the message yet. */
const newField = (name: string, text: string): Field => ({
  ...{ name, text, value: text.slice(name.length + 1), from: 0, to: 0 },
})

type Place = { readonly instance: number; readonly cv: Sealing['cv']; readonly before: readonly ArcSet[] }
/** The new set's instance, its `cv=`, and the sets that its seal covers. */
const placeOf = (fields: readonly Field[], cv: Sealing['cv']): Result<Place, SealFault> => {
  const chained = fields.some(isArcField)
  if (!chained) return cv === 'none' ? ok({ instance: 1, cv, before: [] }) : fail('cv-and-chain-differ')
  const top = topOf(fields)
  if (top.ended) return fail('chain-ended')
  if (cv === 'none' || top.instance === 0) return fail('cv-and-chain-differ')
  if (top.instance >= MOST_SETS) return fail('too-many-sets')
  const sets = readSets(fields)
  const holds = cv === 'pass' && sets.ok
  return ok({ instance: top.instance + 1, cv: holds ? 'pass' : 'fail', before: holds ? sets.value : [] })
}

const checkNames = (names: readonly string[]): SealFault | undefined => {
  if (!names.includes('from')) return 'from-not-signed'
  if (names.includes('arc-seal')) return 'seal-signed' // RFC 8617 section 4.1.2
  return names.length > MOST_SIGNED_NAMES || !names.every(isFieldName) ? 'names' : undefined
}

/** What goes into a header of ours must not end it: a line end only before white space, no other control, something in it. */
const isResult = (text: string): boolean =>
  /[^\s;]/.test(text) && !/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n|\r\n(?![ \t])|\r\n[ \t]*$/.test(text)

const LONGEST_RESULTS = 65_536
const checkResults = (authserv: string, results: readonly string[]): boolean =>
  /^[!-:<-~]+$/.test(authserv) &&
  results.length > 0 &&
  results.every(isResult) &&
  results.reduce((sum, text) => sum + text.length, 0) <= LONGEST_RESULTS

type Signed = {
  readonly instance: string
  readonly domain: string
  readonly selector: string
  readonly seconds: string
}
const signMessage = (
  message: HashedMessage,
  results: Field,
  sealer: ArcSealer,
  names: readonly string[],
  by: Signed,
): string => {
  const fields = [results, ...message.fields]
  const tags: Tags = [
    ['i', by.instance],
    ['a', sealer.key.algorithm],
    ['c', 'relaxed/relaxed'],
    ['d', by.domain],
    ['s', by.selector],
    ['t', by.seconds],
    ['h', names.join(sealer.form === 'sorted' ? ':' : ' : ')],
    ['bh', message.bodyHash],
  ]
  const data = (own: string): string => signedFields(fields, names, 'relaxed') + canonField(own, 'relaxed')
  return signTags('ARC-Message-Signature', tags, sealer, data)
}

/** A message whose body was read already, in one piece or in several. */
export type HashedMessage = Pick<ReadMessage, 'fields' | 'cut'> & {
  /** Of the body in relaxed form, SHA-256, base64. */
  readonly bodyHash: string
}

/** @param message from `readMessage`, as it goes out. @returns as `sealHashed`. */
export const sealArc = (message: ReadMessage, sealer: ArcSealer, sealing: Sealing): Result<NewArcSet, SealFault> => {
  const hasher = new BodyHasher('relaxed', undefined)
  hasher.feed(message.body)
  return sealHashed({ ...message, bodyHash: hasher.finish().digest.toString('base64') }, sealer, sealing)
}

/**
 * @param message as it goes out. @returns the three fields of the next set, or why there is none. A chain that cannot be read is sealed as failed even when `cv` says `pass`.
 */
export const sealHashed = (
  message: HashedMessage,
  sealer: ArcSealer,
  sealing: Sealing,
): Result<NewArcSet, SealFault> => {
  if (message.cut) return fail('message-cut')
  const domain = toAscii(sealer.domain)
  const selector = toAscii(sealer.selector)
  if (!isDomain(domain) || !isDomain(`${selector}.${domain}`)) return fail('domain')
  const names = sealer.names?.map((name) => name.toLowerCase()) ?? defaultNames(message.fields, ['dkim-signature'])
  const fault = checkNames(names)
  if (fault !== undefined) return fail(fault)
  if (!checkResults(sealer.authserv, sealing.results)) return fail('results')
  const place = placeOf(message.fields, sealing.cv)
  if (!place.ok) return place
  const { instance, cv, before } = place.value
  const by = { instance: String(instance), domain, selector, seconds: String(Math.floor(sealing.now / 1000)) }
  const results = `ARC-Authentication-Results: i=${instance}; ${sealer.authserv}; ${sealing.results.join(';\r\n  ')}`
  const messageSignature = signMessage(message, newField('arc-authentication-results', results), sealer, names, by)
  const tags: Tags = [
    ['i', by.instance],
    ['cv', cv],
    ['a', sealer.key.algorithm],
    ['d', domain],
    ['s', selector],
    ['t', by.seconds],
  ]
  const seal = signTags('ARC-Seal', tags, sealer, (own) =>
    sealedText(before, { results, message: messageSignature, seal: own }),
  )
  return ok({ seal: `${seal}\r\n`, messageSignature: `${messageSignature}\r\n`, results: `${results}\r\n` })
}
