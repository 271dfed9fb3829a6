import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import PostalMime from 'postal-mime'
import { readHeader } from './fields.ts'
import { readMessage } from './message.ts'
import { encodeWords, plainText, wrapText, writeField, writeReport } from './report.ts'
import { decodeWords, headerText } from './words.ts'

/** Any UTF-16, halves of characters too. */
const units = (maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.nat(0xffff), { maxLength }).map((codes) => String.fromCharCode(...codes))

const nasty = fc.oneof(
  units(300),
  fc.string({
    unit: fc.constantFrom('\r', '\n', ' ', '\t', '\0', ':', 'é', '日', '😀', '\ud800', '=?', '?=', 'a'),
    maxLength: 200,
  }),
)

for (const [says, text, most, want] of [
  ['a line end', 'a\r\nBcc: b', 50, 'a Bcc: b'],
  ['controls and marks of direction', 'a\0b\u202ec\u2028d', 50, 'a b c d'],
  ['half of a character', 'a\ud83d', 50, 'a\ufffd'],
  ['too much', 'abcdef', 4, 'abc…'],
  ['a character that would be cut', 'ab😀d', 4, 'ab…'],
  ['nothing', '\r\n', 4, ''],
] as const)
  test(`plain text: ${says}`, () => assert.equal(plainText(text, most), want))

test('plain text is one printable line of the length asked for', () => {
  fc.assert(
    fc.property(nasty, fc.integer({ min: 1, max: 80 }), (text, most) => {
      const plain = plainText(text, most)
      assert.ok(plain.length <= most)
      assert.doesNotMatch(plain, /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]/)
      assert.ok(plain.isWellFormed())
      assert.equal(plainText(plain, most), plain)
    }),
  )
})

test('a field reads back as what was put in, in lines of bounded length', () => {
  fc.assert(
    fc.property(nasty, (text) => {
      const plain = plainText(text, 400)
      const field = writeField('Subject', encodeWords(plain))
      for (const line of field.trimEnd().split('\r\n')) assert.ok(Buffer.byteLength(line) <= 998)
      const { fields, field: get } = readHeader(Buffer.from(field))
      assert.equal(fields.length, 1)
      assert.equal(headerText(get('subject') ?? ''), plain)
      assert.match(field, /^[\x20-\x7e\r\n]*$/)
    }),
  )
})

test('text that looks like an encoded word is encoded, so that it stays what it is', () => {
  assert.equal(decodeWords(encodeWords('=?utf-8?Q?no?=')), '=?utf-8?Q?no?=')
})

test('wrapped text keeps its words', () => {
  fc.assert(
    fc.property(nasty, (text) => {
      const plain = plainText(text, 900)
      const wrapped = wrapText(plain, '  > ')
      for (const line of wrapped.slice(0, -2).split('\r\n'))
        assert.ok(line.startsWith('  >') && Buffer.byteLength(line) <= 998)
      assert.equal(
        wrapped.replaceAll('\r\n', '').replaceAll(/ {2}>/g, '').replaceAll(' ', ''),
        plain.replaceAll(/ {2}>| /g, ''),
      )
    }),
  )
})

test('every part of a report comes out as it went in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 4 }),
      fc.constantFrom('=_report_a_0', 'x'),
      async (bodies, evil) => {
        const parts = [...bodies, Buffer.from(`--${evil}\r\n\r\nforged\r\n--${evil}--\r\n`)].map((body) => ({
          type: 'application/x-test',
          body,
        }))
        const report = writeReport({ fields: [['Subject', 'x']], reportType: 'test', seed: 'a', parts })
        const root = readMessage(report)
        assert.deepEqual(
          root.children.map(({ bodyFrom, bodyTo }) => Buffer.from(report.subarray(bodyFrom, bodyTo)).toString('hex')),
          parts.map(({ body }) => Buffer.from(body).toString('hex')),
        )
        const read = await PostalMime.parse(report)
        assert.equal(read.attachments.length, parts.length)
      },
    ),
    { numRuns: 60 },
  )
})
