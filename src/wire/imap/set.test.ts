import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { holds, namedSet, ranges, rangesOf, resolve, writeInOrder, writeRanges } from './set.ts'
import { readWhole } from './syntax.ts'

const read = (text: string) => readWhole({ tag: 'a', verb: 'X', pieces: [text] }, ranges)

for (const [text, max, want] of [
  ['1', 5, '1'],
  ['1:*', 5, '1:5'],
  ['*', 5, '5'],
  ['*:2', 5, '2:5'],
  ['3,1,2', 5, '1:3'],
  ['5:3', 5, '3:5'],
  ['1:3,2:4', 5, '1:4'],
  ['7:*', 5, '5:7'],
  ['*', 0, ''],
  ['4294967295', 5, '4294967295'],
] as const)
  test(`the set ${text} of ${max} is ${want || 'empty'}`, () => {
    const found = read(text)
    assert.ok(found.ok)
    assert.equal(writeRanges(resolve(found.value, max)), want)
  })

for (const text of ['', '0', '1:', ':1', '1,', 'a', '1:2:3', '4294967296', '-1', '1..2', '1 2'])
  test(`"${text}" is no set`, () => assert.equal(read(text).ok, false))

test('a dollar is the saved result', () => {
  assert.deepEqual(readWhole({ tag: '', verb: '', pieces: ['$'] }, namedSet), { ok: true, value: { saved: true } })
})

test('UIDs in the order of another list keep their order', () => {
  assert.equal(writeInOrder([4, 1, 2, 3, 9]), '4,1:3,9')
  assert.equal(writeInOrder([]), '')
})

const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 40 })

test('what is written as ranges is read as the same numbers, and holds finds just those', () => {
  fc.assert(
    fc.property(numbers, (found) => {
      const sorted = [...found].sort((a, b) => a - b)
      const written = writeRanges(rangesOf(sorted))
      if (sorted.length === 0) return assert.equal(written, '')
      const again = read(written)
      assert.ok(again.ok)
      const set = resolve(again.value, 60)
      for (let number = 1; number <= 61; number += 1) assert.equal(holds(set, number), sorted.includes(number))
    }),
  )
})

test('a normal set ascends and its ranges neither touch nor overlap', () => {
  const range = fc.tuple(fc.nat(50), fc.nat(50))
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), fc.nat(50), (named, max) => {
      const set = resolve(named, max)
      for (const [at, [first, last]] of set.entries()) {
        assert.ok(first >= 1 && first <= last)
        if (at > 0) assert.ok(first > (set[at - 1]?.[1] ?? 0) + 1)
      }
    }),
  )
})
