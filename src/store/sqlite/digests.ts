/** The digests of a database, found by a blob's number. */
import { Digest, type Frames } from './digest-read.ts'
import { num, octets } from './door.ts'
import type { House } from './house.ts'

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
  #current: Digest | null = null
  /** The last number before the next digest where there is none. */
  #gap: readonly [from: number, to: number] = [1, 0]

  constructor(house: House) {
    this.#house = house
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
    const first = num(row[0])
    this.#current = new Digest({ first, last: num(row[1]) }, (frame) =>
      octets(this.#house.tx.list(frameSql[frame], first)?.[0]),
    )
    return this.#current
  }
}
