import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { arcHops } from './arc-hops.ts'

test('the last forwarder comes first, with what it found', () => {
  assert.deepEqual(
    arcHops({
      cv: 'pass',
      sealers: ['List.example', 'google.com'],
      results: [
        ' lists.list.example; dkim=pass header.d=Sender.example header.s=x;\r\n dkim=fail header.d=other.example; dmarc=pass (p=reject) header.from=sender.example',
        ' mx.google.com; arc=pass (i=1 dkim=pass); dkim=pass header.i=@list.example; dmarc=fail header.from=sender.example',
      ],
    }),
    [
      { sealer: 'google.com', dmarc: 'fail', dmarcDomain: 'sender.example', arc: 'pass', signed: ['list.example'] },
      { sealer: 'list.example', dmarc: 'pass', dmarcDomain: 'sender.example', arc: '', signed: ['sender.example'] },
    ],
  )
})

test('a chain that does not hold says nothing; words that cannot be read are no words', () => {
  assert.deepEqual(arcHops({ cv: 'fail', sealers: ['a.example'], results: ['x; dmarc=pass'] }), [])
  assert.deepEqual(arcHops({ cv: 'pass', sealers: ['a.example'], results: [';;;='] }), [
    { sealer: 'a.example', dmarc: '', dmarcDomain: '', arc: '', signed: [] },
  ])
})

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (results) => {
      assert.ok(arcHops({ cv: 'pass', sealers: results.map(() => 'a.example'), results }).length <= 10)
    }),
  )
})
