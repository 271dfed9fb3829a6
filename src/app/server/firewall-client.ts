/**
 * The server's side of the firewall process: bans out, batched, a line for all of one turn of the event loop; answers in. A process that is gone changes nothing here:
 * the jail refuses by itself, the administrator is told once, and the connection is tried again. Whoever comes back is told everything that is in force.
 */
import { createConnection, type Socket } from 'node:net'
import type { Firewall } from '../../ban/firewall.ts'
import type { Ban, Scope } from '../../ban/offence.ts'
import type { Log } from '../../base/log.ts'
import { fail, ok, type Result } from '../../base/result.ts'

const BANS_A_LINE = 1000
const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 30_000
const MOST_ANSWER = 16 * 1024 * 1024
const ANSWER_MS = 30_000

export type FirewallClientOptions = {
  readonly path: string
  readonly ports: { readonly mail: readonly number[]; readonly login: readonly number[] }
  /** Networks that are never kept out. */
  readonly allow: () => readonly string[]
  /** Everything that is in force. */
  readonly bans: () => readonly Ban[]
  readonly now: () => number
  readonly log: Log
}
type FirewallAnswer = Readonly<Record<string, unknown>>
export type FirewallClient = Firewall & {
  /** @param verb `status`, `print`, `flush`. @returns what the process says, or why there is no answer. */
  readonly ask: (verb: 'status' | 'print' | 'flush') => Promise<Result<FirewallAnswer, string>>
  readonly isConnected: () => boolean
  readonly close: () => void
}

type Pending = { readonly done: (answer: Result<FirewallAnswer, string>) => void; readonly late: NodeJS.Timeout }

const whyOf = (answer: Result<FirewallAnswer, string>): string =>
  answer.ok ? String(answer.value['why']) : answer.error

class Client implements FirewallClient {
  readonly #options: FirewallClientOptions
  readonly #pending = new Map<number, Pending>()
  #socket: Socket | undefined
  #ready = false
  #closed = false
  #told = false
  #retryMs = FIRST_RETRY_MS
  #retry: NodeJS.Timeout | undefined
  #lastId = 0
  #held = ''
  #queue: (readonly [prefix: string, ms: number, scope: Scope])[] = []

  constructor(options: FirewallClientOptions) {
    this.#options = options
    this.#connect()
  }

  #connect(): void {
    const socket = createConnection(this.#options.path)
    this.#socket = socket
    socket.setEncoding('utf8')
    socket.on('connect', () => void this.#greet())
    socket.on('data', (text) => this.#hear(String(text)))
    socket.on('error', () => socket.destroy()) // 'close' follows
    socket.on('close', () => this.#lost(socket))
    socket.unref()
  }

  #lost(socket: Socket): void {
    if (this.#socket !== socket) return
    this.#socket = undefined
    this.#ready = false
    for (const { done, late } of this.#pending.values()) {
      clearTimeout(late)
      done(fail('the firewall process is gone'))
    }
    this.#pending.clear()
    if (this.#closed) return
    if (!this.#told) this.#options.log.event('firewall-gone', { socket: this.#options.path })
    this.#told = true
    this.#retry = setTimeout(() => this.#connect(), this.#retryMs)
    this.#retry.unref()
    this.#retryMs = Math.min(LONGEST_RETRY_MS, this.#retryMs * 2)
  }

  async #greet(): Promise<void> {
    const { ports, allow, log, path } = this.#options
    const hello = await this.#say({ do: 'hello', ports, allow: allow() })
    if (!hello.ok || hello.value['ok'] !== true) {
      log.event('firewall-fault', { why: whyOf(hello) })
      this.#socket?.destroy()
      return
    }
    this.#ready = true
    this.#told = false
    this.#retryMs = FIRST_RETRY_MS
    const status = await this.#say({ do: 'status' })
    log.event('firewall-ready', { socket: path, backend: status.ok ? String(status.value['backend']) : undefined })
    this.restore(this.#options.bans())
  }

  #say(request: object): Promise<Result<FirewallAnswer, string>> {
    const socket = this.#socket
    if (socket === undefined) return Promise.resolve(fail('the firewall process is gone'))
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((done) => {
      const late = setTimeout(() => {
        this.#pending.delete(id)
        done(fail('the firewall process does not answer'))
      }, ANSWER_MS)
      late.unref()
      this.#pending.set(id, { done, late })
      socket.write(`${JSON.stringify({ id, ...request })}\n`)
    })
  }

  #hear(text: string): void {
    this.#held += text
    if (this.#held.length > MOST_ANSWER) this.#socket?.destroy()
    const lines = this.#held.split('\n')
    this.#held = lines.pop() ?? ''
    for (const line of lines) {
      const answer: unknown = JSON.parse(line)
      if (typeof answer !== 'object' || answer === null || !('id' in answer) || typeof answer.id !== 'number') continue
      const waiting = this.#pending.get(answer.id)
      this.#pending.delete(answer.id)
      if (waiting === undefined) continue
      clearTimeout(waiting.late)
      waiting.done(ok({ ...answer }))
    }
  }

  async #order(request: object): Promise<void> {
    const answer = await this.#say(request)
    if (answer.ok && answer.value['ok'] === true) return
    this.#options.log.event('firewall-fault', { why: whyOf(answer) })
    // Somebody took our table away: it is there again, and empty.
    if (answer.ok && answer.value['again'] === true) this.restore(this.#options.bans())
  }

  ban(prefix: string, untilMs: number, scope: Scope): void {
    if (!this.#ready) return
    this.#queue.push([prefix, untilMs - this.#options.now(), scope])
    if (this.#queue.length > 1) return
    setImmediate(() => {
      const all = this.#queue.filter(([, ms]) => ms > 0)
      this.#queue = []
      for (let from = 0; from < all.length; from += BANS_A_LINE)
        void this.#order({ do: 'ban', bans: all.slice(from, from + BANS_A_LINE) })
    })
  }

  unban(prefix: string): void {
    if (this.#ready) void this.#order({ do: 'unban', prefixes: [prefix] })
  }

  restore(bans: readonly Ban[]): void {
    if (!this.#ready) return
    const now = this.#options.now()
    const all = bans
      .filter(({ until }) => until > now)
      .map(({ subject, until, scope }) => [subject, until - now, scope])
    for (let from = 0; from === 0 || from < all.length; from += BANS_A_LINE)
      void this.#order({ do: 'restore', first: from === 0, bans: all.slice(from, from + BANS_A_LINE) })
  }

  ask(verb: 'status' | 'print' | 'flush'): Promise<Result<FirewallAnswer, string>> {
    return this.#say({ do: verb })
  }

  isConnected(): boolean {
    return this.#ready
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
    this.#socket?.end()
    this.#socket?.destroy()
  }
}

/** @returns the client; it connects by itself, now and whenever the process comes back. */
export const openFirewallClient = (options: FirewallClientOptions): FirewallClient => new Client(options)
