import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide, type Judged, mildest } from './verdict.ts'

const policy = { flag: 5, reject: 10, honourDmarc: true }
const plain: Judged = {
  score: 0,
  dmarc: 'none',
  dmarcPolicy: 'none',
  trustedForwarder: false,
  trapped: false,
  barred: false,
}

for (const [name, judged, want, reasons] of [
  ['plain mail', {}, 'accept', []],
  ['just under the flag', { score: 4.999 }, 'accept', []],
  ['the flag threshold itself', { score: 5 }, 'flag', ['score']],
  ['the reject threshold itself', { score: 10 }, 'reject', ['score']],
  ['a trap, whatever the score', { trapped: true, score: -5 }, 'reject', ['spamtrap']],
  ['a sender whose name is sentenced', { barred: true }, 'reject', ['sender-banned']],
  ['a DMARC failure under p=reject', { dmarc: 'fail', dmarcPolicy: 'reject' }, 'reject', ['dmarc']],
  ['a DMARC failure under p=quarantine', { dmarc: 'fail', dmarcPolicy: 'quarantine' }, 'flag', ['dmarc']],
  ['a DMARC failure under p=none', { dmarc: 'fail', dmarcPolicy: 'none' }, 'accept', []],
  ['a DMARC failure that ARC explains', { dmarc: 'fail', dmarcPolicy: 'reject', trustedForwarder: true }, 'accept', []],
  ['a DNS failure', { dmarc: 'temperror', dmarcPolicy: 'reject' }, 'accept', []],
] as const)
  test(`${name}: ${want}`, () => assert.deepEqual(decide(policy, { ...plain, ...judged }), { kind: want, reasons }))

test('DMARC is left alone where the setting says so', () => {
  assert.equal(
    decide({ ...policy, honourDmarc: false }, { ...plain, dmarc: 'fail', dmarcPolicy: 'reject' }).kind,
    'accept',
  )
})

test('one recipient who would take it makes the answer', () => {
  const reject = decide(policy, { ...plain, score: 99 })
  const flag = decide(policy, { ...plain, score: 6 })
  assert.equal(mildest([reject, flag]).kind, 'flag')
  assert.equal(mildest([reject, reject]).kind, 'reject')
})
