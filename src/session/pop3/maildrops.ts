/**
 * Who holds which maildrop. RFC 1939 section 4 (an exclusive lock from login to the end), RFC 2449 sections 6.5 (LOGIN-DELAY) and 8.1.2 (IN-USE). One for all sessions
 * of the process, in memory: a lock goes with its connection, so none is ever left behind. IMAP sessions are not kept out.
 */
import type { AccountId } from '../../base/ids.ts'

/** Accounts whose last login is remembered; beyond it the oldest are forgotten, and may come early. */
const MOST_REMEMBERED = 10_000

export class Maildrops {
  readonly #held = new Set<AccountId>()
  readonly #lastLogin = new Map<AccountId, number>()

  /** Takes the lock. @returns what gives it back (once; later calls do nothing), or undefined where another session holds it. */
  take(account: AccountId): (() => void) | undefined {
    if (this.#held.has(account)) return undefined
    this.#held.add(account)
    let mine = true
    return () => {
      if (mine) this.#held.delete(account)
      mine = false
    }
  }

  /** A login succeeded. @returns whether it came too early, `delayMs` not having passed since the last one that did not. */
  early(account: AccountId, now: number, delayMs: number): boolean {
    const last = this.#lastLogin.get(account)
    if (last !== undefined && now - last < delayMs && now >= last) return true
    this.#lastLogin.delete(account)
    if (delayMs > 0) this.#lastLogin.set(account, now)
    const [oldest] = this.#lastLogin.keys()
    if (this.#lastLogin.size > MOST_REMEMBERED && oldest !== undefined) this.#lastLogin.delete(oldest)
    return false
  }
}
