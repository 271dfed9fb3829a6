/**
 * Guesses of passwords, counted before a password is looked at: whoever opens fifty connections gets as many answers as whoever opens one.
 * Guesses in flight count until they are found right; further ones from the same address wait for them. Clock and random are parameters.
 *
 * An address with a good login in the last month is never closed for failed ones (ban/judge). In its place the login name is closed to it
 * for an hour or two: after three different passwords for somebody else's name, after OWN_GUESSES for the owner's own. The same
 * wrong password again counts once, because a phone will try it every minute of the day.
 */
import { subjectsOf } from '../ban/subject.ts'
import { guessKey, type Jail } from './jail.ts'
import { Recent } from './recent.ts'

const MOST_ENTRIES = 20_000
const MOST_WAITING = 32 // connections of one address whose guesses wait; more are told to come later
const OWN_GUESSES = 20
const SPARED_GUESSES = 40 // of one address, for all names together
const WINDOW_MS = 12 * 3_600_000
const CLOSED_LEAST_MS = 3_600_000

export type Guess = {
  readonly ip: string
  readonly user: string /** What makes two guesses the same: a hash of login and password, or a number of its own where the password is not known (SCRAM). */
  readonly pair: string
}
type Closed = { readonly wrong: readonly { readonly pair: string; readonly at: number }[]; readonly until: number }
/** Guesses in flight from one address or network, and who waits for them. */
type Source = { readonly pairs: Map<string, number>; readonly waiting: (() => void)[] }

export type GuessesDeps = {
  readonly jail: Pick<Jail, 'barred' | 'offence' | 'goodLogin' | 'hadGoodLogin' | 'guessesLeft'>
  readonly now: () => number
  readonly random: () => number
  /** How many wrong ones of another's name a spared address has: the count of the sentence. */
  readonly most: () => number
}

/** Who guesses: the address, or the /64 of an IPv6 one. */
const sourceOf = ({ ip }: Guess): string => subjectsOf(ip)?.address ?? ip

/** One for the whole server: all protocols count together. */
export class Guesses {
  readonly #deps: GuessesDeps
  readonly #sources = new Map<string, Source>()
  readonly #closed = new Recent<Closed>(MOST_ENTRIES)

  constructor(deps: GuessesDeps) {
    this.#deps = deps
  }

  /** Waits for its turn. @returns `go`, and then `right`, `wrong` or `untold` must be called; or why not. */
  async enter(guess: Guess): Promise<'go' | 'barred' | 'try-later'> {
    const subjects = subjectsOf(guess.ip)
    if (subjects === undefined) return 'go' // a peer without an address is one of our own tests
    for (;;) {
      if (this.#isBarred(guess)) return 'barred'
      const left = this.#deps.jail.guessesLeft(guess.ip)
      const full = this.#deps.jail.hadGoodLogin(guess.ip)
        ? undefined
        : (['address', 'network'] as const).find((who) => !this.#isFree(subjects[who], guess.pair, left[who]))
      if (full === undefined) {
        for (const subject of [subjects.address, subjects.network]) this.#take(subject, guess.pair)
        return 'go'
      }
      const source = this.#sources.get(subjects[full])
      // Without guesses in flight there is nobody to wait for.
      if (source === undefined) return 'barred'
      if (source.waiting.length >= MOST_WAITING) return 'try-later'
      await new Promise<void>((resolve) => source.waiting.push(resolve))
    }
  }

  /** The password was right. */
  right(guess: Guess): void {
    this.#deps.jail.goodLogin(guess.ip, guess.user)
    this.#closed.delete(`${sourceOf(guess)} ${guess.user}`)
    this.#leave(guess)
  }

  /** It was wrong. */
  wrong(guess: Guess): void {
    const { jail } = this.#deps
    // Somebody in the owner's house who tries every name has no mercy left.
    const goodLogin = jail.hadGoodLogin(guess.ip) && this.#tally(sourceOf(guess), guess) < SPARED_GUESSES
    const sameAs = guessKey(guess.user, guess.pair)
    jail.offence({ kind: 'login-failed', ip: guess.ip, service: 'login', goodLogin, sameAs })
    if (goodLogin) this.#close(guess)
    this.#leave(guess)
  }

  /** Nothing is known: the store or the hash could not be asked. */
  untold(guess: Guess): void {
    this.#leave(guess)
  }

  #isBarred(guess: Guess): boolean {
    if (this.#deps.jail.barred(guess.ip, 'login') !== undefined) return true
    const closed = this.#closed.get(`${sourceOf(guess)} ${guess.user}`)
    return (
      closed !== undefined && closed.until > this.#deps.now() && closed.until - this.#deps.now() <= 2 * CLOSED_LEAST_MS
    )
  }

  /** Counts a wrong guess under `key`. @returns how many different ones there are. */
  #tally(key: string, guess: Guess): number {
    const now = this.#deps.now()
    const kept = (this.#closed.get(key)?.wrong ?? []).filter(
      (one) => now - one.at < WINDOW_MS && one.pair !== guess.pair,
    )
    const wrong = [...kept, { pair: guess.pair, at: now }].slice(-SPARED_GUESSES)
    this.#closed.set(key, { wrong, until: 0 })
    return wrong.length
  }

  #close(guess: Guess): void {
    const { jail, now, random, most } = this.#deps
    const key = `${sourceOf(guess)} ${guess.user}`
    const allowed = jail.hadGoodLogin(guess.ip, guess.user) ? OWN_GUESSES : most()
    if (this.#tally(key, guess) < allowed) return
    this.#closed.set(key, { wrong: [], until: now() + CLOSED_LEAST_MS * (1 + random()) })
  }

  #isFree(subject: string, pair: string, left: number): boolean {
    const pairs = this.#sources.get(subject)?.pairs
    return pairs === undefined ? left > 0 : pairs.has(pair) || pairs.size < left
  }

  #take(subject: string, pair: string): void {
    const source: Source = this.#sources.get(subject) ?? { pairs: new Map(), waiting: [] }
    source.pairs.set(pair, (source.pairs.get(pair) ?? 0) + 1)
    this.#sources.set(subject, source)
  }

  #leave(guess: Guess): void {
    const subjects = subjectsOf(guess.ip)
    if (subjects === undefined) return
    for (const subject of [subjects.address, subjects.network]) {
      const source = this.#sources.get(subject)
      if (source === undefined) continue
      const left = (source.pairs.get(guess.pair) ?? 1) - 1
      if (left > 0) source.pairs.set(guess.pair, left)
      else source.pairs.delete(guess.pair)
      if (source.pairs.size === 0) this.#sources.delete(subject)
      for (const wake of source.waiting.splice(0)) wake()
    }
  }
}
