/**
 * The author domains of a message: what stands after the `@` in From. RFC 5322 sections 3.4 and 4.4 (mailboxes, groups, comments, routes),
 * RFC 6532 (UTF-8), RFC 9989 section 5.3.1 (extract the author domain). Pure; reads what people send, not only what the grammar allows:
 * a display name without quotes may hold commas, and words without an `@` are no author.
 */
import type { Field } from './fields.ts'
import { isDomain, toAscii } from './lookup.ts'

const LONGEST_FROM = 65_536
const MOST_AUTHORS = 100

export type Authors = {
  /** How many From fields there are. */
  readonly fields: number
  /** Addresses found. */
  readonly addresses: number
  /** Each author domain once, lower-case A-labels, in order. */
  readonly domains: readonly string[]
  /** An address has no domain that DNS knows, or the field is too long to be read. */
  readonly unreadable: boolean
}

/** The end of the quoted string or comment that begins at `at`; the end of the text where it is left open. */
const endOfQuoted = (text: string, at: number): number => {
  for (let end = at + 1; end < text.length; end += 1) {
    if (text[end] === '\\') end += 1
    else if (text[end] === '"') return end
  }
  return text.length
}

const endOfComment = (text: string, at: number): number => {
  let depth = 0
  for (let end = at; end < text.length; end += 1) {
    if (text[end] === '\\') end += 1
    else if (text[end] === '(') depth += 1
    else if (text[end] === ')') {
      depth -= 1
      if (depth === 0) return end
    }
  }
  return text.length
}

/** A mailbox as it is read: what stood outside angle brackets (quoted text as a mark), and inside the last pair. */
type Piece = { plain: string; angle: string | undefined }
const QUOTED = '\u0000' // stands for a quoted string: no address is found inside one

/** @returns the mailboxes of one From value: cut at commas, and at the colon and semicolon of groups. */
const splitMailboxes = (text: string): readonly Piece[] => {
  const pieces: Piece[] = []
  let piece: Piece = { plain: '', angle: undefined }
  let inAngle = false
  const add = (more: string): void => {
    if (inAngle) piece.angle = (piece.angle ?? '') + more
    else piece.plain += more
  }
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? ''
    if (char === '"') {
      at = endOfQuoted(text, at)
      add(QUOTED)
    } else if (char === '(') at = endOfComment(text, at)
    else if (char === '<') {
      inAngle = true
      piece.angle = ''
    } else if (char === '>') inAngle = false
    else if (!inAngle && (char === ',' || char === ';' || (char === ':' && !piece.plain.includes('@')))) {
      pieces.push(piece)
      piece = { plain: '', angle: undefined }
    } else add(char)
  }
  pieces.push(piece)
  return pieces
}

/** The address of a mailbox without its route (`<@relay:a@b>`); undefined where there is none. */
const addressOf = (piece: Piece): string | undefined => {
  const text = (piece.angle ?? piece.plain).replaceAll(/[ \t\r\n]+/g, '')
  const address = text.startsWith('@') ? text.slice(text.lastIndexOf(':') + 1) : text
  return address.includes('@') ? address : undefined
}

const domainOf = (address: string): string => toAscii(address.slice(address.lastIndexOf('@') + 1))

/** @param fields the fields of a message. @returns who its authors are, by domain. */
export const readAuthors = (fields: readonly Field[]): Authors => {
  const from = fields.filter((field) => field.name === 'from')
  const long = from.some((field) => field.value.length > LONGEST_FROM)
  const addresses = from
    .filter((field) => field.value.length <= LONGEST_FROM)
    .flatMap((field) => splitMailboxes(Buffer.from(field.value, 'latin1').toString('utf8')))
    .flatMap((piece) => addressOf(piece) ?? [])
  const domains = addresses.slice(0, MOST_AUTHORS).map(domainOf)
  return {
    fields: from.length,
    addresses: addresses.length,
    domains: [...new Set(domains.filter(isDomain))],
    unreadable: long || addresses.length > MOST_AUTHORS || domains.some((domain) => !isDomain(domain)),
  }
}
