/**
 * What readers ask of a message, computed once at delivery: ENVELOPE, BODYSTRUCTURE, the ranges of its parts, and the columns of SEARCH, SORT and
 * THREAD. RFC 9051 section 7.5.2 (the forms), RFC 5256 section 2.1 (base subject), RFC 5957 (display names), RFC 8970 (preview). Pure.
 */

import { type AddressItem, displayName, writeAddresses } from './address.ts'
import { readDate } from './date.ts'
import { envelopeFields, writeEnvelope } from './envelope.ts'
import { type Part, readMessage } from './message.ts'
import { addRecord } from './part-numbers.ts'
import { encodingOf, writeStructure } from './structure.ts'
import { baseSubject } from './subject.ts'
import { charsetOf, isAttachment, leavesOf, mainText, previewOf } from './text.ts'
import { headerText } from './words.ts'

/** Texts that go to an IMAP client are latin1, an octet a character, complete with parentheses; decoded texts are for people and searches. */
export type Summary = {
  readonly envelope: string
  /** BODY, without extension data. */
  readonly body: string
  readonly bodystructure: string
  /** Up to 200 characters of decoded text (RFC 8970 section 3.1). */
  readonly preview: string
  /** Decoded, unfolded, at most 1,000 characters. */
  readonly subject: string
  readonly baseSubject: string
  /** The Date field as epoch milliseconds, null where it is absent or no date. */
  readonly sentAt: number | null
  /** The Date field's own day, `YYYY-MM-DD`, empty where there is none (RFC 9051 section 6.4.4, SENTON). */
  readonly sentDay: string
  /** With their angle brackets; empty where absent. References (or, without them, In-Reply-To's first) oldest first, at most 100. */
  readonly messageId: string
  readonly references: readonly string[]
  /** Decoded address lists for SEARCH FROM and the like: `Name <local@domain>, …`, at most 2,000 characters. */
  readonly from: string
  readonly to: string
  readonly cc: string
  readonly bcc: string
  /** RFC 5256 section 3: the mailbox (local part) of the first address; RFC 5957: its display name or address. */
  readonly sortFrom: string
  readonly sortTo: string
  readonly sortCc: string
  readonly displayFrom: string
  readonly displayTo: string
  readonly attachments: number
  /** The part tree as numbers, so that a section is cut out without reading the message again; see `mime/section.ts`. */
  readonly parts: readonly number[]
}

const MOST_SUBJECT = 1000
const MOST_ADDRESSES_TEXT = 2000
const MOST_REFERENCES = 100
const MOST_MESSAGE_ID = 998

const kinds = { leaf: 0, message: -1 } as const

/** Writes the records of `Summary.parts`, depth first. */
const addPart = (out: number[], part: Part): void => {
  const record = {
    kind: part.kind === 'multipart' ? part.children.length : kinds[part.kind],
    headerFrom: part.headerFrom,
    bodyFrom: part.bodyFrom,
    bodyTo: part.bodyTo,
    type: `${part.type}/${part.subtype}`,
    charset: charsetOf(part),
    encoding: encodingOf(part),
  }
  addRecord(out, record, () => {
    for (const child of part.children) addPart(out, child)
  })
}

/** Message ids with their angle brackets: what is within may be quoted or, against the rules, have spaces around it. */
const messageIds = (text: string | undefined): readonly string[] =>
  (text?.match(/<[^<>]+>/g) ?? [])
    .map((id) => id.replace(/\s+/g, ''))
    .filter((id) => id.length > 2 && id.length <= MOST_MESSAGE_ID)

const bounded = (ids: readonly string[]): readonly string[] => {
  const [first] = ids
  return ids.length <= MOST_REFERENCES || first === undefined ? ids : [first, ...ids.slice(1 - MOST_REFERENCES)]
}

const messageIdOf = (text: string | undefined): string => {
  const [first] = messageIds(text)
  if (first !== undefined) return first
  const bare = text?.match(/^[^\s<>()]+@[^\s<>()]+$/)?.[0]
  return bare === undefined || bare.length > MOST_MESSAGE_ID ? '' : `<${bare}>`
}

const sortName = (items: readonly AddressItem[]): string => {
  const [first] = items
  if (first === undefined || first.kind === 'group-end') return ''
  return first.kind === 'group' ? first.name : first.local
}

/** @param body a stored message: CRLF or LF line ends, as hostile as may be. @returns what readers ask of it; never throws. */
export const summarize = (body: Uint8Array): Summary => {
  const root = readMessage(body)
  const fields = envelopeFields(root)
  const { texts, addresses } = fields
  const structure = writeStructure(root)
  const leaves = leavesOf(root)
  const parts: number[] = []
  addPart(parts, root)
  const subject = headerText(texts.get('subject') ?? '').slice(0, MOST_SUBJECT)
  const date = readDate(texts.get('date') ?? '')
  const references = messageIds(texts.get('references'))
  const list = (items: readonly AddressItem[]): string => writeAddresses(items, MOST_ADDRESSES_TEXT)
  return {
    envelope: writeEnvelope(fields),
    body: structure.body,
    bodystructure: structure.structure,
    preview: previewOf(body, mainText(leaves)),
    subject,
    baseSubject: baseSubject(subject),
    sentAt: date?.at ?? null,
    sentDay: date?.day ?? '',
    messageId: messageIdOf(texts.get('message-id')),
    references: references.length > 0 ? bounded(references) : messageIds(texts.get('in-reply-to')).slice(0, 1),
    from: list(addresses.from),
    to: list(addresses.to),
    cc: list(addresses.cc),
    bcc: list(addresses.bcc),
    sortFrom: sortName(addresses.from),
    sortTo: sortName(addresses.to),
    sortCc: sortName(addresses.cc),
    displayFrom: displayName(addresses.from[0]),
    displayTo: displayName(addresses.to[0]),
    attachments: leaves.filter(isAttachment).length,
    parts,
  }
}
