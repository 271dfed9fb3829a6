import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ContentFault, ContentReader, type ContentRules } from './content.ts'
import { writeContent } from './writer.ts'

const strict: ContentRules = { dots: true, rewriteLf: false }
const rewriting: ContentRules = { dots: true, rewriteLf: true }

type Outcome = {
  readonly text: string
  readonly ended: boolean
  readonly fault: ContentFault | undefined
  readonly smuggling: boolean
  /** Octets read, to the end of data. */
  readonly read: number
}

/** Reads `input`, in pieces that end at `cuts`. */
const readIn = (input: Buffer, cuts: readonly number[], rules: ContentRules): Outcome => {
  const reader = new ContentReader(rules)
  const ends = [...new Set([...cuts.map((cut) => cut % (input.length + 1)), input.length])].sort((a, b) => a - b)
  const parts: Buffer[] = []
  let from = 0
  for (const end of ends) {
    // A piece of its own: what came before is overwritten, as a socket's buffer would be.
    const piece = Buffer.from(input.subarray(from, end))
    const { octets, at } = reader.read(piece, 0, piece.length)
    parts.push(Buffer.from(octets))
    piece.fill(0x58)
    from += at
    if (reader.ended) break
  }
  const { ended, fault, smuggling } = reader
  return { text: Buffer.concat(parts).toString('latin1'), ended, fault, smuggling, read: from }
}
const every = (input: Buffer): readonly number[] => Array.from({ length: input.length }, (_, at) => at)
const whole = (text: string, rules = strict): Outcome => readIn(Buffer.from(text, 'latin1'), [], rules)

for (const [name, wire, message] of [
  ['nothing', '.\r\n', ''],
  ['a line', 'a\r\n.\r\n', 'a\r\n'],
  ['an empty line', '\r\n.\r\n', '\r\n'],
  ['a stuffed dot', '..\r\n.\r\n', '.\r\n'],
  ['dots within a line', 'a.b.\r\n.\r\n', 'a.b.\r\n'],
  ['a dot in front that was not stuffed', '.a\r\n.\r\n', 'a\r\n'],
  ['three dots', '...\r\n.\r\n', '..\r\n'],
  ['eight bits', '\xff\x80\r\n.\r\n', '\xff\x80\r\n'],
  ['other controls', '\x01\x0b\x0c\t\x7f\r\n.\r\n', '\x01\x0b\x0c\t\x7f\r\n'],
] as const)
  test(`data: ${name}`, () => {
    const want = { text: message, ended: true, fault: undefined, smuggling: false, read: wire.length }
    assert.deepEqual(whole(wire), want)
    assert.deepEqual(readIn(Buffer.from(wire, 'latin1'), every(Buffer.from(wire)), strict), want)
    assert.equal(whole(`${wire}MAIL FROM:<>\r\n`).read, wire.length)
  })

/**
 * The ends of data that one server or another took for one, as the work on SMTP smuggling of December 2023 and the advisories after it list
 * them (and their relatives): none but the first may end ours.
 */
const sequences: readonly (readonly [name: string, octets: string, fault: ContentFault])[] = [
  ['LF . LF', '\n.\n', 'bare-lf'],
  ['LF . CRLF', '\n.\r\n', 'bare-lf'],
  ['CRLF . LF', '\r\n.\n', 'bare-lf'],
  ['CR . CR', '\r.\r', 'bare-cr'],
  ['CR . CRLF', '\r.\r\n', 'bare-cr'],
  ['CR . LF', '\r.\n', 'bare-cr'],
  ['LF . CR', '\n.\r', 'bare-lf'],
  ['CRLF . CR', '\r\n.\r', 'bare-cr'],
  ['CRLF . CR CRLF', '\r\n.\r\r\n', 'bare-cr'],
  ['CR CRLF . CRLF', 'x\r\r\n.\r\r\n', 'bare-cr'],
  ['CR LF LF . CRLF', '\r\n\n.\r\n', 'bare-lf'],
  ['CR CR . CR CR', '\r\r.\r\r', 'bare-cr'],
  ['LF . LF LF', '\n.\n\n', 'bare-lf'],
  ['LF CR . CR LF', '\n\r.\r\n', 'bare-lf'],
]
for (const [name, octets, fault] of sequences)
  test(`smuggling: ${name} does not end data, is refused and named`, () => {
    const hidden =
      'MAIL FROM:<admin@example.org>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\nSubject: forged\r\n\r\nforged'
    const wire = Buffer.from(`Subject: a\r\n\r\ntext${octets}${hidden}\r\n.\r\n`, 'latin1')
    for (const cuts of [[], every(wire)]) {
      const got = readIn(wire, cuts, strict)
      assert.deepEqual([got.ended, got.fault, got.smuggling, got.read], [true, fault, true, wire.length], name)
      const rewritten = readIn(wire, cuts, rewriting)
      assert.equal(rewritten.read, wire.length, 'nor where a bare LF is rewritten')
      assert.equal(rewritten.smuggling, true)
    }
  })

for (const [name, wire, fault] of [
  ['a bare LF', 'a\nb\r\n.\r\n', 'bare-lf'],
  ['a bare CR', 'a\rb\r\n.\r\n', 'bare-cr'],
  ['CR CR LF', 'a\r\r\n.\r\n', 'bare-cr'],
  ['a NUL', 'a\0b\r\n.\r\n', 'nul'],
  ['LF first', '\na\r\n.\r\n', 'bare-lf'],
] as const)
  test(`${name} is a fault, and no smuggling`, () => {
    const got = whole(wire)
    assert.deepEqual([got.ended, got.fault, got.smuggling, got.read], [true, fault, false, wire.length])
  })

for (const [wire, text] of [
  ['a\nb\r\n.\r\n', 'a\r\nb\r\n'],
  ['\n\n.\n\n', undefined],
  ['a\n.b\r\n.\r\n', 'a\r\n.b\r\n'],
  ['a\n..b\r\n.\r\n', 'a\r\n..b\r\n'],
] as const)
  test(`rewriting: ${JSON.stringify(wire)}`, () => {
    const got = whole(wire, rewriting)
    if (text === undefined) assert.ok(!got.ended && got.smuggling)
    else assert.deepEqual([got.text, got.ended, got.fault, got.smuggling], [text, true, undefined, false])
  })

test('rewriting does not forgive a bare CR', () => assert.equal(whole('a\rb\r\n.\r\n', rewriting).fault, 'bare-cr'))

test('what is whole is given as a view, not copied', () => {
  const input = Buffer.from('abc\r\ndef\r\n')
  const { octets } = new ContentReader(strict).read(input, 0, input.length)
  assert.equal(octets.buffer, input.buffer)
})

test('a chunk takes dots as they are, and ends with no CR left over', () => {
  const reader = new ContentReader({ dots: false, rewriteLf: false })
  const input = Buffer.from('..a\r\n.\r\n.\r')
  assert.equal(Buffer.from(reader.read(input, 0, input.length).octets).toString(), '..a\r\n.\r\n.\r')
  assert.equal(reader.fault, undefined)
  reader.end()
  assert.equal(reader.fault, 'bare-cr')
})

/** Octets that matter are frequent. */
const wires = fc
  .array(fc.constantFrom('\r\n', '\r\n', '\r', '\n', '.', '.', 'a', 'bc', '\0', '\xe9'), { maxLength: 40 })
  .map((parts) => Buffer.from(parts.join(''), 'latin1'))

test('however the octets are cut, the same comes out', () => {
  fc.assert(
    fc.property(
      wires,
      fc.array(fc.nat(60), { maxLength: 8 }),
      fc.boolean(),
      fc.boolean(),
      (wire, cuts, dots, rewriteLf) => {
        const rules = { dots, rewriteLf }
        const [one, cut, single] = [
          readIn(wire, [], rules),
          readIn(wire, cuts, rules),
          readIn(wire, every(wire), rules),
        ]
        // After a fault what came before it may be given or not: the message is refused.
        const told = (got: Outcome) => ({ ...got, text: got.fault === undefined ? got.text : '' })
        assert.deepEqual(told(cut), told(one))
        assert.deepEqual(told(single), told(one))
      },
    ),
  )
})

test('data ends at the first CRLF.CRLF and nowhere else', () => {
  fc.assert(
    fc.property(wires, fc.boolean(), (wire, rewriteLf) => {
      const text = wire.toString('latin1')
      const end = `\r\n${text}`.indexOf('\r\n.\r\n')
      const got = readIn(wire, [], { dots: true, rewriteLf })
      assert.equal(got.ended, end >= 0)
      if (end >= 0) assert.equal(got.read, end + 3)
    }),
    { numRuns: 500 },
  )
})

test('what is written is read', () => {
  const lines = fc.array(fc.constantFrom('', '.', '..', 'a', '.a', 'x'.repeat(1200), '\xe9'), { maxLength: 10 })
  fc.assert(
    fc.property(lines, fc.array(fc.nat(3000), { maxLength: 4 }), (texts, cuts) => {
      const message = Buffer.from(texts.map((text) => `${text}\r\n`).join(''), 'latin1')
      const wire = writeContent(message)
      assert.ok(wire.ok)
      const got = readIn(Buffer.from(wire.value), cuts, strict)
      assert.deepEqual([got.text, got.ended, got.fault], [message.toString('latin1'), true, undefined])
    }),
  )
})

for (const [message, fault] of [
  ['a\nb', 'bare-lf'],
  ['a\rb', 'bare-cr'],
  ['a\r', 'bare-cr'],
] as const)
  test(`a message with ${JSON.stringify(message)} is not written`, () => {
    const wire = writeContent(Buffer.from(message))
    assert.equal(wire.ok ? '' : wire.error, fault)
  })

test('a message without a last line end gets one', () => {
  const wire = writeContent(Buffer.from('a'))
  assert.equal(wire.ok ? Buffer.from(wire.value).toString() : '', 'a\r\n.\r\n')
})
