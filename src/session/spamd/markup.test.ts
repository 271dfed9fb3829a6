import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { headerOf, marked, withoutMarkup } from './markup.ts'

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

for (const [given, want] of [
  ['A: b\n\nX-Spam-Flag: YES\n', 'A: b\n\nX-Spam-Flag: YES\n'],
  ['X-Spam-Flag: YES\r\nA: b\r\n\r\nc', 'A: b\r\n\r\nc'],
  ['A: b\nx-spam-status: No,\n\ttests=none\nX-SPAM-Level: *\n c\nD: e\n f\n\ng', 'A: b\nD: e\n f\n\ng'],
  ['A: b\nX-Spam-Level: *\n\nc', 'A: b\n\nc'],
  ['X-Spam-Level: *', ''],
  ['', ''],
] as const)
  test(`${JSON.stringify(given)} without markup`, () => assert.equal(text(withoutMarkup(Buffer.from(given))), want))

for (const [given, want] of [
  ['A: b\r\n\r\nc', 'X: y\r\nA: b\r\n\r\nc'],
  ['A: b\n\nc', 'X: y\nA: b\n\nc'],
  ['From a@b Tue\nA: b\n\nc', 'From a@b Tue\nX: y\nA: b\n\nc'],
  ['', 'X: y\n'],
] as const)
  test(`${JSON.stringify(given)} marked`, () => {
    const [first, fields, rest] = marked(Buffer.from(given), 'X: y\r\n')
    assert.equal(text(first) + fields + text(rest), want)
  })

test('a header with its empty line', () => {
  assert.equal(text(headerOf(Buffer.from('A: b\r\n\r\nc'))), 'A: b\r\n\r\n')
  assert.equal(text(headerOf(Buffer.from('A: b'))), 'A: b')
})

test('fields that we add are taken out again, whatever the message', () => {
  const message = fc
    .array(fc.constantFrom('A: b\n', ' c\r\n', '\n', 'X-Spam-A: b\n', 'X-S', '\r\n'))
    .map((all) => all.join(''))
  fc.assert(
    fc.property(message, (given) => {
      const bare = withoutMarkup(Buffer.from(given))
      assert.equal(text(withoutMarkup(bare)), text(bare))
      if (text(bare).startsWith(' ')) return // a folded line without a field would be folded into ours
      const [first, fields, rest] = marked(bare, 'X-Spam-Flag: YES\r\n')
      assert.equal(text(withoutMarkup(Buffer.from(text(first) + fields + text(rest)))), text(bare))
    }),
  )
})
