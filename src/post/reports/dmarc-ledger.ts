/**
 * The durable counters of the aggregate reports: rows by day and policy domain, in memory and, written behind, in memos. A row that a crash takes is one
 * message fewer in a report. Bounded by day, by domain and in all: beyond, rows lose what makes them different, and then are not counted. Clock and store are
 * parameters.
 */
import { createHash } from 'node:crypto'
import type { Log } from '../../base/log.ts'
import { ok, type Result } from '../../base/result.ts'
import type { Store, StoreFault } from '../../store/store.ts'
import { WriteBehind } from '../write-behind.ts'
import { type CountedRow, type DmarcRow, plainRow, readRow, writeRow } from './dmarc-row.ts'

const SPACE = 'dmarc-rows'
const DAY = 86_400_000
const KEEP_MS = 4 * DAY
const MOST_ROWS = 20_000 // in all
const MOST_DETAILED = 500 // of one domain and day; then `plainRow`
const MOST_OF_DOMAIN = 1_000

/** `2026-11-25`, UTC. */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)
/** @returns when the day begins. */
export const dayStart = (day: string): number => Date.parse(`${day}T00:00:00Z`)

export type DomainDay = { readonly day: string; readonly domain: string }

const groupName = ({ day, domain }: DomainDay): string => `${day} ${domain}`
const hashOf = (row: DmarcRow): string => createHash('sha256').update(JSON.stringify(row)).digest('hex').slice(0, 24)

export type LedgerDeps = {
  readonly store: Pick<Store, 'remember' | 'recall' | 'forget'>
  readonly now: () => number
  readonly log: Log
}

export class DmarcLedger {
  readonly #deps: LedgerDeps
  readonly #memos: WriteBehind
  /** By day and domain, then by the row's hash. */
  readonly #groups = new Map<string, Map<string, CountedRow>>()
  #rows = 0

  constructor(deps: LedgerDeps) {
    this.#deps = deps
    this.#memos = new WriteBehind(SPACE, deps.store, deps.log)
  }

  /** Reads what is kept; before it, rows count from nothing. */
  async load(): Promise<Result<null, StoreFault>> {
    const found = await this.#deps.store.recall({ space: SPACE, now: this.#deps.now() })
    if (!found.ok) return found
    for (const { key, value } of found.value.slice(0, MOST_ROWS)) {
      const row = readRow(value)
      const [day = '', domain = '', hash = ''] = key.split(' ')
      if (row !== undefined) this.#set({ day, domain }, hash, row)
    }
    return ok(null)
  }

  /** One more message. */
  note(row: DmarcRow): void {
    const at = { day: dayOf(this.#deps.now()), domain: row.policyDomain }
    const group = this.#groups.get(groupName(at))
    const exact = hashOf(row)
    const known = group?.has(exact) === true
    const kept = known || (group?.size ?? 0) < MOST_DETAILED ? row : plainRow(row)
    const hash = kept === row ? exact : hashOf(kept)
    const before = group?.get(hash)
    if (before === undefined && (this.#rows >= MOST_ROWS || (group?.size ?? 0) >= MOST_OF_DOMAIN)) return
    const counted = { ...kept, count: (before?.count ?? 0) + 1 }
    this.#set(at, hash, counted)
    this.#memos.put(`${groupName(at)} ${hash}`, writeRow(counted), dayStart(at.day) + KEEP_MS)
  }

  /** @returns the days and domains that have rows, the oldest first. */
  groups(): readonly DomainDay[] {
    return [...this.#groups.keys()].toSorted().map((name) => {
      const [day = '', domain = ''] = name.split(' ')
      return { day, domain }
    })
  }

  /** @returns the rows of a day and domain, the most messages first. */
  rows(of: DomainDay): readonly CountedRow[] {
    return [...(this.#groups.get(groupName(of))?.values() ?? [])].toSorted((a, b) => b.count - a.count)
  }

  /** They were reported, or nobody wants them. */
  drop(of: DomainDay): void {
    const name = groupName(of)
    for (const hash of this.#groups.get(name)?.keys() ?? []) {
      this.#memos.drop(`${name} ${hash}`)
      this.#rows -= 1
    }
    this.#groups.delete(name)
  }

  flushed(): Promise<void> {
    return this.#memos.flushed()
  }

  #set(of: DomainDay, hash: string, row: CountedRow): void {
    const name = groupName(of)
    const group = this.#groups.get(name) ?? new Map<string, CountedRow>()
    if (!group.has(hash)) this.#rows += 1
    group.set(hash, row)
    this.#groups.set(name, group)
  }
}
