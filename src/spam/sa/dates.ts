/** Dates of header fields, forgivingly: impossible values are moved to possible ones, as rules about them expect. RFC 5322 sections 3.3 and 4.3. Pure. */
const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const month = '(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)'
/** Zone names that mail programs wrote, in hours and minutes; others count as none. */
const zones: Readonly<Record<string, string>> = {
  UT: '+0000',
  UTC: '+0000',
  GMT: '+0000',
  WET: '+0000',
  WEST: '+0100',
  BST: '+0100',
  MET: '+0100',
  'MET-DST': '+0200',
  MEST: '+0200',
  MEZ: '+0100',
  MESZ: '+0200',
  CET: '+0100',
  CEST: '+0200',
  EET: '+0200',
  EEST: '+0300',
  MSK: '+0300',
  MSD: '+0400',
  IST: '+0530',
  HKT: '+0800',
  SGT: '+0800',
  JST: '+0900',
  KST: '+0900',
  AWST: '+0800',
  ACST: '+0930',
  ACDT: '+1030',
  AEST: '+1000',
  AEDT: '+1100',
  NZST: '+1200',
  NZDT: '+1300',
  NST: '-0330',
  NDT: '-0230',
  AST: '-0400',
  ADT: '-0300',
  EST: '-0500',
  EDT: '-0400',
  CST: '-0600',
  CDT: '-0500',
  MST: '-0700',
  MDT: '-0600',
  PST: '-0800',
  PDT: '-0700',
  HST: '-1000',
  HDT: '-0900',
  AKST: '-0900',
  AKDT: '-0800',
}
const shapes = [
  { form: new RegExp(` (?<day>\\d+) (?<month>${month}) (?<year>\\d{4}) `, 'i') },
  { form: new RegExp(` (?<month>${month}) +(?<day>\\d+) \\d+:\\d+:\\d+ (?<year>\\d{4}) `, 'i') },
  { form: new RegExp(` (?<day>\\d+) (?<month>${month}) (?<year>\\d{2,3}) `, 'i') },
]

const yearOf = (text: string): number => {
  const year = Number(text)
  if (text.length === 2 && year < 50) return year + 2000
  return text.length === 4 ? year : year + 1900
}

/** @returns seconds since 1970; undefined where no date is found. */
export const readMailDate = (field: string): number | undefined => {
  let text = ` ${field.slice(0, 300)} `.replaceAll(/, */g, ' ').replaceAll(/\s+/g, ' ')
  const found = shapes.map(({ form }) => form.exec(text)).find((match) => match !== null)
  if (found?.groups === undefined) return undefined
  // The second shape holds the time of day: only the date is taken out.
  const { day: dayText = '', month: monthText = '', year: yearText = '' } = found.groups
  text = text.replace(found[0], / \d+:\d+:\d+ /.test(found[0]) ? ` ${/\d+:\d+:\d+/.exec(found[0])?.[0] ?? ''} ` : ' ')
  const clock = / (\d?\d):(\d\d)(?::(\d\d))? /.exec(text)
  if (clock !== null) text = text.replace(clock[0], ' ')
  const numeric = / ([-+]\d{4}) /.exec(text)?.[1]
  const zone = numeric ?? zones[/\b([A-Z]{2,4}(?:-DST)?)\b/.exec(text)?.[1] ?? ''] ?? '-0000'
  let day = Number(dayText)
  let monthNumber = months.indexOf(monthText.toLowerCase())
  let year = yearOf(yearText)
  const longest = [
    31,
    year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28,
    31,
    30,
    31,
    30,
    31,
    31,
    30,
    31,
    30,
    31,
  ]
  if (day > (longest[monthNumber] ?? 31)) {
    day = 1
    monthNumber += 1
    if (monthNumber > 11) {
      monthNumber = 0
      year += 1
    }
  }
  year = Math.min(2037, Math.max(1970, year))
  if (day < 1) return undefined
  const least = (value: string | undefined, most: number): number => Math.min(most, Number(value ?? 0))
  const seconds =
    Date.UTC(year, monthNumber, day, least(clock?.[1], 23), least(clock?.[2], 59), least(clock?.[3], 59)) / 1000
  const offset = (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3))) * 60
  return zone.startsWith('-') ? seconds + offset : Math.max(0, seconds - offset)
}
