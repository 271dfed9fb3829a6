/**
 * A filter tried on lines, counted as fail2ban-regex counts (fail2ban-regex(1)): every failregex is tried on every line; a line is ignored,
 * matched or missed. Pure.
 */
import type { Failure, Filter } from './filter.ts'
import { type Line, wholeLine } from './line-pattern.ts'

/** Lines that are kept of each kind, to be shown. */
export const MOST_SHOWN = 20
/** Who was found by one pattern, kept for `--json`. */
const MOST_WHO = 10_000

type Shown = { readonly count: number; readonly lines: readonly string[] }
export type Tried = {
  readonly lines: number
  readonly prefix: { readonly text: string; readonly count: number } | undefined
  readonly fail: readonly { readonly text: string; readonly count: number; readonly who: readonly (string | null)[] }[]
  readonly ignore: readonly { readonly text: string; readonly count: number }[]
  readonly dates: readonly { readonly name: string; readonly hits: number }[]
  readonly ignored: Shown
  readonly matched: Shown
  readonly missed: Shown
}

type Pile = { count: number; readonly lines: string[] }
const emptyPile = (): Pile => ({ count: 0, lines: [] })

/** One trial. The filter must have been opened with `all`, and with `ignored` leading to `ignoredBy`. */
export class Trial {
  readonly #keep: number
  readonly #piles = { ignored: emptyPile(), matched: emptyPile(), missed: emptyPile() }
  readonly #fail: { count: number; readonly who: (string | null)[] }[] = []
  readonly #ignore: number[] = []
  #filter: Filter | undefined
  #prefix = 0
  #lines = 0
  #lineIgnored = false

  /** @param keep lines that are kept of each kind. */
  constructor(keep = MOST_SHOWN) {
    this.#keep = keep
  }

  /** Told by the filter of an ignoreregex that took a line. */
  ignoredBy(pattern: number): void {
    this.#ignore[pattern] = (this.#ignore[pattern] ?? 0) + 1
    this.#lineIgnored = true
  }

  /** Tries one line; comments and empty lines are passed over. */
  line(filter: Filter, text: string): void {
    if (text === '' || text.startsWith('#')) return
    this.#filter = filter
    this.#lines += 1
    this.#lineIgnored = false
    const before = filter.most > 1 ? filter.waiting : []
    const full = before.length >= filter.most
    const failures = filter.line(text)
    if (filter.prefixFound) this.#prefix += 1
    const real = failures.filter((one) => !one.harmless)
    for (const failure of failures) this.#count(failure)
    if (filter.most > 1) this.#joined(before.slice(full ? 1 : 0), filter.waiting)
    this.#put(
      this.#lineIgnored || real.length < failures.length ? 'ignored' : real.length > 0 ? 'matched' : 'missed',
      text,
    )
  }

  #count({ pattern, id, name }: Failure): void {
    const row = this.#fail[pattern] ?? { count: 0, who: [] }
    row.count += 1
    if (row.who.length < MOST_WHO) row.who.push(id ?? name ?? null)
    this.#fail[pattern] = row
  }

  #put(pile: 'ignored' | 'matched' | 'missed', text: string): void {
    this.#piles[pile].count += 1
    if (this.#piles[pile].lines.length < this.#keep) this.#piles[pile].lines.push(text)
  }

  /** Lines that waited and now belong to a match were counted as missed before. */
  #joined(before: readonly Line[], after: readonly Line[]): void {
    const { missed } = this.#piles
    for (const line of before.filter((one) => !after.includes(one))) {
      const text = wholeLine(line)
      const at = missed.lines.indexOf(text)
      if (at >= 0) missed.lines.splice(at, 1)
      missed.count -= 1
      this.#put('matched', text)
    }
  }

  /** @returns the counts. */
  result(filter = this.#filter): Tried {
    const patterns = filter?.patterns
    return {
      lines: this.#lines,
      prefix:
        patterns?.prefix === undefined ? undefined : { text: patterns.prefix.pattern.source, count: this.#prefix },
      fail: (patterns?.fail ?? []).map(({ text }, n) => ({
        text,
        count: this.#fail[n]?.count ?? 0,
        who: this.#fail[n]?.who ?? [],
      })),
      ignore: (patterns?.ignore ?? []).map(({ text }, n) => ({ text, count: this.#ignore[n] ?? 0 })),
      dates: (filter?.dateHits() ?? []).filter(({ hits }) => hits > 0),
      ...this.#piles,
    }
  }
}

const listed = (rows: readonly string[], head?: string): string =>
  rows.length === 0 ? '' : `${head === undefined ? '' : `|- ${head}\n`}|  ${rows.join('\n|  ')}\n\`-\n`

const patternsText = (title: string, rows: readonly { readonly text: string; readonly count: number }[]): string => {
  const total = rows.reduce((sum, { count }) => sum + count, 0)
  const hit = rows.flatMap(({ text, count }, n) =>
    count > 0 ? [`${String(n + 1).padStart(2)}) [${count}] ${text}`] : [],
  )
  return `\n${title}: ${total} total\n${listed(hit, ' #) [# of hits] regular expression')}`
}

export type Showing = {
  readonly matched: boolean
  readonly missed: 'all' | 'few' | 'none'
  readonly ignored: 'all' | 'few' | 'none'
}

/** @returns the result in the form of fail2ban-regex. */
export const writeTried = (tried: Tried, show: Showing): string => {
  const prefix =
    tried.prefix === undefined ? '' : `\nPrefregex: ${tried.prefix.count} total\n${listed([tried.prefix.text])}`
  const dates = listed(
    tried.dates.map(({ name, hits }) => `[${hits}] ${name}`),
    '[# of hits] date format',
  )
  const pile = (kind: 'ignored' | 'matched' | 'missed', how: 'all' | 'few' | 'none'): string => {
    const { count, lines } = tried[kind]
    if (count === 0 || how === 'none') return ''
    const title = `${kind.charAt(0).toUpperCase()}${kind.slice(1)} line(s):`
    if (how === 'all' || count < MOST_SHOWN) return listed(lines, title)
    return `${title} too many to print.  Use --print-all-${kind} to print all ${count} lines\n`
  }
  return [
    'Results\n=======\n',
    prefix,
    patternsText('Failregex', tried.fail),
    patternsText('Ignoreregex', tried.ignore),
    `\nDate template hits:\n${dates}`,
    `\nLines: ${tried.lines} lines, ${tried.ignored.count} ignored, ${tried.matched.count} matched, ${tried.missed.count} missed\n\n`,
    show.matched ? pile('matched', 'all') : '',
    pile('ignored', show.ignored),
    pile('missed', show.missed),
  ].join('')
}
