import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../base/log.ts'
import { openInline } from '../store/sqlite/inline.ts'
import { flagBits } from '../store/store.ts'
import { overdue, tidyHouse } from './tidy.ts'

const day = 86_400_000

test('what is older than the limit goes, in pieces; what is marked stays', () => {
  const count = 450
  const columns = {
    uids: Uint32Array.from({ length: count }, (_, n) => n + 1),
    flags: Uint8Array.from({ length: count }, (_, n) => (n === 0 ? flagBits.flagged : 0)),
    savedDates: Float64Array.from({ length: count }, (_, n) => n),
  }
  const { pieces, oldest } = overdue(columns, 440)
  assert.deepEqual(
    pieces.map((piece) => piece.length),
    [200, 200, 39],
  )
  assert.deepEqual(pieces[0]?.[0], [2, 2])
  assert.equal(oldest, 0)
  assert.deepEqual(
    overdue({ uids: new Uint32Array(0), flags: new Uint8Array(0), savedDates: new Float64Array(0) }, 1),
    {
      pieces: [],
      oldest: null,
    },
  )
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
  const tidied = await tidyHouse({ store, log: silentLog, now: () => 31 * day, keepJunkMs: 30 * day })
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
  const memo = await store.recall({ space: 'house', key: 'tidied', now: 31 * day })
  assert.ok(memo.ok)
  assert.equal(JSON.parse(Buffer.from(memo.value[0]?.value ?? []).toString()).junk, 2)
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
  })
  assert.deepEqual(tidied, { ok: false, error: 'busy' })
  assert.deepEqual(events, ['store-fault'])
})
