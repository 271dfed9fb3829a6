/**
 * What a digest says: ENVELOPEs of blobs, lines of their fields, and which of their texts hold a needle. Each frame is unpacked when it is first asked for. Pure but
 * for the function that fetches a frame.
 */
import { fold } from '../casemap.ts'
import type { DigestRow, FieldName } from './digest.ts'
import { fieldNames, textKinds } from './digest.ts'
import { Damaged } from './door.ts'
import { readNumbers, unpackSections } from './sections.ts'
import { markCandidates, type Pattern, patternOf } from './vocabulary.ts'

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

/** Which texts of a digest hold a needle. */
export class Hits {
  readonly #placeOf: ReadonlyMap<number, number>
  readonly #marks: Uint8Array
  readonly #somePrefix = new Set<number>()
  constructor(placeOf: ReadonlyMap<number, number>, marks: Uint8Array) {
    this.#placeOf = placeOf
    this.#marks = marks
    for (const [key, place] of placeOf)
      if (marks[place] === 1 && (key & 0xff) >= textKinds.firstPrefix) this.#somePrefix.add(key >>> 8)
  }
  #holds(key: number): boolean {
    const place = this.#placeOf.get(key)
    return place !== undefined && this.#marks[place] === 1
  }
  inBody(offset: number): boolean {
    return this.#holds(offset * 256 + textKinds.body)
  }
  inOwnHeader(offset: number): boolean {
    return this.#holds(offset * 256 + textKinds.header)
  }
  /** Whether any variant of the blob holds it among the fields that were added; then it matters which one is asked for. */
  inSomePrefix(offset: number): boolean {
    return this.#somePrefix.has(offset)
  }
  inPrefix(offset: number, variant: number): boolean {
    return this.#holds(offset * 256 + textKinds.firstPrefix + variant)
  }
}

type Words = {
  readonly placeOf: ReadonlyMap<number, number>
  readonly wordless: Uint32Array
  readonly words: Buffer
  readonly postings: Buffer
}

const sectionOf = (sections: readonly Buffer[], i: number): Buffer => {
  const section = sections[i]
  if (section === undefined) throw new Damaged('a digest lacks a section')
  return section
}

export type Frames = Pick<DigestRow, 'envelopes' | 'fields' | 'words' | 'texts'>

export class Digest {
  readonly first: number
  readonly last: number
  readonly #fetch: (frame: keyof Frames) => Uint8Array
  #envelopes: { readonly at: ReadonlyMap<number, number>; readonly ends: Uint32Array; readonly octets: Buffer } | null =
    null
  #fields: { readonly at: ReadonlyMap<number, number>; readonly sections: readonly Buffer[] } | null = null
  readonly #lines = new Map<FieldName, readonly string[]>()
  #words: Words | null = null
  #texts: { readonly ends: Uint32Array; readonly octets: Buffer } | null = null

  constructor(span: { readonly first: number; readonly last: number }, fetch: (frame: keyof Frames) => Uint8Array) {
    this.first = span.first
    this.last = span.last
    this.#fetch = fetch
  }

  #unpack(frame: keyof Frames): readonly Buffer[] {
    return unpackSections(this.#fetch(frame))
  }

  /** The octets of a blob's ENVELOPE; null where it is not in the digest. */
  envelope(blob: number): Buffer | null {
    if (this.#envelopes === null) {
      const sections = this.#unpack('envelopes')
      const ends = readNumbers(sectionOf(sections, 1))
      this.#envelopes = { at: placesOf(sectionOf(sections, 0)), ends, octets: sectionOf(sections, 2) }
    }
    const { at, ends, octets } = this.#envelopes
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
    return Array.from(this.#headFields.at.keys(), (offset) => this.first + offset)
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

  get #vocabulary(): Words {
    if (this.#words === null) {
      const sections = this.#unpack('words')
      this.#words = {
        placeOf: placesOf(sectionOf(sections, 0)),
        wordless: readNumbers(sectionOf(sections, 1)),
        words: sectionOf(sections, 2),
        postings: sectionOf(sections, 3),
      }
    }
    return this.#words
  }

  /** Whether the texts of a blob are in the digest. */
  hasTexts(blob: number): boolean {
    return this.#vocabulary.placeOf.has((blob - this.first) * 256 + textKinds.body)
  }

  /** Which texts hold a needle: the words narrow, and where they cannot decide, the texts are read. */
  find(needle: Needle): Hits {
    const vocabulary = this.#vocabulary
    const count = vocabulary.placeOf.size
    const marks = markCandidates(vocabulary, needle.pattern, count)
    const unsure: number[] = []
    for (let i = 0; i < count; i++) if (marks[i] === 1 && !needle.pattern.exact) unsure.push(i)
    for (const place of vocabulary.wordless) if (marks[place] !== 1 || needle.pattern.exact) unsure.push(place)
    if (unsure.length > 0) this.#read(needle, unsure, marks)
    return new Hits(vocabulary.placeOf, marks)
  }

  #read(needle: Needle, places: readonly number[], marks: Uint8Array): void {
    if (this.#texts === null) {
      const sections = this.#unpack('texts')
      this.#texts = { ends: readNumbers(sectionOf(sections, 0)), octets: sectionOf(sections, 1) }
    }
    const { ends, octets } = this.#texts
    for (const place of places) {
      const text = octets.subarray(place === 0 ? 0 : ends[place - 1], ends[place])
      marks[place] = text.includes(needle.octets) ? 1 : 0
    }
  }
}

const placesOf = (section: Uint8Array): ReadonlyMap<number, number> =>
  new Map(Array.from(readNumbers(section), (number, place) => [number, place] as const))
