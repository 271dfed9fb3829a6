/** The client's side of the wire: replies are the same however they are cut, and bounded. */
import assert from 'node:assert/strict'
import { MOST_REPLY_LINE, MOST_REPLY_LINES, ReplyReader } from '../src/wire/smtp/reply.ts'
import type { FuzzTarget } from './target.ts'

const MOST_INPUT = 8192 // it is given octet by octet

const readIn = (input: Uint8Array, step: number) => {
  const reader = new ReplyReader()
  const all = []
  for (let from = 0; from < input.length; from += step) all.push(...reader.feed(input.subarray(from, from + step)))
  return all
}

export const target: FuzzTarget = {
  name: 'smtp-reply',
  seeds: () =>
    [
      '220 a\r\n250-b\r\n250-SIZE 1\r\n250 HELP\r\n',
      '550-5.7.1 no\r\n550 5.7.1 never\r\n',
      '250\r\n250 \r\n354 go\n',
      '250-a\r\n251 b\r\n',
    ].map((text) => Buffer.from(text)),
  run: (given) => {
    const input = given.subarray(0, MOST_INPUT)
    const whole = readIn(input, Math.max(1, input.length))
    assert.deepEqual(readIn(input, 1), whole)
    assert.deepEqual(readIn(input, 5), whole)
    for (const reply of whole) {
      if (!reply.ok) continue
      assert.ok(reply.value.lines.length <= MOST_REPLY_LINES)
      assert.ok(reply.value.lines.every((line) => line.length <= MOST_REPLY_LINE))
    }
  },
}
