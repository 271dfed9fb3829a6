/** Answers kept for their time. RFC 1035 section 7.4, RFC 2308. Bounded: the one not asked for longest goes first. Pure. */
import type { DnsAnswer } from '../../base/dns.ts'

type Kept = { readonly answer: DnsAnswer; readonly until: number }

export class DnsCache {
  readonly #most: number
  readonly #kept = new Map<string, Kept>()

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#kept.size
  }

  /** @param now on the clock that `put` was given. */
  get(key: string, now: number): DnsAnswer | undefined {
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    this.#kept.delete(key)
    if (kept.until <= now) return undefined
    this.#kept.set(key, kept) // youngest again
    return kept.answer
  }

  put(key: string, answer: DnsAnswer, until: number): void {
    this.#kept.delete(key)
    this.#kept.set(key, { answer, until })
    if (this.#kept.size <= this.#most) return
    const [oldest] = this.#kept.keys()
    if (oldest !== undefined) this.#kept.delete(oldest)
  }

  clear(): void {
    this.#kept.clear()
  }
}
