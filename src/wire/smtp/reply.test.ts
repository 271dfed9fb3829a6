import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MOST_REPLY_LINE, MOST_REPLY_LINES, ReplyReader, writeReply } from './reply.ts'

const readAll = (text: string, cuts: readonly number[] = []) => {
  const reader = new ReplyReader()
  const bytes = Buffer.from(text, 'latin1')
  const ends = [...new Set([...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b)
  let from = 0
  return ends.flatMap((end) => {
    const some = reader.feed(bytes.subarray(from, end))
    from = end
    return some
  })
}
const good = (code: number, lines: readonly string[], enhanced?: string) => ({
  ok: true,
  value: { code, ...(enhanced === undefined ? {} : { enhanced }), lines },
})

for (const [text, want] of [
  ['250 OK\r\n', [good(250, ['OK'])]],
  ['250\r\n', [good(250, [''])]],
  ['250 \r\n', [good(250, [''])]],
  ['250 2.1.0 OK\r\n', [good(250, ['OK'], '2.1.0')]],
  ['550 5.1.1\r\n', [good(550, [''], '5.1.1')]],
  ['250-a\r\n250-SIZE 10\r\n250 HELP\r\n', [good(250, ['a', 'SIZE 10', 'HELP'])]],
  ['550-5.7.1 no\r\n550 5.7.1 never\r\n', [good(550, ['no', 'never'], '5.7.1')]],
  ['250 OK\r\n354 go\r\n', [good(250, ['OK']), good(354, ['go'])]],
  ['220 a\n', [good(220, ['a'])]],
  ['421 4.4.2.1 x\r\n', [good(421, ['4.4.2.1 x'])]],
  ['250 5.0.0 lies\r\n', [good(250, ['5.0.0 lies'])]],
  ['250-half\r\n', []],
  ['250 ha', []],
] as const)
  test(`reply ${JSON.stringify(text)}`, () => assert.deepEqual(readAll(text), want))

for (const [name, text, error] of [
  ['no code', 'hello\r\n250 OK\r\n', 'bad-reply'],
  ['a code of six hundred', '650 OK\r\n', 'bad-reply'],
  ['two codes', '250-a\r\n251 b\r\n', 'bad-reply'],
  ['an empty line', '\r\n', 'bad-reply'],
  ['a line without an end', `250 ${'x'.repeat(MOST_REPLY_LINE)}`, 'too-long'],
  ['a line that is too long', `250 ${'x'.repeat(MOST_REPLY_LINE)}\r\n`, 'too-long'],
  ['lines without an end', '250-x\r\n'.repeat(MOST_REPLY_LINES + 1), 'too-long'],
] as const)
  test(`no reply: ${name}`, () => assert.deepEqual(readAll(text), [{ ok: false, error }]))

test('however the octets are cut, the replies are the same', () => {
  const parts = fc.constantFrom('250', '-', ' ', 'OK', '\r\n', '\n', '5.1.1', '550 5.1.1 no\r\n', '250-a\r\n', 'ü')
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 20 }), fc.array(fc.nat(100), { maxLength: 6 }), (texts, cuts) => {
      const text = texts.join('')
      assert.deepEqual(readAll(text, cuts), readAll(text))
    }),
  )
})

test('what is written is read', () => {
  const lines = fc.array(
    fc.string({ maxLength: 40 }).filter((text) => !/^\d/.test(text)),
    { minLength: 1, maxLength: 5 },
  )
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 599 }), lines, (code, texts) => {
      const [reply, ...more] = readAll(writeReply(code, texts))
      assert.deepEqual(more, [])
      assert.deepEqual(
        reply,
        good(
          code,
          texts.map((text) => text.replaceAll(/[^\x20-\x7e]/g, '?')),
        ),
      )
    }),
  )
})

test('nothing that is said ends the line', () => assert.equal(writeReply(250, ['a\r\n550 b']), '250 a??550 b\r\n'))
