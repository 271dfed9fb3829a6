/**
 * The content of messages in FETCH: BODY[…], BINARY[…], BINARY.SIZE[…], RFC822… and their partial forms. RFC 9051 section 6.4.5.1 and 7.5.2, RFC 3516 (literal8,
 * UNKNOWN-CTE), RFC 3501 section 6.4.5 (RFC822). A section that is not there is empty, as Dovecot's is. Large messages are read slice by slice, so that neither a
 * phone's partial fetches nor a slow client's whole one hold them in memory.
 */
import type { Uid } from '../../base/ids.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import { findPart, messageWithin, recordAt } from '../../mime/part-numbers.ts'
import { cutSection } from '../../mime/section.ts'
import type { MessageDetail } from '../../store/store.ts'
import type { FetchItem, SectionName, Slice } from '../../wire/imap/fetch.ts'
import type { Out } from '../gathered.ts'
import { binaryOctets } from './binary.ts'
import type { Talk } from './state.ts'
import { selectedOf } from './talk.ts'
import { wordsFor } from './words.ts'

/** An item that needs a message's octets. */
export type ContentItem = Extract<FetchItem, { item: 'section' | 'binary' | 'binary.size' }>
/** Whether an item needs a message's octets. */
export const isContent = (item: FetchItem): item is ContentItem =>
  item.item === 'section' || item.item === 'binary' || item.item === 'binary.size'

/** Whether an item's octets are found by the part numbers of the summary. */
export const needsParts = (item: ContentItem): boolean =>
  item.item !== 'section' || item.section.what !== '' || item.section.path.length > 0

/** Octets that a large message is read by. */
const SLICE = 262_144
/** What is told of a section that is not there. */
const NOTHING = new Uint8Array(0)

/** @returns the octets of a section, null where the message has none such. */
export const sectionOctets = (row: MessageDetail, { path, what, fields }: SectionName): Uint8Array | null => {
  const { message, summary, prefix } = row
  if (message === undefined) return null
  if (path.length === 0 && what === '') return message
  return cutSection(message, prefix.length, summary?.parts ?? [], path, what === '' ? null : what, fields)
}

const sliced = (octets: Uint8Array, slice: Slice | undefined): Uint8Array =>
  slice === undefined ? octets : octets.subarray(slice.from, slice.from + slice.most)

const UNKNOWN = 'NO [UNKNOWN-CTE] A part has an encoding that is not known'

const writeBinary = (
  item: Extract<ContentItem, { path: unknown }>,
  octets: Uint8Array | null,
): (string | Uint8Array)[] => {
  if (item.item === 'binary.size') return [`${item.label} ${octets?.length ?? 0}`]
  const cut = sliced(octets ?? NOTHING, item.partial)
  return [`${item.label} ~{${cut.length}}\r\n`, cut]
}

const binaryItem = (
  item: Extract<ContentItem, { path: unknown }>,
  row: MessageDetail,
): Result<(string | Uint8Array)[], string> => {
  const octets = binaryOctets(row.message ?? new Uint8Array(0), row.prefix.length, row.summary?.parts ?? [], item.path)
  return octets.ok ? ok(writeBinary(item, octets.value)) : fail(UNKNOWN)
}

/** @returns the item and its octets as they are written, or the tagged answer where it cannot be. */
export const bodyItem = (item: ContentItem, row: MessageDetail): Result<(string | Uint8Array)[], string> => {
  if (item.item !== 'section') return binaryItem(item, row)
  const octets = sectionOctets(row, item.section)
  const cut = sliced(octets ?? NOTHING, item.partial)
  return ok([`${item.label} {${cut.length}}\r\n`, cut])
}

type Range = readonly [from: number, to: number]

/** Where a section lies in prefix and body together: null where there is none, undefined where only a reading tells. */
const rangeOf = (row: MessageDetail, size: number, section: SectionName): Range | null | undefined => {
  const { path, what } = section
  if (path.length === 0 && what === '') return [0, size]
  const parts = row.summary?.parts ?? []
  const record = findPart(parts, path)
  if (record < 0) return null
  const found = what === 'TEXT' ? (path.length === 0 ? 0 : messageWithin(parts, record)) : record
  if (found < 0) return null
  const { headerFrom, bodyFrom, bodyTo } = recordAt(parts, found)
  const start = row.prefix.length
  if (what === '' || what === 'TEXT') return [start + bodyFrom, start + bodyTo]
  if (what === 'MIME' && path.length > 0) return [start + headerFrom, start + bodyFrom]
  return what === 'HEADER' && path.length === 0 ? [0, start + bodyFrom] : undefined
}

async function* streamed(talk: Talk, uid: Uid, [from, to]: Range): AsyncGenerator<Out, string | undefined> {
  const mailbox = selectedOf(talk).mailbox.id
  for (let at = from; at < to; at += SLICE) {
    const answer = await talk.deps.store.readMessage({ mailbox, uid, from: at, to: Math.min(to, at + SLICE) })
    if (!answer.ok) {
      // The length was said already: nothing that follows could be understood.
      talk.closing = true
      return ''
    }
    yield answer.value
  }
  return undefined
}

/** The message up to where the item ends: enough of it for `bodyItem`. */
const readUpTo = async (
  talk: Talk,
  row: MessageDetail,
  size: number,
  item: ContentItem,
): Promise<Result<MessageDetail, string>> => {
  const parts = row.summary?.parts ?? []
  const path = item.item === 'section' ? item.section.path : item.path
  const record = findPart(parts, path)
  const to = record < 0 || path.length === 0 ? size : row.prefix.length + recordAt(parts, record).bodyTo
  const header = path.length === 0 && item.item === 'section' ? row.prefix.length + recordAt(parts, 0).bodyFrom : to
  const mailbox = selectedOf(talk).mailbox.id
  const answer = await talk.deps.store.readMessage({ mailbox, uid: row.uid, from: 0, to: header })
  return answer.ok ? ok({ ...row, message: answer.value }) : fail(wordsFor(answer.error))
}

/** As `bodyItem`, of a large message, whose octets are not in `row`. @param size of the message. @returns a tagged answer where it fails. */
export async function* largeItem(
  talk: Talk,
  item: ContentItem,
  row: MessageDetail,
  size: number,
): AsyncGenerator<Out, string | undefined> {
  const range = item.item === 'section' ? rangeOf(row, size, item.section) : undefined
  if (range === null) {
    yield `${item.label} {0}\r\n`
    return undefined
  }
  if (range === undefined || item.item !== 'section') {
    const read = await readUpTo(talk, row, size, item)
    const body = read.ok ? bodyItem(item, read.value) : read
    if (!body.ok) return body.error
    yield* body.value
    return undefined
  }
  const from = Math.min(range[1], range[0] + (item.partial?.from ?? 0))
  const to = Math.min(range[1], from + (item.partial?.most ?? size))
  yield `${item.label} {${to - from}}\r\n`
  return yield* streamed(talk, row.uid, [from, to])
}
