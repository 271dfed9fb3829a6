/** Mail of our own queue for people here: mailboxes, meanings that changed, large messages in slices, faults. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { talkSentences } from '../ban/sentences.ts'
import type { Spool } from '../base/spool.ts'
import { openInline } from '../store/sqlite/inline.ts'
import type { Store } from '../store/store.ts'
import { openAccounts } from './accounts.ts'
import { courierHere } from './arrive.ts'
import type { Errand, Outcome, Parcel } from './queue/courier.ts'
import { postDefaults } from './settings.ts'

type House = {
  readonly store: Store
  readonly send: (...parcels: readonly Parcel[]) => Promise<readonly Outcome[]>
  readonly discarded: () => number
}

const openHouse = async (change: (store: Store) => Store = (store) => store): Promise<House> => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  const store = opened.value
  const now = (): number => 1e12
  const accounts = openAccounts({ store, now, fresh: (octets) => Buffer.alloc(octets) })
  assert.ok((await accounts.addDomain({ name: 'example.org' })).ok)
  for (const name of ['anna@example.org', 'ben@example.org']) {
    const account = await store.addAccount({ name, passwordHash: '', quotaBytes: 0, settings: '{}', now: 0 })
    assert.ok(account.ok)
    assert.ok((await store.putAddress({ address: name, state: 'mailbox', account: account.value.id })).ok)
  }
  for (const row of [
    {
      address: 'all@example.org',
      state: 'alias',
      targets: ['anna@example.org', 'ben@example.org', 'x@elsewhere.example'],
    },
    { address: 'hole@example.org', state: 'blackhole' },
    { address: 'gone@example.org', state: 'reject', says: 'Write to anna' },
  ] as const)
    assert.ok((await store.putAddress(row)).ok)
  let discarded = 0
  const newSpool = (): Spool => {
    const parts: Uint8Array[] = []
    return {
      write: (bytes) => void parts.push(Buffer.from(bytes)),
      finish: async () => {
        const bytes = Buffer.concat(parts)
        return { body: { bytes }, size: bytes.length }
      },
      discard: () => {
        discarded += 1
      },
    }
  }
  const settings = {
    host: 'mx.example.org',
    ...postDefaults,
    jail: { enabled: true, sentences: talkSentences, allow: [], banLoopback: false },
  }
  const courier = courierHere({
    store: change(store),
    now,
    settings: () => settings,
    log: { event: () => undefined },
    newSpool,
  })
  const send: House['send'] = async (...parcels) => {
    const left = [...parcels]
    const begun: Parcel[] = []
    const outcomes: Outcome[] = []
    const errand: Errand<Parcel> = {
      next: () => left.shift(),
      more: async () => false,
      begins: (parcel) => void begun.push(parcel),
      done: (parcel, outcome) => {
        assert.equal(begun.at(-1), parcel, 'it was begun before it was done')
        outcomes.push(outcome)
      },
      back: () => assert.fail(),
    }
    assert.equal(await courier.run(errand), undefined)
    return outcomes
  }
  return { store, send, discarded: () => discarded }
}

const parcel = (
  to: readonly string[],
  content: Parcel['content'] = Buffer.from('Subject: x\r\n\r\nHi\r\n'),
  size = 16,
): Parcel => ({
  sender: 'anna@example.org',
  recipients: to.map((address) => ({ address, notify: [] })),
  options: { smtpUtf8: false, body: '7bit', requireTls: false },
  size,
  content,
})
const inbox = async ({ store }: House, name: string): Promise<readonly string[]> => {
  const owner = await store.account({ name })
  assert.ok(owner.ok)
  const found = await store.mailbox({ account: owner.value.id, name: 'INBOX' })
  if (!found.ok) return []
  const page = await store.messages({
    mailbox: found.value.id,
    uids: [[1, 4294967295]],
    want: { message: true },
    most: 9,
    mostBytes: 1e7,
  })
  assert.ok(page.ok)
  return page.value.rows.map((row) => Buffer.from(row.message ?? []).toString('latin1'))
}
const said = (outcomes: readonly Outcome[]): readonly string[] =>
  outcomes.flatMap(({ recipients }) =>
    recipients.map((one) => (one === 'taken' ? one : `${one.code} ${one.enhanced} ${one.text}`)),
  )

test('each recipient has it once, with its Return-Path; several parcels go in one errand', async () => {
  const house = await openHouse()
  const outcomes = await house.send(parcel(['anna@example.org', 'ANNA+x@example.org']), parcel(['all@example.org']))
  assert.deepEqual(said(outcomes), ['taken', 'taken', 'taken'])
  assert.deepEqual((await inbox(house, 'anna@example.org')).length, 2)
  assert.deepEqual(await inbox(house, 'ben@example.org'), [
    'Return-Path: <anna@example.org>\r\nSubject: x\r\n\r\nHi\r\n',
  ])
})

test('an address that means something else by now is answered for itself', async () => {
  const house = await openHouse()
  const outcomes = await house.send(
    parcel(['ben@example.org', 'nobody@example.org', 'gone@example.org', 'hole@example.org', 'x@elsewhere.example']),
  )
  assert.deepEqual(said(outcomes), [
    'taken',
    '550 5.1.1 No such user here',
    '550 5.2.1 Write to anna',
    'taken',
    '451 4.3.0 We cannot store mail now: try again later',
  ])
})

test('a full mailbox is told, and its message stays in the queue', async () => {
  const house = await openHouse()
  const ben = await house.store.account({ name: 'ben@example.org' })
  assert.ok(ben.ok)
  await house.store.changeAccount({ id: ben.value.id, quotaBytes: 10 })
  assert.deepEqual(said(await house.send(parcel(['ben@example.org']))), ['452 4.2.2 The mailbox is full'])
})

test('a large message comes in slices; one that cannot be read is tried again', async () => {
  const house = await openHouse()
  const octets = Buffer.from(`Subject: large\r\n\r\n${'x'.repeat(3_000_000)}\r\n`)
  const slices: (readonly [number, number])[] = []
  const read = async (from: number, to: number): Promise<Uint8Array> => {
    slices.push([from, to])
    return octets.subarray(from, to)
  }
  assert.deepEqual(said(await house.send(parcel(['ben@example.org'], read, octets.length))), ['taken'])
  assert.ok((await inbox(house, 'ben@example.org'))[0]?.endsWith(octets.toString('latin1')))
  assert.ok(slices.length === 3 && slices.every(([from, to]) => to - from <= 1_048_576))
  const broken = parcel(['ben@example.org'], async () => undefined, 10)
  assert.match(said(await house.send(broken))[0] ?? '', /^451 4\.3\.0 /)
  assert.equal(house.discarded(), 1)
})

test('a store that refuses is told for every recipient, and nothing is lost', async () => {
  const house = await openHouse((store) => ({ ...store, deliver: async () => ({ ok: false, error: 'disk-full' }) }))
  const outcomes = said(await house.send(parcel(['anna@example.org', 'ben@example.org'])))
  assert.ok(outcomes.length === 2 && outcomes.every((one) => one.startsWith('451 4.3.0 ')))
})
