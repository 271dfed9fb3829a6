/**
 * Strings as IMAP writes them: RFC 9051 sections 4.3 and 9 (string, nstring). Pure.
 *
 * Seven-bit text without line ends is quoted. All other is a literal, 8-bit header text too: IMAP4rev1 allows no 8-bit in quoted strings
 * (RFC 3501 section 9, QUOTED-CHAR), IMAP4rev2 only UTF-8, and both take a literal. No literal may hold NUL: it becomes 0x80, as Dovecot has it.
 */

const MOST_QUOTED = 1000 // a longer text is a literal: clients have bounds for lines
const plain = /^[\x01-\x09\x0b\x0c\x0e-\x21\x23-\x5b\x5d-\x7f]*$/
const quotable = /^[\x01-\x09\x0b\x0c\x0e-\x7f]*$/

/** @param octets latin1 text. @returns a string of the protocol. */
export const writeString = (octets: string): string => {
  if (octets.length <= MOST_QUOTED) {
    if (plain.test(octets)) return `"${octets}"`
    if (quotable.test(octets)) return `"${octets.replace(/["\\]/g, '\\$&')}"`
  }
  const clean = octets.replaceAll('\0', '\x80')
  return `{${clean.length}}\r\n${clean}`
}

/** NIL where there is nothing. */
export const writeNil = (octets: string | undefined): string => (octets === undefined ? 'NIL' : writeString(octets))
