/** The receiving side of the wire: any octets, cut in three ways, give the same lines and the same message; only CRLF.CRLF ends it. */
import assert from 'node:assert/strict'
import { readCommand } from '../src/wire/smtp/command.ts'
import { SmtpReader } from '../src/wire/smtp/reader.ts'
import type { FuzzTarget } from './target.ts'

const MOST_DATA = 4096
const MOST_INPUT = 8192 // it is given octet by octet, several times
const limits = { line: 512, skip: 2048 }

/** What was read: message octets that follow each other are one text. */
const readIn = (input: Uint8Array, step: number, rewriteLf: boolean): readonly string[] => {
  const reader = new SmtpReader({ ...limits, rewriteLf })
  const told: string[] = []
  let octets = ''
  for (let from = 0; from < input.length; from += step) {
    const piece = Uint8Array.from(input.subarray(from, from + step))
    reader.push(piece)
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      if (event.event === 'octets') {
        octets += Buffer.from(event.bytes).toString('latin1')
        continue
      }
      told.push(octets, JSON.stringify(event))
      octets = ''
      if (event.event !== 'line') continue
      const command = readCommand(event.text)
      if (!command.ok) continue
      if (command.value.verb === 'DATA') reader.data(MOST_DATA)
      if (command.value.verb === 'BDAT') reader.chunk(command.value.size, 'text', command.value.last)
    }
    piece.fill(0)
  }
  return [...told, octets]
}

export const target: FuzzTarget = {
  name: 'smtp-reader',
  seeds: () =>
    [
      'EHLO a.example\r\nMAIL FROM:<"a b"@b.example> SIZE=10 BODY=8BITMIME\r\nRCPT TO:<c@d.example> NOTIFY=NEVER ORCPT=rfc822;c+40d\r\nDATA\r\nSubject: a\r\n\r\n..\r\n.\r\nQUIT\r\n',
      'BDAT 5 LAST\r\na\r\nb\nNOOP\r\n',
      'DATA\r\na\n.\nMAIL FROM:<>\r\n.\r\n',
      'DATA\r\na\r\n.\r\r\n.\r\n',
      'DATA\r\n.\r\nMAIL FROM:<\u00fc@\u00fc.example> SMTPUTF8\r\n',
      'RCPT TO:<@a,@b:c@[IPv6:::1]>\r\n',
    ].map((text) => Buffer.from(text)),
  run: (given) => {
    const input = given.subarray(0, MOST_INPUT)
    for (const rewriteLf of [false, true]) {
      const whole = readIn(input, Math.max(1, input.length), rewriteLf)
      assert.deepEqual(readIn(input, 1, rewriteLf), whole)
      assert.deepEqual(readIn(input, 7, rewriteLf), whole)
    }
    // A message that begins at once ends where the first CRLF.CRLF is, and nowhere else.
    const text = Buffer.from(input).toString('latin1')
    const end = `\r\n${text}`.indexOf('\r\n.\r\n')
    const reader = new SmtpReader({ ...limits, rewriteLf: false })
    reader.data(Number.MAX_SAFE_INTEGER)
    reader.push(input)
    let event = reader.next()
    while (event?.event === 'octets') event = reader.next()
    assert.equal(event?.event === 'end', end >= 0)
    if (end >= 0) assert.equal(reader.waiting, input.length - end - 3)
  },
}
