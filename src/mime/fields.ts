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

/** The fields of one header, for those who ask for them by name. */
export type Header = {
  /** In order, junk lines left out; ranges are those of the octets that were read. */
  readonly fields: readonly FieldRange[]
  /** @param name lower case. @returns the value of the first such field as latin1 text with its folds, undefined where there is none. */
  readonly field: (name: string) => string | undefined
  /** @returns the values of all fields of that name, in order. */
  readonly all: (name: string) => readonly string[]
}

const LF = 0x0a
const CR = 0x0d
const COLON = 0x3a
const MOST_NAME = 998 // a colon further on than a line may be long (RFC 5322 section 2.1.1) makes no field
const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

/** @returns latin1 text: an octet a character. */
export const latin1 = (bytes: Uint8Array, from = 0, to = bytes.length): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', from, to)

/** @returns the place after the field that starts at `from`: after the last line that begins with white space. */
const endOfField = (text: string, from: number): number => {
  let at = from
  for (;;) {
    const end = text.indexOf('\n', at)
    if (end < 0) return text.length
    at = end + 1
    if (!isBlank(text.charCodeAt(at))) return at
  }
}

/** @returns where the colon of the first line is, -1 where there is none. */
const colonOf = (text: string, from: number, to: number): number => {
  const most = Math.min(to, from + MOST_NAME)
  for (let at = from; at < most; at += 1) {
    const code = text.charCodeAt(at)
    if (code === COLON) return at
    if (code === LF) return -1
  }
  return -1
}

const nameOf = (text: string, from: number, to: number): string => {
  let end = to
  while (end > from && isBlank(text.charCodeAt(end - 1))) end -= 1
  return text.slice(from, end).toLowerCase()
}

/** @param text a header as latin1. @param from where a line begins, before its end. @returns what stands there, up to where the next begins. */
export const fieldAt = (text: string, from: number): FieldRange => {
  const first = text.charCodeAt(from)
  const blank = first === LF ? 1 : first === CR && text.charCodeAt(from + 1) === LF ? 2 : 0
  if (blank > 0) return { kind: 'end', name: '', from, to: from + blank, valueFrom: from, valueTo: from }
  const to = endOfField(text, from)
  let valueTo = to
  if (text.charCodeAt(to - 1) === LF) valueTo = text.charCodeAt(to - 2) === CR ? to - 2 : to - 1
  const colon = colonOf(text, from, valueTo)
  const name = colon < 0 ? '' : nameOf(text, from, colon)
  if (name === '') return { kind: 'junk', name, from, to, valueFrom: from, valueTo }
  return { kind: 'field', name, from, to, valueFrom: colon + 1, valueTo }
}

/** @param bytes a header, with or without its empty line. @returns its fields one by one, the empty line last; nothing after that. */
export function* fieldRanges(bytes: Uint8Array): Generator<FieldRange, void> {
  const text = latin1(bytes)
  let at = 0
  while (at < text.length) {
    const field = fieldAt(text, at)
    yield field
    if (field.kind === 'end') return
    at = field.to
  }
}

/** @param bytes a header, or a message that begins with one. @returns its fields up to the empty line. */
export const readHeader = (bytes: Uint8Array): Header => {
  const fields: FieldRange[] = []
  const values = new Map<string, string[]>()
  for (const field of fieldRanges(bytes)) {
    if (field.kind !== 'field') continue
    fields.push(field)
    const value = latin1(bytes, field.valueFrom, field.valueTo)
    const known = values.get(field.name)
    if (known === undefined) values.set(field.name, [value])
    else known.push(value)
  }
  return { fields, field: (name) => values.get(name)?.[0], all: (name) => values.get(name) ?? [] }
}
