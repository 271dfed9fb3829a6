/**
 * The header fields of a block of octets, in order, as ranges: RFC 5322 sections 2.2 and 2.2.3, with CRLF or bare LF line ends. Pure, linear.
 *
 * A line that begins with white space belongs to the field before it. A line without a colon is no field but stays a range, so
 * that the ranges always cover every octet. Obsolete white space before the colon (RFC 5322 section 4.5.8) is not part of the name.
 */

export type FieldRange = {
  /** `junk` is a line that is no field; `end` the empty line. */
  readonly kind: 'field' | 'junk' | 'end'
  /** Lower case; empty unless it is a field. */
  readonly name: string
  /** The field with its folds and line end. */
  readonly from: number
  readonly to: number
  /** After the colon, up to and without the last line end. */
  readonly valueFrom: number
  readonly valueTo: number
}

const LF = 0x0a
const CR = 0x0d
const COLON = 0x3a
const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09

/** @returns the place after the field that starts at `from`: after the last line that begins with white space. */
const endOfField = (bytes: Uint8Array, from: number): number => {
  let at = from
  for (;;) {
    const end = bytes.indexOf(LF, at)
    if (end < 0) return bytes.length
    at = end + 1
    if (!isBlank(bytes[at])) return at
  }
}

const nameOf = (bytes: Uint8Array, from: number, to: number): string => {
  let end = to
  while (end > from && isBlank(bytes[end - 1])) end -= 1
  let name = ''
  for (let at = from; at < end; at += 1) name += String.fromCharCode(bytes[at] ?? 0)
  return name.toLowerCase()
}

const fieldAt = (bytes: Uint8Array, from: number): FieldRange => {
  const to = endOfField(bytes, from)
  let valueTo = to
  if (bytes[valueTo - 1] === LF) valueTo -= bytes[valueTo - 2] === CR ? 2 : 1
  const colon = bytes.subarray(from, valueTo).indexOf(COLON)
  const firstLine = bytes.subarray(from, valueTo).indexOf(LF)
  if (colon <= 0 || (firstLine >= 0 && firstLine < colon))
    return { kind: 'junk', name: '', from, to, valueFrom: from, valueTo }
  return { kind: 'field', name: nameOf(bytes, from, from + colon), from, to, valueFrom: from + colon + 1, valueTo }
}

/** @param bytes a header, with or without its empty line. @returns its fields one by one, the empty line last; nothing after that. */
export function* fieldRanges(bytes: Uint8Array): Generator<FieldRange, void> {
  let at = 0
  while (at < bytes.length) {
    const blank = bytes[at] === LF ? 1 : bytes[at] === CR && bytes[at + 1] === LF ? 2 : 0
    if (blank > 0) {
      yield { kind: 'end', name: '', from: at, to: at + blank, valueFrom: at, valueTo: at }
      return
    }
    const field = fieldAt(bytes, at)
    yield field
    at = field.to
  }
}
