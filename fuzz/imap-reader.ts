/** The framing of IMAP: whatever comes, nothing throws, nothing is held beyond the limits, and cutting the octets differently changes nothing. */
import assert from 'node:assert/strict'
import { ImapReader } from '../src/wire/imap/reader.ts'
import type { FuzzTarget } from './target.ts'

const limits = { line: 500, command: 2000 }

const read = (input: Uint8Array, step: number): string => {
  const reader = new ImapReader(limits)
  let out = ''
  for (let at = 0; at < input.length; at += step) {
    reader.feed(Uint8Array.from(input.subarray(at, at + step)))
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      if (event.kind === 'octets') out += Buffer.from(event.bytes).toString('latin1')
      else if (event.kind === 'command') {
        out += `\n${event.frame.tag} ${event.frame.verb} ${event.frame.pieces.length}`
        if (event.frame.verb === 'IDLE') reader.expectLine()
        const size = event.frame.pieces.reduce(
          (sum, one) => sum + (typeof one === 'string' ? one.length : one.bytes.length),
          0,
        )
        assert.ok(size <= limits.command + limits.line, `a frame of ${size} octets`)
      } else if (event.kind === 'literal') {
        out += `\nliteral ${event.size} ${event.sync}`
        if (event.binary) reader.stream()
        else if (event.size > 300 || !reader.keep()) reader.refuse()
      } else out += `\n${event.kind}`
    }
  }
  return out
}

export const target: FuzzTarget = {
  name: 'imap-reader',
  seeds: () =>
    [
      'a NOOP\r\n',
      'a LOGIN {5}\r\nalice {6+}\r\nsecret\r\n',
      'a APPEND INBOX ~{4}\r\n\0\0\0\0\r\nb UID FETCH 1:* (FLAGS)\r\n',
      'a IDLE\r\nDONE\r\n',
      'a X {400+}\r\nxx {3+}\r\nabc\r\n',
      '\r\n{}\r\n+ {99999999999999999999}\r\n',
    ].map((text) => Buffer.from(text, 'latin1')),
  run: (input) => {
    const whole = read(input, Math.max(1, input.length))
    assert.equal(read(input, 1), whole)
    assert.equal(read(input, 7), whole)
  },
}
