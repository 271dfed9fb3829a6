/**
 * How TLS went, counted by day, domain and policy for the reports of RFC 8460 section 4: kept in memory and in memos (written behind), bounded in rows; and the
 * day's reports for the domains that ask for them (section 3). Sending them is src/post/reports/.
 */
import type { Resolve } from '../../base/dns.ts'
import type { Log } from '../../base/log.ts'
import type { Store } from '../../store/store.ts'
import {
  readTlsRptRecord,
  type TlsFailureCount,
  type TlsPolicyCount,
  type TlsReport,
  writeTlsReport,
} from '../../verify/tls-rpt.ts'
import { Recent } from '../recent.ts'
import { WriteBehind } from '../write-behind.ts'
import type { TlsOutcome } from './policy.ts'
import { readTlsCounts, writeTlsCounts } from './tls-memo.ts'

const SPACE = 'tls-counts'
const KEEP_MS = 4 * 86_400_000
const MOST_CACHED = 5000
const MOST_POLICIES = 32 // of one domain on one day
const MOST_FAILURES = 100 // rows of one policy; what comes over it goes into one row without addresses
const MOST_DOMAINS = 20_000 // of one day's reports
const LONGEST_REASON = 200
const ASKED_AT_ONCE = 16

/** Which policy a session was under. */
export type TlsUnder = Pick<TlsPolicyCount, 'kind' | 'lines' | 'mx'>

/** One report to send. */
type TlsReportFor = { readonly domain: string; readonly rua: readonly string[]; readonly json: string }

export type TlsCounts = {
  /** Counts one session, or one attempt that came to none. */
  readonly note: (domain: string, under: TlsUnder, outcome: TlsOutcome) => void
  /** @param day `2026-11-25`, UTC. @returns the reports of that day for the domains that want them. Asks DNS for each domain. */
  readonly reportsFor: (
    day: string,
    from: Pick<TlsReport, 'organization' | 'contact'>,
  ) => Promise<readonly TlsReportFor[]>
  readonly flushed: () => Promise<void>
}
export type CountDeps = {
  readonly resolve: Resolve
  readonly store: Pick<Store, 'remember' | 'recall' | 'forget'>
  readonly now: () => number
  readonly log: Log
}

const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, LONGEST_REASON)

const failureOf = (outcome: TlsOutcome): TlsFailureCount | undefined =>
  outcome.result === 'ok'
    ? undefined
    : {
        type: outcome.result,
        sendingIp: outcome.localIp ?? '',
        mx: outcome.mx,
        receivingIp: outcome.ip,
        reason: printable(outcome.detail ?? ''),
        sessions: 1,
      }

const alike = (one: TlsFailureCount, other: TlsFailureCount): boolean =>
  one.type === other.type &&
  one.mx === other.mx &&
  one.receivingIp === other.receivingIp &&
  one.sendingIp === other.sendingIp &&
  one.reason === other.reason

const addFailure = (rows: readonly TlsFailureCount[], failure: TlsFailureCount): readonly TlsFailureCount[] => {
  const row =
    rows.some((one) => alike(one, failure)) || rows.length < MOST_FAILURES
      ? failure
      : { type: failure.type, sendingIp: '', mx: '', receivingIp: '', reason: '', sessions: 1 }
  const at = rows.findIndex((one) => alike(one, row))
  if (at < 0) return [...rows, row]
  return rows.map((one, index) => (index === at ? { ...one, sessions: one.sessions + 1 } : one))
}

const samePolicy = (one: TlsUnder, other: TlsUnder): boolean =>
  one.kind === other.kind && one.lines.join('\n') === other.lines.join('\n')

/** @returns the counts with one session more. Pure. */
const counted = (
  policies: readonly TlsPolicyCount[],
  under: TlsUnder,
  outcome: TlsOutcome,
): readonly TlsPolicyCount[] => {
  const failure = failureOf(outcome)
  const add = (policy: TlsPolicyCount): TlsPolicyCount =>
    failure === undefined
      ? { ...policy, good: policy.good + 1 }
      : { ...policy, failures: addFailure(policy.failures, failure) }
  const at = policies.findIndex((policy) => samePolicy(policy, under))
  if (at >= 0) return policies.map((policy, index) => (index === at ? add(policy) : policy))
  const room = policies.length < MOST_POLICIES
  return room ? [...policies, add({ ...under, good: 0, failures: [] })] : policies
}

class Counts {
  readonly #deps: CountDeps
  readonly #known = new Recent<readonly TlsPolicyCount[]>(MOST_CACHED)
  readonly #memos: WriteBehind
  /** What came while the store was asked for a day that is not in memory. */
  readonly #loading = new Map<string, Promise<void>>()

  constructor(deps: CountDeps) {
    this.#deps = deps
    this.#memos = new WriteBehind(SPACE, deps.store, deps.log)
  }

  note(domain: string, under: TlsUnder, outcome: TlsOutcome): void {
    const now = this.#deps.now()
    const key = `${new Date(now).toISOString().slice(0, 10)} ${domain}`
    const add = (): void => {
      const policies = counted(this.#known.get(key) ?? [], under, outcome)
      this.#known.set(key, policies)
      this.#memos.put(key, writeTlsCounts(policies), now + KEEP_MS)
    }
    if (this.#known.get(key) !== undefined) {
      add()
      return
    }
    const loading = (this.#loading.get(key) ?? this.#load(key)).then(add)
    this.#loading.set(key, loading)
    void loading.finally(() => {
      if (this.#loading.get(key) === loading) this.#loading.delete(key)
    })
  }

  async #load(key: string): Promise<void> {
    const found = await this.#deps.store.recall({ space: SPACE, key, now: this.#deps.now() })
    const value = found.ok ? found.value[0]?.value : undefined
    if (this.#known.get(key) === undefined) this.#known.set(key, value === undefined ? [] : readTlsCounts(value))
  }

  async flushed(): Promise<void> {
    while (this.#loading.size > 0) await Promise.all(this.#loading.values())
    await this.#memos.flushed()
  }

  async reportsFor(day: string, from: Pick<TlsReport, 'organization' | 'contact'>): Promise<readonly TlsReportFor[]> {
    await this.flushed()
    const { store, now } = this.#deps
    const found = await store.recall({ space: SPACE, startsWith: `${day} `, now: now() })
    if (!found.ok) return []
    const reports: TlsReportFor[] = []
    const waiting = found.value.slice(0, MOST_DOMAINS)
    while (waiting.length > 0) {
      const some = waiting.splice(0, ASKED_AT_ONCE)
      const made = await Promise.all(
        some.map(({ key, value }) => this.#report(key.slice(day.length + 1), day, value, from)),
      )
      reports.push(...made.filter((one) => one !== undefined))
    }
    return reports
  }

  async #report(
    domain: string,
    day: string,
    value: Uint8Array,
    from: Pick<TlsReport, 'organization' | 'contact'>,
  ): Promise<TlsReportFor | undefined> {
    const policies = readTlsCounts(value)
    const answer = policies.length === 0 ? undefined : await this.#deps.resolve(`_smtp._tls.${domain}`, 'TXT')
    const rua = answer?.kind === 'found' ? readTlsRptRecord(answer.records) : []
    if (rua.length === 0) return undefined
    const id = `${day}-${domain}-${from.contact.split('@').at(-1) ?? ''}`
    return { domain, rua, json: writeTlsReport({ ...from, id, domain, day, policies }) }
  }
}

/** @returns the counts over a store. */
export const openTlsCounts = (deps: CountDeps): TlsCounts => {
  const counts = new Counts(deps)
  return {
    note: (domain, under, outcome) => counts.note(domain, under, outcome),
    reportsFor: (day, from) => counts.reportsFor(day, from),
    flushed: () => counts.flushed(),
  }
}
