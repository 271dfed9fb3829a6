/**
 * Columns in the making: rows gathered into typed arrays, and old columns brought up to date with what changed and what vanished. Pure.
 */
import { type List, num } from './door.ts'

/** Columns with keyword sets by their own numbers, which mean the same in every answer. */
export type Raw = {
  readonly uids: Uint32Array
  readonly flags: Uint8Array
  readonly sets: Uint32Array
  readonly modSeqs: Float64Array
  readonly sizes: Float64Array
  readonly internalDates: Float64Array
  readonly savedDates: Float64Array
  readonly blobs: Float64Array
}
/** The columns of a mailbox as they were at a place in the change log. */
export type Remembered = { readonly seq: number; readonly raw: Raw }

const emptyRaw = (length: number): Raw => ({
  uids: new Uint32Array(length),
  flags: new Uint8Array(length),
  sets: new Uint32Array(length),
  modSeqs: new Float64Array(length),
  sizes: new Float64Array(length),
  internalDates: new Float64Array(length),
  savedDates: new Float64Array(length),
  blobs: new Float64Array(length),
})

const putRow = (raw: Raw, i: number, row: List): void => {
  raw.uids[i] = num(row[0])
  raw.flags[i] = num(row[1])
  raw.sets[i] = num(row[2])
  raw.modSeqs[i] = num(row[3])
  raw.sizes[i] = num(row[4])
  raw.internalDates[i] = num(row[5])
  raw.savedDates[i] = num(row[6])
  raw.blobs[i] = num(row[7])
}

/** Rows in the order of `fields`, gathered into columns. */
export const gather = (rows: readonly List[]): Raw => {
  const raw = emptyRaw(rows.length)
  for (const [i, row] of rows.entries()) putRow(raw, i, row)
  return raw
}

/** Copies rows `from` to `to` of one into another, from `at` on. */
const copyRows = (source: Raw, from: number, to: number, target: Raw, at: number): void => {
  target.uids.set(source.uids.subarray(from, to), at)
  target.flags.set(source.flags.subarray(from, to), at)
  target.sets.set(source.sets.subarray(from, to), at)
  target.modSeqs.set(source.modSeqs.subarray(from, to), at)
  target.sizes.set(source.sizes.subarray(from, to), at)
  target.internalDates.set(source.internalDates.subarray(from, to), at)
  target.savedDates.set(source.savedDates.subarray(from, to), at)
  target.blobs.set(source.blobs.subarray(from, to), at)
}

/** The first rows of columns, in buffers of their own. */
export const firstRows = (raw: Raw, length: number): Raw => {
  const out = emptyRaw(length)
  copyRows(raw, 0, length, out, 0)
  return out
}

/** Old columns with changed rows put in and vanished ones taken out; stretches between are copied whole. */
export const merge = (old: Raw, changed: readonly List[], vanished: ReadonlySet<number>): Raw => {
  const out = emptyRaw(old.uids.length + changed.length)
  const touched = [...new Set([...changed.map((row) => num(row[0])), ...vanished])].sort((a, b) => a - b)
  const rows = new Map(changed.map((row) => [num(row[0]), row]))
  let [from, at] = [0, 0]
  for (const uid of touched) {
    const place = placeOf(old.uids, uid, from)
    copyRows(old, from, place, out, at)
    at += place - from
    from = old.uids[place] === uid ? place + 1 : place
    const row = rows.get(uid)
    if (row === undefined) continue
    putRow(out, at, row)
    at += 1
  }
  copyRows(old, from, old.uids.length, out, at)
  return firstRows(out, at + old.uids.length - from)
}

/** The first place from `from` on whose UID is not below `uid`. */
const placeOf = (uids: Uint32Array, uid: number, from: number): number => {
  let [low, high] = [from, uids.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((uids[middle] ?? 0) < uid) low = middle + 1
    else high = middle
  }
  return low
}
