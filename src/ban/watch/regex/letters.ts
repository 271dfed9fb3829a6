/**
 * Sets of characters as Python's `re` understands them in text: its classes `\d \s \w` (Unicode 15: Python's `str.isdecimal`, `isspace`,
 * `isalnum`), and what `(?i)` takes for the same letter. Pure.
 *
 * Two alphabets are printed: of ASCII alone, for lines that hold nothing else (nearly all), and of all characters (the `v` flag).
 */
import type { Member, Node } from './syntax.ts'

export type SetNode = Extract<Node, { kind: 'set' }>
type Range = readonly [low: number, high: number]

const LAST = 0x10ffff
const ASCII = 128
/** Where letters with case end (Unicode 17 has none above but emoji-like ranges without case). */
const LAST_CASED = 0x1e943

/** What Python calls white space (`str.isspace`); RegExp's own class differs in U+001C–U+001F, U+0085 and U+FEFF. */
const spaceRanges: readonly Range[] = [
  [0x09, 0x0d],
  [0x1c, 0x20],
  [0x85, 0x85],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
]
const wordRanges: readonly Range[] = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
]
const asciiClasses: Readonly<Record<'d' | 's' | 'w', readonly Range[]>> = {
  d: [[48, 57]],
  s: [
    [9, 13],
    [32, 32],
  ],
  w: wordRanges,
}
const classesInAscii: typeof asciiClasses = { d: [[48, 57]], s: spaceRanges, w: wordRanges }
const unicodeClasses: Readonly<Record<'d' | 'w', string>> = { d: '\\p{Nd}', w: '\\p{L}\\p{N}_' }

const hex = (code: number): string =>
  /^[A-Za-z0-9]$/.test(String.fromCodePoint(code))
    ? String.fromCodePoint(code)
    : code < 256
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : code < 0x10000
        ? `\\u${code.toString(16).padStart(4, '0')}`
        : `\\u{${code.toString(16)}}`
const writeRange = ([low, high]: Range): string => (low === high ? hex(low) : `${hex(low)}-${hex(high)}`)
const inRanges = (ranges: readonly Range[], code: number): boolean =>
  ranges.some(([low, high]) => code >= low && code <= high)

/** Python's one-to-one lower case. */
const lower = (code: number): number => {
  if (code === 0x130) return 0x69
  const text = String.fromCodePoint(code).toLowerCase()
  const first = text.codePointAt(0) ?? code
  return String.fromCodePoint(first).length === text.length ? first : code
}
const lowerAscii = (code: number): number => (code >= 65 && code <= 90 ? code + 32 : code)

/** Lower-case letters that share an upper-case one (`s` and the long s): the same letter to `(?i)`. Built at the first need. */
type Case = {
  readonly alike: ReadonlyMap<number, readonly number[]>
  readonly uppers: ReadonlyMap<number, readonly number[]>
}
const caseTable = (): Case => {
  const byUpper = new Map<string, number[]>()
  const uppers = new Map<number, number[]>()
  const add = <K>(map: Map<K, number[]>, key: K, code: number): void => {
    const list = map.get(key)
    if (list === undefined) map.set(key, [code])
    else list.push(code)
  }
  for (let code = 0; code <= LAST_CASED; code += 1) {
    if (code >= 0xd800 && code <= 0xdfff) continue
    const text = String.fromCodePoint(code)
    const small = lower(code)
    if (small !== code) add(uppers, small, code)
    const upper = text.toUpperCase()
    if (small === code && upper !== text) add(byUpper, upper, code)
  }
  const alike = new Map<number, readonly number[]>()
  for (const list of byUpper.values()) if (list.length > 1) for (const code of list) alike.set(code, list)
  return { alike, uppers }
}
const cases: { table?: Case } = {}

/** The members of a set that ASCII has: 128 places, 1 where the character belongs. */
export const asciiOf = (set: SetNode): Uint8Array => {
  const found = new Uint8Array(ASCII)
  for (const member of set.members) {
    if (member.kind === 'class') {
      const ranges = (member.ascii ? asciiClasses : classesInAscii)[member.name]
      for (let code = 0; code < ASCII; code += 1) if (inRanges(ranges, code) !== member.negated) found[code] = 1
    } else if (set.fold === 'no') {
      for (let code = member.low; code <= Math.min(member.high, ASCII - 1); code += 1) found[code] = 1
    } else foldInto(found, member.low, member.high, set.fold)
  }
  // A character is looked up in lower case.
  if (set.fold !== 'no') for (let code = 65; code <= 90; code += 1) found[code] = found[code + 32] ?? 0
  if (set.negated) for (let code = 0; code < ASCII; code += 1) found[code] = found[code] === 1 ? 0 : 1
  return found
}

const foldInto = (found: Uint8Array, low: number, high: number, fold: 'unicode' | 'ascii'): void => {
  for (let code = low; code <= Math.min(high, ASCII - 1); code += 1) found[lowerAscii(code)] = 1
  if (fold === 'ascii') return
  // The only others whose lower case, or whose fellow in lower case, is of ASCII: K (Kelvin), dotted and dotless i, the long s.
  for (const [code, fellow] of [
    [0x212a, 107],
    [0x130, 105],
    [0x131, 105],
    [0x17f, 115],
  ] as const)
    if (code >= low && code <= high) found[fellow] = 1
}

/** Whether a set may hold a character outside ASCII; true where that is not plain. */
export const beyondAscii = (set: SetNode): boolean =>
  set.negated ||
  set.fold === 'unicode' ||
  set.members.some((member) => (member.kind === 'range' ? member.high >= ASCII : member.negated || !member.ascii))

const rangesOf = (codes: Uint8Array, wanted: 0 | 1): readonly Range[] => {
  const ranges: [number, number][] = []
  for (let code = 0; code < codes.length; code += 1) {
    if (codes[code] !== wanted) continue
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === code - 1) last[1] = code
    else ranges.push([code, code])
  }
  return ranges
}

/** @returns the set as RegExp writes it, for texts of ASCII alone. */
export const writeAsciiSet = (set: SetNode): string => {
  const found = asciiOf(set)
  const inside = rangesOf(found, 1)
  const outside = rangesOf(found, 0)
  if (outside.length === 0) return '[^]'
  const [first] = inside
  if (inside.length === 1 && first !== undefined && first[0] === first[1]) return hex(first[0])
  return outside.length < inside.length
    ? `[^${outside.map(writeRange).join('')}]`
    : `[${inside.map(writeRange).join('')}]`
}

const writeClass = (member: Extract<Member, { kind: 'class' }>): string => {
  const inner =
    member.ascii || member.name === 's'
      ? (member.ascii ? asciiClasses[member.name] : spaceRanges).map(writeRange).join('')
      : unicodeClasses[member.name]
  return member.negated ? `[^${inner}]` : inner
}

/** Everything whose lower case belongs to the ranges, as `(?i)` looks it up. */
const folded = (set: SetNode): readonly string[] => {
  if (set.fold === 'ascii') {
    const own = rangesOf(asciiOf({ ...set, negated: false, members: set.members.filter((m) => m.kind === 'range') }), 1)
    const rest = set.members.flatMap((m) =>
      m.kind === 'range' && m.high >= ASCII ? [[Math.max(m.low, ASCII), m.high] as const] : [],
    )
    return [...own, ...rest].map(writeRange)
  }
  cases.table ??= caseTable()
  const { alike, uppers } = cases.table
  const wanted = new Set<number>()
  const written: string[] = []
  for (const member of set.members) {
    if (member.kind === 'class') continue
    for (let code = member.low; code <= Math.min(member.high, LAST_CASED); code += 1) {
      const small = lower(code)
      for (const one of alike.get(small) ?? [small]) wanted.add(one)
    }
    if (member.high > LAST_CASED) written.push(writeRange([Math.max(member.low, LAST_CASED + 1), member.high]))
  }
  const codes: number[] = []
  for (const small of wanted) codes.push(...(lower(small) === small ? [small] : []), ...(uppers.get(small) ?? []))
  codes.sort((a, b) => a - b)
  const ranges: [number, number][] = []
  for (const code of codes) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] >= code - 1) last[1] = code
    else ranges.push([code, code])
  }
  return [...ranges.map(writeRange), ...written]
}

/** @returns the set as RegExp writes it with the `v` flag, for any text. */
export const writeUnicodeSet = (set: SetNode): string => {
  if (set.members.length === 0) return set.negated ? '[^]' : '[]'
  const classes = set.members.flatMap((member) => (member.kind === 'class' ? [writeClass(member)] : []))
  const ranges =
    set.fold === 'no'
      ? set.members.flatMap((member) => (member.kind === 'range' ? [writeRange([member.low, member.high])] : []))
      : folded(set)
  const [only] = set.members
  if (!set.negated && set.fold === 'no' && set.members.length === 1 && only?.kind === 'range' && only.low === only.high)
    return hex(only.low)
  return `[${set.negated ? '^' : ''}${ranges.join('')}${classes.join('')}]`
}

/** What `\w` is in all alphabets, as the body of a class with the `v` flag. */
export const unicodeWord = unicodeClasses.w

/** Whether no member has another case: then `(?i)` changes nothing. */
export const isCaseless = (set: SetNode): boolean => {
  if (set.negated) return false
  return set.members.every((member) => {
    if (member.kind === 'class') return member.name !== 'w' && !member.negated
    return member.high < ASCII && !/[a-z]/i.test(asciiText(member.low, member.high))
  })
}
const asciiText = (low: number, high: number): string =>
  Array.from({ length: high - low + 1 }, (_, n) => String.fromCodePoint(low + n)).join('')

/** The one character a set is of, where it is of one. */
export const onlyCharacter = (set: SetNode): string | undefined => {
  const [only] = set.members
  if (set.negated || set.members.length !== 1 || only?.kind !== 'range' || only.low !== only.high) return undefined
  if (set.fold !== 'no' && !isCaseless(set)) return undefined
  return only.low > LAST ? undefined : String.fromCodePoint(only.low)
}
