/**
 * What goes out on a connection: gathers what is said in one turn into one write, cuts long octets, and waits when the peer does not
 * read. At most two CHUNKs are held for a peer that reads nothing; nothing is held for one that reads.
 */
import type { Socket } from 'node:net'

const CHUNK = 65_536

const bytesOf = (said: string | Uint8Array): Uint8Array => (typeof said === 'string' ? Buffer.from(said) : said)

const together = (parts: readonly (string | Uint8Array)[]): string | Uint8Array => {
  if (parts.every((part) => typeof part === 'string')) return parts.join('')
  return Buffer.concat(parts.map(bytesOf))
}

/** Writes to one socket at a time; `attach` changes it (TLS). */
export class Output {
  readonly #now: () => number
  #socket: Socket
  #parts: (string | Uint8Array)[] = []
  #size = 0
  #scheduled = false
  #detour: ((bytes: string | Uint8Array) => Promise<void>) | undefined
  #onTheWay: Promise<void> | undefined
  #blockedAt: number | undefined
  #goOn: (() => void) | undefined

  /** @param now milliseconds; for `blockedAt`. */
  constructor(socket: Socket, now: () => number) {
    this.#socket = socket
    this.#now = now
  }

  /** Since when a write waits for the peer to read; undefined when none does. */
  get blockedAt(): number | undefined {
    return this.#blockedAt
  }

  attach(socket: Socket): void {
    this.#socket = socket
  }

  /** From here on octets take this way to the socket (compression). */
  divert(detour: (bytes: string | Uint8Array) => Promise<void>): void {
    this.flush()
    this.#detour = detour
  }

  /** Says something; it goes out at `flush`, at the latest when the present turn of the event loop ends. @returns what to wait for before saying more, if the peer must read first. */
  write(said: string | Uint8Array): Promise<void> | undefined {
    if (said.length > CHUNK) return this.#long(bytesOf(said))
    if (said.length === 0) return undefined
    this.#parts.push(said)
    this.#size += said.length
    if (this.#size >= CHUNK) {
      this.flush()
      return this.#drained()
    }
    if (!this.#scheduled) {
      this.#scheduled = true
      process.nextTick(Output.#turnEnds, this)
    }
    return undefined
  }

  /** Gives all that was said to the socket, in one write. */
  flush(): void {
    const parts = this.#parts
    const [first] = parts
    if (first === undefined) return
    this.#parts = []
    this.#size = 0
    const whole = parts.length === 1 ? first : together(parts)
    if (this.#detour !== undefined) this.#onTheWay = this.#detour(whole)
    else this.send(whole)
  }

  /** Straight to the socket; nothing happens when it is closed. */
  send(bytes: string | Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes)
  }

  /** @returns when the socket has handed everything to the system; undefined when it has already. */
  emptied(): Promise<void> | undefined {
    this.flush()
    const socket = this.#socket
    if (socket.writableLength === 0 || !socket.writable) return undefined
    const done = this.#blocked()
    socket.write('', () => this.resume())
    return done
  }

  /** The peer has read on, or never will: whoever waits goes on. */
  resume(): void {
    this.#blockedAt = undefined
    const goOn = this.#goOn
    this.#goOn = undefined
    goOn?.()
  }

  static #turnEnds(output: Output): void {
    output.#scheduled = false
    output.flush()
  }

  #blocked(): Promise<void> {
    this.#blockedAt = this.#now()
    return new Promise((resolve) => {
      this.#goOn = resolve
    })
  }

  #drained(): Promise<void> | undefined {
    const coming = this.#onTheWay
    if (coming === undefined) return this.#socketDrained()
    this.#onTheWay = undefined
    return coming.then(() => this.#socketDrained())
  }

  #socketDrained(): Promise<void> | undefined {
    return this.#socket.writableNeedDrain && !this.#socket.destroyed ? this.#blocked() : undefined
  }

  async #long(bytes: Uint8Array): Promise<void> {
    this.flush()
    for (let at = 0; at < bytes.length && this.#socket.writable; at += CHUNK) {
      this.#parts.push(bytes.subarray(at, at + CHUNK))
      this.flush()
      const drained = this.#drained()
      if (drained !== undefined) await drained
    }
  }
}
