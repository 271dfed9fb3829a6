/**
 * A digest: what is asked of many messages at once, of some neighbouring blobs together, so that a list or a search of 100,000 messages unpacks some hundred frames
 * and not 100,000. Its frames: ENVELOPEs; fields that are searched and sorted by, folded; words and which text holds them; rare words; and the texts. RFC 9051 section 6.4.4,
 * RFC 5256. Pure. What does not fit the forms below is left out of a digest, and looked up in the message itself.
 */
import { constants, zstdCompressSync } from 'node:zlib'
import type { Summary } from '../../mime/summary.ts'
import { fold } from '../casemap.ts'
import { saysReply } from '../threads.ts'
import { numbersOctets, packSections } from './sections.ts'
import { makeSignature, makeVocabulary, wordsOf } from './vocabulary.ts'

/** A digest as a row keeps it. */
export type DigestRow = {
  /** The first and the last number of its blobs; those between that it does not hold are in no other. */
  readonly first: number
  readonly last: number
  /** Blobs that were there when it was made. */
  readonly count: number
  readonly envelopes: Uint8Array
  readonly fields: Uint8Array
  readonly words: Uint8Array
  readonly rare: Uint8Array
  readonly texts: Uint8Array
}

const ofSummary = ['subject', 'from', 'to', 'cc', 'bcc', 'baseSubject', 'sortFrom', 'sortTo', 'sortCc'] as const
const asWritten = ['sentDay', 'messageId'] as const
/** Sections of the frame of fields, after the numbers of the blobs: a line for each blob. */
export const fieldNames = [
  ...ofSummary,
  'displayFrom',
  'displayTo',
  ...asWritten,
  'references',
  'reply',
  'sentAt',
] as const
export type FieldName = (typeof fieldNames)[number]

/** From here on a text in a summary may have been cut: then the header itself is read. */
export const MAYBE_CUT = 1_000

/** A field of a summary as it is compared: folded where people wrote it. */
export const fieldOf = (summary: Summary, name: FieldName): string => {
  if (name === 'references') return summary.references.join(' ')
  if (name === 'reply') return saysReply(summary.subject) ? '1' : ''
  if (name === 'sentAt') return summary.sentAt === null ? '' : String(summary.sentAt)
  if (name === 'sentDay' || name === 'messageId') return summary[name]
  return fold(summary[name])
}

/** Which text: the body, the header without the fields that a delivery added, or those fields, from FIRST_PREFIX on for each variant. */
export const textKinds = { body: 0, header: 1, firstPrefix: 2 } as const
export const MOST_VARIANTS = 250
/** How far apart a digest's first and last blob may be. */
export const MOST_SPAN = 2 ** 24 - 1

/** A text as it is looked into: folded, and its words, null where they are not worth keeping. */
export type Read = { readonly folded: string; readonly words: ReadonlySet<string> | null }
/** The texts of a blob. */
export type BlobTexts = { readonly body: Read; readonly header: Read; readonly prefixes: readonly Read[] }
/** A blob in a digest; without texts where they are too long, or hardly text; without a line of fields where they do not fit. */
export type Digested = { readonly blob: number; readonly summary: Summary; readonly texts: BlobTexts | null }

/** Whether a blob's summary has a line of fields in a digest. */
const fitsFields = (summary: Summary): boolean =>
  fieldNames.every((name) => {
    const value = fieldOf(summary, name)
    return !value.includes('\n') && value.isWellFormed()
  }) && ['subject', 'from', 'to', 'cc', 'bcc'].every((name) => String(summary[name as 'subject']).length < MAYBE_CUT)

const MOST_WORDLESS_OCTETS = 1_024
const LONG_WORDS = 14 // characters: no language that parts its words writes longer ones on average; base64 does
const HARDLY_SMALLER = 0.6

/** Words of a text, or null where they are not words: they would be kept twice, for nothing. */
const indexedWords = (folded: string): ReadonlySet<string> | null => {
  const words = wordsOf(folded)
  let octets = 0
  for (const word of words) octets += word.length
  return octets > MOST_WORDLESS_OCTETS && octets > LONG_WORDS * words.size ? null : words
}

/** Reads a text for a digest. */
export const readText = (text: string): Read => {
  const folded = fold(text)
  return { folded, words: indexedWords(folded) }
}

/** Whether a text is noise, which no compression makes smaller: it is kept once, in the message. */
export const isNoise = ({ folded, words }: Read): boolean => {
  if (words !== null) return false
  const sample = Buffer.from(folded.slice(0, 65_536), 'utf8')
  const level = { [constants.ZSTD_c_compressionLevel]: 1 }
  return zstdCompressSync(sample, { params: level }).length > HARDLY_SMALLER * sample.length
}

const packTexts = (first: number, some: readonly Digested[]): Pick<DigestRow, 'words' | 'rare' | 'texts'> => {
  const keys: number[] = []
  const texts: Read[] = []
  for (const { blob, texts: own } of some) {
    if (own === null) continue
    const key = (blob - first) * 256
    keys.push(key + textKinds.body, key + textKinds.header)
    texts.push(own.body, own.header)
    for (const [variant, prefix] of own.prefixes.entries()) {
      if (prefix.folded === '') continue
      keys.push(key + textKinds.firstPrefix + variant)
      texts.push(prefix)
    }
  }
  const wordless = [...texts.keys()].filter((place) => texts[place]?.words === null)
  const words = texts.map((text) => text.words ?? new Set<string>())
  const { common, rare } = makeVocabulary(words)
  const octets = texts.map(({ folded }) => Buffer.from(folded, 'utf8'))
  let end = 0
  const ends = octets.map((one) => {
    end += one.length
    return end
  })
  return {
    words: packSections([
      numbersOctets(keys),
      numbersOctets(wordless),
      common.words,
      common.postings,
      makeSignature(rare),
    ]),
    rare: packSections([rare.words, rare.postings]),
    texts: packSections([numbersOctets(ends), Buffer.concat(octets)]),
  }
}

/** Makes a digest of blobs in ascending order. @param span the numbers it stands for, and how many blobs there are among them. */
export const makeDigest = (
  some: readonly Digested[],
  span: { readonly first: number; readonly last: number; readonly count: number },
): DigestRow => {
  const offsets = (list: readonly Digested[]) => numbersOctets(list.map(({ blob }) => blob - span.first))
  const envelopes = some.map(({ summary }) => Buffer.from(summary.envelope, 'latin1'))
  let end = 0
  const ends = envelopes.map((one) => {
    end += one.length
    return end
  })
  const fitting = some.filter(({ summary }) => fitsFields(summary))
  const lines = fieldNames.map((name) =>
    Buffer.from(fitting.map(({ summary }) => fieldOf(summary, name)).join('\n'), 'utf8'),
  )
  return {
    ...span,
    envelopes: packSections([offsets(some), numbersOctets(ends), Buffer.concat(envelopes)]),
    fields: packSections([offsets(fitting), ...lines]),
    ...packTexts(span.first, some),
  }
}
