/**
 * The moment that the parts of a date mean, as fail2ban has it: a year that is not written is this year, or the last where that would be
 * in the future; a day that is not written is today; a zone that is not written is the machine's. Whole seconds. Pure: the clock and the
 * machine's zone are parameters.
 */
import { dayNames, longDayNames, longMonthNames, monthNames, zoneMinutes } from './codes.ts'

/** The clock, and the machine's zone. */
export type ClockPort = {
  /** Seconds since 1970. */
  readonly now: () => number
  /** @param utc a time of day as if of Greenwich, in milliseconds. @returns the seconds since 1970 at which clocks here show it. */
  readonly fromLocal: (utc: number) => number
  /** @param seconds since 1970. @returns what clocks here show then, as if of Greenwich, in milliseconds. */
  readonly toLocal: (seconds: number) => number
}

/** Parts by the letter of their code. */
export type DateParts = ReadonlyMap<string, string>

const DAY = 86_400_000
const zoneText = /^([A-Z](?:[A-Z]{2,4})?)?([+-][01]\d(?::?\d{2})?)?$/

/** @param text `UTC`, `CET`, `+0100`, `CET+01:00`. @returns the minutes east of Greenwich. */
export const readZone = (text: string): number | undefined => {
  const found = zoneText.exec(text)
  if (found === null) return undefined
  const name = found[1] === undefined ? 0 : zoneMinutes.get(found[1])
  if (name === undefined) return undefined
  const offset = found[2]
  if (offset === undefined) return name
  if (offset.length <= 3) return name + Number(offset) * 60
  const digits = offset.replace(':', '')
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5))
  return name + (offset.startsWith('-') ? -minutes : minutes)
}

const number = (parts: DateParts, code: string): number | undefined => {
  const text = parts.get(code)
  return text === undefined ? undefined : Number(text.trim())
}
const indexIn = (names: readonly string[], text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  const at = names.indexOf(text.toLowerCase())
  return at < 0 ? undefined : at
}

/** The day of the year that a week and a day of it mean (Python's `_strptime`). */
const dayOfYear = (year: number, week: number, weekday: number, fromMonday: boolean): number => {
  const first = (new Date(Date.UTC(year, 0, 1)).getUTCDay() + 6) % 7
  const shifted = fromMonday ? first : (first + 1) % 7
  const day = fromMonday ? weekday : (weekday + 1) % 7
  const lead = (7 - shifted) % 7
  return week === 0 ? 1 + day - shifted : 1 + lead + 7 * (week - 1) + day
}

const hourOf = (parts: DateParts): number => {
  const twelve = number(parts, 'I')
  if (twelve === undefined) return number(parts, 'H') ?? 0
  const half = (parts.get('p') ?? '').toLowerCase()
  if (half === 'pm') return twelve === 12 ? 12 : twelve + 12
  return twelve === 12 ? 0 : twelve
}

const yearOf = (parts: DateParts): number | undefined => {
  const short = number(parts, 'y')
  if (short !== undefined) return short <= 2000 ? short + 2000 : short
  return number(parts, 'Y')
}

const monthAndDay = (parts: DateParts, year: number): { readonly month: number; readonly day: number } | undefined => {
  const named = indexIn(monthNames, parts.get('b')) ?? indexIn(longMonthNames, parts.get('B'))
  const month = number(parts, 'm') ?? (named === undefined ? undefined : named + 1)
  const day = number(parts, 'd')
  if (month !== undefined && day !== undefined) return { month, day }
  const weekday =
    indexIn(dayNames, parts.get('a')) ??
    indexIn(longDayNames, parts.get('A')) ??
    (number(parts, 'w') === undefined ? undefined : ((number(parts, 'w') ?? 0) + 6) % 7)
  const week = number(parts, 'U') ?? number(parts, 'W')
  const julian =
    number(parts, 'j') ??
    (week !== undefined && weekday !== undefined ? dayOfYear(year, week, weekday, parts.has('W')) : undefined)
  if (julian !== undefined) {
    const date = new Date(Date.UTC(year, 0, julian))
    return { month: date.getUTCMonth() + 1, day: date.getUTCDate() }
  }
  return month === undefined && day === undefined ? undefined : { month: month ?? Number.NaN, day: day ?? Number.NaN }
}

/** @param zone minutes east of Greenwich that hold where the parts name none. @returns the seconds since 1970; undefined: there is no such date. */
export const momentOf = (parts: DateParts, clock: ClockPort, zone?: number): number | undefined => {
  const zoneName = parts.get('z') ?? parts.get('Z')
  const named = zoneName === undefined ? undefined : readZone(zoneName)
  if (zoneName !== undefined && named === undefined) return undefined
  const east = named ?? zone
  const now = clock.toLocal(clock.now())
  const written = yearOf(parts)
  const year = written ?? new Date(now).getUTCFullYear()
  const found = monthAndDay(parts, year)
  const today = new Date(now)
  const { month, day } = found ?? { month: today.getUTCMonth() + 1, day: today.getUTCDate() }
  const second = number(parts, 'S') ?? 0
  let moment = Date.UTC(year, month - 1, day, hourOf(parts), number(parts, 'M') ?? 0, second)
  const check = new Date(Date.UTC(year, month - 1, day))
  if (!(check.getUTCMonth() === month - 1 && check.getUTCDate() === day) || second > 59 || hourOf(parts) > 23)
    return undefined
  if (east !== undefined) moment -= east * 60_000
  if (found === undefined && moment > now) moment -= DAY
  if (written === undefined && moment > now + DAY) {
    const before = new Date(moment)
    moment = Date.UTC(year - 1, month - 1, day, before.getUTCHours(), before.getUTCMinutes(), before.getUTCSeconds())
  }
  return east === undefined ? clock.fromLocal(moment) : moment / 1000
}
