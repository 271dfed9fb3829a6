/**
 * One destination as the runner keeps it: what is to go there, how fast, and the sessions that rest between two messages. What several accounts send to it goes in turns, so that one sender's
 * thousand messages do not make another's one wait. Held in memory within the runner's bounds; no clock.
 */
import type { AccountId } from '../../base/ids.ts'
import type { QueueEntry } from '../../store/store.ts'
import type { Said } from '../bounce/said.ts'
import type { Parcel } from './courier.ts'
import { readOptions } from './options.ts'
import type { Pace } from './pace.ts'
import type { Hop, OpenCourier } from './reach.ts'

const MOST_RECIPIENTS = 100 // RFC 5321 section 4.5.3.1.8: a server must take so many

type Recipient = Parcel['recipients'][number]
const recipientOf = (entry: QueueEntry): Recipient => {
  const { notify, orcpt } = readOptions(entry.options)
  return { address: entry.recipient, notify, ...(orcpt === undefined ? {} : { orcpt }) }
}

/** One message for some recipients of one destination. */
export class Job implements Parcel {
  readonly message: string
  readonly sender: string
  readonly account: AccountId | null
  readonly size: number
  readonly options: Parcel['options']
  #entries: readonly QueueEntry[]
  /** A loaded job's octets, or the reader of a large one. */
  content: Parcel['content'] = new Uint8Array(0)
  /** Of the notes of what is in flight, once the content goes. */
  slot: number | undefined
  /** Entries whose outcome is not on disk yet. */
  unsettled = 0
  /** It is being sent: nobody can take a recipient out of it any more. */
  taken = false

  constructor(first: QueueEntry) {
    const { ret, envid, smtpUtf8, body, requireTls } = readOptions(first.options)
    this.message = first.message
    this.sender = first.sender
    this.account = first.account
    this.size = first.size
    this.options = {
      ...{ smtpUtf8, body, requireTls },
      ...(ret === undefined ? {} : { ret }),
      ...(envid === undefined ? {} : { envid }),
    }
    this.#entries = [first]
  }

  get entries(): readonly QueueEntry[] {
    return this.#entries
  }

  get recipients(): readonly Recipient[] {
    return this.#entries.map(recipientOf)
  }

  /** @returns whether there was room. */
  add(entry: QueueEntry): boolean {
    if (this.#entries.length >= MOST_RECIPIENTS) return false
    this.#entries = [...this.#entries, entry]
    return true
  }

  drop(id: number): void {
    this.#entries = this.#entries.filter((entry) => entry.id !== id)
  }
}

/** A session between two errands. */
export type Idle = {
  readonly courier: OpenCourier
  readonly host: string
  readonly ip: string
  /** Messages that it took. */
  readonly served: number
  /** Stops the clock that would end it. */
  readonly keep: () => void
}

export class Destination {
  readonly key: string
  hop: Hop
  pace: Pace
  /** Connections: in all, still opening, and open. */
  active = 0
  opening = 0
  open = 0
  /** No message before this time, for the gap between two. */
  nextAt = 0
  /** The last failure of the destination itself. */
  said: Said | undefined
  loading: Promise<void> | undefined
  readonly idle: Idle[] = []
  readonly #ready = new Map<number, Job[]>()
  #readyCount = 0
  #loaded: Job[] = []

  constructor(key: string, hop: Hop, pace: Pace) {
    this.key = key
    this.hop = hop
    this.pace = pace
  }

  /** Connections from now on go by another way; what is known of the old one is forgotten. */
  lead(hop: Hop, pace: Pace): void {
    this.hop = hop
    this.pace = pace
    this.nextAt = 0
    this.said = undefined
  }

  /** Jobs that nobody sends yet. */
  get waiting(): number {
    return this.#readyCount + this.#loaded.length
  }

  get ready(): number {
    return this.#readyCount
  }

  get loaded(): number {
    return this.#loaded.length
  }

  get isQuiet(): boolean {
    return this.waiting === 0 && this.active === 0 && this.idle.length === 0 && this.loading === undefined
  }

  add(job: Job): void {
    const key = job.account ?? 0
    const list = this.#ready.get(key)
    if (list === undefined) this.#ready.set(key, [job])
    else list.push(job)
    this.#readyCount += 1
  }

  /** To the head of its sender's turn. */
  putBack(job: Job): void {
    const key = job.account ?? 0
    this.#ready.set(key, [job, ...(this.#ready.get(key) ?? [])])
    this.#readyCount += 1
  }

  /** @returns up to so many jobs, the senders in turns; those that lost all recipients are passed over. */
  take(most: number): readonly Job[] {
    const taken: Job[] = []
    while (taken.length < most) {
      const [turn] = this.#ready
      if (turn === undefined) break
      const [key, jobs] = turn
      const job = jobs.shift()
      this.#ready.delete(key)
      if (jobs.length > 0) this.#ready.set(key, jobs)
      if (job === undefined) continue
      this.#readyCount -= 1
      if (job.entries.length > 0) taken.push(job)
    }
    return taken
  }

  load(job: Job): void {
    this.#loaded.push(job)
  }

  /** One whose octets are still here, to be the next. */
  reload(job: Job): void {
    job.taken = false
    this.#loaded.unshift(job)
  }

  /** @returns the next whose octets are here. */
  next(): Job | undefined {
    for (;;) {
      const job = this.#loaded.shift()
      if (job === undefined) return undefined
      if (job.entries.length === 0) continue
      job.taken = true
      return job
    }
  }

  /** @returns everything that nobody sends yet, taken out. */
  clear(): readonly Job[] {
    const all = [...this.#loaded, ...[...this.#ready.values()].flat()].filter((job) => job.entries.length > 0)
    this.#loaded = []
    this.#ready.clear()
    this.#readyCount = 0
    return all
  }
}
