/**
 * Whether a name and a password belong together, for every protocol: the one door to an account. The jail is asked before the password is
 * looked at and told after. A name that does not exist costs as long as one that does. Beside its own password an account has those of its programs
 * (app-passwords.ts); where its settings say so, programs get in with those alone.
 *
 * A mail program logs in hundreds of times a day, so a password found right is remembered for PROOF_MS under a hash with a secret of
 * this process, and one found wrong too; both forget at once when the password changes, because the stored hash is part of the key.
 */
import { createHmac } from 'node:crypto'
import type { Log } from '../base/log.ts'
import type { Account, Store } from '../store/store.ts'
import { programsOf } from './account-settings.ts'
import type { AppPassword, AppPasswords, LoginService } from './app-passwords.ts'
import { type Guess, Guesses } from './guesses.ts'
import type { Jail } from './jail.ts'
import { decoyScramKeys, isPassword, isPossible, readScramKeys, type ScramKeys } from './password.ts'
import { Recent } from './recent.ts'
import { Turns } from './turns.ts'

const PROOF_MS = 600_000
const MOST_PROOFS = 2_000
/** Two of the pool's four threads: name resolution and files need the others. */
const HASHES_AT_ONCE = 2
const MOST_WAITING = 100
const MOST_NAME = 320

/** What came of a login; session/imap/deps.ts has the same type. */
export type LoginOutcome =
  /** `key` is the id of the app password that was used, if one was. */
  | { readonly kind: 'ok'; readonly account: Account; readonly key?: string | undefined }
  | { readonly kind: 'bad-credentials' | 'frozen' | 'barred' | 'try-later' }

/** A password to check, or the outcome of a SCRAM exchange that the session checked. */
type Secret = { readonly password: string } | { readonly proven: boolean }
type LoginPeer = { readonly ip: string; readonly session: string }

export type LoginDeps = {
  readonly store: Pick<Store, 'account'>
  readonly jail: Pick<Jail, 'barred' | 'offence' | 'goodLogin' | 'hadGoodLogin' | 'guessesLeft'>
  readonly now: () => number
  readonly random: () => number
  readonly log: Log
  /** Fresh for this process, 32 octets, never stored. */
  readonly secret: Uint8Array
  /** The count of the sentence on failed logins. */
  readonly mostGuesses: () => number
  readonly appPasswords?: Pick<AppPasswords, 'match' | 'used'>
}

export type Logins = {
  /** @param service what is logged in to: an app password may be for some alone. */
  readonly login: (user: string, secret: Secret, peer: LoginPeer, service?: LoginService) => Promise<LoginOutcome>
  /** SCRAM keys of a name; of a name that does not exist too, and those prove nothing. */
  readonly scramKeys: (user: string) => Promise<ScramKeys>
}

/** @returns the login name as accounts are kept: trimmed, NFC, lower case. */
export const accountName = (text: string): string => text.trim().normalize('NFC').toLowerCase().slice(0, MOST_NAME)

type Known = { readonly right: boolean; readonly until: number }

/** @returns the door. */
export const openLogins = (deps: LoginDeps): Logins => {
  const { store, jail, now, log } = deps
  const guesses = new Guesses({ jail, now, random: deps.random, most: deps.mostGuesses })
  const known = new Recent<Known>(MOST_PROOFS)
  const asking = new Map<string, Promise<boolean | undefined>>()
  let proofs = 0
  const hashing = new Turns(HASHES_AT_ONCE, MOST_WAITING)

  const pairOf = (user: string, password: string, stored: string): string =>
    createHmac('sha256', deps.secret).update(`${user}\0${password}\0${stored}`).digest('base64url').slice(0, 32)

  /** Whether the password is right; undefined when too many are asking. Two who ask the same wait for one hash. */
  const check = (pair: string, password: string, stored: string | undefined): Promise<boolean | undefined> => {
    const before = known.get(pair)
    if (before !== undefined && before.until > now()) return Promise.resolve(before.right)
    const running = asking.get(pair)
    if (running !== undefined) return running
    const asked = hashing
      .take(() => isPassword(password, stored))
      .then((right) => {
        if (right !== undefined) known.set(pair, { right, until: now() + PROOF_MS })
        return right
      })
      .finally(() => asking.delete(pair))
    asking.set(pair, asked)
    return asked
  }

  /** Whether the account's own password opens a program's port from here. */
  const mayUseOwn = (account: Account, ip: string): boolean => {
    const programs = programsOf(account.settings)
    return programs === 'any' || (programs === 'known-networks' && jail.hadGoodLogin(ip, account.name))
  }

  const refused = (why: 'barred' | 'try-later', user: string, peer: LoginPeer): LoginOutcome => {
    log.event('login-refused', { session: peer.session, ip: peer.ip, user, why })
    return { kind: why }
  }

  /** @param program whether a mail program logs in; at other doors the account's own password is the only one. */
  const admitted = (
    account: Account,
    guess: Guess,
    peer: LoginPeer,
    app: AppPassword | undefined,
    program: boolean,
  ): LoginOutcome => {
    if (account.state !== 'active') {
      guesses.untold(guess)
      log.event('login-refused', { session: peer.session, ip: peer.ip, user: guess.user, why: account.state })
      return { kind: 'frozen' }
    }
    if (app === undefined && program && !mayUseOwn(account, peer.ip)) {
      // The right password is no offence; what is said is what is said of a wrong one.
      guesses.untold(guess)
      log.event('login-refused', { session: peer.session, ip: peer.ip, user: guess.user, why: 'app-password-needed' })
      return { kind: 'bad-credentials' }
    }
    guesses.right(guess)
    log.event('login-good', { session: peer.session, ip: peer.ip, user: guess.user, app: app?.name })
    if (app !== undefined) deps.appPasswords?.used(account.id, app.id, peer.ip)
    return { kind: 'ok', account, ...(app === undefined ? {} : { key: app.id }) }
  }

  const failed = (guess: Guess, peer: LoginPeer): LoginOutcome => {
    log.event('login-failed', { session: peer.session, ip: peer.ip, user: guess.user })
    guesses.wrong(guess)
    return { kind: 'bad-credentials' }
  }

  /** The app password that it is, if it is one. */
  const appOf = async (
    account: Account | undefined,
    secret: Secret,
    service: LoginService | undefined,
  ): Promise<AppPassword | undefined> =>
    account === undefined || service === undefined || !('password' in secret)
      ? undefined
      : deps.appPasswords?.match(account.id, secret.password, service)

  const login: Logins['login'] = async (text, secret, peer, service) => {
    const user = accountName(text)
    if (jail.barred(peer.ip, 'login') !== undefined) return refused('barred', user, peer)
    const found = await store.account({ name: user })
    if (!found.ok && found.error !== 'no-such-account') return refused('try-later', user, peer)
    const account = found.ok ? found.value : undefined
    proofs += 1
    const pair = 'password' in secret ? pairOf(user, secret.password, account?.passwordHash ?? '') : `proof ${proofs}`
    const guess: Guess = { ip: peer.ip, user, pair }
    const turn = await guesses.enter(guess)
    if (turn !== 'go') return refused(turn, user, peer)
    const app = await appOf(account, secret, service)
    const right =
      'proven' in secret
        ? secret.proven
        : app !== undefined ||
          (isPossible(secret.password) && (await check(pair, secret.password, account?.passwordHash)))
    if (right === undefined) {
      guesses.untold(guess)
      return refused('try-later', user, peer)
    }
    return right && account !== undefined
      ? admitted(account, guess, peer, app, service !== undefined)
      : failed(guess, peer)
  }

  const scramKeys = async (text: string): Promise<ScramKeys> => {
    const user = accountName(text)
    const found = await store.account({ name: user })
    return (found.ok ? readScramKeys(found.value.passwordHash) : null) ?? decoyScramKeys(user, deps.secret)
  }

  return { login, scramKeys }
}
