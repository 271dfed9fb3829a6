/**
 * A pattern of a filter, ready to search in one line or in a buffer of lines: fail2ban's tags, alternative groups (`<F-ALT_USER>`), and
 * which lines of the buffer a match took (`<SKIPLINES>`). Pure.
 */
import { fail, ok, type Result } from '../../base/result.ts'
import { compilePattern, type Found, type Pattern } from './regex/pattern.ts'
import { groupOfTag, withoutTags } from './tags.ts'

/** A line in three: what stands before its date, the date, what stands after. */
export type Line = readonly [before: string, date: string, after: string]
export type Fields = Map<string, string | undefined>

/** A line without its date. */
const bareLine = (line: Line): string => line[0] + line[2]
/** A line as it was. */
export const wholeLine = (line: Line): string => line[0] + line[1] + line[2]
/** What patterns are searched in. */
export const bufferOf = (lines: readonly Line[]): string => {
  const [only] = lines
  return lines.length === 1 && only !== undefined ? `${only[0]}${only[2]}\n` : `${lines.map(bareLine).join('\n')}\n`
}

const identities = ['fid', 'ip4', 'ip6', 'dns', 'mlfid']
type Alias = { readonly from: string; readonly to: string }

export class LinePattern {
  /** As the filter's file has it. */
  readonly text: string
  readonly pattern: Pattern
  readonly #alternatives: readonly Alias[]
  readonly #tuples: readonly Alias[]
  readonly #skips: readonly number[]

  constructor(text: string, pattern: Pattern) {
    this.text = text
    this.pattern = pattern
    const aliases = (head: string): readonly Alias[] =>
      [...pattern.names.keys()]
        .filter((name) => name.startsWith(head) && name.length > 4)
        .toSorted()
        .map((from) => ({ from, to: groupOfTag(from.slice(head.length).replace(/_\d+$/, '')) }))
    this.#alternatives = aliases('alt_')
    this.#tuples = aliases('tuple_')
    const skips: number[] = []
    for (let at = pattern.names.get('skiplines0'); at !== undefined; at = pattern.names.get(`skiplines${skips.length}`))
      skips.push(at)
    this.#skips = skips
  }

  /** Whether it tells who failed. */
  identifies(): boolean {
    return identities.some((name) => this.pattern.names.has(name))
  }

  /** The fields of a match by name; those that took no part are undefined. @param before fields that these stand over. */
  fields(found: Found, before?: Fields): Fields {
    if (before !== undefined && this.#alternatives.length + this.#tuples.length > 0)
      return new Map([...before, ...this.fields(found)])
    const fields: Fields = new Map(before)
    for (const [name, place] of this.pattern.names) fields.set(name, found[place])
    for (const { from, to } of this.#alternatives) {
      const value = fields.get(from)
      if (value !== undefined && value !== '' && (fields.get(to) ?? '') === '') fields.set(to, value)
    }
    for (const { from, to } of this.#tuples) fields.set(to, [fields.get(to), fields.get(from)].join(' '))
    return fields
  }

  /** @returns which of the lines a match took, and which it left. */
  share(found: Found, lines: readonly Line[]): { readonly taken: readonly Line[]; readonly left: readonly Line[] } {
    if (lines.length <= 1) return { taken: lines, left: [] }
    const text = found.input
    const end = found.index + found[0].length
    const startOfLine = text.lastIndexOf('\n', found.index) + 1
    const newline = text.indexOf('\n', Math.max(end - 1, 0))
    const endOfLine = newline < 0 ? text.length : newline + 1
    const first = countLines(text, startOfLine)
    const last = countLines(text, endOfLine)
    const taken = lines.slice(first, last)
    const left = lines.slice(0, first)
    let from = 0
    for (const skipped of this.#skippedLines(found)) {
      const at = taken.slice(from).findIndex((line) => bareLine(line) === skipped)
      if (at < 0) continue
      left.push(...taken.splice(from + at, 1))
      from += at
    }
    left.push(...lines.slice(last))
    return { taken, left }
  }

  #skippedLines(found: Found): readonly string[] {
    const text = this.#skips.map((place) => found[place] ?? '').join('')
    if (text === '') return []
    const lines = text.split('\n')
    return text.endsWith('\n') ? lines.slice(0, -1) : lines
  }
}

const countLines = (text: string, to: number): number => {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

/** @param text with fail2ban's tags. @param names whether `<HOST>` may be a name. @param lines whether it is for a buffer of several lines. */
export const compileLine = (text: string, names: boolean, lines: boolean): Result<LinePattern, string> => {
  if (text.trimStart() === '') return fail('the pattern is empty')
  const compiled = compilePattern(withoutTags(text, names), lines ? { flags: { m: true } } : {})
  if (!compiled.ok) return fail(`${compiled.error.why} (character ${compiled.error.at} of the pattern without tags)`)
  return ok(new LinePattern(text, compiled.value))
}
