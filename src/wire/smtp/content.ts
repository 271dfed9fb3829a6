/**
 * The octets of a message between 354 and the dot, or of a BDAT chunk that holds text: dot-unstuffing and the one end. RFC 5321
 * sections 4.5.2 (transparency) and 2.3.8 (a line ends with CRLF and with nothing else). Pure.
 *
 * Only CRLF.CRLF ends data: whoever takes another line end for one lets a stranger smuggle a second message past the server before
 * us. A CR or LF that stands alone is a fault, and the message is read over to its true end and refused; with `rewriteLf` a lone LF
 * becomes CRLF (never a lone CR), but it is no line end for the dot: neither ends data nor is unstuffed after it. NUL is a fault
 * (RFC 5321 section 2.3.1, and IMAP cannot show one). A line may be as long as it likes (docs/decisions/0022): no line is ever held.
 */
export type ContentFault = 'bare-cr' | 'bare-lf' | 'nul'
export type ContentRules = {
  /** Whether CRLF.CRLF ends it and dots are unstuffed (DATA), or neither (BDAT). */
  readonly dots: boolean
  readonly rewriteLf: boolean
}

// Where in a line the next octet stands. LOOSE is after an LF or CR that is no line end: a dot there is what smugglers send.
const TEXT = 0
const CR_SEEN = 1
const START = 2
const DOT = 3
const DOT_CR = 4
const LOOSE = 5
const LOOSE_DOT = 6

const NUL = 0
const LF = 10
const CR = 13
const FULL_STOP = 46
const crlf: Uint8Array = Uint8Array.of(CR, LF)
const nothing: Uint8Array = new Uint8Array(0)

/** One message's (or one BDAT series') scanner; octets go in as they come, in any cut. */
export class ContentReader {
  readonly #rules: ContentRules
  #state = START
  #fault: ContentFault | undefined
  #smuggling = false
  #ended = false
  #parts: Uint8Array[] = []
  #from = 0

  constructor(rules: ContentRules) {
    this.#rules = rules
  }

  /** The first thing wrong with it, so far; when it has ended, at all. */
  get fault(): ContentFault | undefined {
    return this.#fault ?? (this.#ended && this.#state === CR_SEEN ? 'bare-cr' : undefined)
  }

  /** Whether a dot stood alone between two line ends of which one was not CRLF: no honest client sends that. */
  get smuggling(): boolean {
    return this.#smuggling
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Without dots the count of octets ends it, and whoever counts says so. */
  end(): void {
    this.#ended = true
  }

  /**
   * @param input read from `from` to the end, or to the end of data.
   * @returns the message's own octets among them (a view of `input` where nothing had to be taken out; none from the first fault on), and where it stopped.
   */
  read(input: Uint8Array, from: number, to: number): { readonly octets: Uint8Array; readonly at: number } {
    this.#from = from
    const at = this.#scan(input, from, to)
    if (this.#fault === undefined && !this.#ended) this.#keep(input, at)
    const parts = this.#parts
    this.#parts = []
    return { octets: parts.length === 1 ? (parts[0] ?? nothing) : Buffer.concat(parts), at }
  }

  #scan(input: Uint8Array, from: number, to: number): number {
    let at = from
    let state = this.#state
    while (at < to && !this.#ended) {
      if (state === TEXT) {
        while (at < to && (input[at] ?? 0) > CR) at += 1
        if (at >= to) break
      }
      const octet = input[at] ?? 0
      state =
        octet > CR && state !== DOT_CR && state !== CR_SEEN && octet !== FULL_STOP
          ? TEXT
          : this.#step(input, at, octet, state)
      at += 1
    }
    this.#state = state
    return at
  }

  #step(input: Uint8Array, at: number, octet: number, state: number): number {
    if (octet === LF) return this.#lineFeed(input, at, state)
    if (state === CR_SEEN) this.#wrong('bare-cr', input, at)
    if (state === DOT_CR) {
      this.#wrong('bare-cr', input, at)
      this.#smuggling = true
    }
    if (octet === CR) {
      if (state === LOOSE_DOT) this.#smuggling = true
      if (state !== DOT) return CR_SEEN
      this.#cut(input, at) // held back: it may belong to the end
      return DOT_CR
    }
    if (octet === NUL) this.#wrong('nul', input, at)
    if (octet !== FULL_STOP || !this.#rules.dots) return TEXT
    if (state === START) {
      this.#cut(input, at)
      return DOT
    }
    return state === LOOSE || state === CR_SEEN || state === DOT_CR ? LOOSE_DOT : TEXT
  }

  #lineFeed(input: Uint8Array, at: number, state: number): number {
    if (state === CR_SEEN) return START
    if (state === DOT_CR) {
      this.#ended = true
      return START
    }
    if (state === DOT || state === LOOSE_DOT) this.#smuggling = true
    if (this.#rules.rewriteLf) {
      this.#cut(input, at)
      if (this.#fault === undefined) this.#parts.push(crlf)
    } else this.#wrong('bare-lf', input, at)
    return LOOSE
  }

  /** What was not left out, up to `at`. */
  #keep(input: Uint8Array, at: number): void {
    if (at > this.#from) this.#parts.push(input.subarray(this.#from, at))
  }

  /** Leaves out the octet at `at`. */
  #cut(input: Uint8Array, at: number): void {
    if (this.#fault !== undefined) return
    this.#keep(input, at)
    this.#from = at + 1
  }

  /** What came before the first fault is still given, and nothing after it. */
  #wrong(fault: ContentFault, input: Uint8Array, at: number): void {
    if (this.#fault === undefined) this.#keep(input, at)
    this.#fault ??= fault
  }
}
