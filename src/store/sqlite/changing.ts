/** Verbs: messages changed. Flags (RFC 9051 section 6.4.6, UNCHANGEDSINCE: RFC 7162 section 3.1.3), COPY and MOVE, EXPUNGE. */
import { modSeq } from '../../base/ids.ts'
import type { Mailbox, UidRanges } from '../store.ts'
import { columnsSince } from './columns.ts'
import { num } from './door.ts'
import { type House, Refused, type Run, ring, takeModSeq, undo } from './house.ts'
import { changedFlags, type Flags, isDeleted, isUnseen, readFlags, setOfWords, wordsOfSet } from './keywords.ts'
import { mailboxById } from './mailbox-rows.ts'
import { addUse, copyRows, removeRows, sumsOf } from './moving.ts'

/** UIDs that changed after `unchangedSince`. */
const modifiedSince = (house: House, mailbox: Mailbox, ranges: UidRanges, since: number): Uint32Array => {
  if (mailbox.highestModSeq <= since) return new Uint32Array(0)
  const found: number[] = []
  for (const [from, to] of ranges)
    for (const row of house.tx.lists(
      'SELECT uid FROM messages WHERE mailbox = ? AND uid BETWEEN ? AND ? AND changed > ? ORDER BY uid',
      mailbox.id,
      from,
      to,
      since,
    ))
      found.push(num(row[0]))
  return Uint32Array.from(found)
}

/**
 * A flag change of a range, done for all rows with the same flags at once. Only rows that really change get the new place in the log.
 * @returns how the mailbox's counts change, and whether anything did
 */
const changeRange = (
  house: House,
  mailbox: Mailbox,
  change: { how: 'add' | 'remove' | 'replace'; named: Flags; from: number; to: number; since: number; seq: number },
): { readonly changes: number; readonly unseen: number; readonly deleted: number } => {
  const { from, to, since, seq } = change
  const kinds = house.tx.lists(
    'SELECT DISTINCT flags, keywords FROM messages WHERE mailbox = ? AND uid BETWEEN ? AND ? AND changed <= ?',
    mailbox.id,
    from,
    to,
    since,
  )
  let [changes, unseen, deleted] = [0, 0, 0]
  for (const kind of kinds) {
    const [bits, set] = [num(kind[0]), num(kind[1])]
    const after = changedFlags(change.how, { bits, words: wordsOfSet(house, set) }, change.named)
    const newSet = setOfWords(house, mailbox.account, after.words)
    if (after.bits === bits && newSet === set) continue
    const done = house.tx.run(
      `UPDATE messages SET flags = ?, keywords = ?, changed = ?
       WHERE mailbox = ? AND uid BETWEEN ? AND ? AND flags = ? AND keywords = ? AND changed <= ?`,
      after.bits,
      newSet,
      seq,
      mailbox.id,
      from,
      to,
      bits,
      set,
      since,
    ).changes
    changes += done
    unseen += done * (isUnseen(after.bits) - isUnseen(bits))
    deleted += done * (isDeleted(after.bits) - isDeleted(bits))
  }
  return { changes, unseen, deleted }
}

/** `changed` holds the messages whose flags are no longer what they were; one that already had them is not in it. */
export const changeFlags: Run<'changeFlags'> = (house, a) => {
  const mailbox = mailboxById(house, a.mailbox)
  const named = readFlags(a.flags)
  const modified =
    a.unchangedSince === undefined ? new Uint32Array(0) : modifiedSince(house, mailbox, a.uids, a.unchangedSince)
  const seq = takeModSeq(house, mailbox.account)
  // A row that this verb has changed has `seq`, above every `since`: overlapping ranges do it once.
  const since = Math.min(a.unchangedSince ?? seq - 1, seq - 1)
  let [changes, unseen, deleted] = [0, 0, 0]
  for (const [from, to] of a.uids) {
    const done = changeRange(house, mailbox, { how: a.how, named, from, to, since, seq })
    changes += done.changes
    unseen += done.unseen
    deleted += done.deleted
  }
  if (changes === 0) {
    undo(house)
    return { modSeq: mailbox.highestModSeq, changed: columnsSince(house, a.mailbox, seq), modified }
  }
  house.tx.run(
    'UPDATE mailboxes SET unseen = unseen + ?, deleted = deleted + ?, mod_seq = ? WHERE id = ?',
    unseen,
    deleted,
    seq,
    a.mailbox,
  )
  ring(house, mailbox.account, seq, [a.mailbox])
  return { modSeq: seq, changed: columnsSince(house, a.mailbox, seq - 1), modified }
}

export const copy: Run<'copy'> = (house, a) => {
  const from = mailboxById(house, a.from)
  const to = mailboxById(house, a.to)
  const other = from.account !== to.account
  // Within one mailbox the copies lie above: they are not what was asked for.
  const ranges = upTo(a.uids, from.uidNext - 1)
  const sums = sumsOf(house, a.from, ranges)
  if (sums.count === 0)
    return { uidValidity: to.uidValidity, from: new Uint32Array(0), to: new Uint32Array(0), modSeq: to.highestModSeq }
  const seq = takeModSeq(house, to.account)
  const sourceSeq = other && a.move ? takeModSeq(house, from.account) : seq
  if (other || !a.move) mustHaveRoom(house, to.account, sums.size)
  const copied = copyRows(house, {
    from: a.from,
    to: a.to,
    ranges,
    seq,
    now: a.now,
    toAccount: other ? to.account : null,
  })
  addUse(house, to.account, copied.size, copied.count)
  if (a.move) {
    const gone = removeRows(house, { mailbox: a.from, ranges, onlyDeleted: false, seq: sourceSeq, now: a.now })
    addUse(house, from.account, -gone.size, -gone.count)
  }
  ring(house, to.account, seq, [a.to])
  if (a.move) ring(house, from.account, sourceSeq, [a.from])
  return { uidValidity: to.uidValidity, from: copied.from, to: copied.to, modSeq: a.move ? sourceSeq : seq }
}

/** Ranges without what lies above a UID. */
const upTo = (ranges: UidRanges, top: number): UidRanges =>
  ranges.filter(([first]) => first <= top).map(([first, last]) => [first, Math.min(last, top)] as const)

const mustHaveRoom = (house: House, account: number, size: number): void => {
  const row = house.tx.get('SELECT quota_bytes, used_bytes FROM accounts WHERE id = ?', account)
  const quota = num(row?.['quota_bytes'])
  if (quota > 0 && num(row?.['used_bytes']) + size > quota) throw new Refused('over-quota')
}

export const expunge: Run<'expunge'> = (house, a) => {
  const mailbox = mailboxById(house, a.mailbox)
  const onlyDeleted = !a.evenUndeleted
  if (sumsOf(house, a.mailbox, a.uids, onlyDeleted).count === 0)
    return { uids: new Uint32Array(0), modSeq: modSeq(mailbox.highestModSeq) }
  const seq = takeModSeq(house, mailbox.account)
  const gone = removeRows(house, { mailbox: a.mailbox, ranges: a.uids, onlyDeleted, seq, now: a.now })
  addUse(house, mailbox.account, -gone.size, -gone.count)
  ring(house, mailbox.account, seq, [a.mailbox])
  return { uids: gone.uids, modSeq: seq }
}
