/**
 * The queue's run. Due entries are read in pages, those of one message for one destination become one transaction, destinations are sent to at their pace over sessions that are used again,
 * and what became of each entry is settled in batches: while one is on its way to the disk the next gathers. RFC 5321 section 4.5.4; docs/decisions/0063 (what is in flight), 0064, 0065.
 *
 * Order: the peer's 250, then the settlement; a crash in between leaves the note of what was in flight, and only that may go twice. An entry in memory is in no second job. Everything is bounded:
 * entries and octets held, connections, messages a connection. No socket and no clock: ports.
 */
import type { AccountId } from '../../base/ids.ts'
import type { Log } from '../../base/log.ts'
import type { QueueChange, QueueEntry, Store } from '../../store/store.ts'
import { classify } from '../bounce/classify.ts'
import type { Said } from '../bounce/said.ts'
import type { Outcome } from './courier.ts'
import { Destination, type Idle, Job } from './destination.ts'
import { type Concluded, Ledger } from './ledger.ts'
import type { Notices } from './notices.ts'
import { type QueueOptions, readOptions } from './options.ts'
import { balked, cutShort, newPace, type PaceRules, went } from './pace.ts'
import { type Hop, Memory, type OpenCourier, type ReachDeps, type Relay, reach } from './reach.ts'
import type { Schedule } from './schedule.ts'

export type RunnerRules = {
  readonly enabled: boolean
  readonly schedule: Schedule
  readonly pace: PaceRules
  /** Connections in all. */
  readonly connections: number
  /** Messages over one connection. */
  readonly messages: number
}
export type RunnerDeps = ReachDeps & {
  readonly store: Pick<Store, 'queue' | 'queueMessages' | 'readQueued' | 'settleQueue'>
  readonly notices: Notices
  readonly relayFor: (a: {
    readonly sender: string
    readonly domain: string
    readonly tries: number
  }) => Relay | undefined
  readonly rules: () => RunnerRules
  /** false: mail of this account is about to be held; it is passed over. */
  readonly mayLeave: (account: AccountId) => boolean
  /** Notes of what is in flight, that outlive a crash. @returns a number to end it by. */
  readonly inFlight: { readonly begin: (message: string) => number; readonly end: (slot: number) => void }
  /** Runs once after `ms`. @returns what cancels it. */
  readonly after: (ms: number, run: () => void) => () => void
  readonly log: Log
}

const PAGE = 1_000 // entries read at once
const MOST_HELD = 6_000 // entries in memory; then no page is read
const REFILL = 3_000 // …until so few are left
const MOST_A_LOAD = 50 // messages read at once
const LOAD_BYTES = 4 * 2 ** 20
const LOW = 30 // loaded messages of a destination at which the next are read
const WHOLE = 262_144 // octets of a message up to which it is read whole
const IDLE_MS = 5_000 // how long a session rests for another message
const SWEEP_MS = 30_000 // between looks for what is due
const MOST_DESTINATIONS = 2_000 // remembered
const REST_IN_MEMORY_MS = 5_000 // an entry whose destination rests longer goes back to the disk
const LONG_GAP_MS = 5_000 // a session does not rest through a longer gap
const FAULT_MS = 1_000 // before the store is asked again

export type RunnerStats = {
  readonly sent: number
  readonly deferred: number
  readonly failed: number
  readonly unsure: number
  readonly connections: number
  readonly inMemory: number
}
export type DestinationStats = {
  readonly key: string
  readonly connections: number
  readonly limit: number
  readonly gapMs: number
  readonly restUntil: number
  readonly waiting: number
  readonly said: Said | undefined
}

export class QueueRunner {
  readonly #deps: RunnerDeps
  readonly #ledger: Ledger
  readonly #memory = new Memory()
  /** Entries in memory, by id; with their job until that is settled. */
  readonly #known = new Map<number, Job | null>()
  readonly #destinations = new Map<string, Destination>()
  /** Those with something to send. */
  readonly #eager = new Set<Destination>()
  readonly #sessions = new Set<OpenCourier>()
  #unsureCount = 0
  #working = 0
  #sweepAfter: number | undefined
  #again = false
  #filling = false
  #highest = 0
  #alarm: { readonly at: number; readonly cancel: () => void } | undefined
  #sweepAlarm: (() => void) | undefined
  #stopping = false
  #rested: (() => void) | undefined

  constructor(deps: RunnerDeps) {
    this.#deps = deps
    this.#ledger = new Ledger(
      deps,
      (ids) => this.#settled(ids),
      (job) => this.#endNote(job),
    )
  }

  /** Reads what is due, and from now on looks for it. */
  start(): void {
    this.sweep()
  }

  /** Something was queued. */
  wake(): void {
    if (this.#sweepAfter === undefined) this.#sweepAfter = this.#highest
    else this.#again = true
    void this.#fill()
  }

  /** Looks at everything that is due. */
  sweep(): void {
    this.#sweepAlarm?.()
    this.#sweepAlarm = this.#stopping ? undefined : this.#deps.after(SWEEP_MS, () => this.sweep())
    this.#sweepAfter = 0
    void this.#fill()
  }

  /** Others changed entries: what was removed or held is not sent; what is due now is. */
  heard(changes: readonly QueueChange[]): void {
    let due = false
    for (const change of changes)
      if (change.remove === true || change.state === 'held') this.#forget(change.id)
      else due ||= change.state === 'waiting' || change.nextAt !== undefined
    if (due) this.sweep()
  }

  /** What is known of a domain's failures is forgotten: it is tried at once. */
  rush(domain: string): void {
    for (const destination of this.#destinations.values()) {
      const { hop } = destination
      if (hop.kind === 'domain' && hop.domain !== domain) continue
      destination.pace = newPace(this.#deps.rules().pace)
      destination.nextAt = 0
    }
    this.#dispatch()
  }

  stats(): RunnerStats {
    return {
      ...this.#ledger.counts,
      ...{ unsure: this.#unsureCount, connections: this.#sessions.size, inMemory: this.#known.size },
    }
  }

  destinations(): readonly DestinationStats[] {
    return [...this.#destinations.values()].map(({ key, open, pace, waiting, said, idle }) => ({
      ...{ key, connections: open + idle.length, limit: pace.limit, gapMs: pace.gapMs },
      ...{ restUntil: pace.restUntil, waiting, said },
    }))
  }

  isBad(ip: string): boolean {
    return this.#memory.isBad(ip, this.#deps.now())
  }

  /** No new message is begun; those on their way end within `graceMs`, or are cut; all that is known of them is on disk then. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true
    this.#sweepAlarm?.()
    this.#alarm?.cancel()
    for (const { idle } of this.#destinations.values()) {
      for (const one of idle.splice(0)) this.#end(one, true)
    }
    const rested = new Promise<void>((resolve) => {
      this.#rested = resolve
    })
    this.#restIfDone()
    const late = this.#deps.after(graceMs, () => {
      for (const session of this.#sessions) session.close()
    })
    await rested
    late()
    await this.#ledger.flushed()
  }

  #restIfDone(): void {
    if (this.#stopping && this.#working === 0) this.#rested?.()
  }

  // What is due comes in

  async #fill(): Promise<void> {
    if (this.#filling) return
    this.#filling = true
    while (this.#sweepAfter !== undefined && !this.#stopping && this.#deps.rules().enabled) {
      if (this.#known.size > MOST_HELD - PAGE) break
      const after = this.#sweepAfter
      const dueBefore = this.#deps.now()
      const page = await this.#deps.store.queue({ state: 'waiting', dueBefore, after, most: PAGE })
      if (!page.ok) {
        if (page.error !== 'closed') this.#deps.after(FAULT_MS, () => void this.#fill())
        break
      }
      this.#admitAll(page.value)
      const last = page.value.at(-1)?.id ?? after
      this.#highest = Math.max(this.#highest, last)
      // Asked for anew meanwhile (sweep): from the beginning.
      if (this.#sweepAfter !== after) continue
      const isShort = page.value.length < PAGE
      this.#sweepAfter = isShort && !this.#again ? undefined : Math.max(after, last)
      if (isShort) this.#again = false
    }
    this.#filling = false
  }

  #admitAll(entries: readonly QueueEntry[]): void {
    const grouped = new Map<string, Job>()
    const { mayLeave } = this.#deps
    for (const entry of entries)
      if (!this.#known.has(entry.id) && (entry.account === null || mayLeave(entry.account))) this.#admit(entry, grouped)
    this.#dispatch()
  }

  #admit(entry: QueueEntry, grouped: Map<string, Job>): void {
    const destination = this.#destinationOf(entry)
    const now = this.#deps.now()
    const { restUntil } = destination.pace
    const { said } = destination
    if (restUntil > now + REST_IN_MEMORY_MS && said !== undefined) {
      this.#known.set(entry.id, null)
      if (now >= entry.expiresAt) this.#conclude([entry], undefined, () => said)
      else this.#ledger.add({ id: entry.id, nextAt: Math.min(restUntil, entry.expiresAt) }, undefined)
      return
    }
    const key = `${entry.message} ${destination.key}`
    const known = grouped.get(key)
    if (known?.add(entry) === true) {
      this.#known.set(entry.id, known)
      return
    }
    const job = new Job(entry)
    grouped.set(key, job)
    this.#known.set(entry.id, job)
    destination.add(job)
    this.#eager.add(destination)
  }

  #hopOf(
    to: Parameters<RunnerDeps['relayFor']>[0],
    { here = false, requireTls }: QueueOptions,
  ): { readonly hop: Hop; readonly key: string } {
    if (here) return { hop: { kind: 'here' }, key: 'here' }
    const relay = this.#deps.relayFor(to)
    if (relay !== undefined)
      return { hop: { kind: 'relay', relay }, key: `relay ${relay.host}:${relay.port} ${relay.user ?? ''}` }
    const { domain } = to
    return { hop: { kind: 'domain', domain, requireTls }, key: `${domain}${requireTls ? ' requiretls' : ''}` }
  }

  #destinationOf({ sender, domain, tries, options }: QueueEntry): Destination {
    const { hop, key } = this.#hopOf({ sender, domain, tries }, readOptions(options))
    const known = this.#destinations.get(key)
    if (known !== undefined) {
      // The settings of the relay changed: what waits for it goes by the new ones.
      if (hop.kind === 'relay' && JSON.stringify(known.hop) !== JSON.stringify(hop))
        known.lead(hop, newPace(this.#deps.rules().pace))
      return known
    }
    if (this.#destinations.size >= MOST_DESTINATIONS)
      for (const one of this.#destinations.values())
        if (one.isQuiet && one.pace.restUntil <= this.#deps.now()) this.#destinations.delete(one.key)
    const made = new Destination(key, hop, newPace(this.#deps.rules().pace))
    this.#destinations.set(key, made)
    return made
  }

  #forget(id: number): void {
    const job = this.#known.get(id)
    if (job === undefined || job === null || job.taken) return
    job.drop(id)
    this.#known.delete(id)
  }

  // Connections

  #dispatch(): void {
    if (this.#stopping) return
    const { connections, enabled } = this.#deps.rules()
    if (!enabled) return
    const now = this.#deps.now()
    for (const destination of [...this.#eager]) {
      if (destination.waiting === 0) {
        this.#eager.delete(destination)
        continue
      }
      const from = Math.max(destination.pace.restUntil, destination.nextAt)
      if (from > now) {
        this.#wakeAt(from)
        continue
      }
      while (
        this.#working < connections &&
        destination.active < destination.pace.limit &&
        destination.opening < destination.waiting
      )
        this.#begin(destination)
      if (this.#working >= connections) {
        // The others come first next time.
        this.#eager.delete(destination)
        this.#eager.add(destination)
        return
      }
    }
  }

  /** Dispatches again at a time; the earliest counts. */
  #wakeAt(at: number): void {
    if (this.#alarm !== undefined && this.#alarm.at <= at) return
    this.#alarm?.cancel()
    const cancel = this.#deps.after(Math.max(1, at - this.#deps.now()), () => {
      this.#alarm = undefined
      this.#dispatch()
    })
    this.#alarm = { at, cancel }
  }

  #begin(destination: Destination): void {
    this.#working += 1
    destination.active += 1
    const held = new Set<Job>()
    this.#work(destination, held)
      .catch((error: unknown) => {
        const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
        this.#deps.log.event('send-fault', { to: destination.key, why })
        destination.pace = balked(destination.pace, this.#deps.rules().pace, this.#deps.now(), this.#deps.chance())
        for (const job of held) this.#giveBack(destination, job)
      })
      .finally(() => {
        this.#working -= 1
        destination.active -= 1
        this.#dispatch()
        void this.#fill()
        this.#restIfDone()
      })
  }

  /** One connection's life: opened (or taken up again), used, kept or ended. */
  async #work(destination: Destination, held: Set<Job>): Promise<void> {
    const idle = destination.idle.pop()
    idle?.keep()
    let session: Omit<Idle, 'keep'> | undefined = idle
    destination.opening += 1
    if (session === undefined) {
      void this.#load(destination)
      const reached = await reach(destination.hop, this.#memory, this.#deps)
      if (!reached.ok) {
        destination.opening -= 1
        this.#unreached(destination, reached.error)
        return
      }
      session = { ...reached.value, served: 0 }
      this.#sessions.add(session.courier)
    }
    destination.open += 1
    const done = await this.#errand(destination, session, held).finally(() => {
      destination.open -= 1
    })
    const { over, served } = done
    if (over !== undefined) {
      this.#sessions.delete(session.courier)
      session.courier.close()
      if (served > 0 && over.code === 421 && destination.pace.restUntil <= this.#deps.now())
        destination.pace = cutShort(destination.pace)
    } else if (this.#stopping || served >= this.#deps.rules().messages) this.#end(session, true)
    else this.#rest(destination, { ...session, served })
  }

  async #errand(
    destination: Destination,
    session: Omit<Idle, 'keep'>,
    held: Set<Job>,
  ): Promise<{ readonly over: Said | undefined; readonly served: number }> {
    let served = session.served
    let isFirst = true
    const { messages } = this.#deps.rules()
    const first = (): void => {
      if (isFirst) destination.opening -= 1
      isFirst = false
    }
    const isOver = (): boolean =>
      this.#stopping ||
      served >= messages ||
      destination.active > destination.pace.limit ||
      destination.pace.restUntil > this.#deps.now()
    const over = await session.courier.run<Job>({
      next: () => {
        if (isOver() || destination.nextAt > this.#deps.now()) return undefined
        const job = destination.next()
        if (job === undefined) return undefined
        first()
        served += 1
        held.add(job)
        if (destination.pace.gapMs > 0) destination.nextAt = this.#deps.now() + destination.pace.gapMs
        if (destination.loaded < LOW && destination.ready > 0) void this.#load(destination)
        return job
      },
      more: () => this.#more(destination, isOver),
      begins: (job) => {
        job.slot = this.#deps.inFlight.begin(job.message)
      },
      done: (job, outcome) => {
        held.delete(job)
        this.#done(destination, job, outcome, session.host)
      },
      back: (job) => {
        served -= 1
        held.delete(job)
        this.#giveBack(destination, job)
      },
    })
    first()
    return { over, served }
  }

  /** Waits for what is being read, or for the gap to pass. @returns whether to ask again */
  async #more(destination: Destination, isOver: () => boolean): Promise<boolean> {
    if (isOver()) return false
    const gap = destination.nextAt - this.#deps.now()
    if (destination.waiting > 0 && gap > 0) {
      if (gap > LONG_GAP_MS) return false
      await new Promise<void>((resolve) => this.#deps.after(gap, resolve))
      return true
    }
    if (destination.loaded > 0) return true
    await this.#load(destination)
    return destination.waiting > 0
  }

  #giveBack(destination: Destination, job: Job): void {
    this.#endNote(job)
    destination.reload(job)
    this.#eager.add(destination)
  }

  #rest(destination: Destination, session: Omit<Idle, 'keep'>): void {
    const idle: Idle = {
      ...session,
      keep: this.#deps.after(IDLE_MS, () => {
        const at = destination.idle.indexOf(idle)
        if (at >= 0) destination.idle.splice(at, 1)
        this.#end(idle, true)
      }),
    }
    destination.idle.push(idle)
  }

  #end({ courier }: Pick<Idle, 'courier'>, politely: boolean): void {
    this.#sessions.delete(courier)
    if (!politely) courier.close()
    else void courier.quit().then(() => courier.close())
  }

  /** No host opened a session. While others of the destination are open it only bears no more; otherwise everything for it is told so. */
  #unreached(destination: Destination, said: Said): void {
    const { rules, now, chance } = this.#deps
    if (destination.open > 0) {
      destination.pace = { ...cutShort(destination.pace), limit: Math.max(1, destination.open) }
      return
    }
    destination.said = said
    if (!classify(said).permanent) destination.pace = balked(destination.pace, rules().pace, now(), chance())
    for (const job of destination.clear()) this.#conclude(job.entries, job, () => said)
  }

  // Octets

  /** Reads the next messages of a destination; several who ask share one reading. */
  #load(destination: Destination): Promise<void> {
    destination.loading ??= this.#read(destination).finally(() => {
      destination.loading = undefined
      // The connection that they were read for may have come to nothing meanwhile: nobody else would look for them.
      if (destination.active > 0 || destination.waiting === 0) return
      this.#eager.add(destination)
      this.#dispatch()
    })
    return destination.loading
  }

  async #read(destination: Destination): Promise<void> {
    const jobs = destination.take(MOST_A_LOAD)
    const small: Job[] = []
    for (const job of jobs)
      if (job.size <= WHOLE) small.push(job)
      else {
        job.content = (from, to) => this.#slice(job, from, to)
        destination.load(job)
      }
    if (small.length === 0) return
    const ids = small.map((job) => job.entries[0]?.id ?? 0)
    const read = await this.#deps.store.queueMessages({ ids, mostBytes: LOAD_BYTES })
    if (!read.ok) {
      for (const job of small.toReversed()) destination.putBack(job)
      this.#deps.log.event('send-fault', { to: destination.key, why: `the messages cannot be read: ${read.error}` })
      destination.nextAt = this.#deps.now() + FAULT_MS
      return
    }
    const found = new Map(read.value.map(({ id, message }) => [id, message]))
    const last = ids.indexOf(read.value.at(-1)?.id ?? -1)
    const rest: Job[] = []
    for (const [at, job] of small.entries()) {
      const content = found.get(ids[at] ?? 0)
      if (content !== undefined) {
        job.content = content
        destination.load(job)
      } else if (at > last && read.value.length > 0) rest.push(job)
      else this.#gone(destination, job, ids[at] ?? 0)
    }
    for (const job of rest.toReversed()) destination.putBack(job)
  }

  /** The entry that was asked for is not there any more; the others of its message are. */
  #gone(destination: Destination, job: Job, id: number): void {
    job.drop(id)
    this.#known.delete(id)
    if (job.entries.length > 0) destination.putBack(job)
  }

  async #slice(job: Job, from: number, to: number): Promise<Uint8Array | undefined> {
    const read = await this.#deps.store.readQueued({ id: job.entries[0]?.id ?? 0, from, to })
    return read.ok ? read.value : undefined
  }

  // What became of it

  #done(destination: Destination, job: Job, outcome: Outcome, host: string): void {
    const { rules, now, chance } = this.#deps
    if (outcome.unsure) this.#unsure(job, outcome, host)
    const { balks, again } = this.#conclude(job.entries, job, (at) => outcome.recipients[at] ?? 'taken', {
      ...{ dsn: outcome.dsn, host, text: outcome.reply?.text ?? '' },
    })
    if (again.length > 0) this.#sendAgain(destination, again)
    const before = destination.pace.limit
    if (balks === undefined) destination.pace = went(destination.pace, rules().pace)
    else {
      destination.said = balks
      destination.pace = balked(destination.pace, rules().pace, now(), chance())
    }
    if (destination.pace.limit > before) this.#dispatch()
  }

  #unsure(job: Job, outcome: Outcome, host: string): void {
    for (const [at, entry] of job.entries.entries()) {
      const said = outcome.recipients[at]
      if (said === undefined || said === 'taken' || said.stage !== 'message') continue
      this.#unsureCount += 1
      this.#deps.log.event('send-unsure', { message: entry.message, to: entry.recipient, host, why: said.text })
    }
  }

  #conclude(
    entries: readonly QueueEntry[],
    job: Job | undefined,
    answer: (at: number) => 'taken' | Said,
    by: { readonly dsn: boolean; readonly host: string; readonly text: string } = { dsn: false, host: '', text: '' },
  ): Concluded {
    const concluded = this.#ledger.conclude(entries, { answer, job, schedule: this.#deps.rules().schedule, ...by })
    const { nextAt } = concluded
    // Later ones are found by the next sweep.
    if (nextAt !== undefined && nextAt < this.#deps.now() + SWEEP_MS)
      this.#deps.after(Math.max(1, nextAt - this.#deps.now()), () => this.sweep())
    return concluded
  }

  /** Recipients that were too many for one transaction make another. */
  #sendAgain(destination: Destination, entries: readonly QueueEntry[]): void {
    const [first, ...rest] = entries
    if (first === undefined) return
    const job = new Job(first)
    for (const entry of rest) job.add(entry)
    for (const { id } of entries) this.#known.set(id, job)
    destination.add(job)
    this.#eager.add(destination)
  }

  #settled(ids: readonly number[]): void {
    for (const id of ids) this.#known.delete(id)
    if (this.#known.size < REFILL && this.#sweepAfter !== undefined) void this.#fill()
  }

  #endNote(job: Job): void {
    if (job.slot !== undefined) this.#deps.inFlight.end(job.slot)
    job.slot = undefined
  }
}
