/**
 * The MTA-STS policies of other domains: found by their TXT record, fetched over HTTPS through a port, remembered in memos so that a restart forgets nothing,
 * refreshed daily. RFC 8461 sections 3.3, 5.1 and 10.2. A policy that cannot be fetched changes nothing while the old one is valid.
 */
import type { Resolve } from '../../base/dns.ts'
import type { Log } from '../../base/log.ts'
import type { Result } from '../../base/result.ts'
import type { TlsFailure } from '../../base/tls.ts'
import type { Store } from '../../store/store.ts'
import { readStsPolicy, readStsRecord, type StsPolicy, writeStsPolicy } from '../../verify/mta-sts.ts'
import { noSts, type StsMemory, stsEnd, stsFetch, stsFetched, stsInForce } from '../../verify/mta-sts-cache.ts'
import { Recent } from '../recent.ts'
import { Turns } from '../turns.ts'
import { WriteBehind } from '../write-behind.ts'

const SPACE = 'mta-sts'
const MOST_CACHED = 10_000
const FETCHES_AT_ONCE = 16
const MOST_WAITING = 1000
/** At each refresh; the rest is refreshed when mail goes there. */
const MOST_REFRESHED = 2000

export type FetchFault = {
  readonly failure: 'sts-policy-fetch-error' | 'sts-webpki-invalid'
  readonly detail: string
}
export type StsDeps = {
  readonly resolve: Resolve
  /** The body of the policy at `mta-sts.DOMAIN`, bounded in time and size, no redirect followed. Never rejects. */
  readonly fetchPolicy: (domain: string) => Promise<Result<string, FetchFault>>
  readonly store: Pick<Store, 'remember' | 'recall' | 'forget'>
  readonly now: () => number
  readonly log: Log
  /** A fetch failed, for the report. */
  readonly failed: (domain: string, failure: TlsFailure, detail: string) => void
}

export type StsPolicies = {
  /** @returns the policy in force, or undefined. Waits for a fetch only where there is none yet, or the domain says that it has changed. Never rejects. */
  readonly forDomain: (domain: string) => Promise<StsPolicy | undefined>
  /** Asks every domain whose policy is remembered whether it has changed, and fetches what is a day old. */
  readonly refresh: () => Promise<void>
  /** Resolves when no fetch is under way; that may take as long as a fetch may. */
  readonly settled: () => Promise<void>
  /** Resolves when what is known is written; a fetch under way is not waited for. */
  readonly flushed: () => Promise<void>
}

/** @returns the memo's octets: `ID FETCHED-AT` and the policy. */
export const writeStsMemory = (id: string, fetchedAt: number, policy: StsPolicy): Uint8Array =>
  Buffer.from(`${id} ${fetchedAt}\r\n${writeStsPolicy(policy)}`)

/** @returns what the octets hold, or undefined where they are damaged: then the policy is fetched again. */
export const readStsMemory = (bytes: Uint8Array): StsMemory | undefined => {
  const [, id = '', at = '', text = ''] =
    /^([A-Za-z0-9]{1,32}) (\d{1,15})\r\n([\s\S]*)$/.exec(Buffer.from(bytes).toString()) ?? []
  const policy = readStsPolicy(text)
  const fetchedAt = Number(at)
  return policy.ok ? { policy: policy.value, id, fetchedAt, triedAt: fetchedAt } : undefined
}

class Policies {
  readonly #deps: StsDeps
  readonly #known = new Recent<StsMemory>(MOST_CACHED)
  readonly #memos: WriteBehind
  readonly #fetching = new Map<string, Promise<StsMemory>>()
  readonly #turns = new Turns(FETCHES_AT_ONCE, MOST_WAITING)

  constructor(deps: StsDeps) {
    this.#deps = deps
    this.#memos = new WriteBehind(SPACE, deps.store, deps.log)
  }

  async forDomain(domain: string): Promise<StsPolicy | undefined> {
    const { now } = this.#deps
    const [memory, id] = await Promise.all([this.#memoryOf(domain), this.#idOf(domain)])
    const step = stsFetch(memory, id, now())
    if (step === 'no' || id === undefined) return stsInForce(memory, now())
    const fetched = this.#fetch(domain, memory, id)
    return stsInForce(step === 'now' ? await fetched : memory, now())
  }

  async refresh(): Promise<void> {
    const { store, now } = this.#deps
    const found = await store.recall({ space: SPACE, now: now() })
    if (!found.ok) return
    for (const { key } of found.value.slice(0, MOST_REFRESHED)) {
      await this.forDomain(key)
      await this.#fetching.get(key)
    }
  }

  async settled(): Promise<void> {
    await Promise.all(this.#fetching.values())
  }

  flushed(): Promise<void> {
    return this.#memos.flushed()
  }

  async #memoryOf(domain: string): Promise<StsMemory> {
    const cached = this.#known.get(domain)
    if (cached !== undefined) return cached
    const found = await this.#deps.store.recall({ space: SPACE, key: domain, now: this.#deps.now() })
    const value = found.ok ? found.value[0]?.value : undefined
    const memory = (value === undefined ? undefined : readStsMemory(value)) ?? noSts
    const meanwhile = this.#known.get(domain)
    if (meanwhile === undefined && found.ok) this.#known.set(domain, memory)
    return meanwhile ?? memory
  }

  /** @returns the id of the domain's record; undefined where it has none that can be read, or there is no answer. */
  async #idOf(domain: string): Promise<string | undefined> {
    const answer = await this.#deps.resolve(`_mta-sts.${domain}`, 'TXT')
    const id = answer.kind === 'found' ? readStsRecord(answer.records) : undefined
    return id?.ok === true ? id.value : undefined
  }

  /** One fetch of a domain at a time. */
  async #fetch(domain: string, memory: StsMemory, id: string): Promise<StsMemory> {
    const under = this.#fetching.get(domain)
    if (under !== undefined) return under
    const fetching = this.#fetchNow(domain, memory, id).finally(() => this.#fetching.delete(domain))
    this.#fetching.set(domain, fetching)
    return fetching
  }

  async #fetchNow(domain: string, memory: StsMemory, id: string): Promise<StsMemory> {
    const { log, now, failed } = this.#deps
    const body = await this.#turns.take(() => this.#deps.fetchPolicy(domain))
    if (body === undefined) return memory // too many wait: the next message asks again
    const policy = body.ok ? readStsPolicy(body.value) : undefined
    const known = stsFetched(memory, id, policy?.ok === true ? policy.value : undefined, now())
    this.#known.set(domain, known)
    if (policy?.ok === true) {
      this.#memos.put(domain, writeStsMemory(id, known.fetchedAt, policy.value), stsEnd(known))
      log.event('sts-policy-fetched', { domain, mode: policy.value.mode, maxAge: policy.value.maxAge })
      return known
    }
    const failure = body.ok ? 'sts-policy-invalid' : body.error.failure
    const detail = body.ok ? (policy?.ok === false ? policy.error : '') : body.error.detail
    failed(domain, failure, detail)
    log.event('sts-policy-failed', { domain, failure, why: detail, old: stsInForce(known, now())?.mode ?? 'none' })
    return known
  }
}

/** @returns the policies of other domains. */
export const openStsPolicies = (deps: StsDeps): StsPolicies => {
  const policies = new Policies(deps)
  return {
    forDomain: (domain) => policies.forDomain(domain),
    refresh: () => policies.refresh(),
    settled: () => policies.settled(),
    flushed: () => policies.flushed(),
  }
}
