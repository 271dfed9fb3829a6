import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type SmtpEvent, SmtpReader, type SmtpReaderLimits } from './reader.ts'

const limits: SmtpReaderLimits = { line: 64, skip: 100, rewriteLf: false }

/** What the tests' own server does with a line: `DATA` and `BDAT size [LAST]` say what comes next. */
const obey = (reader: SmtpReader, text: string): void => {
  if (text === 'DATA') reader.data(400)
  const chunk = /^BDAT (\d{1,3})( LAST)?$/.exec(text)
  if (chunk !== null) reader.chunk(Number(chunk[1]), 'text', chunk[2] !== undefined)
  const binary = /^BIN (\d{1,3})$/.exec(text)
  if (binary !== null) reader.chunk(Number(binary[1]), 'binary', true)
  const ignored = /^SKIP (\d{1,3})$/.exec(text)
  if (ignored !== null) reader.chunk(Number(ignored[1]), 'ignored', true)
}

/** All events of the octets in these cuts; octets that follow each other are one text. */
const eventsOf = (input: Buffer, cuts: readonly number[], rules = limits): readonly unknown[] => {
  const reader = new SmtpReader(rules)
  const all: unknown[] = []
  let octets = ''
  const ends = [...new Set([...cuts.map((cut) => cut % (input.length + 1)), input.length])].sort((a, b) => a - b)
  let from = 0
  const told = (event: SmtpEvent): void => {
    if (event.event === 'octets') {
      octets += Buffer.from(event.bytes).toString('latin1')
      return
    }
    if (octets !== '') all.push(octets)
    octets = ''
    all.push(event)
    if (event.event === 'line') obey(reader, event.text)
  }
  for (const end of ends) {
    const piece = Buffer.from(input.subarray(from, end))
    from = end
    reader.push(piece)
    for (let event = reader.next(); event !== undefined; event = reader.next()) told(event)
    piece.fill(0x58)
  }
  if (octets !== '') all.push(octets)
  return all
}
const whole = (text: string, rules = limits) => eventsOf(Buffer.from(text, 'latin1'), [], rules)
const line = (text: string) => ({ event: 'line', text })
const bad = (why: string) => ({ event: 'bad-line', why })
const end = { event: 'end', smuggling: false }

for (const [name, wire, want] of [
  ['two lines', 'EHLO a\r\nNOOP\r\n', [line('EHLO a'), line('NOOP')]],
  ['an empty line', '\r\n', [line('')]],
  ['half a line', 'EHLO a\r', []],
  ['UTF-8', 'MAIL \xc3\xbc\r\n', [line('MAIL ü')]],
  ['a byte order mark stays', '\xef\xbb\xbfA\r\n', [line('\ufeffA')]],
  ['no UTF-8', 'MAIL \xfc\r\n', [bad('not-utf8')]],
  ['a NUL', 'NO\0OP\r\n', [bad('control')]],
  ['a lone CR', 'NO\rOP\r\n', [bad('control')]],
  ['a control and no UTF-8', '\x01\xff\r\n', [bad('control')]],
  ['a bare LF', 'NOOP\nNOOP\r\n', [bad('bare-lf'), line('NOOP')]],
  ['a line of the longest', `${'x'.repeat(62)}\r\n`, [line('x'.repeat(62))]],
  ['a line one longer', `${'x'.repeat(63)}\r\nNOOP\r\n`, [bad('too-long'), line('NOOP')]],
  ['a line that is read over', `${'x'.repeat(162)}\r\nNOOP\r\n`, [bad('too-long'), line('NOOP')]],
  ['a line without an end', `${'x'.repeat(163)}\r\nNOOP\r\n`, [{ event: 'endless', within: 'line' }]],
  ['data', 'DATA\r\na\r\n..b\r\n.\r\nNOOP\r\n', [line('DATA'), 'a\r\n.b\r\n', end, line('NOOP')]],
  ['a chunk', 'BDAT 3 LAST\r\na\r\nNOOP\r\n', [line('BDAT 3 LAST'), 'a\r\n', end, line('NOOP')]],
  ['a chunk of nothing', 'BDAT 0\r\nNOOP\r\n', [line('BDAT 0'), end, line('NOOP')]],
  ['a binary chunk', 'BIN 3\r\n\0\n\rNOOP\r\n', [line('BIN 3'), '\0\n\r', end, line('NOOP')]],
  ['a chunk that is read over', 'SKIP 3\r\n\0\n\rNOOP\r\n', [line('SKIP 3'), end, line('NOOP')]],
  [
    'a fault goes through all chunks of a message',
    'BDAT 2\r\n\nbBDAT 1 LAST\r\ncBDAT 1\r\nd',
    [
      line('BDAT 2'),
      { ...end, fault: 'bare-lf' },
      line('BDAT 1 LAST'),
      { ...end, fault: 'bare-lf' },
      line('BDAT 1'),
      'd',
      end,
    ],
  ],
  ['smuggling', 'DATA\r\na\n.\nb\r\n.\r\n', [line('DATA'), 'a', { event: 'end', fault: 'bare-lf', smuggling: true }]],
  ['TLS', '\x16\x03\x01\x00\x05', [{ event: 'tls' }]],
  ['TLS later', 'NOOP\r\n\x16\x03\x01\x00\x05NOOP\r\n', [line('NOOP'), { event: 'tls' }]],
] as const)
  test(`reader: ${name}`, () => {
    assert.deepEqual(whole(wire), want)
    const bytes = Buffer.from(wire, 'latin1')
    assert.deepEqual(
      eventsOf(
        bytes,
        Array.from({ length: wire.length }, (_, at) => at),
      ),
      want,
    )
  })

test('data beyond what is read over is endless', () => {
  assert.deepEqual(whole(`DATA\r\n${'x'.repeat(401)}\r\n.\r\nNOOP\r\n`).at(-1), { event: 'endless', within: 'message' })
  assert.deepEqual(whole(`DATA\r\n${'x'.repeat(395)}\r\n.\r\nNOOP\r\n`).at(-1), line('NOOP'))
})

test('where a bare LF is rewritten it ends a command', () => {
  const got = whole('NOOP\nDATA\na\n.\r\n', { ...limits, rewriteLf: true })
  assert.deepEqual(got.slice(0, 2), [line('NOOP'), line('DATA')])
})

test('discard forgets what was pushed and the line that was begun', () => {
  const reader = new SmtpReader(limits)
  reader.push(Buffer.from('STARTTLS\r\nRSET\r\nMAI'))
  assert.deepEqual(reader.next(), line('STARTTLS'))
  assert.equal(reader.waiting, 9)
  reader.discard()
  assert.equal(reader.next(), undefined)
  assert.equal(reader.midway, false)
  reader.push(Buffer.from('L\r\n'))
  assert.deepEqual(reader.next(), line('L'))
})

test('midway says whether something was begun', () => {
  const reader = new SmtpReader(limits)
  reader.push(Buffer.from('NO'))
  assert.equal(reader.next(), undefined)
  assert.equal(reader.midway, true)
  reader.push(Buffer.from('OP\r\n'))
  assert.deepEqual(reader.next(), line('NOOP'))
  assert.equal(reader.midway, false)
})

const pieces = fc.constantFrom(
  ...['DATA\r\n', 'BDAT 7\r\n', 'BDAT 3 LAST\r\n', 'BIN 4\r\n', 'SKIP 5\r\n', 'NOOP\r\n', '.\r\n', '\r\n.\r\n'],
  ...['\r', '\n', '.', 'a', '\0', '\xc3\xbc', '\xff', 'x'.repeat(70), 'y'.repeat(130), '\x16'],
)
test('it never throws, and cutting the octets differently changes nothing', () => {
  const wires = fc.array(pieces, { maxLength: 20 }).map((parts) => Buffer.from(parts.join(''), 'latin1'))
  fc.assert(
    fc.property(wires, fc.array(fc.nat(400), { maxLength: 8 }), fc.boolean(), (wire, cuts, rewriteLf) => {
      const rules = { ...limits, rewriteLf }
      const one = eventsOf(wire, [], rules)
      assert.deepEqual(eventsOf(wire, cuts, rules), one)
      const all = Array.from({ length: wire.length }, (_, at) => at)
      assert.deepEqual(eventsOf(wire, all, rules), one)
    }),
    { numRuns: 300 },
  )
})

test('any octets: it never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => eventsOf(Buffer.from(bytes), [3, 50]).length >= 0),
  )
})
