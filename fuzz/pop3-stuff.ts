/** A message as a POP3 response: wherever it is cut, a client reads back its lines, finds the end once, and TOP is a beginning of it. */
import assert from 'node:assert/strict'
import { DotStuffer, TopCutter } from '../src/wire/pop3/stuff.ts'
import type { FuzzTarget } from './target.ts'

const stuffed = (input: Uint8Array, step: number, top: TopCutter | undefined): string => {
  const stuffer = new DotStuffer()
  let text = ''
  for (let from = 0; from < input.length && top?.done !== true; from += step) {
    const piece = input.subarray(from, from + step)
    text += Buffer.from(stuffer.stuff(top?.take(piece) ?? piece)).toString('latin1')
  }
  return text + stuffer.end()
}

/** What a client makes of a response. */
const read = (response: string): string => {
  const end = `\r\n${response}`.indexOf('\r\n.\r\n')
  assert.equal(end, response.length - 3, 'the end is at the end')
  return response.slice(0, end).replaceAll(/(^|\n)\./g, '$1')
}

export const target: FuzzTarget = {
  name: 'pop3-stuff',
  seeds: () =>
    [
      'Subject: a\r\n\r\n.\r\n..\r\n.a\r\n',
      'A\n\n.\n.\n\r.\r\n.',
      '.',
      '\r\n\r\n\r',
      'A: b\r\n\r\n1\r\n2\r\n3\r\n',
    ].map((text) => Buffer.from(text)),
  run: (given) => {
    const input = given.subarray(0, 8192)
    const lines = Buffer.from(input)
      .toString('latin1')
      .replaceAll(/(?<!\r)\n/g, '\r\n')
    const ended = lines === '' || lines.endsWith('\r\n') ? lines : lines.endsWith('\r') ? `${lines}\n` : `${lines}\r\n`
    for (const step of [Math.max(1, input.length), 1, 7]) {
      assert.equal(read(stuffed(input, step, undefined)), ended)
      for (const count of [0, 2]) {
        const shown = read(stuffed(input, step, new TopCutter(count)))
        assert.ok(ended.startsWith(shown))
      }
    }
  },
}
