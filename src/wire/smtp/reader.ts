/**
 * The server's side of an SMTP connection as a push reader: octets in, lines and message octets out. RFC 5321 sections 2.3.8 and
 * 4.5.3.1 (lines and their lengths), RFC 3030 section 2 (BDAT), RFC 6531 section 3.1 (UTF-8 in commands). Pure; bounded memory.
 *
 * Whoever reads says after each command what comes next (`data`, `chunk`), so the reader is asked event by event: `push` once, then
 * `next` until it is undefined. What is in the middle of a line is copied, so the buffer that was pushed may be used again.
 */
import { type ContentFault, ContentReader } from './content.ts'

export type SmtpLineFault =
  /** Ends with a bare LF. */
  | 'bare-lf'
  /** Holds a NUL, a lone CR or another control. */
  | 'control'
  | 'not-utf8'
  | 'too-long'

export type SmtpEvent =
  | { readonly event: 'line'; readonly text: string }
  | { readonly event: 'bad-line'; readonly why: SmtpLineFault }
  /** Octets of the message, unstuffed; a view of what was pushed. */
  | { readonly event: 'octets'; readonly bytes: Uint8Array }
  /** The data, or the chunk, is over; the faults are those of the whole message so far. */
  | { readonly event: 'end'; readonly fault?: ContentFault; readonly smuggling: boolean }
  /** More than is read over for anybody; nothing comes after this. */
  | { readonly event: 'endless'; readonly within: 'line' | 'message' }
  /** A TLS record where a command should be (a port 465 client on port 25); nothing comes after this. */
  | { readonly event: 'tls' }

export type SmtpReaderLimits = {
  /** Octets of a command line, CRLF included (RFC 5321 section 4.5.3.1.4 and what each extension adds). */
  readonly line: number
  /** Octets of a too long line that are read over. */
  readonly skip: number
  /** A bare LF ends a command line, and becomes CRLF in a message. */
  readonly rewriteLf: boolean
}

const LF = 10
const CR = 13
const TLS_HANDSHAKE = 0x16
const empty = Buffer.alloc(0)
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

type Mode = 'line' | 'data' | 'chunk' | 'dead'

const readUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined // octets that are not UTF-8
    throw error
  }
}

export class SmtpReader {
  readonly #limits: SmtpReaderLimits
  #input: Buffer = empty
  #at = 0
  #mode: Mode = 'line'
  #held: Buffer = empty
  #filled = 0 // octets of the current line so far; only the first `limits.line` of them are in #held
  #content: ContentReader | undefined
  #left = 0
  #as: 'text' | 'binary' | 'ignored' = 'text'
  #last = false

  constructor(limits: SmtpReaderLimits) {
    this.#limits = limits
  }

  /** Gives it octets; ask `next` until it has no more before giving it others. */
  push(bytes: Uint8Array): void {
    this.#input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = 0
  }

  /** Octets pushed and not looked at yet: what the peer sent without waiting. */
  get waiting(): number {
    return this.#input.length - this.#at
  }

  /** Whether it is in the middle of a line, a message or a chunk. */
  get midway(): boolean {
    return this.#mode === 'line' ? this.#filled > 0 : this.#mode !== 'dead'
  }

  /** Message octets come next, to CRLF.CRLF. @param most octets on the wire before it is `endless`. */
  data(most: number): void {
    this.#mode = 'data'
    this.#left = most
    this.#content = new ContentReader({ dots: true, rewriteLf: this.#limits.rewriteLf })
  }

  /**
   * `size` octets of a message come next (BDAT); the chunks of a message share one scanner, to its `last` or to `forget`.
   * @param as `text` if they must be lines, `binary` for BINARYMIME, `ignored` when they are only to be read over.
   */
  chunk(size: number, as: 'text' | 'binary' | 'ignored', last: boolean): void {
    this.#mode = 'chunk'
    this.#left = size
    this.#as = as
    this.#last = last
    if (as === 'text') this.#content ??= new ContentReader({ dots: false, rewriteLf: this.#limits.rewriteLf })
  }

  /** The chunks so far belong to no message any more (RSET). */
  forget(): void {
    this.#content = undefined
  }

  /** Throws away everything that was pushed and the line that was begun: before TLS. */
  discard(): void {
    this.#input = empty
    this.#at = 0
    this.#filled = 0
    this.#mode = 'line'
    this.#content = undefined
  }

  /** @returns what comes next in what was pushed; undefined when it needs more. */
  next(): SmtpEvent | undefined {
    switch (this.#mode) {
      case 'line':
        return this.#line()
      case 'data':
        return this.#data()
      case 'chunk':
        return this.#chunk()
      case 'dead':
        return undefined
    }
  }

  #dead(event: SmtpEvent): SmtpEvent {
    this.#mode = 'dead'
    this.#input = empty
    this.#at = 0
    return event
  }

  #line(): SmtpEvent | undefined {
    const input = this.#input
    if (this.#at >= input.length) return undefined
    if (this.#filled === 0 && input[this.#at] === TLS_HANDSHAKE) return this.#dead({ event: 'tls' })
    const lf = input.indexOf(LF, this.#at)
    const end = lf < 0 ? input.length : lf + 1
    const start = this.#at
    const { line, skip } = this.#limits
    const before = this.#filled
    this.#at = end
    this.#filled += end - start
    if (this.#filled > line + skip) return this.#dead({ event: 'endless', within: 'line' })
    if (lf >= 0 && before === 0 && this.#filled <= line) {
      this.#filled = 0
      return this.#read(input.subarray(start, end))
    }
    if (this.#held.length === 0) this.#held = Buffer.allocUnsafe(line)
    if (before < line) input.copy(this.#held, before, start, end)
    if (lf < 0) return undefined
    const length = this.#filled
    this.#filled = 0
    return length > line ? { event: 'bad-line', why: 'too-long' } : this.#read(this.#held.subarray(0, length))
  }

  /** @param bytes a line with its LF. */
  #read(bytes: Buffer): SmtpEvent {
    const crlf = bytes.length > 1 && bytes[bytes.length - 2] === CR
    if (!crlf && !this.#limits.rewriteLf) return { event: 'bad-line', why: 'bare-lf' }
    const body = bytes.subarray(0, bytes.length - (crlf ? 2 : 1))
    const text = body.toString('latin1')
    if (!/[^\t\x20-\x7e]/.test(text)) return { event: 'line', text }
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(text)) return { event: 'bad-line', why: 'control' }
    const decoded = readUtf8(body)
    return decoded === undefined ? { event: 'bad-line', why: 'not-utf8' } : { event: 'line', text: decoded }
  }

  #data(): SmtpEvent | undefined {
    const content = this.#content
    if (content === undefined) throw new Error('data without a content reader')
    if (content.ended) return this.#end(content)
    if (this.#left === 0) return this.#dead({ event: 'endless', within: 'message' })
    const from = this.#at
    if (from >= this.#input.length) return undefined
    const { octets, at } = content.read(this.#input, from, Math.min(this.#input.length, from + this.#left))
    this.#at = at
    this.#left -= at - from
    return octets.length > 0 ? { event: 'octets', bytes: octets } : this.#data()
  }

  #chunk(): SmtpEvent | undefined {
    const content = this.#as === 'text' ? this.#content : undefined
    if (this.#left === 0) {
      this.#mode = 'line'
      if (this.#last) content?.end()
      if (this.#last) this.#content = undefined
      return { event: 'end', ...(content?.fault === undefined ? {} : { fault: content.fault }), smuggling: false }
    }
    const from = this.#at
    if (from >= this.#input.length) return undefined
    const to = Math.min(this.#input.length, from + this.#left)
    this.#at = to
    this.#left -= to - from
    if (this.#as === 'ignored') return this.#chunk()
    const octets = content === undefined ? this.#input.subarray(from, to) : content.read(this.#input, from, to).octets
    return octets.length > 0 ? { event: 'octets', bytes: octets } : this.#chunk()
  }

  #end(content: ContentReader): SmtpEvent {
    this.#mode = 'line'
    this.#content = undefined
    return {
      event: 'end',
      ...(content.fault === undefined ? {} : { fault: content.fault }),
      smuggling: content.smuggling,
    }
  }
}
