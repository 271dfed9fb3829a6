import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { History } from '../spam/facts.ts'
import { historyOf, type Verified, vouchedDomain } from './scan-port.ts'

const pass = (domain: string) => ({ result: 'pass', domain })

for (const [says, wire, claimed, want] of [
  ['nothing was verified', undefined, 'a.example', undefined],
  ['nothing passed', { spf: { result: 'fail', domain: 'a.example' } }, 'a.example', undefined],
  [
    'DMARC passed',
    { dmarc: { result: 'pass', domain: 'a.example' }, fromDomain: 'news.a.example' },
    'news.a.example',
    'news.a.example',
  ],
  [
    'DMARC failed, another domain signed',
    { dmarc: { result: 'fail' }, dkim: [pass('esp.example')] },
    'a.example',
    'esp.example',
  ],
  ['the domain signed', { dkim: [pass('esp.example'), pass('a.example')] }, 'a.example', 'a.example'],
  ['the domain above signed', { dkim: [pass('a.example')] }, 'news.a.example', 'news.a.example'],
  ['a domain below signed', { dkim: [pass('evil.a.example')] }, 'a.example', 'evil.a.example'],
  ['a look-alike signed', { dkim: [pass('nota.example')] }, 'a.example', 'nota.example'],
  ['SPF alone', { spf: pass('a.example') }, 'a.example', 'a.example'],
  ['SPF of another', { spf: pass('b.example') }, 'a.example', 'b.example'],
  ['no claim', { spf: pass('b.example') }, undefined, 'b.example'],
] as const satisfies readonly (readonly [string, Verified | undefined, string | undefined, string | undefined])[])
  test(`${says}: ${want} is vouched for`, () => assert.equal(vouchedDomain(wire, claimed), want))

test('a history counts only for the name that is vouched for', () => {
  const of = (knownCorrespondent: boolean): History => ({
    firstTimeSender: false,
    knownCorrespondent,
    senderScore: 0,
    networkScore: 0,
  })
  const facts = { history: { vouched: of(true), unvouched: of(false), domain: 'a.example' } }
  assert.equal(historyOf(facts, { spf: pass('a.example') })?.knownCorrespondent, true)
  assert.equal(historyOf(facts, { spf: pass('b.example') })?.knownCorrespondent, false)
  assert.equal(historyOf(facts, undefined)?.knownCorrespondent, false)
  assert.equal(historyOf({}, undefined), undefined)
})
