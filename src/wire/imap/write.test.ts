import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Literal } from './reader.ts'
import { astring, dateTime, nstring, readWhole } from './syntax.ts'
import { octetsOf, writeAstring, writeDateTime, writeMailboxName, writeNstring, writeString } from './write.ts'

/** What a client would make of a printed string: the pieces of a frame. */
const pieces = (text: string): (string | Literal)[] => {
  const found = /^\{(\d+)\}\r\n([\s\S]*)$/.exec(text)
  if (found === null) return [text]
  return ['', { bytes: Buffer.from(found[2] ?? '', 'latin1'), streamed: 0, binary: true }, '']
}
const octets = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 30,
})

test('a printed string is read back', () => {
  fc.assert(
    fc.property(octets, (text) => {
      for (const write of [writeString, writeAstring]) {
        const read = readWhole({ tag: '', verb: '', pieces: pieces(write(text)) }, astring)
        assert.deepEqual(read, { ok: true, value: text })
      }
    }),
  )
})

test('NIL is read back, and a string that says NIL is not it', () => {
  const read = (text: string) => readWhole({ tag: '', verb: '', pieces: pieces(text) }, nstring)
  assert.deepEqual(read(writeNstring(null)), { ok: true, value: null })
  assert.deepEqual(read(writeNstring('NIL')), { ok: true, value: 'NIL' })
  assert.equal(writeAstring('nil'), '"nil"')
})

for (const [at, want] of [
  [Date.UTC(1996, 6, 17, 2, 44, 25), '"17-Jul-1996 02:44:25 +0000"'],
  [Date.UTC(2026, 0, 1), '" 1-Jan-2026 00:00:00 +0000"'],
  [0, '" 1-Jan-1970 00:00:00 +0000"'],
] as const)
  test(`the time ${want}`, () => {
    assert.equal(writeDateTime(at), want)
    assert.deepEqual(readWhole({ tag: '', verb: '', pieces: [want] }, dateTime), { ok: true, value: at })
  })

test('every second is read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_799 }), (second) => {
      const read = readWhole({ tag: '', verb: '', pieces: [writeDateTime(second * 1000)] }, dateTime)
      assert.deepEqual(read, { ok: true, value: second * 1000 })
    }),
  )
})

for (const [name, unicode, want] of [
  ['INBOX', false, 'INBOX'],
  ['My Mail', false, '"My Mail"'],
  ['Entwürfe', false, 'Entw&APw-rfe'],
  ['Entwürfe', true, `"${octetsOf('Entwürfe')}"`],
  ['a"b', true, '"a\\"b"'],
  ['NIL', false, '"NIL"'],
] as const)
  test(`the name ${name} ${unicode ? 'in UTF-8' : 'in UTF-7'}`, () =>
    assert.equal(writeMailboxName(name, unicode), want))
