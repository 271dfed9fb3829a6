/**
 * Messages with NUL in them, written so that every octet of BODY[] may stand in a literal: "the server MUST encode the data" (RFC 9051 section 4.3.1; RFC 3516
 * section 4.1 leaves the choice of the encoding to the server). Parts that hold a NUL and have no transfer encoding are put into base64; nothing else is touched.
 * Pure.
 */
import { isIdentity } from './encoding.ts'
import { fieldAt } from './fields.ts'
import { mimeField, type Part, readMessage } from './message.ts'

const LINE = 76 // of base64, RFC 2045 section 6.8
const ENCODED = Buffer.from('Content-Transfer-Encoding: base64\r\n')

const base64Lines = (octets: Uint8Array): Buffer =>
  Buffer.from(
    Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
      .toString('base64')
      .replaceAll(new RegExp(`.{1,${LINE}}`, 'g'), '$&\r\n')
      .replace(/\r\n$/, ''),
  )

/** The part's header with our encoding in it, in the place of the one that it had or before the empty line. */
const encodedHeader = (message: Uint8Array, part: Part): readonly Uint8Array[] => {
  const out: Uint8Array[] = []
  let at = 0
  let put = false
  while (at < part.header.length) {
    const field = fieldAt(part.header, at)
    const isOld = field.kind === 'field' && field.name === 'content-transfer-encoding'
    if (!put && (isOld || field.kind === 'end')) out.push(ENCODED)
    put ||= isOld || field.kind === 'end'
    if (!isOld) out.push(message.subarray(part.headerFrom + field.from, part.headerFrom + field.to))
    at = field.to
  }
  if (!put) out.push(ENCODED, Buffer.from('\r\n'))
  return out
}

const addPart = (message: Uint8Array, part: Part, out: Uint8Array[]): void => {
  const body = message.subarray(part.bodyFrom, part.bodyTo)
  const header = message.subarray(part.headerFrom, part.bodyFrom)
  const encoding = (mimeField(part, 'content-transfer-encoding') ?? '').trim().toLowerCase()
  if (part.children.length === 0) {
    // A header that was too long to be read whole stays as it is.
    const isRead = part.header.length === header.length
    if (isRead && isIdentity(encoding) && part.kind === 'leaf' && body.includes(0))
      out.push(...encodedHeader(message, part), base64Lines(body))
    else out.push(header, body)
    return
  }
  out.push(header)
  let at = part.bodyFrom
  for (const child of part.children) {
    out.push(message.subarray(at, child.headerFrom))
    addPart(message, child, out)
    at = child.bodyTo
  }
  out.push(message.subarray(at, part.bodyTo))
}

/** @param message octets, perhaps with NUL. @returns them without one, or null where a NUL stands where nothing can be encoded (a header, a coded part). */
export const withoutNul = (message: Uint8Array): Uint8Array | null => {
  if (!message.includes(0)) return message
  const out: Uint8Array[] = []
  addPart(message, readMessage(message), out)
  const written = Buffer.concat(out)
  return written.includes(0) ? null : written
}
