/**
 * Messages that go, stay, or go elsewhere: the rows behind COPY, MOVE, EXPUNGE and the renaming of INBOX. Large choices are done in
 * the database, a statement for a range. RFC 9051 sections 6.4.7 and 6.4.8, RFC 7162 section 3.2.10 (tombstones).
 */
import type { AccountId, MailboxId, ModSeq } from '../../base/ids.ts'
import { flagBits, type UidRanges } from '../store.ts'
import { num } from './door.ts'
import { type House, Refused } from './house.ts'
import { setOfWords, wordsOfSet } from './keywords.ts'

export const LAST_UID = 0xffff_ffff

type Sums = { readonly count: number; readonly size: number; readonly unseen: number; readonly deleted: number }
const sumsSql = `SELECT count(*), coalesce(sum(size), 0), coalesce(sum(flags & ${flagBits.seen} = 0), 0),
  coalesce(sum(flags & ${flagBits.deleted} <> 0), 0) FROM messages WHERE mailbox = ? AND uid BETWEEN ? AND ?`
const sumsDeletedSql = `${sumsSql} AND flags & ${flagBits.deleted} <> 0`

/** Counts of the messages in ranges. */
export const sumsOf = (house: House, mailbox: MailboxId, ranges: UidRanges, onlyDeleted = false): Sums => {
  let [count, size, unseen, deleted] = [0, 0, 0, 0]
  for (const [from, to] of ranges) {
    const row = house.tx.list(onlyDeleted ? sumsDeletedSql : sumsSql, mailbox, from, to) ?? []
    count += num(row[0])
    size += num(row[1])
    unseen += num(row[2])
    deleted += num(row[3])
  }
  return { count, size, unseen, deleted }
}

/** Adds (or, with -1, takes) counts to a mailbox and notes its change. */
const addCounts = (house: House, mailbox: MailboxId, sums: Sums, sign: 1 | -1, seq: ModSeq): void => {
  house.tx.run(
    `UPDATE mailboxes SET messages = messages + ?, size = size + ?, unseen = unseen + ?, deleted = deleted + ?, mod_seq = ?
     WHERE id = ?`,
    sign * sums.count,
    sign * sums.size,
    sign * sums.unseen,
    sign * sums.deleted,
    seq,
    mailbox,
  )
}

/** Adds octets and messages to an account; both may be negative. */
export const addUse = (house: House, account: AccountId, size: number, count: number): void => {
  house.tx.run(
    'UPDATE accounts SET used_bytes = used_bytes + ?, messages = messages + ? WHERE id = ?',
    size,
    count,
    account,
  )
}

type Removal = {
  readonly mailbox: MailboxId
  readonly ranges: UidRanges
  readonly onlyDeleted: boolean
  readonly seq: ModSeq
  readonly now: number
}

/** Takes rows out and leaves tombstones; counts of the mailbox follow, those of the account are the caller's. @returns what went, in UID order */
export const removeRows = (house: House, a: Removal): Sums & { readonly uids: Uint32Array } => {
  const condition = a.onlyDeleted ? ` AND flags & ${flagBits.deleted} <> 0` : ''
  const chosen = `FROM messages WHERE mailbox = ? AND uid BETWEEN ? AND ?${condition}`
  const sums = sumsOf(house, a.mailbox, a.ranges, a.onlyDeleted)
  const gone: number[] = []
  for (const [from, to] of a.ranges) {
    const rows = house.tx.lists(`SELECT uid ${chosen} ORDER BY uid`, a.mailbox, from, to)
    if (rows.length === 0) continue
    for (const row of rows) gone.push(num(row[0]))
    house.tx.run(`INSERT INTO loose (blob) SELECT blob ${chosen} ON CONFLICT DO NOTHING`, a.mailbox, from, to)
    house.tx.run(
      `INSERT INTO tombstones (mailbox, gone, uid, at) SELECT mailbox, ?, uid, ? ${chosen}`,
      a.seq,
      a.now,
      a.mailbox,
      from,
      to,
    )
    house.tx.run(`DELETE ${chosen}`, a.mailbox, from, to)
  }
  if (gone.length > 0) addCounts(house, a.mailbox, sums, -1, a.seq)
  return { ...sums, uids: Uint32Array.from(gone) }
}

type Copying = {
  readonly from: MailboxId
  readonly to: MailboxId
  readonly ranges: UidRanges
  readonly seq: ModSeq
  readonly now: number
  /** Set where the target belongs to another account: keywords and thread numbers are that account's own. */
  readonly toAccount: AccountId | null
}

/** Copies rows under new UIDs, in the source's order; counts of the target mailbox follow. @throws Refused too-many when UIDs run out */
export const copyRows = (house: House, a: Copying): Sums & { readonly from: Uint32Array; readonly to: Uint32Array } => {
  const sums = sumsOf(house, a.from, a.ranges)
  const uids: number[] = []
  for (const [from, to] of a.ranges)
    for (const row of house.tx.lists(
      'SELECT uid FROM messages WHERE mailbox = ? AND uid BETWEEN ? AND ? ORDER BY uid',
      a.from,
      from,
      to,
    ))
      uids.push(num(row[0]))
  const target = house.tx.get(
    'UPDATE mailboxes SET uid_next = uid_next + ? WHERE id = ? RETURNING uid_next',
    uids.length,
    a.to,
  )
  if (target === undefined) throw new Refused('no-such-mailbox')
  const first = num(target['uid_next']) - uids.length
  if (first + uids.length > LAST_UID) throw new Refused('too-many')
  let next = first
  for (const [from, to] of a.ranges) next += copyRange(house, a, from, to, next)
  if (a.toAccount !== null) translateKeywords(house, a.to, a.toAccount, first)
  if (uids.length > 0) addCounts(house, a.to, sums, 1, a.seq)
  return { ...sums, from: Uint32Array.from(uids), to: Uint32Array.from(uids, (_, i) => first + i) }
}

const copyRange = (house: House, a: Copying, from: number, to: number, next: number): number =>
  house.tx.run(
    `INSERT INTO messages (mailbox, uid, flags, keywords, created, changed, size, internal_date, saved_date, blob, variant, thread)
     SELECT ?, ? + row_number() OVER (ORDER BY uid) - 1, flags, keywords, ?, ?, size, internal_date, ?, blob, variant, thread
     FROM messages WHERE mailbox = ? AND uid BETWEEN ? AND ?`,
    a.to,
    next,
    a.seq,
    a.seq,
    a.now,
    a.from,
    from,
    to,
  ).changes

const translateKeywords = (house: House, mailbox: MailboxId, account: AccountId, first: number): void => {
  const sets = house.tx.lists(
    'SELECT DISTINCT keywords FROM messages WHERE mailbox = ? AND uid >= ? AND keywords <> 0',
    mailbox,
    first,
  )
  const pairs = sets.map((row) => [num(row[0]), setOfWords(house, account, wordsOfSet(house, num(row[0])))] as const)
  // By UID, so that a set's new number is never taken for another's old one.
  for (const row of house.tx.lists(
    'SELECT uid, keywords FROM messages WHERE mailbox = ? AND uid >= ? AND keywords <> 0',
    mailbox,
    first,
  )) {
    const to = pairs.find(([old]) => old === row[1])?.[1] ?? 0
    house.tx.run('UPDATE messages SET keywords = ? WHERE mailbox = ? AND uid = ?', to, mailbox, num(row[0]))
  }
}

/** INBOX renamed: its messages move, it stays (RFC 9051 section 6.3.6). @returns whether there were any */
export const moveAll = (house: House, a: { from: MailboxId; to: MailboxId; seq: ModSeq; now: number }): boolean => {
  const ranges: UidRanges = [[1, LAST_UID]]
  const copied = copyRows(house, { ...a, ranges, toAccount: null })
  removeRows(house, { mailbox: a.from, ranges, onlyDeleted: false, seq: a.seq, now: a.now })
  return copied.count > 0
}
