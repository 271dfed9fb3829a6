/**
 * The watch thread: follows logs, runs filters over their lines, and says who failed. It runs apart from the mail, because a line that
 * somebody made for the purpose can keep a pattern busy; its keeper (watch/watching.ts) then ends it and starts another behind that line.
 */
import { globSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { isOffenceKind } from '../../ban/memo.ts'
import type { FilterText } from '../../ban/watch/config/filter-file.ts'
import { type Failure, type Filter, openFilter } from '../../ban/watch/filter.ts'
import { clockHere, readFilter } from '../watch/disk.ts'
import { followJournal, type Journal } from '../watch/journal.ts'
import { Tail } from '../watch/tail.ts'
import {
  ALIVE,
  type FromWatch,
  MOST_SLOTS,
  type Place,
  placeKey,
  type ToWatch,
  type WatchData,
  type WatchFailure,
  type WatchJob,
} from './watch-messages.ts'

/** How often paths with `*` are looked up, and how often a journal that ended is started again. */
const AGAIN_MS = 30_000
const PLACES_MS = 3000
const MOST_FAILURES = 1000

const port = parentPort
if (port === null) throw new Error('watch-thread.ts is run by watch/watching.ts')
const data = workerData as WatchData // made by watching.ts, its only caller
const control = new Float64Array(data.control)
const now = (): number => Date.now()
const say = (message: FromWatch): void => port.postMessage(message)

type Log = { readonly key: string; readonly path: string; readonly tail: Tail; missing: boolean }
const logs = new Map<string, Log>()
const journals = new Map<string, Journal>()
const cursors = new Map<string, string>()
const texts = new Map<string, FilterText | undefined>()
let failures: WatchFailure[] = []
let slots = 0

const flush = (): void => {
  if (failures.length > 0) say({ kind: 'failures', failures })
  failures = []
}

const found = (job: number, kind: string | undefined, list: readonly Failure[]): void => {
  for (const { address, name, time, fields } of list) {
    const at = time === undefined ? undefined : time * 1000
    if (at !== undefined && at < now() - data.backMs) continue
    const offence = kind !== undefined && isOffenceKind(kind) ? kind : undefined
    failures.push({
      job,
      address,
      name: address === undefined ? name : undefined,
      at,
      user: fields.get('user'),
      kind: offence,
    })
  }
  if (failures.length >= MOST_FAILURES) flush()
}

/** The filter's text, read once; its faults are told once. */
const textOf = (job: WatchJob): FilterText | undefined => {
  const key = `${job.filter} ${job.path === ''}`
  if (texts.has(key)) return texts.get(key)
  const read = readFilter(job.filter, data.folders, job.path === '')
  if (!read.ok) for (const fault of read.error) say({ kind: 'fault', ...fault })
  const text = read.ok ? read.value : undefined
  texts.set(key, text)
  if (text === undefined) return undefined
  // Told here, not for each file.
  const opened = openFilter(text, { clock: clockHere(now) })
  for (const fault of opened.ok ? opened.value.faults : opened.error) say({ kind: 'fault', ...fault })
  if (!opened.ok) texts.set(key, undefined)
  return texts.get(key)
}

const filterOf = (job: WatchJob, text: FilterText): Filter | undefined => {
  const zone = job.zone === '' ? {} : { zone: job.zone }
  const opened = openFilter(text, {
    clock: clockHere(now),
    ...(data.names ? {} : { usedns: 'warn' as const }),
    ...zone,
  })
  return opened.ok && opened.value.filter.patterns.fail.length > 0 ? opened.value.filter : undefined
}

const isPosition = (place: Place | undefined): place is Exclude<Place, { cursor: string }> =>
  place !== undefined && !('cursor' in place)

const openLog = (n: number, job: WatchJob, path: string): void => {
  const key = placeKey(path, job.filter)
  if (logs.has(key) || logs.size >= data.mostFiles) return
  const text = textOf(job)
  const filter = text === undefined ? undefined : filterOf(job, text)
  if (text === undefined || filter === undefined) return
  const slot = slots
  slots += 1
  if (slot < MOST_SLOTS) say({ kind: 'slot', slot, key })
  const place = data.places.get(key)
  const tail = new Tail({
    path,
    position: isPosition(place) ? place : undefined,
    since: now() - data.backMs,
    now,
    line: (line) => {
      control[ALIVE] = now()
      found(n, text.offence, filter.line(line))
    },
    reached: (inode, offset) => {
      if (slot >= MOST_SLOTS) return
      control[slot * 2] = inode
      control[slot * 2 + 1] = offset
    },
    noted: (what, file) => say({ kind: 'noted', what, path: file }),
  })
  logs.set(key, { key, path, tail, missing: false })
  say({ kind: 'started', path, filter: job.filter, patterns: filter.patterns.fail.length })
}

const openJournal = (n: number, job: WatchJob): void => {
  const source = `journal:${job.journal.join(' ')}`
  const key = placeKey(source, job.filter)
  if (journals.has(key)) return
  const text = textOf(job)
  const filter = text === undefined ? undefined : filterOf(job, text)
  if (text === undefined || filter === undefined) return
  const own = text.journalmatch.flatMap((words, at) => (at === 0 ? words : ['+', ...words]))
  const place = data.places.get(key)
  const cursor = cursors.get(key) ?? (place !== undefined && 'cursor' in place ? place.cursor : undefined)
  const journal = followJournal(
    job.journal[0] === 'filter' ? own : job.journal,
    cursor,
    (entry) => {
      control[ALIVE] = now()
      cursors.set(key, entry.cursor)
      found(n, text.offence, filter.message(entry.line, entry.seconds))
      flush()
    },
    (why) => {
      say({ kind: 'failed', path: source, why })
      journals.delete(key)
    },
  )
  journals.set(key, journal)
  say({ kind: 'started', path: source, filter: job.filter, patterns: filter.patterns.fail.length })
}

const openAll = (): void => {
  for (const [n, job] of data.jobs.entries()) {
    if (job.path === '') openJournal(n, job)
    else if (job.path.includes('*')) for (const path of globSync(job.path).toSorted()) openLog(n, job, path)
    else openLog(n, job, job.path)
  }
}

const look = (log: Log): boolean => {
  try {
    const state = log.tail.look()
    if (state === 'missing' && !log.missing)
      say({ kind: 'failed', path: log.path, why: 'there is no such file, or it cannot be read' })
    log.missing = state === 'missing'
    return state === 'more'
  } catch (error) {
    say({ kind: 'failed', path: log.path, why: error instanceof Error ? error.message : 'unknown' })
    log.tail.close()
    return false
  }
}

const places = (): ReadonlyMap<string, Place> => {
  const made = new Map<string, Place>()
  for (const { key, tail } of logs.values()) {
    const position = tail.position()
    if (position !== undefined) made.set(key, position)
  }
  for (const [key, cursor] of cursors) made.set(key, { cursor })
  return made
}

let stopping = false
let opened = 0
let kept = now()

const turn = (): void => {
  if (stopping) return
  control[ALIVE] = now()
  if (now() - opened >= AGAIN_MS) {
    opened = now()
    openAll()
  }
  let more = false
  for (const log of logs.values()) if (look(log)) more = true
  flush()
  if (now() - kept >= PLACES_MS) {
    kept = now()
    say({ kind: 'places', places: places() })
  }
  setTimeout(turn, more ? 0 : data.everyMs)
}

port.on('message', (message: ToWatch) => {
  if (message.kind !== 'stop' || stopping) return
  stopping = true
  for (const log of logs.values()) look(log)
  flush()
  say({ kind: 'places', places: places() })
  for (const log of logs.values()) log.tail.close()
  for (const journal of journals.values()) journal.stop()
  say({ kind: 'stopped' })
  port.close()
})
turn()
