/**
 * Guesses of passwords, counted before a password is looked at: whoever opens fifty connections gets as many answers as whoever opens one.
 * Guesses in flight count until they are found right; further ones from the same address wait for them. Clock and random are parameters.
 *
 * An address with a good login in the last month is never closed for failed ones (ban/judge). In its place the login name is closed to it
 * for an hour or two: after three different passwords for somebody else's name, after OWN_GUESSES for the owner's own. The same
 * wrong password again counts once, because a phone will try it every minute of the day.
 */
import type { Jail } from './jail.ts'
import { Recent } from './recent.ts'

const MOST_ENTRIES = 20_000
const MOST_WAITING = 32 // connections of one address whose guesses wait; more are told to come later
const OWN_GUESSES = 20
const SPARED_GUESSES = 40 // of one address, for all names together
const WINDOW_MS = 12 * 3_600_000
const CLOSED_LEAST_MS = 3_600_000

export type Guess = {
  readonly ip: string
  readonly user: string /** A hash of login and password; empty where it is not known (SCRAM). */
  readonly pair: string
}
type Closed = { readonly wrong: readonly { readonly pair: string; readonly at: number }[]; readonly until: number }
type Source = { readonly pairs: Map<string, number>; readonly waiting: (() => void)[] }

export type GuessesDeps = {
  readonly jail: Pick<Jail, 'barred' | 'offence' | 'goodLogin' | 'hadGoodLogin' | 'failures'>
  readonly now: () => number
  readonly random: () => number
  /** How many wrong ones an address has: the count of the sentence. */
  readonly most: () => number
}

/** One for the whole server: all protocols count together. */
export class Guesses {
  readonly #deps: GuessesDeps
  readonly #sources = new Map<string, Source>()
  readonly #closed = new Recent<Closed>(MOST_ENTRIES)

  constructor(deps: GuessesDeps) {
    this.#deps = deps
  }

  /** Waits for its turn. @returns `go`, and then `right` or `wrong` or `untold` must be called; or why not. */
  async enter(guess: Guess): Promise<'go' | 'barred' | 'try-later'> {
    for (;;) {
      if (this.#isBarred(guess)) return 'barred'
      const source: Source = this.#sources.get(guess.ip) ?? { pairs: new Map(), waiting: [] }
      const inFlight = source.pairs.get(guess.pair)
      const spared = this.#deps.jail.hadGoodLogin(guess.ip)
      const free =
        spared || inFlight !== undefined || this.#deps.jail.failures(guess.ip) + source.pairs.size < this.#deps.most()
      if (free) {
        source.pairs.set(guess.pair, (inFlight ?? 0) + 1)
        this.#sources.set(guess.ip, source)
        return 'go'
      }
      if (source.waiting.length >= MOST_WAITING) return 'try-later'
      // A source without guesses in flight is under its count, or barred: it never waits for nobody.
      if (source.pairs.size === 0) return 'barred'
      await new Promise<void>((resolve) => source.waiting.push(resolve))
    }
  }

  /** The password was right. */
  right(guess: Guess): void {
    this.#deps.jail.goodLogin(guess.ip, guess.user)
    this.#closed.delete(`${guess.ip} ${guess.user}`)
    this.#leave(guess)
  }

  /** It was wrong. */
  wrong(guess: Guess): void {
    const { jail } = this.#deps
    // Somebody in the owner's house who tries every name has no mercy left.
    const goodLogin = jail.hadGoodLogin(guess.ip) && this.#tally(guess.ip, guess) < SPARED_GUESSES
    const sameAs = guess.pair === '' ? {} : { sameAs: `${guess.user} ${guess.pair}` }
    jail.offence({ kind: 'login-failed', ip: guess.ip, service: 'login', goodLogin, ...sameAs })
    if (goodLogin) this.#close(guess)
    this.#leave(guess)
  }

  /** Nothing is known: the store or the hash could not be asked. */
  untold(guess: Guess): void {
    this.#leave(guess)
  }

  #isBarred(guess: Guess): boolean {
    if (this.#deps.jail.barred(guess.ip, 'login') !== undefined) return true
    const closed = this.#closed.get(`${guess.ip} ${guess.user}`)
    return (
      closed !== undefined && closed.until > this.#deps.now() && closed.until - this.#deps.now() <= 2 * CLOSED_LEAST_MS
    )
  }

  /** Counts a wrong guess under `key`. @returns how many different ones there are. */
  #tally(key: string, guess: Guess): number {
    const now = this.#deps.now()
    const kept = (this.#closed.get(key)?.wrong ?? []).filter(
      (one) => now - one.at < WINDOW_MS && (guess.pair === '' || one.pair !== guess.pair),
    )
    const wrong = [...kept, { pair: guess.pair, at: now }].slice(-SPARED_GUESSES)
    this.#closed.set(key, { wrong, until: 0 })
    return wrong.length
  }

  #close(guess: Guess): void {
    const { jail, now, random, most } = this.#deps
    const key = `${guess.ip} ${guess.user}`
    const allowed = jail.hadGoodLogin(guess.ip, guess.user) ? OWN_GUESSES : most()
    if (this.#tally(key, guess) < allowed) return
    this.#closed.set(key, { wrong: [], until: now() + CLOSED_LEAST_MS * (1 + random()) })
  }

  #leave(guess: Guess): void {
    const source = this.#sources.get(guess.ip)
    if (source === undefined) return
    const left = (source.pairs.get(guess.pair) ?? 1) - 1
    if (left > 0) source.pairs.set(guess.pair, left)
    else source.pairs.delete(guess.pair)
    for (const wake of source.waiting.splice(0)) wake()
    if (source.pairs.size === 0) this.#sources.delete(guess.ip)
  }
}
