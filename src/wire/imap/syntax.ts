/**
 * The grammar of command arguments: atoms, strings, lists, sets, dates. RFC 9051 section 9, RFC 3501 section 9 (what older clients
 * send), RFC 4466. A cursor walks over the pieces of a frame; a misreading is thrown as `Misread` and leaves the room only as a
 * Result, from `readWhole`. Text is latin1, an octet a character, until a reader says that it is UTF-8. Pure, linear.
 */
import { fail, ok, type Result } from '../../base/result.ts'
import type { Frame, Literal } from './reader.ts'

/** Why a command cannot be read, for the tagged BAD. Thrown only inside this room. */
class Misread extends Error {}

/** A place in the pieces of a frame. */
export type Cursor = {
  readonly pieces: readonly (string | Literal)[]
  piece: number
  at: number
  /** How deep lists and conditions may nest. */
  depth: number
  /** How a search's text is read, where it is not UTF-8; octets as latin1 come in. */
  decode?: ((octets: string) => string) | undefined
}

/** Parentheses in parentheses that a command may have; a search of more conditions than this in one another is refused. */
const DEEPEST = 64

/** @returns never; the command is misread because of `says`. */
export const misread = (says: string): never => {
  throw new Misread(says)
}

/** @param read walks the cursor and gives the arguments. @returns them, or why the command is BAD. Everything must be read. */
export const readWhole = <T>(frame: Frame, read: (c: Cursor) => T): Result<T, string> => {
  const c: Cursor = { pieces: frame.pieces, piece: 0, at: 0, depth: 0 }
  try {
    const value = read(c)
    if (!atEnd(c)) misread('There is something after the arguments')
    return ok(value)
  } catch (error) {
    if (error instanceof Misread) return fail(error.message)
    throw error
  }
}

const text = (c: Cursor): string => {
  const piece = c.pieces[c.piece]
  return typeof piece === 'string' ? piece : ''
}

/** Steps over the end of a piece of text onto the literal behind it. */
const settle = (c: Cursor): void => {
  while (c.piece < c.pieces.length - 1 && typeof c.pieces[c.piece] === 'string' && c.at >= text(c).length) {
    c.piece += 1
    c.at = 0
  }
}

/** Whether nothing is left. */
const atEnd = (c: Cursor): boolean => {
  settle(c)
  return c.piece >= c.pieces.length - 1 && typeof c.pieces[c.piece] !== 'object' && c.at >= text(c).length
}

/** The character at the cursor; empty at a literal or the end. */
export const peek = (c: Cursor): string => {
  settle(c)
  return text(c)[c.at] ?? ''
}

/** Takes `what` (in any case) if it is there. */
export const take = (c: Cursor, what: string): boolean => {
  settle(c)
  const found = text(c).slice(c.at, c.at + what.length)
  if (found !== what && found.toUpperCase() !== what.toUpperCase()) return false
  c.at += what.length
  return true
}

/** Takes `what` or is misread. */
export const need = (c: Cursor, what: string): void => {
  if (!take(c, what)) misread(what === ' ' ? 'A space is missing' : `${what} is missing`)
}

/** A space and then whatever `read` reads. */
export const spaced = <T>(c: Cursor, read: (c: Cursor) => T): T => {
  need(c, ' ')
  return read(c)
}

const run = (c: Cursor, allowed: (code: number) => boolean): string => {
  settle(c)
  const here = text(c)
  let end = c.at
  while (end < here.length && allowed(here.charCodeAt(end))) end += 1
  const found = here.slice(c.at, end)
  c.at = end
  return found
}

const isSpecial = new Uint8Array(256)
for (let code = 0; code < 256; code += 1) isSpecial[code] = code <= 32 || code === 127 ? 1 : 0
for (const char of '(){%*"\\]') isSpecial[char.charCodeAt(0)] = 1
const isAtom = (code: number): boolean => isSpecial[code] === 0 && code < 128
// Eight-bit octets in an atom are let through: with UTF8=ACCEPT and IMAP4rev2 clients send mailbox names so.
const isAstring = (code: number): boolean => isSpecial[code] === 0 || code === 93

/** An atom, as it is. */
export const atom = (c: Cursor): string => {
  const found = run(c, isAtom)
  return found === '' ? misread('A word is missing') : found
}

/** A word of the protocol, in capitals. */
export const word = (c: Cursor): string => atom(c).toUpperCase()

const quoted = (c: Cursor): string => {
  const here = text(c)
  let out = ''
  let from = c.at + 1
  for (let at = from; at < here.length; at += 1) {
    const char = here[at]
    if (char === '"') {
      c.at = at + 1
      return out + here.slice(from, at)
    }
    if (char === '\\') {
      const next = here[at + 1]
      if (next !== '"' && next !== '\\') misread('A backslash stands before neither quote nor backslash')
      out += here.slice(from, at)
      from = at + 1
      at += 1
    } else if (char === '\0' || char === '\r') misread('A quoted string holds NUL or CR')
  }
  return misread('A quoted string has no end')
}

/** Whether a literal is at the cursor. */
export const atLiteral = (c: Cursor): boolean => {
  settle(c)
  return typeof c.pieces[c.piece] === 'object'
}

/** The literal at the cursor. */
export const literal = (c: Cursor): Literal => {
  settle(c)
  const piece = c.pieces[c.piece]
  if (typeof piece !== 'object') return misread('A literal is missing')
  c.piece += 1
  c.at = 0
  return piece
}

const kept = (found: Literal): string => {
  if (found.streamed > 0) misread('A literal is out of place')
  const bytes = Buffer.from(found.bytes.buffer, found.bytes.byteOffset, found.bytes.byteLength)
  if (!found.binary && bytes.includes(0)) misread('A literal holds NUL')
  return bytes.toString('latin1')
}

/** A string: quoted or literal; the octets as latin1. */
export const string = (c: Cursor): string => {
  if (atLiteral(c)) return kept(literal(c))
  return peek(c) === '"' ? quoted(c) : misread('A string is missing')
}

/** An astring: atom (with `]`), quoted or literal. */
export const astring = (c: Cursor): string => {
  if (atLiteral(c) || peek(c) === '"') return string(c)
  const found = run(c, isAstring)
  return found === '' ? misread('A string is missing') : found
}

/** A string, or null for NIL. */
export const nstring = (c: Cursor): string | null => {
  if (atLiteral(c) || peek(c) === '"') return string(c)
  need(c, 'NIL')
  return null
}

/** A list-mailbox: an astring that may hold the wildcards `%` and `*`. */
export const listMailbox = (c: Cursor): string => {
  if (atLiteral(c) || peek(c) === '"') return string(c)
  const found = run(c, (code) => isAstring(code) || code === 37 || code === 42)
  return found === '' ? misread('A mailbox name is missing') : found
}

/** The octets of a latin1 text, read as UTF-8; as latin1 where they are none. */
export const utf8 = (octets: string): string => {
  if (!/[\x80-\xff]/.test(octets)) return octets
  const bytes = Buffer.from(octets, 'latin1')
  const read = bytes.toString('utf8')
  return read.includes('\ufffd') ? octets : read
}

/** A number of at most 2^53-1. */
export const number = (c: Cursor): number => {
  const digits = run(c, (code) => code >= 48 && code <= 57)
  const value = Number(digits)
  return digits === '' || digits.length > 16 || value > Number.MAX_SAFE_INTEGER ? misread('A number is missing') : value
}

/** A mod-sequence: 63 bits (RFC 7162 section 7). Ours are below 2^53, so that a larger one means "after everything". */
export const modSequence = (c: Cursor): number => {
  const digits = run(c, (code) => code >= 48 && code <= 57)
  if (digits === '' || digits.length > 19) misread('A mod-sequence is missing')
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER)
}

/** A number of at least 1. */
export const nzNumber = (c: Cursor): number => {
  const value = number(c)
  return value === 0 ? misread('The number may not be 0') : value
}

/** A list in parentheses, each item read by `read`, spaces between; empty where `mayBeEmpty`. */
export const list = <T>(c: Cursor, read: (c: Cursor) => T, mayBeEmpty = false): readonly T[] => {
  need(c, '(')
  c.depth += 1
  if (c.depth > DEEPEST) misread('Parentheses are nested too deep')
  const items: T[] = []
  if (!(mayBeEmpty && peek(c) === ')'))
    do items.push(read(c))
    while (take(c, ' '))
  need(c, ')')
  c.depth -= 1
  return items
}

/** A list in parentheses, or a single item. */
export const listOrOne = <T>(c: Cursor, read: (c: Cursor) => T): readonly T[] =>
  peek(c) === '(' ? list(c, read) : [read(c)]

/** One deeper in a recursive grammar, or misread; the reader comes back up by itself. */
export const deeper = <T>(c: Cursor, read: (c: Cursor) => T): T => {
  c.depth += 1
  if (c.depth > DEEPEST) misread('Conditions are nested too deep')
  const value = read(c)
  c.depth -= 1
  return value
}

const systemFlags = new Map(
  ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft'].map((flag) => [flag.toLowerCase(), flag]),
)

/** A flag that a client may set: a system flag in its canonical letters, or a keyword. `\Recent` and unknown system flags are misread. */
export const flag = (c: Cursor): string => {
  if (!take(c, '\\')) return atom(c)
  const name = `\\${atom(c)}`
  return systemFlags.get(name.toLowerCase()) ?? misread(`The flag ${name} cannot be set`)
}

/** Flags in parentheses, or without them. */
export const flags = (c: Cursor): readonly string[] => {
  if (peek(c) === '(') return list(c, flag, true)
  const found = [flag(c)]
  while (take(c, ' ')) found.push(flag(c))
  return found
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const monthNumber = (name: string): number => {
  const found = MONTHS.indexOf(name.toLowerCase())
  return found < 0 ? misread('There is no such month') : found
}

/** A date such as `1-Feb-1994`, quoted or not. @returns `1994-02-01`. */
export const date = (c: Cursor): string => {
  const found = peek(c) === '"' ? quoted(c) : atom(c)
  const [, day = '', month = '', year = ''] =
    /^(\d{1,2})-([A-Za-z]{3})-(\d{4})$/.exec(found) ?? misread('A date is wrong')
  const number = monthNumber(month)
  if (Number(day) < 1 || Number(day) > 31) misread('A date is wrong')
  return `${year}-${String(number + 1).padStart(2, '0')}-${day.padStart(2, '0')}`
}

/** A date-time such as `" 7-Feb-1994 21:52:25 -0800"`. @returns epoch milliseconds. */
export const dateTime = (c: Cursor): number => {
  const found = peek(c) === '"' ? quoted(c) : misread('A date and time is missing')
  const read = /^([ \d]?\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/.exec(found)
  const [, day, month = '', year, hour, minute, second, sign, zoneHour, zoneMinute] =
    read ?? misread('A date and time is wrong')
  const zone = (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === '-' ? -1 : 1)
  if (Number(day) < 1 || Number(day) > 31 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60)
    misread('A date and time is wrong')
  const at = Date.UTC(Number(year), monthNumber(month), Number(day), Number(hour), Number(minute), Number(second))
  return at - zone * 60_000
}
