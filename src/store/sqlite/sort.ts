/**
 * Verbs: sort and thread. RFC 5256 sections 3 and 4, RFC 5957 (DISPLAYFROM, DISPLAYTO). What they compare was computed at delivery; a
 * message without a Date is dated by its arrival (RFC 5256 section 2.2).
 */
import type { MailboxId } from '../../base/ids.ts'
import type { Summary } from '../../mime/summary.ts'
import { compareFolded, fold } from '../casemap.ts'
import type { MessageColumns, SortKey, SortRule } from '../store.ts'
import { byReferences, byRefs, orderedSubject, saysReply, type Threaded } from '../threads.ts'
import { columnsOf } from './columns.ts'
import type { House, Run } from './house.ts'
import { mailboxById } from './mailbox-rows.ts'
import { headOf } from './search.ts'

const rangesOf = (uids: Uint32Array): (readonly [number, number])[] => {
  const ranges: [number, number][] = []
  for (const uid of Uint32Array.from(uids).sort()) {
    const last = ranges.at(-1)
    if (last !== undefined && uid <= last[1] + 1) last[1] = uid
    else ranges.push([uid, uid])
  }
  return ranges
}

const summaryKeys: Readonly<Partial<Record<SortKey, keyof Summary>>> = {
  cc: 'sortCc',
  from: 'sortFrom',
  subject: 'baseSubject',
  to: 'sortTo',
  displayfrom: 'displayFrom',
  displayto: 'displayTo',
}

type Comparison = (a: number, b: number) => number

/** Compares two places in the columns by one rule. */
const comparisonOf = (rule: SortRule, columns: MessageColumns, summaryAt: (i: number) => Summary): Comparison => {
  const sign = rule.reverse ? -1 : 1
  const numbers = (value: (i: number) => number): Comparison => {
    const values = Float64Array.from(columns.uids, (_, i) => value(i))
    return (a, b) => sign * ((values[a] ?? 0) - (values[b] ?? 0))
  }
  if (rule.key === 'arrival') return numbers((i) => columns.internalDates[i] ?? 0)
  if (rule.key === 'size') return numbers((i) => columns.sizes[i] ?? 0)
  if (rule.key === 'date') return numbers((i) => summaryAt(i).sentAt ?? columns.internalDates[i] ?? 0)
  const field = summaryKeys[rule.key]
  if (field === undefined) return () => 0
  const texts = Array.from(columns.uids, (_, i) => fold(String(summaryAt(i)[field])))
  return (a, b) => sign * compareFolded(texts[a] ?? '', texts[b] ?? '')
}

/** Summaries by place, each unpacked once. */
const summaries = (house: House, columns: MessageColumns): ((i: number) => Summary) => {
  const known = new Map<number, Summary>()
  return (i) => {
    const found = known.get(i)
    if (found !== undefined) return found
    const { summary } = headOf(house, columns.blobs[i] ?? 0)
    known.set(i, summary)
    return summary
  }
}

const columnsOfUids = (house: House, mailbox: MailboxId, uids: Uint32Array): MessageColumns => {
  mailboxById(house, mailbox)
  return columnsOf(house, mailbox, rangesOf(uids))
}

export const sort: Run<'sort'> = (house, a) => {
  const columns = columnsOfUids(house, a.mailbox, a.uids)
  const summaryAt = summaries(house, columns)
  const comparisons = a.rules.map((rule) => comparisonOf(rule, columns, summaryAt))
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

const algorithms = { orderedsubject: orderedSubject, references: byReferences, refs: byRefs } as const

export const thread: Run<'thread'> = (house, a) => {
  const columns = columnsOfUids(house, a.mailbox, a.uids)
  const summaryAt = summaries(house, columns)
  const messages = Array.from(columns.uids, (uid, i): Threaded => {
    const summary = summaryAt(i)
    const arrivedAt = columns.internalDates[i] ?? 0
    return {
      uid,
      messageId: summary.messageId,
      references: summary.references,
      baseSubject: fold(summary.baseSubject),
      reply: saysReply(summary.subject),
      sentAt: summary.sentAt ?? arrivedAt,
      arrivedAt,
    }
  })
  return algorithms[a.by](messages)
}
