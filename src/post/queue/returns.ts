/**
 * Failures of mail that we sent on (forward.ts): its true sender is elsewhere and is told by a report that leaves like other mail, with the null sender. RFC 5321
 * section 6.1 (whoever took it tells of its failure), RFC 3464 section 4.2 (where an address leads to is its owner's business). Pure.
 */
import { createHash } from 'node:crypto'
import type { NewQueueEntry, QueueEntry } from '../../store/store.ts'
import { toAscii } from '../../verify/lookup.ts'
import type { Said } from '../bounce/said.ts'
import { readOptions, writeOptions } from './options.ts'

const REPORT_MS = 2 * 86_400_000 // a report that nobody takes for so long is dropped

/** The address that the sender wrote to, where another one stood behind it. */
const writtenTo = (entry: QueueEntry): string => {
  const { orcpt = '' } = readOptions(entry.options)
  return orcpt.slice(orcpt.indexOf(';') + 1) || entry.recipient
}

/** @returns what is told to somebody elsewhere: under the address that they wrote to, in the peer's words too. */
export const veiled = <T extends { readonly entry: QueueEntry; readonly said: Said }>(
  told: readonly T[],
): readonly T[] =>
  told.map((one) => {
    const name = writtenTo(one.entry)
    const words = one.said.text.split(one.entry.recipient).join(name)
    return { ...one, entry: { ...one.entry, recipient: name }, said: { ...one.said, text: words } }
  })

/** @param to whom the report is for. @returns its entry in the queue. */
export const reportEntry = (about: QueueEntry, to: string, now: number): NewQueueEntry => {
  const domain = to.slice(to.lastIndexOf('@') + 1)
  const { smtpUtf8 } = readOptions(about.options)
  return {
    ...{ account: null, sender: '', recipient: to, domain: domain.startsWith('[') ? domain : toAscii(domain) },
    // Not the message's own id: entries of one message share a body.
    message: createHash('sha256').update(`report ${about.id} ${about.message}`).digest('hex').slice(0, 32),
    ...{ state: 'waiting', why: '', queuedAt: now, nextAt: now, expiresAt: now + REPORT_MS },
    options: writeOptions({
      ...{ notify: ['never'], smtpUtf8, body: '8bitmime', requireTls: false, subject: 'a report of failure' },
    }),
  }
}
