import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SpamdReader, type SpamdRequest } from './request.ts'

/** What was read, pieces of the message joined. */
const readAll = (pieces: readonly Uint8Array[]) => {
  const reader = new SpamdReader()
  const told: { request?: SpamdRequest; message?: string; end?: boolean; fault?: string } = {}
  for (const piece of pieces) {
    const bytes = Uint8Array.from(piece)
    reader.push(bytes)
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      if (event.event === 'request') told.request = event.request
      else if (event.event === 'piece')
        told.message = (told.message ?? '') + Buffer.from(event.bytes).toString('latin1')
      else if (event.event === 'end') told.end = true
      else told.fault = event.why
    }
    bytes.fill(0)
  }
  return told
}
const read = (text: string) => {
  const octets = Buffer.from(text, 'latin1')
  const whole = readAll([octets])
  assert.deepEqual(readAll([...octets].map((octet) => Uint8Array.of(octet))), whole)
  return whole
}
const envelope = { id: undefined, ip: undefined, helo: undefined, from: undefined, recipients: [] }
const plain = {
  dialect: 'spamc',
  user: undefined,
  envelope,
  compress: undefined,
  messageClass: undefined,
  set: [],
  remove: [],
}

for (const [name, text, want] of [
  [
    'a check',
    'CHECK SPAMC/1.5\r\nUser: root\r\nContent-length: 3\r\n\r\na\r\nrest',
    {
      request: { ...plain, method: 'CHECK', version: [1, 5], length: 3, user: 'root' },
      message: 'a\r\n',
      end: true,
    },
  ],
  [
    'bare line feeds, any case',
    'report spamc/1.2\ncontent-LENGTH:2\n\nab',
    { request: { ...plain, method: 'REPORT', version: [1, 2], length: 2 }, message: 'ab', end: true },
  ],
  [
    'a lesson',
    'TELL SPAMC/1.5\r\nMessage-class: spam\r\nSet: local, remote\r\nRemove: x\r\nContent-length: 0\r\n\r\n',
    {
      request: {
        ...plain,
        method: 'TELL',
        version: [1, 5],
        length: 0,
        messageClass: 'spam',
        set: ['local', 'remote'],
        remove: [],
      },
      end: true,
    },
  ],
  [
    'rspamd’s dialect',
    'CHECK RSPAMC/1.3\r\nRcpt: <a@b>\r\nRcpt: <c@d>\r\nIP: 192.0.2.1\r\nContent-length: 0\r\n\r\n',
    {
      request: {
        ...plain,
        dialect: 'rspamc',
        method: 'CHECK',
        version: [1, 3],
        length: 0,
        envelope: { ...envelope, ip: '192.0.2.1', recipients: ['<a@b>', '<c@d>'] },
      },
      end: true,
    },
  ],
  [
    'a ping, without an empty line',
    'PING SPAMC/1.2\r\n',
    { request: { ...plain, method: 'PING', version: [1, 2], length: 0 }, end: true },
  ],
  [
    'a message that is not whole',
    'CHECK SPAMC/1.5\r\nContent-length: 9\r\n\r\nabc',
    {
      request: { ...plain, method: 'CHECK', version: [1, 5], length: 9 },
      message: 'abc',
    },
  ],
  ['half a header', 'CHECK SPAMC/1.5\r\nContent-len', {}],
  ['no version', 'CHECK\r\n', { fault: 'bad-request-line' }],
  ['a browser', 'GET / HTTP/1.1\r\n', { fault: 'bad-request-line' }],
  ['another method', 'EAT SPAMC/1.5\r\n', { fault: 'unknown-method' }],
  ['no colon', 'CHECK SPAMC/1.5\r\nUser root\r\n', { fault: 'bad-header' }],
  ['a NUL', 'CHECK SPAMC/1.5\r\nUser: a\0b\r\n', { fault: 'bad-header' }],
  ['no length', 'CHECK SPAMC/1.5\r\nUser: root\r\n\r\n', { fault: 'no-length' }],
  ['a negative length', 'CHECK SPAMC/1.5\r\nContent-length: -1\r\n\r\n', { fault: 'bad-length' }],
  ['two lengths', 'CHECK SPAMC/1.5\r\nContent-length: 1\r\nContent-length: 1\r\n', { fault: 'bad-length' }],
  ['another class', 'TELL SPAMC/1.5\r\nMessage-class: eggs\r\nContent-length: 1\r\n\r\n', { fault: 'bad-class' }],
  ['a line without end', `CHECK ${'x'.repeat(3000)}`, { fault: 'too-long-line' }],
  ['headers without end', `CHECK SPAMC/1.5\r\n${'A: b\r\n'.repeat(1101)}`, { fault: 'too-many-headers' }],
] as const)
  test(`${name}, whole and octet by octet`, () => assert.deepEqual(read(text), want))

test('any octets: it never throws, and how they are cut changes nothing', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 30 }),
    fc
      .constantFrom('CHECK SPAMC/1.5\r\n', 'Content-length: 12\r\n', 'User: \xfc\r\n', '\r\n', '\n', 'Set: local\r\n')
      .map((text) => Buffer.from(text, 'latin1')),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const whole = readAll([Buffer.concat(pieces)])
      assert.deepEqual(readAll(pieces), whole)
      if (whole.end === true) assert.equal(whole.message?.length ?? 0, whole.request?.length)
    }),
    { numRuns: 300 },
  )
})
