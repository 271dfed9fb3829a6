/**
 * The maildrop as it was at login: numbers, sizes, unique ids, and what the client did to it. RFC 1939 section 5 (numbers stay the same for the session), section 7
 * (UIDL). The lists are windows on those of the shared view, so that a maildrop of 100,000 messages costs a session nothing. Pure.
 */
import type { MailboxId } from '../../base/ids.ts'
import type { UidRanges } from '../../store/store.ts'

export type Snapshot = {
  readonly mailbox: MailboxId
  readonly uidValidity: number
  /** Ascending. */
  readonly uids: Uint32Array
  /** Octets, for each of `uids`. */
  readonly sizes: Float64Array
}

export type Found = { readonly uid: number; readonly size: number }
/** Why a number names no message. */
export type NotFound = 'no-such-message' | 'is-deleted'

/** @returns ascending UIDs as ranges, with what lies between neighbours of `all` not in them left out. */
const rangesOf = (numbers: readonly number[], uids: Uint32Array): UidRanges => {
  const ranges: [number, number][] = []
  let before = -1
  for (const number of numbers) {
    const uid = uids[number - 1] ?? 0
    const last = ranges.at(-1)
    if (last !== undefined && number === before + 1) last[1] = uid
    else ranges.push([uid, uid])
    before = number
  }
  return ranges
}

/** One session's maildrop; only the commands of that session change it. */
export class Maildrop {
  readonly #snapshot: Snapshot
  readonly #deleted = new Set<number>()
  readonly #retrieved = new Set<number>()
  readonly #octets: number
  #deletedOctets = 0

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot
    this.#octets = snapshot.sizes.reduce((sum, size) => sum + size, 0)
  }

  get mailbox(): MailboxId {
    return this.#snapshot.mailbox
  }

  /** The highest message number, deleted ones counted. */
  get last(): number {
    return this.#snapshot.uids.length
  }

  /** What STAT says: messages and octets that are not deleted. */
  get stat(): { readonly messages: number; readonly octets: number } {
    return { messages: this.last - this.#deleted.size, octets: this.#octets - this.#deletedOctets }
  }

  /** @returns the message of a number. */
  find(number: number): Found | NotFound {
    const uid = this.#snapshot.uids[number - 1]
    if (uid === undefined) return 'no-such-message'
    return this.#deleted.has(number) ? 'is-deleted' : { uid, size: this.#snapshot.sizes[number - 1] ?? 0 }
  }

  /** What UIDL says of a message: UIDVALIDITY and UID, which together never name another one (decision 0044). */
  uidl(found: Found): string {
    return `${this.#snapshot.uidValidity}.${found.uid}`
  }

  /** The UIDs from a number on. */
  uidsFrom(number: number): Uint32Array {
    return this.#snapshot.uids.subarray(number - 1)
  }

  /** Marks a message that is there. */
  remove(number: number, { size }: Found): void {
    this.#deleted.add(number)
    this.#deletedOctets += size
  }

  /** Unmarks all that were deleted. */
  restore(): void {
    this.#deleted.clear()
    this.#deletedOctets = 0
  }

  retrieved(number: number): void {
    this.#retrieved.add(number)
  }

  /** What QUIT removes. */
  get deletions(): UidRanges {
    return rangesOf(
      [...this.#deleted].sort((a, b) => a - b),
      this.#snapshot.uids,
    )
  }

  get deletedCount(): number {
    return this.#deleted.size
  }

  get retrievedCount(): number {
    return this.#retrieved.size
  }

  /** What was retrieved and stays. */
  get readings(): UidRanges {
    return rangesOf(
      [...this.#retrieved].filter((number) => !this.#deleted.has(number)).sort((a, b) => a - b),
      this.#snapshot.uids,
    )
  }

  /** The messages of the snapshot, as a range; none where it is empty. */
  get whole(): UidRanges {
    const { uids } = this.#snapshot
    return uids.length === 0 ? [] : [[uids[0] ?? 0, uids.at(-1) ?? 0]]
  }
}
