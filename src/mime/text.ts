/**
 * The text of a message for people: which part it is, its decoded characters, its preview, and which parts are attachments.
 * RFC 2046 section 5.1.4 (alternatives), RFC 8970 section 3.1 (preview), RFC 2183 (dispositions). Pure, bounded.
 */
import { decodeCharset } from './charset.ts'
import { decodePart } from './encoding.ts'
import { htmlToText } from './html-text.ts'
import { mimeField, type Part } from './message.ts'
import { rawParameter, readParameterized, textParameter } from './parameters.ts'
import { encodingOf } from './structure.ts'
import { unfold } from './words.ts'

/** Characters (RFC 8970 section 3.1). */
const MOST_PREVIEW = 200
/** Octets of an encoded body that a preview looks at: first these, then those. */
const LOOKS = [1024, 65_536]

/** @returns the charset that a text part declares, lower case; empty where it does not. */
export const charsetOf = (part: Part): string =>
  part.type === 'text' ? (rawParameter(part.parameters, 'charset') ?? '').trim().toLowerCase() : ''

/** @returns the part's disposition word, lower case, and its file name for people; empty where absent. */
export const fileOf = (part: Part): { readonly disposition: string; readonly name: string } => {
  const field = mimeField(part, 'content-disposition')
  if (field === undefined) return { disposition: '', name: textParameter(part.parameters, 'name') ?? '' }
  const { value, parameters } = readParameterized(unfold(field))
  return {
    disposition: value.toLowerCase(),
    name: textParameter(parameters, 'filename') ?? textParameter(part.parameters, 'name') ?? '',
  }
}

/** Parts that serve a container and are nobody's file. */
const isService = (part: Part): boolean =>
  part.subtype === 'pgp-signature' ||
  part.subtype === 'pkcs7-signature' ||
  part.subtype === 'x-pkcs7-signature' ||
  part.subtype === 'delivery-status'

/** Whether a reader would show the part as a file: it says so, or has a name, or is no text; pictures that a page refers to are none. */
export const isAttachment = (part: Part): boolean => {
  if (part.kind === 'multipart' || isService(part)) return false
  const { disposition, name } = fileOf(part)
  if (disposition === 'attachment') return true
  if (part.kind === 'message') return true
  const referred = mimeField(part, 'content-id') !== undefined && part.type !== 'text'
  if (referred) return false
  return name !== '' || part.type !== 'text'
}

/** @returns every leaf and message below, the message's own parts left out, in order. */
export const leavesOf = (part: Part): readonly Part[] => {
  if (part.kind !== 'multipart') return [part]
  const leaves: Part[] = []
  for (const child of part.children) for (const leaf of leavesOf(child)) leaves.push(leaf)
  return leaves
}

/** @returns the leaf that a reader shows first: plain text before HTML; undefined where the message has neither. */
export const mainText = (leaves: readonly Part[]): Part | undefined => {
  const texts = leaves.filter((leaf) => leaf.kind === 'leaf' && leaf.type === 'text' && !isAttachment(leaf))
  return (
    texts.find((leaf) => leaf.subtype === 'plain' && leaf.bodyTo > leaf.bodyFrom) ??
    texts.find((leaf) => leaf.subtype === 'html') ??
    texts[0]
  )
}

/** @returns the octets without a UTF-8 character that was cut at their end: half of one would make all of it look like another charset. */
const withoutHalf = (octets: Uint8Array): Uint8Array => {
  for (let back = 1; back <= 3 && back <= octets.length; back += 1) {
    const octet = octets[octets.length - back] ?? 0
    if (octet < 0x80) return octets
    if (octet < 0xc0) continue // inside of a character
    const whole = octet >= 0xf0 ? 4 : octet >= 0xe0 ? 3 : 2
    return whole > back ? octets.subarray(0, octets.length - back) : octets
  }
  return octets
}

/** @param most octets of the encoded body that are read. @returns its characters, CRLF and all; an unknown encoding is read as it stands. */
export const textOf = (message: Uint8Array, part: Part, most = Number.POSITIVE_INFINITY): string => {
  const octets = message.subarray(part.bodyFrom, Math.min(part.bodyTo, part.bodyFrom + most))
  const decoded = decodePart(octets, encodingOf(part)) ?? octets
  const charset = charsetOf(part)
  const isCut = part.bodyTo - part.bodyFrom > most && /^(?:|utf-?8|us-ascii)$/.test(charset)
  return decodeCharset(isCut ? withoutHalf(decoded) : decoded, charset)
}

/** Characters that nobody sees and senders pad previews with. */
const isInvisible = (code: number): boolean =>
  code === 0xad || code === 0x34f || (code >= 0x200b && code <= 0x200f) || code === 0x2060 || code === 0xfeff

const isSpace = (code: number): boolean =>
  code <= 0x20 ||
  code === 0x7f ||
  code === 0xa0 ||
  code === 0x3000 ||
  (code >= 0x2000 && code <= 0x200a) ||
  code === 0x2028 ||
  code === 0x2029

/** @returns the first `most` characters of the text without the invisible ones, white space condensed; never half of a character. */
const firstCharacters = (text: string, most: number): string => {
  let out = ''
  let from = -1 // where a run of characters began that is taken as it is
  let length = 0
  const take = (to: number): void => {
    if (from >= 0) out += text.slice(from, to)
    from = -1
  }
  let at = 0
  for (; at < text.length && length < most; at += 1) {
    const code = text.charCodeAt(at)
    if (isSpace(code)) {
      if (from < 0) continue
      take(at)
      out += ' '
      length += 1
    } else if (isInvisible(code)) take(at)
    else {
      if (from < 0) from = at
      length += 1
    }
  }
  take(at)
  const last = out.charCodeAt(out.length - 1)
  return (last >= 0xd800 && last < 0xdc00 ? out.slice(0, -1) : out).trimEnd()
}

/** @returns up to 200 characters of the part, white space condensed. */
export const previewOf = (message: Uint8Array, part: Part | undefined): string => {
  if (part === undefined) return ''
  let preview = ''
  for (const look of LOOKS) {
    const text = textOf(message, part, look)
    preview = firstCharacters(part.subtype === 'html' ? htmlToText(text, 2 * MOST_PREVIEW) : text, MOST_PREVIEW)
    if (preview.length >= MOST_PREVIEW - 1 || part.bodyTo - part.bodyFrom <= look) break
  }
  return preview
}
