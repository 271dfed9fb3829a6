/**
 * Mailbox names: modified UTF-7 (RFC 3501 section 5.1.3) for clients that have not enabled IMAP4rev2 or UTF8=ACCEPT, UTF-8 (RFC 9051
 * section 5.1, RFC 6855) for the others; the patterns of LIST (RFC 9051 section 6.3.9.1). Inside Postern a name is UTF-8 text with `/`
 * between levels and INBOX in capitals. Pure; patterns are matched in time linear in pattern times name.
 */
import { utf8 } from './syntax.ts'

const decodeShift = (base64: string): string | undefined => {
  if (!/^[A-Za-z0-9+,]+$/.test(base64)) return undefined
  const bytes = Buffer.from(base64.replaceAll(',', '/'), 'base64')
  if (bytes.length < 2 || bytes.length % 2 !== 0) return undefined
  const found = Buffer.from(bytes).swap16().toString('utf16le')
  return found.isWellFormed() && !/[\x20-\x7e]/.test(found) ? found : undefined
}

/** @param octets latin1 text in modified UTF-7. @returns the name, or undefined where it is not well-formed. */
export const readUtf7 = (octets: string): string | undefined => {
  if (!octets.includes('&')) return octets
  let out = ''
  for (let at = 0; at < octets.length; ) {
    const shift = octets.indexOf('&', at)
    if (shift < 0) return out + octets.slice(at)
    const end = octets.indexOf('-', shift)
    if (end < 0) return undefined
    const inner = end === shift + 1 ? '&' : decodeShift(octets.slice(shift + 1, end))
    if (inner === undefined) return undefined
    out += octets.slice(at, shift) + inner
    at = end + 1
  }
  return out
}

/** @returns the name in modified UTF-7. */
export const writeUtf7 = (name: string): string =>
  name.replaceAll('&', '&-').replaceAll(/[^\x20-\x7e]+/g, (run) => {
    const base64 = Buffer.from(run, 'utf16le').swap16().toString('base64')
    return `&${base64.replace(/=+$/, '').replaceAll('/', ',')}-`
  })

const inCapitals = (name: string): string => (/^inbox(?=\/|$)/i.test(name) ? `INBOX${name.slice(5)}` : name)

/**
 * @param octets a name as it came, latin1. @param unicode whether the client speaks UTF-8 names.
 * @returns the name in NFC with INBOX in capitals, or undefined where it is not well-formed.
 */
export const readMailboxName = (octets: string, unicode: boolean): string | undefined => {
  const eightBit = /[\x80-\xff]/.test(octets)
  if (eightBit && utf8(octets) === octets) return undefined
  const name = eightBit ? utf8(octets) : unicode ? octets : readUtf7(octets)
  return name === undefined ? undefined : inCapitals(name.normalize('NFC'))
}

/** Whether a name may be given to a new mailbox: no control character, no wildcard, no empty level, at most 1,000 octets. */
export const mayBeName = (name: string): boolean =>
  name !== '' &&
  !/[\x00-\x1f\x7f-\x9f%*\u2028\u2029]/.test(name) &&
  !name.split('/').includes('') &&
  Buffer.byteLength(name) <= 1000

/** @returns a matcher for `reference` + `pattern`: `*` is anything, `%` anything within a level; INBOX in any case. */
export const listMatcher = (reference: string, pattern: string): ((name: string) => boolean) => {
  const whole = inCapitals(
    pattern.startsWith('/') && reference.endsWith('/') ? reference + pattern.slice(1) : reference + pattern,
  )
  const parts = [...whole.replaceAll(/[*%]*\*[*%]*/g, '*').replaceAll(/%+/g, '%')]
  return (name) => matches(parts, [...name])
}

/** Dynamic programming over pattern and name: no pattern makes it slower than their product. */
const matches = (pattern: readonly string[], name: readonly string[]): boolean => {
  let row = new Uint8Array(name.length + 1)
  row[0] = 1
  for (const part of pattern) {
    const next = new Uint8Array(name.length + 1)
    const wild = part === '*' || part === '%'
    next[0] = wild ? (row[0] ?? 0) : 0
    for (let at = 1; at <= name.length; at += 1) {
      const char = name[at - 1]
      if (wild) next[at] = row[at] || (next[at - 1] && (part === '*' || char !== '/') ? 1 : 0)
      else next[at] = row[at - 1] && char === part ? 1 : 0
    }
    row = next
  }
  return row[name.length] === 1
}
