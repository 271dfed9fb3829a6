/**
 * The store as the main thread sees it: every verb is carried to the storage thread, all that were asked for in one turn in one
 * message. The inbox is bounded: over it a verb is answered `busy` at once.
 */
import { Worker } from 'node:worker_threads'
import type { Log } from '../../base/log.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import type { Outcome } from '../../store/sqlite/batch.ts'
import type { OpenFault } from '../../store/sqlite/database.ts'
import type { VerbName } from '../../store/sqlite/house.ts'
import { storeOf } from '../../store/sqlite/store-of.ts'
import type { Bell, Store } from '../../store/store.ts'
import { type Asked, type FromThread, ownBody, type ThreadData, type ToThread } from './store-wire.ts'

const MOST_WAITING = 5_000 // calls without an answer; more than that is a flood or a dead disk
const MOST_BYTES_WAITING = 256 * 2 ** 20 // of bodies in memory
const SLOW_MS = 1_000

type Waiting = {
  readonly settle: (outcome: Outcome) => void
  readonly reject: (why: Error) => void
  readonly bytes: number
}
type Options = { readonly folder: string; readonly log: Log }

/** The main thread's half of the talk: what waits, what is about to be sent. */
class Client {
  readonly #worker: Worker
  readonly #log: Log
  readonly #waiting = new Map<number, Waiting>()
  readonly #listeners = new Set<(bell: Bell) => void>()
  #outbox: Asked[] = []
  #transfer: ArrayBuffer[] = []
  #bytes = 0
  #lastId = 0
  #open = true
  #closed: (() => void)[] = []

  constructor(worker: Worker, log: Log) {
    this.#worker = worker
    this.#log = log
    worker.on('message', (message: FromThread) => this.#hear(message))
    worker.on('error', (error: Error) => this.#die(error))
    worker.on('exit', () => this.#die(new Error('the storage thread ended')))
  }

  readonly call = (verb: VerbName, args: unknown): Promise<Outcome> => {
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
    return new Promise((settle, reject) => this.#waiting.set(id, { settle, reject, bytes }))
  }

  readonly listen = (listener: (bell: Bell) => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly close = (): Promise<void> => {
    if (this.#open) {
      this.#send()
      this.#open = false
      this.#post({ close: true })
    }
    return new Promise((done) => {
      this.#closed.push(done)
      if (this.#gone) this.#finish()
    })
  }

  #gone = false

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
    if (!('answers' in message)) return
    for (const { verb, fault, why } of message.complaints)
      this.#log.event(fault === 'disk-full' ? 'disk-full' : 'store-fault', { verb, fault, why })
    if (message.tookMs > SLOW_MS)
      this.#log.event('store-slow', { ms: Math.round(message.tookMs), verbs: message.answers.length })
    for (const [id, outcome] of message.answers) {
      const waiting = this.#waiting.get(id)
      if (waiting === undefined) continue
      this.#waiting.delete(id)
      this.#bytes -= waiting.bytes
      waiting.settle(outcome)
    }
    for (const bell of message.bells) for (const listener of this.#listeners) listener(bell)
  }

  /** The thread is gone, as asked or not: nothing waits for it any longer. */
  #die(why: Error): void {
    if (this.#gone) return
    this.#gone = true
    if (this.#open) this.#log.event('store-fault', { verb: 'thread', fault: 'closed', why: why.message })
    this.#open = false
    for (const { reject } of this.#waiting.values()) reject(why)
    this.#waiting.clear()
    this.#finish()
  }

  #finish(): void {
    for (const done of this.#closed) done()
    this.#closed = []
  }
}

/** Starts the storage thread on `folder` (made when it is not there). @returns the store, or why it does not open */
export const openStore = async (options: Options): Promise<Result<Store, OpenFault>> => {
  const data: ThreadData = { folder: options.folder }
  const worker = new Worker(new URL('./store.ts', import.meta.url), { workerData: data, name: 'store' })
  const opened = await new Promise<OpenFault | null>((settle, reject) => {
    worker.once('message', (message: FromThread) => settle('opened' in message ? message.opened : 'damaged'))
    worker.once('error', reject)
  })
  if (opened !== null) return fail(opened)
  const client = new Client(worker, options.log)
  return ok(storeOf(client.call, { listen: client.listen, close: client.close }))
}
