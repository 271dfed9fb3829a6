import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeBase64, decodePart, decodeQuotedPrintable, isIdentity } from './encoding.ts'

const latin1 = (bytes: Uint8Array | null): string | undefined =>
  bytes === null ? undefined : Buffer.from(bytes).toString('latin1')
const octets = (text: string): Buffer => Buffer.from(text, 'latin1')

for (const [text, want] of [
  ['', ''],
  ['YWJj', 'abc'],
  ['YWI=', 'ab'],
  ['YQ==', 'a'],
  ['YQ', 'a'],
  ['YWI', 'ab'],
  ['YWJjZ', 'abc'], // a quantum of one character holds no octet
  ['YW\r\nJj\r\n', 'abc'],
  ['Y!W-J_j', 'abc'], // RFC 2045 section 6.8: other characters are ignored
  ['YQ==YWI=YWJj', 'aababc'], // concatenated
  ['====', ''],
  ['/+8A', '\xff\xef\x00'],
] as const)
  test(`base64 ${JSON.stringify(text)} is ${JSON.stringify(want)}`, () =>
    assert.equal(latin1(decodeBase64(octets(text))), want))

for (const [text, want] of [
  ['', ''],
  ['a=3Db', 'a=b'],
  ['a=3db', 'a=b'],
  ['a=\r\nb', 'ab'],
  ['a=\nb', 'ab'],
  ['a= \t\r\nb', 'ab'],
  ['a=', 'a'],
  ['a  \r\nb', 'a\r\nb'], // white space before a line end was added on the way
  ['a=20\r\nb', 'a \r\nb'],
  ['a=20 \r\nb', 'a \r\nb'],
  ['a ', 'a'],
  ['a=xyz', 'a=xyz'],
  ['a=4', 'a=4'],
  ['a\rb', 'a\rb'],
  ['\xe9', '\xe9'],
] as const)
  test(`quoted-printable ${JSON.stringify(text)} is ${JSON.stringify(want)}`, () =>
    assert.equal(latin1(decodeQuotedPrintable(octets(text))), want))

test('an encoding that changes nothing gives the octets themselves, an unknown one null', () => {
  const bytes = octets('a=3D')
  for (const name of ['', '7bit', '8bit', 'binary']) {
    assert.ok(isIdentity(name))
    assert.equal(decodePart(bytes, name), bytes)
  }
  assert.equal(decodePart(bytes, 'x-uuencode'), null)
  assert.equal(latin1(decodePart(bytes, 'quoted-printable')), 'a=')
  assert.equal(latin1(decodePart(octets('YQ=='), 'base64')), 'a')
})

test('what Node encodes is decoded, whatever line ends stand in it', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat(20), (bytes, width) => {
      const text = Buffer.from(bytes).toString('base64')
      const folded = text.replace(new RegExp(`.{${width + 1}}`, 'g'), '$&\r\n')
      assert.deepEqual(Buffer.from(decodeBase64(octets(folded))), Buffer.from(bytes))
    }),
  )
})

test('quoted-printable of every octet is decoded', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = [...bytes].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
      assert.deepEqual(Buffer.from(decodeQuotedPrintable(octets(text))), Buffer.from(bytes))
    }),
  )
})
