/**
 * For the tests of this room: a clock that is turned by hand, a log that is read, a session whose commands ask the pump for every act, and
 * a listener of such sessions.
 */
import assert from 'node:assert/strict'
import type { Act, Peer, Session } from '../base/act.ts'
import type { EventName } from '../base/events.ts'
import type { Fields, Log } from '../base/log.ts'
import { type Connection, type DialOptions, dial } from './client.ts'
import type { Clock } from './clock.ts'
import { type Listener, type ListenOptions, listen } from './listen.ts'

/** Time stands still until `turn`. */
export class HandClock implements Clock {
  #at = 0
  #next = 0
  readonly #due = new Map<number, { at: number; readonly every: number; readonly run: () => void }>()
  readonly now = (): number => this.#at
  readonly after = (ms: number, run: () => void): (() => void) => this.#put(ms, 0, run)
  readonly every = (ms: number, run: () => void): (() => void) => this.#put(ms, ms, run)

  /** How many timers wait. */
  get waiting(): number {
    return this.#due.size
  }

  /** Lets `ms` pass: everything that is due runs, in order. */
  turn(ms: number): void {
    const end = this.#at + ms
    for (;;) {
      const next = [...this.#due].filter(([, one]) => one.at <= end).sort(([, a], [, b]) => a.at - b.at)[0]
      if (next === undefined) break
      const [key, one] = next
      this.#at = Math.max(this.#at, one.at)
      if (one.every > 0) one.at += one.every
      else this.#due.delete(key)
      one.run()
    }
    this.#at = end
  }

  #put(ms: number, every: number, run: () => void): () => void {
    this.#next += 1
    const key = this.#next
    this.#due.set(key, { at: this.#at + ms, every, run })
    return () => this.#due.delete(key)
  }
}

type Seen = { readonly name: EventName; readonly fields: Fields }
/** Keeps events, and can be waited on. */
export class Witness implements Log {
  readonly seen: Seen[] = []
  readonly #waiting = new Set<(one: Seen) => void>()

  readonly event = (name: EventName, fields: Fields): void => {
    const one = { name, fields }
    this.seen.push(one)
    for (const tell of this.#waiting) tell(one)
  }

  /** @returns the fields of the first event of that name, past or to come. */
  async one(name: EventName): Promise<Fields> {
    const past = this.seen.find((one) => one.name === name)
    if (past !== undefined) return past.fields
    return new Promise((resolve) => {
      const tell = (one: Seen): void => {
        if (one.name !== name) return
        this.#waiting.delete(tell)
        resolve(one.fields)
      }
      this.#waiting.add(tell)
    })
  }
}

/** What the sessions of a test share with it. */
export class Stage {
  readonly sessions: Echo[] = []
  /** Milliseconds for which a session listens before it greets. */
  listenMs = 0
  readonly #released: (() => void)[] = []
  readonly #holding: (() => void)[] = []

  readonly newSession = (peer: Peer): Session => {
    const session = new Echo(this, peer)
    this.sessions.push(session)
    return session
  }

  /** A session that says HOLD waits here. */
  async hold(): Promise<void> {
    for (const tell of this.#holding.splice(0)) tell()
    await new Promise<void>((resolve) => this.#released.push(resolve))
  }

  /** @returns when a session holds. */
  async held(): Promise<void> {
    if (this.#released.length === 0) await new Promise<void>((resolve) => this.#holding.push(resolve))
  }

  release(): void {
    for (const goOn of this.#released.splice(0)) goOn()
  }
}

const MOST_LINE = 1_000_000

/** Answers each line; some lines ask for acts. */
export class Echo implements Session {
  readonly #stage: Stage
  #peer: Peer
  #text = ''
  #body = -1
  isGone = 0
  calls = 0
  bodyOctets = 0
  pulled = 0
  ring: () => void = () => undefined

  constructor(stage: Stage, peer: Peer) {
    this.#stage = stage
    this.#peer = peer
  }

  async *greet(peer: Peer, quiet: (ms: number) => Promise<boolean>): AsyncGenerator<Act> {
    const early = this.#stage.listenMs > 0 && !(await quiet(this.#stage.listenMs))
    yield { act: 'write', bytes: `HI ${peer.ip} ${peer.localPort}${early ? ' EARLY' : ''}\r\n` }
  }

  async *octets(bytes: Uint8Array): AsyncGenerator<Act> {
    this.calls += 1
    if (this.calls !== 1) throw new Error('two calls at once')
    this.#text += Buffer.from(bytes).toString('latin1')
    try {
      yield* this.#lines()
    } finally {
      this.calls -= 1
    }
  }

  async *#lines(): AsyncGenerator<Act> {
    for (let end = this.#text.indexOf('\n'); end >= 0; end = this.#text.indexOf('\n')) {
      const line = this.#text.slice(0, end).replace(/\r$/, '')
      this.#text = this.#text.slice(end + 1)
      yield* this.#line(line)
    }
    if (this.#text.length > MOST_LINE) yield { act: 'close' }
  }

  secured(peer: Peer): void {
    this.#peer = peer
    this.#text = '' // what was pipelined in plain text, RFC 3207 section 4.2
  }

  bell(ring: () => void): void {
    this.ring = ring
  }

  async *wake(): AsyncGenerator<Act> {
    this.calls += 1
    if (this.calls !== 1) throw new Error('two calls at once')
    yield { act: 'write', bytes: '* RANG\r\n' }
    this.calls -= 1
  }

  async *farewell(why: string): AsyncGenerator<Act> {
    yield { act: 'write', bytes: `BYE ${why}\r\n` }
  }

  gone(): void {
    this.isGone += 1
  }

  async *#line(line: string): AsyncGenerator<Act> {
    const [verb, text = ''] = line.split(' ')
    if (this.#body >= 0) yield* this.#bodyLine(line)
    else if (verb === 'BODY') this.#body = 0
    else if (verb === 'BIG') yield* this.#big(100_000, Number(text))
    else if (verb === 'MANY') yield* this.#big(1000, Number(text))
    else if (verb === 'THROW') throw new Error('a mistake of ours')
    else if (verb === 'HOLD') yield* this.#hold()
    else if (verb === 'TLS')
      yield { act: 'write', bytes: `TLS ${this.#peer.tls?.version ?? 'none'} ${this.#peer.tls?.serverName ?? '-'}\r\n` }
    else if (verb === 'BIND') yield* this.#bind(text)
    else if (verb === 'PLAIN') yield { act: 'write', bytes: `PLAIN ${this.#peer.mayPlaintext}\r\n` }
    else if (verb === 'MIX') for (const bytes of ['ü', Buffer.from('ß'), '\r\n']) yield { act: 'write', bytes }
    else yield* this.#act(line)
  }

  async *#bodyLine(line: string): AsyncGenerator<Act> {
    this.#body += line.length
    this.bodyOctets = this.#body
    if (line !== '.') return
    yield { act: 'write', bytes: `GOT ${this.#body}\r\n` }
    this.#body = -1
  }

  async *#big(octets: number, times: number): AsyncGenerator<Act> {
    const bytes = Buffer.alloc(octets, 'x')
    for (this.pulled = 0; this.pulled < times; this.pulled += 1) yield { act: 'write', bytes }
    yield { act: 'write', bytes: '\r\n' }
  }

  async *#hold(): AsyncGenerator<Act> {
    await this.#stage.hold()
    yield { act: 'write', bytes: 'HELD\r\n' }
  }

  async *#bind(kind: string): AsyncGenerator<Act> {
    const bound = this.#peer.tls?.bindings[kind]
    yield { act: 'write', bytes: `BIND ${bound === undefined ? 'none' : Buffer.from(bound).toString('hex')}\r\n` }
  }

  async *#act(line: string): AsyncGenerator<Act> {
    const [verb, ms = '0'] = line.split(' ')
    yield { act: 'write', bytes: `OK ${line}\r\n` }
    if (verb === 'STARTTLS') yield { act: 'start-tls' }
    else if (verb === 'COMPRESS') yield { act: 'compress' }
    else if (verb === 'WAIT') {
      yield { act: 'wait', ms: Number(ms) }
      yield { act: 'write', bytes: 'WAITED\r\n' }
    } else if (verb === 'PATIENCE') yield { act: 'patience', ms: Number(ms) }
    else if (verb === 'QUIT') yield { act: 'close' }
  }
}

/** A listener of Echo sessions. */
export type Place = {
  readonly listener: Listener
  readonly stage: Stage
  readonly log: Witness
  readonly clock: HandClock
  readonly join: (how?: Partial<DialOptions>) => Promise<Connection>
  readonly close: () => Promise<void>
}

/** Opens a place on loopback; whoever opens it closes it. */
export const openPlace = async (options: Partial<ListenOptions> = {}): Promise<Place> => {
  const stage = new Stage()
  const log = new Witness()
  const clock = new HandClock()
  let ids = 0
  const newId = (): string => {
    ids += 1
    return `s${ids}`
  }
  const opened = await listen({
    name: 'test',
    host: '127.0.0.1',
    port: 0,
    tls: 'none',
    newSession: stage.newSession,
    newId,
    admit: () => 'ok',
    lastWords: (why) => `SORRY ${why}\r\n`,
    log,
    clock,
    ...options,
  })
  assert.ok(opened.ok)
  const listener = opened.value
  const joined: Connection[] = []
  const join = async (how: Partial<DialOptions> = {}): Promise<Connection> => {
    const dialled = await dial({ host: '127.0.0.1', port: listener.port, waitMs: 10_000, ...how })
    assert.ok(dialled.ok, 'dial')
    joined.push(dialled.value)
    return dialled.value
  }
  const close = async (): Promise<void> => {
    for (const one of joined) one.destroy()
    stage.release()
    const closed = listener.close(1)
    clock.turn(1)
    await closed
  }
  return { listener, stage, log, clock, join, close }
}

/** @returns the next line, or the fault in parentheses. */
export const line = async (one: Connection): Promise<string> => {
  const read = await one.line()
  return read.ok ? read.value : `(${read.error})`
}
/** Sends a line. @returns the next line of the answer. */
export const ask = async (one: Connection, text: string): Promise<string> => {
  await one.send(`${text}\r\n`)
  return line(one)
}
/** @returns what comes until the peer closes, an octet a character. */
export const rest = async (one: Connection): Promise<string> => {
  let text = ''
  for (;;) {
    const some = await one.some()
    if (!some.ok) return text
    text += Buffer.from(some.value).toString('latin1')
  }
}
/** Lets the event loop go round until `so`. */
export const until = async (so: () => boolean): Promise<void> => {
  while (!so()) await new Promise((resolve) => setImmediate(resolve))
}
