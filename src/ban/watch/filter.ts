/**
 * A filter of fail2ban at work: lines in, failures out, the same ones as fail2ban finds (1.0; its manual jail.conf(5), "FILTERS"). Pure: the
 * clock is a parameter.
 *
 * The first failregex that matches wins; an ignoreregex takes the line away; prefregex decides whether a line is looked at and what of it
 * (`<F-CONTENT>`). Most lines of a log are honest: words that a pattern needs are looked for before the pattern is.
 *
 * Memory is bounded: `maxlines` lines, each cut to MOST_LINE characters by the caller, and the connections of connections.ts.
 */
import { prefixOf, readIp, writeIp, writePrefix } from '../../base/ip.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import type { FilterLine, FilterText } from './config/filter-file.ts'
import type { Fault } from './config/settings.ts'
import { Connections, type Draft, draftOf } from './connections.ts'
import { DateDetector, type Dated, defaultTemplates, readDatePattern } from './dates/detector.ts'
import { type ClockPort, readZone } from './dates/value.ts'
import { bufferOf, compileLine, type Fields, type Line, type LinePattern, wholeLine } from './line-pattern.ts'
import { type Found, isAscii } from './regex/pattern.ts'

/** Seconds for which a line without a date is taken to be of the time of the one before. */
const SAME_TIME = 60
const MOST_BUFFER = 500

export type Failure = {
  /** Which failregex found it, from 0. */
  readonly pattern: number
  /** Who: an address in its shortest form, or whatever `<F-ID>` took; undefined: not known yet. */
  readonly id: string | undefined
  /** The address, where there is a sound one. */
  readonly address: string | undefined
  /** A host's name that stood where an address was wanted. */
  readonly name: string | undefined
  /** Seconds since 1970, where the line tells. */
  readonly time: number | undefined
  readonly fields: ReadonlyMap<string, string | undefined>
  /** Not a failure by itself (only with `all`). */
  readonly harmless: boolean
  readonly lines: readonly string[]
}

export type FilterOptions = {
  readonly clock: ClockPort
  /** How names in place of addresses are taken: fail2ban's usedns. */
  readonly usedns?: 'yes' | 'warn' | 'no' | 'raw'
  /** Every failregex is tried, as fail2ban-regex does; otherwise the first that matches wins. */
  readonly all?: boolean
  /** Told of each ignoreregex that took a line. */
  readonly ignored?: (pattern: number) => void
  /** The zone of lines that name none, as logtimezone has it. */
  readonly zone?: string
  /** Connections that are remembered at once. */
  readonly connections?: number
  /** In place of the filter's own. */
  readonly datepattern?: string
  readonly maxlines?: number
}

/** One pattern, and where it stands in the filter's file. */
type Compiled = { readonly line: FilterLine; readonly pattern: LinePattern }
export type Patterns = {
  readonly prefix: LinePattern | undefined
  readonly fail: readonly LinePattern[]
  readonly ignore: readonly LinePattern[]
}

/** A filter with its state: one for each log. */
export class Filter {
  readonly patterns: Patterns
  readonly #options: FilterOptions
  readonly #most: number
  readonly #dates: DateDetector
  readonly #connections: Connections
  readonly #gate: RegExp | undefined
  readonly #ignoreFirst: boolean
  #buffer: readonly Line[] = []
  #lastText = ''
  #readText = ''
  #readBy: Dated['template'] | undefined
  #readAt = 0
  #readDate: number | undefined
  #lastDated: Dated | undefined
  #lastDate: number | undefined
  #prefixFound = false

  constructor(patterns: Patterns, dates: DateDetector, most: number, options: FilterOptions) {
    this.patterns = patterns
    this.#dates = dates
    this.#most = Math.min(most, MOST_BUFFER)
    this.#options = options
    this.#connections = new Connections(options.connections)
    this.#gate = gateOf(patterns.prefix === undefined ? patterns.fail : [patterns.prefix])
    this.#ignoreFirst = patterns.ignore.length > 0 && patterns.ignore.length < patterns.fail.length - 2
  }

  /** Templates of dates, with how often each matched. */
  dateHits(): readonly { readonly name: string; readonly hits: number }[] {
    return this.#dates.hits()
  }
  /** Whether prefregex matched the last line. */
  get prefixFound(): boolean {
    return this.#prefixFound
  }
  /** Lines that wait for others (maxlines above 1). */
  get waiting(): readonly Line[] {
    return this.#buffer
  }
  get most(): number {
    return this.#most
  }
  /** Connections that are remembered. */
  get connections(): number {
    return this.#connections.size
  }

  /** @param text one line, without its end. @returns the failures that it completes. */
  line(text: string): readonly Failure[] {
    const ascii = isAscii(text)
    const dated = this.#dates.find(text, ascii)
    if (dated === undefined) return this.#undated(text, ascii)
    const { from, to } = dated.found
    if (from === to) return this.#emptyDate(text, ascii)
    const date = text.slice(from, to)
    this.#lastText = date
    this.#lastDated = dated
    return this.#find([text.slice(0, from), date, text.slice(to)], ascii, () => this.#known())
  }

  /** A message whose time is told beside it, as the journal has it. */
  message(text: string, time: number): readonly Failure[] {
    this.#lastDated = undefined
    this.#lastDate = time
    return this.#find(['', '', text], isAscii(text), () => time)
  }

  /** The date of the last line that had one. */
  #known(): number | undefined {
    const dated = this.#lastDated
    if (dated !== undefined) {
      this.#lastDated = undefined
      const now = this.#options.clock.now()
      // Many lines are of the same second.
      const same = this.#readText === this.#lastText && this.#readBy === dated.template
      if (!same || now - this.#readAt > SAME_TIME) {
        this.#readText = this.#lastText
        this.#readBy = dated.template
        this.#readAt = now
        this.#readDate = this.#dates.moment(dated)
      }
      this.#lastDate = this.#readDate ?? this.#lastDate
    }
    return this.#lastDate
  }

  #recent(): number | undefined {
    const last = this.#known()
    return last !== undefined && last !== 0 && last > this.#options.clock.now() - SAME_TIME ? last : undefined
  }

  #undated(text: string, ascii: boolean): readonly Failure[] {
    const recent = this.#recent()
    return this.#find(['', recent === undefined ? '' : this.#lastText, text], ascii, () => recent)
  }

  #emptyDate(text: string, ascii: boolean): readonly Failure[] {
    const recent = this.#recent()
    const line: Line = recent === undefined ? ['', '', text] : ['', this.#lastText, text]
    return this.#find(line, ascii, () => recent ?? this.#options.clock.now())
  }

  #find(line: Line, ascii: boolean, time: () => number | undefined): readonly Failure[] {
    const several = this.#most > 1
    const lines: readonly Line[] = several ? [...this.#buffer, line].slice(-this.#most) : [line]
    this.#buffer = several ? lines : []
    this.#prefixFound = false
    const text = bufferOf(lines)
    const plain = ascii && (!several || isAscii(text))
    if (this.#gate !== undefined && this.#options.all !== true && !this.#gate.test(text)) return []
    if (this.#ignoreFirst && this.#isIgnored(text, plain)) return []
    const { prefix } = this.patterns
    if (prefix === undefined) return this.#search({ lines, rest: lines, text, plain, before: undefined, time })
    const found = prefix.pattern.search(text, plain)
    if (found === null) return []
    this.#prefixFound = true
    const before = prefix.fields(found)
    const content = before.get('content')
    before.delete('content')
    if (content === undefined || content === '') return this.#search({ lines, rest: lines, text, plain, before, time })
    const rest: readonly Line[] = [['', '', content]]
    if (several) this.#buffer = rest
    return this.#search({ lines, rest, text: bufferOf(rest), plain: plain || isAscii(content), before, time })
  }

  #isIgnored(text: string, ascii: boolean): boolean {
    let ignored = false
    for (const [n, one] of this.patterns.ignore.entries()) {
      if (one.pattern.search(text, ascii) === null) continue
      ignored = true
      this.#options.ignored?.(n)
      if (this.#options.all !== true) break
    }
    return ignored
  }

  #search(look: Look): readonly Failure[] {
    const all = this.#options.all === true
    const failures: Failure[] = []
    let { text, plain } = look
    for (const [n, one] of this.patterns.fail.entries()) {
      const found = hasWord(one, text) ? one.pattern.search(text, plain) : null
      if (found === null) continue
      const { taken, left } = one.share(found, look.lines)
      const several = this.#most > 1
      if (
        this.patterns.ignore.length > 0 &&
        this.#isIgnored(several ? bufferOf(taken) : text, several ? isAscii(bufferOf(taken)) : plain)
      ) {
        if (several) {
          this.#buffer = left
          text = bufferOf(left)
        } else if (!all) text = '\n'
        plain = isAscii(text)
        if (!all) break
        continue
      }
      if (several) {
        this.#buffer = left
        text = bufferOf(left)
        plain = isAscii(text)
      }
      const failure = this.#failure(n, one, found, taken, look)
      if (failure === 'none') return failures
      failures.push(failure)
      if (!all) break
    }
    return failures
  }

  /** @returns what a match says; none: nothing yet, and nothing else of this line either. */
  #failure(n: number, one: LinePattern, found: Found, taken: readonly Line[], look: Look): Failure | 'none' {
    const all = this.#options.all === true
    const fields = one.fields(found, look.before)
    const time = look.time()
    const connection = fields.get('mlfid')
    const lines = taken.map(wholeLine)
    let draft: Draft = draftOf(fields)
    if (connection === undefined) draft.lines = lines
    else {
      draft = this.#connections.merge(connection, draft, lines, this.#options.clock.now())
      if ((draft.fields.get('nofail') ?? '') !== '' && !all) return 'none'
    }
    const who = this.#whoIn(draft.fields)
    if (who.id === undefined && who.name === undefined) {
      draft.pending = true
      if (!all) return 'none'
    }
    const harmless = (draft.fields.get('nofail') ?? '') !== ''
    return {
      pattern: n,
      ...who,
      time,
      fields: connection === undefined ? draft.fields : new Map(draft.fields),
      harmless,
      lines: draft.lines,
    }
  }

  #whoIn(fields: Fields): {
    readonly id: string | undefined
    readonly address: string | undefined
    readonly name: string | undefined
  } {
    const own = fields.get('fid')
    const ip = fields.get('ip4') ?? fields.get('ip6')
    if (ip !== undefined) {
      const address = addressOf(ip, fields.get('cidr'))
      return { id: own === undefined || own === ip ? (address ?? ip) : own, address, name: undefined }
    }
    const name = fields.get('dns')
    if (name === undefined) {
      const address = own === undefined ? undefined : addressOf(own, undefined)
      return { id: address ?? own, address, name: undefined }
    }
    const plain = addressOf(name.replace(/^\[(.*)\]$/s, '$1'), undefined)
    if (plain !== undefined) return { id: plain, address: plain, name: undefined }
    if (this.#options.usedns === 'raw') return { id: own ?? name, address: undefined, name }
    return { id: undefined, address: undefined, name }
  }
}

type Look = {
  readonly lines: readonly Line[]
  readonly rest: readonly Line[]
  readonly text: string
  readonly plain: boolean
  readonly before: Fields | undefined
  readonly time: () => number | undefined
}

/** Whether a text is an IPv4 address in its one form: the road of nearly every failure. */
const isPlainIp4 = (text: string): boolean => {
  let parts = 1
  let value = -1
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === 46) {
      if (value < 0) return false
      parts += 1
      value = -1
    } else {
      if (code < 48 || code > 57 || value === 0) return false
      value = value < 0 ? code - 48 : value * 10 + code - 48
      if (value > 255) return false
    }
  }
  return parts === 4 && value >= 0
}

const addressOf = (text: string, bits: string | undefined): string | undefined => {
  if (bits === undefined && isPlainIp4(text)) return text
  const ip = readIp(text)
  if (!ip.ok) return undefined
  return bits === undefined || bits === '' ? writeIp(ip.value) : writePrefix(prefixOf(ip.value, Number(bits)))
}

const hasWord = (one: LinePattern, text: string): boolean => {
  const { words } = one.pattern
  if (words === undefined) return true
  for (const word of words) if (text.includes(word)) return true
  return false
}

/** One expression for the words of all patterns, where each has some. */
const gateOf = (patterns: readonly LinePattern[]): RegExp | undefined => {
  const words = new Set<string>()
  for (const { pattern } of patterns) {
    if (pattern.words === undefined) return undefined
    for (const word of pattern.words) words.add(word)
  }
  if (words.size === 0) return undefined
  const escaped = [...words].map((word) =>
    word.replaceAll(/[^A-Za-z0-9 ]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`),
  )
  return new RegExp(escaped.join('|'), 'u')
}

export type Opened = { readonly filter: Filter; readonly faults: readonly Fault[] }

/**
 * @param text a filter as read. @returns the filter at work, with the failregexes that cannot be taken (the others are in force); or the
 * faults for which it cannot work at all: without its prefregex or an ignoreregex it would ban the innocent.
 */
export const openFilter = (text: FilterText, options: FilterOptions): Result<Opened, readonly Fault[]> => {
  const faults: Fault[] = [...text.faults]
  const usedns = options.usedns ?? known(text.usedns) ?? 'warn'
  const most = options.maxlines ?? text.maxlines
  const compile = (line: FilterLine, lines: boolean): Compiled | undefined => {
    const made = compileLine(line.text, usedns !== 'no', lines)
    if (made.ok) return { line, pattern: made.value }
    faults.push({ file: line.file, line: line.line, why: `${made.error}: ${shortened(line.text)}` })
    return undefined
  }
  const prefix = text.prefregex === undefined ? undefined : compile(text.prefregex, false)
  const ignore = text.ignoreregex.map((line) => compile(line, false))
  if ((text.prefregex !== undefined && prefix === undefined) || ignore.includes(undefined)) return fail(faults)
  const failing = text.failregex.flatMap((line) => {
    const made = compile(line, most > 1)
    if (made === undefined) return []
    if (made.pattern.identifies() || prefix?.pattern.identifies() === true) return [made.pattern]
    faults.push({ file: line.file, line: line.line, why: `no <HOST>, <ADDR> or <F-ID>: ${shortened(line.text)}` })
    return []
  })
  const year = new Date(options.clock.toLocal(options.clock.now())).getUTCFullYear()
  const pattern = options.datepattern ?? text.datepattern
  const templates =
    pattern === undefined || pattern.trim() === '' ? defaultTemplates(year) : readDatePattern(pattern, year)
  if (!templates.ok)
    return fail([...faults, { file: text.files.at(-1) ?? '', line: 0, why: `datepattern: ${templates.error}` }])
  const zone = options.zone === undefined ? undefined : readZone(options.zone)
  const patterns: Patterns = {
    prefix: prefix?.pattern,
    fail: failing,
    ignore: ignore.flatMap((one) => (one === undefined ? [] : [one.pattern])),
  }
  const dates = new DateDetector(templates.value.length === 0 ? [] : templates.value, options.clock, zone)
  return ok({ filter: new Filter(patterns, dates, most, { ...options, usedns }), faults })
}

const known = (usedns: string | undefined): FilterOptions['usedns'] => {
  const lower = usedns?.toLowerCase()
  if (lower === undefined) return undefined
  return lower === 'yes' || lower === 'warn' || lower === 'raw' ? lower : 'no'
}
const shortened = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text)
