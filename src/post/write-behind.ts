/**
 * Small state on its way to the store: the newest value of each key, written in batches, one batch at a time, so that a storm of
 * changes costs few commits. Nothing waits for it. A store that refuses keeps the batch for the next change; over MOST_WAITING the
 * oldest are given up.
 */
import type { Log } from '../base/log.ts'
import type { Store } from '../store/store.ts'

const MOST_WAITING = 20_000
const MOST_BATCH = 1_000

type Waiting = { readonly value: Uint8Array; readonly expiresAt: number } | null

/** One space of memos. */
export class WriteBehind {
  readonly #space: string
  readonly #store: Pick<Store, 'remember' | 'forget'>
  readonly #log: Log
  readonly #waiting = new Map<string, Waiting>()
  #writing: Promise<void> | undefined

  constructor(space: string, store: Pick<Store, 'remember' | 'forget'>, log: Log) {
    this.#space = space
    this.#store = store
    this.#log = log
  }

  /** @param expiresAt epoch ms. */
  put(key: string, value: Uint8Array, expiresAt: number): void {
    this.#queue(key, { value, expiresAt })
  }

  drop(key: string): void {
    this.#queue(key, null)
  }

  /** Resolves when nothing waits, or the store refused. */
  async flushed(): Promise<void> {
    await this.#writing
  }

  #queue(key: string, waiting: Waiting): void {
    this.#waiting.delete(key)
    this.#waiting.set(key, waiting)
    if (this.#waiting.size > MOST_WAITING) {
      const oldest = this.#waiting.keys().next()
      if (oldest.done !== true) this.#waiting.delete(oldest.value)
    }
    this.#writing ??= this.#write()
  }

  async #write(): Promise<void> {
    // What else happens in this turn of the loop goes into the first batch.
    await Promise.resolve()
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting].slice(0, MOST_BATCH)
      for (const [key] of batch) this.#waiting.delete(key)
      const memos = batch.flatMap(([key, waiting]) => (waiting === null ? [] : [{ key, ...waiting }]))
      const keys = batch.flatMap(([key, waiting]) => (waiting === null ? [key] : []))
      const [put, gone] = await Promise.all([
        memos.length === 0 ? undefined : this.#store.remember({ space: this.#space, memos }),
        keys.length === 0 ? undefined : this.#store.forget({ space: this.#space, keys }),
      ])
      const fault = put?.ok === false ? put.error : gone?.ok === false ? gone.error : undefined
      if (fault === undefined) continue
      this.#log.event('store-fault', { verb: 'remember', space: this.#space, fault })
      for (const [key, waiting] of batch) if (!this.#waiting.has(key)) this.#waiting.set(key, waiting)
      break
    }
    // In the same breath: what is put from now on is written by the next.
    this.#writing = undefined
  }
}
