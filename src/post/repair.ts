/**
 * The header of a submitted message, checked and made whole before it leaves. RFC 6409 section 8 (what a submission server may add), RFC 5322
 * sections 2.1.1 (998 octets a line), 3.6 (which fields there must and may be), 3.6.3 (Bcc), RFC 6531 section 3.2 (UTF-8). Pure, linear.
 *
 * Date and Message-ID are added where they are missing or empty; Bcc, Resent-Bcc, Return-Path, and an mbox line at the top are taken out. Everything
 * else stays as it was, octet for octet. Refused on purpose, because no peer would take it or a reader would be fooled: no From or several,
 * fields twice that may be there once, lines that are no field, lines over 998 octets, text that is neither ASCII nor UTF-8.
 */
import { fail, ok, type Result } from '../base/result.ts'
import { readAddresses } from '../mime/address.ts'
import { type FieldRange, fieldRanges, latin1 } from '../mime/fields.ts'
import { isDomain, toAscii } from '../verify/lookup.ts'

const MOST_LINE = 998 // octets without CRLF
const MOST_AUTHORS = 20
const MOST_LOCAL = 320 // more than any server takes, and a line has room for it

/** An address of the header: `domain` in lower-case A-labels, `text` for people. */
export type HeaderAddress = { readonly local: string; readonly domain: string; readonly text: string }

export type Repaired = {
  /** Fields to put before the message, each ending in CRLF. ASCII. */
  readonly added: string
  /** What is to be taken out, in order. */
  readonly cuts: readonly (readonly [from: number, to: number])[]
  /** The addresses of From, at least one. */
  readonly authors: readonly HeaderAddress[]
  /** The address of Sender, where there is one. */
  readonly sender: HeaderAddress | undefined
  /** Whether the header holds UTF-8: then each server on the way must know SMTPUTF8. */
  readonly utf8: boolean
}

/** Why a header cannot leave, with what is to be done about it: for the person who wrote the message. */
export type Unrepairable = string

/** RFC 5322 section 3.6: at most one of each. */
const single: ReadonlyMap<string, string> = new Map([
  ['from', 'From'],
  ['sender', 'Sender'],
  ['reply-to', 'Reply-To'],
  ['to', 'To'],
  ['cc', 'Cc'],
  ['date', 'Date'],
  ['message-id', 'Message-ID'],
  ['in-reply-to', 'In-Reply-To'],
  ['references', 'References'],
  ['subject', 'Subject'],
])
const hidden: ReadonlySet<string> = new Set(['bcc', 'resent-bcc', 'return-path'])

const fieldName = /^[\x21-\x39\x3b-\x7e]+$/

const utf8 = (octets: string): string => Buffer.from(octets, 'latin1').toString('utf8')

/** The addresses of a field's value; undefined where one of them is none. */
const addressesOf = (value: string): readonly HeaderAddress[] | undefined => {
  const found: HeaderAddress[] = []
  for (const item of readAddresses(value)) {
    if (item.kind !== 'mailbox') continue
    const local = utf8(item.local)
    const domain = toAscii(utf8(item.domain))
    if (
      local === '' ||
      local.length > MOST_LOCAL ||
      !domain.includes('.') ||
      !isDomain(domain) ||
      /[\s\x00-\x1f\x7f]/.test(local)
    )
      return undefined
    found.push({ local, domain, text: `${local}@${domain}` })
  }
  return found.length > MOST_AUTHORS ? undefined : found
}

/** Whether octets (latin1 text) are UTF-8. */
const isUtf8 = (text: string): boolean => Buffer.from(utf8(text), 'utf8').toString('latin1') === text

const longLine = (text: string): boolean => {
  let at = 0
  while (at < text.length) {
    const next = text.indexOf('\n', at)
    const end = next < 0 ? text.length : next
    if (end - at > MOST_LINE + 1) return true
    at = end + 1
  }
  return false
}

type Seen = { readonly fields: readonly FieldRange[]; readonly cuts: readonly (readonly [number, number])[] }

/** Walks over the header once. */
const look = (octets: Uint8Array, whole: boolean): Result<Seen, Unrepairable> => {
  const fields: FieldRange[] = []
  const cuts: (readonly [number, number])[] = []
  const names = new Set<string>()
  let ended = false
  for (const field of fieldRanges(octets)) {
    if (field.kind === 'end') ended = true
    else if (field.kind === 'junk' || !fieldName.test(field.name)) {
      const line = latin1(octets, field.from, Math.min(field.to, field.from + 60)).trim()
      if (field.from > 0 || !line.startsWith('From ')) return fail(`The header has a line that is no field: ${line}`)
      cuts.push([field.from, field.to])
    } else if (hidden.has(field.name)) cuts.push([field.from, field.to])
    else {
      const name = single.get(field.name)
      if (name !== undefined && names.has(name)) return fail(`The header has two ${name} fields: take one out`)
      if (name !== undefined) names.add(name)
      fields.push(field)
    }
  }
  return ended || whole ? ok({ fields, cuts }) : fail('The header is too long')
}

/** What of Date and Message-ID is missing or empty. */
const missing = (
  octets: Uint8Array,
  { fields }: Seen,
  name: string,
): { readonly lacks: boolean; readonly cut: readonly (readonly [number, number])[] } => {
  const found = fields.find((field) => field.name === name)
  if (found === undefined) return { lacks: true, cut: [] }
  const empty = latin1(octets, found.valueFrom, found.valueTo).trim() === ''
  return { lacks: empty, cut: empty ? [[found.from, found.to]] : [] }
}

/**
 * @param octets the message, or as much of it as may be header. @param whole whether it is all of the message.
 * @param make the fields to add: the date (RFC 5322) and a Message-ID with its angle brackets for a domain.
 * @returns what is to be changed, or a sentence on why the message cannot leave.
 */
export const repair = (
  octets: Uint8Array,
  whole: boolean,
  make: { readonly date: string; readonly messageId: (domain: string) => string },
): Result<Repaired, Unrepairable> => {
  const seen = look(octets, whole)
  if (!seen.ok) return seen
  const { fields, cuts } = seen.value
  const textOf = (name: string): string | undefined => {
    const field = fields.find((one) => one.name === name)
    return field === undefined ? undefined : latin1(octets, field.valueFrom, field.valueTo)
  }
  const from = textOf('from')
  if (from === undefined || from.trim() === '') return fail('The message has no From field: say who it is from')
  const authors = addressesOf(from)
  const [first] = authors ?? []
  if (authors === undefined || first === undefined) return fail('The From field holds no whole address')
  const senders = addressesOf(textOf('sender') ?? '')
  if (senders === undefined || senders.length > 1) return fail('The Sender field holds no whole address')
  const header = fields.map((field) => latin1(octets, field.from, field.to)).join('')
  if (longLine(header)) return fail(`A line of the header is longer than ${MOST_LINE} octets`)
  const eightBit = /[\x80-\xff]/.test(header)
  if (eightBit && !isUtf8(header)) return fail('The header holds text that is neither ASCII nor UTF-8')
  const [date, id] = [missing(octets, seen.value, 'date'), missing(octets, seen.value, 'message-id')]
  return ok({
    added: `${date.lacks ? `Date: ${make.date}\r\n` : ''}${id.lacks ? `Message-ID: ${make.messageId(first.domain)}\r\n` : ''}`,
    cuts: [...cuts, ...date.cut, ...id.cut].sort(([one], [other]) => one - other),
    authors,
    sender: senders[0],
    utf8: eightBit,
  })
}
