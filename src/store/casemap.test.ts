import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareFolded, fold } from './casemap.ts'

for (const [a, b, same] of [
  ['Hello', 'hELLO', true],
  ['GRÜSSE', 'grüße', true],
  ['é', 'e\u0301', true],
  ['é', 'e', false],
  ['ΣΑΣ', 'σας', true],
  ['ﬁ', 'FI', true],
  ['', ' ', false],
] as const)
  void test(`"${a}" and "${b}" are ${same ? 'one' : 'two'}`, () => assert.equal(fold(a) === fold(b), same))

void test('the order is that of UTF-8 octets', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
      assert.equal(Math.sign(compareFolded(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)))
    }),
    { numRuns: 200 },
  )
  assert.ok(compareFolded('\u{10000}', '\uffff') > 0)
})
