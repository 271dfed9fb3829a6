/**
 * Watching logs: keeps the watch thread, gives what it finds to the jail, and remembers through the store how far each log was read.
 *
 * The thread is expendable. One that gives no sign of life for the deadline is ended, and another goes on behind the line that kept it;
 * which log that was is told. A stop waits until the last lines were looked at and the places are written.
 */
import { Worker } from 'node:worker_threads'
import type { OffenceKind, Service } from '../../ban/offence.ts'
import { isLoopback } from '../../ban/subject.ts'
import type { Resolve } from '../../base/dns.ts'
import type { Log } from '../../base/log.ts'
import type { Jail } from '../../post/jail.ts'
import type { Store } from '../../store/store.ts'
import type { Settings } from '../settings/schema.ts'
import {
  ALIVE,
  type FromWatch,
  MOST_SLOTS,
  type Place,
  type ToWatch,
  type WatchData,
  type WatchFailure,
} from '../threads/watch-messages.ts'
import { readPlace, writePlace } from './place.ts'

const SPACE = 'watch'
const KEEP_MS = 60 * 86_400_000
const STOP_MS = 5000
/** How long a thread may take to begin. */
const START_MS = 60_000
/** Threads lost in a row before the watch is given up until the settings are read again. */
const MOST_LOST = 20
const MOST_NAMES = 4

export type WatchingOptions = {
  readonly settings: () => Settings
  readonly file: (path: string) => string
  readonly store: Pick<Store, 'remember' | 'recall'>
  readonly jail: Pick<Jail, 'offence' | 'hadGoodLogin'>
  readonly resolve: Resolve
  readonly now: () => number
  readonly log: Log
  /** Another thread entry, for tests. */
  readonly entry?: URL
}

export type Watching = {
  /** Reads the settings again; starts, stops or changes the watch. */
  readonly reload: () => Promise<void>
  readonly stop: () => Promise<void>
}

type Keeper = { readonly end: () => Promise<void> }

/** Which ports an offence closes where its sentence says `earned`. */
const serviceOf = (kind: OffenceKind): Service => (kind === 'login-failed' ? 'login' : 'mail')

/** @returns the watch, running where the settings name a log. */
export const startWatching = async (options: WatchingOptions): Promise<Watching> => {
  const { store, now } = options
  const places = new Map<string, Place>()
  const recalled = await store.recall({ space: SPACE, now: now() })
  for (const { key, value } of recalled.ok ? recalled.value : []) {
    const place = readPlace(value)
    if (place !== undefined) places.set(key, place)
  }
  let keeper = run(options, places)
  let last = JSON.stringify(options.settings().watch)
  return {
    reload: async () => {
      const wanted = JSON.stringify(options.settings().watch)
      if (wanted === last) return
      last = wanted
      await keeper?.end()
      keeper = run(options, places)
    },
    stop: async () => {
      await keeper?.end()
    },
  }
}

const dataOf = (options: WatchingOptions, places: ReadonlyMap<string, Place>): WatchData => {
  const { watch } = options.settings()
  return {
    jobs: watch.files.map(({ path, journal, filter, zone }) => ({
      path: path === '' ? '' : options.file(path),
      journal: journal.split(/\s+/).filter((word) => word !== ''),
      filter,
      zone,
    })),
    folders: watch.folders.map(options.file),
    everyMs: watch.every,
    backMs: watch.back,
    mostFiles: watch['most-files'],
    names: watch.names === 'resolve',
    places: new Map(places),
    control: new SharedArrayBuffer((MOST_SLOTS * 2 + 1) * 8),
  }
}

/** Passes failures on to the jail. */
const judging = (options: WatchingOptions): ((failures: readonly WatchFailure[]) => Promise<void>) => {
  const { jail, log, settings, resolve } = options
  const count = (failure: WatchFailure, ip: string): void => {
    const entry = settings().watch.files[failure.job]
    if (entry === undefined || isLoopback(ip)) return
    const kind = entry.offence === 'filter' ? (failure.kind ?? 'login-failed') : entry.offence
    log.event('watch-failure', { filter: entry.filter, ip, offence: kind, user: failure.user })
    const goodLogin = kind === 'login-failed' && jail.hadGoodLogin(ip)
    jail.offence({ kind, ip, service: serviceOf(kind), weight: entry.weight, goodLogin, note: `log: ${entry.filter}` })
  }
  return async (failures) => {
    for (const failure of failures) {
      if (failure.address !== undefined) count(failure, failure.address)
      else if (failure.name !== undefined && settings().watch.names === 'resolve') {
        const [four, six] = await Promise.all([resolve(failure.name, 'A'), resolve(failure.name, 'AAAA')])
        const found = [four, six].flatMap((answer) => (answer.kind === 'found' ? answer.records : []))
        for (const ip of found.slice(0, MOST_NAMES)) count(failure, ip)
      }
    }
  }
}

const run = (options: WatchingOptions, places: Map<string, Place>): Keeper | undefined => {
  const { watch } = options.settings()
  if (!watch.enabled || watch.files.length === 0) return undefined
  return new ThreadKeeper(options, places)
}

class ThreadKeeper implements Keeper {
  readonly #options: WatchingOptions
  readonly #places: Map<string, Place>
  readonly #judge: (failures: readonly WatchFailure[]) => Promise<void>
  readonly #slots = new Map<number, string>()
  #worker: Worker
  #control: Float64Array
  #watchdog: NodeJS.Timeout
  #lost = 0
  #startedAt = 0
  #ended = false
  #judged: Promise<void> = Promise.resolve()
  #stopped = Promise.withResolvers<void>()

  constructor(options: WatchingOptions, places: Map<string, Place>) {
    this.#options = options
    this.#places = places
    this.#judge = judging(options)
    const { worker, control } = this.#start()
    this.#worker = worker
    this.#control = control
    const { deadline } = options.settings().watch
    this.#watchdog = setInterval(() => this.#check(deadline), Math.max(100, deadline / 4))
    this.#watchdog.unref()
  }

  /** Looks at the last lines, writes the places, ends the thread. */
  async end(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    clearInterval(this.#watchdog)
    const stop: ToWatch = { kind: 'stop' }
    this.#worker.postMessage(stop)
    const timer = setTimeout(() => this.#stopped.resolve(), STOP_MS)
    await this.#stopped.promise
    clearTimeout(timer)
    await this.#worker.terminate()
    await this.#judged
    await this.#keep()
  }

  #start(): { readonly worker: Worker; readonly control: Float64Array } {
    const data = dataOf(this.#options, this.#places)
    const control = new Float64Array(data.control)
    this.#startedAt = Date.now()
    this.#slots.clear()
    const entry = this.#options.entry ?? new URL('../threads/watch-thread.ts', import.meta.url)
    const worker = new Worker(entry, { workerData: data, name: 'watch' })
    worker.unref()
    worker.on('message', (message: FromWatch) => this.#hear(message))
    worker.on('error', (error: unknown) => this.#lose(worker, error instanceof Error ? error.message : 'unknown'))
    return { worker, control }
  }

  #hear(message: FromWatch): void {
    const { log } = this.#options
    switch (message.kind) {
      case 'failures': {
        const { failures } = message
        this.#judged = this.#judged.then(() => this.#judge(failures))
        return
      }
      case 'places':
        for (const [key, place] of message.places) this.#places.set(key, place)
        this.#lost = 0
        this.#judged = this.#judged.then(() => this.#keep())
        return
      case 'slot':
        this.#slots.set(message.slot, message.key)
        return
      case 'started':
        log.event('watch-started', { path: message.path, filter: message.filter, patterns: message.patterns })
        return
      case 'noted':
        log.event('watch-moved', { path: message.path, what: message.what })
        return
      case 'failed':
        log.event('watch-failed', { path: message.path, why: message.why })
        return
      case 'fault':
        log.event('watch-fault', { file: message.file, line: message.line, why: message.why })
        return
      case 'stopped':
        this.#stopped.resolve()
    }
  }

  /** Ends a thread that gives no sign of life. The clock is the machine's in both threads. */
  #check(deadline: number): void {
    const alive = this.#control[ALIVE] ?? 0
    // A thread on a busy machine takes its time to begin.
    const since = alive === 0 ? this.#startedAt + START_MS : alive
    if (this.#ended || Date.now() - since < deadline) return
    this.#lose(this.#worker, 'a line took longer than the deadline')
  }

  #lose(worker: Worker, why: string): void {
    if (worker !== this.#worker || this.#ended) return
    this.#lost += 1
    this.#goBehind()
    this.#options.log.event('watch-late', { why, lost: this.#lost })
    worker.removeAllListeners()
    worker.terminate().catch(() => undefined)
    if (this.#lost > MOST_LOST) {
      this.#ended = true
      clearInterval(this.#watchdog)
      this.#options.log.event('watch-failed', { path: '', why: 'the watch was lost too often and is given up' })
      return
    }
    const { worker: next, control } = this.#start()
    this.#worker = next
    this.#control = control
  }

  /** Moves each place behind the line that its log was at. */
  #goBehind(): void {
    for (const [slot, key] of this.#slots) {
      const place = this.#places.get(key)
      const inode = this.#control[slot * 2] ?? 0
      const offset = this.#control[slot * 2 + 1] ?? 0
      if (inode === 0) continue
      const known = place !== undefined && !('cursor' in place) && place.inode === inode
      this.#places.set(key, { inode, offset, head: known ? place.head : '', headLength: known ? place.headLength : 0 })
    }
  }

  async #keep(): Promise<void> {
    const expiresAt = this.#options.now() + KEEP_MS
    const memos = [...this.#places].map(([key, place]) => ({ key, value: writePlace(place), expiresAt }))
    if (memos.length === 0) return
    const kept = await this.#options.store.remember({ space: SPACE, memos })
    if (!kept.ok) this.#options.log.event('store-fault', { verb: 'remember', space: SPACE, fault: kept.error })
  }
}
