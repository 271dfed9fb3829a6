/** What the store's tests share: results that must be good, messages, summaries, and a store with an account in it. */
import assert from 'node:assert/strict'
import type { AccountId, MailboxId } from '../base/ids.ts'
import type { Result } from '../base/result.ts'
import { type Summary, summarize } from '../mime/summary.ts'
import type { Place, Placed, Receipt, Store, StoreFault } from './store.ts'

/** 2026-11-25 04:00:00 UTC. */
export const NOW = 1_795_579_200_000

/** The value of an outcome that must be good. */
export const must = async <T, E>(outcome: Result<T, E> | Promise<Result<T, E>>): Promise<T> => {
  const got = await outcome
  assert.ok(got.ok, `expected a value, got the fault ${String(!got.ok && got.error)}`)
  return got.value
}

/** The fault of an outcome that must be bad. */
export const faultOf = async <T>(outcome: Promise<Result<T, StoreFault>>): Promise<StoreFault> => {
  const got = await outcome
  assert.ok(!got.ok, `expected a fault, got ${JSON.stringify(got.ok && got.value)}`)
  return got.error
}

export const octets = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
export const latin1 = (bytes: Uint8Array | undefined): string =>
  Buffer.from(bytes ?? new Uint8Array()).toString('latin1')

/** A summary that says nothing but what is given. */
export const summaryOf = (fields: Partial<Summary>): Summary => ({ ...summarize(new Uint8Array()), ...fields })

/** A store with one account in it, and the short ways to put mail there. */
export type World = {
  readonly store: Store
  readonly account: AccountId
  readonly inbox: MailboxId
  readonly place: (over?: Partial<Place>) => Place
  readonly put: (text: string, over?: Partial<Place>, summary?: Partial<Summary>) => Promise<Placed>
  readonly make: (name: string) => Promise<MailboxId>
}

/** Adds an account and gives its world. */
export const worldOf = async (store: Store, name = 'anna@example.org', quotaBytes = 0): Promise<World> => {
  const added = await must(store.addAccount({ name, passwordHash: '$argon2id$', quotaBytes, settings: '{}', now: NOW }))
  const account = added.id
  const inbox = (await must(store.mailbox({ account, name: 'INBOX' }))).id
  const place = (over: Partial<Place> = {}): Place => ({
    account,
    mailbox: inbox,
    flags: [],
    prefix: '',
    internalDate: NOW,
    enforceQuota: true,
    ...over,
  })
  return {
    store,
    account,
    inbox,
    place,
    put: async (text, over = {}, summary = undefined) => {
      const [placed] = await must(
        store.deliver({
          body: { bytes: octets(text) },
          ...(summary === undefined ? {} : { summary: summaryOf(summary) }),
          places: [place(over)],
          now: NOW,
        }),
      )
      assert.ok(placed !== undefined)
      return must(placed)
    },
    make: async (mailbox) => (await must(store.addMailbox({ account, name: mailbox, now: NOW }))).id,
  }
}

/** A receipt of an accepted message, with what is given changed. */
export const receiptOf = (over: Partial<Receipt>): Receipt => ({
  at: NOW,
  keepUntil: NOW + 1000,
  session: 's1',
  ip: '192.0.2.1',
  helo: 'mx.example.net',
  mailFrom: 'x@example.net',
  recipients: ['anna@example.org'],
  messageId: '<1@example.net>',
  subject: 'Grüße',
  fromHeader: 'X <x@example.net>',
  size: 100,
  verdict: 'accept',
  score: -1.5,
  story: '{"hits":[]}',
  ...over,
})

/** A test of the suite that every backend passes. */
export type StoreTest = readonly [says: string, run: (store: Store) => Promise<void>]
