import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fieldRanges, readHeader } from './fields.ts'

const octets = (text: string): Buffer => Buffer.from(text, 'latin1')
const listed = (text: string): readonly string[] =>
  [...fieldRanges(octets(text))].map(
    (field) => `${field.kind}:${field.name}:${text.slice(field.valueFrom, field.valueTo)}`,
  )

for (const [text, want] of [
  ['', []],
  ['A: b\r\n', ['field:a: b']],
  ['A: b', ['field:a: b']],
  ['A: b\n\nbody: c\n', ['field:a: b', 'end::']],
  ['\r\nA: b', ['end::']],
  ['A: b\r\n c\r\n\td\r\nE:\r\n', ['field:a: b\r\n c\r\n\td', 'field:e:']],
  ['A \t: b\r\n', ['field:a: b']],
  [': b\r\n', ['junk::: b']],
  ['From x@y Mon\r\nA: b\r\n', ['junk::From x@y Mon', 'field:a: b']],
  ['>From x 10:00\r\n', ['field:>from x 10:00']],
  [' lost: fold\r\nA: b\r\n', ['field: lost: fold', 'field:a: b']],
  ['junk\r\n more: x\r\n', ['junk::junk\r\n more: x']],
  ['A: b\r\n\r', ['field:a: b', 'junk::\r']],
] as const)
  test(`the fields of ${JSON.stringify(text)}`, () => assert.deepEqual(listed(text), want))

test('a header is asked by name', () => {
  const header = readHeader(octets('To: a\r\nX: 1\r\nx: 2\r\n 3\r\njunk\r\n\r\nX: body\r\n'))
  assert.equal(header.field('x'), ' 1')
  assert.deepEqual(header.all('x'), [' 1', ' 2\r\n 3'])
  assert.equal(header.field('y'), undefined)
  assert.deepEqual(header.all('y'), [])
  assert.deepEqual(
    header.fields.map((field) => [field.name, field.from, field.to]),
    [
      ['to', 0, 7],
      ['x', 7, 13],
      ['x', 13, 23],
    ],
  )
})

test('a name longer than a line may be is none', () => {
  assert.equal(listed(`${'a'.repeat(998)}: b\r\n`)[0]?.startsWith('junk'), true)
  assert.equal(listed(`${'a'.repeat(900)}: b\r\n`)[0]?.startsWith('field'), true)
})

test('the ranges cover every octet up to the empty line, in order', () => {
  const piece = fc.constantFrom('A', ':', ' ', '\t', '\r\n', '\n', '\r', 'b', 'From')
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join('')
      let at = 0
      let ended = false
      for (const field of fieldRanges(octets(text))) {
        assert.ok(!ended && field.from === at && field.to > at && field.valueFrom <= field.valueTo)
        at = field.to
        ended = field.kind === 'end'
      }
      assert.ok(ended || at === text.length)
    }),
  )
})
