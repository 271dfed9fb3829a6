/**
 * The signing keys of the domains that are served: made when they are missing, looked for in DNS, rotated (verify/dkim-rotation.ts says when), and kept in
 * memos. Making a key, DNS, the owner's publishing command, the clock and the store are parameters; one change at a time.
 *
 * What a store or DNS refuses changes nothing: the keys stay as they were, and are tended again.
 */
import { createPublicKey } from 'node:crypto'
import type { Resolve } from '../base/dns.ts'
import type { Log } from '../base/log.ts'
import { fail, ok, type Result } from '../base/result.ts'
import type { Store, StoreFault } from '../store/store.ts'
import {
  acted,
  isSigning,
  type KeyAlgorithm,
  keyAlgorithms,
  keyRecord,
  newSelector,
  observe,
  REVOKED_RECORD,
  type RotationAction,
  type RotationRules,
  recordState,
  rotation,
} from '../verify/dkim-rotation.ts'
import { isDomain, toAscii } from '../verify/lookup.ts'
import { readSigningKey, type SigningKey } from '../verify/signing-key.ts'
import { type KeptKey, keyMemoName, readKeyMemo, SIGNING_SPACE, writeKeyMemo } from './signing-memo.ts'

const MOST_ROUNDS = 8 // of actions at one go: a key passes through all its states in fewer
const MOST_KEYS = 40 // of one domain, those that are on their way out too
const PUBLISH_AGAIN_MS = 3_600_000
const REMIND_MS = 86_400_000

/** One TXT record, put into the DNS or taken out by the owner's command. @returns whether it was done. Never rejects. */
export type Publish = (what: {
  readonly act: 'add' | 'remove'
  readonly name: string
  readonly value: string
}) => Promise<boolean>

export type SigningKeysDeps = {
  readonly store: Pick<Store, 'domains' | 'remember' | 'recall' | 'forget'>
  /** A fresh private key, PKCS#8 as PEM. */
  readonly makeKey: (algorithm: KeyAlgorithm) => Promise<string>
  readonly resolve: Resolve
  /** undefined: the owner edits the DNS by hand. */
  readonly publish: () => Publish | undefined
  readonly rules: () => RotationRules
  readonly now: () => number
  readonly log: Log
}

/** A key's record as the owner should have it in the DNS, and what there is to do for that. */
export type KeyRecord = {
  readonly domain: string
  readonly selector: string
  readonly algorithm: KeyAlgorithm
  readonly state: KeptKey['state']
  readonly since: number
  readonly signs: boolean
  /** `SELECTOR._domainkey.DOMAIN`. */
  readonly name: string
  readonly value: string
  readonly todo: 'add' | 'replace' | 'remove' | 'nothing'
}
export type KeysFault = StoreFault | 'key-unreadable' | 'key-kind' | 'key-too-weak' | 'bad-selector'

const nameOf = ({ selector, domain }: KeptKey): string => `${selector}._domainkey.${domain}`
const isOver = ({ state }: KeptKey): boolean => state === 'revoked' || state === 'gone'
const recordOf = (key: KeptKey): string => (isOver(key) ? REVOKED_RECORD : keyRecord(key.publicKey))

const todoOf = (key: KeptKey): KeyRecord['todo'] => {
  if (key.state === 'gone') return 'remove'
  if (key.seenSince !== null) return 'nothing'
  return key.state === 'revoked' ? 'replace' : 'add'
}

/** The oldest first; of one age RSA, which every verifier knows. */
const byAge = (a: KeptKey, b: KeptKey): number =>
  a.createdAt - b.createdAt || keyAlgorithms.indexOf(a.algorithm) - keyAlgorithms.indexOf(b.algorithm)

/** Its private half is destroyed with the right to sign. */
const withoutSecret = (key: KeptKey): KeptKey => (isOver(key) ? { ...key, signing: undefined } : key)

export class SigningKeys {
  readonly #deps: SigningKeysDeps
  #keys: ReadonlyMap<string, readonly KeptKey[]> = new Map()
  #served: ReadonlySet<string> = new Set()
  #busy: Promise<unknown> = Promise.resolve()
  /** When a record was last published or asked for, by its name. */
  readonly #asked = new Map<string, number>()

  constructor(deps: SigningKeysDeps) {
    this.#deps = deps
  }

  /** Reads what is kept. */
  load(): Promise<Result<null, StoreFault>> {
    return this.#alone(async () => {
      const { store, now } = this.#deps
      const memos = await store.recall({ space: SIGNING_SPACE, now: now() })
      if (!memos.ok) return memos
      const keys = memos.value.flatMap(({ value }) => readKeyMemo(value) ?? []).toSorted(byAge)
      this.#keys = Map.groupBy(keys, ({ domain }) => domain)
      return this.#readServed()
    })
  }

  /** @returns the keys that sign for mail from `domain`: its own, or those of the nearest domain above it that is served here. */
  signers(domain: string): readonly (KeptKey & { readonly signing: SigningKey })[] {
    const now = this.#deps.now()
    const rules = this.#deps.rules()
    for (let name = toAscii(domain); name.includes('.'); name = name.slice(name.indexOf('.') + 1)) {
      if (!this.#served.has(name)) continue
      const found = this.#of(name).flatMap((key) =>
        key.signing !== undefined && isSigning(key, now, rules) ? [{ ...key, signing: key.signing }] : [],
      )
      if (found.length > 0) return found
    }
    return []
  }

  /** @param domain one, or all that have keys. @returns what should stand in the DNS, key by key. */
  records(domain?: string): readonly KeyRecord[] {
    const now = this.#deps.now()
    const rules = this.#deps.rules()
    const all = domain === undefined ? [...this.#keys.values()].flat() : this.#of(toAscii(domain))
    return all.map((key) => ({
      ...{ domain: key.domain, selector: key.selector, algorithm: key.algorithm, state: key.state, since: key.since },
      signs: isSigning(key, now, rules),
      name: nameOf(key),
      value: recordOf(key),
      todo: todoOf(key),
    }))
  }

  /** Looks at every domain: makes what is missing, looks for records, rotates, publishes, reminds. */
  tend(): Promise<Result<null, StoreFault>> {
    return this.#alone(async () => {
      const read = await this.#readServed()
      if (!read.ok) return read
      for (const domain of this.#served) {
        const tended = await this.#tend(domain)
        if (!tended.ok) return tended
      }
      return ok(null)
    })
  }

  /** As `tend`, for one domain: a new one has its keys when this resolves. */
  tendOne(name: string): Promise<Result<null, StoreFault>> {
    return this.#alone(async () => {
      const domain = toAscii(name)
      const read = await this.#readServed()
      if (!read.ok) return read
      return this.#served.has(domain) ? this.#tend(domain) : fail('no-such-domain')
    })
  }

  /** Successors for the keys of `domain`. @param urgent the old ones may be in wrong hands: they are revoked as soon as the new ones sign. */
  rotate(name: string, urgent: boolean): Promise<Result<null, StoreFault>> {
    return this.#alone(async () => {
      const domain = toAscii(name)
      if (!this.#served.has(domain)) return fail('no-such-domain')
      const { now } = this.#deps
      let keys = this.#of(domain).map((key) => (key.state === 'next' && urgent ? { ...key, urgent } : key))
      for (const algorithm of keyAlgorithms) {
        if (keys.some((key) => key.state === 'next' && key.algorithm === algorithm)) continue
        const made = await this.#make(domain, algorithm, keys, urgent)
        if (!made.ok) return made
        keys = [...keys, made.value]
      }
      const kept = await this.#keep(domain, keys)
      if (kept.ok) this.#deps.log.event('dkim-rotating', { domain, urgent, at: new Date(now()).toISOString() })
      return kept.ok ? this.#tend(domain) : kept
    })
  }

  /** Takes a key from elsewhere. @param pem a private key. It signs once its record is seen, as every other. */
  take(name: string, selector: string, pem: string): Promise<Result<null, KeysFault>> {
    return this.#alone(async (): Promise<Result<null, KeysFault>> => {
      const domain = toAscii(name)
      if (!this.#served.has(domain)) return fail('no-such-domain')
      if (!/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(selector) || !isDomain(`${selector}._domainkey.${domain}`))
        return fail('bad-selector')
      const read = readSigningKey(pem)
      if (!read.ok) return read
      const { algorithm } = read.value
      const before = this.#of(domain)
      if (before.some((key) => key.selector === selector)) return fail('already-exists')
      // A key of ours that nobody has published yet is not needed any longer.
      const keys = before.filter(
        (key) => !(key.state === 'next' && key.algorithm === algorithm && key.seenSince === null),
      )
      const kept = await this.#keep(domain, [...keys, this.#fresh(domain, selector, read.value, false)])
      return kept.ok ? this.#tend(domain) : kept
    })
  }

  #of(domain: string): readonly KeptKey[] {
    return this.#keys.get(domain) ?? []
  }

  /** One change after the other. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#busy.then(work)
    this.#busy = done.catch(() => undefined)
    return done
  }

  async #readServed(): Promise<Result<null, StoreFault>> {
    const domains = await this.#deps.store.domains()
    if (domains.ok) this.#served = new Set(domains.value.map(({ name }) => toAscii(name)))
    return domains.ok ? ok(null) : domains
  }

  #fresh(domain: string, selector: string, signing: SigningKey, urgent: boolean): KeptKey {
    const now = this.#deps.now()
    const { algorithm } = signing
    const times = { since: now, createdAt: now, seenSince: null, missingSince: null }
    const publicKey = createPublicKey(signing.key)
    return { domain, selector, algorithm, state: 'next', ...times, urgent, publicKey, signing }
  }

  async #make(
    domain: string,
    algorithm: KeyAlgorithm,
    beside: readonly KeptKey[],
    urgent: boolean,
  ): Promise<Result<KeptKey, StoreFault>> {
    if (beside.length >= MOST_KEYS) return fail('too-many')
    const selector = newSelector(algorithm, this.#deps.now(), new Set(beside.map((key) => key.selector)))
    const read = readSigningKey(await this.#deps.makeKey(algorithm))
    if (!read.ok) throw new Error('a key that was made here cannot be read')
    return ok(this.#fresh(domain, selector, read.value, urgent))
  }

  /** The keys of a domain from now on: first on the disk, then in memory. */
  async #keep(domain: string, keys: readonly KeptKey[]): Promise<Result<null, StoreFault>> {
    const { store } = this.#deps
    const before = new Map(this.#of(domain).map((key) => [key.selector, key]))
    const changed = keys.filter((key) => before.get(key.selector) !== key)
    const names = new Set(keys.map(keyMemoName))
    const gone = this.#of(domain)
      .map(keyMemoName)
      .filter((name) => !names.has(name))
    if (changed.length > 0) {
      const memos = changed.map((key) => ({ key: keyMemoName(key), value: writeKeyMemo(key), expiresAt: null }))
      const put = await store.remember({ space: SIGNING_SPACE, memos })
      if (!put.ok) return put
    }
    if (gone.length > 0) {
      const forgotten = await store.forget({ space: SIGNING_SPACE, keys: gone })
      if (!forgotten.ok) return forgotten
    }
    this.#keys = new Map([...this.#keys, [domain, keys]])
    for (const key of changed) this.#tell(key, before.get(key.selector))
    return ok(null)
  }

  #tell(key: KeptKey, before: KeptKey | undefined): void {
    if (before?.state === key.state) return
    const { domain, selector, algorithm, state } = key
    this.#deps.log.event('dkim-key', { domain, selector, algorithm, state })
  }

  async #tend(domain: string): Promise<Result<null, StoreFault>> {
    const looked = await this.#look(domain)
    if (!looked.ok) return looked
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const actions = rotation(this.#of(domain), this.#deps.now(), this.#deps.rules())
      if (actions.length === 0) break
      const done = await this.#act(domain, actions)
      if (!done.ok) return done
    }
    for (const key of this.#of(domain)) await this.#publish(key)
    return ok(null)
  }

  async #look(domain: string): Promise<Result<null, StoreFault>> {
    const { resolve, now } = this.#deps
    const seen = await Promise.all(
      this.#of(domain).map(async (key): Promise<KeptKey> => {
        const state = recordState(await resolve(nameOf(key), 'TXT'), isOver(key) ? undefined : key.publicKey)
        const after = observe(key, state, now())
        return after.seenSince === key.seenSince && after.missingSince === key.missingSince ? key : { ...key, ...after }
      }),
    )
    return this.#keep(domain, seen)
  }

  async #act(domain: string, actions: readonly RotationAction[]): Promise<Result<null, StoreFault>> {
    let keys = this.#of(domain)
    for (const action of actions) {
      if (action.kind === 'make') {
        const made = await this.#make(domain, action.algorithm, keys, false)
        if (!made.ok) return made
        keys = [...keys, made.value]
        continue
      }
      const after = new Map(acted(keys, action, this.#deps.now()).map((key) => [key.selector, key]))
      keys = keys.flatMap((key) => {
        const now = after.get(key.selector)
        if (now === undefined) return []
        return now === key ? [key] : [withoutSecret({ ...key, ...now })]
      })
    }
    return this.#keep(domain, keys)
  }

  /** Asks for what is missing in the DNS: the owner's command if there is one, else the owner. Not oftener than needed. */
  async #publish(key: KeptKey): Promise<void> {
    const todo = todoOf(key)
    // A record that is to be removed is known to be there only when it was seen.
    const wanted = todo === 'remove' ? key.seenSince !== null : todo !== 'nothing'
    if (!wanted) return
    const { now, log } = this.#deps
    const publish = this.#deps.publish()
    const name = nameOf(key)
    const asked = this.#asked.get(`${key.state} ${name}`)
    if (asked !== undefined && now() - asked < (publish === undefined ? REMIND_MS : PUBLISH_AGAIN_MS)) return
    this.#asked.set(`${key.state} ${name}`, now())
    if (publish === undefined) {
      log.event('dkim-record-wanted', { domain: key.domain, name, todo })
      return
    }
    if (todo === 'replace') await publish({ act: 'remove', name, value: keyRecord(key.publicKey) })
    const done = await publish({ act: todo === 'remove' ? 'remove' : 'add', name, value: recordOf(key) })
    log.event(done ? 'dkim-published' : 'dkim-publish-failed', { domain: key.domain, name, todo })
  }
}
