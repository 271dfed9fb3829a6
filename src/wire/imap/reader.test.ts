import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ImapEvent, ImapReader } from './reader.ts'

const limits = { line: 200, command: 300 }

/** What a session does with announced literals in these tests. */
type Policy = (event: Extract<ImapEvent, { kind: 'literal' }>) => 'keep' | 'stream' | 'refuse'
const keeping: Policy = (event) => (event.size <= 100 ? 'keep' : 'refuse')

/** Events as plain text, streamed octets joined, so that two cuttings can be compared. */
const readAll = (
  pieces: readonly Uint8Array[],
  policy: Policy = keeping,
  lines: ReadonlySet<string> = new Set(),
): string[] => {
  const reader = new ImapReader(limits)
  const out: string[] = []
  let streamed = ''
  for (const piece of pieces) {
    // The transport uses its buffer again.
    const buffer = Buffer.from(piece)
    reader.feed(buffer)
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      if (event.kind === 'octets') {
        streamed += Buffer.from(event.bytes).toString('latin1')
        if (event.last) out.push(`octets ${JSON.stringify(streamed)}`)
        if (event.last) streamed = ''
        continue
      }
      if (event.kind === 'literal') {
        const decided = policy(event)
        out.push(
          `literal ${event.frame.tag} ${event.size}${event.sync ? '' : '+'}${event.binary ? '~' : ''} ${decided}`,
        )
        if (decided === 'stream') reader.stream()
        else if (decided === 'refuse' || !reader.keep()) reader.refuse()
      } else if (event.kind === 'command') {
        const { tag, verb, pieces: found } = event.frame
        const shown = found.map((one) =>
          typeof one === 'string' ? one : `<${Buffer.from(one.bytes).toString('latin1')}${one.streamed || ''}>`,
        )
        out.push(`${tag} ${verb}${shown.join('')}`)
        if (lines.has(verb)) reader.expectLine()
      } else out.push(event.kind === 'line' ? `line ${event.text}` : `bad ${event.tag} ${event.says}`)
    }
    buffer.fill(0x7a)
  }
  return out
}
const octets = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const read = (text: string, policy?: Policy, lines?: ReadonlySet<string>) => readAll([octets(text)], policy, lines)

for (const [says, text, want] of [
  ['a command', 'a NOOP\r\n', ['a NOOP']],
  ['spaces at the end are let be', 'a NOOP  \r\n', ['a NOOP']],
  ['a bare LF ends a line', 'a NOOP\nb noop\n', ['a NOOP', 'b NOOP']],
  ['UID goes with its verb', 'a uid fetch 1 FLAGS\r\n', ['a UID FETCH 1 FLAGS']],
  ['UID alone is a verb', 'a UID 7\r\n', ['a UID 7']],
  ['an empty line', '\r\n', ['bad * There is no tag']],
  ['a tag alone', 'a\r\n', ['bad a There is no command']],
  ['a wrong tag', '+a NOOP\r\n', ['bad * There is no tag']],
  ['a wrong verb', 'a {5}\r\n', ['bad a There is no command']],
  [
    'a literal',
    'a LOGIN {5}\r\nalice {6}\r\nsecret\r\n',
    ['literal a 5 keep', 'literal a 6 keep', 'a LOGIN <alice> <secret>'],
  ],
  ['an empty literal', 'a X {0}\r\n\r\n', ['literal a 0 keep', 'a X <>']],
  ['a literal that is not waited for', 'a X {3+}\r\na\r\n y\r\n', ['literal a 3+ keep', 'a X <a\r\n> y']],
  ['a literal8', 'a X ~{2+}\r\n\0\xff\r\n', ['literal a 2+~ keep', 'a X <\0\xff>']],
  ['a brace in a quoted string is none', 'a X "{5}"\r\n', ['a X "{5}"']],
  [
    'a huge literal is refused before it comes',
    'a X {4294967296}\r\nb NOOP\r\n',
    ['literal a 4294967296 refuse', 'b NOOP'],
  ],
  ['a length without end', `a X {${'9'.repeat(29)}}\r\n`, [`literal a ${Number.MAX_SAFE_INTEGER} refuse`]],
  [
    'a refused one that comes unasked is read over',
    `a X {101+}\r\n${'x'.repeat(101)} {2+}\r\nab y\r\nb NOOP\r\n`,
    ['literal a 101+ refuse', 'b NOOP'],
  ],
  ['too long a line is read over', `a X ${'x'.repeat(400)}\r\nb NOOP\r\n`, ['bad a The line is too long', 'b NOOP']],
  [
    'literals together are too much',
    `${'a X'}${' {100+}\r\n'.padEnd(109, 'x').repeat(4)}\r\nb NOOP\r\n`,
    ['literal a 100+ keep', 'literal a 100+ keep', 'literal a 100+ keep', 'b NOOP'],
  ],
] as const)
  test(says, () => assert.deepEqual(read(text), want))

test('a literal may be streamed', () => {
  const streaming: Policy = () => 'stream'
  assert.deepEqual(read('a APPEND x {4}\r\nab\r\n {1+}\r\nc\r\nb NOOP\r\n', streaming), [
    'literal a 4 stream',
    'octets "ab\\r\\n"',
    'literal a 1+ stream',
    'octets "c"',
    'a APPEND x <4> <1>',
    'b NOOP',
  ])
})

test('a line that is asked for is no command', () => {
  assert.deepEqual(read('a IDLE\r\nDONE\r\nb NOOP\r\n', keeping, new Set(['IDLE'])), ['a IDLE', 'line DONE', 'b NOOP'])
})

test('what was pipelined is thrown away on demand', () => {
  const reader = new ImapReader(limits)
  reader.feed(octets('a STARTTLS\r\nb LOGIN x y\r\nc NO'))
  assert.equal(reader.next()?.kind, 'command')
  reader.discard()
  assert.equal(reader.next(), undefined)
  reader.feed(octets('d NOOP\r\n'))
  const event = reader.next()
  assert.ok(event?.kind === 'command')
  assert.equal(event.frame.tag, 'd')
})

test('a slow line holds no more than the limit', () => {
  const reader = new ImapReader(limits)
  let bad = 0
  for (let n = 0; n < 10_000; n += 1) {
    reader.feed(octets('x'))
    for (let event = reader.next(); event !== undefined; event = reader.next()) bad += event.kind === 'bad' ? 1 : 0
  }
  assert.equal(bad, 1)
})

const line = fc.constantFrom(
  'a NOOP\r\n',
  'b UID FETCH 1:* (FLAGS)\r\n',
  'c X {3}\r\nabc\r\n',
  'd X {5+}\r\na\r\nbc {2+}\r\nde\r\n',
  'e X ~{1}\r\n\0\r\n',
  `f X {150+}\r\n${'y'.repeat(150)}\r\n`,
  'g {3+}\r\nabc\r\n',
  '\r\n',
  'IDLE\n',
  'h IDLE\r\nDONE\r\n',
  `i ${'z'.repeat(250)}\r\n`,
  '{',
  '}\r\n',
  '\0\xff',
)

test('cutting the octets differently changes nothing, and nothing throws', () => {
  const policy: Policy = ({ size, binary }) => (binary ? 'stream' : size > 100 ? 'refuse' : 'keep')
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.nat(120), { maxLength: 12 }), (lines, cuts) => {
      const text = lines.join('')
      const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length]
      const pieces = places.slice(1).map((to, at) => octets(text.slice(places[at], to)))
      const waits = new Set(['IDLE'])
      assert.deepEqual(readAll(pieces, policy, waits), read(text, policy, waits))
    }),
  )
})

test('any octets are read', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => Array.isArray(readAll([bytes]))))
})
