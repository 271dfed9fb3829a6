/**
 * Accepts TCP connections and gives each one that is admitted a session and a pump. Before the greeting: the PROXY header where one
 * is due, the ban, the limits, and the handshake of implicit TLS (RFC 8314 section 3). A barred address gets no octet.
 *
 * One coarse timer serves all connections of a listener. Secure contexts are asked for at each handshake, so certificates are renewed
 * without closing anything.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { Peer, Session, SessionTag } from '../base/act.ts'
import type { EventName } from '../base/events.ts'
import { isLoopback, type Prefix, readIp, within, writeIp } from '../base/ip.ts'
import type { Fields, Log } from '../base/log.ts'
import { fail, ok, type Result } from '../base/result.ts'
import { type Clock, systemClock } from './clock.ts'
import { Crowd, type CrowdLimits } from './crowd.ts'
import { type Ends, MOST_HEADER, readProxy } from './proxy.ts'
import { type Ending, Pump, type PumpDeps, type PumpLimits } from './pump.ts'
import { agreed, beginHandshake, type Contexts } from './secure.ts'

export type ListenFault = 'in-use' | 'not-permitted' | 'no-such-address' | 'failed'
/** `refused` gets the last words, `barred` nothing. */
export type Admission = 'ok' | 'barred' | 'refused'
export type ListenLimits = CrowdLimits &
  PumpLimits & {
    /** How long a proxy may take for its header. */
    readonly proxyMs: number
    /** How often the clock is looked at. */
    readonly tickMs: number
  }
export type ListenOptions = {
  /** For the log: `smtp`, `imaps`. */
  readonly name: string
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  readonly tls: 'implicit' | 'starttls' | 'none'
  /** Not needed where `tls` is `none`. */
  readonly contexts?: Contexts
  /** Connections from here begin with a PROXY header; none from elsewhere may. */
  readonly proxyFrom?: readonly Prefix[]
  readonly newSession: (peer: Peer) => Session
  readonly newId: () => string
  /** Asked before the greeting, with the address that a proxy named. */
  readonly admit: (ip: string) => Admission
  readonly plaintextFromLoopback?: boolean
  readonly limits?: Partial<ListenLimits>
  /** Told of an address that has more connections than it may, or whose network has; for the jail. */
  readonly limited?: (ip: string) => void
  /** What the protocol says before it hangs up: a whole line with its end. */
  readonly lastWords: (why: 'limited' | 'refused' | 'fault') => string
  readonly log: Log
  readonly clock?: Clock
}
type CutReason = 'barred' | 'shutdown' | 'revoked'
type CutMatch = (ip: string, tag: SessionTag | undefined) => boolean
export type Listener = {
  readonly port: number
  readonly address: string
  readonly connections: () => number
  /** Says goodbye to the connections of every address (and login, `tag`) that matches, and ends them. @returns how many. */
  readonly cut: (match: CutMatch, why?: CutReason) => number
  /** Accepts no more, says goodbye, waits `graceMs` for what is under way, then destroys; a session that is at work (a message is being stored) always answers first. */
  readonly close: (graceMs: number) => Promise<void>
}

export const defaultLimits: ListenLimits = {
  most: 1000,
  mostPerIp: 50,
  mostPerNet: 200,
  patienceMs: 300_000, // RFC 5321 section 4.5.3.2.7
  unreadMs: 120_000,
  slowWindowMs: 120_000,
  slowOctets: 6000, // 50 octets a second: a tenth of the slowest modem still seen
  handshakeMs: 15_000,
  lingerMs: 5000,
  proxyMs: 5000,
  tickMs: 1000,
}
const BACKLOG = 1024

const faults: Readonly<Record<string, ListenFault>> = {
  EADDRINUSE: 'in-use',
  EACCES: 'not-permitted',
  EPERM: 'not-permitted',
  EADDRNOTAVAIL: 'no-such-address',
  EAFNOSUPPORT: 'no-such-address',
  ENOTFOUND: 'no-such-address',
  EINVAL: 'no-such-address',
}

/** @returns the open listener, or why the port could not be opened. */
export const listen = async (options: ListenOptions): Promise<Result<Listener, ListenFault>> => {
  if (options.tls !== 'none' && options.contexts === undefined) throw new TypeError('TLS without contexts')
  const hall = new Hall(options)
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) =>
    hall.arrive(socket),
  )
  const opened = await open(server, options)
  if (!opened.ok) {
    options.log.event('listener-failed', { listener: options.name, port: options.port, why: opened.error })
    return opened
  }
  server.on('error', (error) => options.log.event('listener-failed', { listener: options.name, why: error.message }))
  hall.open()
  return ok({
    ...opened.value,
    connections: () => hall.connections,
    cut: (match, why = 'barred') => hall.cut(match, why),
    close: async (graceMs) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await hall.close(graceMs)
      await closed
    },
  })
}

const open = async (
  server: Server,
  options: ListenOptions,
): Promise<Result<{ readonly port: number; readonly address: string }, ListenFault>> =>
  new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void => resolve(fail(faults[error.code ?? ''] ?? 'failed'))
    server.once('error', failed)
    // `[::]` is IPv6 alone: beside it stands `0.0.0.0`, and the two must not be one socket under two names.
    const ipv6Only = options.host.includes(':')
    server.listen({ host: options.host, port: options.port, backlog: BACKLOG, ipv6Only }, () => {
      server.off('error', failed)
      const at = server.address()
      if (at === null || typeof at === 'string') return resolve(fail('failed'))
      resolve(ok({ port: at.port, address: at.address }))
    })
  })

/** A connection that has no session yet: it sends its PROXY header, or shakes hands. */
type Arrival = { readonly socket: Socket; readonly by: number; readonly late: () => void }

/** A socket gives canonical text, but for IPv4 on a socket for both. */
const text = (ip: string): string => {
  if (!ip.includes(':')) return ip
  const read = readIp(ip)
  return read.ok ? writeIp(read.value) : ip
}
const endsOf = (socket: Socket): Ends => ({
  sourceIp: text(socket.remoteAddress ?? ''),
  sourcePort: socket.remotePort ?? 0,
  targetIp: text(socket.localAddress ?? ''),
  targetPort: socket.localPort ?? 0,
})

/** Everyone who is connected to one listener. */
class Hall {
  readonly #options: ListenOptions
  readonly #limits: ListenLimits
  readonly #clock: Clock
  readonly #crowd: Crowd
  readonly #arrivals = new Set<Arrival>()
  readonly #pumps = new Map<Pump, { readonly at: number }>()
  readonly #deps: PumpDeps
  #stopTicks: () => void = () => undefined
  #closing: (() => void) | undefined

  constructor(options: ListenOptions) {
    this.#options = options
    this.#limits = { ...defaultLimits, ...options.limits }
    this.#clock = options.clock ?? systemClock
    this.#crowd = new Crowd(this.#limits)
    const { contexts } = options
    this.#deps = {
      clock: this.#clock,
      log: options.log,
      limits: this.#limits,
      handshake:
        contexts === undefined || options.tls !== 'starttls' ? undefined : (raw) => beginHandshake(raw, contexts),
      faultWords: options.lastWords('fault'),
      ended: (pump, why) => this.#ended(pump, why),
    }
  }

  get connections(): number {
    return this.#crowd.all
  }

  open(): void {
    this.#stopTicks = this.#clock.every(this.#limits.tickMs, () => this.#tick())
  }

  arrive(socket: Socket): void {
    socket.on('error', () => undefined) // 'close' follows
    const ends = endsOf(socket)
    const from = readIp(ends.sourceIp)
    const proxies = this.#options.proxyFrom ?? []
    if (!from.ok || this.#closing !== undefined)
      socket.destroy() // it was gone before we looked
    else if (proxies.some((prefix) => within(from.value, prefix))) this.#awaitHeader(socket, ends)
    else this.#admit(socket, ends)
  }

  cut(match: CutMatch, why: CutReason): number {
    const matching = [...this.#pumps.keys()].filter((pump) => match(pump.ip, pump.tag))
    for (const pump of matching) pump.farewell(why)
    return matching.length
  }

  async close(graceMs: number): Promise<void> {
    const empty = new Promise<void>((resolve) => {
      this.#closing = resolve
    })
    for (const arrival of this.#arrivals) arrival.socket.destroy()
    this.#arrivals.clear()
    this.cut(() => true, 'shutdown')
    const cancel = this.#clock.after(graceMs, () => {
      for (const pump of this.#pumps.keys()) pump.stop('shutdown')
    })
    if (this.#pumps.size > 0) await empty
    cancel()
    this.#stopTicks()
  }

  #tick(): void {
    const now = this.#clock.now()
    for (const pump of this.#pumps.keys()) pump.tick(now)
    for (const arrival of this.#arrivals) if (now >= arrival.by) arrival.late()
  }

  #event(name: EventName, fields: Fields): void {
    this.#options.log.event(name, { listener: this.#options.name, ...fields })
  }

  #awaitHeader(socket: Socket, ends: Ends): void {
    let head: Buffer = Buffer.alloc(0)
    const refuse = (why: string): void => {
      this.#event('proxy-failed', { ip: ends.sourceIp, why })
      socket.destroy()
    }
    const arrival = { socket, by: this.#clock.now() + this.#limits.proxyMs, late: () => refuse('timeout') }
    const done = (): void => {
      this.#arrivals.delete(arrival)
      socket.off('data', heard).off('close', done).off('end', ended)
    }
    const ended = (): void => refuse('closed')
    const heard = (chunk: Buffer): void => {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
      const reading = readProxy(head.length > MOST_HEADER ? head.subarray(0, MOST_HEADER) : head)
      if (reading.kind === 'more') return
      done()
      socket.pause()
      if (reading.kind === 'bad') refuse('malformed')
      else this.#admit(socket, reading.ends ?? ends, head.subarray(reading.length))
    }
    this.#arrivals.add(arrival)
    socket.on('data', heard).on('close', done).on('end', ended).resume()
  }

  /** The ban and the limits, for the address that counts. */
  #admit(socket: Socket, ends: Ends, early?: Buffer): void {
    const ip = ends.sourceIp
    const { admit, tls, contexts } = this.#options
    const admission = admit(ip)
    const room = admission === 'ok' ? this.#crowd.enter(ip) : 'ok'
    if (admission === 'barred') {
      this.#event('connection-barred', { ip })
      socket.destroy()
    } else if (admission === 'refused') this.#refuse(socket, 'refused')
    else if (room !== 'ok') {
      this.#event('connection-limited', { ip, why: room })
      if (room !== 'most') this.#options.limited?.(ip)
      this.#refuse(socket, 'limited')
    } else if (tls === 'implicit' && contexts !== undefined) void this.#secure(socket, contexts, ends, early)
    else this.#begin(socket, ends, null, early)
  }

  #refuse(socket: Socket, why: 'limited' | 'refused'): void {
    if (this.#options.tls !== 'implicit') socket.write(this.#options.lastWords(why))
    socket.destroySoon()
  }

  async #secure(raw: Socket, contexts: Contexts, ends: Ends, early?: Buffer): Promise<void> {
    if (early !== undefined && early.length > 0) raw.unshift(early)
    const { socket, done } = beginHandshake(raw, contexts)
    let late = false
    const arrival = {
      socket,
      by: this.#clock.now() + this.#limits.handshakeMs,
      late: () => {
        late = true
        socket.destroy()
      },
    }
    this.#arrivals.add(arrival)
    const outcome = await done
    this.#arrivals.delete(arrival)
    if (outcome.ok && this.#closing === undefined) this.#begin(socket, ends, agreed(socket))
    else {
      this.#crowd.leave(ends.sourceIp)
      socket.destroy()
    }
    if (!outcome.ok) this.#event('tls-failed', { ip: ends.sourceIp, why: late ? 'timeout' : outcome.error })
  }

  #begin(socket: Socket, ends: Ends, tls: Peer['tls'], early?: Buffer): void {
    const peer: Peer = {
      session: this.#options.newId(),
      ip: ends.sourceIp,
      port: ends.sourcePort,
      localIp: ends.targetIp,
      localPort: ends.targetPort,
      tls,
      mayPlaintext: this.#options.plaintextFromLoopback === true && isLoopback(ends.sourceIp),
    }
    let session: Session
    try {
      session = this.#options.newSession(peer)
    } catch (fault) {
      this.#event('session-fault', { session: peer.session, ip: peer.ip, fault: String(fault) })
      this.#crowd.leave(peer.ip)
      socket.end(this.#options.lastWords('fault'), () => socket.destroy())
      return
    }
    const pump = new Pump(socket, peer, session, this.#deps)
    this.#pumps.set(pump, { at: this.#clock.now() })
    this.#event('connection-opened', { session: peer.session, ip: peer.ip, port: peer.port, tls: tls?.version })
    pump.start(early)
  }

  #ended(pump: Pump, why: Ending): void {
    const opened = this.#pumps.get(pump)
    if (!this.#pumps.delete(pump)) return
    this.#crowd.leave(pump.ip)
    const ms = Math.round(this.#clock.now() - (opened?.at ?? 0))
    this.#event('connection-closed', { session: pump.id, ip: pump.ip, why, ms })
    if (this.#pumps.size === 0) this.#closing?.()
  }
}
