/**
 * Sections of a message for IMAP: BODY[…] and the body ranges of BINARY[…], cut out of the octets with the part numbers of the
 * summary, so that nothing is parsed again. RFC 9051 section 6.4.5.1, RFC 3516. Pure; the encoding of the numbers is in part-numbers.ts.
 *
 * The message is `prefix` (header fields that delivery put before it for one recipient) and the stored body; the prefix belongs to the root's header.
 */
import { fieldRanges } from './fields.ts'
import { findPart, messageWithin, recordAt } from './part-numbers.ts'

/** `[1, 2]` for `1.2`; empty for the message itself. */
export type SectionPath = readonly number[]
export type SectionText = 'HEADER' | 'HEADER.FIELDS' | 'HEADER.FIELDS.NOT' | 'TEXT' | 'MIME' | null

type Range = readonly [from: number, to: number]

/** Octets of the whole message (prefix and body) that the section is made of, before fields are picked. */
const rangeOf = (
  prefixLength: number,
  parts: readonly number[],
  path: SectionPath,
  text: SectionText,
): Range | null => {
  const at = findPart(parts, path)
  if (at < 0) return null
  const headerOf = (record: number): Range => {
    const { headerFrom, bodyFrom } = recordAt(parts, record)
    return [record === 0 ? 0 : prefixLength + headerFrom, prefixLength + bodyFrom]
  }
  const bodyOf = (record: number): Range => {
    const { bodyFrom, bodyTo } = recordAt(parts, record)
    return [prefixLength + bodyFrom, prefixLength + bodyTo]
  }
  if (text === null) return path.length === 0 ? [0, bodyOf(0)[1]] : bodyOf(at)
  if (text === 'MIME') return path.length === 0 ? null : headerOf(at)
  const message = path.length === 0 ? 0 : messageWithin(parts, at)
  if (message < 0) return null
  return text === 'TEXT' ? bodyOf(message) : headerOf(message)
}

/** The fields of a header whose names are (or are not) among `names`, and its empty line. */
const pickFields = (header: Uint8Array, names: readonly string[], wanted: boolean): Uint8Array => {
  const asked = new Set(names.map((name) => name.toLowerCase()))
  const pieces: Uint8Array[] = []
  let start = -1
  let end = -1
  const flush = (): void => {
    if (start >= 0) pieces.push(header.subarray(start, end))
  }
  for (const field of fieldRanges(header)) {
    if (field.kind !== 'end' && (field.kind === 'field' && asked.has(field.name)) !== wanted) continue
    if (end !== field.from) {
      flush()
      start = field.from
    }
    end = field.to
  }
  flush()
  if (pieces.length === 1) return pieces[0] ?? header
  return Buffer.concat(pieces)
}

/**
 * @param message prefix and stored body. @param prefixLength octets of the prefix. @param parts `Summary.parts` of the stored body.
 * @param fields names for HEADER.FIELDS and HEADER.FIELDS.NOT, in any case; otherwise empty.
 * @returns the section's octets (a view of `message` wherever they stand together), null where the message has no such section.
 */
export const cutSection = (
  message: Uint8Array,
  prefixLength: number,
  parts: readonly number[],
  path: SectionPath,
  text: SectionText,
  fields: readonly string[],
): Uint8Array | null => {
  const range = rangeOf(prefixLength, parts, path, text)
  if (range === null) return null
  const octets = message.subarray(range[0], range[1])
  if (text === 'HEADER.FIELDS') return pickFields(octets, fields, true)
  if (text === 'HEADER.FIELDS.NOT') return pickFields(octets, fields, false)
  return octets
}

/**
 * @returns what BINARY needs of a part: its words in lower case (absent ones are '' for charset, `7bit` for encoding) and the range of its body
 * within the stored body; null where there is no such part. The empty path is the stored body as a message: nothing is decoded.
 */
export const partOf = (
  parts: readonly number[],
  path: SectionPath,
): {
  readonly encoding: string
  readonly charset: string
  readonly type: string
  readonly from: number
  readonly to: number
} | null => {
  const at = findPart(parts, path)
  if (at < 0) return null
  const { type, charset, encoding, bodyFrom, bodyTo } = recordAt(parts, at)
  if (path.length === 0) return { encoding: 'binary', charset: '', type: 'message/rfc822', from: 0, to: bodyTo }
  return { encoding: encoding === '' ? '7bit' : encoding, charset, type, from: bodyFrom, to: bodyTo }
}
