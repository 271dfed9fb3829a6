/** A POP3 client's octets: cut in three ways they are the same lines, and a line is a command or a reason; neither throws. */
import assert from 'node:assert/strict'
import { readPop3Command } from '../src/wire/pop3/command.ts'
import { Pop3Reader } from '../src/wire/pop3/reader.ts'
import type { FuzzTarget } from './target.ts'

const MOST_INPUT = 8192 // it is given octet by octet
const limits = { line: 255, skip: 1024 }

const readIn = (input: Uint8Array, step: number): readonly string[] => {
  const reader = new Pop3Reader(limits)
  const told: string[] = []
  for (let from = 0; from < input.length; from += step) {
    const piece = Uint8Array.from(input.subarray(from, from + step))
    reader.push(piece)
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      told.push(JSON.stringify(event))
      if (event.event !== 'line') continue
      assert.ok(!/[\r\n\0]/.test(event.text))
      told.push(JSON.stringify(readPop3Command(event.text)))
    }
    piece.fill(0)
  }
  return told
}

export const target: FuzzTarget = {
  name: 'pop3-command',
  seeds: () =>
    [
      'USER alice@example.org\r\nPASS a secret \r\nSTAT\r\nLIST 1\r\nUIDL\r\nTOP 1 10\r\nRETR 2\r\nDELE 003\r\nRSET\r\nQUIT\r\n',
      'CAPA\r\nSTLS\r\nUTF8\r\nAUTH\r\nAUTH PLAIN =\r\nAUTH SCRAM-SHA-256 biws\r\n*\r\nAPOP a b\r\n',
      'USER \u00fc\r\nPASS \u{1f511}\n\r\n\x16\x03\x01',
      'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    ].map((text) => Buffer.from(text)),
  run: (given) => {
    const input = given.subarray(0, MOST_INPUT)
    const whole = readIn(input, Math.max(1, input.length))
    assert.deepEqual(readIn(input, 1), whole)
    assert.deepEqual(readIn(input, 7), whole)
  },
}
