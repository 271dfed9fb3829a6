/** The columns of a mailbox, as typed arrays in UID order, and the UID ranges that choose them. */
import type { MailboxId } from '../../base/ids.ts'
import type { MessageColumns, UidRanges } from '../store.ts'
import { type List, num } from './door.ts'
import type { House } from './house.ts'
import { wordsOfSet } from './keywords.ts'

const fields = 'uid, flags, keywords, changed, size, internal_date, saved_date, blob'
const inRange = `SELECT ${fields} FROM messages WHERE mailbox = ? AND uid BETWEEN ? AND ? ORDER BY uid`
const changedSince = `SELECT ${fields} FROM messages WHERE mailbox = ? AND changed > ? ORDER BY uid`

export const everyUid: UidRanges = [[1, 0xffff_ffff]]

/** Rows in the order of `fields`, gathered into columns. */
const gather = (house: House, rows: readonly List[]): MessageColumns => {
  const length = rows.length
  const uids = new Uint32Array(length)
  const flags = new Uint8Array(length)
  const keywords = new Uint16Array(length)
  const modSeqs = new Float64Array(length)
  const sizes = new Float64Array(length)
  const internalDates = new Float64Array(length)
  const savedDates = new Float64Array(length)
  const blobs = new Float64Array(length)
  const keywordSets: (readonly string[])[] = [[]]
  const places = new Map<number, number>([[0, 0]])
  const placeOf = (set: number): number => {
    const known = places.get(set)
    if (known !== undefined) return known
    places.set(set, keywordSets.length)
    return keywordSets.push(wordsOfSet(house, set)) - 1
  }
  for (let i = 0; i < length; i++) {
    const row = rows[i] ?? []
    uids[i] = num(row[0])
    flags[i] = num(row[1])
    const set = num(row[2])
    if (set !== 0) keywords[i] = placeOf(set)
    modSeqs[i] = num(row[3])
    sizes[i] = num(row[4])
    internalDates[i] = num(row[5])
    savedDates[i] = num(row[6])
    blobs[i] = num(row[7])
  }
  return { uids, flags, keywords, keywordSets, modSeqs, sizes, internalDates, savedDates, blobs }
}

/** Columns of the messages in `ranges` that are there. */
export const columnsOf = (house: House, mailbox: MailboxId, ranges: UidRanges): MessageColumns => {
  const first = ranges[0]
  if (ranges.length === 1 && first !== undefined)
    return gather(house, house.tx.lists(inRange, mailbox, first[0], first[1]))
  return gather(
    house,
    ranges.flatMap(([from, to]) => house.tx.lists(inRange, mailbox, from, to)),
  )
}

/** Columns of the messages that changed after `since`. */
export const columnsSince = (house: House, mailbox: MailboxId, since: number): MessageColumns =>
  gather(house, house.tx.lists(changedSince, mailbox, since))
