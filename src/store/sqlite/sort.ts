/**
 * Verbs: sort and thread. RFC 5256 sections 3 and 4, RFC 5957 (DISPLAYFROM, DISPLAYTO). What they compare was computed at delivery; a
 * message without a Date is dated by its arrival (RFC 5256 section 2.2).
 */
import type { MailboxId } from '../../base/ids.ts'
import { compareFolded } from '../casemap.ts'
import type { MessageColumns, SortKey, SortRule } from '../store.ts'
import { byReferences, byRefs, orderedSubject, type Threaded } from '../threads.ts'
import { columnsOf } from './columns.ts'
import { type FieldName, fieldOf } from './digest.ts'
import { Digests } from './digests.ts'
import type { House, Run } from './house.ts'
import { mailboxById } from './mailbox-rows.ts'
import { headOf } from './messages.ts'
import { byBlob } from './search.ts'

const rangesOf = (uids: Uint32Array): (readonly [number, number])[] => {
  const ranges: [number, number][] = []
  for (const uid of Uint32Array.from(uids).sort()) {
    const last = ranges.at(-1)
    if (last !== undefined && uid <= last[1] + 1) last[1] = uid
    else ranges.push([uid, uid])
  }
  return ranges
}

const fieldsOfKeys: Readonly<Partial<Record<SortKey, FieldName>>> = {
  cc: 'sortCc',
  from: 'sortFrom',
  subject: 'baseSubject',
  to: 'sortTo',
  displayfrom: 'displayFrom',
  displayto: 'displayTo',
}

/** A field of every message, by its place in the columns. */
type Read = (name: FieldName) => readonly string[]

const readerOf = (house: House, columns: MessageColumns): Read => {
  const known = new Map<FieldName, readonly string[]>()
  const order = byBlob(columns)
  return (name) => {
    const before = known.get(name)
    if (before !== undefined) return before
    const digests = new Digests(house)
    const lines: string[] = new Array(columns.uids.length)
    for (const place of order) {
      const blob = columns.blobs[place] ?? 0
      lines[place] = digests.around(blob)?.field(blob, name) ?? fieldOf(headOf(house, blob).summary, name)
    }
    known.set(name, lines)
    return lines
  }
}

/** A Date as a field keeps it, or the arrival where there is none. */
const sentOr = (sent: string | undefined, arrival: number | undefined): number =>
  sent === undefined || sent === '' ? (arrival ?? 0) : Number(sent)

type Comparison = (a: number, b: number) => number

/** Compares two places in the columns by one rule. */
const comparisonOf = (
  rule: SortRule,
  columns: MessageColumns,
  read: Read,
  scores: ReadonlyMap<number, number>,
): Comparison => {
  const sign = rule.reverse ? -1 : 1
  const numbers = (value: (i: number) => number): Comparison => {
    const values = Float64Array.from(columns.uids, (_, i) => value(i))
    return (a, b) => sign * ((values[a] ?? 0) - (values[b] ?? 0))
  }
  if (rule.key === 'arrival') return numbers((i) => columns.internalDates[i] ?? 0)
  if (rule.key === 'size') return numbers((i) => columns.sizes[i] ?? 0)
  if (rule.key === 'date') {
    const dates = read('sentAt')
    return numbers((i) => sentOr(dates[i], columns.internalDates[i]))
  }
  // The most relevant first.
  if (rule.key === 'relevancy') return numbers((i) => -(scores.get(columns.uids[i] ?? 0) ?? 0))
  const field = fieldsOfKeys[rule.key]
  if (field === undefined) return () => 0
  const texts = read(field)
  return (a, b) => sign * compareFolded(texts[a] ?? '', texts[b] ?? '')
}

const columnsOfUids = (house: House, mailbox: MailboxId, uids: Uint32Array): MessageColumns => {
  mailboxById(house, mailbox)
  return columnsOf(house, mailbox, rangesOf(uids))
}

export const sort: Run<'sort'> = (house, a) => {
  const columns = columnsOfUids(house, a.mailbox, a.uids)
  const read = readerOf(house, columns)
  const scores = new Map(Array.from(a.uids, (uid, i) => [uid, a.scores?.[i] ?? 0] as const))
  const comparisons = a.rules.map((rule) => comparisonOf(rule, columns, read, scores))
  const places = Array.from(columns.uids, (_, i) => i)
  places.sort((x, y) => {
    for (const comparison of comparisons) {
      const order = comparison(x, y)
      if (order !== 0) return order
    }
    return x - y
  })
  return Uint32Array.from(places, (i) => columns.uids[i] ?? 0)
}

const threadFields = ['messageId', 'references', 'baseSubject', 'reply', 'sentAt'] as const
const algorithms = { orderedsubject: orderedSubject, references: byReferences, refs: byRefs } as const

export const thread: Run<'thread'> = (house, a) => {
  const columns = columnsOfUids(house, a.mailbox, a.uids)
  const read = readerOf(house, columns)
  const [ids, references, subjects, replies, dates] = threadFields.map(read)
  const messages = Array.from(columns.uids, (uid, i): Threaded => {
    const arrivedAt = columns.internalDates[i] ?? 0
    return {
      uid,
      messageId: ids?.[i] ?? '',
      references: (references?.[i] ?? '').split(' ').filter((id) => id !== ''),
      baseSubject: subjects?.[i] ?? '',
      reply: replies?.[i] === '1',
      sentAt: sentOr(dates?.[i], arrivedAt),
      arrivedAt,
    }
  })
  return algorithms[a.by](messages)
}
