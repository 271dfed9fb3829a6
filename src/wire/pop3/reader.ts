/**
 * What a POP3 client sends, cut into lines. RFC 1939 section 3 (commands end with CRLF), RFC 6856 section 2 (user names and passwords are UTF-8). Pure;
 * a push parser with bounded memory. A bare LF ends a line too, because people at a terminal send it. Refused on purpose: NUL and other control
 * characters but the tab, and what is no UTF-8.
 */

export type Pop3LineFault = 'control' | 'not-utf8' | 'too-long'
export type Pop3Event =
  /** A line without its end. */
  | { readonly event: 'line'; readonly text: string }
  /** A line that cannot be read; the next one can. */
  | { readonly event: 'bad-line'; readonly why: Pop3LineFault }
  /** More octets without a line end than are read over, or a TLS handshake in plain text: nothing more is read. */
  | { readonly event: 'endless' | 'tls' }

/** Octets of a line with its end, and octets beyond it that are read over. */
export type Pop3ReaderLimits = { readonly line: number; readonly skip: number }

const LF = 10
const TLS_HANDSHAKE = 22

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const textOf = (line: Uint8Array): string | undefined => {
  try {
    return utf8.decode(line)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

/** `push` gives it octets, `next` is called until it has no more. */
export class Pop3Reader {
  readonly #limits: Pop3ReaderLimits
  #input: Uint8Array = new Uint8Array(0)
  #at = 0
  /** The beginning of a line that came in pieces, and how long it is so far. */
  #held: Uint8Array[] = []
  #length = 0
  #dead = false

  constructor(limits: Pop3ReaderLimits) {
    this.#limits = limits
  }

  /** @param bytes what came, after all before it was read; it may be used again when `next` has no more. */
  push(bytes: Uint8Array): void {
    this.#input = bytes
    this.#at = 0
  }

  /** Forgets what was pushed: what came in plain text does not count after TLS. */
  discard(): void {
    this.#at = this.#input.length
    this.#held = []
    this.#length = 0
  }

  /** @returns the next line of what was pushed; undefined when it needs more. */
  next(): Pop3Event | undefined {
    const input = this.#input
    const from = this.#at
    if (this.#dead || from >= input.length) return undefined
    if (this.#length === 0 && input[from] === TLS_HANDSHAKE) return this.#end('tls')
    const lf = input.indexOf(LF, from)
    const to = lf < 0 ? input.length : lf + 1
    const { line, skip } = this.#limits
    this.#at = to
    this.#length += to - from
    if (this.#length > line + skip) return this.#end('endless')
    const piece = input.subarray(from, to)
    if (lf < 0) {
      if (this.#length <= line) this.#held.push(Uint8Array.from(piece))
      else this.#held = []
      return undefined
    }
    const [held, length] = [this.#held, this.#length]
    this.#held = []
    this.#length = 0
    if (length > line) return { event: 'bad-line', why: 'too-long' }
    return this.#read(held.length === 0 ? piece : Buffer.concat([...held, piece], length))
  }

  #end(event: 'endless' | 'tls'): Pop3Event {
    this.#dead = true
    this.discard()
    return { event }
  }

  /** @param bytes a line with its LF. */
  #read(bytes: Uint8Array): Pop3Event {
    const text = textOf(bytes)?.replace(/\r?\n$/, '')
    if (text === undefined) return { event: 'bad-line', why: 'not-utf8' }
    return /[\x00-\x08\x0a-\x1f\x7f]/.test(text) ? { event: 'bad-line', why: 'control' } : { event: 'line', text }
  }
}
