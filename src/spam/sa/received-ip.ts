/** IP addresses as Received fields write them, as pieces of patterns. RFC 4291 section 2.2, RFC 5321 section 4.1.3. Data; pure. */

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]\\d|\\d)'
const v4 = `${octet}(?:\\.${octet}){3}`
const group = '[a-fA-F0-9]{1,4}'

/** Six groups' worth of hexadecimal, however it is shortened, before an IPv4 tail. */
const six = [
  `(?:${group}:){6}`,
  `::(?:${group}:){0,5}`,
  `(?:${group}:){1,5}:`,
  `${group}::(?:${group}:){1,4}`,
  `(?:${group}:){2}:(?:${group}:){1,3}`,
  `(?:${group}:){3}:(?:${group}:){1,2}`,
  `(?:${group}:){4}:${group}:`,
]
const eight = [
  `(?:${group}:){7}${group}`,
  `(?:${group}:){1,7}:`,
  `:(?::${group}){1,7}`,
  `(?:${group}:){1,6}:${group}`,
  `(?:${group}:){1,5}(?::${group}){1,2}`,
  `(?:${group}:){1,4}(?::${group}){1,3}`,
  `(?:${group}:){1,3}(?::${group}){1,4}`,
  `(?:${group}:){1,2}(?::${group}){1,5}`,
  `${group}:(?::${group}){1,6}`,
  '::',
]
const v6 = `(?:[Ii][Pp][Vv]6:|(?<![a-fA-F0-9:]))(?:(?:${six.join('|')})${v4}|${eight.join('|')})(?![a-fA-F0-9:])`

/** Of either kind, with an optional `IPv6:` before the second. */
export const ipSource = `(?:\\b(?<!:)${v4}\\b|${v6})`
export const ipAddress = { any: new RegExp(ipSource), whole: new RegExp(`^${ipSource}$`) } as const

const mapped = '(?:0{1,4}:){5}ffff:|::(?:0{1,4}:){0,4}ffff:'
const privateV4 =
  '(?:10|127|169\\.254|172\\.(?:1[6-9]|2\\d|3[01])|192\\.168|100\\.(?:6[4-9]|[7-9]\\d|1[01]\\d|12[0-7]))\\..*'
/** Addresses that are not of the public Internet. RFC 6890. */
export const isPrivateText = (text: string): boolean =>
  new RegExp(
    `^(?:${privateV4}|(?:IPv6:)?(?:(?:${mapped})${privateV4}|(?:::1|(?:0{1,4}:){7}0{0,3}1)$|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*))`,
    'i',
  ).test(text)

/** The names and addresses of the machine itself. */
export const localhost = `(?:localhost(?:\\.localdomain)?|\\b(?<!:)127\\.0\\.0\\.1\\b|(?:IPv6:)?(?:::1|(?:${mapped})127\\.0\\.0\\.1))`
