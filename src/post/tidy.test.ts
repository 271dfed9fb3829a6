import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../base/log.ts'
import { openInline } from '../store/sqlite/inline.ts'
import { flagBits } from '../store/store.ts'
import { lastTidied, overdue, tidyHouse } from './tidy.ts'

const day = 86_400_000
const plain = (count: number) => ({ keywords: new Uint16Array(count), keywordSets: [[]] })

test('what is older than the limit goes, in pieces; what is marked stays', () => {
  const count = 450
  const columns = {
    uids: Uint32Array.from({ length: count }, (_, n) => n + 1),
    flags: Uint8Array.from({ length: count }, (_, n) => (n === 0 ? flagBits.flagged : 0)),
    savedDates: Float64Array.from({ length: count }, (_, n) => n),
    sizes: new Float64Array(count).fill(10),
    ...plain(count),
  }
  const { pieces, oldest, ...sums } = overdue(columns, { before: 440, room: 0 })
  assert.deepEqual(
    pieces.map((piece) => piece.length),
    [200, 200, 39],
  )
  assert.deepEqual(pieces[0]?.[0], [2, 2])
  assert.equal(oldest, 0)
  assert.deepEqual(sums, { goneOctets: 4390, kept: 11, keptOctets: 110 })
  const none = new Float64Array(0)
  assert.deepEqual(
    overdue(
      { uids: new Uint32Array(0), flags: new Uint8Array(0), savedDates: none, sizes: none, ...plain(0) },
      { before: 1, room: 0 },
    ),
    { pieces: [], goneOctets: 0, kept: 0, keptOctets: 0, oldest: null },
  )
})

test('where the room is less than what is kept, the oldest go first until it fits; what is marked stays', () => {
  const columns = {
    uids: Uint32Array.from([1, 2, 3, 4, 5]),
    flags: Uint8Array.from([flagBits.flagged, 0, 0, 0, 0]),
    savedDates: Float64Array.from([100, 140, 110, 130, 120]), // moved here in another order than their UIDs
    sizes: Float64Array.from([50, 10, 20, 30, 40]),
    ...plain(5),
  }
  assert.deepEqual(overdue(columns, { before: 105, room: 150 }), {
    pieces: [],
    goneOctets: 0,
    kept: 5,
    keptOctets: 150,
    oldest: 100,
  })
  assert.deepEqual(overdue(columns, { before: 105, room: 90 }), {
    pieces: [
      [
        [3, 3],
        [5, 5],
      ],
    ],
    goneOctets: 60,
    kept: 3,
    keptOctets: 90,
    oldest: 100,
  })
  // The marked one alone is more than the room: all others go, and it stays.
  assert.deepEqual(overdue(columns, { before: 105, room: 20 }).kept, 1)
  // Age and room together: UID 3 is too old, and 5 is the oldest of the rest.
  assert.deepEqual(overdue(columns, { before: 115, room: 95 }).pieces, [
    [
      [3, 3],
      [5, 5],
    ],
  ])
})

test('with a keyword, only what has it counts: what people file beside it stays', () => {
  const columns = {
    uids: Uint32Array.from([1, 2, 3]),
    flags: new Uint8Array(3),
    savedDates: Float64Array.from([1, 2, 30]),
    sizes: Float64Array.from([10, 10, 10]),
    keywords: Uint16Array.from([0, 1, 1]),
    keywordSets: [[], ['$Rejected']],
  }
  assert.deepEqual(overdue(columns, { before: 20, room: 0, keyword: '$Rejected' }), {
    pieces: [[[2, 2]]],
    goneOctets: 10,
    kept: 1,
    keptOctets: 10,
    oldest: 30,
  })
})

test('old Junk goes, new Junk and the INBOX stay, and it is written down', async () => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  const store = opened.value
  const account = await store.addAccount({
    name: 'a@example.org',
    passwordHash: '',
    quotaBytes: 0,
    settings: '{}',
    now: 0,
  })
  assert.ok(account.ok)
  const put = (name: string, now: number) =>
    store.deliver({
      body: { bytes: Buffer.from(`Subject: ${name} ${now}\r\n\r\n`) },
      now,
      places: [
        {
          account: account.value.id,
          mailbox: name === 'Junk' ? { name, specialUse: 'junk' } : { name },
          flags: [],
          prefix: '',
          internalDate: now,
          enforceQuota: false,
        },
      ],
    })
  for (const at of [0, 1, 25 * day]) for (const name of ['Junk', 'INBOX']) assert.ok((await put(name, at)).ok)
  const tidied = await tidyHouse({
    store,
    log: silentLog,
    now: () => 31 * day,
    keepJunkMs: 30 * day,
    junkRoom: 0,
    keepRejectedMs: 14 * day,
  })
  assert.ok(tidied.ok)
  assert.equal(tidied.value.junk, 2)
  assert.equal(tidied.value.oldestJunk, 25 * day)
  const boxes = await store.mailboxes({ account: account.value.id })
  assert.ok(boxes.ok)
  assert.deepEqual(
    boxes.value
      .filter(({ messages }) => messages > 0)
      .map(({ name, messages }) => [name, messages])
      .sort(),
    [
      ['INBOX', 3],
      ['Junk', 1],
    ],
  )
  assert.deepEqual(await lastTidied(store, 31 * day), tidied)
  await store.remember({
    space: 'house',
    memos: [{ key: 'tidied', value: Buffer.from('{"at":"x"}'), expiresAt: null }],
  })
  assert.deepEqual(await lastTidied(store, 31 * day), { ok: true, value: null })
  assert.deepEqual(await store.check(), { ok: true, value: [] })
})

test('a store that does not answer is a fault, said once', async () => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  const events: string[] = []
  const store = { ...opened.value, accounts: async () => ({ ok: false, error: 'busy' }) as const }
  const tidied = await tidyHouse({
    store,
    log: { event: (name) => void events.push(name) },
    now: () => 0,
    keepJunkMs: 1,
    junkRoom: 0,
    keepRejectedMs: 14 * day,
  })
  assert.deepEqual(tidied, { ok: false, error: 'busy' })
  assert.deepEqual(events, ['store-fault'])
})
