/**
 * Finds the date of a line among several templates, and learns which: the same choice as fail2ban's detector, line for line. A template
 * that matched is tried first, at the place where it matched; one that is hit more often moves forward; a date further to the right than
 * usual is suspected of being part of a message. Clock as a parameter; pure.
 */
import { fail, ok, type Result } from '../../../base/result.ts'
import { defaultPatterns } from './codes.ts'
import { type DateFound, type DateTemplate, dateTemplate, unbound } from './template.ts'
import type { ClockPort } from './value.ts'

const FAR = 0x7fffffff
/** Seconds after which a template counts as long unused. */
const UNUSED = 300
const MOST_PATTERNS = 200
const LINE = '{^LN-BEG}'
const LINE_WEIGHT = 100

type Slot = { readonly template: DateTemplate; hits: number; tried: number; lastUsed: number; distance: number }
export type Dated = { readonly found: DateFound; readonly template: DateTemplate }

const weightOf = (slot: Slot): number => (slot.hits * slot.template.weight) / Math.max(1, slot.distance)
const isWordCharacter = (c: string): boolean => /^[\p{L}\p{N}]$/u.test(c)

export class DateDetector {
  readonly #slots: Slot[]
  readonly #clock: ClockPort
  readonly #zone: number | undefined
  #lastStart = 1
  #lastEnd = FAR
  #beforeStart: string | undefined
  #atStart: string | undefined
  #beforeEnd: string | undefined
  #atEnd: string | undefined
  #last = FAR
  #firstUnused = 0

  /** @param zone minutes east of Greenwich that hold where a line names none. */
  constructor(templates: readonly DateTemplate[], clock: ClockPort, zone?: number) {
    this.#slots = templates.map((template) => ({ template, hits: 0, tried: 0, lastUsed: 0, distance: FAR }))
    this.#clock = clock
    this.#zone = zone
  }

  /** How often each template matched, most used first as the detector has them. */
  hits(): readonly { readonly name: string; readonly hits: number }[] {
    return this.#slots.map(({ template, hits }) => ({ name: template.name, hits }))
  }

  /** @returns where the line has its date. */
  find(line: string, ascii: boolean): Dated | undefined {
    const first = this.#tryLast(line, ascii)
    const choice = first.sure ?? this.#search(line, ascii, first)
    return choice === undefined ? undefined : this.#won(line, choice)
  }

  /** @returns the seconds since 1970 of what `find` found. */
  moment({ found, template }: Dated): number | undefined {
    return template.moment(found, this.#clock, this.#zone)
  }

  #match(slot: Slot, line: string, ascii: boolean, from = 0): DateFound | null {
    const found = slot.template.search(line, ascii, from)
    if (found !== null) slot.tried += 1
    return found
  }

  #tryLast(line: string, ascii: boolean): First {
    const slot = this.#slots[this.#last]
    if (slot === undefined) return { skip: FAR }
    const at = this.#last
    let skip = FAR
    let found: DateFound | null
    if (slot.template.anchored) {
      found = this.#match(slot, line, ascii)
      skip = at
    } else if (this.#sameSurroundings(line)) {
      found = this.#match(slot, line.slice(0, this.#lastEnd), ascii, this.#lastStart)
    } else {
      found = this.#match(slot, line, ascii)
      skip = at
    }
    if (found === null) return { skip }
    const same = found.start === this.#lastStart && found.end === this.#lastEnd
    const choice = { found, at }
    return this.#slots.length === 1 || slot.template.anchored || same
      ? { skip, sure: choice }
      : { skip, reserve: choice }
  }

  /** Whether the characters around the last date are the same, so that only its place need be looked at. */
  #sameSurroundings(line: string): boolean {
    const start = this.#lastStart
    const end = this.#lastEnd
    const left =
      charAt(line, start - 1) === this.#beforeStart ||
      (charAt(line, start) === this.#atStart && !isWordCharacter(this.#atStart ?? ''))
    if (!left) return false
    return (
      charAt(line, end) === this.#atEnd ||
      (charAt(line, end - 1) === this.#beforeEnd && !isWordCharacter(this.#beforeEnd ?? ''))
    )
  }

  #search(line: string, ascii: boolean, first: First): Choice | undefined {
    let best = first.reserve
    for (const [at, slot] of this.#slots.entries()) {
      if (at === first.skip) continue
      const found = this.#match(slot, line, ascii)
      if (found === null) continue
      const choice = { found, at }
      const next = this.#slots[at + 1]
      if (next === undefined || slot.template.anchored) return choice
      if (found.start === 0 && slot.hits > 0 && next.tried === 0) return choice
      if (found.start <= slot.distance && found.start <= this.#lastStart) return choice
      if (best === undefined || found.start < best.found.start) best = choice
    }
    return best
  }

  #won(line: string, { found, at }: Choice): Dated | undefined {
    const slot = this.#slots[at]
    if (slot === undefined) return undefined
    slot.hits += 1
    slot.lastUsed = this.#clock.now()
    slot.distance = found.start
    if (this.#firstUnused === at) this.#firstUnused += 1
    this.#lastStart = found.start
    this.#beforeStart = charAt(line, found.start - 1)
    this.#atStart = charAt(line, found.start)
    this.#lastEnd = found.end
    this.#beforeEnd = charAt(line, found.end - 1)
    this.#atEnd = charAt(line, found.end)
    this.#last = at > 0 && at !== this.#last ? this.#reorder(at) : at
    return { found, template: slot.template }
  }

  /** Moves a template forward that is used more than those before it. @returns where it is now. */
  #reorder(at: number): number {
    const slots = this.#slots
    const slot = slots[at]
    if (slot === undefined) return at
    const moves = (to: number): boolean => {
      const other = slots[to]
      return other !== undefined && (weightOf(slot) > weightOf(other) || slot.lastUsed - UNUSED > other.lastUsed)
    }
    let to = this.#firstUnused < at ? this.#firstUnused : Math.floor(at / 2)
    if (!moves(to)) {
      if (to === at - 1) return at
      to = at - 1
      if (!moves(to)) return at
    }
    slots.splice(at, 1)
    slots.splice(to, 0, slot)
    while ((slots[this.#firstUnused]?.hits ?? 0) > 0) this.#firstUnused += 1
    return to
  }
}

type Choice = { readonly found: DateFound; readonly at: number }
type First = { readonly skip: number; readonly sure?: Choice; readonly reserve?: Choice }

/** A character of a line; the empty text beyond its end, and before its begin the last one, as Python's slices have it. */
const charAt = (line: string, at: number): string => (at < 0 ? '' : (line[at] ?? ''))

type Templates = Result<readonly DateTemplate[], string>

const defaults = (year: number): Templates => {
  const anchored: DateTemplate[] = []
  const plain: DateTemplate[] = []
  for (const pattern of defaultPatterns) {
    const own = dateTemplate(pattern, year)
    if (!own.ok) return own
    plain.push(own.value)
    if (own.value.name.startsWith(LINE) || own.value.name.startsWith('^')) continue
    const line = dateTemplate(LINE + pattern, year, LINE_WEIGHT)
    if (!line.ok) return line
    if (line.value.name !== own.value.name) anchored.push(line.value)
  }
  return ok([...anchored, ...plain])
}

/** Every default template, for a filter that names no pattern. @param year of now. */
export const defaultTemplates = (year: number): Templates => {
  const known = madeFor.get(year)
  if (known !== undefined) return known
  madeFor.clear()
  const made = defaults(year)
  madeFor.set(year, made)
  return made
}
/** Templates hold no state; all filters share those of this year. */
const madeFor = new Map<number, Templates>()

/** Templates without codes stand in `{DATE}` by their names. */
const shownName = (pattern: string): string => (pattern === 'EPOCH' ? 'Epoch' : pattern)

const around = (pattern: string, year: number): Templates => {
  const made: DateTemplate[] = []
  for (const one of defaultPatterns) {
    const template = dateTemplate(
      pattern.replaceAll(/(?<!\\)\{DATE\}/gi, () => unbound(shownName(one))),
      year,
    )
    if (!template.ok) return template
    made.push(template.value)
  }
  return ok(made)
}

/** @param text a `datepattern`: one pattern a line, `{DEFAULT}`, `{^LN-BEG}`, `{NONE}`, `…{DATE}…`. @returns its templates. */
export const readDatePattern = (text: string, year: number): Templates => {
  const made = new Map<string, DateTemplate>()
  const lines = text.split('\n').map((line) => line.trim())
  for (const line of lines.filter((one) => one !== '').slice(0, MOST_PATTERNS)) {
    const key = line.includes('%') ? line : line.toUpperCase()
    const several = key === LINE || key === '{DEFAULT}' || key.includes('{DATE}')
    const found = several ? listed(line, key, year) : single(line, key, year)
    if (!found.ok) return found
    for (const template of found.value) {
      if (made.has(template.name) && !(several && made.size > 0)) return fail(`${line} is there twice`)
      if (!made.has(template.name)) made.set(template.name, template)
    }
  }
  return ok([...made.values()])
}

const listed = (line: string, key: string, year: number): Templates => {
  if (key.includes('{DATE}')) return around(line, year)
  const all = defaultTemplates(year)
  return all.ok && key === LINE ? ok(all.value.filter((one) => one.lineBegin)) : all
}
const single = (line: string, key: string, year: number): Templates => {
  const one = dateTemplate(key === '{NONE}' ? '{UNB}^' : line, year)
  return one.ok ? ok([one.value]) : one
}
