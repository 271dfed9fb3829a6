/**
 * What became of the entries, on its way to the disk: settled in batches (while one is committed the next gathers), or with a notice to the sender in the same transaction. What cannot be
 * written now is written later, and until then nothing of it is sent again: a full disk makes no duplicates.
 */
import type { Log } from '../../base/log.ts'
import type { Answer, QueueChange, QueueEntry, Store } from '../../store/store.ts'
import type { Said } from '../bounce/said.ts'
import type { Job } from './destination.ts'
import { type Judged, judge } from './judge.ts'
import type { Notices, Told } from './notices.ts'
import type { Schedule } from './schedule.ts'

export type LedgerDeps = {
  readonly store: Pick<Store, 'settleQueue'>
  readonly notices: Notices
  readonly now: () => number
  readonly chance: () => number
  readonly after: (ms: number, run: () => void) => () => void
  readonly log: Log
}
/** How a group of entries fared. */
export type Fared = {
  readonly answer: (at: number) => 'taken' | Said
  readonly dsn: boolean
  readonly schedule: Schedule
  /** Who said it, and what took the message. */
  readonly host: string
  readonly text: string
  /** Undefined for what was not even tried. */
  readonly job: Job | undefined
}
export type Concluded = {
  /** What was said of the destination itself. */
  readonly balks: Said | undefined
  /** To be sent in another transaction, now. */
  readonly again: readonly QueueEntry[]
  /** When the first of them is due again. */
  readonly nextAt: number | undefined
}

const MOST_A_BATCH = 500 // changes in one transaction
const FAULT_MS = 1_000 // before a write is tried again
const sentinel = -1

type Change = { readonly change: QueueChange; readonly job: Job | undefined }
type Lists = { readonly failed: Told[]; readonly quiet: Told[]; readonly delayed: Told[]; readonly relayed: Told[] }

export class Ledger {
  readonly #deps: LedgerDeps
  readonly #settled: (ids: readonly number[]) => void
  readonly #ended: (job: Job) => void
  readonly #counts = { sent: 0, deferred: 0, failed: 0 }
  #changes: Change[] = []
  #flushing: Promise<void> | undefined
  #writing = new Set<Promise<void>>()
  #closed = false

  /** @param settled entries are on disk as they are now. @param ended nothing of a job is left to be written */
  constructor(deps: LedgerDeps, settled: (ids: readonly number[]) => void, ended: (job: Job) => void) {
    this.#deps = deps
    this.#settled = settled
    this.#ended = ended
  }

  get counts(): { readonly sent: number; readonly deferred: number; readonly failed: number } {
    return this.#counts
  }

  /** Judges and writes. */
  conclude(entries: readonly QueueEntry[], fared: Fared): Concluded {
    const { now, chance } = this.#deps
    const someTaken = entries.some((_, at) => fared.answer(at) === 'taken')
    const lists: Lists = { failed: [], quiet: [], delayed: [], relayed: [] }
    const again: QueueEntry[] = []
    let balks: Said | undefined
    let nextAt = sentinel
    if (fared.job !== undefined) fared.job.unsettled = entries.length
    for (const [at, entry] of entries.entries()) {
      const said = fared.answer(at)
      const judged = judge(entry, said, {
        now: now(),
        chance: chance(),
        schedule: fared.schedule,
        dsn: fared.dsn,
        someTaken,
      })
      if (judged.kind === 'again') again.push(entry)
      else this.#write(entry, said, judged, fared, lists)
      if ('classified' in judged && judged.classified.destination && said !== 'taken') balks ??= said
      if (judged.kind === 'deferred') nextAt = nextAt === sentinel ? judged.nextAt : Math.min(nextAt, judged.nextAt)
    }
    const { notices } = this.#deps
    this.#notice(lists.failed, fared.job, (told) => notices.failed(told, false))
    this.#notice(lists.quiet, fared.job, (told) => notices.failed(told, true))
    this.#notice(lists.delayed, fared.job, (told) => notices.tell('delayed', told))
    this.#notice(lists.relayed, fared.job, (told) => notices.tell('relayed', told))
    if (fared.job !== undefined && again.length > 0) this.#less(fared.job, again.length)
    return { balks, again, nextAt: nextAt === sentinel ? undefined : nextAt }
  }

  /** A change of the runner's own. */
  add(change: QueueChange, job: Job | undefined): void {
    this.#changes.push({ change, job })
    this.#flushing ??= this.#flush()
  }

  /** Resolves when all is written, or the store is closed. */
  async flushed(): Promise<void> {
    while (this.#flushing !== undefined || this.#writing.size > 0) await Promise.all([this.#flushing, ...this.#writing])
  }

  #write(
    entry: QueueEntry,
    said: 'taken' | Said,
    judged: Exclude<Judged, { kind: 'again' }>,
    fared: Fared,
    lists: Lists,
  ): void {
    const { log } = this.#deps
    const { host, text, job } = fared
    const fields = { message: entry.message, to: entry.recipient }
    this.#counts[judged.kind] += 1
    if (judged.kind === 'sent' || said === 'taken') {
      log.event('send-taken', { ...fields, host, says: text })
      const change: QueueChange = { id: entry.id, remove: true }
      if (!('notice' in judged) || !judged.notice || entry.account === null) this.add(change, job)
      else lists.relayed.push({ entry, said: { code: 250, enhanced: '', text, host, stage: 'message' }, change })
      return
    }
    const { classified, notice } = judged
    const why = { host: said.host, code: said.code, enhanced: said.enhanced, says: said.text, class: classified.class }
    if (judged.kind === 'failed') {
      log.event('send-failed', { ...fields, ...why, expired: judged.expired })
      const told: Told = { entry, said, classified, change: { id: entry.id, remove: true } }
      ;(notice ? lists.failed : lists.quiet).push(told)
      return
    }
    log.event('send-deferred', { ...fields, ...why, tries: entry.tries + 1 })
    if (!notice || entry.account === null) this.add(judged.change, job)
    else lists.delayed.push({ entry, said, classified, change: judged.change, willRetryUntil: entry.expiresAt })
  }

  /** Writes a notice with the settlement of its entries; again and again until it is written. */
  #notice(told: readonly Told[], job: Job | undefined, write: (told: readonly Told[]) => Answer<null>): void {
    if (told.length === 0) return
    const written = this.#until(() => write(told)).then((done) => {
      this.#writing.delete(written)
      if (done) this.#onDisk(told.map(({ change }) => ({ change, job })))
    })
    this.#writing.add(written)
  }

  async #flush(): Promise<void> {
    await Promise.resolve() // what is concluded in the same turn goes together
    while (this.#changes.length > 0) {
      const batch = this.#changes.splice(0, MOST_A_BATCH)
      const changes = batch.map(({ change }) => change)
      if (await this.#until(() => this.#deps.store.settleQueue({ changes }))) this.#onDisk(batch)
    }
    this.#flushing = undefined
  }

  /** @returns false when the store is closed: what was not written will be tried again after the next start, with its note */
  async #until(write: () => Answer<null>): Promise<boolean> {
    for (let tries = 0; ; tries += 1) {
      const done = this.#closed ? { ok: false as const, error: 'closed' as const } : await write()
      if (done.ok) return true
      if (tries === 0)
        this.#deps.log.event('send-fault', { why: `what became of messages cannot be written: ${done.error}` })
      this.#closed ||= done.error === 'closed'
      if (this.#closed) return false
      await new Promise<void>((resolve) => this.#deps.after(FAULT_MS, resolve))
    }
  }

  #onDisk(batch: readonly Change[]): void {
    this.#settled(batch.map(({ change }) => change.id))
    for (const { job } of batch) if (job !== undefined) this.#less(job, 1)
  }

  #less(job: Job, count: number): void {
    job.unsettled -= count
    if (job.unsettled === 0) this.#ended(job)
  }
}
