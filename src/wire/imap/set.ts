/**
 * Sets of sequence numbers and UIDs. RFC 9051 section 9 (sequence-set), RFC 5182 (`$`), RFC 9394 (partial ranges). `*` is kept as 0
 * until a mailbox says what it is. Sets are normal: ascending, joined, not overlapping. Pure.
 */
import { type Cursor, misread, peek, take } from './syntax.ts'

/** What a client named: ranges in which 0 stands for `*`, or the saved result of a search. */
export type NamedSet = { readonly saved: true } | { readonly saved: false; readonly ranges: Ranges }
/** Inclusive ranges. */
export type Ranges = readonly (readonly [first: number, last: number])[]

const MOST = 4_294_967_295

const bound = (c: Cursor): number => {
  if (take(c, '*')) return 0
  let value = 0
  let digits = 0
  for (let char = peek(c); char >= '0' && char <= '9' && char !== ''; char = peek(c)) {
    value = value * 10 + Number(char)
    digits += 1
    c.at += 1
    if (value > MOST) misread('A number of the set is too large')
  }
  return digits === 0 || value === 0 ? misread('A set of numbers is wrong') : value
}

/** A sequence-set of numbers: `1,3:5,9:*`. */
export const ranges = (c: Cursor): Ranges => {
  const found: [number, number][] = []
  do {
    const first = bound(c)
    found.push([first, take(c, ':') ? bound(c) : first])
  } while (take(c, ','))
  return found
}

/** A sequence-set, or `$`. */
export const namedSet = (c: Cursor): NamedSet => (take(c, '$') ? { saved: true } : { saved: false, ranges: ranges(c) })

/** @param max what `*` is; where it is 0 there is no message and `*` names none. @returns the normal set. */
export const resolve = (named: Ranges, max: number): Ranges => {
  const found = named
    .map(([a, b]) => {
      const [first, last] = [a === 0 ? max : a, b === 0 ? max : b]
      return first <= last ? ([first, last] as const) : ([last, first] as const)
    })
    .filter(([, last]) => last > 0)
  return joined([...found].sort((a, b) => a[0] - b[0]))
}

const joined = (sorted: Ranges): Ranges => {
  const out: (readonly [number, number])[] = []
  for (const [first, last] of sorted) {
    const before = out.at(-1)
    if (before !== undefined && first <= before[1] + 1) out[out.length - 1] = [before[0], Math.max(before[1], last)]
    else out.push([Math.max(first, 1), last])
  }
  return out
}

/** @param numbers ascending. @returns them as ranges. */
export const rangesOf = (numbers: Iterable<number>): Ranges => {
  const out: [number, number][] = []
  for (const number of numbers) {
    const before = out.at(-1)
    if (before !== undefined && number === before[1] + 1) before[1] = number
    else if (before === undefined || number > before[1]) out.push([number, number])
  }
  return out
}

/** @returns `1:3,7`; the empty text for the empty set. */
export const writeRanges = (set: Ranges): string =>
  set.map(([first, last]) => (first === last ? `${first}` : `${first}:${last}`)).join(',')

/** @returns the numbers in the order given, runs upwards written as ranges: `4,1:3` (for UIDs that stand in pairs). */
export const writeInOrder = (numbers: ArrayLike<number>): string => {
  const out: string[] = []
  for (let at = 0; at < numbers.length; ) {
    const first = numbers[at] ?? 0
    let last = first
    at += 1
    while (at < numbers.length && numbers[at] === last + 1) {
      last += 1
      at += 1
    }
    out.push(first === last ? `${first}` : `${first}:${last}`)
  }
  return out.join(',')
}

/** Whether `number` is in the normal set. */
export const holds = (set: Ranges, number: number): boolean => {
  let low = 0
  let high = set.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const [first, last] = set[middle] ?? [0, 0]
    if (number < first) high = middle - 1
    else if (number > last) low = middle + 1
    else return true
  }
  return false
}
