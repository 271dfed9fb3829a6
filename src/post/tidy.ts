/**
 * What is kept for a time and then goes: old Junk, and with the store's own verb tombstones, receipts, expired memos and bodies that nobody points
 * at. Every piece is small, so that no delivery waits behind it. The clock is a parameter.
 *
 * A message in Junk is as old as its time there; one that its owner marked (\Flagged) stays. When it was last done, and the oldest message kept,
 * is remembered for the dashboard: a purge must be seen to work.
 */
import type { MailboxId } from '../base/ids.ts'
import type { Log } from '../base/log.ts'
import { fail, ok, type Result } from '../base/result.ts'
import { flagBits, type MessageColumns, type Store, type StoreFault, type UidRanges } from '../store/store.ts'

const PIECE = 200 // messages of one transaction
const MOST_PIECES = 1_000 // of the store's own tidying, at one go

export type TidyDeps = {
  readonly store: Pick<Store, 'accounts' | 'mailboxes' | 'columns' | 'expunge' | 'tidy' | 'remember'>
  readonly log: Log
  readonly now: () => number
  readonly keepJunkMs: number
  /** Lets others have their turn between two pieces. */
  readonly breathe?: () => Promise<void>
  /** Ends after the piece that is being done. */
  readonly signal?: AbortSignal
}
/** `oldestJunk` is when the oldest message still in a Junk got there; null where there is none. */
export type Tidied = {
  readonly at: number
  readonly junk: number
  readonly removed: number
  readonly oldestJunk: number | null
}

/** @returns which messages are over, in pieces, and when the oldest of the others got there. Pure. */
export const overdue = (
  columns: Pick<MessageColumns, 'uids' | 'flags' | 'savedDates'>,
  before: number,
): { readonly pieces: readonly UidRanges[]; readonly oldest: number | null } => {
  const old: number[] = []
  let oldest: number | null = null
  for (const [index, uid] of columns.uids.entries()) {
    const saved = columns.savedDates[index] ?? before
    if (saved < before && ((columns.flags[index] ?? 0) & flagBits.flagged) === 0) old.push(uid)
    else oldest = oldest === null ? saved : Math.min(oldest, saved)
  }
  const pieces: UidRanges[] = []
  for (let at = 0; at < old.length; at += PIECE)
    pieces.push(old.slice(at, at + PIECE).map((uid) => [uid, uid] as const))
  return { pieces, oldest }
}

type Purged = { readonly junk: number; readonly oldest: number | null }

const purge = async (deps: TidyDeps, mailbox: MailboxId): Promise<Result<Purged, StoreFault>> => {
  const columns = await deps.store.columns({ mailbox })
  if (!columns.ok) return columns
  const { pieces, oldest } = overdue(columns.value, deps.now() - deps.keepJunkMs)
  let junk = 0
  for (const uids of pieces) {
    if (deps.signal?.aborted === true) break
    const gone = await deps.store.expunge({ mailbox, uids, evenUndeleted: true, now: deps.now() })
    if (!gone.ok) return gone
    junk += gone.value.uids.length
    await deps.breathe?.()
  }
  return ok({ junk, oldest })
}

const junkBoxes = async (store: TidyDeps['store']): Promise<Result<readonly MailboxId[], StoreFault>> => {
  const accounts = await store.accounts()
  if (!accounts.ok) return accounts
  const found: MailboxId[] = []
  for (const { id } of accounts.value) {
    const mailboxes = await store.mailboxes({ account: id })
    if (!mailboxes.ok) return mailboxes
    for (const mailbox of mailboxes.value) if (mailbox.specialUse === 'junk') found.push(mailbox.id)
  }
  return ok(found)
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
  const boxes = await junkBoxes(deps.store)
  if (!boxes.ok) return boxes
  let junk = 0
  let oldestJunk: number | null = null
  for (const box of boxes.value) {
    const purged = await purge(deps, box)
    if (!purged.ok && purged.error === 'no-such-mailbox') continue
    if (!purged.ok) return purged
    junk += purged.value.junk
    const { oldest } = purged.value
    if (oldest !== null) oldestJunk = oldestJunk === null ? oldest : Math.min(oldestJunk, oldest)
  }
  const removed = await tidyStore(deps)
  return removed.ok ? ok({ at: deps.now(), junk, removed: removed.value, oldestJunk }) : removed
}

/** @returns what went; a fault of the store is logged and the rest is done the next time. */
export const tidyHouse = async (deps: TidyDeps): Promise<Result<Tidied, StoreFault>> => {
  const tidied = await tidyAll(deps)
  if (!tidied.ok) {
    deps.log.event('store-fault', { verb: 'tidy', fault: tidied.error })
    return fail(tidied.error)
  }
  const value = Buffer.from(JSON.stringify(tidied.value), 'utf8')
  await deps.store.remember({ space: 'house', memos: [{ key: 'tidied', value, expiresAt: null }] })
  const { junk, removed, oldestJunk } = tidied.value
  deps.log.event('tidied', {
    junk,
    removed,
    oldestJunk: oldestJunk === null ? null : new Date(oldestJunk).toISOString(),
  })
  return tidied
}
