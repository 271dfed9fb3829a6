/**
 * Header text: unfolding (RFC 5322 section 2.2.3) and encoded words (RFC 2047, RFC 2231 section 5 for languages). Pure and linear.
 *
 * Forgiving: words in the middle of text or within quotes are decoded; neighbours in one charset and encoding are joined before
 * decoding, because senders cut characters in half; a word that cannot be one stays as it is.
 */
import { decodeOctets, decodeRaw } from './charset.ts'
import { decodeBase64 } from './encoding.ts'

const wordPattern = /=\?([^?\x00-\x20]{1,60})\?([bBqQ])\?([^?]*)\?=/g

/** @param text unfolded. @returns it with one space for each run of white space, and none at its ends: how names and subjects are shown. */
export const condense = (text: string): string =>
  /^[ \t]|[ \t]{2}|\t|[ \t]$/.test(text) ? text.replace(/[ \t]+/g, ' ').trim() : text

/** @param text a field's value, latin1. @returns it without its line ends; the white space that began each further line stays. */
export const unfold = (text: string): string => (/[\r\n]/.test(text) ? text.replace(/\r?\n|\r(?=\n|$)/g, '') : text)

const unescaped = (data: string): string =>
  data
    .replaceAll('_', ' ')
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

const octetsOf = (encoding: string, data: string): string =>
  encoding === 'q' ? unescaped(data) : Buffer.from(decodeBase64(Buffer.from(data, 'latin1'))).toString('latin1')

/** @param text unfolded header text, latin1, an octet a character. @returns it for people: encoded words decoded, raw 8-bit text read as UTF-8 or Windows-1252. */
export const decodeWords = (text: string): string => {
  if (!text.includes('=?')) return decodeRaw(text)
  let out = ''
  let at = 0
  let charset = ''
  let held = ''
  const flush = (): void => {
    if (charset !== '') out += decodeOctets(held, charset)
    charset = ''
    held = ''
  }
  for (const found of text.matchAll(wordPattern)) {
    const [whole, name = '', encoding = '', data = ''] = found
    const between = text.slice(at, found.index)
    const joins = charset !== '' && /^[ \t]*$/.test(between)
    const own = name.replace(/\*.*$/, '').toLowerCase()
    if (!joins || own !== charset) flush()
    if (!joins) out += decodeRaw(between)
    charset = own
    held += octetsOf(encoding.toLowerCase(), data)
    at = found.index + whole.length
  }
  flush()
  return out + decodeRaw(text.slice(at))
}

/** @param value a field's value with its folds, latin1. @returns it for people: unfolded, decoded, trimmed, no control characters. */
export const headerText = (value: string): string =>
  decodeWords(unfold(value))
    .replace(/[\x00-\x1f\x7f]+/g, ' ')
    .trim()
