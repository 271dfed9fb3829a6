/** The digests of a database, found by a blob's number. */
import { Digest, type Frames } from './digest-read.ts'
import { num, octets } from './door.ts'
import type { House } from './house.ts'
import type { WordShelf } from './word-shelf.ts'

const frameSql: Readonly<Record<keyof Frames, string>> = {
  envelopes: 'SELECT envelopes FROM digests WHERE first = ?',
  fields: 'SELECT fields FROM digests WHERE first = ?',
  words: 'SELECT words FROM digests WHERE first = ?',
  rare: 'SELECT rare FROM digests WHERE first = ?',
  texts: 'SELECT texts FROM digests WHERE first = ?',
}

/** The digests as one verb reads them: asked for neighbouring blobs, it looks for each digest once. */
export class Digests {
  readonly #house: House
  readonly #shelf: WordShelf | undefined
  #current: Digest | null = null
  /** The last number before the next digest where there is none. */
  #gap: readonly [from: number, to: number] = [1, 0]

  /** @param shelf where words are that were unpacked before, for verbs that ask for words */
  constructor(house: House, shelf?: WordShelf) {
    this.#house = house
    this.#shelf = shelf
  }

  /** Nothing more is asked. */
  done(): void {
    if (this.#current !== null) this.#shelf?.keep(this.#current)
    this.#current = null
  }

  /** The digest that stands for a blob's number; null where it is in none yet. */
  around(blob: number): Digest | null {
    const current = this.#current
    if (current !== null && current.first <= blob && blob <= current.last) return current
    if (this.#gap[0] <= blob && blob <= this.#gap[1]) return null
    const row = this.#house.tx.list(
      'SELECT first, last FROM digests WHERE first <= ? ORDER BY first DESC LIMIT 1',
      blob,
    )
    if (row === undefined || num(row[1]) < blob) {
      const next = this.#house.tx.list('SELECT min(first) FROM digests WHERE first > ?', blob)?.[0]
      this.#gap = [blob, typeof next === 'number' ? next - 1 : Number.MAX_SAFE_INTEGER]
      return null
    }
    const [first, last] = [num(row[0]), num(row[1])]
    this.done()
    this.#current =
      this.#shelf?.get(first, last) ??
      new Digest({ first, last }, (frame) => octets(this.#house.tx.list(frameSql[frame], first)?.[0]))
    return this.#current
  }
}
