/**
 * The columns of a mailbox, as typed arrays in UID order, and the UID ranges that choose them. Mailboxes are remembered: asked again, only what
 * the change log says since then is read (100,000 rows take 100 ms to read and 2 ms to remember).
 */
import type { MailboxId } from '../../base/ids.ts'
import type { MessageColumns, UidRanges } from '../store.ts'
import { num } from './door.ts'
import type { House } from './house.ts'
import { wordsOfSet } from './keywords.ts'
import { firstRows, gather, merge, type Raw, type Remembered } from './raw-columns.ts'

const fields = 'uid, flags, keywords, changed, size, internal_date, saved_date, blob'
const inRange = `SELECT ${fields} FROM messages WHERE mailbox = ? AND uid BETWEEN ? AND ? ORDER BY uid`
const changedSince = `SELECT ${fields} FROM messages WHERE mailbox = ? AND changed > ? ORDER BY uid`

const MOST_REMEMBERED = 400_000 // messages in all remembered mailboxes: some 20 MB
const MOST_MAILBOXES_REMEMBERED = 64

export const everyUid: UidRanges = [[1, 0xffff_ffff]]

/** Columns as a caller gets them: buffers of their own, keyword sets numbered from 0 on. */
const answer = (house: House, raw: Raw): MessageColumns => {
  const { sets, ...own } = firstRows(raw, raw.uids.length)
  const keywords = new Uint16Array(sets.length)
  const keywordSets: (readonly string[])[] = [[]]
  const places = new Map<number, number>()
  for (let i = 0; i < sets.length; i++) {
    const set = sets[i] ?? 0
    if (set === 0) continue
    let place = places.get(set)
    if (place === undefined) {
      place = keywordSets.push(wordsOfSet(house, set)) - 1
      places.set(set, place)
    }
    keywords[i] = place
  }
  const { uids, flags, modSeqs, sizes, internalDates, savedDates, blobs } = own
  return { uids, flags, keywords, keywordSets, modSeqs, sizes, internalDates, savedDates, blobs }
}

const remember = (house: House, mailbox: MailboxId, remembered: Remembered): void => {
  const { columns } = house
  columns.delete(mailbox)
  columns.set(mailbox, remembered)
  let held = 0
  for (const one of columns.values()) held += one.raw.uids.length
  // The oldest asked for comes first.
  for (const [id, one] of columns) {
    if (held <= MOST_REMEMBERED && columns.size <= MOST_MAILBOXES_REMEMBERED) break
    columns.delete(id)
    held -= one.raw.uids.length
  }
}

/** All columns of a mailbox, remembered or read. */
const everyRow = (house: House, mailbox: MailboxId): Raw => {
  const place = house.tx.list('SELECT mod_seq, horizon FROM mailboxes WHERE id = ?', mailbox)
  const [seq, horizon] = [num(place?.[0]), num(place?.[1])]
  const known = house.columns.get(mailbox)
  if (known?.seq === seq) return known.raw
  let raw: Raw
  if (known === undefined || known.seq < horizon) raw = gather(house.tx.lists(inRange, mailbox, 1, 0xffff_ffff))
  else {
    const gone = house.tx.lists('SELECT uid FROM tombstones WHERE mailbox = ? AND gone > ?', mailbox, known.seq)
    const vanished = new Set(gone.map((row) => num(row[0])))
    raw = merge(known.raw, house.tx.lists(changedSince, mailbox, known.seq), vanished)
  }
  remember(house, mailbox, { seq, raw })
  return raw
}

/** Columns of the messages in `ranges` that are there. The mailbox is there. */
export const columnsOf = (house: House, mailbox: MailboxId, ranges: UidRanges): MessageColumns => {
  if (ranges === everyUid) return answer(house, everyRow(house, mailbox))
  const rows = ranges.flatMap(([from, to]) => house.tx.lists(inRange, mailbox, from, to))
  return answer(house, gather(rows))
}

/** Columns of the messages that changed after `since`. */
export const columnsSince = (house: House, mailbox: MailboxId, since: number): MessageColumns =>
  answer(house, gather(house.tx.lists(changedSince, mailbox, since)))
