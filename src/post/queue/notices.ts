/**
 * What the senders of this house hear of their mail: failures, delays, and that it was passed on. A notice and what it says of the entries are one transaction. Only an account here is told, in
 * its inbox, and whoever sent what we sent on, by mail; what has the null sender, or was sent by the house itself (a bounce, a report), is never answered: it is kept as a receipt for the administrator. RFC 3464, RFC 5321 section 4.5.5.
 */
import type { AccountId } from '../../base/ids.ts'
import type { Log } from '../../base/log.ts'
import type { Answer, Place, QueueChange, QueueEntry, Receipt, Store } from '../../store/store.ts'
import type { Classified, Said } from '../bounce/said.ts'
import { type Bounce, writeBounce } from '../bounce/write.ts'
import { readOptions } from './options.ts'
import { reportEntry, veiled } from './returns.ts'

/** What came of one recipient. */
export type Told = {
  readonly entry: QueueEntry
  readonly said: Said
  readonly classified?: Classified
  readonly willRetryUntil?: number
  readonly change: QueueChange
}
export type NoticeDeps = {
  readonly store: Pick<Store, 'deliver' | 'readQueued'>
  readonly host: () => string
  readonly now: () => number
  readonly keepReceiptsMs: () => number
  /** The true sender behind a return address that we wrote; undefined for all other addresses. */
  readonly returnTo: (sender: string) => string | undefined
  /** A report was queued. */
  readonly wake: () => void
  readonly log: Log
}

const MOST_HEAD = 65_536 // octets of a message that are read for its header
const MOST_WHOLE = 1_048_576 // octets of a message returned whole (RET=FULL)

const endOfHead = (octets: Uint8Array): number => {
  const end = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).indexOf('\r\n\r\n')
  return end < 0 ? octets.length : end + 2
}

const receiptOf = (entries: readonly Told[], first: Told, deps: NoticeDeps): Receipt => ({
  ...{
    at: deps.now(),
    keepUntil: deps.now() + deps.keepReceiptsMs(),
    session: first.entry.message,
    ip: '',
    helo: first.said.host,
  },
  ...{ mailFrom: first.entry.sender, recipients: entries.map(({ entry }) => entry.recipient), messageId: '' },
  ...{ subject: readOptions(first.entry.options).subject, fromHeader: '', size: first.entry.size },
  ...{ verdict: 'reject', score: 0 },
  story: JSON.stringify({ facts: {}, hits: [], reasons: [`could not be sent: ${first.said.text}`] }),
})

export type Notices = {
  /** Failures of one message: its sender is told, or (`quiet` or nobody to tell) a receipt is kept; the entries end. */
  readonly failed: (told: readonly Told[], quiet: boolean) => Answer<null>
  /** Later, or passed on to a server that does not report: the sender is told. */
  readonly tell: (kind: 'delayed' | 'relayed', told: readonly Told[]) => Answer<null>
}

/** @returns the writer of notices. */
export const openNotices = (deps: NoticeDeps): Notices => {
  const { store, now } = deps

  const original = async (entry: QueueEntry, whole: boolean): Promise<Uint8Array> => {
    const to = whole ? entry.size : Math.min(entry.size, MOST_HEAD)
    const read = await store.readQueued({ id: entry.id, from: 0, to })
    if (!read.ok) return new Uint8Array(0) // the notice is worth more than the header in it
    return whole ? read.value : read.value.subarray(0, endOfHead(read.value))
  }
  const write = async (kind: Bounce['kind'], told: readonly Told[], first: Told, to?: string): Promise<Uint8Array> => {
    const { entry } = first
    const options = readOptions(entry.options)
    const full = options.ret === 'full' && kind === 'failed' && entry.size <= MOST_WHOLE
    return writeBounce({
      ...{ kind, host: deps.host(), id: entry.message, at: now(), to: to ?? entry.sender, arrivedAt: entry.queuedAt },
      ...(options.envid === undefined ? {} : { envid: options.envid }),
      recipients: told.map((one) => {
        const { orcpt } = readOptions(one.entry.options)
        return {
          ...{ recipient: one.entry.recipient, said: one.said, tries: one.entry.tries + 1 },
          ...(orcpt === undefined ? {} : { orcpt }),
          ...(one.classified === undefined ? {} : { classified: one.classified }),
          ...(one.willRetryUntil === undefined ? {} : { willRetryUntil: one.willRetryUntil }),
        }
      }),
      original: await original(entry, full),
      ...{ full, smtpUtf8: options.smtpUtf8 },
    })
  }
  const put = async (account: AccountId, message: Uint8Array, settle: readonly QueueChange[]): Answer<boolean> => {
    const place: Place = {
      ...{ account, mailbox: { name: 'INBOX' }, flags: [], prefix: 'Return-Path: <>\r\n' },
      ...{ internalDate: now(), enforceQuota: false },
    }
    const done = await store.deliver({ body: { bytes: message }, places: [place], settle, now: now() })
    return done.ok ? { ok: true, value: done.value[0]?.ok === true } : done
  }
  const keep = async (told: readonly Told[], first: Told): Answer<null> => {
    const settle = told.map(({ change }) => change)
    const receipt = receiptOf(told, first, deps)
    const done = await store.deliver({ body: { bytes: new Uint8Array(0) }, places: [], receipt, settle, now: now() })
    return done.ok ? { ok: true, value: null } : done
  }

  const tellElsewhere = async (told: readonly Told[], first: Told, to: string): Answer<null> => {
    const message = await write('failed', veiled(told), first, to)
    const queue = { prefix: '', entries: [reportEntry(first.entry, to, now())] }
    const settle = told.map(({ change }) => change)
    const done = await store.deliver({ body: { bytes: message }, places: [], queue, settle, now: now() })
    if (!done.ok) return done
    deps.wake()
    return { ok: true, value: null }
  }

  const failed: Notices['failed'] = async (told, quiet) => {
    const [first] = told
    if (first === undefined) return { ok: true, value: null }
    const { account, sender } = first.entry
    const back = quiet || account !== null ? undefined : deps.returnTo(sender)
    if (back !== undefined) return tellElsewhere(told, first, back)
    if (!quiet && account !== null && sender !== '') {
      const done = await put(
        account,
        await write('failed', told, first),
        told.map(({ change }) => change),
      )
      if (!done.ok) return done
      if (done.value) return { ok: true, value: null }
      deps.log.event('send-untold', { message: first.entry.message, sender, why: 'the account is gone' })
    }
    return keep(told, first)
  }
  const tell: Notices['tell'] = async (kind, told) => {
    const [first] = told
    if (first === undefined || first.entry.account === null) {
      const settle = told.map(({ change }) => change)
      const done = await store.deliver({ body: { bytes: new Uint8Array(0) }, places: [], settle, now: now() })
      return done.ok ? { ok: true, value: null } : done
    }
    const settle = told.map(({ change }) => change)
    const done = await put(first.entry.account, await write(kind, told, first), settle)
    if (!done.ok || done.value) return done.ok ? { ok: true, value: null } : done
    const settled = await store.deliver({ body: { bytes: new Uint8Array(0) }, places: [], settle, now: now() })
    return settled.ok ? { ok: true, value: null } : settled
  }
  return { failed, tell }
}
