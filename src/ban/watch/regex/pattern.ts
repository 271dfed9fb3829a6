/**
 * A pattern of Python's `re`, ready to search: read, translated and compiled at its first use. Pure.
 *
 * A search is `re.compile(text).search(line)`: the same match and groups. A pattern that no RegExp says exactly is run (run.ts).
 */
import { fail, ok, type Result } from '../../../base/result.ts'
import { wordsOf } from './facts.ts'
import { type FlagLetters, readPattern } from './read.ts'
import { Runner } from './run.ts'
import type { PatternFault, Tree } from './syntax.ts'
import { type Written, writePattern } from './write.ts'

/** Of a group that no match can set. */
const NO_PLACE = -1
const beyond = /[^\x00-\x7f]/
/** Whether a text holds nothing but ASCII. */
export const isAscii = (text: string): boolean => !beyond.test(text)

/** A match: the whole text of it, then the groups by `Pattern.names` and `Pattern.place`. */
export type Found = {
  readonly index: number
  readonly input: string
  readonly 0: string
  readonly [place: number]: string | undefined
  /** Where the groups stand, of patterns made with `indices`. */
  readonly indices?: { readonly [place: number]: readonly [number, number] | undefined } | undefined
}

type Engine = {
  readonly search: (text: string, from: number, ascii: boolean) => Found | null
  readonly place: (index: number) => number | undefined
}

/** V8 also tries the middle of a character beyond U+FFFF; a match there is none. */
const searchAll = (expression: RegExp, text: string, from: number): Found | null => {
  expression.lastIndex = from
  for (;;) {
    const found = expression.exec(text)
    if (found === null) return null
    const { index } = found
    const isMiddle = (text.charCodeAt(index) & 0xfc00) === 0xdc00 && (text.charCodeAt(index - 1) & 0xfc00) === 0xd800
    if (!isMiddle) return found
    expression.lastIndex = index + 1
  }
}

/** By RegExp: lines of ASCII alone take a faster one than others. */
const byExpression = (written: Written, options: PatternOptions): Engine => {
  const flags = `${options.from === true ? 'g' : ''}${options.indices === true ? 'd' : ''}`
  const plain = new RegExp(written.ascii, flags)
  let all: RegExp | undefined
  return {
    search: (text, from, ascii) => {
      if (ascii) {
        if (flags !== '') plain.lastIndex = from
        return plain.exec(text)
      }
      all ??= new RegExp(written.unicode(), `gv${options.indices === true ? 'd' : ''}`)
      return searchAll(all, text, from)
    },
    place: (index) => (index === 0 ? 0 : written.places.get(index)),
  }
}

/** By running the tree: groups have Python's numbers. */
const byRunning = (tree: Tree): Engine => {
  const runner = new Runner(tree)
  return {
    search: (text, from, ascii) => {
      const characters = ascii ? text : [...text]
      const codes = Uint32Array.from(characters, (c) => c.codePointAt(0) ?? 0)
      const before = ascii ? from : [...text.slice(0, from)].length
      const ran = runner.search(codes, before)
      if (ran === undefined) return null
      const cut = (start: number, end: number): string =>
        typeof characters === 'string' ? characters.slice(start, end) : characters.slice(start, end).join('')
      const offset = (at: number): number => (ascii ? at : cut(0, at).length)
      const groups = ran.groups.map((span) => (span === undefined ? undefined : cut(span[0], span[1])))
      const indices = ran.groups.map((span) =>
        span === undefined ? undefined : ([offset(span[0]), offset(span[1])] as const),
      )
      return { ...groups, 0: cut(ran.start, ran.end), index: offset(ran.start), input: text, indices }
    },
    place: (index) => index,
  }
}

/** A compiled pattern. It holds no state of a search. */
export class Pattern {
  readonly source: string
  /** Names of groups, with where a match has them. */
  readonly names: ReadonlyMap<string, number>
  /** Words of which a line must hold one, where any are known. */
  readonly words: readonly string[] | undefined
  /** Whether it runs as a RegExp; the others are slower. */
  readonly fast: boolean
  readonly #engine: Engine

  constructor(source: string, tree: Tree, engine: Engine, fast: boolean) {
    this.source = source
    this.names = new Map([...tree.names].map(([name, index]) => [name, engine.place(index) ?? NO_PLACE]))
    this.words = wordsOf(tree.root)
    this.fast = fast
    this.#engine = engine
  }

  /** @param ascii whether `text` is ASCII alone. @returns the first match. */
  search(text: string, ascii = isAscii(text)): Found | null {
    return this.#engine.search(text, 0, ascii)
  }

  /** @returns the first match at or after `from`; only of a pattern made with `from`. */
  searchFrom(text: string, from: number, ascii = isAscii(text)): Found | null {
    return this.#engine.search(text, from, ascii)
  }

  /** Where a match has the group of this number of Python's; undefined: nobody asked for it. */
  place(index: number): number | undefined {
    return this.#engine.place(index)
  }
}

type PatternOptions = {
  readonly flags?: FlagLetters
  /** Groups by number that will be asked for, beside those with names. */
  readonly groups?: readonly number[]
  /** Whether `searchFrom` will be used. */
  readonly from?: boolean
  /** Whether matches tell where their groups are (`indices`). */
  readonly indices?: boolean
}

/** @returns the pattern, or where and why it is refused. */
export const compilePattern = (text: string, options: PatternOptions = {}): Result<Pattern, PatternFault> => {
  const read = readPattern(text, options.flags)
  if (!read.ok) return read
  const tree = read.value
  const observed = new Set([...tree.names.values(), ...(options.groups ?? [])])
  const written = writePattern(tree, observed)
  try {
    if (!written.ok) return ok(new Pattern(text, tree, byRunning(tree), false))
    return ok(new Pattern(text, tree, byExpression(written.value, options), true))
  } catch (error) {
    if (error instanceof SyntaxError) return fail({ at: 0, why: `too large to be compiled (${error.message})` })
    throw error
  }
}
