import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeCharset, decodeRaw } from './charset.ts'

for (const [octets, charset, want] of [
  ['abc', '', 'abc'],
  ['caf\xc3\xa9', 'utf-8', 'café'],
  ['caf\xc3\xa9', 'us-ascii', 'café'],
  ['caf\xe9', 'utf-8', 'café'], // untrue: what it most likely is
  ['\x93a\x94', 'iso-8859-1', '“a”'], // everybody's Latin-1 is Windows-1252
  ['\xa4', 'ISO-8859-15', '€'],
  ['\xcf\xf0', ' "Windows-1251" ', 'Пр'],
  ['+AOk-', 'utf-7', 'é'],
  ['\x1b$BF|\x1b(B', 'iso-2022-jp', '日'],
  ['\x82\xa0', 'cp932', 'あ'],
  ['\x82', 'cp850', 'é'],
  ['a\0', 'utf-16le', 'a'],
  ['caf\xc3\xa9', 'x-unheard-of', 'café'],
  ['caf\xe9', 'x-unheard-of', 'café'],
  ['abc', '\0\xff*', 'abc'],
  ['a', '__proto__', 'a'],
  ['\xe9', 'constructor', 'é'],
] as const)
  test(`${JSON.stringify(octets)} in "${charset}" is ${want}`, () =>
    assert.equal(decodeCharset(Buffer.from(octets, 'latin1'), charset), want))

test('UTF-8 is read back in any of its names', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom('utf-8', 'UTF8', ''), (text, name) => {
      const bytes = Buffer.from(text)
      assert.equal(decodeCharset(bytes, name), bytes.toString())
    }),
  )
})

test('no octets and no name make it throw', () => {
  fc.assert(fc.property(fc.uint8Array(), fc.string(), (bytes, name) => typeof decodeCharset(bytes, name) === 'string'))
})

test('raw header text is UTF-8 where it can be', () => {
  assert.equal(decodeRaw('\xc3\xa9'), 'é')
  assert.equal(decodeRaw('\xe9'), 'é')
})
