/**
 * Data: the `%` codes of date patterns as fail2ban has them (Python's `strptime` with its own additions, English names), the names that it
 * shows for them, its list of default patterns, and the zone names that it knows. Pure.
 */

const months = 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec'
const days = 'mon|tue|wed|thu|fri|sat|sun'
const zone = '[A-Z](?:[A-Z]{2,4})?'
const clock = '(?P<H>2[0-3]|[0-1]\\d|\\d):(?P<M>[0-5]\\d|\\d):(?P<S>6[0-1]|[0-5]\\d|\\d)'

/** Months as `%b` and `%B` write them, January first. */
export const monthNames: readonly string[] = months.split('|')
export const longMonthNames: readonly string[] =
  'january|february|march|april|may|june|july|august|september|october|november|december'.split('|')
/** Days as `%a` and `%A` write them, Monday first. */
export const dayNames: readonly string[] = days.split('|')
export const longDayNames: readonly string[] = 'monday|tuesday|wednesday|thursday|friday|saturday|sunday'.split('|')

/** Years that a log may be of: from 2000 to three years from now, by decades. */
const yearPattern = (year: number): string => {
  const decades = new Set([year - 1, year + 3].map((one) => String(one).slice(0, 3)))
  for (let one = 2000; one <= year; one += 3) decades.add(String(one).slice(0, 3))
  const sorted = [...decades].toSorted()
  return sorted.every((one) => one.startsWith('20'))
    ? `(?P<Y>20[${sorted.map((one) => one.slice(2)).join('')}]\\d)`
    : `(?P<Y>(?:${sorted.join('|')})\\d)`
}

/** @param year of now. @returns the pattern of each code, longer names first. */
export const codePatterns = (year: number): ReadonlyMap<string, string> =>
  new Map([
    ['ExY', yearPattern(year)],
    ['Exy', '(?P<y>\\d{2})'],
    ['Exm', '(?P<m>0[1-9]|1[0-2])'],
    ['Exd', '(?P<d>[1-2]\\d|0[1-9]|3[0-1])'],
    ['ExH', '(?P<H>[0-1]\\d|2[0-3])'],
    ['Exk', ' ?(?P<H>[0-1]?\\d|2[0-3])'],
    ['Exl', ' ?(?P<I>1[0-2]|\\d)'],
    ['ExM', '(?P<M>[0-5]\\d)'],
    ['ExS', '(?P<S>[0-5]\\d|6[0-1])'],
    ['ExZ', `(?P<Z>${zone})`],
    ['Exz', `(?P<z>(?:${zone})?[+-][01]\\d(?::?\\d{2})?|${zone})`],
    ['d', '(?P<d>[1-2]\\d|[0 ]?[1-9]|3[0-1])'],
    ['f', '(?P<f>[0-9]{1,6})'],
    ['H', '(?P<H>[0-1]?\\d|2[0-3])'],
    ['I', '(?P<I>1[0-2]|0[1-9]|[1-9])'],
    ['G', '(?P<G>\\d\\d\\d\\d)'],
    ['j', '(?P<j>36[0-6]|3[0-5]\\d|[1-2]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9])'],
    ['m', '(?P<m>0?[1-9]|1[0-2])'],
    ['M', '(?P<M>[0-5]?\\d)'],
    ['S', '(?P<S>[0-5]?\\d|6[0-1])'],
    ['U', '(?P<U>5[0-3]|[0-4]\\d|\\d)'],
    ['W', '(?P<W>5[0-3]|[0-4]\\d|\\d)'],
    ['w', '(?P<w>[0-6])'],
    ['u', '(?P<u>[1-7])'],
    ['V', '(?P<V>5[0-3]|0[1-9]|[1-4]\\d|\\d)'],
    ['y', '(?P<y>\\d\\d)'],
    ['Y', '(?P<Y>\\d{4})'],
    ['z', '(?P<z>Z|UTC|GMT|[+-][01]\\d(?::?\\d{2})?)'],
    ['Z', '(?P<Z>Z|[A-Z]{3,5})'],
    ['a', `(?P<a>${days})`],
    ['A', '(?P<A>wednesday|thursday|saturday|tuesday|monday|friday|sunday)'],
    ['b', `(?P<b>${months})`],
    ['B', '(?P<B>september|february|november|december|january|october|august|march|april|june|july|may)'],
    ['p', '(?P<p>am|pm)'],
    [
      'c',
      `(?P<a>${days})\\s+(?P<b>${months})\\s+(?P<d>3[0-1]|[1-2]\\d|0[1-9]|[1-9]| [1-9])\\s+${clock}\\s+(?P<Y>\\d\\d\\d\\d)`,
    ],
    ['x', '(?P<m>1[0-2]|0[1-9]|[1-9])/(?P<d>3[0-1]|[1-2]\\d|0[1-9]|[1-9]| [1-9])/(?P<y>\\d\\d)'],
    ['X', clock],
    ['k', ' ?(?P<H>[0-2]?\\d)'],
    ['l', ' ?(?P<I>1?\\d)'],
    ['%', '%'],
  ])

/** What fail2ban shows for a code. */
export const codeNames: ReadonlyMap<string, string> = new Map([
  ['a', 'DAY'],
  ['A', 'DAYNAME'],
  ['b', 'MON'],
  ['B', 'MONTH'],
  ['d', 'Day'],
  ['H', '24hour'],
  ['I', '12hour'],
  ['j', 'Yearday'],
  ['m', 'Month'],
  ['M', 'Minute'],
  ['p', 'AMPM'],
  ['S', 'Second'],
  ['U', 'Yearweek'],
  ['w', 'Weekday'],
  ['W', 'Yearweek'],
  ['y', 'Year2'],
  ['Y', 'Year'],
  ['%', '%'],
  ['z', 'Zone offset'],
  ['f', 'Microseconds'],
  ['Z', 'Zone name'],
  ['ExY', 'ExYear'],
  ['Exy', 'ExYear2'],
  ['Exm', 'ExMonth'],
  ['Exd', 'ExDay'],
  ['ExH', 'Ex24hour'],
  ['ExM', 'ExMinute'],
  ['ExS', 'ExSecond'],
  ['ExZ', 'ExZone name'],
  ['Exz', 'ExZone offset'],
])

/** What fail2ban looks for where a filter names no pattern, in this order. */
export const defaultPatterns: readonly string[] = [
  '%ExY(?P<_sep>[-/.])%m(?P=_sep)%d(?:T|  ?)%H:%M:%S(?:[.,]%f)?(?:\\s*%z)?',
  '(?:%a )?%b %d %k:%M:%S(?:\\.%f)?(?: %ExY)?',
  '(?:%a )?%b %d %ExY %k:%M:%S(?:\\.%f)?',
  '%d(?P<_sep>[-/])%m(?P=_sep)(?:%ExY|%Exy) %k:%M:%S',
  '%d(?P<_sep>[-/])%b(?P=_sep)%ExY[ :]?%H:%M:%S(?:\\.%f)?(?: %z)?',
  '%m/%d/%ExY:%H:%M:%S',
  '%m-%d-%ExY %k:%M:%S(?:\\.%f)?',
  'EPOCH',
  '{^LN-BEG}%H:%M:%S',
  '^<%m/%d/%Exy@%H:%M:%S>',
  '%Exy%Exm%Exd  ?%H:%M:%S',
  '%b %d, %ExY %I:%M:%S %p',
  '^%b-%d-%Exy %k:%M:%S',
  '%ExY%Exm%Exd(?:T|  ?)%ExH%ExM%ExS(?:[.,]%f)?(?:\\s*%z)?',
  '(?:%Z )?(?:%a )?%b %d %k:%M:%S(?:\\.%f)?(?: %ExY)?',
  '(?:%z )?(?:%a )?%b %d %k:%M:%S(?:\\.%f)?(?: %ExY)?',
  'TAI64N',
]

const zones = `
-12 Y|-11 X NUT SST|-10 W CKT HAST HST TAHT TKT|-9 V AKST GAMT GIT HADT HNY|-8 U AKDT CIST HAY HNP PST PT|-7 T HAP HNR MST PDT
-6 S CST EAST GALT HAR HNC MDT|-5 R CDT COT EASST ECT EST ET HAC HNE PET|-4 Q AST BOT CLT COST EDT FKT GYT HAE HNA PYT
-3 P ADT ART BRT CLST FKST GFT HAA PMST PYST SRT UYT WGT|-2 O BRST FNT PMDT UYST WGST|-1 N AZOT CVT EGT|0 Z EGST GMT UTC WET WT
1 A CET DFT WAT WEDT WEST|2 B CAT CEDT CEST EET SAST WAST|3 C EAT EEDT EEST IDT MSK|4 D AMT AZT GET GST KUYT MSD MUT RET SAMT SCT
5 E AMST AQTT AZST HMT MAWT MVT PKT TFT TJT TMT UZT YEKT|6 F ALMT BIOT BTT IOT KGT NOVT OMST YEKST
7 G CXT DAVT HOVT ICT KRAT NOVST OMSST THA WIB|8 H ACT AWST BDT BNT CAST HKT IRKT KRAST MYT PHT SGT ULAT WITA WST
9 I AWDT IRKST JST KST PWT TLT WDT WIT YAKT|10 K AEST ChST PGT VLAT YAKST YAPT|11 L AEDT LHDT MAGT NCT PONT SBT VLAST VUT
12 M ANAST ANAT FJT GILT MAGST MHT NZST PETST PETT TVT WFT|13 FJST NZDT|11.5 NFT|10.5 ACDT LHST|9.5 ACST|6.5 CCT MMT|5.75 NPT
5.5 SLT|4.5 AFT IRDT|3.5 IRST|-2.5 HAT NDT|-3.5 HNT NST NT|-4.5 HLV VET|-9.5 MART MIT`

/** Minutes east of Greenwich of the zone names that fail2ban knows; a later row stands over an earlier one. */
export const zoneMinutes: ReadonlyMap<string, number> = new Map(
  zones
    .trim()
    .split(/[|\n]/)
    .flatMap((row) => {
      const [hours = '0', ...names] = row.split(' ')
      return names.map((name) => [name, Math.trunc(Number(hours) * 60)] as const)
    }),
)
