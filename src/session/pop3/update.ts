/**
 * DELE, RSET and QUIT: what a client removes, and when. RFC 1939 sections 5 and 6: nothing is changed before QUIT, and nothing at all without it. Then the
 * removals are one transaction, which IMAP sessions hear of as of any other; what was retrieved is marked as read (docs/decisions/0045); what was read long
 * ago goes, where the owner wants that (EXPIRE, RFC 2449 section 6.7).
 */
import { ok, type Result } from '../../base/result.ts'
import { flagBits, type StoreFault, type UidRanges } from '../../store/store.ts'
import type { Maildrop } from './maildrop.ts'
import { dropOf, leave, type Running, type Talk } from './state.ts'
import { pop3Words } from './words.ts'

/** DELE. */
export const remove = (talk: Talk, number: number): string => {
  const drop = dropOf(talk)
  const found = drop.find(number)
  if (typeof found === 'string') return pop3Words[found]
  drop.remove(number, found)
  return pop3Words.deleted
}

/** RSET. */
export const reset = (talk: Talk): string => {
  dropOf(talk).restore()
  return pop3Words.ok
}

/** QUIT. */
export async function* quit(talk: Talk): Running {
  const { drop } = talk
  talk.closing = true
  if (drop === undefined) {
    yield `${pop3Words.bye}\r\n`
    return
  }
  const done = await update(talk, drop)
  const { session } = talk.peer
  const { retrievedCount: retrieved, deletedCount } = drop
  talk.deps.log.event('pop3-quit', { session, user: talk.account, retrieved, deleted: done.ok ? deletedCount : 0 })
  // Before the answer: who heard it may come again at once.
  leave(talk)
  yield `${pop3Words[done.ok ? 'bye' : 'not-deleted']}\r\n`
}

const update = async (talk: Talk, drop: Maildrop): Promise<Result<unknown, StoreFault>> => {
  const done = await expunge(talk, drop, drop.deletions)
  if (!done.ok) return done
  const { deps } = talk
  const { readings } = drop
  if (deps.markSeen && readings.length > 0)
    await deps.store.changeFlags({ mailbox: drop.mailbox, uids: readings, how: 'add', flags: ['\\Seen'] })
  // Neither was asked for by the client: a fault of theirs is in the log, and no reason for an error here.
  if (deps.expireMs !== null && drop.last > 0) await expunge(talk, drop, await expired(talk, drop, deps.expireMs))
  return ok(null)
}

const expunge = async ({ deps }: Talk, { mailbox }: Maildrop, uids: UidRanges): Promise<Result<unknown, StoreFault>> =>
  uids.length === 0 ? ok(null) : deps.store.expunge({ mailbox, uids, evenUndeleted: true, now: deps.now() })

/** Messages of the snapshot that are read, not flagged, and longer in the mailbox than they need be. */
const expired = async ({ deps }: Talk, drop: Maildrop, ms: number): Promise<UidRanges> => {
  const rows = await deps.store.columns({ mailbox: drop.mailbox, uids: drop.whole })
  if (!rows.ok) return []
  const { uids, flags, savedDates } = rows.value
  const before = deps.now() - ms
  const due = uids.filter((_, at) => {
    const read = ((flags[at] ?? 0) & (flagBits.seen | flagBits.flagged)) === flagBits.seen
    return read && (savedDates[at] ?? before) <= before
  })
  return Array.from(due, (uid) => [uid, uid] as const)
}
