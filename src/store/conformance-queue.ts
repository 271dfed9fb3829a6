/** The suite's tests of the queue of what leaves. Part of conformance.ts. */
import assert from 'node:assert/strict'
import { accountId } from '../base/ids.ts'
import type { NewQueueEntry, QueueEntry, Store } from './store.ts'
import { faultOf, latin1, must, NOW, octets, receiptOf, type StoreTest, worldOf } from './testing.ts'

const entryOf = (over: Partial<NewQueueEntry> = {}): NewQueueEntry => ({
  message: 'a'.repeat(32),
  account: null,
  sender: 'anna@example.org',
  recipient: 'bert@example.net',
  domain: 'example.net',
  state: 'waiting',
  why: '',
  queuedAt: NOW,
  nextAt: NOW,
  expiresAt: NOW + 5,
  options: '{"a":"é"}',
  ...over,
})
/** Queues a body for some recipients, in no mailbox. */
const send = async (store: Store, body: string, entries: readonly NewQueueEntry[], prefix = ''): Promise<void> => {
  const answers = await must(
    store.deliver({ body: { bytes: octets(body) }, places: [], queue: { prefix, entries }, now: NOW }),
  )
  assert.deepEqual(answers, [])
}
const all = async (store: Store): Promise<readonly QueueEntry[]> => must(store.queue({ most: 100 }))
const idsOf = async (store: Store, choice: Omit<Parameters<Store['queue']>[0], 'most'>): Promise<readonly number[]> =>
  (await must(store.queue({ ...choice, most: 100 }))).map((entry) => entry.id)
const remove = (id: number): { readonly id: number; readonly remove: true } => ({ id, remove: true })
const messageOf = async (store: Store, id: number): Promise<string | undefined> => {
  const [row] = await must(store.queueMessages({ ids: [id], mostBytes: 1e6 }))
  return row === undefined ? undefined : latin1(row.message)
}

export const queueTests: readonly StoreTest[] = [
  [
    'what is queued comes back as it was put, one row a recipient, the body once',
    async (store) => {
      const { account } = await worldOf(store)
      const [first, second] = [entryOf({ account }), entryOf({ recipient: '', domain: '[192.0.2.1]' })]
      await send(store, 'Subject: x\r\n\r\nh\xe9\r\n', [first, second], 'X-\xe9: 1\r\n')
      const entries = await all(store)
      const [one, two] = entries
      assert.deepEqual(entries, [
        { ...first, id: 1, blob: one?.blob, tries: 0, size: 26, last: '' },
        { ...second, id: 2, blob: one?.blob, tries: 0, size: 26, last: '' },
      ])
      for (const entry of [one, two])
        assert.equal(await messageOf(store, entry?.id ?? 0), 'X-\xe9: 1\r\nSubject: x\r\n\r\nh\xe9\r\n')
      assert.equal((await must(store.account({ id: account }))).usedBytes, 0)
      assert.deepEqual((await must(store.stats())).queue, { waiting: 2, held: 0, oldest: NOW, next: NOW })
    },
  ],
  [
    'entries are chosen by id, message, domain, account, state and time, a page at a time',
    async (store) => {
      const { account } = await worldOf(store)
      await send(store, 'x', [entryOf(), entryOf({ account, nextAt: NOW + 10 }), entryOf({ domain: 'example.com' })])
      await send(store, 'y', [entryOf({ message: 'b'.repeat(32), state: 'held', why: 'frozen', account })])
      assert.deepEqual(await idsOf(store, {}), [1, 2, 3, 4])
      assert.deepEqual(await idsOf(store, { ids: [3, 9, 1] }), [1, 3])
      assert.deepEqual(await idsOf(store, { ids: [3, 1], domain: 'example.com' }), [3])
      assert.deepEqual(await idsOf(store, { message: 'b'.repeat(32) }), [4])
      assert.deepEqual(await idsOf(store, { domain: 'example.net', account }), [2, 4])
      assert.deepEqual(await idsOf(store, { account: accountId(99) }), [])
      assert.deepEqual(await idsOf(store, { state: 'held' }), [4])
      assert.deepEqual(await idsOf(store, { state: 'waiting', dueBefore: NOW }), [1, 3])
      assert.deepEqual(await idsOf(store, { state: 'waiting', dueBefore: NOW + 10, account }), [2])
      assert.deepEqual(await idsOf(store, { dueBefore: NOW }), [1, 3, 4])
      assert.deepEqual(await idsOf(store, { after: 2, dueBefore: NOW, state: 'waiting' }), [3])
      assert.deepEqual(
        (await must(store.queue({ after: 1, most: 2 }))).map((entry) => entry.id),
        [2, 3],
      )
    },
  ],
  [
    'a settlement changes what it names, ends what is removed, and passes over what is gone',
    async (store) => {
      await send(store, 'x', [entryOf(), entryOf(), entryOf()])
      const changes = [
        { id: 1, nextAt: NOW + 60, tries: 1, last: '{"code":450}' },
        { id: 2, state: 'held', why: 'by-hand', expiresAt: NOW + 9, options: '{}' },
        remove(3),
        remove(3),
        { id: 77, tries: 5 },
      ] as const
      await must(store.settleQueue({ changes }))
      const [one, two, ...rest] = await all(store)
      assert.deepEqual([one?.nextAt, one?.tries, one?.last, one?.state], [NOW + 60, 1, '{"code":450}', 'waiting'])
      assert.deepEqual(
        [two?.state, two?.why, two?.expiresAt, two?.options, two?.nextAt],
        ['held', 'by-hand', NOW + 9, '{}', NOW],
      )
      assert.deepEqual(rest, [])
      await must(store.settleQueue({ changes: [{ id: 2, state: 'waiting', why: '' }] }))
      assert.deepEqual(await idsOf(store, { state: 'waiting' }), [1, 2])
      assert.deepEqual((await must(store.stats())).queue, { waiting: 2, held: 0, oldest: NOW, next: NOW })
    },
  ],
  [
    'a body that only leaves goes with its last entry, and no number of an entry comes again',
    async (store) => {
      await send(store, 'x', [entryOf(), entryOf()])
      await must(store.settleQueue({ changes: [remove(1)] }))
      assert.equal(await messageOf(store, 2), 'x')
      await must(store.settleQueue({ changes: [remove(2)] }))
      assert.equal(await messageOf(store, 2), undefined)
      assert.equal(await faultOf(store.readQueued({ id: 2, from: 0, to: 1 })), 'no-such-message')
      assert.deepEqual(await must(store.tidy({ now: NOW })), { removed: 0, more: false })
      await send(store, 'y', [entryOf()])
      assert.deepEqual(await idsOf(store, {}), [3])
      assert.deepEqual((await must(store.stats())).queue.waiting, 1)
    },
  ],
  [
    'a body in a mailbox and in the queue is one; it stays for the queue when the mailbox lets go, and the other way round',
    async (store) => {
      const world = await worldOf(store)
      for (const prefix of ['To: anna\r\n', 'To: bert\r\n']) {
        const answers = await must(
          store.deliver({
            body: { bytes: octets('body') },
            places: [world.place({ prefix: 'To: anna\r\n' })],
            queue: { prefix, entries: [entryOf()] },
            now: NOW,
          }),
        )
        assert.equal(answers[0]?.ok, true)
      }
      const uids = [[1, 2]] as const
      await must(store.expunge({ mailbox: world.inbox, uids, evenUndeleted: true, now: NOW }))
      assert.deepEqual(await must(store.tidy({ now: NOW })), { removed: 0, more: false })
      assert.equal(await messageOf(store, 1), 'To: anna\r\nbody')
      assert.equal(await messageOf(store, 2), 'To: bert\r\nbody')
      assert.deepEqual(await must(store.check()), [])
      await must(store.settleQueue({ changes: [remove(1), remove(2)] }))
      assert.deepEqual(await must(store.tidy({ now: NOW })), { removed: 2, more: false })
      const placed = await world.put('other')
      await must(
        store.deliver({
          body: { bytes: octets('kept') },
          places: [world.place()],
          queue: { prefix: 'X: y\r\n', entries: [entryOf()] },
          settle: [remove(1)],
          now: NOW,
        }),
      )
      await must(store.settleQueue({ changes: [remove(3)] }))
      await must(store.tidy({ now: NOW }))
      const read = await must(store.readMessage({ mailbox: world.inbox, uid: placed.uid, from: 0, to: 99 }))
      assert.equal(latin1(read), 'other')
    },
  ],
  [
    'what is queued is queued although every place refuses; a settlement needs a place or the queue to take the message',
    async (store) => {
      const full = await worldOf(store, 'full@example.org', 3)
      await send(store, 'x', [entryOf()])
      const deliver = (over: Partial<Parameters<Store['deliver']>[0]>) =>
        store.deliver({ body: { bytes: octets('too large') }, places: [full.place()], now: NOW, ...over })
      assert.deepEqual(await must(deliver({ settle: [remove(1)], receipt: receiptOf({}) })), [
        { ok: false, error: 'over-quota' },
      ])
      assert.deepEqual(await idsOf(store, {}), [1])
      assert.equal((await must(store.receipts({ since: 0, most: 9 }))).length, 1)
      const queued = { queue: { prefix: '', entries: [entryOf()] }, settle: [remove(1)] }
      assert.deepEqual(await must(deliver(queued)), [{ ok: false, error: 'over-quota' }])
      assert.deepEqual(await idsOf(store, {}), [2])
      assert.equal(await messageOf(store, 2), 'too large')
      await must(deliver({ places: [full.place({ enforceQuota: false })], settle: [remove(2)] }))
      assert.deepEqual(await idsOf(store, {}), [])
    },
  ],
  [
    'messages come a bounded page at a time, and in slices',
    async (store) => {
      const large = 'z'.repeat(40_000)
      await send(store, large, [entryOf()], 'A: b\r\n')
      await send(store, 'second', [entryOf()])
      await send(store, 'third', [entryOf()])
      const page = async (ids: readonly number[], mostBytes: number) =>
        (await must(store.queueMessages({ ids, mostBytes }))).map((row) => row.id)
      assert.deepEqual(await page([2, 99, 3, 1], 40_000), [2, 3])
      assert.deepEqual(await page([1, 2], 10), [1])
      assert.deepEqual(await page([], 10), [])
      const whole = `A: b\r\n${large}`
      for (const [from, to] of [
        [0, 3],
        [3, 20],
        [6, 9],
        [40_000, 50_000],
        [-5, 7],
        [9, 9],
        [50_000, 60_000],
      ] as const)
        assert.equal(
          latin1(await must(store.readQueued({ id: 1, from, to }))),
          whole.slice(Math.max(from, 0), to),
          `${from} to ${to}`,
        )
    },
  ],
  [
    'a dropped account leaves what it sent in the queue',
    async (store) => {
      const { account } = await worldOf(store)
      await send(store, 'x', [entryOf({ account })])
      await must(store.dropAccount({ id: account }))
      assert.deepEqual(await idsOf(store, { account }), [1])
    },
  ],
]
