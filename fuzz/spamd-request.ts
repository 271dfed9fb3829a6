/** A spamd client's octets: cut in three ways they are the same request, and a message is as long as it said. */
import assert from 'node:assert/strict'
import { SpamdReader } from '../src/wire/spamd/request.ts'
import type { FuzzTarget } from './target.ts'

const MOST_INPUT = 8192 // it is given octet by octet

const readIn = (input: Uint8Array, step: number): string => {
  const reader = new SpamdReader()
  let told = ''
  let octets = 0
  let length = 0
  for (let from = 0; from < input.length; from += step) {
    const piece = Uint8Array.from(input.subarray(from, from + step))
    reader.push(piece)
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      if (event.event === 'piece') octets += event.bytes.length
      else told += JSON.stringify(event)
      if (event.event === 'request') length = event.request.length
      if (event.event === 'end') assert.equal(octets, length)
    }
    piece.fill(0)
  }
  return `${told} ${octets}`
}

export const target: FuzzTarget = {
  name: 'spamd-request',
  seeds: () =>
    [
      'CHECK SPAMC/1.5\r\nUser: root\r\nContent-length: 17\r\n\r\nSubject: a\r\n\r\nb\r\n',
      'TELL SPAMC/1.5\r\nMessage-class: spam\r\nSet: local, remote\r\nContent-length: 1\r\n\r\na',
      'PING SPAMC/1.2\r\n\r\n',
      'PROCESS SPAMC/1.2\nCompress: zlib\nContent-length: 2\n\nab',
    ].map((text) => Buffer.from(text)),
  run: (given) => {
    const input = given.subarray(0, MOST_INPUT)
    const whole = readIn(input, Math.max(1, input.length))
    assert.equal(readIn(input, 1), whole)
    assert.equal(readIn(input, 7), whole)
  },
}
