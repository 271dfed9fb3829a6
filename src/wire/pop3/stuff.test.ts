import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DotStuffer, TopCutter } from './stuff.ts'

const cutAt = (text: string, step: number): readonly Buffer[] => {
  const bytes = Buffer.from(text, 'latin1')
  return Array.from({ length: Math.ceil(bytes.length / step) }, (_, n) => bytes.subarray(n * step, (n + 1) * step))
}
const stuffed = (text: string, step = 1_000_000): string => {
  const stuffer = new DotStuffer()
  const pieces = cutAt(text, step).map((piece) => Buffer.from(stuffer.stuff(piece)).toString('latin1'))
  return pieces.join('') + stuffer.end()
}
const top = (text: string, lines: number, step = 1_000_000): string => {
  const cutter = new TopCutter(lines)
  let shown = ''
  for (const piece of cutAt(text, step)) {
    shown += Buffer.from(cutter.take(piece)).toString('latin1')
    if (cutter.done) break
  }
  return shown
}

for (const [name, text, want] of [
  ['nothing', '', '.\r\n'],
  ['a line', 'a\r\n', 'a\r\n.\r\n'],
  ['a last line without its end', 'a\r\nb', 'a\r\nb\r\n.\r\n'],
  ['a CR at the end', 'a\r', 'a\r\n.\r\n'],
  ['a dot at the beginning', '.a\r\n', '..a\r\n.\r\n'],
  ['a dot alone', 'a\r\n.\r\nb\r\n', 'a\r\n..\r\nb\r\n.\r\n'],
  ['dots within a line', 'a.b.\r\n', 'a.b.\r\n.\r\n'],
  ['two dots', '..\r\n', '...\r\n.\r\n'],
  ['a dot at the end', 'a\r\n.', 'a\r\n..\r\n.\r\n'],
  ['bare LFs', '\na\n\nb\n', '\r\na\r\n\r\nb\r\n.\r\n'],
  ['a dot after a bare LF', 'a\n.\nb', 'a\r\n..\r\nb\r\n.\r\n'],
  ['a bare CR stays', 'a\r.\rb\r\n', 'a\r.\rb\r\n.\r\n'],
  ['two CRs and an LF', 'a\r\r\n.\r\n', 'a\r\r\n..\r\n.\r\n'],
  ['octets beyond ASCII', '\xff\r\n.\x80\r\n', '\xff\r\n..\x80\r\n.\r\n'],
] as const)
  test(`stuffing ${name}, whole and octet by octet`, () => {
    assert.equal(stuffed(text), want)
    assert.equal(stuffed(text, 1), want)
  })

test('what needs nothing is given back as it is', () => {
  const bytes = Buffer.from('Subject: a\r\n\r\ntext.\r\n')
  assert.equal(new DotStuffer().stuff(bytes), bytes)
})

/** What a client makes of a response: lines to CRLF.CRLF, without the dots. */
const unstuffed = (response: string): string | undefined => {
  const end = `\r\n${response}`.indexOf('\r\n.\r\n')
  if (end !== response.length - 3) return undefined
  return response
    .slice(0, end)
    .split('\r\n')
    .map((line) => (line.startsWith('.') ? line.slice(1) : line))
    .join('\r\n')
}

const texts = fc
  .array(fc.constantFrom('\r\n', '\n', '\r', '.', 'a', '..', 'line', ': '), { maxLength: 30 })
  .map((all) => all.join(''))

test('a client reads back what was stuffed, wherever it was cut, and finds the end nowhere else', () =>
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 7 }), (text, step) => {
      const response = stuffed(text, step)
      assert.equal(response, stuffed(text))
      assert.ok(!/(?<!\r)\n/.test(response), 'no bare LF')
      const lines = text.replaceAll(/(?<!\r)\n/g, '\r\n')
      const want = lines === '' || lines.endsWith('\r\n') ? lines : lines.endsWith('\r') ? `${lines}\n` : `${lines}\r\n`
      assert.equal(unstuffed(response), want)
    }),
    { numRuns: 500 },
  ))

const message = 'A: 1\r\nB: 2\r\n\r\none\r\n\r\nthree\r\n'
for (const [lines, text, want] of [
  [0, message, 'A: 1\r\nB: 2\r\n\r\n'],
  [1, message, 'A: 1\r\nB: 2\r\n\r\none\r\n'],
  [2, message, 'A: 1\r\nB: 2\r\n\r\none\r\n\r\n'],
  [3, message, message],
  [99, message, message],
  [1, 'A: 1\r\n\r\none', 'A: 1\r\n\r\none'],
  [0, 'A: 1\r\n', 'A: 1\r\n'],
  [0, 'A: 1', 'A: 1'],
  [0, '', ''],
  [0, '\r\nbody\r\n', '\r\n'],
  [1, '\r\nbody\r\nmore\r\n', '\r\nbody\r\n'],
  [1, 'A: 1\n\none\ntwo\n', 'A: 1\n\none\n'],
  [0, 'A: 1\r\n\r \r\n\r\nx', 'A: 1\r\n\r \r\n\r\n'],
  [0, 'A\r\r\n\r\nx', 'A\r\r\n\r\n'],
] as const)
  test(`TOP ${lines} of ${JSON.stringify(text)}, whole and octet by octet`, () => {
    assert.equal(top(text, lines), want)
    assert.equal(top(text, lines, 1), want)
  })

test('TOP is the same wherever the message was cut, is its beginning, and ends with a line', () =>
  fc.assert(
    fc.property(texts, fc.nat(4), fc.integer({ min: 1, max: 7 }), (text, lines, step) => {
      const shown = top(text, lines, step)
      assert.equal(shown, top(text, lines))
      assert.ok(text.startsWith(shown))
      assert.ok(shown === text || shown.endsWith('\n'))
    }),
    { numRuns: 500 },
  ))
