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
const PIECE = 65_536

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
  #total = 0
  /** Line ends seen and not yet written: they count only when something follows. */
  #emptyLines = 0
  /** White space seen and not yet written (relaxed). */
  #space = false
  #carriage = false
  /** The line has had an octet (a space included); for `simple` so that a body of no octets still ends in CRLF. */
  #lineHas = false

  constructor(canon: Canon, limit: number | undefined) {
    this.#relaxed = canon === 'relaxed'
    this.#limit = limit ?? Number.POSITIVE_INFINITY
  }

  feed(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += 1) {
      const octet = bytes[at] ?? 0
      if (this.#carriage) {
        this.#carriage = false
        if (octet === LF) {
          this.#endLine()
          continue
        }
        this.#ordinary(CR)
      }
      if (octet === CR) this.#carriage = true
      else if (this.#relaxed && (octet === SPACE || octet === TAB)) this.#space = true
      else this.#ordinary(octet)
    }
  }

  /** @returns the hash and the length of the canonical body, and how much of it was hashed. */
  finish(): { readonly digest: Buffer; readonly total: number; readonly hashed: number } {
    if (this.#carriage) this.#ordinary(CR)
    this.#carriage = false
    if (this.#lineHas) this.#endLine()
    this.#emptyLines = 0
    const open = this.#total === 0 ? !this.#relaxed : true
    if (open) {
      this.#write(CR)
      this.#write(LF)
    }
    this.#flush()
    return { digest: this.#hash.digest(), total: this.#total, hashed: Math.min(this.#total, this.#limit) }
  }

  #endLine(): void {
    this.#space = false
    this.#lineHas = false
    this.#emptyLines += 1
  }

  #ordinary(octet: number): void {
    for (; this.#emptyLines > 0; this.#emptyLines -= 1) {
      this.#write(CR)
      this.#write(LF)
    }
    if (this.#space) this.#write(SPACE)
    this.#space = false
    this.#lineHas = true
    this.#write(octet)
  }

  #write(octet: number): void {
    if (this.#filled === PIECE) this.#flush()
    this.#out[this.#filled] = octet
    this.#filled += 1
    this.#total += 1
  }

  #flush(): void {
    const before = this.#total - this.#filled
    const room = Math.max(0, Math.min(this.#filled, this.#limit - before))
    if (room > 0) this.#hash.update(this.#out.subarray(0, room))
    this.#filled = 0
  }
}
