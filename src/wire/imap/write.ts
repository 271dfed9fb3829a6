/**
 * Printing responses: strings, dates, flags, numbers. RFC 9051 section 9, RFC 3501 section 9. What goes out is latin1 text, an octet a
 * character; UTF-8 is turned into octets here. Pure.
 */
import { writeUtf7 } from './mailbox-name.ts'

/** @param octets latin1. @returns a quoted string, or a literal where a quoted one cannot hold it. */
export const writeString = (octets: string): string => {
  if (/[\x00\r\n\x80-\xff]/.test(octets) || octets.length > 1000) return `{${octets.length}}\r\n${octets}`
  return `"${octets.replaceAll(/["\\]/g, '\\$&')}"`
}

/** @returns the octets of UTF-8 text, as latin1 text. */
export const octetsOf = (text: string): string =>
  /[^\x00-\x7f]/.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text

/** @returns NIL for null, otherwise a string. */
export const writeNstring = (octets: string | null): string => (octets === null ? 'NIL' : writeString(octets))

/** @returns an atom where the text is one, otherwise a string. */
export const writeAstring = (octets: string): string =>
  /^[^\x00-\x20(){%*"\\\x7f-\xff]+$/.test(octets) && octets.toUpperCase() !== 'NIL' ? octets : writeString(octets)

/** @param unicode whether the client speaks UTF-8 names: then they are quoted UTF-8, otherwise modified UTF-7. */
export const writeMailboxName = (name: string, unicode: boolean): string => {
  if (!unicode) return writeAstring(writeUtf7(name))
  return /[^\x00-\x7f]/.test(name) ? `"${octetsOf(name).replaceAll(/["\\]/g, '\\$&')}"` : writeAstring(name)
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`)

/** @param at epoch milliseconds. @returns `"17-Jul-1996 02:44:25 +0000"`, always in UTC. */
export const writeDateTime = (at: number): string => {
  const date = new Date(at)
  const day = date.getUTCDate()
  return `"${day < 10 ? ` ${day}` : day}-${MONTHS[date.getUTCMonth()]}-${String(date.getUTCFullYear()).padStart(4, '0')} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000"`
}
