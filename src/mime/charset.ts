/**
 * Octets in a named charset to characters. RFC 2045 section 5.2, RFC 2046 section 4.1.2. TextDecoder knows the charsets of the web,
 * iconv-lite the others; pure. An absent, unknown or untrue charset never loses text: UTF-8 where the octets are that, else Windows-1252.
 */
import iconv from 'iconv-lite'

/** Names seen in mail that neither decoder knows. */
const aliases: Readonly<Record<string, string>> = {
  '': 'us-ascii',
  ascii: 'us-ascii',
  'ansi_x3.4-1968': 'us-ascii',
  '8bit': 'us-ascii',
  '7bit': 'us-ascii',
  default: 'us-ascii',
  default_charset: 'us-ascii',
  unknown: 'us-ascii',
  'unknown-8bit': 'us-ascii',
  'x-unknown': 'us-ascii',
  none: 'us-ascii',
  utf8mb4: 'utf-8',
  'iso-8859-8-i': 'iso-8859-8',
  ks_c_5601: 'euc-kr',
  'cp-850': 'cp850',
  'x-mac-roman': 'macintosh',
  'x-windows-949': 'euc-kr',
  'windows-31j': 'shift_jis',
  cp932: 'shift_jis',
  gb2312_charset: 'gb2312',
}
const MOST_NAME = 40

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const windows1252 = new TextDecoder('windows-1252')

/** @returns whether all octets are ASCII; asked of latin1 text. */
const isAscii = (text: string): boolean => !/[\x80-\xff]/.test(text)

/** Charsets in which seven-bit text does not mean ASCII. */
const notAscii = /^(?:utf-?7|utf-?16|utf-?32|ucs-|unicode|iso-2022|csiso2022|hz-|imap|ebcdic|cp037|ibm037|cp500)/

const nameOf = (charset: string): string => {
  const name = charset
    .trim()
    .toLowerCase()
    .slice(0, MOST_NAME)
    .replace(/^["']|["']$/g, '')
    .replace(/\*.*$/, '')
  return aliases[name] ?? name
}

const tryDecoder = (label: string): TextDecoder | undefined => {
  try {
    return new TextDecoder(label)
  } catch (error) {
    if (error instanceof RangeError) return undefined // not a charset of the web
    throw error
  }
}

const asUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined // not UTF-8
    throw error
  }
}

/** UTF-8 where it is valid, else Windows-1252: what undeclared text most often is. */
const guessed = (bytes: Uint8Array): string => asUtf8(bytes) ?? windows1252.decode(bytes)

/** @param bytes text in `charset`, a name in any case. @returns the characters; never throws, no octet is lost without a mark. */
export const decodeCharset = (bytes: Uint8Array, charset: string): string => {
  const name = nameOf(charset)
  if (!notAscii.test(name)) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const plain = buffer.toString('latin1')
    if (isAscii(plain)) return plain
  }
  if (name === 'us-ascii' || name === 'utf-8' || name === 'utf8') return guessed(bytes)
  const decoder = tryDecoder(name)
  if (decoder !== undefined) return decoder.decode(bytes)
  if (iconv.encodingExists(name)) return iconv.decode(Buffer.from(bytes), name)
  return guessed(bytes)
}

/** As decodeCharset, for octets that are held as latin1 text. */
export const decodeOctets = (octets: string, charset: string): string =>
  decodeCharset(Buffer.from(octets, 'latin1'), charset)

/** Header text without a declared charset: RFC 6532 says UTF-8; older senders wrote their own code page. */
export const decodeRaw = (octets: string): string => (isAscii(octets) ? octets : guessed(Buffer.from(octets, 'latin1')))
