/**
 * App passwords: one for each program or device of an account, named, for some services or all, and revoked by name without touching the others. Store, random
 * octets and clock are parameters. docs/decisions/0072.
 *
 * They are made here, never chosen: LENGTH of 31 letters and digits, over 99 bits. Nobody can try that many, so a fast hash with a salt (HMAC-SHA-256) keeps
 * them as well as argon2id keeps what people choose, and a mail program that logs in every minute costs microseconds. A name has at most MOST of them. When
 * and from where each was used last is kept apart, so that what is written behind can bring no revoked one back.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { AccountId } from '../base/ids.ts'
import type { Log } from '../base/log.ts'
import { fail, ok, type Result } from '../base/result.ts'
import type { Memo, Store, StoreFault } from '../store/store.ts'
import { Recent } from './recent.ts'
import { WriteBehind } from './write-behind.ts'

/** What a program logs in to. */
export type LoginService = 'imap' | 'pop3' | 'submission'
export type AppScope = LoginService | 'all'
export const appScopes = ['imap', 'pop3', 'submission', 'all'] as const satisfies readonly AppScope[]

export type AppPassword = {
  /** Eight hex digits. */
  readonly id: string
  readonly name: string
  readonly scopes: readonly AppScope[]
  readonly createdAt: number
  /** When and from where it was used last, to the hour; undefined before the first time. */
  readonly used: { readonly at: number; readonly ip: string } | undefined
}

export type AppPasswordFault = StoreFault | 'no-name' | 'name-taken' | 'too-many-app-passwords' | 'no-such-app-password'

/** For the person at the command line. */
export const appPasswordWords = {
  'no-name': 'Give it a name of 1 to 60 characters, as in "phone"',
  'name-taken': 'There is one of that name: revoke it, or choose another name',
  'too-many-app-passwords': 'An account has at most 50 app passwords: revoke one',
  'no-such-app-password': 'There is no app password of that name',
} as const satisfies Readonly<Record<Exclude<AppPasswordFault, StoreFault>, string>>

export type AppPasswords = {
  /** @returns the password, which is shown this once. */
  readonly add: (a: {
    readonly account: AccountId
    readonly name: string
    readonly scopes: readonly AppScope[]
  }) => Promise<Result<{ readonly made: AppPassword; readonly password: string }, AppPasswordFault>>
  readonly list: (account: AccountId) => Promise<Result<readonly AppPassword[], StoreFault>>
  /** @param which a name or an id. */
  readonly revoke: (account: AccountId, which: string) => Promise<Result<AppPassword, AppPasswordFault>>
  /** All of an account's. @returns how many. */
  readonly revokeAll: (account: AccountId) => Promise<Result<number, StoreFault>>
  /** @returns the one that `password` is and that opens `service`; undefined where there is none, or the store does not answer. */
  readonly match: (account: AccountId, password: string, service: LoginService) => Promise<AppPassword | undefined>
  /** It opened the account just now. */
  readonly used: (account: AccountId, id: string, ip: string) => void
  /** Resolves when everything so far is written. */
  readonly flushed: () => Promise<void>
}

export type AppPasswordsDeps = {
  readonly store: Pick<Store, 'remember' | 'recall' | 'forget'>
  readonly now: () => number
  /** That many fresh random octets. */
  readonly fresh: (octets: number) => Uint8Array
  readonly log: Log
}

const SPACE = 'app-passwords'
const USES = 'app-password-uses'
const MOST = 50
const MOST_NAME = 60
const MOST_CACHED = 2_000 // accounts
const USED_MS = 3_600_000
const KEEP_USES_MS = 400 * 86_400_000
const SALT_OCTETS = 16
const ID_OCTETS = 4
const DIGEST_OCTETS = 32

// Without letters and digits that look alike: it is typed from a screen into a phone.
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789'
const GROUP = 5
const LENGTH = 20

/** @returns LENGTH letters, each as likely as any other: octets beyond the last whole multiple are thrown away. */
const newSecret = (fresh: AppPasswordsDeps['fresh']): string => {
  let text = ''
  while (text.length < LENGTH)
    for (const octet of fresh(2 * LENGTH))
      if (octet < 256 - (256 % LETTERS.length)) text += LETTERS[octet % LETTERS.length] ?? ''
  return text.slice(0, LENGTH)
}

const inGroups = (secret: string): string => secret.replaceAll(new RegExp(`.{${GROUP}}(?!$)`, 'g'), '$&-')

/** @returns what was typed as it was made, where it can be one at all: in any case, with or without its dashes. */
const readTyped = (text: string): string | undefined => {
  const typed = text.toLowerCase().replaceAll(/[\s-]/g, '')
  return typed.length === LENGTH && [...typed].every((letter) => LETTERS.includes(letter)) ? typed : undefined
}

type Kept = Omit<AppPassword, 'used'> & { readonly salt: string; readonly digest: string }

const digestOf = (secret: string, salt: string): Buffer =>
  createHmac('sha256', Buffer.from(salt, 'base64url')).update(secret).digest()

const isScope = (value: unknown): value is AppScope => appScopes.some((scope) => scope === value)

const parsed = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
const recordOf = (bytes: Uint8Array): Readonly<Record<string, unknown>> => {
  const value = parsed(bytes)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** A memo that cannot be read opens nothing, and can be revoked all the same. */
const readKept = ({ key, value }: Memo): Kept => {
  const { name, scopes, createdAt, salt, digest } = recordOf(value)
  return {
    id: key.slice(key.indexOf(' ') + 1),
    name: typeof name === 'string' ? name : '?',
    scopes: Array.isArray(scopes) ? scopes.filter(isScope) : [],
    createdAt: typeof createdAt === 'number' ? createdAt : 0,
    salt: typeof salt === 'string' ? salt : '',
    digest: typeof digest === 'string' ? digest : '',
  }
}
const readUse = (memo: Memo | undefined): AppPassword['used'] => {
  const { at, ip } = memo === undefined ? {} : recordOf(memo.value)
  return typeof at === 'number' && typeof ip === 'string' ? { at, ip } : undefined
}

const isSecret = (secret: string, { salt, digest }: Kept): boolean => {
  const kept = Buffer.from(digest, 'base64url')
  return kept.length === DIGEST_OCTETS && timingSafeEqual(digestOf(secret, salt), kept)
}

const told = ({ id, name, scopes, createdAt }: Kept, used: AppPassword['used']): AppPassword => ({
  id,
  name,
  scopes,
  createdAt,
  used,
})
const keyOf = (account: AccountId, id: string): string => `${account} ${id}`

class Keyring {
  readonly #deps: AppPasswordsDeps
  readonly #kept = new Recent<readonly Kept[]>(MOST_CACHED)
  readonly #lastUsed = new Recent<{ readonly at: number; readonly ip: string }>(MOST_CACHED)
  readonly #uses: WriteBehind
  /** One change of an account's keys at a time. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(deps: AppPasswordsDeps) {
    this.#deps = deps
    this.#uses = new WriteBehind(USES, deps.store, deps.log)
  }

  add(a: Parameters<AppPasswords['add']>[0]): ReturnType<AppPasswords['add']> {
    return this.#inTurn(() => this.#add(a))
  }

  revoke(account: AccountId, which: string): ReturnType<AppPasswords['revoke']> {
    return this.#inTurn(async () => {
      const keys = await this.#keysOf(account)
      if (!keys.ok) return keys
      const name = which.trim().toLowerCase()
      const found = keys.value.find((key) => key.id === name || key.name.toLowerCase() === name)
      if (found === undefined) return fail('no-such-app-password')
      const gone = await this.#forget(account, [found])
      return gone.ok ? ok(told(found, undefined)) : gone
    })
  }

  revokeAll(account: AccountId): ReturnType<AppPasswords['revokeAll']> {
    return this.#inTurn(async () => {
      const keys = await this.#keysOf(account)
      if (!keys.ok) return keys
      const gone = await this.#forget(account, keys.value)
      return gone.ok ? ok(keys.value.length) : gone
    })
  }

  async list(account: AccountId): ReturnType<AppPasswords['list']> {
    const { store, now } = this.#deps
    await this.#uses.flushed()
    const [keys, uses] = await Promise.all([
      this.#keysOf(account),
      store.recall({ space: USES, startsWith: keyOf(account, ''), now: now() }),
    ])
    if (!keys.ok) return keys
    if (!uses.ok) return uses
    return ok(keys.value.map((one) => told(one, readUse(uses.value.find(({ key }) => key === keyOf(account, one.id))))))
  }

  async match(account: AccountId, password: string, service: LoginService): Promise<AppPassword | undefined> {
    const secret = readTyped(password)
    const keys = secret === undefined ? undefined : await this.#keysOf(account)
    if (secret === undefined || keys?.ok !== true) return undefined
    const found = keys.value.find((key) => isSecret(secret, key))
    const opens = found?.scopes.some((scope) => scope === 'all' || scope === service) === true
    return found !== undefined && opens ? told(found, undefined) : undefined
  }

  used(account: AccountId, id: string, ip: string): void {
    const now = this.#deps.now()
    const key = keyOf(account, id)
    const last = this.#lastUsed.get(key)
    if (last !== undefined && last.ip === ip && now - last.at < USED_MS && now >= last.at) return
    this.#lastUsed.set(key, { at: now, ip })
    this.#uses.put(key, Buffer.from(JSON.stringify({ at: now, ip })), now + KEEP_USES_MS)
  }

  flushed(): Promise<void> {
    return this.#uses.flushed()
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.then(
      () => undefined,
      () => undefined, // whoever asked hears of it
    )
    return done
  }

  async #keysOf(account: AccountId): Promise<Result<readonly Kept[], StoreFault>> {
    const cached = this.#kept.get(`${account}`)
    if (cached !== undefined) return ok(cached)
    const { store, now } = this.#deps
    const found = await store.recall({ space: SPACE, startsWith: keyOf(account, ''), now: now() })
    if (!found.ok) return found
    // One that was added or revoked while the store was asked has the word.
    const kept = this.#kept.get(`${account}`) ?? found.value.map(readKept)
    this.#kept.set(`${account}`, kept)
    return ok(kept)
  }

  async #add({ account, name: text, scopes }: Parameters<AppPasswords['add']>[0]): ReturnType<AppPasswords['add']> {
    const { store, now, fresh } = this.#deps
    const name = text.trim().normalize('NFC')
    if (name === '' || [...name].length > MOST_NAME || /\p{Cc}/u.test(name)) return fail('no-name')
    const keys = await this.#keysOf(account)
    if (!keys.ok) return keys
    if (keys.value.length >= MOST) return fail('too-many-app-passwords')
    if (keys.value.some((key) => key.name.toLowerCase() === name.toLowerCase())) return fail('name-taken')
    const secret = newSecret(fresh)
    const salt = Buffer.from(fresh(SALT_OCTETS)).toString('base64url')
    const kept: Kept = {
      id: Buffer.from(fresh(ID_OCTETS)).toString('hex'),
      name,
      scopes: [...new Set(scopes)],
      createdAt: now(),
      salt,
      digest: digestOf(secret, salt).toString('base64url'),
    }
    const { id, ...value } = kept
    const memo = { key: keyOf(account, id), value: Buffer.from(JSON.stringify(value)), expiresAt: null }
    const put = await store.remember({ space: SPACE, memos: [memo] })
    if (!put.ok) return put
    this.#kept.set(`${account}`, [...keys.value, kept])
    return ok({ made: told(kept, undefined), password: inGroups(secret) })
  }

  async #forget(account: AccountId, keys: readonly Kept[]): Promise<Result<null, StoreFault>> {
    if (keys.length === 0) return ok(null)
    const gone = await this.#deps.store.forget({ space: SPACE, keys: keys.map(({ id }) => keyOf(account, id)) })
    if (!gone.ok) return gone
    const left = (this.#kept.get(`${account}`) ?? []).filter((key) => !keys.some(({ id }) => id === key.id))
    this.#kept.set(`${account}`, left)
    for (const { id } of keys) this.#uses.drop(keyOf(account, id))
    return ok(null)
  }
}

/** @returns the app passwords of all accounts. */
export const openAppPasswords = (deps: AppPasswordsDeps): AppPasswords => {
  const keyring = new Keyring(deps)
  return {
    add: (a) => keyring.add(a),
    list: (account) => keyring.list(account),
    revoke: (account, which) => keyring.revoke(account, which),
    revokeAll: (account) => keyring.revokeAll(account),
    match: (account, password, service) => keyring.match(account, password, service),
    used: (account, id, ip) => keyring.used(account, id, ip),
    flushed: () => keyring.flushed(),
  }
}
