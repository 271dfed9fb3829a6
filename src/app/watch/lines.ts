/**
 * Octets to lines. A line ends at a line feed; carriage returns before it go. What is longer than MOST_LINE is cut there, and its rest is
 * passed over: no log line costs more than that. Octets that are no UTF-8 become U+FFFD.
 */
import { isAscii } from 'node:buffer'

/** Octets of a line that are looked at. */
const MOST_LINE = 16_384
const FEED = 10

const textOf = (octets: Buffer): string => {
  let end = octets.length
  while (end > 0 && octets[end - 1] === 13) end -= 1
  const line = octets.subarray(0, end)
  return isAscii(line) ? line.toString('latin1') : line.toString('utf8')
}

/** Cuts octets into lines as they come. */
export class LineCutter {
  readonly #most: number
  #rest: Buffer = Buffer.alloc(0)
  /** Whether the line is already longer than MOST_LINE, and was handed out. */
  #over = false

  constructor(most = MOST_LINE) {
    this.#most = most
  }

  /** Octets of a line whose end has not come. */
  get waiting(): number {
    return this.#rest.length
  }

  /** @param each called with every whole line, and how many octets of `chunk` it and what went before it took. */
  feed(chunk: Buffer, each: (line: string, taken: number) => void): void {
    let from = 0
    for (let feed = chunk.indexOf(FEED); feed >= 0; feed = chunk.indexOf(FEED, from)) {
      const piece = chunk.subarray(from, feed)
      from = feed + 1
      if (this.#over) this.#over = false
      else each(textOf(this.#cut(piece)), from)
      this.#rest = Buffer.alloc(0)
    }
    if (this.#over || from === chunk.length) return
    const rest = this.#cut(chunk.subarray(from))
    if (rest.length < this.#most) this.#rest = Buffer.from(rest)
    else {
      this.#over = true
      this.#rest = Buffer.alloc(0)
      each(textOf(rest), chunk.length)
    }
  }

  /** The last line of a file that nobody will write to again. */
  finish(each: (line: string) => void): void {
    if (this.#rest.length > 0) each(textOf(this.#rest))
    this.#rest = Buffer.alloc(0)
    this.#over = false
  }

  #cut(piece: Buffer): Buffer {
    const whole = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    return whole.length > this.#most ? whole.subarray(0, this.#most) : whole
  }
}
