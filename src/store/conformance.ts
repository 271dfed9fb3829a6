/**
 * The one suite that every backend passes: each test gets an empty store, and after each `check` must find nothing. What is here is
 * the contract of store.ts; a backend's own ways (files, locks, crashes) have tests of their own.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mailboxId } from '../base/ids.ts'
import { messageTests } from './conformance-messages.ts'
import { queueTests } from './conformance-queue.ts'
import { searchTests } from './conformance-search.ts'
import type { Address, Bell, Store } from './store.ts'
import { faultOf, must, NOW, octets, receiptOf, type StoreTest, worldOf } from './testing.ts'

const accountTests: readonly StoreTest[] = [
  [
    'an account is found by id and by name in any case, and has an INBOX',
    async (store) => {
      const made = await must(
        store.addAccount({ name: 'Anna@Example.org', passwordHash: 'x', quotaBytes: 5, settings: '{"a":1}', now: NOW }),
      )
      assert.equal(made.name, 'anna@example.org')
      assert.deepEqual(await must(store.account({ id: made.id })), made)
      assert.deepEqual(await must(store.account({ name: 'ANNA@example.org' })), made)
      assert.deepEqual(await must(store.accounts()), [made])
      const [inbox] = await must(store.mailboxes({ account: made.id }))
      assert.equal(inbox?.name, 'INBOX')
      assert.equal(inbox?.subscribed, true)
    },
  ],
  [
    'an account is not made twice, and a stranger is not there',
    async (store) => {
      await worldOf(store)
      const again = { name: 'ANNA@example.org', passwordHash: '', quotaBytes: 0, settings: '', now: NOW }
      assert.equal(await faultOf(store.addAccount(again)), 'already-exists')
      assert.equal(await faultOf(store.addAccount({ ...again, name: '' })), 'bad-name')
      assert.equal(await faultOf(store.account({ name: 'nobody@example.org' })), 'no-such-account')
    },
  ],
  [
    'a change of an account changes what is named and its place in the log',
    async (store) => {
      const { account } = await worldOf(store)
      const before = await must(store.account({ id: account }))
      const after = await must(store.changeAccount({ id: account, state: 'frozen', quotaBytes: 9 }))
      assert.deepEqual({ ...before, state: 'frozen', quotaBytes: 9, modSeq: after.modSeq }, after)
      assert.ok(after.modSeq > before.modSeq)
    },
  ],
  [
    'a dropped account takes its mail and addresses with it, and its id is not used again',
    async (store) => {
      const { account, put } = await worldOf(store)
      await put('Subject: x\r\n\r\nx\r\n', { flags: ['$Label'] })
      await must(store.putAddress({ address: 'anna@example.org', state: 'mailbox', account }))
      await must(store.dropAccount({ id: account }))
      assert.equal(await faultOf(store.account({ id: account })), 'no-such-account')
      assert.equal(await must(store.address({ address: 'anna@example.org' })), null)
      assert.equal((await must(store.stats())).messages, 0)
      await must(store.tidy({ now: NOW }))
      const next = await worldOf(store)
      assert.notEqual(next.account, account)
    },
  ],
  [
    'domains and addresses come back as they were put',
    async (store) => {
      const { account } = await worldOf(store)
      await must(store.putDomain({ name: 'Example.ORG', settings: '{}' }))
      await must(store.putDomain({ name: 'example.org', settings: '{"b":2}' }))
      assert.deepEqual(await must(store.domains()), [{ name: 'example.org', settings: '{"b":2}' }])
      const rows: readonly Address[] = [
        { address: '@example.org', state: 'mailbox', account },
        { address: 'old@example.org', state: 'reject', says: 'gone', from: 1, until: 2 },
        { address: 'team@example.org', state: 'alias', targets: ['a@example.org', 'b@example.net'] },
      ]
      for (const row of rows) await must(store.putAddress(row))
      assert.deepEqual(await must(store.addresses({ domain: 'example.org' })), rows)
      assert.deepEqual(await must(store.addresses({ account })), [rows[0]])
      assert.deepEqual(await must(store.address({ address: 'OLD@example.org' })), rows[1])
      await must(store.putAddress({ address: 'old@example.org', state: 'spamtrap' }))
      assert.deepEqual(await must(store.address({ address: 'old@example.org' })), {
        address: 'old@example.org',
        state: 'spamtrap',
      })
      await must(store.dropAddress({ address: 'old@example.org' }))
      assert.equal(await faultOf(store.dropAddress({ address: 'old@example.org' })), 'no-such-address')
      assert.equal(await faultOf(store.putAddress({ address: 'nowhere', state: 'reject' })), 'bad-name')
      await must(store.dropDomain({ name: 'example.org' }))
      assert.deepEqual(await must(store.addresses({})), [])
      assert.equal(await faultOf(store.dropDomain({ name: 'example.org' })), 'no-such-domain')
    },
  ],
]

const names = async (store: Store, account: Parameters<Store['mailboxes']>[0]['account']): Promise<readonly string[]> =>
  (await must(store.mailboxes({ account }))).map((one) => one.name)

const mailboxTests: readonly StoreTest[] = [
  [
    'a mailbox is made with the levels above it, once',
    async (store) => {
      const { account } = await worldOf(store)
      const made = await must(store.addMailbox({ account, name: 'a/b/ç', specialUse: 'archive', now: NOW }))
      assert.equal(made.specialUse, 'archive')
      assert.deepEqual(await names(store, account), ['INBOX', 'a', 'a/b', 'a/b/ç'])
      assert.equal(await faultOf(store.addMailbox({ account, name: 'a/b', now: NOW })), 'already-exists')
      assert.equal(await faultOf(store.addMailbox({ account, name: 'inbox', now: NOW })), 'already-exists')
      assert.equal((await must(store.mailbox({ account, name: 'inBox' }))).name, 'INBOX')
    },
  ],
  [
    'names that are none are refused',
    async (store) => {
      const { account } = await worldOf(store)
      for (const name of [
        '',
        '/a',
        'a/',
        'a//b',
        'a\u0000',
        'a\nb',
        '*',
        'a%',
        'x'.repeat(501),
        '\ud800',
        `${'a/'.repeat(30)}a`,
      ])
        assert.equal(await faultOf(store.addMailbox({ account, name, now: NOW })), 'bad-name', JSON.stringify(name))
    },
  ],
  [
    'UIDVALIDITY is unique in an account and rises, also when a name comes again or the clock goes back',
    async (store) => {
      const { account } = await worldOf(store)
      const seen: number[] = []
      for (const now of [NOW, NOW, NOW - 86_400_000, NOW + 5_000]) {
        const made = await must(store.addMailbox({ account, name: 'x', now }))
        seen.push(made.uidValidity)
        await must(store.dropMailbox({ id: made.id }))
      }
      assert.deepEqual(
        seen,
        [...new Set(seen)].sort((a, b) => a - b),
      )
    },
  ],
  [
    'renaming takes the levels below and the subscriptions along',
    async (store) => {
      const { account, make } = await worldOf(store)
      for (const name of ['a/b/c', 'ab', 'a-b']) await make(name)
      const before = await must(store.mailbox({ account, name: 'a/b' }))
      await must(store.renameMailbox({ account, from: 'a', to: 'x/y', now: NOW }))
      assert.deepEqual(await names(store, account), ['INBOX', 'a-b', 'ab', 'x', 'x/y', 'x/y/b', 'x/y/b/c'])
      const after = await must(store.mailbox({ account, name: 'x/y/b' }))
      assert.equal(after.id, before.id)
      assert.equal(after.uidValidity, before.uidValidity)
      assert.equal(after.subscribed, true)
      assert.deepEqual(await must(store.subscriptions({ account })), await names(store, account))
    },
  ],
  [
    'renaming refuses what cannot be',
    async (store) => {
      const { account, make } = await worldOf(store)
      await make('a/b')
      const rename = (from: string, to: string): Promise<string> =>
        faultOf(store.renameMailbox({ account, from, to, now: NOW }))
      assert.equal(await rename('nope', 'x'), 'no-such-mailbox')
      assert.equal(await rename('a', 'INBOX'), 'already-exists')
      assert.equal(await rename('a', 'a/b/c'), 'bad-name')
      assert.equal(await rename('a', 'a'), 'already-exists')
      assert.equal(await rename('a', 'x//y'), 'bad-name')
    },
  ],
  [
    'INBOX renamed gives its messages away and stays (RFC 9051 section 6.3.6)',
    async (store) => {
      const { account, inbox, put } = await worldOf(store)
      await put('Subject: 1\r\n\r\n', { flags: ['\\Seen'] })
      await put('Subject: 2\r\n\r\n')
      await must(store.renameMailbox({ account, from: 'INBOX', to: 'old', now: NOW }))
      assert.equal((await must(store.mailbox({ id: inbox }))).messages, 0)
      const old = await must(store.mailbox({ account, name: 'old' }))
      assert.deepEqual([old.messages, old.unseen], [2, 1])
      assert.deepEqual([...(await must(store.changes({ mailbox: inbox, since: 1 }))).vanished], [1, 2])
    },
  ],
  [
    'a mailbox with others below, or INBOX, is not dropped; a dropped one takes its counts with it',
    async (store) => {
      const { account, inbox, make, put } = await worldOf(store)
      const below = await make('a/b')
      await put('Subject: 1\r\n\r\n', { mailbox: below })
      const above = (await must(store.mailbox({ account, name: 'a' }))).id
      assert.equal(await faultOf(store.dropMailbox({ id: above })), 'has-children')
      assert.equal(await faultOf(store.dropMailbox({ id: inbox })), 'bad-name')
      await must(store.dropMailbox({ id: above, evenAbove: true }))
      assert.equal((await must(store.mailbox({ id: below }))).messages, 1)
      await must(store.dropMailbox({ id: below }))
      const left = await must(store.account({ id: account }))
      assert.deepEqual([left.messages, left.usedBytes], [0, 0])
      assert.equal(await faultOf(store.mailbox({ id: below })), 'no-such-mailbox')
      assert.equal(await faultOf(store.dropMailbox({ id: below })), 'no-such-mailbox')
      // RFC 9051 section 6.3.7: a subscription outlives its mailbox.
      assert.deepEqual(await must(store.subscriptions({ account })), ['INBOX', 'a', 'a/b'])
    },
  ],
  [
    'subscriptions and special uses are set and taken',
    async (store) => {
      const { account, make } = await worldOf(store)
      const id = await make('Spam')
      await must(store.setMailbox({ id, subscribed: false, specialUse: 'junk' }))
      const set = await must(store.mailbox({ id }))
      assert.deepEqual([set.subscribed, set.specialUse], [false, 'junk'])
      await must(store.setMailbox({ id, specialUse: null }))
      assert.equal('specialUse' in (await must(store.mailbox({ id }))), false)
      await must(store.subscribe({ account, name: 'not/there', on: true }))
      assert.deepEqual(await must(store.subscriptions({ account })), ['INBOX', 'not/there'])
      await must(store.subscribe({ account, name: 'not/there', on: false }))
      assert.deepEqual(await must(store.subscriptions({ account })), ['INBOX'])
    },
  ],
  [
    'rights are given, seen by the one who has them, and taken; metadata likewise',
    async (store) => {
      const { account, inbox } = await worldOf(store)
      await must(store.setRights({ mailbox: inbox, who: 'bert@example.org', rights: 'lrs' }))
      assert.deepEqual(await must(store.rights({ mailbox: inbox })), [{ who: 'bert@example.org', rights: 'lrs' }])
      const [seen] = await must(store.shared({ who: 'bert@example.org' }))
      assert.deepEqual([seen?.mailbox.id, seen?.owner, seen?.rights], [inbox, 'anna@example.org', 'lrs'])
      assert.deepEqual(await must(store.shared({ who: 'anna@example.org' })), [])
      await must(store.setRights({ mailbox: inbox, who: 'bert@example.org', rights: '' }))
      assert.deepEqual(await must(store.rights({ mailbox: inbox })), [])
      const entry = { name: '/private/comment', value: octets('h\xe9') }
      for (const mailbox of [null, inbox]) {
        await must(store.setMetadata({ account, mailbox, entries: [entry] }))
        assert.deepEqual(await must(store.metadata({ account, mailbox })), [entry])
        await must(store.setMetadata({ account, mailbox, entries: [{ name: entry.name, value: null }] }))
        assert.deepEqual(await must(store.metadata({ account, mailbox })), [])
      }
      const many = Array.from({ length: 101 }, (_, i) => ({ name: `/private/${i}`, value: octets('x') }))
      assert.equal(await faultOf(store.setMetadata({ account, mailbox: null, entries: many })), 'too-many')
      assert.deepEqual(await must(store.metadata({ account, mailbox: null })), [])
      assert.equal(await faultOf(store.rights({ mailbox: mailboxId(999) })), 'no-such-mailbox')
    },
  ],
]

const smallTests: readonly StoreTest[] = [
  [
    'receipts come back newest first, by time, verdict and text, until they have been kept long enough',
    async (store) => {
      const rows = [
        receiptOf({ at: NOW - 10, verdict: 'reject', keepUntil: NOW - 1 }),
        receiptOf({ at: NOW, subject: 'Invoice' }),
        receiptOf({ at: NOW + 10 }),
      ]
      for (const row of rows) await must(store.addReceipt(row))
      assert.deepEqual(await must(store.receipts({ since: 0, most: 10 })), rows.toReversed())
      assert.deepEqual(await must(store.receipts({ since: NOW, most: 1 })), [rows[2]])
      assert.deepEqual(await must(store.receipts({ since: 0, verdict: 'reject', most: 10 })), [rows[0]])
      assert.deepEqual(await must(store.receipts({ since: 0, match: 'INVOICE', most: 10 })), [rows[1]])
      assert.deepEqual(await must(store.tidy({ now: NOW })), { removed: 1, more: false })
      assert.equal((await must(store.receipts({ since: 0, most: 10 }))).length, 2)
    },
  ],
  [
    'memos are remembered, replaced, found by their beginning, forgotten, and expire',
    async (store) => {
      const memo = (key: string, value: string, expiresAt: number | null = null) => ({
        key,
        value: octets(value),
        expiresAt,
      })
      const memos = [memo('ban/1', 'a'), memo('ban/2', 'b', NOW + 5), memo('ban0', 'c'), memo('x%', '')]
      await must(store.remember({ space: 'jail', memos }))
      await must(store.remember({ space: 'other', memos: [memo('ban/1', 'z')] }))
      assert.deepEqual(await must(store.recall({ space: 'jail', now: NOW })), memos)
      assert.deepEqual(await must(store.recall({ space: 'jail', startsWith: 'ban/', now: NOW })), memos.slice(0, 2))
      assert.deepEqual(await must(store.recall({ space: 'jail', key: 'x%', now: NOW })), [memos[3]])
      assert.deepEqual(await must(store.recall({ space: 'jail', startsWith: 'ban/', now: NOW + 5 })), [memos[0]])
      await must(store.remember({ space: 'jail', memos: [memo('ban/1', 'new', NOW)] }))
      await must(store.forget({ space: 'jail', keys: ['ban0', 'not there'] }))
      assert.deepEqual(await must(store.tidy({ now: NOW + 5 })), { removed: 2, more: false })
      assert.deepEqual(await must(store.recall({ space: 'jail', now: NOW })), [memos[3]])
      assert.equal((await must(store.recall({ space: 'other', now: NOW })))[0]?.value[0], 'z'.charCodeAt(0))
    },
  ],
  [
    'the bell rings after a change with its account and mailboxes, and not for one who left',
    async (store) => {
      const { account, inbox, put, make } = await worldOf(store)
      const rung: Bell[] = []
      const leave = store.listen((bell) => rung.push(bell))
      const placed = await put('Subject: 1\r\n\r\n')
      assert.deepEqual(rung, [{ account, modSeq: placed.modSeq, mailboxes: [inbox], mailboxesChanged: false }])
      await make('x')
      assert.deepEqual([rung.length, rung[1]?.mailboxesChanged], [2, true])
      await must(store.columns({ mailbox: inbox }))
      assert.equal(rung.length, 2)
      leave()
      await put('Subject: 2\r\n\r\n')
      assert.equal(rung.length, 2)
    },
  ],
]

const tests: readonly StoreTest[] = [
  ...accountTests,
  ...mailboxTests,
  ...smallTests,
  ...messageTests,
  ...queueTests,
  ...searchTests,
]

/** Registers the suite for a backend. @param open gives an empty store; @param options `done` is called after each test, with the store closed; `every` nth test is run, for a backend that is slow to start */
export const conformance = (
  backend: string,
  open: () => Promise<Store>,
  options: { readonly done?: () => void; readonly every?: number } = {},
): void => {
  for (const [says, run] of tests.filter((_, i) => i % (options.every ?? 1) === 0))
    void test(`${backend}: ${says}`, async () => {
      const store = await open()
      try {
        await run(store)
        assert.deepEqual(await must(store.check()), [])
      } finally {
        await store.close()
        options.done?.()
      }
      assert.equal(await faultOf(store.accounts()), 'closed')
    })
}
