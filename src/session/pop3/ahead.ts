/**
 * Whole small messages, read ahead for a client that fetches one after another, as nearly all do: one trip to the storage thread serves many. What is held is
 * bounded by the limit `ahead` and given away as soon as it is asked for. A message that another program removes after it was read ahead is still given: it was there
 * at login.
 */
import { fail, ok, type Result } from '../../base/result.ts'
import type { StoreFault } from '../../store/store.ts'
import type { Pop3Deps } from './deps.ts'
import type { Found, Maildrop } from './maildrop.ts'

const MOST_MESSAGES = 32

/** One session's reading. */
export class Ahead {
  readonly #held = new Map<number, Uint8Array>()
  #before = 0

  /** @returns the octets of message `number`; `no-such-message` where another program has removed it. */
  async read(
    { store, limits }: Pick<Pop3Deps, 'store' | 'limits'>,
    drop: Maildrop,
    number: number,
    { uid, size }: Found,
  ): Promise<Result<Uint8Array, StoreFault>> {
    const inOrder = number === this.#before + 1
    this.#before = number
    const held = this.#held.get(uid)
    if (held !== undefined) {
      this.#held.delete(uid)
      return ok(held)
    }
    this.#held.clear()
    const uids = drop.uidsFrom(number)
    const answer = await store.messages({
      mailbox: drop.mailbox,
      uids: [[uid, inOrder ? (uids.at(-1) ?? uid) : uid]],
      want: { message: true },
      most: inOrder ? MOST_MESSAGES : 1,
      // One alone that is small is read at hand: what is asked for says that it is.
      mostBytes: inOrder ? Math.max(size, limits.ahead) : size,
    })
    if (!answer.ok) return answer
    for (const row of answer.value.rows) if (row.message !== undefined) this.#held.set(row.uid, row.message)
    const wanted = this.#held.get(uid)
    this.#held.delete(uid)
    return wanted === undefined ? fail('no-such-message') : ok(wanted)
  }

  forget(): void {
    this.#held.clear()
  }
}
