import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { condense, decodeWords, headerText, unfold } from './words.ts'

for (const [text, want] of [
  ['plain', 'plain'],
  ['=?utf-8?q?caf=C3=A9?=', 'café'],
  ['=?UTF-8?B?w6k=?=', 'é'],
  ['=?iso-8859-1?Q?a_b=5F?=', 'a b_'],
  ['=?iso-8859-1*de?Q?=FC?=', 'ü'], // RFC 2231 section 5
  ['=?utf-8?q?a?= =?utf-8?q?b?=', 'ab'], // RFC 2047 section 6.2
  ['=?utf-8?q?a?=\t  =?iso-8859-1?q?=E9?=', 'aé'],
  ['=?utf-8?q?a?= b =?utf-8?q?c?=', 'a b c'],
  ['=?utf-8?q?=C3?= =?utf-8?q?=A9?=', 'é'], // a character cut in half
  ['x=?utf-8?q?a?=y', 'xay'],
  ['=?utf-8?x?a?=', '=?utf-8?x?a?='],
  ['=?utf-8?q?a', '=?utf-8?q?a'],
  ['=?nonsense-99?q?=E9?=', 'é'],
  ['=?us-ascii?q?=E9?=', 'é'],
  ['caf\xc3\xa9', 'café'], // RFC 6532
  ['caf\xe9', 'café'], // undeclared Windows-1252
  ['=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=', '日本'],
  ['=?koi8-r?B?8NLJ18XU?=', 'Привет'],
  ['=?gb2312?B?xOO6ww==?=', '你好'],
  ['=?utf-8?q??=', ''],
] as const)
  test(`${JSON.stringify(text)} reads ${JSON.stringify(want)}`, () => assert.equal(decodeWords(text), want))

test('unfolding takes out line ends and nothing else', () => {
  assert.equal(unfold('a\r\n b\n\tc'), 'a b\tc')
  assert.equal(unfold('a\rb'), 'a\rb')
  assert.equal(unfold(' a '), ' a ')
})

test('condensing leaves single spaces', () => {
  assert.equal(condense('  a \t b  '), 'a b')
  assert.equal(condense('a b'), 'a b')
  assert.equal(condense('\ta'), 'a')
})

test('header text is one line', () => {
  assert.equal(headerText(' =?utf-8?q?a=0D=0Ab?=\r\n c '), 'a b c')
})

test('text in UTF-8 words is read back, however it is cut', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (text, size) => {
      const bytes = Buffer.from(text)
      const words: string[] = []
      for (let at = 0; at < bytes.length; at += size)
        words.push(`=?utf-8?b?${bytes.subarray(at, at + size).toString('base64')}?=`)
      assert.equal(decodeWords(words.join(' ')), bytes.toString())
    }),
  )
})

test('no text makes it throw', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('=', '?', 'q', 'b', 'A', '_', '*', ' ', '\xe9') }),
      (text) => typeof headerText(text) === 'string',
    ),
  )
})
