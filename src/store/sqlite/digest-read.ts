/**
 * What a digest says: ENVELOPEs of blobs, lines of their fields, and which of their texts hold a needle. Each frame is unpacked when it is first asked for. Pure but
 * for the function that fetches a frame.
 */
import { fold } from '../casemap.ts'
import type { DigestRow, FieldName } from './digest.ts'
import { fieldNames, textKinds } from './digest.ts'
import { Damaged } from './door.ts'
import { readNumbers, unpackSections } from './sections.ts'
import {
  hasNear,
  markCandidates,
  markNear,
  type Pattern,
  patternOf,
  type Vocabulary,
  type WordList,
} from './vocabulary.ts'

/** A text to look for, as a digest can be asked for it. */
export type Needle = {
  readonly folded: string
  readonly octets: Buffer
  readonly pattern: Pattern
}

/** @returns null for what only the messages themselves can be asked: nothing, line ends (texts are lines), half a character. */
export const needleOf = (text: string): Needle | null => {
  const folded = fold(text)
  if (folded === '' || /[\r\n]/.test(folded) || !folded.isWellFormed()) return null
  return { folded, octets: Buffer.from(folded, 'utf8'), pattern: patternOf(folded) }
}

/** Where each blob's texts begin in a digest's list of texts: their keys ascend, and those of a blob are neighbours. */
class Places {
  readonly #keys: Uint32Array
  /** By a blob's offset from the first: the place of its first text, and one more; 0 where it has none. */
  readonly #starts: Uint32Array

  constructor(keys: Uint32Array) {
    this.#keys = keys
    this.#starts = new Uint32Array(((keys.at(-1) ?? 0) >>> 8) + 1)
    for (let place = keys.length - 1; place >= 0; place--) this.#starts[(keys[place] ?? 0) >>> 8] = place + 1
  }

  get count(): number {
    return this.#keys.length
  }

  /** @returns the place of the blob's body, whose header comes next; -1 where the digest has no texts of it */
  body(offset: number): number {
    return (this.#starts[offset] ?? 0) - 1
  }

  /** @returns the place of the fields that were added for a variant; -1 where there are none */
  prefix(offset: number, variant: number): number {
    const wanted = offset * 256 + textKinds.firstPrefix + variant
    for (let place = this.body(offset) + textKinds.firstPrefix; this.#isOf(place, offset); place++)
      if (this.#keys[place] === wanted) return place
    return -1
  }

  /** Whether a mark stands at any text of fields that were added to the blob. */
  somePrefix(offset: number, marks: Uint8Array): boolean {
    for (let place = this.body(offset) + textKinds.firstPrefix; this.#isOf(place, offset); place++)
      if (marks[place] === 1) return true
    return false
  }

  #isOf(place: number, offset: number): boolean {
    const key = this.#keys[place]
    return key !== undefined && key >>> 8 === offset
  }
}

/** Which texts of a digest hold a needle. */
export class Hits {
  readonly #places: Places
  readonly marks: Uint8Array
  constructor(places: Places, marks: Uint8Array) {
    this.#places = places
    this.marks = marks
  }
  inBody(offset: number): boolean {
    return this.marks[this.#places.body(offset)] === 1
  }
  inOwnHeader(offset: number): boolean {
    return this.marks[this.#places.body(offset) + textKinds.header] === 1
  }
  /** Whether any variant of the blob holds it among the fields that were added; then it matters which one is asked for. */
  inSomePrefix(offset: number): boolean {
    return this.#places.somePrefix(offset, this.marks)
  }
  inPrefix(offset: number, variant: number): boolean {
    return this.marks[this.#places.prefix(offset, variant)] === 1
  }
}

type Words = {
  readonly places: Places
  readonly wordless: Uint32Array
  readonly vocabulary: Vocabulary
}

const sectionOf = (sections: readonly Buffer[], i: number): Buffer => {
  const section = sections[i]
  if (section === undefined) throw new Damaged('a digest lacks a section')
  return section
}

export type Frames = Pick<DigestRow, 'envelopes' | 'fields' | 'words' | 'rare' | 'texts'>

export class Digest {
  readonly first: number
  readonly last: number
  readonly #fetch: (frame: keyof Frames) => Uint8Array
  #envelopes: { readonly at: ReadonlyMap<number, number>; readonly ends: Uint32Array; readonly octets: Buffer } | null =
    null
  #fields: { readonly at: ReadonlyMap<number, number>; readonly sections: readonly Buffer[] } | null = null
  readonly #lines = new Map<FieldName, readonly string[]>()
  #words: Words | null = null
  #rare: WordList | null = null
  #texts: { readonly ends: Uint32Array; readonly octets: Buffer } | null = null

  constructor(span: { readonly first: number; readonly last: number }, fetch: (frame: keyof Frames) => Uint8Array) {
    this.first = span.first
    this.last = span.last
    this.#fetch = fetch
  }

  #unpack(frame: keyof Frames): readonly Buffer[] {
    return unpackSections(this.#fetch(frame))
  }

  /** Octets of the words that are unpacked. */
  get held(): number {
    const { common, signature } = this.#words?.vocabulary ?? {}
    return [common?.words, common?.postings, signature, this.#rare?.words, this.#rare?.postings].reduce(
      (sum, one) => sum + (one?.length ?? 0),
      0,
    )
  }

  /** Lets go of everything but the words. */
  slim(): void {
    this.#envelopes = null
    this.#fields = null
    this.#lines.clear()
    this.#texts = null
  }

  get #written(): { readonly at: ReadonlyMap<number, number>; readonly ends: Uint32Array; readonly octets: Buffer } {
    if (this.#envelopes === null) {
      const sections = this.#unpack('envelopes')
      const ends = readNumbers(sectionOf(sections, 1))
      this.#envelopes = { at: placesOf(sectionOf(sections, 0)), ends, octets: sectionOf(sections, 2) }
    }
    return this.#envelopes
  }

  /** The octets of a blob's ENVELOPE; null where it is not in the digest. */
  envelope(blob: number): Buffer | null {
    const { at, ends, octets } = this.#written
    const place = at.get(blob - this.first)
    return place === undefined ? null : octets.subarray(place === 0 ? 0 : ends[place - 1], ends[place])
  }

  get #headFields(): { readonly at: ReadonlyMap<number, number>; readonly sections: readonly Buffer[] } {
    if (this.#fields === null) {
      const sections = this.#unpack('fields')
      this.#fields = { at: placesOf(sectionOf(sections, 0)), sections }
    }
    return this.#fields
  }

  /** The blobs that it holds. */
  blobs(): readonly number[] {
    return Array.from(this.#written.at.keys(), (offset) => this.first + offset)
  }

  /** A field of a blob, folded; null where the blob is not in the digest. */
  field(blob: number, name: FieldName): string | null {
    const place = this.#headFields.at.get(blob - this.first)
    return place === undefined ? null : (this.#linesOf(name)[place] ?? '')
  }

  #linesOf(name: FieldName): readonly string[] {
    const known = this.#lines.get(name)
    if (known !== undefined) return known
    const lines = this.#section(name).toString('utf8').split('\n')
    this.#lines.set(name, lines)
    return lines
  }

  #section(name: FieldName): Buffer {
    return sectionOf(this.#headFields.sections, fieldNames.indexOf(name) + 1)
  }

  /** Whether any blob's field holds one of the needles: most digests are done with here. */
  mayHold(name: FieldName, needles: readonly Needle[]): boolean {
    const section = this.#section(name)
    return needles.every((needle) => section.includes(needle.octets))
  }

  get #known(): Words {
    if (this.#words === null) {
      const sections = this.#unpack('words')
      const places = new Places(readNumbers(sectionOf(sections, 0)))
      this.#words = {
        places,
        wordless: readNumbers(sectionOf(sections, 1)),
        vocabulary: {
          count: places.count,
          common: { words: sectionOf(sections, 2), postings: sectionOf(sections, 3) },
          signature: sectionOf(sections, 4),
          rare: () => this.#rareWords(),
        },
      }
    }
    return this.#words
  }

  #rareWords(): WordList {
    if (this.#rare === null) {
      const sections = this.#unpack('rare')
      this.#rare = { words: sectionOf(sections, 0), postings: sectionOf(sections, 1) }
    }
    return this.#rare
  }

  /** Whether the texts of a blob are in the digest. */
  hasTexts(blob: number): boolean {
    return this.#known.places.body(blob - this.first) >= 0
  }

  /** Which texts hold a needle: the words narrow, and where they cannot decide, the texts are read. */
  find(needle: Needle): Hits {
    const { places, wordless, vocabulary } = this.#known
    const marks = markCandidates(vocabulary, needle.pattern)
    const unsure: number[] = []
    for (let i = 0; i < places.count; i++) if (marks[i] === 1 && !needle.pattern.exact) unsure.push(i)
    for (const place of wordless) if (marks[place] !== 1 || needle.pattern.exact) unsure.push(place)
    if (unsure.length > 0) this.#read(needle, unsure, marks)
    return new Hits(places, marks)
  }

  /** As `find`, and texts with a word that is near to the needle (RFC 6203 leaves open what a fuzzy search finds). */
  findNear(needle: Needle): Hits {
    const { vocabulary, wordless } = this.#known
    const hits = this.find(needle)
    markNear(vocabulary, needle.folded, hits.marks)
    for (const place of wordless)
      if (hits.marks[place] !== 1 && hasNear(this.#textAt(place).toString('utf8'), needle.folded)) hits.marks[place] = 1
    return hits
  }

  #read(needle: Needle, places: readonly number[], marks: Uint8Array): void {
    for (const place of places) marks[place] = this.#textAt(place).includes(needle.octets) ? 1 : 0
  }

  #textAt(place: number): Buffer {
    if (this.#texts === null) {
      const sections = this.#unpack('texts')
      this.#texts = { ends: readNumbers(sectionOf(sections, 0)), octets: sectionOf(sections, 1) }
    }
    const { ends, octets } = this.#texts
    return octets.subarray(place === 0 ? 0 : ends[place - 1], ends[place])
  }
}

const placesOf = (section: Uint8Array): ReadonlyMap<number, number> =>
  new Map(Array.from(readNumbers(section), (number, place) => [number, place] as const))
