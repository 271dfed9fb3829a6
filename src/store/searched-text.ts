/**
 * A message as text for SEARCH: its header fields decoded, its text parts decoded, the names of its files, the text of office documents. RFC 9051 section 6.4.4
 * (BODY and TEXT look into decoded parts, charset by charset). Pure.
 */
import { decodePart } from '../mime/encoding.ts'
import { readHeader } from '../mime/fields.ts'
import { htmlToText } from '../mime/html-text.ts'
import { type Part, readMessage } from '../mime/message.ts'
import { officeText, saysOffice } from '../mime/office-text.ts'
import { encodingOf } from '../mime/structure.ts'
import { fileOf, textOf } from '../mime/text.ts'
import { headerText } from '../mime/words.ts'

const MOST_TEXT = 8 * 2 ** 20 // characters of one message that are looked into

/** The decoded values of one header field, each on a line; null when the message has no such field. */
export const fieldText = (message: Uint8Array, name: string): string | null => {
  const values = readHeader(message).all(name.toLowerCase())
  return values.length === 0 ? null : values.map(headerText).join('\n')
}

const fieldsText = (part: Part): string =>
  part.fields
    .map((field) => `${field.name}: ${headerText(part.header.slice(field.valueFrom, field.valueTo))}`)
    .join('\n')

const MOST_DOCUMENT = 32 * 2 ** 20 // octets of a document, encoded

const documentText = (message: Uint8Array, part: Part, most: number): string => {
  if (part.bodyTo - part.bodyFrom > MOST_DOCUMENT) return ''
  const octets = decodePart(message.subarray(part.bodyFrom, part.bodyTo), encodingOf(part))
  return octets === null ? '' : officeText(octets, most)
}

const leafText = (message: Uint8Array, part: Part): string => {
  const text = textOf(message, part, MOST_TEXT)
  return part.subtype === 'html' ? htmlToText(text, MOST_TEXT) : text
}

/** The decoded text of all text parts, messages within (and their headers) included, and the names of files. */
const bodyText = (message: Uint8Array, root: Part): string => {
  let out = ''
  const walk = (part: Part): void => {
    if (out.length >= MOST_TEXT) return
    if (part.kind !== 'multipart') {
      const { name } = fileOf(part)
      if (name !== '') out += `${name}\n`
      if (part.kind === 'leaf' && part.type === 'application' && saysOffice(part.subtype, name))
        out += documentText(message, part, MOST_TEXT - out.length)
    }
    if (part.kind === 'message') for (const child of part.children) out += `${fieldsText(child)}\n`
    if (part.kind === 'leaf' && part.type === 'text') out += `${leafText(message, part)}\n`
    for (const child of part.children) walk(child)
  }
  walk(root)
  return out
}

export type Texts = {
  /** All header fields, decoded, a field a line. */
  readonly headers: string
  readonly body: string
}

/** What SEARCH looks for text in. */
export const textsOf = (message: Uint8Array): Texts => {
  const root = readMessage(message)
  return { headers: fieldsText(root), body: bodyText(message, root) }
}
