/**
 * One copy in the process of the columns of each open mailbox, shared by all its sessions; kept right by the store's bell and `changes`.
 * RFC 9051 section 2.3.1 (UIDs ascend), RFC 7162 (mod-sequences). A session keeps only its own list of UIDs, which is a window on the shared
 * one until messages go. Flags and mod-sequences change in place; rows are appended in place; a removal makes new arrays, so that a
 * window that a session still holds stays as it was.
 */
import type { AccountId, MailboxId } from '../../base/ids.ts'
import { ok, type Result } from '../../base/result.ts'
import { flagBits, type Mailbox, type MessageColumns, type Store, type StoreFault } from '../../store/store.ts'

/** Changes that are remembered one by one; a session that is further behind looks at every row. */
const MOST_LOGGED = 4096

const bits = [
  [flagBits.answered, '\\Answered'],
  [flagBits.flagged, '\\Flagged'],
  [flagBits.deleted, '\\Deleted'],
  [flagBits.seen, '\\Seen'],
  [flagBits.draft, '\\Draft'],
] as const

/** The system flags, in the order in which they are told. */
export const flagNames: readonly string[] = bits.map(([, name]) => name)
/** The system flags of each value of the flags column. */
const systemFlags: readonly string[] = Array.from({ length: 32 }, (_, value) =>
  bits
    .filter(([bit]) => (value & bit) !== 0)
    .map(([, name]) => name)
    .join(' '),
)

type Change = { readonly uid: number; readonly modSeq: number }

const grown = <T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(column: T, count: number): T => {
  if (count <= column.length) return column
  const Kind = column.constructor as new (length: number) => T
  const next = new Kind(Math.max(64, count + (count >> 3)))
  next.set(column)
  return next
}

/** The place of `uid` in the first `count` of ascending `uids`, or -1. */
export const placeOf = (uids: Uint32Array, uid: number, count = uids.length): number => {
  const at = firstFrom(uids, uid, count)
  return at < count && uids[at] === uid ? at : -1
}

/** The place of the first of ascending `uids` that is at least `uid`. */
export const firstFrom = (uids: Uint32Array, uid: number, count = uids.length): number => {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((uids[middle] ?? 0) < uid) low = middle + 1
    else high = middle
  }
  return low
}

type Stretch = readonly [from: number, to: number, at: number]

/** What stays between ascending `places` that go: from, up to, and where it comes to lie. */
const stretches = (places: Uint32Array, count: number): readonly Stretch[] => {
  const found: Stretch[] = []
  let from = 0
  let at = 0
  for (let i = 0; i <= places.length; i += 1) {
    const to = places[i] ?? count
    if (to > from) found.push([from, to, at])
    at += to - from
    from = to + 1
  }
  return found
}

/** Fills `into` with the stretches of a column. */
const without = <T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(
  column: T,
  into: T,
  stay: readonly Stretch[],
): T => {
  for (const [from, to, at] of stay) into.set(column.subarray(from, to), at)
  return into
}

/** The columns of one mailbox. Sessions read its fields and call `refresh`; nothing else writes. */
export class MailboxView {
  readonly id: MailboxId
  readonly account: AccountId
  readonly #store: Store
  #uids: Uint32Array = new Uint32Array(0)
  flags: Uint8Array = new Uint8Array(0)
  #keywords: Uint16Array = new Uint16Array(0)
  modSeqs: Float64Array = new Float64Array(0)
  sizes: Float64Array = new Float64Array(0)
  internalDates: Float64Array = new Float64Array(0)
  savedDates: Float64Array = new Float64Array(0)
  #sets: (readonly string[])[] = [[]]
  #keywordTexts: string[] = ['']
  #setOf = new Map<string, number>([['', 0]])
  #names: readonly string[] = []
  /** How many sets `#names` was made of. */
  #named = 0
  #log: Change[] = []
  /** Changes up to this mod-sequence may be missing from the log. */
  #logFrom = 0
  #needed = 0
  /** Everything up to here was read; beyond `highest` where only other mailboxes changed. */
  #seen = 0
  #refreshing: Promise<Result<null, StoreFault>> | undefined
  count = 0
  highest = 0
  uidNext = 1
  /** Goes up whenever rows go. */
  removals = 0
  /** Sessions that have it open. */
  users = 0
  /** UIDs from here on were told to no session yet. */
  recentFrom: number | undefined
  /** When it was last closed, by a count of closings. */
  closedAt = 0

  constructor(store: Store, mailbox: Pick<Mailbox, 'id' | 'account'>) {
    this.#store = store
    this.id = mailbox.id
    this.account = mailbox.account
  }

  /** The UIDs, ascending; a window that later appends do not change. */
  get uids(): Uint32Array {
    return this.#uids.subarray(0, this.count)
  }

  /** System flags and keywords of the row at `at`, separated by spaces. */
  flagsAt(at: number): string {
    const bits = (this.flags[at] ?? 0) & 31
    const set = this.#keywords[at] ?? 0
    const system = systemFlags[bits] ?? ''
    if (set === 0) return system
    const keywords = this.#keywordTexts[set] ?? ''
    return system === '' ? keywords : `${system} ${keywords}`
  }

  /** The UID of the row at `at`, 0 beyond the last. */
  uidAt(at: number): number {
    return at < this.count ? (this.#uids[at] ?? 0) : 0
  }

  /** The keywords of the row at `at`. */
  keywordsAt(at: number): readonly string[] {
    return this.#sets[this.#keywords[at] ?? 0] ?? []
  }

  /** Every keyword that a message has, or had since the mailbox was opened; the same list until there is another keyword. */
  get keywords(): readonly string[] {
    if (this.#sets.length !== this.#named) {
      this.#named = this.#sets.length
      const names = [...new Set(this.#sets.flat())].sort()
      if (names.join(' ') !== this.#names.join(' ')) this.#names = names
    }
    return this.#names
  }

  /** The place of `uid`, or -1. */
  at(uid: number): number {
    return placeOf(this.#uids, uid, this.count)
  }

  /** Something changed up to this mod-sequence: the next `refresh` asks the store. */
  need(to: number): void {
    if (to > this.#needed) this.#needed = to
  }

  /** Other mailboxes of the account changed up to here, this one did not. */
  passed(to: number): void {
    if (!this.stale && to > this.#seen) this.#seen = to
  }

  /** A session changed flags, up to this mod-sequence: where nothing else happened between, the store need not be asked. */
  takeFlags(rows: MessageColumns, to: number): void {
    if (this.patch(rows)) this.#took(to)
    else this.need(to)
  }

  /** As `takeFlags`, for messages that a session removed. */
  takeRemoval(uids: Uint32Array, to: number): void {
    this.#remove(uids)
    this.#took(to)
  }

  #took(to: number): void {
    if (this.#seen === to - 1) {
      this.#seen = to
      this.highest = Math.max(this.highest, to)
    } else this.need(to)
  }

  /** Whether the store is known to have more. */
  get stale(): boolean {
    return this.#needed > this.#seen
  }

  /** Brings the columns up to what the bell has told. */
  async refresh(): Promise<Result<null, StoreFault>> {
    while (this.stale) {
      this.#refreshing ??= this.#catchUp().finally(() => {
        this.#refreshing = undefined
      })
      const done = await this.#refreshing
      if (!done.ok) return done
    }
    return ok(null)
  }

  async #catchUp(): Promise<Result<null, StoreFault>> {
    const wanted = this.#needed
    const answer = await this.#store.changes({ mailbox: this.id, since: this.#seen })
    if (!answer.ok) return answer
    const { changed, vanished, complete, highestModSeq, uidNext } = answer.value
    if (!complete) return this.load({ highestModSeq, uidNext })
    this.#remove(vanished)
    if (!this.patch(changed)) return this.load({ highestModSeq, uidNext })
    this.highest = Math.max(highestModSeq, this.highest)
    this.#seen = Math.max(this.highest, wanted)
    this.uidNext = uidNext
    return ok(null)
  }

  /** Reads every column anew. */
  async load(known: Pick<Mailbox, 'highestModSeq' | 'uidNext'>): Promise<Result<null, StoreFault>> {
    const answer = await this.#store.columns({ mailbox: this.id })
    if (!answer.ok) return answer
    const columns = answer.value
    this.#uids = columns.uids
    this.flags = columns.flags
    this.modSeqs = columns.modSeqs
    this.sizes = columns.sizes
    this.internalDates = columns.internalDates
    this.savedDates = columns.savedDates
    this.#sets = [[]]
    this.#named = 0
    this.#keywordTexts = ['']
    this.#setOf = new Map([['', 0]])
    const sets = columns.keywordSets.map((names) => this.#intern(names))
    this.#keywords = columns.keywords.map((set) => sets[set] ?? 0)
    this.count = columns.uids.length
    this.highest = Math.max(
      known.highestModSeq,
      this.modSeqs.reduce((most, one) => Math.max(most, one), 0),
    )
    this.#seen = this.highest
    this.uidNext = Math.max(known.uidNext, (columns.uids.at(-1) ?? 0) + 1)
    this.#log = []
    this.#logFrom = this.highest
    this.removals += 1
    return ok(null)
  }

  #intern(names: readonly string[]): number {
    const key = [...names].sort().join(' ')
    const known = this.#setOf.get(key)
    if (known !== undefined) return known
    this.#setOf.set(key, this.#sets.length)
    this.#keywordTexts[this.#sets.length] = names.join(' ')
    this.#sets.push(names)
    return this.#sets.length - 1
  }

  /** Takes rows as they are now; those that came late (by an answer that a later one overtook) are left. @returns false where a row does not fit. */
  patch(rows: MessageColumns): boolean {
    const sets = rows.keywordSets.map((names) => this.#intern(names))
    let at = -2
    for (let row = 0; row < rows.uids.length; row += 1) {
      const uid = rows.uids[row] ?? 0
      at = this.uidAt(at + 1) === uid ? at + 1 : this.at(uid)
      if (at < 0) {
        if (uid < (this.#uids[this.count - 1] ?? 0)) return false
        at = this.#append(rows, row)
      } else if ((rows.modSeqs[row] ?? 0) < (this.modSeqs[at] ?? 0)) continue
      this.flags[at] = rows.flags[row] ?? 0
      this.#keywords[at] = sets[rows.keywords[row] ?? 0] ?? 0
      this.#note(uid, at, rows.modSeqs[row] ?? 0)
    }
    return true
  }

  #note(uid: number, at: number, seq: number): void {
    if (this.modSeqs[at] === seq && seq <= this.highest) return
    this.modSeqs[at] = seq
    this.#log.push({ uid, modSeq: seq })
    if (this.#log.length <= MOST_LOGGED * 2) return
    for (const dropped of this.#log.splice(0, MOST_LOGGED)) this.#logFrom = Math.max(this.#logFrom, dropped.modSeq)
  }

  #append(rows: MessageColumns, row: number): number {
    const at = this.count
    this.#uids = grown(this.#uids, at + 1)
    this.flags = grown(this.flags, at + 1)
    this.#keywords = grown(this.#keywords, at + 1)
    this.modSeqs = grown(this.modSeqs, at + 1)
    this.sizes = grown(this.sizes, at + 1)
    this.internalDates = grown(this.internalDates, at + 1)
    this.savedDates = grown(this.savedDates, at + 1)
    this.#uids[at] = rows.uids[row] ?? 0
    this.modSeqs[at] = 0
    this.sizes[at] = rows.sizes[row] ?? 0
    this.internalDates[at] = rows.internalDates[row] ?? 0
    this.savedDates[at] = rows.savedDates[row] ?? 0
    this.count += 1
    return at
  }

  /** Rows that stay are moved by stretches: ten thousand that go from 100,000 must not hold up anybody. */
  #remove(vanished: Uint32Array): void {
    const gone = new Set<number>()
    for (const uid of vanished) {
      const at = this.at(uid)
      if (at >= 0) gone.add(at)
    }
    if (gone.size === 0) return
    const stay = stretches(Uint32Array.from(gone).sort(), this.count)
    const left = this.count - gone.size
    this.#uids = without(this.#uids, new Uint32Array(left), stay)
    this.flags = without(this.flags, new Uint8Array(left), stay)
    this.#keywords = without(this.#keywords, new Uint16Array(left), stay)
    for (const name of ['modSeqs', 'sizes', 'internalDates', 'savedDates'] as const)
      this[name] = without(this[name], new Float64Array(left), stay)
    this.count = left
    this.removals += 1
  }

  /** The UIDs whose last change lies after `since` and is not ahead of `highest` (as an answer to STORE may be), ascending. */
  changedSince(since: number): readonly number[] {
    const isDue = (at: number): boolean =>
      at >= 0 && (this.modSeqs[at] ?? 0) > since && (this.modSeqs[at] ?? 0) <= this.highest
    if (since >= this.#logFrom) {
      const found = new Set<number>()
      for (const change of this.#log) if (change.modSeq > since && isDue(this.at(change.uid))) found.add(change.uid)
      return [...found].sort((a, b) => a - b)
    }
    const found: number[] = []
    for (let at = 0; at < this.count; at += 1) if (isDue(at)) found.push(this.#uids[at] ?? 0)
    return found
  }
}
