import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Pop3Event, Pop3Reader } from './reader.ts'

const limits = { line: 20, skip: 30 }
const readAll = (pieces: readonly (string | Uint8Array)[]): readonly Pop3Event[] => {
  const reader = new Pop3Reader(limits)
  const events: Pop3Event[] = []
  for (const piece of pieces) {
    const bytes = Uint8Array.from(Buffer.from(piece))
    reader.push(bytes)
    for (let event = reader.next(); event !== undefined; event = reader.next()) events.push(event)
    bytes.fill(0) // the caller may use it again
  }
  return events
}
const line = (text: string): Pop3Event => ({ event: 'line', text })
const bad = (why: 'control' | 'not-utf8' | 'too-long'): Pop3Event => ({ event: 'bad-line', why })

for (const [name, given, want] of [
  ['lines', 'USER a\r\nPASS  b \r\n', [line('USER a'), line('PASS  b ')]],
  ['an empty line', '\r\n', [line('')]],
  ['a bare LF', 'NOOP\nQUIT\n', [line('NOOP'), line('QUIT')]],
  ['a line that does not end', 'NOOP', []],
  ['a CR in a line', 'NO\rOP\r\n', [bad('control')]],
  ['two CRs', 'NOOP\r\r\n', [bad('control')]],
  ['a NUL', 'USER a\0b\r\nNOOP\r\n', [bad('control'), line('NOOP')]],
  ['a tab', 'PASS a\tb\r\n', [line('PASS a\tb')]],
  ['UTF-8', 'USER jürgen\r\n', [line('USER jürgen')]],
  ['a byte order mark, which is no part of a verb', '\ufeffQUIT\r\n', [line('\ufeffQUIT')]],
  ['Latin-1', Buffer.from('USER j\xfcr\r\nNOOP\r\n', 'latin1'), [bad('not-utf8'), line('NOOP')]],
  ['the longest line', `${'x'.repeat(18)}\r\n`, [line('x'.repeat(18))]],
  ['one octet more', `${'x'.repeat(19)}\r\nNOOP\r\n`, [bad('too-long'), line('NOOP')]],
  ['what does not end', `${'x'.repeat(51)}\r\nNOOP\r\n`, [{ event: 'endless' }]],
  ['a TLS handshake', Buffer.from([22, 3, 1, 0, 10, 13, 10]), [{ event: 'tls' }]],
  ['the octet 22 within a line', Buffer.from([65, 22, 10]), [bad('control')]],
] as const)
  test(`${name}, whole and octet by octet`, () => {
    assert.deepEqual(readAll([given]), want)
    assert.deepEqual(readAll([...Buffer.from(given)].map((octet) => Uint8Array.of(octet))), want)
  })

test('what was pushed before TLS is forgotten, and a begun line too', () => {
  const reader = new Pop3Reader(limits)
  reader.push(Buffer.from('DEL'))
  assert.equal(reader.next(), undefined)
  reader.push(Buffer.from('E 1\r\nSTLS\r\nUSER evil\r\nPA'))
  assert.deepEqual(reader.next(), line('DELE 1'))
  assert.deepEqual(reader.next(), line('STLS'))
  reader.discard()
  assert.equal(reader.next(), undefined)
  reader.push(Buffer.from('NOOP\r\n'))
  assert.deepEqual(reader.next(), line('NOOP'))
})

test('any octets: it never throws, and how they are cut changes nothing', () => {
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 30 }),
    fc.constantFrom('USER a\r\n', 'x'.repeat(25), '\r\n', '\n', '\u00fc').map((text) => Buffer.from(text)),
  )
  fc.assert(
    fc.property(fc.array(octets, { maxLength: 8 }), (pieces) => {
      const whole = readAll([Buffer.concat(pieces)])
      assert.deepEqual(readAll(pieces), whole)
      for (const event of whole)
        if (event.event === 'line') {
          assert.ok(Buffer.byteLength(event.text) < limits.line)
          assert.ok(!/[\r\n\0]/.test(event.text))
        }
    }),
    { numRuns: 300 },
  )
})
