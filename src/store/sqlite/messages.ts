/**
 * Verbs: messages going out. Columns of a mailbox, details a page at a time, a slice of one message, and what changed since a place
 * in the change log. RFC 7162 sections 3.1 and 3.2; RFC 9051 section 6.4.5.
 */
import { blobId, type MailboxId, modSeq, uid } from '../../base/ids.ts'
import type { MessageDetail } from '../store.ts'
import { readBody } from './body.ts'
import { columnsOf, columnsSince, everyUid } from './columns.ts'
import { emailIdOf } from './deliver.ts'
import { Damaged, type List, num, octets, text } from './door.ts'
import { forms, type Head, unpackHead } from './head.ts'
import { type House, Refused, type Run } from './house.ts'
import { mustBeMailbox } from './mailbox-rows.ts'
import { threadIdOf } from './threading.ts'

const MOST_A_PAGE = 1_000 // messages in an answer, whatever was asked
const MOST_BYTES_A_PAGE = 64 * 2 ** 20

export const columns: Run<'columns'> = (house, a) => {
  mustBeMailbox(house, a.mailbox)
  return columnsOf(house, a.mailbox, a.uids ?? everyUid)
}

const pageSql = `SELECT m.uid, m.size, m.blob, m.variant, m.thread, b.form, b.head FROM messages m JOIN blobs b ON b.id = m.blob
  WHERE m.mailbox = ? AND m.uid BETWEEN ? AND ? ORDER BY m.uid LIMIT ?`

/** The prefix of a row: the head holds that of the first place, others have rows of their own. */
export const prefixOf = (house: House, blob: number, variant: number, first: string): string => {
  if (variant === 0) return first
  const row = house.tx.list('SELECT prefix FROM variants WHERE blob = ? AND variant = ?', blob, variant)
  if (row === undefined) throw new Damaged(`blob ${blob} has no variant ${variant}`)
  return text(row[0])
}

const bodyRow = (house: House, blob: number): { readonly kind: number; readonly data: Uint8Array } => {
  const row = house.tx.list('SELECT kind, data FROM bodies WHERE blob = ?', blob)
  if (row === undefined) throw new Damaged(`blob ${blob} has no body`)
  return { kind: num(row[0]), data: octets(row[1]) }
}

/** A blob's head by its number. */
export const headOf = (house: House, blob: number): Head & { readonly rest: Uint8Array; readonly form: number } => {
  const row = house.tx.list('SELECT form, head FROM blobs WHERE id = ?', blob)
  if (row === undefined) throw new Damaged(`blob ${blob} is not there`)
  return { ...unpackHead(octets(row[1])), form: num(row[0]) }
}

/** The octets of a blob's body, or a slice of them. `head` is what was unpacked already. */
export const bodyOf = (
  house: House,
  blob: number,
  form: number,
  head: { readonly rest: Uint8Array },
  slice?: { readonly from: number; readonly to: number },
): Uint8Array => {
  if (form !== forms.together) return readBody(bodyRow(house, blob), house.bodies, slice)
  return slice === undefined ? head.rest : head.rest.subarray(slice.from, slice.to)
}

/** Prefix and body in one buffer of its own, so that it can be handed to another thread. */
export const joined = (prefix: string, body: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(prefix.length + body.length)
  Buffer.from(whole.buffer).write(prefix, 'latin1')
  whole.set(body, prefix.length)
  return whole
}

const detail = (house: House, row: List, want: { summary?: boolean; message?: boolean }): MessageDetail => {
  const [number, blob, variant, thread, form] = [num(row[0]), num(row[2]), num(row[3]), num(row[4]), num(row[5])]
  const head = unpackHead(octets(row[6]))
  const prefix = prefixOf(house, blob, variant, head.prefix)
  return {
    uid: uid(number),
    blob: blobId(blob),
    prefix,
    emailId: emailIdOf(blob, variant),
    threadId: threadIdOf(thread),
    ...(want.summary === true ? { summary: head.summary } : {}),
    ...(want.message === true ? { message: joined(prefix, bodyOf(house, blob, form, head)) } : {}),
  }
}

export const messages: Run<'messages'> = (house, a) => {
  mustBeMailbox(house, a.mailbox)
  const most = Math.min(Math.max(a.most, 1), MOST_A_PAGE)
  const mostBytes = Math.min(a.mostBytes, MOST_BYTES_A_PAGE)
  const rows: MessageDetail[] = []
  let bytes = 0
  for (const [from, to] of a.uids) {
    // One more than fits, to know where the next page begins.
    for (const row of house.tx.lists(pageSql, a.mailbox, from, to, most - rows.length + 1)) {
      const size = a.want.message === true ? num(row[1]) : 0
      if (rows.length >= most || (rows.length > 0 && bytes + size > mostBytes)) return { rows, next: num(row[0]) }
      bytes += size
      rows.push(detail(house, row, a.want))
    }
  }
  return { rows, next: null }
}

export const readMessage: Run<'readMessage'> = (house, a) => {
  mustBeMailbox(house, a.mailbox)
  const row = house.tx.list(
    'SELECT m.size, m.blob, m.variant, b.form, b.head FROM messages m JOIN blobs b ON b.id = m.blob WHERE m.mailbox = ? AND m.uid = ?',
    a.mailbox,
    a.uid,
  )
  if (row === undefined) throw new Refused('no-such-message')
  const [size, blob, variant, form] = [num(row[0]), num(row[1]), num(row[2]), num(row[3])]
  const head = unpackHead(octets(row[4]))
  const prefix = prefixOf(house, blob, variant, head.prefix)
  const from = Math.max(a.from, 0)
  const to = Math.min(a.to, size)
  if (from >= to) return new Uint8Array(0)
  const out = new Uint8Array(to - from)
  if (from < prefix.length) out.set(Buffer.from(prefix.slice(from, to), 'latin1'))
  if (to > prefix.length) {
    const slice = { from: Math.max(from - prefix.length, 0), to: to - prefix.length }
    out.set(bodyOf(house, blob, form, head, slice), Math.max(prefix.length - from, 0))
  }
  return out
}

/** UIDs of tombstones after `since`, in order. */
const vanishedSince = (house: House, mailbox: MailboxId, since: number): Uint32Array =>
  Uint32Array.from(house.tx.lists('SELECT uid FROM tombstones WHERE mailbox = ? AND gone > ?', mailbox, since), (row) =>
    num(row[0]),
  ).sort()

/** When tombstones after `since` were tidied away, `complete` is false and `vanished` holds those that are left. */
export const changes: Run<'changes'> = (house, a) => {
  const row = house.tx.get('SELECT mod_seq, uid_next, horizon FROM mailboxes WHERE id = ?', a.mailbox)
  if (row === undefined) throw new Refused('no-such-mailbox')
  const complete = a.since >= num(row['horizon'])
  return {
    highestModSeq: modSeq(num(row['mod_seq'])),
    uidNext: uid(num(row['uid_next'])),
    changed: columnsSince(house, a.mailbox, a.since),
    vanished: vanishedSince(house, a.mailbox, complete ? a.since : 0),
    complete,
  }
}
