/**
 * What the main thread and a storage thread say to each other: lists of calls one way, lists of answers and bells the other, and the
 * buffers that may change hands instead of being copied. Types and two small functions; pure.
 */
import type { MessagePort } from 'node:worker_threads'
import type { Call, Outcome } from '../../store/sqlite/batch.ts'
import type { OpenFault } from '../../store/sqlite/database.ts'
import type { Made } from '../../store/sqlite/digest-make.ts'
import type { Bell, StoreFault } from '../../store/store.ts'

export type Asked = Call & { readonly id: number }
export type ToThread = { readonly calls: readonly Asked[] } | { readonly close: true }
/** Between the writer and the searcher, without the main thread. */
export type Errand = 'checkpoint' | 'checkpointed' | 'digest' | { readonly made: Made | null }
/** The writer; a reader for lists and messages, which must not wait; and one for what may take long. */
export type Role = 'writer' | 'pages' | 'searcher'
export type Complaint = { readonly verb: string; readonly fault: StoreFault; readonly why: string }
export type FromThread =
  | { readonly opened: OpenFault | null }
  | {
      readonly answers: readonly (readonly [id: number, outcome: Outcome])[]
      readonly bells: readonly Bell[]
      readonly complaints: readonly Complaint[]
      readonly tookMs: number
    }
  /** From the writer: the log has grown long, and there is work for the reader. */
  | { readonly wanted: 'searcher' }
  | { readonly closed: true }
export type ThreadData = {
  readonly folder: string
  readonly role: Role
  /** Of the writer and the searcher. */
  readonly errands: MessagePort | null
}

const DEEPEST = 4 // value -> rows -> row -> message

/** Buffers in an answer that are whole, so that they can be handed over: columns and messages. */
export const buffersOf = (value: unknown, depth = 0): ArrayBuffer[] => {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return []
  if (ArrayBuffer.isView(value))
    return value.buffer instanceof ArrayBuffer && value.byteLength === value.buffer.byteLength && value.byteLength > 0
      ? [value.buffer]
      : []
  const found: ArrayBuffer[] = []
  for (const one of Array.isArray(value) ? value : Object.values(value))
    if (typeof one === 'object' && one !== null) found.push(...buffersOf(one, depth + 1))
  return found
}

/** A deliver's or replace's arguments with octets of their own, which can be handed over; the caller keeps its buffer. */
export const ownBody = (args: unknown): { readonly args: unknown; readonly transfer: readonly ArrayBuffer[] } => {
  if (typeof args !== 'object' || args === null || !('body' in args)) return { args, transfer: [] }
  const { body } = args
  if (typeof body !== 'object' || body === null || !('bytes' in body) || !(body.bytes instanceof Uint8Array))
    return { args, transfer: [] }
  const bytes = new Uint8Array(body.bytes)
  return { args: { ...args, body: { bytes } }, transfer: [bytes.buffer] }
}
