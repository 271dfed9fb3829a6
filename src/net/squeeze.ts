/**
 * Raw deflate both ways on a connection (RFC 4978, RFC 1951). Every write is flushed, so that the peer can read it at once. Small windows
 * going out (64 KiB of memory each instead of 256); coming in the peer chooses. A bomb meets back-pressure: what is inflated
 * waits until the session has taken it, STEP octets at a time.
 */
import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib'

const STEP = 16_384
const WINDOW_BITS = 13
const MEMORY_LEVEL = 6

export type SqueezePorts = {
  /** Compressed octets for the socket. */
  readonly send: (bytes: Uint8Array) => void
  /** Plain octets from the peer. */
  readonly heard: (bytes: Uint8Array) => void
  /** More compressed octets may come (after `inflate` said no). */
  readonly ready: () => void
  /** What came is not deflate. */
  readonly broken: () => void
}

export class Squeeze {
  readonly #out: DeflateRaw
  readonly #in: InflateRaw

  constructor(ports: SqueezePorts) {
    const chunkSize = STEP
    this.#out = createDeflateRaw({
      chunkSize,
      windowBits: WINDOW_BITS,
      memLevel: MEMORY_LEVEL,
      flush: constants.Z_SYNC_FLUSH,
    })
    this.#in = createInflateRaw({ chunkSize })
    this.#out.on('data', ports.send)
    this.#out.on('error', ports.broken)
    this.#in.on('data', ports.heard)
    this.#in.on('drain', ports.ready)
    this.#in.on('error', ports.broken)
  }

  /** @returns when the octets have gone to `send`. */
  async deflate(bytes: string | Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => this.#out.write(bytes, () => resolve()))
  }

  /** @returns whether more may come now. */
  inflate(bytes: Uint8Array): boolean {
    return this.#in.write(bytes)
  }

  pause(): void {
    this.#in.pause()
  }

  resume(): void {
    if (this.#in.isPaused()) this.#in.resume()
  }

  /** Calls back when all that came before has been given to `heard`. */
  heardAll(done: () => void): void {
    this.#in.write('', () => done())
  }

  /** Ends our side; calls back when all has gone to `send`. */
  end(done: () => void): void {
    this.#out.once('end', done)
    this.#out.end()
  }

  destroy(): void {
    this.#out.destroy()
    this.#in.destroy()
  }
}
