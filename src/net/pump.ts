/**
 * The only loop that joins a socket and a session (src/base/act.ts): it gives the session the octets, one call at a time, does the
 * acts that come back in their order, and reads on when they are done. It owns time (silence, slowness, a peer that does not
 * read), back-pressure, and the order *flush, upgrade, discard what was pipelined before TLS* (RFC 3207 section 4.2, RFC 9051
 * section 6.2.1). A session that throws costs its own connection and nothing else.
 *
 * There is no timer for each connection: whoever owns the pump calls `tick` every second or so.
 */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Act, Peer, Session, SessionTag } from '../base/act.ts'
import type { Log } from '../base/log.ts'
import type { Result } from '../base/result.ts'
import type { Clock } from './clock.ts'
import { Output } from './output.ts'
import { agreed } from './secure.ts'
import { Squeeze } from './squeeze.ts'

export type PumpLimits = {
  /** How long a peer may be silent until the session says otherwise. */
  readonly patienceMs: number
  /** How long a peer may take to read what was written (at most 128 KiB of it). */
  readonly unreadMs: number
  /** In a window in which the peer is in the middle of something, it sends at least so many octets, or it is `slow`. */
  readonly slowWindowMs: number
  readonly slowOctets: number
  /** How long a TLS handshake may take. */
  readonly handshakeMs: number
  /** How long we wait for the peer to close after we did. */
  readonly lingerMs: number
}
export type Farewell = Parameters<Session['farewell']>[0]
/** Why a connection ended, for the log. */
export type Ending = Farewell | 'closed' | 'peer' | 'reset' | 'unread' | 'fault' | 'tls-failed'

export type PumpDeps = {
  readonly clock: Clock
  readonly log: Log
  readonly limits: PumpLimits
  /** Begins the handshake that `start-tls` asks for; undefined where there is no TLS. */
  readonly handshake:
    | ((raw: Socket) => { readonly socket: TLSSocket; readonly done: Promise<Result<TLSSocket, string>> })
    | undefined
  /** The last words after a session's fault, in its protocol. */
  readonly faultWords: string
  readonly ended: (pump: Pump, why: Ending) => void
}

const MOST_QUEUED = 65_536 // octets held for a session that is busy; then the socket is not read

/** One connection that is open and admitted. `start` once; it reports its end once through `deps.ended`. */
export class Pump {
  readonly #deps: PumpDeps
  readonly #session: Session
  readonly #out: Output
  #socket: Socket
  #peer: Peer
  #queue: Uint8Array[] = []
  #queued = 0
  #greeted = false
  #busy = false
  #working = false // the session's own code runs: it is never cut then
  #rung = false
  #peerEnded = false
  #last: Farewell | undefined
  #lastSaid = false
  #ending: Ending | undefined // set when nothing more is said
  #doomed = false
  #gone = false
  #by = Number.POSITIVE_INFINITY // when a handshake, a farewell or a lingering must be over
  #quietSince: number
  #patience: number
  #windowFrom: number | undefined
  #windowOctets = 0
  #squeeze: Squeeze | undefined
  readonly #onData = (chunk: Uint8Array): void => this.#heard(chunk)
  #interrupt: (() => void) | undefined // ends the wait that runs
  #spoke: (() => void) | undefined // the peer spoke while `quiet` listens

  constructor(socket: Socket, peer: Peer, session: Session, deps: PumpDeps) {
    this.#socket = socket
    this.#peer = peer
    this.#session = session
    this.#deps = deps
    this.#out = new Output(socket, deps.clock.now)
    this.#patience = deps.limits.patienceMs
    this.#quietSince = deps.clock.now()
  }

  get ip(): string {
    return this.#peer.ip
  }

  /** Who logged in on it, once somebody did. */
  get tag(): SessionTag | undefined {
    return this.#session.tag?.()
  }

  get id(): string {
    return this.#peer.session
  }

  /** Greets, and runs from then on by itself. @param early octets that came before, if any. */
  start(early?: Uint8Array): void {
    this.#listenTo(this.#socket)
    if (early !== undefined && early.length > 0) this.#enqueue(early)
    this.#drive()
  }

  /** Says goodbye when the call that runs is done, then closes. A wait is cut short, and a peer that does not read is cut off. */
  farewell(why: Farewell): void {
    if (this.#last !== undefined || this.#ending !== undefined) return
    this.#last = why
    this.#by = this.#deps.clock.now() + this.#deps.limits.lingerMs
    if (this.#out.blockedAt !== undefined) this.#destroy(why)
    this.#interrupt?.()
    this.#drive()
  }

  /** Ends the connection now; a session whose own code runs (it may be storing a message) first gets its answer out. */
  stop(why: Farewell): void {
    this.#doomed = true
    if (!this.#working) this.#destroy(why)
  }

  /** Looks at the clock. */
  tick(now: number): void {
    const { limits } = this.#deps
    const blockedAt = this.#out.blockedAt
    if (blockedAt !== undefined && now - blockedAt >= limits.unreadMs) this.#destroy('unread')
    else if (now >= this.#by && !this.#working) this.#destroy(this.#ending ?? this.#last ?? 'tls-failed')
    else if (this.#busy) this.#windowFrom = undefined
    else if (this.#ending === undefined && now - this.#quietSince >= this.#patience) this.farewell('timeout')
    else if (this.#windowFrom !== undefined && now - this.#windowFrom >= limits.slowWindowMs) {
      this.#windowFrom = undefined
      if (this.#windowOctets < limits.slowOctets) this.farewell('slow')
    }
  }

  // ---- The loop -------------------------------------------------------------------------------------------------------

  #drive(): void {
    if (!this.#busy && !this.#gone && this.#ending === undefined) void this.#loop()
  }

  /** What the session is to be asked next. */
  #due(): AsyncIterable<Act> | undefined {
    if (!this.#greeted) return this.#greet()
    if (this.#last !== undefined) {
      if (this.#lastSaid) return undefined
      this.#lastSaid = true
      return this.#session.farewell(this.#last)
    }
    const chunk = this.#queue.shift()
    if (chunk !== undefined) {
      this.#queued -= chunk.length
      return this.#session.octets(chunk)
    }
    if (!this.#rung) return undefined
    this.#rung = false
    return this.#session.wake()
  }

  #greet(): AsyncIterable<Act> {
    this.#greeted = true
    this.#session.bell(() => {
      this.#rung = true
      this.#drive()
    })
    return this.#session.greet(this.#peer, (ms) => this.#quiet(ms))
  }

  /** Never rejects. */
  async #loop(): Promise<void> {
    this.#busy = true
    try {
      for (let acts = this.#due(); acts !== undefined; acts = this.#due()) {
        await this.#perform(acts)
        if (this.#gone || this.#ending !== undefined) break
      }
    } catch (fault) {
      this.#failed(fault)
    }
    this.#working = false
    this.#busy = false
    this.#rest()
  }

  async #perform(acts: AsyncIterable<Act>): Promise<void> {
    const steps = acts[Symbol.asyncIterator]()
    for (;;) {
      this.#working = true
      const step = await steps.next()
      this.#working = false
      if (step.done === true) break
      if (!this.#gone) {
        const pending = this.#do(step.value)
        if (pending !== undefined) await pending
      }
      if (this.#gone || this.#ending !== undefined) {
        await steps.return?.()
        return
      }
    }
    this.#out.flush()
  }

  /** After the last call: close, or wait for the peer. */
  #rest(): void {
    if (this.#gone) this.#release()
    if (this.#gone || this.#ending !== undefined) return
    if (this.#lastSaid) this.#finish(this.#last ?? 'closed')
    else if (this.#peerEnded) this.#finish('peer')
    else if (this.#doomed) this.#finish('shutdown')
    if (this.#ending !== undefined) return
    this.#quietSince = this.#deps.clock.now()
    this.#readOn()
  }

  #failed(fault: unknown): void {
    const text = fault instanceof Error ? `${fault.name}: ${fault.message}` : String(fault)
    const at = fault instanceof Error ? /\(?([^\s(]+:\d+:\d+)\)?/.exec(fault.stack ?? '')?.[1] : undefined
    this.#deps.log.event('session-fault', { session: this.id, ip: this.ip, fault: text, at })
    if (this.#gone || this.#ending !== undefined) return
    void this.#out.write(this.#deps.faultWords)
    this.#finish('fault')
  }

  // ---- Acts -----------------------------------------------------------------------------------------------------------

  #do(act: Act): Promise<void> | undefined {
    switch (act.act) {
      case 'write':
        this.#windowFrom = undefined
        return this.#out.write(act.bytes)
      case 'patience':
        this.#patience = act.ms
        return undefined
      case 'close':
        this.#finish(this.#last ?? 'closed')
        return undefined
      case 'wait':
        this.#out.flush()
        return this.#wait(act.ms)
      case 'start-tls':
        return this.#upgrade()
      case 'compress':
        return this.#compress()
    }
  }

  async #wait(ms: number): Promise<void> {
    if (this.#last !== undefined) return
    await new Promise<void>((resolve) => {
      const cancel = this.#deps.clock.after(ms, resolve)
      this.#interrupt = () => {
        cancel()
        resolve()
      }
    })
    this.#interrupt = undefined
  }

  async #quiet(ms: number): Promise<boolean> {
    if (this.#queued > 0) return false
    this.#out.flush()
    this.#working = false
    let spoke = false
    this.#spoke = () => {
      spoke = true
      this.#interrupt?.()
    }
    await this.#wait(ms)
    this.#spoke = undefined
    this.#working = true
    return !spoke
  }

  /** Flush, upgrade, discard: what was pipelined is thrown away before the reply goes out, so what comes after it is the handshake. */
  async #upgrade(): Promise<void> {
    const raw = this.#socket
    const begin = this.#deps.handshake
    if (begin === undefined || this.#peer.tls !== null) throw new Error('start-tls where it cannot be')
    raw.pause()
    raw.off('data', this.#onData)
    while (raw.read() !== null);
    this.#queue = []
    this.#queued = 0
    await this.#out.emptied()
    if (this.#gone) return
    this.#by = this.#deps.clock.now() + this.#deps.limits.handshakeMs
    const { socket, done } = begin(raw)
    const outcome = await done
    if (!outcome.ok) {
      const why = this.#deps.clock.now() >= this.#by ? 'timeout' : outcome.error
      this.#deps.log.event('tls-failed', { session: this.id, ip: this.ip, why })
      this.#ending = 'tls-failed'
      raw.destroy()
      return
    }
    this.#by = Number.POSITIVE_INFINITY
    this.#socket = socket
    this.#out.attach(socket)
    this.#peer = { ...this.#peer, tls: agreed(socket) }
    this.#session.secured(this.#peer)
    this.#listenTo(socket)
  }

  /** What was written before goes out as it is; what has come since is taken as compressed. */
  #compress(): undefined {
    if (this.#squeeze !== undefined) throw new Error('compress twice')
    const squeeze = new Squeeze({
      send: (bytes) => this.#out.send(bytes),
      heard: (bytes) => this.#enqueue(bytes),
      ready: () => this.#socket.resume(),
      broken: () => this.#destroy('reset'),
    })
    this.#out.divert((bytes) => squeeze.deflate(bytes))
    this.#squeeze = squeeze
    const early = this.#queue
    this.#queue = []
    this.#queued = 0
    for (const chunk of early) squeeze.inflate(chunk)
  }

  // ---- The socket -----------------------------------------------------------------------------------------------------

  #listenTo(socket: Socket): void {
    const mine = (run: () => void) => () => {
      if (socket === this.#socket) run() // and not the socket below the TLS that took its place
    }
    socket.on('data', this.#onData)
    socket.on(
      'end',
      mine(() => {
        if (this.#squeeze === undefined) this.#heardEnd()
        else this.#squeeze.heardAll(() => this.#heardEnd())
      }),
    )
    socket.on(
      'drain',
      mine(() => this.#out.resume()),
    )
    socket.on('error', () => undefined) // 'close' follows
    socket.on(
      'close',
      mine(() => this.#closed()),
    )
    socket.resume()
  }

  #heardEnd(): void {
    this.#peerEnded = true
    this.#drive()
  }

  #heard(chunk: Uint8Array): void {
    if (this.#ending !== undefined || this.#last !== undefined) return
    const now = this.#deps.clock.now()
    if (this.#windowFrom === undefined) {
      this.#windowFrom = now
      this.#windowOctets = 0
    }
    this.#windowOctets += chunk.length
    if (this.#squeeze === undefined) this.#enqueue(chunk)
    else if (!this.#squeeze.inflate(chunk)) this.#socket.pause()
  }

  #enqueue(chunk: Uint8Array): void {
    if (this.#ending !== undefined) return
    this.#queue.push(chunk)
    this.#queued += chunk.length
    if (this.#busy && this.#queued >= MOST_QUEUED) (this.#squeeze ?? this.#socket).pause()
    if (this.#busy) this.#spoke?.()
    else this.#drive()
  }

  /** Reads on, if reading was stopped because the session was busy. */
  #readOn(): void {
    if (this.#squeeze !== undefined) this.#squeeze.resume()
    else if (this.#socket.isPaused()) this.#socket.resume()
  }

  /** Nothing more is said: flush, close our side, and wait a little for the peer to close its own, so that it gets to read our last words. */
  #finish(why: Ending): void {
    if (this.#ending !== undefined || this.#gone) return
    this.#ending = why
    this.#queue = []
    this.#queued = 0
    this.#out.flush()
    const { limits, clock } = this.#deps
    this.#by = clock.now() + (this.#socket.writableLength > 0 ? limits.unreadMs : limits.lingerMs)
    if (this.#squeeze === undefined) this.#hangUp()
    else this.#squeeze.end(() => this.#hangUp())
  }

  #hangUp(): void {
    if (this.#socket.isPaused()) this.#socket.resume() // the peer's end is heard only when all before it is read
    if (this.#doomed || this.#peerEnded) this.#socket.destroySoon()
    else this.#socket.end()
  }

  #destroy(why: Ending): void {
    this.#ending ??= why
    this.#socket.destroy()
    this.#out.resume()
    this.#interrupt?.()
  }

  #closed(): void {
    if (this.#gone) return
    this.#gone = true
    this.#ending ??= 'reset'
    this.#out.resume()
    this.#interrupt?.()
    if (!this.#busy) this.#release()
  }

  #release(): void {
    const why = this.#ending ?? 'reset'
    this.#queue = []
    this.#squeeze?.destroy()
    try {
      this.#session.gone()
    } catch (fault) {
      this.#failed(fault)
    }
    this.#deps.ended(this, why)
  }
}
