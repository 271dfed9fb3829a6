/**
 * Canonicalisation, for verifying and for signing: headers and bodies as they are hashed. RFC 6376 section 3.4; RFC 8617 section 5.1.1 uses
 * the same. Pure; the body goes through once, in pieces of any size.
 */
import { createHash } from 'node:crypto'

export type Canon = 'simple' | 'relaxed'

/** @param text `Name: value` with its folds, without the last line end, latin1. @returns what is hashed, without a line end. */
export const canonField = (text: string, canon: Canon): string => {
  if (canon === 'simple') return text
  const colon = text.indexOf(':')
  const name = text.slice(0, colon).trimEnd().toLowerCase()
  return `${name}:${relaxValue(text.slice(colon + 1))}`
}

/** RFC 6376 section 3.4.2: unfolded, runs of white space one space, none at the ends. */
const relaxValue = (text: string): string =>
  text
    .replaceAll(/\r?\n/g, '')
    .replaceAll(/[ \t]+/g, ' ')
    .replace(/^ /, '')
    .replace(/ $/, '')

/**
 * @param text a signature field. @returns it with the value of its `b=` tag taken out, white space around the value too, and nothing else
 * touched (RFC 6376 section 3.5).
 */
export const withoutSignature = (text: string): string =>
  text.replace(/(^[^:;]*:|;)([ \t\r\n]*b[ \t\r\n]*=)[^;]*/, '$1$2')

const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20
const TAB = 0x09
const PIECE = 16_384

/**
 * Hashes a body as it comes. `feed` any number of pieces, then `finish` once. With `limit` only so many octets of the canonical body
 * are hashed (`l=`); `total` is its whole length.
 */
export class BodyHasher {
  readonly #hash = createHash('sha256')
  readonly #relaxed: boolean
  readonly #limit: number
  readonly #out = Buffer.allocUnsafe(PIECE)
  #filled = 0
  /** Octets of canonical body that have left `#out`. */
  #flushed = 0
  /** Line ends seen and not yet written: they count only when something follows. */
  #emptyLines = 0
  /** White space seen and not yet written (relaxed). */
  #space = false
  /** A CR that may be half of a line end. */
  #carriage = false
  /** The line has an octet that counts. */
  #lineHas = false

  constructor(canon: Canon, limit: number | undefined) {
    this.#relaxed = canon === 'relaxed'
    this.#limit = limit ?? Number.POSITIVE_INFINITY
  }

  /** Each turn of the loop takes a line end, white space, or a run of octets that go through as they are. */
  feed(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.length) {
      const octet = bytes[at] ?? 0
      if (this.#carriage) {
        this.#carriage = false
        if (octet === LF) {
          this.#endLine()
          at += 1
        } else this.#begin(CR)
      } else if (octet === CR) {
        this.#carriage = true
        at += 1
      } else if (this.#relaxed && (octet === SPACE || octet === TAB)) {
        this.#space = true
        at += 1
      } else {
        this.#begin(octet)
        at = this.#copyRun(bytes, at + 1)
      }
    }
  }

  /** @returns the hash and the length of the canonical body, and how much of it was hashed. */
  finish(): { readonly digest: Buffer; readonly total: number; readonly hashed: number } {
    if (this.#carriage) this.#begin(CR)
    this.#carriage = false
    // The last line gets its line end, empty lines after it do not count; a body of nothing is one line end when simple.
    if (this.#flushed + this.#filled > 0 || !this.#relaxed) this.#lineEnd()
    this.#flush()
    const total = this.#flushed
    return { digest: this.#hash.digest(), total, hashed: Math.min(total, this.#limit) }
  }

  #endLine(): void {
    this.#space = false
    this.#lineHas = false
    this.#emptyLines += 1
  }

  /** An octet that counts: what was held back before it goes first. */
  #begin(octet: number): void {
    if (!this.#lineHas) for (; this.#emptyLines > 0; this.#emptyLines -= 1) this.#lineEnd()
    this.#lineHas = true
    if (this.#filled > PIECE - 2) this.#flush()
    if (this.#space) this.#out[this.#filled++] = SPACE
    this.#space = false
    this.#out[this.#filled++] = octet
  }

  #lineEnd(): void {
    if (this.#filled > PIECE - 2) this.#flush()
    this.#out[this.#filled++] = CR
    this.#out[this.#filled++] = LF
  }

  /** Copies octets up to the next that needs a look, or until the buffer is full. @returns the place of that one. */
  #copyRun(bytes: Uint8Array, from: number): number {
    const out = this.#out
    const relaxed = this.#relaxed
    let filled = this.#filled
    let at = from
    while (at < bytes.length && filled < PIECE) {
      const octet = bytes[at] ?? 0
      if (octet === CR || (relaxed && (octet === SPACE || octet === TAB))) break
      out[filled] = octet
      filled += 1
      at += 1
    }
    this.#filled = filled
    return at
  }

  #flush(): void {
    const room = Math.max(0, Math.min(this.#filled, this.#limit - this.#flushed))
    if (room > 0) this.#hash.update(this.#out.subarray(0, room))
    this.#flushed += this.#filled
    this.#filled = 0
  }
}
