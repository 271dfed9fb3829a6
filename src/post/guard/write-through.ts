/**
 * Small state that must be on the disk before something else happens: the newest value of each key, written in batches, one batch at a time; whoever
 * needs it there waits for its own value alone. Bounded by those who wait: each message on its way has one value at most.
 *
 * The opposite of write-behind.ts, where nobody waits: what an account has spent must not be forgotten by whoever can make this server stop.
 */
import type { Result } from '../../base/result.ts'
import type { Store, StoreFault } from '../../store/store.ts'

const MOST_BATCH = 1_000

type Waiting = {
  readonly value: Uint8Array
  readonly expiresAt: number
  readonly written: PromiseWithResolvers<Written>
}
type Written = Result<null, StoreFault>

/** One space of memos. */
export class WriteThrough {
  readonly #space: string
  readonly #store: Pick<Store, 'remember'>
  readonly #waiting = new Map<string, Waiting>()
  #batch: ReadonlyMap<string, Waiting> = new Map()
  #writing: Promise<void> | undefined

  constructor(space: string, store: Pick<Store, 'remember'>) {
    this.#space = space
    this.#store = store
  }

  /** @param expiresAt epoch ms. Nothing rejects: `written` says what came of it. */
  put(key: string, value: Uint8Array, expiresAt: number): void {
    const written = this.#waiting.get(key)?.written ?? Promise.withResolvers<Written>()
    this.#waiting.set(key, { value, expiresAt, written })
    this.#writing ??= this.#write()
  }

  /** @returns the value of a key that is not on the disk yet. */
  unwritten(key: string): Uint8Array | undefined {
    return (this.#waiting.get(key) ?? this.#batch.get(key))?.value
  }

  /** Resolves when the newest value of a key is on the disk, or was refused. */
  written(key: string): Promise<Written> {
    return (
      (this.#waiting.get(key) ?? this.#batch.get(key))?.written.promise ?? Promise.resolve({ ok: true, value: null })
    )
  }

  /** Resolves when nothing waits. */
  async flushed(): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    // What else happens in this turn of the loop goes into the first batch.
    await Promise.resolve()
    while (this.#waiting.size > 0) {
      this.#batch = new Map([...this.#waiting].slice(0, MOST_BATCH))
      for (const key of this.#batch.keys()) this.#waiting.delete(key)
      const memos = [...this.#batch].map(([key, { value, expiresAt }]) => ({ key, value, expiresAt }))
      const answer = await this.#store.remember({ space: this.#space, memos })
      const batch = this.#batch
      this.#batch = new Map()
      for (const { written } of batch.values()) written.resolve(answer)
    }
    // In the same breath: what is put from now on is written by the next.
    this.#writing = undefined
  }
}
