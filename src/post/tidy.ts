/**
 * What is kept for a time and then goes: old Junk, what shows refused mail, and with the store's own verb tombstones, receipts, expired memos and bodies that nobody points
 * at. Every piece is small, so that no delivery waits behind it. The clock is a parameter.
 *
 * A message in Junk is as old as its time there; one that its owner marked (\Flagged) stays. Where an account's Junk holds more octets than its room, the oldest go
 * first until it fits. When it was last done, what went and the oldest message kept are remembered: a purge must be seen to work (`postern purge --status`,
 * and the metrics).
 */
import type { MailboxId } from '../base/ids.ts'
import { isRecord, readJson } from '../base/json.ts'
import type { Log } from '../base/log.ts'
import { fail, ok, type Result } from '../base/result.ts'
import { flagBits, type MessageColumns, type Store, type StoreFault, type UidRanges } from '../store/store.ts'
import { REJECTED, REJECTED_KEYWORD } from './rejected.ts'

const PIECE = 200 // messages of one transaction
const MOST_PIECES = 1_000 // of the store's own tidying, at one go
const SPACE = 'house'
const KEY = 'tidied'

export type TidyDeps = {
  readonly store: Pick<Store, 'accounts' | 'mailboxes' | 'columns' | 'expunge' | 'tidy' | 'remember'>
  readonly log: Log
  readonly now: () => number
  readonly keepJunkMs: number
  /** Octets that the Junk of one account may hold; 0 is no limit. */
  readonly junkRoom: number
  /** How long refused mail is shown; 0 where it is not shown at all. */
  readonly keepRejectedMs: number
  /** Lets others have their turn between two pieces. */
  readonly breathe?: () => Promise<void>
  /** Ends after the piece that is being done. */
  readonly signal?: AbortSignal
}
/**
 * `junk` messages of `junkOctets` went from Junk, `rejected` from what shows refused mail, and `removed` rows of other kinds; `kept` messages of `keptOctets` are still in a Junk, and `oldestJunk` is when
 * the oldest of them got there; null where there is none.
 */
export type Tidied = {
  readonly at: number
  readonly junk: number
  readonly junkOctets: number
  readonly removed: number
  readonly rejected: number
  readonly kept: number
  readonly keptOctets: number
  readonly oldestJunk: number | null
}
type Columns = Pick<MessageColumns, 'uids' | 'flags' | 'savedDates' | 'sizes' | 'keywords' | 'keywordSets'>
/** What goes of a mailbox: what got there before `before`, and the oldest above `room` octets (0 is no limit). With `keyword`, only messages that have it count. */
export type Rule = { readonly before: number; readonly room: number; readonly keyword?: string }
type Overdue = {
  readonly pieces: readonly UidRanges[]
  readonly goneOctets: number
  readonly kept: number
  readonly keptOctets: number
  readonly oldest: number | null
}

/** @returns which messages are over, in pieces, and what is left. Pure. */
export const overdue = (columns: Columns, { before, room, keyword }: Rule): Overdue => {
  const { uids, flags, savedDates, sizes, keywords, keywordSets } = columns
  const counts = keywordSets.map((set) => keyword === undefined || set.includes(keyword))
  const isCounted = (index: number): boolean => counts[keywords[index] ?? 0] ?? keyword === undefined
  const old: number[] = []
  const loose: number[] = [] // indices of what is neither old nor marked
  let goneOctets = 0
  let keptOctets = 0
  let counted = 0
  for (const [index, uid] of uids.entries()) {
    if (!isCounted(index)) continue
    counted += 1
    const isMarked = ((flags[index] ?? 0) & flagBits.flagged) !== 0
    if (!isMarked && (savedDates[index] ?? before) < before) {
      old.push(uid)
      goneOctets += sizes[index] ?? 0
      continue
    }
    keptOctets += sizes[index] ?? 0
    if (!isMarked) loose.push(index)
  }
  const gone = new Set(old)
  if (room > 0 && keptOctets > room)
    for (const index of loose.sort((a, b) => (savedDates[a] ?? 0) - (savedDates[b] ?? 0))) {
      if (keptOctets <= room) break
      keptOctets -= sizes[index] ?? 0
      goneOctets += sizes[index] ?? 0
      gone.add(uids[index] ?? 0)
    }
  let oldest: number | null = null
  for (const [index, uid] of uids.entries())
    if (!gone.has(uid) && isCounted(index))
      oldest = Math.min(oldest ?? Number.POSITIVE_INFINITY, savedDates[index] ?? before)
  const going = [...gone].sort((a, b) => a - b)
  const pieces: UidRanges[] = []
  for (let at = 0; at < going.length; at += PIECE)
    pieces.push(going.slice(at, at + PIECE).map((uid) => [uid, uid] as const))
  return { pieces, goneOctets, kept: counted - gone.size, keptOctets, oldest }
}

type Purged = Pick<Tidied, 'junk' | 'junkOctets' | 'kept' | 'keptOctets' | 'oldestJunk'>
const nothing: Purged = { junk: 0, junkOctets: 0, kept: 0, keptOctets: 0, oldestJunk: null }
const both = (a: Purged, b: Purged): Purged => ({
  junk: a.junk + b.junk,
  junkOctets: a.junkOctets + b.junkOctets,
  kept: a.kept + b.kept,
  keptOctets: a.keptOctets + b.keptOctets,
  oldestJunk:
    a.oldestJunk === null || b.oldestJunk === null
      ? (a.oldestJunk ?? b.oldestJunk)
      : Math.min(a.oldestJunk, b.oldestJunk),
})

const purge = async (deps: TidyDeps, mailbox: MailboxId, rule: Rule): Promise<Result<Purged, StoreFault>> => {
  const columns = await deps.store.columns({ mailbox })
  if (!columns.ok) return columns
  const { pieces, goneOctets, kept, keptOctets, oldest } = overdue(columns.value, rule)
  let junk = 0
  for (const uids of pieces) {
    if (deps.signal?.aborted === true) break
    const gone = await deps.store.expunge({ mailbox, uids, evenUndeleted: true, now: deps.now() })
    if (!gone.ok) return gone
    junk += gone.value.uids.length
    await deps.breathe?.()
  }
  return ok({ junk, junkOctets: goneOctets, kept, keptOctets, oldestJunk: oldest })
}

type Boxes = { readonly junk: readonly MailboxId[]; readonly rejected: readonly MailboxId[] }

const boxesOf = async (store: TidyDeps['store']): Promise<Result<Boxes, StoreFault>> => {
  const accounts = await store.accounts()
  if (!accounts.ok) return accounts
  const junk: MailboxId[] = []
  const rejected: MailboxId[] = []
  for (const { id } of accounts.value) {
    const mailboxes = await store.mailboxes({ account: id })
    if (!mailboxes.ok) return mailboxes
    for (const mailbox of mailboxes.value) {
      if (mailbox.specialUse === 'junk') junk.push(mailbox.id)
      else if (mailbox.name === REJECTED) rejected.push(mailbox.id)
    }
  }
  return ok({ junk, rejected })
}

const purgeAll = async (
  deps: TidyDeps,
  boxes: readonly MailboxId[],
  rule: Rule,
): Promise<Result<Purged, StoreFault>> => {
  let all = nothing
  for (const box of boxes) {
    const purged = await purge(deps, box, rule)
    if (!purged.ok && purged.error === 'no-such-mailbox') continue
    if (!purged.ok) return purged
    all = both(all, purged.value)
  }
  return ok(all)
}

const tidyStore = async (deps: TidyDeps): Promise<Result<number, StoreFault>> => {
  let removed = 0
  for (let piece = 0; piece < MOST_PIECES && deps.signal?.aborted !== true; piece += 1) {
    const done = await deps.store.tidy({ now: deps.now() })
    if (!done.ok) return done
    removed += done.value.removed
    if (!done.value.more) break
    await deps.breathe?.()
  }
  return ok(removed)
}

const tidyAll = async (deps: TidyDeps): Promise<Result<Tidied, StoreFault>> => {
  const boxes = await boxesOf(deps.store)
  if (!boxes.ok) return boxes
  const now = deps.now()
  const junk = await purgeAll(deps, boxes.value.junk, { before: now - deps.keepJunkMs, room: deps.junkRoom })
  if (!junk.ok) return junk
  const shown = { before: now - deps.keepRejectedMs, room: 0, keyword: REJECTED_KEYWORD }
  const rejected = await purgeAll(deps, boxes.value.rejected, shown)
  if (!rejected.ok) return rejected
  const removed = await tidyStore(deps)
  return removed.ok ? ok({ at: now, removed: removed.value, rejected: rejected.value.junk, ...junk.value }) : removed
}

/** @returns what went; a fault of the store is logged and the rest is done the next time. */
export const tidyHouse = async (deps: TidyDeps): Promise<Result<Tidied, StoreFault>> => {
  const tidied = await tidyAll(deps)
  if (!tidied.ok) {
    deps.log.event('store-fault', { verb: 'tidy', fault: tidied.error })
    return fail(tidied.error)
  }
  const value = Buffer.from(JSON.stringify(tidied.value), 'utf8')
  await deps.store.remember({ space: SPACE, memos: [{ key: KEY, value, expiresAt: null }] })
  const { junk, removed, oldestJunk } = tidied.value
  deps.log.event('tidied', {
    junk,
    removed,
    oldestJunk: oldestJunk === null ? null : new Date(oldestJunk).toISOString(),
  })
  return tidied
}

const numbers = ['at', 'junk', 'junkOctets', 'removed', 'rejected', 'kept', 'keptOctets'] as const
const isTidied = (value: unknown): value is Tidied =>
  isRecord(value) &&
  numbers.every((key) => typeof value[key] === 'number') &&
  (value['oldestJunk'] === null || typeof value['oldestJunk'] === 'number')

/** @returns what the last purge came to; null where there was none yet, or none that this version can read. */
export const lastTidied = async (
  store: Pick<Store, 'recall'>,
  now: number,
): Promise<Result<Tidied | null, StoreFault>> => {
  const memo = await store.recall({ space: SPACE, key: KEY, now })
  if (!memo.ok) return memo
  const [found] = memo.value
  if (found === undefined) return ok(null)
  const value = readJson(Buffer.from(found.value).toString('utf8'))
  return ok(isTidied(value) ? value : null)
}
