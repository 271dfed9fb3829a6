/**
 * The other end: a connection that we open, as lines and octets that are waited for. For the outbound queue, the demo's senders and
 * tests. Every wait has a deadline and ends when the signal does; what is held unread is bounded, and then the socket is not read.
 *
 * `secure` upgrades to TLS 1.2 or 1.3 (RFC 3207, RFC 9051 section 6.2.1, RFC 8996) and refuses a server that has said more than its answer to STARTTLS:
 * it may have been put into the plain text by somebody else. What its certificate comes to is told in the words of RFC 8460 section 4.3; with
 * `check` the chain is judged by that function alone, after the handshake and before anything is said.
 */
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { fail, ok, type Result } from '../base/result.ts'
import type { ChainCheck, PkixProblem, TlsFailure } from '../base/tls.ts'
import { type Clock, systemClock } from './clock.ts'
import { pkixProblem } from './tls-problem.ts'

export type DialFault = 'refused' | 'unreachable' | 'no-local-address' | 'timeout' | 'tls' | 'aborted' | 'closed'
/** `tls` is a handshake that failed; a `TlsFailure`, a certificate that was refused. */
type TalkFault = 'closed' | 'timeout' | 'aborted' | 'too-long' | 'tls' | 'injected' | TlsFailure
type ClientTls = {
  /** For SNI and for the certificate; left out for an address. */
  readonly serverName?: string
  /** PEM of authorities, instead of the system's. */
  readonly ca?: string
  /** Ends the connection when the certificate does not hold for the name; else `problem` says. Not looked at where there is a `check`. */
  readonly verify: boolean
  /** Judges the chain instead (DANE). What it returns ends the connection. */
  readonly check?: ChainCheck
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3'
}
export type DialOptions = {
  readonly host: string
  readonly port: number
  /** The address to come from; any when left out. */
  readonly localAddress?: string
  /** TLS from the first octet. */
  readonly tls?: ClientTls
  /** For the connection and for a handshake. */
  readonly connectMs?: number
  /** For each wait for the peer. */
  readonly waitMs?: number
  readonly signal?: AbortSignal
  readonly clock?: Clock
}
type AgreedTls = {
  readonly version: string
  readonly cipher: string
  readonly authorized: boolean
  /** Why not, if not. */
  readonly problem: PkixProblem | undefined
  /** DER of the peer's own certificate. */
  readonly certificate: Uint8Array | undefined
}
export type Connection = {
  readonly localAddress: string
  readonly localPort: number
  readonly tls: () => AgreedTls | null
  /** @returns the next line as UTF-8, without its CRLF or LF. */
  readonly line: () => Promise<Result<string, TalkFault>>
  /** @returns exactly so many octets. */
  readonly take: (octets: number) => Promise<Result<Uint8Array, TalkFault>>
  /** @returns what has come, once something has. @param ms instead of `waitMs`. */
  readonly some: (ms?: number) => Promise<Result<Uint8Array, TalkFault>>
  /** @returns when the octets are handed to the system or held within bounds. */
  readonly send: (bytes: string | Uint8Array) => Promise<Result<undefined, TalkFault>>
  readonly secure: (tls: ClientTls) => Promise<Result<AgreedTls, TalkFault>>
  /** Says no more; what the peer still says can be read. */
  readonly end: () => void
  readonly destroy: () => void
}

const CONNECT_MS = 30_000
const WAIT_MS = 300_000
const MOST_LINE = 65_536
const MOST_HELD = 262_144

const faults: Readonly<Record<string, DialFault>> = {
  ECONNREFUSED: 'refused',
  EADDRNOTAVAIL: 'no-local-address',
  EADDRINUSE: 'no-local-address',
  ETIMEDOUT: 'timeout',
}
const tlsOptions = (tls: ClientTls): ConnectionOptions => ({
  minVersion: 'TLSv1.2',
  rejectUnauthorized: false, // `judged` does it, and can say why
  ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  ...(tls.ca === undefined ? {} : { ca: tls.ca }),
  ...(tls.maxVersion === undefined ? {} : { maxVersion: tls.maxVersion }),
})

const MOST_CERTIFICATES = 16 // of a chain

/** @returns what pkix says of the peer's certificate and name. */
const problemOf = (socket: TLSSocket): PkixProblem | undefined => {
  if (socket.authorized) return undefined
  return pkixProblem(socket.authorizationError) ?? 'validation-failure'
}
/** @returns the certificates that the peer sent, DER, its own first. */
const chainOf = (socket: TLSSocket): readonly Uint8Array[] => {
  const chain: Uint8Array[] = []
  for (let one = socket.getPeerX509Certificate(); one !== undefined && chain.length < MOST_CERTIFICATES; ) {
    chain.push(one.raw)
    one = one.issuerCertificate
  }
  return chain
}
/** @returns why this peer is not to be talked to, if it is not. */
const judged = (socket: TLSSocket, tls: ClientTls): TlsFailure | undefined => {
  const problem = problemOf(socket)
  if (tls.check !== undefined) return tls.check(chainOf(socket), problem)
  return tls.verify ? problem : undefined
}

/** Waits until `event` or the end of the socket. */
const opened = async (
  socket: Socket,
  event: 'connect' | 'secureConnect',
  ms: number,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<Result<undefined, DialFault>> => {
  let fault: DialFault = 'closed'
  const abort = (): void => {
    fault = 'aborted'
    socket.destroy()
  }
  const late = clock.after(ms, () => {
    fault = 'timeout'
    socket.destroy()
  })
  signal?.addEventListener('abort', abort)
  if (signal?.aborted === true) abort()
  const failed = (error: NodeJS.ErrnoException): void => {
    fault = faults[error.code ?? ''] ?? (event === 'connect' ? 'unreachable' : 'tls')
  }
  socket.on('error', failed)
  const outcome = await new Promise<Result<undefined, DialFault>>((resolve) => {
    socket.once(event, () => resolve(ok(undefined)))
    socket.once('close', () => resolve(fail(fault)))
  })
  late()
  signal?.removeEventListener('abort', abort)
  socket.off('error', failed)
  return outcome
}

/** @returns the open connection, or why there is none. Never rejects. */
export const dial = async (options: DialOptions): Promise<Result<Connection, DialFault>> => {
  const clock = options.clock ?? systemClock
  const ms = options.connectMs ?? CONNECT_MS
  const where = {
    host: options.host,
    port: options.port,
    noDelay: true,
    allowHalfOpen: true,
    ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
  }
  const socket = connect(where)
  socket.on('error', () => undefined) // `opened` and 'close' say what counts
  const open = await opened(socket, 'connect', ms, clock, options.signal)
  if (!open.ok) return open
  const talk = new Talk(socket, options.waitMs ?? WAIT_MS, ms, clock, options.signal)
  if (options.tls !== undefined) {
    const secured = await talk.secure(options.tls)
    if (!secured.ok) return fail(secured.error === 'timeout' || secured.error === 'aborted' ? secured.error : 'tls')
  }
  return ok({
    localAddress: socket.localAddress ?? '',
    localPort: socket.localPort ?? 0,
    tls: () => talk.tls,
    line: async () => talk.line(),
    take: async (octets) => talk.take(octets),
    some: async (ms) => talk.some(ms),
    send: async (bytes) => talk.send(bytes),
    secure: async (tls) => talk.secure(tls),
    end: () => talk.end(),
    destroy: () => talk.destroy(),
  })
}

class Talk {
  readonly #waitMs: number
  readonly #connectMs: number
  readonly #clock: Clock
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = (): void => this.#fail('aborted')
  #socket: Socket
  #held: Buffer[] = []
  #size = 0
  #fault: TalkFault | undefined
  #wake: (() => void) | undefined
  #drained: (() => void) | undefined
  tls: AgreedTls | null = null

  constructor(socket: Socket, waitMs: number, connectMs: number, clock: Clock, signal: AbortSignal | undefined) {
    this.#socket = socket
    this.#waitMs = waitMs
    this.#connectMs = connectMs
    this.#clock = clock
    this.#signal = signal
    signal?.addEventListener('abort', this.#onAbort)
    this.#listenTo(socket)
  }

  async line(): Promise<Result<string, TalkFault>> {
    let from = 0
    for (;;) {
      const all = this.#joined()
      const end = all.indexOf(0x0a, from)
      if (end >= 0) {
        this.#drop(end + 1)
        return ok(all.toString('utf8', 0, all[end - 1] === 0x0d ? end - 1 : end))
      }
      if (all.length > MOST_LINE) return fail('too-long')
      from = all.length
      const more = await this.#more()
      if (!more.ok) return more
    }
  }

  async take(octets: number): Promise<Result<Uint8Array, TalkFault>> {
    const parts: Buffer[] = []
    let left = octets
    while (left > 0) {
      const all = this.#joined()
      const part = all.subarray(0, left)
      this.#drop(part.length)
      parts.push(part)
      left -= part.length
      const more = left > 0 ? await this.#more() : ok(undefined)
      if (!more.ok) return more
    }
    return ok(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts))
  }

  async some(ms?: number): Promise<Result<Uint8Array, TalkFault>> {
    const more = this.#size > 0 ? ok(undefined) : await this.#more(ms)
    if (!more.ok) return more
    const all = this.#joined()
    this.#drop(all.length)
    return ok(all)
  }

  async send(bytes: string | Uint8Array): Promise<Result<undefined, TalkFault>> {
    const socket = this.#socket
    if (!socket.writable) return fail(this.#fault ?? 'closed')
    if (socket.write(bytes)) return ok(undefined)
    return this.#wait((done) => {
      this.#drained = done
    })
  }

  async secure(tls: ClientTls): Promise<Result<AgreedTls, TalkFault>> {
    if (this.#size > 0) return fail('injected')
    const raw = this.#socket
    if (raw.destroyed) return fail(this.#fault ?? 'closed')
    raw.removeAllListeners('data')
    raw.pause()
    const socket: TLSSocket = connectTls({ ...tlsOptions(tls), socket: raw })
    socket.on('error', () => undefined) // `opened` and 'close' say what counts
    this.#socket = socket
    const open = await opened(socket, 'secureConnect', this.#connectMs, this.#clock, this.#signal)
    if (!open.ok) {
      this.destroy()
      return fail(open.error === 'timeout' || open.error === 'aborted' ? open.error : 'tls')
    }
    const refused = judged(socket, tls)
    if (refused !== undefined) {
      this.destroy()
      return fail(refused)
    }
    this.#listenTo(socket)
    const certificate = socket.getPeerX509Certificate()?.raw
    this.tls = {
      version: socket.getProtocol() ?? 'unknown',
      cipher: socket.getCipher().standardName,
      authorized: socket.authorized,
      problem: problemOf(socket),
      certificate,
    }
    return ok(this.tls)
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#socket.destroy()
  }

  #listenTo(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      this.#held.push(chunk)
      this.#size += chunk.length
      if (this.#size >= MOST_HELD) socket.pause()
      this.#wake?.()
    })
    socket.on('drain', () => this.#drained?.())
    const over = (): void => {
      if (socket === this.#socket) this.#fail('closed')
    }
    socket.on('end', over)
    socket.on('close', over)
  }

  #fail(fault: TalkFault): void {
    this.#fault ??= fault
    if (fault === 'aborted') this.destroy()
    this.#wake?.()
    this.#drained?.()
  }

  #joined(): Buffer {
    const [first] = this.#held
    if (this.#held.length === 1 && first !== undefined) return first
    const all = Buffer.concat(this.#held)
    this.#held = [all]
    return all
  }

  #drop(octets: number): void {
    const rest = this.#joined().subarray(octets)
    this.#held = rest.length > 0 ? [rest] : []
    this.#size = rest.length
    if (this.#size < MOST_HELD && this.#socket.isPaused()) this.#socket.resume()
  }

  async #more(ms?: number): Promise<Result<undefined, TalkFault>> {
    if (this.#fault !== undefined) return fail(this.#fault)
    const before = this.#size
    const waited = await this.#wait((done) => {
      this.#wake = done
    }, ms)
    this.#wake = undefined
    return this.#size > before ? ok(undefined) : waited
  }

  async #wait(begin: (done: () => void) => void, ms = this.#waitMs): Promise<Result<undefined, TalkFault>> {
    let late = false
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(ms, () => {
        late = true
        resolve()
      })
      begin(() => {
        cancel()
        resolve()
      })
    })
    if (this.#fault !== undefined) return fail(this.#fault)
    return late ? fail('timeout') : ok(undefined)
  }
}
