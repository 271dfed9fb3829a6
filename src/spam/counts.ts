/**
 * The learner's memory: a hash table in one SharedArrayBuffer, of what was seen of each token: messages of each class, and a weight. Pure.
 *
 * One thread writes, any number read, without locks: a reader may see a count that is one lesson old, never a torn one, because a
 * row's key is written first with nothing beside it, and every word is aligned. Growing, forgetting and evicting build a new memory and leave the old one as it
 * was (docs/decisions/0031). A row is four words side by side, so that a look-up touches one cache line.
 */
const MAGIC = 0x31_4e_4c_50 // "PLN1"
const HEAD_WORDS = 8
const WORDS = 4
const FEWEST_BITS = 14
const MOST_BITS = 21
/** Rows used, of the slots, before there must be more room. */
const FULL = 0.6
/** Rows that stay, of the slots, when there may not be more room. */
const KEPT = 0.4

/** Header words: magic, bits, rows used (Uint32); spam and ham lessons (Float32). */
const BITS = 1
const USED = 2
const SPAM_LESSONS = 4
const HAM_LESSONS = 5
/** Words of a row, after its key. */
export const SPAM = 1
export const HAM = 2
export const WEIGHT = 3

const bytesFor = (bits: number): number => (HEAD_WORDS + WORDS * 2 ** bits) * 4

export class Counts {
  readonly memory: SharedArrayBuffer
  readonly #head: Uint32Array
  readonly #totals: Float32Array
  readonly #keys: Uint32Array
  /** Of a row at `at` (from `find` or `take`): `at + SPAM` and `at + HAM` messages, `at + WEIGHT`. */
  readonly values: Float32Array
  readonly #mask: number

  /** @param memory made by `Counts.empty`, here or in another thread. */
  constructor(memory: SharedArrayBuffer) {
    this.memory = memory
    this.#head = new Uint32Array(memory, 0, HEAD_WORDS)
    this.#totals = new Float32Array(memory, 0, HEAD_WORDS)
    const slots = 2 ** (this.#head[BITS] ?? FEWEST_BITS)
    this.#keys = new Uint32Array(memory, HEAD_WORDS * 4, slots * WORDS)
    this.values = new Float32Array(memory, HEAD_WORDS * 4, slots * WORDS)
    this.#mask = slots * WORDS - 1
  }

  static empty(bits = FEWEST_BITS): Counts {
    const memory = new SharedArrayBuffer(bytesFor(bits))
    const head = new Uint32Array(memory, 0, HEAD_WORDS)
    head[0] = MAGIC
    head[BITS] = bits
    return new Counts(memory)
  }

  /** The fewest slots, as a power of two, that hold `rows` comfortably. */
  static bitsFor(rows: number): number {
    return Math.min(MOST_BITS, Math.max(FEWEST_BITS, Math.ceil(Math.log2(Math.max(1, rows / KEPT)))))
  }

  get used(): number {
    return this.#head[USED] ?? 0
  }
  get spamLessons(): number {
    return this.#totals[SPAM_LESSONS] ?? 0
  }
  get hamLessons(): number {
    return this.#totals[HAM_LESSONS] ?? 0
  }

  addLessons(spam: number, ham: number): void {
    this.#totals[SPAM_LESSONS] = Math.max(0, this.spamLessons + spam)
    this.#totals[HAM_LESSONS] = Math.max(0, this.hamLessons + ham)
  }

  /** @returns where the row of `key` is, or −1. */
  find(key: number): number {
    const keys = this.#keys
    const mask = this.#mask
    for (let at = (Math.imul(key, 0x9e3779b1) << 2) & mask; ; at = (at + WORDS) & mask) {
      const held = keys[at]
      if (held === key) return at
      if (held === 0) return -1
    }
  }

  /** @returns where the row of `key` is, made for it if it had none. There must be room: see `roomFor`. */
  take(key: number): number {
    const keys = this.#keys
    const mask = this.#mask
    for (let at = (Math.imul(key, 0x9e3779b1) << 2) & mask; ; at = (at + WORDS) & mask) {
      const held = keys[at]
      if (held === key) return at
      if (held !== 0) continue
      keys[at] = key
      this.#head[USED] = this.used + 1
      return at
    }
  }

  /** @returns this, or, where `rows` more would crowd it, a larger copy; at MOST slots one without its least seen rows. */
  roomFor(rows: number): Counts {
    const slots = (this.#mask + 1) / WORDS
    if (this.used + rows <= slots * FULL) return this
    const bits = this.#head[BITS] ?? FEWEST_BITS
    if (bits < MOST_BITS) return this.#copied(Math.max(bits + 1, Counts.bitsFor(this.used + rows)), 1, 0)
    let [floor, factor] = [0.6, 1]
    for (let left = this.#rowsOver(floor); left > slots * KEPT; left = this.#rowsOver(floor)) {
      floor *= 1.5
      factor = 0.9
    }
    return this.#copied(bits, factor, floor)
  }

  /** @param factor of everything that stays: 0.5 halves what the past weighs. @returns a copy. */
  faded(factor: number): Counts {
    return this.#copied(this.#head[BITS] ?? FEWEST_BITS, factor, 0.3 / factor)
  }

  /** Every row: its key, where it is. */
  *rows(): Generator<readonly [key: number, at: number], void> {
    for (let at = 0; at <= this.#mask; at += WORDS) {
      const key = this.#keys[at] ?? 0
      if (key !== 0) yield [key, at]
    }
  }

  #rowsOver(floor: number): number {
    let rows = 0
    for (const [, at] of this.rows()) if (this.seen(at) > floor) rows++
    return rows
  }

  /** Messages that the token at `at` was in. */
  seen(at: number): number {
    return (this.values[at + SPAM] ?? 0) + (this.values[at + HAM] ?? 0)
  }

  #copied(bits: number, factor: number, floor: number): Counts {
    const next = Counts.empty(bits)
    for (const [key, at] of this.rows()) {
      if (this.seen(at) <= floor) continue
      const to = next.take(key)
      next.values[to + SPAM] = (this.values[at + SPAM] ?? 0) * factor
      next.values[to + HAM] = (this.values[at + HAM] ?? 0) * factor
      next.values[to + WEIGHT] = this.values[at + WEIGHT] ?? 0
    }
    next.addLessons(this.spamLessons * factor, this.hamLessons * factor)
    return next
  }
}
