/**
 * A message as the verifiers see it: the octets of the wire, its header fields as raw text, and where the body begins. RFC 6376 section 3.4
 * (fields as they came, folds included), RFC 5322 section 2.2. Pure.
 *
 * A message whose first line ends in a bare LF was kept on a disk, not taken from a wire: its line ends are turned back into CRLF. In any
 * other message a bare CR or LF in the body is an ordinary octet, as it was for the signer.
 */
import { fieldRanges } from '../mime/fields.ts'

/** Octets of header that are looked at; fields beyond are as good as absent, so that nothing that leans on them passes. */
const MOST_HEADER = 1_048_576
const MOST_FIELDS = 2_000

export type Field = {
  /** Lower case. */
  readonly name: string
  /** `Name: value` with its folds, without the last line end; latin1, an octet a character. */
  readonly text: string
  /** After the colon; latin1. */
  readonly value: string
  /** Octets of the message as given, line end included. */
  readonly from: number
  readonly to: number
}
export type ReadMessage = {
  readonly fields: readonly Field[]
  /** After the empty line; empty when there is none. */
  readonly body: Uint8Array
  /** More header than is looked at. */
  readonly cut: boolean
}

const LF = 0x0a
const CR = 0x0d

/** Whether the first line ends in a bare LF: the message was kept on a disk. */
const isFromDisk = (message: Uint8Array): boolean => {
  const first = message.indexOf(LF)
  return first >= 0 && message[first - 1] !== CR
}

const withCrlf = (text: string): string => text.replaceAll(/\r?\n/g, '\r\n')

/** @param bytes a message of any octets. @returns its fields and body; never fails, since a message without fields is one too. */
export const readMessage = (bytes: Uint8Array): ReadMessage => {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const disk = isFromDisk(bytes)
  const textOf = (from: number, to: number): string => {
    const text = view.toString('latin1', from, to)
    return disk ? withCrlf(text) : text
  }
  const fields: Field[] = []
  for (const { kind, name, from, to, valueFrom, valueTo } of fieldRanges(bytes)) {
    if (kind === 'end') {
      const body = disk ? Buffer.from(textOf(to, bytes.length), 'latin1') : bytes.subarray(to)
      return { fields, body, cut: false }
    }
    if (to > MOST_HEADER || fields.length >= MOST_FIELDS) return { fields, body: new Uint8Array(), cut: true }
    if (kind === 'field')
      fields.push({ name, text: textOf(from, valueTo), value: textOf(valueFrom, valueTo), from, to })
  }
  return { fields, body: new Uint8Array(), cut: false }
}
