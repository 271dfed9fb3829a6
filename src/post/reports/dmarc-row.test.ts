import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DmarcFacts } from '../../verify/dmarc-facts.ts'
import { type Fate, plainRow, readRow, rowOf, writeRow } from './dmarc-row.ts'
import { rowWith } from './testing.ts'

const { ip, reason, ...passing } = rowWith()
const failing: DmarcFacts = {
  ...passing,
  dkimAligned: false,
  spfAligned: false,
  policy: 'reject',
  disposition: 'reject',
}
const { published } = failing
const done = (word: Fate['done'], trustedForwarder = false): Fate => ({ done: word, trustedForwarder })

for (const [name, facts, fate, want] of [
  ['what passes needs none', { ...passing, policy: 'reject' }, done('none'), undefined],
  ['what was done as asked needs none', failing, done('reject'), undefined],
  ['what a forwarder that is trusted brought', failing, done('none', true), 'trusted_forwarder'],
  ['what was taken all the same', failing, done('none'), 'local_policy'],
  ['what was only flagged', failing, done('quarantine'), 'local_policy'],
  [
    'a policy in testing',
    { ...failing, disposition: 'quarantine', published: { ...published, testing: true } },
    done('quarantine'),
    'policy_test_mode',
  ],
  [
    'a message outside pct',
    { ...failing, disposition: 'quarantine', published: { ...published, pct: 10 } },
    done('quarantine'),
    'other',
  ],
  ['a policy that asks for nothing', { ...failing, policy: 'none', disposition: 'none' }, done('none'), undefined],
] as const)
  test(`the reason of an override: ${name}`, () => assert.equal(rowOf('192.0.2.1', facts, fate).reason?.type, want))

test('a row is read back as it was written, and anything else is none', () => {
  const row = { ...rowOf('2001:db8::1', failing, done('none')), count: 7 }
  assert.deepEqual(readRow(writeRow(row)), row)
  for (const text of ['', 'x', '{}', '[]', '{"count":1}', '{"count":1,"ip":"x","policyDomain":"y"}'])
    assert.equal(readRow(Buffer.from(text)), undefined)
})

test('names that a stranger makes long are cut, and few signatures kept', () => {
  const long = 'x'.repeat(5_000)
  const dkim = Array.from({ length: 50 }, () => ({ domain: long, selector: long, result: 'fail' }))
  const row = rowOf('192.0.2.1', { ...failing, dkim, headerFrom: long, envelopeFrom: long }, done('none'))
  assert.ok(JSON.stringify(row).length < 6_000)
})

test('a plain row has nothing that a stranger can make different for each message', () => {
  const one = plainRow(
    rowWith({ envelopeFrom: 'a1.test', dkim: [{ domain: 'a1.test', selector: 'x1', result: 'pass' }] }),
  )
  const other = plainRow(rowWith({ envelopeFrom: 'b2.test', headerFrom: 'sub.example.com', dkim: [] }))
  assert.deepEqual(one, other)
})
