/**
 * The Date field: RFC 5322 section 3.3, the obsolete forms of section 4.3 (two-digit years, named zones, comments), and what else real
 * mail has: asctime order, month first, ISO 8601, missing seconds or zone. Pure; no clock: a date is what the text says.
 */

/** `at` is epoch milliseconds; `day` the day that the sender's own calendar showed, `YYYY-MM-DD`. */
export type SentDate = { readonly at: number; readonly day: string }

const MOST_TEXT = 200 // octets looked at
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
/** Minutes east of Greenwich. RFC 5322 section 4.3: the military letters are worth -0000, because they were specified wrongly. */
const zones: Readonly<Record<string, number>> = {
  ut: 0,
  utc: 0,
  gmt: 0,
  z: 0,
  edt: -240,
  est: -300,
  cdt: -300,
  cst: -360,
  mdt: -360,
  mst: -420,
  pdt: -420,
  pst: -480,
  // Not in the RFC, but written:
  akdt: -480,
  akst: -540,
  hst: -600,
  bst: 60,
  wet: 0,
  west: 60,
  met: 60,
  mest: 120,
  cet: 60,
  cest: 120,
  eet: 120,
  eest: 180,
  msk: 180,
  msd: 240,
  jst: 540,
  kst: 540,
  hkt: 480,
  sgt: 480,
  ist: 330,
  aest: 600,
  aedt: 660,
  nzst: 720,
  nzdt: 780,
}

type Parts = { year: number; month: number; day: number; hour: number; minute: number; second: number; zone: number }

/** RFC 5322 section 4.3: 00 to 49 are of this century, 50 to 99 and three digits count from 1900. */
const fullYear = (digits: string): number => {
  const year = Number(digits)
  if (digits.length >= 4) return year
  return digits.length === 2 && year < 50 ? year + 2000 : year + 1900
}

const zoneMinutes = (text: string): number => {
  const numeric = /(?:^|[\s\w])([+-])(\d{2}):?(\d{2})/.exec(text)
  if (numeric !== null) {
    const minutes = Number(numeric[2]) * 60 + Number(numeric[3])
    return minutes > 24 * 60 ? 0 : numeric[1] === '-' ? -minutes : minutes
  }
  const hours = /(?:gmt|utc)\s*([+-])(\d{1,2})(?!\d)/i.exec(text)
  if (hours !== null) return Number(`${hours[1]}${hours[2]}`) * 60
  const name = /[a-z]+/i.exec(text)?.[0].toLowerCase()
  return name === undefined ? 0 : (zones[name] ?? 0)
}

const monthNumber = (word: string): number => months.indexOf(word.slice(0, 3).toLowerCase())

const clock = /(\d{1,2})(?:\s{0,9}:\s{0,9}|\.)(\d{1,2})(?:(?:\s{0,9}:\s{0,9}|\.)(\d{1,2})(?:[.,]\d+)?)?\s*(am|pm)?/i
const dayFirst =
  /(?:^|[^\d:])(\d{1,2})(?:\s+|\s*[-/.]\s*)([a-z]{3,9})\.?(?:\s*,\s*|\s+|\s*[-/.]\s*)(\d{4}|\d{2,3})(?!\d|:)/i
const monthFirst = /(?:^|[^a-z])([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?:\s*,)?\s+/i
const iso = /^\s*(\d{4})-(\d{2})-(\d{2})(?:[T\s]|$)/

const timeOf = (text: string): Pick<Parts, 'hour' | 'minute' | 'second' | 'zone'> | undefined => {
  const found = clock.exec(text)
  if (found === null) return /\d:|:\d/.test(text) ? undefined : { hour: 0, minute: 0, second: 0, zone: 0 }
  const [whole, hours, minute, second, half] = found
  const twelve = half === undefined ? Number(hours) : (Number(hours) % 12) + (half.toLowerCase() === 'pm' ? 12 : 0)
  const zone = zoneMinutes(text.slice(found.index + whole.length))
  return { hour: twelve, minute: Number(minute), second: Number(second ?? 0), zone }
}

const dateOf = (text: string): readonly [year: number, month: number, day: number, rest: string] | undefined => {
  const plain = dayFirst.exec(text)
  if (plain !== null && monthNumber(plain[2] ?? '') >= 0)
    return [
      fullYear(plain[3] ?? ''),
      monthNumber(plain[2] ?? ''),
      Number(plain[1]),
      text.slice(plain.index + plain[0].length),
    ]
  const standard = iso.exec(text)
  if (standard !== null)
    return [Number(standard[1]), Number(standard[2]) - 1, Number(standard[3]), text.slice(standard[0].length)]
  return monthFirstDate(text)
}

/** `Tue Nov 25 04:00:00 2002 +0100` (asctime) and `Nov 25, 2002 04:00`. */
const monthFirstDate = (text: string): ReturnType<typeof dateOf> => {
  let from = 0
  for (let tries = 0; tries < 2; tries += 1) {
    const found = monthFirst.exec(text.slice(from))
    if (found === null) return undefined
    const month = monthNumber(found[1] ?? '')
    const rest = text.slice(from + found.index + found[0].length)
    if (month >= 0) {
      const year = /(?:^|[^\d:.+-])(\d{4})(?![\d:])/.exec(rest)
      if (year === null) return undefined
      const withoutYear = `${rest.slice(0, year.index)} ${rest.slice(year.index + year[0].length)}`
      return [Number(year[1]), month, Number(found[2]), withoutYear]
    }
    from += found.index + 1
  }
  return undefined
}

const twoDigits = (n: number): string => String(n).padStart(2, '0')

const daysIn = (year: number, month: number): number =>
  month === 1 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : (monthDays[month] ?? 0)

const sane = (p: Parts): boolean =>
  p.year >= 1000 &&
  p.year <= 9999 &&
  p.month >= 0 &&
  p.month < 12 &&
  p.day >= 1 &&
  p.day <= daysIn(p.year, p.month) &&
  p.hour < 24 &&
  p.minute < 60 &&
  p.second <= 60

/** @param value the field's value. @returns when it was, and the sender's own day; null where it is no date. */
export const readDate = (value: string): SentDate | null => {
  const text = value
    .slice(0, MOST_TEXT)
    .replace(/\([^()]*\)/g, ' ')
    .replace(/[\r\n\t]+/g, ' ')
  const date = dateOf(text)
  if (date === undefined) return null
  const [year, month, day, rest] = date
  const time = timeOf(rest)
  if (time === undefined) return null
  const parts: Parts = { year, month, day, ...time }
  if (!sane(parts)) return null
  const at = Date.UTC(year, month, day, parts.hour, parts.minute, parts.second) - parts.zone * 60_000
  return { at, day: `${String(year).padStart(4, '0')}-${twoDigits(month + 1)}-${twoDigits(day)}` }
}
