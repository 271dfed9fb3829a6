/**
 * A stub resolver with a cache: the function `Resolve` of src/base/dns.ts. It asks recursive servers (one beside us, at best), believes their
 * AD bit only where nobody stands between (loopback, or the option says so: RFC 4035 section 4.9.3), and is bounded in time, in
 * look-ups under way, and in entries. Equal look-ups under way share one. No answer is never an answer: `failed` says why.
 */
import { randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { DnsAnswer, DnsType, Resolve } from '../../base/dns.ts'
import { isLoopback, readIp } from '../../base/ip.ts'
import { type Log, silentLog } from '../../base/log.ts'
import { type Clock, systemClock } from '../clock.ts'
import { DnsCache } from './cache.ts'
import { askTcp, askUdp, type DnsServer, type Exchange } from './exchange.ts'
import { readName } from './names.ts'
import { type Meaning, meaningOf, type Response, writeQuery } from './packet.ts'

export type ResolverOptions = {
  /** Asked in this order; the one that answered last comes first. */
  readonly servers: readonly DnsServer[]
  /** For a whole look-up, aliases and all. */
  readonly totalMs?: number
  /** For one question to one server, the first time; twice that the second. */
  readonly tryMs?: number
  readonly mostEntries?: number
  /** Look-ups under way at once; the others wait. */
  readonly mostUnderWay?: number
  readonly mostTtl?: number
  readonly mostNegativeTtl?: number
  readonly failedTtl?: number
  /** Believe the AD bit of servers that are not on loopback. */
  readonly trustAd?: boolean
  /** Sends names in mixed case and wants them back so (draft-vixie-dnsext-dns0x20): harder to forge, and some servers fail it. */
  readonly mixedCase?: boolean
  readonly log?: Log
  readonly clock?: Clock
  /** @returns an integer from 0 to `below` - 1 that nobody can guess. */
  readonly random?: (below: number) => number
}
type ResolverStats = {
  readonly lookups: number
  readonly hits: number
  readonly shared: number
  readonly queries: number
  readonly failures: number
  readonly entries: number
  readonly underWay: number
}
export type Resolver = {
  readonly resolve: Resolve
  /** Ends what is under way (as `timeout`) and answers nothing more. */
  readonly close: () => void
  readonly stats: () => ResolverStats
  /** Forgets every answer. */
  readonly forget: () => void
}

const defaults = {
  totalMs: 5000,
  tryMs: 1200,
  mostEntries: 20_000,
  mostUnderWay: 512,
  mostTtl: 86_400,
  mostNegativeTtl: 900,
  failedTtl: 5,
}
const MOST_ALIAS_QUERIES = 8
const MOST_SHARED = 20_000 // look-ups that are under way or wait
const SILENCE_MS = 60_000 // at most one complaint a minute

/** @returns a resolver; nothing is opened until something is asked. */
export const createResolver = (options: ResolverOptions): Resolver => {
  const asker = new Asker(options)
  return {
    resolve: async <T extends DnsType>(name: string, type: T) => asker.resolve(name, type),
    close: () => asker.close(),
    stats: () => asker.stats(),
    forget: () => asker.forget(),
  }
}

/** @param file what resolv.conf(5) describes. @returns its name servers, or 127.0.0.1 when it names none or is not there. */
export const systemServers = async (file = '/etc/resolv.conf'): Promise<readonly DnsServer[]> => {
  const text = await readFile(file, 'utf8').catch(() => '') // no file: the default of resolv.conf(5)
  const servers = text
    .split('\n')
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? '')
    .filter((ip) => readIp(ip).ok)
    .map((ip) => ({ ip, port: 53 }))
  return servers.length > 0 ? servers : [{ ip: '127.0.0.1', port: 53 }]
}

type Tried =
  | { readonly kind: 'response'; readonly response: Response; readonly trusted: boolean }
  | { readonly kind: 'none'; readonly why: 'timeout' | 'servfail' | 'refused' | 'malformed' }

class Asker {
  readonly #options: ResolverOptions & typeof defaults
  readonly #clock: Clock
  readonly #random: (below: number) => number
  readonly #cache: DnsCache
  readonly #shared = new Map<string, Promise<DnsAnswer>>()
  readonly #open = new Set<Exchange>()
  readonly #waiting: (() => void)[] = []
  #running = 0
  #first = 0 // the server that answered last
  #closed = false
  #counts = { lookups: 0, hits: 0, shared: 0, queries: 0, failures: 0 }
  #complainedAt = Number.NEGATIVE_INFINITY

  constructor(options: ResolverOptions) {
    this.#options = { ...defaults, ...options }
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? ((below) => randomInt(below))
    this.#cache = new DnsCache(this.#options.mostEntries)
  }

  async resolve<T extends DnsType>(asked: string, type: T): Promise<DnsAnswer<T>> {
    this.#counts.lookups += 1
    const name = readName(asked)
    if (name === undefined) return { kind: 'failed', why: 'bad-name' }
    const key = `${type} ${name}`
    const kept = this.#cache.get(key, this.#clock.now())
    if (kept !== undefined) {
      this.#counts.hits += 1
      return kept as DnsAnswer<T> // the key holds the type
    }
    const same = this.#shared.get(key)
    if (same !== undefined) {
      this.#counts.shared += 1
      return same as Promise<DnsAnswer<T>> // the key holds the type
    }
    if (this.#closed || this.#shared.size >= MOST_SHARED) return { kind: 'failed', why: 'timeout' }
    const answer = this.#inTurn(name, type)
    this.#shared.set(key, answer)
    try {
      return await answer
    } finally {
      this.#shared.delete(key)
    }
  }

  close(): void {
    this.#closed = true
    for (const exchange of this.#open) exchange.cancel()
  }

  stats(): ResolverStats {
    return { ...this.#counts, entries: this.#cache.size, underWay: this.#running }
  }

  forget(): void {
    this.#cache.clear()
  }

  /** Waits for its turn where too many are under way: each holds a socket. The wait counts. */
  async #inTurn<T extends DnsType>(name: string, type: T): Promise<DnsAnswer<T>> {
    const by = this.#clock.now() + this.#options.totalMs
    if (this.#running < this.#options.mostUnderWay) this.#running += 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await this.#lookUp(name, type, by)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }

  async #lookUp<T extends DnsType>(name: string, type: T, by: number): Promise<DnsAnswer<T>> {
    let at = name
    let ttl = Number.POSITIVE_INFINITY
    let secure = true
    for (let step = 0; step <= MOST_ALIAS_QUERIES; step += 1) {
      const meaning = await this.#ask(at, type, by)
      if (meaning.kind === 'try-another' || meaning.kind === 'timeout')
        return this.#failed(name, type, meaning.kind === 'timeout' ? 'timeout' : meaning.why)
      ttl = Math.min(ttl, meaning.ttl)
      if (meaning.kind === 'answer') return this.#keep(name, type, meaning.answer, secure, ttl)
      secure &&= meaning.secure
      at = meaning.name
    }
    return this.#failed(name, type, 'malformed')
  }

  #keep<T extends DnsType>(name: string, type: T, found: DnsAnswer<T>, secure: boolean, ttl: number): DnsAnswer<T> {
    const answer = found.kind === 'failed' || secure ? found : { ...found, secure: false }
    const most = answer.kind === 'found' ? this.#options.mostTtl : this.#options.mostNegativeTtl
    this.#put(name, type, answer, Math.min(ttl, most))
    return answer
  }

  #failed<T extends DnsType>(
    name: string,
    type: T,
    why: 'timeout' | 'servfail' | 'refused' | 'malformed',
  ): DnsAnswer<T> {
    this.#counts.failures += 1
    const answer: DnsAnswer<T> = { kind: 'failed', why }
    if (!this.#closed) this.#put(name, type, answer, this.#options.failedTtl)
    return answer
  }

  #put(name: string, type: DnsType, answer: DnsAnswer, seconds: number): void {
    if (seconds > 0) this.#cache.put(`${type} ${name}`, answer, this.#clock.now() + seconds * 1000)
  }

  /** Asks one server after the other, twice around at most. */
  async #ask<T extends DnsType>(name: string, type: T, by: number): Promise<Meaning<T> | { readonly kind: 'timeout' }> {
    const { servers, tryMs } = this.#options
    let last: Meaning<T> | { readonly kind: 'timeout' } = { kind: 'timeout' }
    const start = this.#first
    for (let turn = 0; turn < servers.length * 2; turn += 1) {
      const index = (start + turn) % servers.length
      const server = servers[index]
      const left = by - this.#clock.now()
      if (server === undefined || left <= 0 || this.#closed) break
      const round = turn < servers.length ? 1 : 2
      if (round === 2 && last.kind === 'try-another') break // every server said no: asking again changes nothing
      const tried = await this.#try(server, name, type, Math.min(left, tryMs * round))
      if (tried.kind === 'response') {
        const meaning = meaningOf(tried.response, name, type, tried.trusted)
        if (meaning.kind !== 'try-another') {
          this.#first = index
          return meaning
        }
        last = meaning
      } else if (tried.why !== 'timeout') last = { kind: 'try-another', why: tried.why }
    }
    if (last.kind === 'timeout') this.#complain()
    return last
  }

  /** One server: UDP, without EDNS if it does not know it, TCP if the answer is too long. */
  async #try(server: DnsServer, name: string, type: DnsType, ms: number): Promise<Tried> {
    const by = this.#clock.now() + ms
    let edns = true
    let tcp = false
    for (let step = 0; step < 3; step += 1) {
      const left = by - this.#clock.now()
      if (left <= 0) break
      const query = writeQuery(this.#random(65_536), this.#cased(name), type, edns)
      this.#counts.queries += 1
      const exchange = (tcp ? askTcp : askUdp)(server, query, left, this.#clock)
      this.#open.add(exchange)
      const outcome = await exchange.answer
      this.#open.delete(exchange)
      if (!outcome.ok) return { kind: 'none', why: outcome.error === 'malformed' ? 'malformed' : 'timeout' }
      if (outcome.value.truncated && !tcp) tcp = true
      else if (outcome.value.rcode === 'no-edns' && edns) edns = false
      else if (outcome.value.truncated) return { kind: 'none', why: 'malformed' }
      else
        return {
          kind: 'response',
          response: outcome.value,
          trusted: this.#options.trustAd === true || isLoopback(server.ip),
        }
    }
    return { kind: 'none', why: 'timeout' }
  }

  #cased(name: string): string {
    if (this.#options.mixedCase !== true) return name
    return name.replace(/[a-z]/g, (letter) => (this.#random(2) === 0 ? letter : letter.toUpperCase()))
  }

  #complain(): void {
    const now = this.#clock.now()
    if (this.#closed || now - this.#complainedAt < SILENCE_MS) return
    this.#complainedAt = now
    const servers = this.#options.servers.map((server) => `${server.ip}:${server.port}`).join(' ')
    ;(this.#options.log ?? silentLog).event('dns-unavailable', { servers })
  }
}
