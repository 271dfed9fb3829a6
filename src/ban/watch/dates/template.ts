/**
 * One way to find a date in a line: a pattern of Python's `re` with `%` codes, the boundaries that fail2ban puts around it, and how the
 * moment is read from what was found (fail2ban 1.0, jail.conf(5), "datepattern"). Pure.
 */
import { fail, ok, type Result } from '../../../base/result.ts'
import { compilePattern, type Found, type Pattern } from '../regex/pattern.ts'
import { codeNames, codePatterns } from './codes.ts'
import { type ClockPort, momentOf } from './value.ts'

/** A date in a line: where the whole match and where the date itself stand. */
export type DateFound = {
  readonly start: number
  readonly end: number
  readonly from: number
  readonly to: number
  readonly match: Found
}

type Boundary = 'word' | 'line' | 'none'
type Reading = 'parts' | 'epoch' | 'long-epoch' | 'tai64n'

export type DateTemplate = {
  /** What fail2ban shows. */
  readonly name: string
  /** The pattern as given, with codes; none for epochs and TAI64N. */
  readonly pattern: string | undefined
  /** With boundaries, as Python compiles it. */
  readonly expression: string
  /** Whether it holds only at the begin or the end of a line. */
  readonly anchored: boolean
  readonly lineBegin: boolean
  readonly weight: number
  readonly search: (line: string, ascii: boolean, from?: number) => DateFound | null
  /** @returns seconds since 1970. */
  readonly moment: (found: DateFound, clock: ClockPort, zone: number | undefined) => number | undefined
}

const LINE = '{^LN-BEG}'
const epochExpression = '\\d{10,11}\\b(?:\\.\\d{3,6})?'
const longEpochExpression = '\\d{10,11}(?:\\d{3}(?:\\.\\d{1,6}|\\d{3})?)?'
const epochMark = /(?<!\\)\{L?EPOCH\}/gi

/** A pattern without the boundaries that its writer gave. */
export const unbound = (pattern: string): string =>
  pattern
    .replace(/^\{UNB\}/, '')
    .replace(/^\{\^LN-BEG\}/, '')
    .replace(/^\((?:\?:)?\^\|\\b\|\\W\)/, '')
    .replace(/\(\?=\\b\|\\W\|\$\)$/, '')

const isGrouped = (expression: string): boolean => /(?<!\(\?)(?<!\\)\((?!\?)/.test(expression)

type Bounded = {
  readonly expression: string
  readonly lineBegin: boolean
  readonly lineEnd: boolean
  readonly begun: boolean
}

/** Puts boundaries and a first group around an expression, as fail2ban does. */
const bounded = (given: string, begin: Boundary, end: boolean): Bounded => {
  let expression = given.trim()
  const global = /(?:^|(?!<\\))\(\?[a-z]+\)/.exec(expression)
  if (global !== null) expression = expression.replace(global[0], '')
  const wantsBegin = begin !== 'none' && !/^\(*(?:\(\?\w+\))?(?:\^|\(*\*\*|\((?:\?:)?\^)/.test(expression)
  const wantsEnd = end && !/(?<!\\)(?:\$\)?|\\b|\\s|\*\*\)*)$/.test(expression)
  if (!isGrouped(expression))
    expression = expression.replace(/^((?:\(\?\w+\))?\^?(?:\(\?\w+\))?)([^\n]*?)(\$?)$/, '$1($2)$3')
  let lineBegin = wantsBegin && begin === 'line'
  if (wantsBegin) expression = (begin === 'line' ? '^(?:\\W{0,2})?' : '(?=^|\\b|\\W)') + expression
  if (wantsEnd) expression += '(?=\\b|\\W|$)'
  lineBegin ||= /^(?:\(\?\w+\))?(?:\^|\((?:\?:)?\^(?!\|))/.test(expression)
  const lineEnd = /(?<![\\|])(?:\$\)?)$/.test(expression)
  expression = expression.replaceAll(/^\(*(?:\(\?\w+\))?\(*\*\*|(?<!\\)\*\*\)*$/g, (stars) => stars.replace('**', ''))
  return { expression: (global?.[0] ?? '') + expression, lineBegin, lineEnd, begun: wantsBegin && begin === 'line' }
}

/** @returns the pattern with its codes replaced, or which `%` is none. */
const withCodes = (pattern: string, codes: ReadonlyMap<string, string>, shown: boolean): Result<string, string> => {
  let wrong: string | undefined
  const text = pattern.replaceAll(/%(ExZ|Exz|Exd|Exm|ExH|Exk|Exl|ExM|ExS|ExY|Exy|.|$)/gs, (whole, code: string) => {
    const found = codes.get(code)
    if (found === undefined) wrong ??= whole
    return shown ? (codeNames.get(code) ?? `%${code}`) : (found ?? '')
  })
  return wrong === undefined ? ok(text) : fail(`'${wrong}' is no code of a date; a percent sign is written %%`)
}

const momentByEpoch = (text: string, long: boolean): number => {
  if (!long || text.length < 13) return Number(text)
  return text.length >= 16 && !text.includes('.') ? Number(text) / 1_000_000 : Number(text) / 1000
}

type Making = {
  readonly name: string
  readonly pattern?: string
  readonly reading: Reading
  /** The group that holds an epoch. */
  readonly group?: number
  readonly weight: number
}

const locate = (match: Found, single: boolean): DateFound => {
  const start = match.index
  const end = start + match[0].length
  if (!single) {
    const [from, to] = match.indices?.[1] ?? [start, start]
    return { start, end, from, to, match }
  }
  // The date is the end of the match, but for look-aheads.
  return { start, end, from: end - (match[1] ?? '').length, to: end, match }
}

const partsOf = (compiled: Pattern, match: Found): ReadonlyMap<string, string> => {
  const parts = new Map<string, string>()
  for (const [code, place] of compiled.names) {
    const text = match[place]
    if (text !== undefined) parts.set(code, text)
  }
  return parts
}

/** Whether the first group reaches to the end of every match: it is closed last, before look-aheads only. */
const endsWithGroup = (expression: string): boolean =>
  /^(?:\(\?[a-z]+\))?(?:\^\(\?:\\W\{0,2\}\)\?|\(\?=\^\|\\b\|\\W\)|\^)?\(.*\)(?:\(\?=\\b\|\\W\|\$\))?$/s.test(
    expression,
  ) && closesAtEnd(expression.replace(/\(\?=\\b\|\\W\|\$\)$/, ''))

const closesAtEnd = (expression: string): boolean => {
  // The first plain group from its opening to its closing, sets and escapes passed over.
  const open = /(?<!\\)\((?!\?)/.exec(expression)
  if (open === null || isGrouped(expression.slice(0, open.index))) return false
  if (/\(\?P?</.test(expression.slice(0, open.index))) return false
  let depth = 0
  for (let at = open.index; at < expression.length; at += 1) {
    const c = expression[at]
    if (c === '\\') at += 1
    else if (c === '[') {
      const close = /^\[\^?\]?(?:\\.|[^\]\\])*\]/s.exec(expression.slice(at))
      at += (close?.[0].length ?? 1) - 1
    } else if (c === '(') depth += 1
    else if (c === ')') {
      depth -= 1
      if (depth === 0) return at === expression.length - 1
    }
  }
  return false
}

const templateOf = (bounds: Bounded, making: Making): Result<DateTemplate, string> => {
  const { expression, lineBegin, lineEnd } = bounds
  const single = endsWithGroup(expression)
  const group = making.group ?? 1
  const compiled = compilePattern(expression, { groups: [1, group], from: true, indices: !single })
  if (!compiled.ok) return fail(compiled.error.why)
  const pattern = compiled.value
  const place = pattern.place(group) ?? 1
  if (pattern.place(1) !== 1) return fail('the first group of a date is not the first of the pattern')
  return ok({
    name: making.name,
    pattern: making.pattern,
    expression,
    anchored: lineBegin || lineEnd,
    lineBegin,
    weight: making.weight,
    search: (line, ascii, from = 0) => {
      const match = pattern.searchFrom(line, from, ascii)
      return match === null ? null : locate(match, single)
    },
    moment: (found, clock, zone) => {
      const text = found.match[place] ?? ''
      if (making.reading === 'parts') return momentOf(partsOf(pattern, found.match), clock, zone)
      if (making.reading === 'tai64n') return Number.parseInt(text.slice(2, 17), 16)
      const seconds = momentByEpoch(text, making.reading === 'long-epoch')
      return Number.isNaN(seconds) ? undefined : seconds
    },
  })
}

const epochTemplate = (key: string, pattern: string, weight: number): Result<DateTemplate, string> | undefined => {
  const long = key.includes('LEPOCH')
  const reading = long ? 'long-epoch' : 'epoch'
  const digits = long ? longEpochExpression : epochExpression
  epochMark.lastIndex = 0
  if (epochMark.test(pattern)) {
    const expression = `(${pattern.replaceAll(epochMark, () => `(${digits})`)})`
    return templateOf(bounded(expression, 'word', true), { name: pattern, reading, group: 2, weight })
  }
  const bare = key.replace(/^\{\^LN-BEG\}|^\^/, '')
  if (bare !== 'EPOCH' && bare !== 'LEPOCH') return undefined
  const name = long ? 'LongEpoch' : 'Epoch'
  if (bare === key) {
    const expression = `((?:^|(?P<square>(?<=^\\[))|(?P<selinux>(?<=\\baudit\\()))${digits})(?:(?(selinux)(?=:\\d+\\)))|(?(square)(?=\\])))`
    return templateOf(bounded(expression, 'none', true), { name, reading, weight })
  }
  const expression = `((?P<square>(?<=^\\[))?${digits})(?(square)(?=\\]))`
  return templateOf(bounded(expression, 'line', true), { name: LINE + name, reading, weight })
}

/**
 * @param pattern `%Y-%m-%d %H:%M:%S`, `{^LN-BEG}…`, `{UNB}…`, `EPOCH`, `LEPOCH`, `TAI64N`, `^\[{EPOCH}\]`. @param year of now.
 * @returns the template, or why there is none.
 */
export const dateTemplate = (pattern: string, year: number, weight = 1): Result<DateTemplate, string> => {
  const key = pattern.includes('%') ? pattern : pattern.toUpperCase()
  const epoch = key.includes('EPOCH') ? epochTemplate(key, pattern, weight) : undefined
  if (epoch !== undefined) return epoch
  if (key === 'TAI64N')
    return templateOf(bounded('@[0-9a-f]{24}', 'none', true), { name: 'TAI64N', reading: 'tai64n', weight })
  if (key === `${LINE}TAI64N` || key === '^TAI64N')
    return templateOf(bounded('@[0-9a-f]{24}', 'line', true), { name: `${LINE}TAI64N`, reading: 'tai64n', weight })
  return byCodes(pattern, year, weight)
}

const byCodes = (pattern: string, year: number, weight: number): Result<DateTemplate, string> => {
  const free = pattern.startsWith('{UNB}')
  const own = free ? pattern.slice('{UNB}'.length) : pattern
  const line = !free && own.startsWith(LINE)
  const text = line ? own.slice(LINE.length) : own
  const codes = codePatterns(year)
  const expression = withCodes(text, codes, false)
  const shown = withCodes(text, codes, true)
  if (!expression.ok) return expression
  if (!shown.ok) return shown
  const blind = /(?<!%)%[aAbBpc]/.test(text) ? `(?iu)${expression.value}` : expression.value
  const bounds = bounded(blind, free ? 'none' : line ? 'line' : 'word', !free)
  const name = bounds.begun && !shown.value.startsWith(LINE) ? LINE + shown.value : shown.value
  return templateOf(bounds, { name, pattern, reading: 'parts', weight })
}
