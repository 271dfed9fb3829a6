/**
 * The store as the main thread sees it: a thread that writes and two that read. Every verb is carried to one of them, all that were
 * asked for in one turn in one message. The inbox is bounded: over it a verb is answered `busy` at once.
 */
import { join } from 'node:path'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { Log } from '../../base/log.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import { adopt, spooled } from '../../store/sqlite/adopt.ts'
import type { Complain, Outcome } from '../../store/sqlite/batch.ts'
import { fileNames, type OpenFault } from '../../store/sqlite/database.ts'
import { removeFile } from '../../store/sqlite/files.ts'
import type { VerbName } from '../../store/sqlite/house.ts'
import { verbKinds } from '../../store/sqlite/names.ts'
import { storeOf } from '../../store/sqlite/store-of.ts'
import type { Bell, Store } from '../../store/store.ts'
import { type AtHand, openAtHand } from './at-hand.ts'
import { type Asked, type FromThread, ownBody, type Role, type ThreadData, type ToThread } from './store-wire.ts'

const MOST_WAITING = 5_000 // calls without an answer; more than that is a flood or a dead disk
const MOST_BYTES_WAITING = 256 * 2 ** 20 // of bodies in memory
const SLOW_MS = 1_000

/** Writes that no small read looks at. */
const apart: ReadonlySet<VerbName> = new Set(['remember', 'forget', 'addReceipt'])
const alters = (verb: VerbName): boolean => verbKinds[verb] === 'write' && !apart.has(verb)

type Waiting = {
  readonly verb: VerbName
  readonly settle: (outcome: Outcome) => void
  readonly reject: (why: Error) => void
  readonly bytes: number
}
type Options = { readonly folder: string; readonly log: Log }

/** The main thread's end of one thread: what waits for an answer, what is about to be sent. */
class Line {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #heard: (message: FromThread) => void
  #outbox: Asked[] = []
  #transfer: ArrayBuffer[] = []
  #bytes = 0
  #altering = 0
  #lastId = 0
  #open = true
  readonly #ended: Promise<void>

  constructor(worker: Worker, log: Log, heard: (message: FromThread) => void) {
    this.#worker = worker
    this.#heard = heard
    worker.on('message', (message: FromThread) => this.#hear(message))
    this.#ended = new Promise((done) => {
      const end = (why: Error): void => {
        if (this.#open) log.event('store-fault', { verb: 'thread', fault: 'closed', why: why.message })
        this.#open = false
        for (const { reject } of this.#waiting.values()) reject(why)
        this.#waiting.clear()
        done()
      }
      worker.on('error', (error) => end(error instanceof Error ? error : new Error(String(error))))
      worker.on('exit', () => end(new Error('the storage thread ended')))
    })
  }

  /** Whether a write that a small read may look at is not answered yet. */
  get alters(): boolean {
    return this.#altering > 0
  }

  /** Carries a verb; `busy` when too many wait, `closed` when the thread is gone. */
  ask(verb: VerbName, args: unknown): Promise<Outcome> {
    if (!this.#open) return Promise.resolve(fail('closed'))
    if (this.#waiting.size >= MOST_WAITING || this.#bytes > MOST_BYTES_WAITING) return Promise.resolve(fail('busy'))
    const { args: owned, transfer } = verb === 'deliver' || verb === 'replace' ? ownBody(args) : { args, transfer: [] }
    const bytes = transfer.reduce((sum, buffer) => sum + buffer.byteLength, 0)
    this.#lastId += 1
    const id = this.#lastId
    this.#bytes += bytes
    if (this.#outbox.length === 0) queueMicrotask(() => this.#send())
    this.#outbox.push({ id, verb, args: owned })
    this.#transfer.push(...transfer)
    if (alters(verb)) this.#altering += 1
    return new Promise((settle, reject) => this.#waiting.set(id, { verb, settle, reject, bytes }))
  }

  /** What was asked for is done first. @returns when the thread has ended */
  close(): Promise<void> {
    if (this.#open) {
      this.#send()
      this.#open = false
      this.#post({ close: true })
    }
    return this.#ended
  }

  /** For a thread that only reads: what it is at is given up, and answered `closed`. A long search does not hold up a stop. */
  async stop(): Promise<void> {
    this.#open = false
    for (const { settle } of this.#waiting.values()) settle(fail('closed'))
    this.#waiting.clear()
    await this.#worker.terminate()
  }

  #post(message: ToThread, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer)
  }

  #send(): void {
    if (this.#outbox.length === 0) return
    const [calls, transfer] = [this.#outbox, this.#transfer]
    this.#outbox = []
    this.#transfer = []
    this.#post({ calls }, transfer)
  }

  #hear(message: FromThread): void {
    if ('answers' in message)
      for (const [id, outcome] of message.answers) {
        const waiting = this.#waiting.get(id)
        if (waiting === undefined) continue
        this.#waiting.delete(id)
        this.#bytes -= waiting.bytes
        if (alters(waiting.verb)) this.#altering -= 1
        waiting.settle(outcome)
      }
    this.#heard(message)
  }
}

/** Starts a thread. @returns its worker once the database is open, or why it is not */
const start = async (folder: string, role: Role, errands: MessagePort | null): Promise<Result<Worker, OpenFault>> => {
  const data: ThreadData = { folder, role, errands }
  const worker = new Worker(new URL('./store-thread.ts', import.meta.url), {
    workerData: data,
    transferList: errands === null ? [] : [errands],
    name: `store-${role}`,
  })
  const opened = await new Promise<OpenFault | null>((settle, reject) => {
    worker.once('message', (message: FromThread) => settle('opened' in message ? message.opened : 'damaged'))
    worker.once('error', reject)
  })
  return opened === null ? ok(worker) : fail(opened)
}

/**
 * The threads of a store: the writer, and the readers, each of which starts when there is something for it to do (docs/decisions/0050). Without a reader, and until it
 * is there, the writer does its work: slower, but whole.
 */
class Threads {
  readonly #log: Log
  readonly #folder: string
  readonly #bodies: string
  readonly #writer: Line
  readonly #errands: MessagePort
  #atHand: AtHand | null | undefined
  #searcher: Promise<Line | null> | undefined
  #pages: Promise<Line | null> | undefined
  /** As soon as it answers. */
  #pagesNow: Line | null = null
  #closed = false
  readonly #listeners = new Set<(bell: Bell) => void>()

  constructor(options: Options, writer: Worker, searcherErrands: MessagePort) {
    this.#log = options.log
    this.#folder = options.folder
    this.#errands = searcherErrands
    this.#bodies = join(options.folder, fileNames.bodies)
    this.#writer = new Line(writer, options.log, (message) => {
      if ('answers' in message && message.tookMs > SLOW_MS)
        this.#log.event('store-slow', { ms: Math.round(message.tookMs), verbs: message.answers.length })
      if ('wanted' in message) void this.#wantSearcher()
      else this.#hear(message)
    })
  }

  #wantSearcher(): Promise<Line | null> {
    if (this.#closed) return Promise.resolve(null)
    this.#searcher ??= this.#startReader('searcher', this.#errands)
    return this.#searcher
  }

  /** The reader of pages, if it is there already; it is started where it is not. */
  #wantPages(): Line | null {
    if (this.#pages === undefined && !this.#closed)
      this.#pages = this.#startReader('pages', null).then((line) => {
        this.#pagesNow = line
        return line
      })
    return this.#pagesNow
  }

  async #startReader(role: Role, errands: MessagePort | null): Promise<Line | null> {
    const worker = await start(this.#folder, role, errands).catch((error: unknown) => {
      this.#complain(role, 'busy', error instanceof Error ? error.message : String(error))
      return null
    })
    if (worker === null) return null
    if (worker.ok) return new Line(worker.value, this.#log, (message) => this.#hear(message))
    this.#complain(role, worker.error === 'damaged' ? 'damaged' : 'busy', worker.error)
    return null
  }

  readonly #complain: Complain = (verb, fault, why) =>
    this.#log.event(fault === 'disk-full' ? 'disk-full' : 'store-fault', { verb, fault, why })

  #hear(message: FromThread): void {
    if (!('answers' in message)) return
    for (const { verb, fault, why } of message.complaints) this.#complain(verb, fault, why)
    for (const bell of message.bells) for (const listener of this.#listeners) listener(bell)
  }

  /** A small read is done here; what a caller wrote and has no answer to yet is seen by the writer only. */
  #small(verb: VerbName, args: unknown): Outcome | undefined {
    if (this.#closed || (verbKinds[verb] === 'read' && this.#writer.alters)) return undefined
    if (this.#atHand === undefined) {
      const opened = openAtHand(this.#folder, this.#complain)
      this.#atHand = opened.ok ? opened.value : null
    }
    return this.#atHand?.answer(verb, args)
  }

  readonly call = async (verb: VerbName, args: unknown): Promise<Outcome> => {
    const kind = verbKinds[verb]
    const small = kind === 'page' || verb === 'mailbox' || verb === 'account' ? this.#small(verb, args) : undefined
    if (small !== undefined) return small
    if (kind === 'page') return (this.#wantPages() ?? this.#writer).ask(verb, args)
    if (kind === 'heavy') return ((await this.#wantSearcher()) ?? this.#writer).ask(verb, args)
    if (spooled({ verb, args }) === null) return this.#writer.ask(verb, args)
    const adopted = await adopt(this.#bodies, { verb, args }, this.#complain)
    if (!adopted.ok) return adopted
    const outcome = await this.#writer.ask(verb, adopted.value.args)
    // The writer removes a file that no row came to name; one that it never heard of is ours to remove.
    if (!outcome.ok && 'error' in outcome && ['busy', 'closed'].includes(outcome.error))
      removeFile(spooled(adopted.value)?.file ?? '')
    return outcome
  }

  readonly listen = (listener: (bell: Bell) => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly close = async (): Promise<void> => {
    this.#closed = true
    this.#atHand?.close()
    if (this.#searcher === undefined) this.#errands.close()
    await Promise.all([(await this.#pages)?.stop(), (await this.#searcher)?.stop()])
    await this.#writer.close()
  }
}

/** Starts the storage threads on `folder` (made when it is not there). @returns the store, or why it does not open */
export const openStore = async (options: Options): Promise<Result<Store, OpenFault>> => {
  const { port1, port2 }: { port1: MessagePort; port2: MessagePort } = new MessageChannel()
  const writer = await start(options.folder, 'writer', port1)
  if (!writer.ok) {
    port2.close()
    return writer
  }
  const threads = new Threads(options, writer.value, port2)
  return ok(storeOf(threads.call, { listen: threads.listen, close: threads.close }))
}
