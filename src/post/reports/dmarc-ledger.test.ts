import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../../base/log.ts'
import { openInline } from '../../store/sqlite/inline.ts'
import { DmarcLedger } from './dmarc-ledger.ts'
import { rowWith } from './testing.ts'

const START = Date.UTC(2026, 10, 25, 12)
const scene = () => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  const clock = { now: START }
  const deps = { store: opened.value, now: () => clock.now, log: silentLog }
  return { clock, deps, ledger: new DmarcLedger(deps) }
}

test('messages that fared alike count in one row, by day and domain', () => {
  const { ledger, clock } = scene()
  for (let count = 0; count < 3; count += 1) ledger.note(rowWith())
  ledger.note(rowWith({ ip: '192.0.2.2' }))
  ledger.note(rowWith({ policyDomain: 'example.net' }))
  clock.now += 86_400_000
  ledger.note(rowWith())
  assert.deepEqual(ledger.groups(), [
    { day: '2026-11-25', domain: 'example.com' },
    { day: '2026-11-25', domain: 'example.net' },
    { day: '2026-11-26', domain: 'example.com' },
  ])
  const rows = ledger.rows({ day: '2026-11-25', domain: 'example.com' })
  assert.deepEqual(
    rows.map(({ ip, count }) => [ip, count]),
    [
      ['192.0.2.1', 3],
      ['192.0.2.2', 1],
    ],
  )
})

test('counts outlive a restart and go on from there; what was dropped stays dropped', async () => {
  const { ledger, deps } = scene()
  ledger.note(rowWith())
  ledger.note(rowWith())
  ledger.note(rowWith({ policyDomain: 'example.net' }))
  ledger.drop({ day: '2026-11-25', domain: 'example.net' })
  await ledger.flushed()
  const again = new DmarcLedger(deps)
  assert.ok((await again.load()).ok)
  again.note(rowWith())
  assert.deepEqual(again.groups(), [{ day: '2026-11-25', domain: 'example.com' }])
  assert.equal(again.rows({ day: '2026-11-25', domain: 'example.com' })[0]?.count, 3)
})

test('a stranger who makes every message different fills a thousand rows at most, and no message is lost from the count before that', () => {
  const { ledger } = scene()
  for (let count = 0; count < 3_000; count += 1) ledger.note(rowWith({ envelopeFrom: `x${count}.test` }))
  const rows = ledger.rows({ day: '2026-11-25', domain: 'example.com' })
  assert.equal(rows.length, 501)
  assert.equal(
    rows.reduce((sum, { count }) => sum + count, 0),
    3_000,
  )
  for (let count = 0; count < 3_000; count += 1)
    ledger.note(rowWith({ ip: `10.0.${count >> 8}.${count & 255}`, envelopeFrom: `x${count}.test` }))
  assert.equal(ledger.rows({ day: '2026-11-25', domain: 'example.com' }).length, 1_000)
})

test('in all there are so many rows and no more', () => {
  const { ledger } = scene()
  for (let count = 0; count < 25_000; count += 1)
    ledger.note(rowWith({ policyDomain: `d${count % 2_500}.test`, ip: `10.1.${count >> 8}.${count & 255}` }))
  const all = ledger.groups().reduce((sum, group) => sum + ledger.rows(group).length, 0)
  assert.equal(all, 20_000)
})
