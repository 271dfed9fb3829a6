/**
 * A message as a multi-line response: dot-stuffed, lines ended with CRLF, as it is or its head and some lines only. RFC 1939 section 3 (a line that begins
 * with a dot gets another; CRLF.CRLF ends it) and section 7 (TOP). Pure; octets in, octets out, in pieces of any size. A message with bare LFs
 * (IMAP's APPEND may bring one) gets CRLF, because clients take a bare LF for a line's end, and then a dot after it for the end of the message.
 */
const [LF, CR, DOT] = [10, 13, 46]

/** The octet before a message: as if a line had ended. */
const LINE_BEGINS = LF

/** Where octets are to be put in: before a dot that begins a line, and before a bare LF. */
const places = (bytes: Uint8Array, before: number): number[] => {
  const found: number[] = []
  if (before === LINE_BEGINS && bytes[0] === DOT) found.push(0)
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if ((at === 0 ? before : bytes[at - 1]) !== CR) found.push(at)
    if (bytes[at + 1] === DOT) found.push(at + 1)
  }
  return found
}

/** Stuffs one message, piece after piece. */
export class DotStuffer {
  #last: number = LINE_BEGINS

  /** @returns the octets as they go out: `bytes` itself where nothing is to be put in. */
  stuff(bytes: Uint8Array): Uint8Array {
    const found = places(bytes, this.#last)
    this.#last = bytes.at(-1) ?? this.#last
    if (found.length === 0) return bytes
    const out = new Uint8Array(bytes.length + found.length)
    let [from, to] = [0, 0]
    for (const at of found) {
      out.set(bytes.subarray(from, at), to)
      to += at - from
      out[to] = bytes[at] === DOT ? DOT : CR
      to += 1
      from = at
    }
    out.set(bytes.subarray(from), to)
    return out
  }

  /** @returns what ends the response. */
  end(): string {
    if (this.#last === LF) return '.\r\n'
    return this.#last === CR ? '\n.\r\n' : '\r\n.\r\n'
  }
}

/** How much of a message TOP shows: its header, the empty line, and so many lines. */
export class TopCutter {
  readonly #lines: number
  /** Lines still to come; undefined within the header. */
  #left: number | undefined
  /** What the line that was begun holds so far. */
  #line: 'nothing' | 'cr' | 'text' = 'nothing'

  constructor(lines: number) {
    this.#lines = lines
  }

  /** Whether nothing more of the message is shown. */
  get done(): boolean {
    return this.#left === 0
  }

  /** @returns the first octets of `bytes` that are shown. */
  take(bytes: Uint8Array): Uint8Array {
    let from = 0
    for (let at = bytes.indexOf(LF); at >= 0 && !this.done; at = bytes.indexOf(LF, from)) {
      this.#begin(bytes, from, at)
      if (this.#left !== undefined) this.#left -= 1
      else if (this.#line !== 'text') this.#left = this.#lines
      this.#line = 'nothing'
      from = at + 1
    }
    if (this.done) return bytes.subarray(0, from)
    this.#begin(bytes, from, bytes.length)
    return bytes
  }

  /** The line goes on with these octets. */
  #begin(bytes: Uint8Array, from: number, to: number): void {
    if (from === to) return
    this.#line = this.#line === 'nothing' && to === from + 1 && bytes[from] === CR ? 'cr' : 'text'
  }
}
