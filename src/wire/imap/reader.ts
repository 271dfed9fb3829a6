/**
 * The framing of IMAP: bytes in, commands out. RFC 9051 section 2.2 and 4.3, RFC 7888 (LITERAL+, LITERAL-), RFC 3516 (literal8).
 *
 * A command is its tag, its verb and pieces: text between literals, and literals. Each announced literal is put before the session,
 * which keeps it (small ones), streams it (a message on its way to the spool) or refuses it before one octet is read. Events come one
 * by one from `next`, because what the session does with one (a login, a refusal, IDLE) decides how the following octets are read.
 * Bounded by `ReaderLimits`; a bare LF ends a line as CRLF does. Pure.
 */

/** Octets: the longest line between two literals, and the most that one command may hold in memory. */
export type ReaderLimits = { readonly line: number; readonly command: number }

/** A literal that was kept has its octets; one that was streamed has none, and `streamed` is its size. */
export type Literal = { readonly bytes: Uint8Array; readonly streamed: number; readonly binary: boolean }
/** `verb` is in capitals, `UID FETCH` with its prefix; pieces of text are latin1, an octet a character. */
export type Frame = { readonly tag: string; readonly verb: string; readonly pieces: readonly (string | Literal)[] }

export type ImapEvent =
  | { readonly kind: 'command'; readonly frame: Frame }
  /** Answer by `keep`, `stream` or `refuse` before the next `next`; `sync` means that the client waits for a `+`. */
  | {
      readonly kind: 'literal'
      readonly frame: Frame
      readonly size: number
      readonly sync: boolean
      readonly binary: boolean
    }
  | { readonly kind: 'octets'; readonly bytes: Uint8Array; readonly last: boolean }
  /** The line that `expectLine` asked for. */
  | { readonly kind: 'line'; readonly text: string }
  /** Not a command; `tag` is `*` where there is none. */
  | { readonly kind: 'bad'; readonly tag: string; readonly says: string }

type Building = { readonly tag: string; readonly verb: string; readonly pieces: (string | Literal)[] }
type Mode = 'line' | 'flood' | 'decide' | 'keep' | 'stream' | 'skip'

const LF = 10
const CR = 13
/** Larger than any literal: what a length of more than 15 digits is taken for. */
const HUGE = Number.MAX_SAFE_INTEGER
const TAG = /^[^\x00-\x20()%*"\\+{\x7f-\xff]{1,255}$/
const VERB = /^[A-Za-z][A-Za-z0-9.-]{0,63}$/

const literalAt = (text: string): { at: number; size: number; sync: boolean; binary: boolean } | undefined => {
  if (!text.endsWith('}')) return undefined
  const open = text.lastIndexOf('{')
  const inner = open < 0 ? '' : text.slice(open + 1, -1)
  if (!/^\d{1,30}[+-]?$/.test(inner)) return undefined
  const sync = !/[+-]$/.test(inner)
  const digits = sync ? inner : inner.slice(0, -1)
  const binary = text[open - 1] === '~'
  return { at: binary ? open - 1 : open, size: digits.length > 15 ? HUGE : Number(digits), sync, binary }
}

/** Not by a regular expression, which would look at a run of spaces once for each of them. */
const withoutTail = (text: string): string => {
  let end = text.length
  while (end > 0 && text[end - 1] === ' ') end -= 1
  return end === text.length ? text : text.slice(0, end)
}

export class ImapReader {
  readonly #limits: ReaderLimits
  #input: Buffer = Buffer.alloc(0)
  #at = 0
  #held: Buffer[] = []
  #heldSize = 0
  #mode: Mode = 'line'
  #frame: Building | undefined
  /** Octets of memory that the frame holds so far. */
  #weight = 0
  #announced = { size: 0, sync: false, binary: false }
  #left = 0
  #literal: Buffer | undefined
  #lineWanted = false
  /** The rest of a refused command is read over. */
  #refused = false

  constructor(limits: ReaderLimits) {
    this.#limits = limits
  }

  /** Takes more octets; all of the last ones must have been read by `next` first. The reader does not keep `bytes` itself. */
  feed(bytes: Uint8Array): void {
    this.#input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = 0
  }

  /** The next event, or undefined when more octets are needed. */
  next(): ImapEvent | undefined {
    while (this.#mode !== 'decide') {
      const before = this.#at
      const mode = this.#mode
      const event = mode === 'line' ? this.#nextLine() : mode === 'flood' ? this.#nextFlood() : this.#nextOctets(mode)
      if (event !== undefined) return event
      if (this.#at === before && this.#mode === mode) break
    }
    if (this.#at >= this.#input.length) this.#input = Buffer.alloc(0)
    return undefined
  }

  /** The next whole line is not a command: a SASL answer, or DONE. */
  expectLine(): void {
    this.#lineWanted = true
  }

  /** The announced literal is kept in memory; false (and nothing is done) where it is more than a command may hold. */
  keep(): boolean {
    if (this.#weight + this.#announced.size > this.#limits.command) return false
    this.#weight += this.#announced.size
    this.#literal = Buffer.allocUnsafeSlow(this.#announced.size)
    this.#begin('keep')
    return true
  }

  /** The announced literal comes as `octets` events. */
  stream(): void {
    this.#begin('stream')
  }

  /** The announced literal and the rest of its command are not wanted; octets that come without asking are read over. */
  refuse(): void {
    this.#frame = undefined
    this.#weight = 0
    if (this.#announced.sync) {
      this.#refused = false
      this.#mode = 'line'
    } else {
      this.#refused = true
      this.#begin('skip')
    }
  }

  /** Throws away every octet that was not read yet. Only between two commands. */
  discard(): void {
    this.#input = Buffer.alloc(0)
    this.#at = 0
    this.#held = []
    this.#heldSize = 0
    this.#drop()
    this.#mode = 'line'
  }

  #begin(mode: 'keep' | 'stream' | 'skip'): void {
    this.#left = this.#announced.size
    this.#mode = mode
  }

  #nextLine(): ImapEvent | undefined {
    const end = this.#input.indexOf(LF, this.#at)
    const stop = end < 0 ? this.#input.length : end
    if (this.#heldSize + stop - this.#at > this.#limits.line) return this.#tooLong(stop)
    const piece = this.#input.subarray(this.#at, stop)
    this.#at = end < 0 ? stop : end + 1
    if (end < 0) {
      // Copied: the transport uses its buffer again.
      if (piece.length > 0) this.#held.push(Buffer.from(piece))
      this.#heldSize += piece.length
      return undefined
    }
    const whole = this.#held.length === 0 ? piece : Buffer.concat([...this.#held, piece])
    this.#held = []
    this.#heldSize = 0
    return this.#line(whole.toString('latin1', 0, whole.at(-1) === CR ? whole.length - 1 : whole.length))
  }

  #tooLong(stop: number): ImapEvent {
    const start = Buffer.concat([...this.#held, this.#input.subarray(this.#at, stop)]).toString('latin1', 0, 300)
    const tag = this.#frame?.tag ?? start.split(' ', 1)[0] ?? '*'
    this.#held = []
    this.#heldSize = 0
    this.#drop()
    this.#lineWanted = false
    this.#mode = 'flood'
    return { kind: 'bad', tag: TAG.test(tag) ? tag : '*', says: 'The line is too long' }
  }

  #nextFlood(): undefined {
    const end = this.#input.indexOf(LF, this.#at)
    this.#at = end < 0 ? this.#input.length : end + 1
    if (end >= 0) this.#mode = 'line'
  }

  #drop(): void {
    this.#frame = undefined
    this.#weight = 0
    this.#refused = false
  }

  #line(text: string): ImapEvent | undefined {
    if (this.#lineWanted) {
      this.#lineWanted = false
      return { kind: 'line', text }
    }
    return this.#command(text, literalAt(text))
  }

  #command(line: string, literal: ReturnType<typeof literalAt>): ImapEvent | undefined {
    // Some clients leave a space behind the last argument.
    const text = literal === undefined ? withoutTail(line) : line
    if (this.#refused) {
      this.#refused = literal !== undefined && !literal.sync
      if (literal !== undefined && !literal.sync) {
        this.#announced = literal
        this.#begin('skip')
      }
      return undefined
    }
    if (this.#frame === undefined) {
      const begun = this.#start(literal === undefined ? text : text.slice(0, literal.at))
      if (begun !== undefined) {
        // A literal of a line that is no command is read over as a refused one is.
        if (literal !== undefined && !literal.sync) {
          this.#announced = literal
          this.refuse()
        }
        return begun
      }
    } else this.#frame.pieces.push(literal === undefined ? text : text.slice(0, literal.at))
    const frame = this.#frame
    if (frame === undefined) return undefined
    this.#weight += text.length
    if (this.#weight > this.#limits.command) return this.#tooMuch(literal)
    if (literal !== undefined) {
      this.#announced = literal
      this.#mode = 'decide'
      return { kind: 'literal', frame, size: literal.size, sync: literal.sync, binary: literal.binary }
    }
    this.#drop()
    return { kind: 'command', frame }
  }

  #tooMuch(literal: { size: number; sync: boolean; binary: boolean } | undefined): ImapEvent {
    const tag = this.#frame?.tag ?? '*'
    this.#drop()
    if (literal !== undefined) {
      this.#announced = literal
      this.refuse()
    }
    return { kind: 'bad', tag, says: 'The command is too long' }
  }

  /** Begins a frame by tag and verb; the event is the complaint. */
  #start(text: string): ImapEvent | undefined {
    const [tag = '', verb = '', second = ''] = text.split(' ', 3)
    if (!TAG.test(tag)) return { kind: 'bad', tag: '*', says: 'There is no tag' }
    if (!VERB.test(verb)) return { kind: 'bad', tag, says: 'There is no command' }
    const isUid = verb.toUpperCase() === 'UID' && VERB.test(second)
    const name = isUid ? `${verb} ${second}` : verb
    this.#frame = { tag, verb: name.toUpperCase(), pieces: [text.slice(tag.length + 1 + name.length)] }
    return undefined
  }

  #nextOctets(mode: Mode): ImapEvent | undefined {
    const bytes = this.#input.subarray(this.#at, this.#at + this.#left)
    if (bytes.length === 0 && this.#left > 0) return undefined
    this.#at += bytes.length
    if (mode === 'keep') this.#literal?.set(bytes, this.#literal.length - this.#left)
    this.#left -= bytes.length
    const last = this.#left === 0
    if (last) this.#endLiteral(mode)
    return mode === 'stream' ? { kind: 'octets', bytes, last } : undefined
  }

  #endLiteral(mode: Mode): void {
    const { size, binary } = this.#announced
    if (mode === 'keep') this.#frame?.pieces.push({ bytes: this.#literal ?? Buffer.alloc(0), streamed: 0, binary })
    if (mode === 'stream') this.#frame?.pieces.push({ bytes: new Uint8Array(0), streamed: size, binary })
    this.#literal = undefined
    this.#mode = 'line'
  }
}
