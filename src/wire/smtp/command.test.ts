import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readCommand, readHello } from './command.ts'
import { writeMail, writeRcpt } from './writer.ts'

const address = (local: string, domain: string) => ({
  local,
  domain,
  text: domain === '' ? local : `${local}@${domain}`,
})
const a = { address: address('a', 'b.example'), utf8: false }
const none = { address: null, utf8: false }

for (const [line, want] of [
  ['EHLO c.example', { verb: 'EHLO', name: 'c.example' }],
  ['helo  C.example ', { verb: 'HELO', name: 'C.example' }],
  ['MAIL FROM:<a@b.example>', { verb: 'MAIL', path: a, parameters: [] }],
  ['mail from: <a@b.example> size=1', { verb: 'MAIL', path: a, parameters: [{ name: 'SIZE', value: '1' }] }],
  ['MAIL FROM : a@b.example', { verb: 'MAIL', path: a, parameters: [] }],
  ['MAIL\tFROM:<>\tSMTPUTF8', { verb: 'MAIL', path: none, parameters: [{ name: 'SMTPUTF8' }] }],
  ['RCPT TO:<a@b.example>', { verb: 'RCPT', path: a, parameters: [] }],
  ['RCPT TO:<postMASTER>', { verb: 'RCPT', path: { address: address('postMASTER', ''), utf8: false }, parameters: [] }],
  ['DATA', { verb: 'DATA' }],
  ['data  ', { verb: 'DATA' }],
  ['BDAT 10', { verb: 'BDAT', size: 10, last: false }],
  ['BDAT 0 last', { verb: 'BDAT', size: 0, last: true }],
  ['RSET', { verb: 'RSET' }],
  ['QUIT', { verb: 'QUIT' }],
  ['STARTTLS', { verb: 'STARTTLS' }],
  ['NOOP', { verb: 'NOOP', argument: '' }],
  ['NOOP a b', { verb: 'NOOP', argument: 'a b' }],
  ['HELP MAIL', { verb: 'HELP', argument: 'MAIL' }],
  ['VRFY a', { verb: 'VRFY', argument: 'a' }],
  ['EXPN staff', { verb: 'EXPN', argument: 'staff' }],
  ['AUTH plain AGEAYg==', { verb: 'AUTH', mechanism: 'PLAIN', initial: 'AGEAYg==' }],
  ['AUTH LOGIN', { verb: 'AUTH', mechanism: 'LOGIN' }],
] as const)
  test(`command ${line}`, () => assert.deepEqual(readCommand(line), { ok: true, value: want }))

for (const [line, why] of [
  ['', 'unknown-command'],
  ['HELLO', 'unknown-command'],
  ['MAILFROM:<a@b.example>', 'unknown-command'],
  [' QUIT', 'unknown-command'],
  ['ETRN x', 'old-command'],
  ['TURN', 'old-command'],
  ['GET / HTTP/1.1', 'foreign'],
  ['post /x', 'foreign'],
  ['CONNECT mx.example:25 HTTP/1.0', 'foreign'],
  ['PRI * HTTP/2.0', 'foreign'],
  ['Host: mx.example', 'foreign'],
  ['User-Agent:', 'foreign'],
  ['SSH-2.0-x', 'foreign'],
  ['{"a":1}', 'foreign'],
  ['<?xml version="1.0"?>', 'foreign'],
  ['OPTIONS sip:x SIP/2.0', 'foreign'],
  ['EHLO', 'bad-argument'],
  ['EHLO a b', 'bad-name'],
  ['EHLO a<b', 'bad-name'],
  ['EHLO bücher', 'bad-name'],
  ['MAIL', 'bad-argument'],
  ['MAIL TO:<a@b.example>', 'bad-argument'],
  ['MAIL FROM:', 'bad-sender'],
  ['MAIL FROM:<a>', 'bad-sender'],
  ['MAIL FROM:<postmaster>', 'bad-sender'],
  ['MAIL FROM:<a@b.example> SIZE=', 'bad-parameter'],
  ['MAIL FROM:<a@b.example> SIZE=1 size=2', 'bad-parameter'],
  [
    `MAIL FROM:<a@b.example>${' A'.repeat(1)}${Array.from({ length: 20 }, (_, n) => ` X${n}`).join('')}`,
    'bad-parameter',
  ],
  ['RCPT TO:<>', 'bad-recipient'],
  ['RCPT TO:<a>', 'bad-recipient'],
  ['DATA now', 'bad-argument'],
  ['QUIT now', 'bad-argument'],
  ['STARTTLS now', 'bad-argument'],
  ['VRFY', 'bad-argument'],
  ['AUTH', 'bad-argument'],
  ['AUTH PLAIN a b', 'bad-argument'],
  ['BDAT', 'bad-chunk'],
  ['BDAT x', 'bad-chunk'],
  ['BDAT 1 LAST LAST', 'bad-chunk'],
  ['BDAT 281474976710657', 'bad-chunk'],
  [`NOOP ${'x'.repeat(506)}`, 'too-long'],
  [`NOOP ${'ü'.repeat(253)}x`, 'too-long'],
] as const)
  test(`no command: ${line.slice(0, 50)}`, () => assert.deepEqual(readCommand(line), { ok: false, error: why }))

test('a command of 512 octets is not too long, and MAIL may be longer', () => {
  assert.ok(readCommand(`NOOP ${'x'.repeat(505)}`).ok)
  assert.ok(readCommand(`MAIL FROM:<a@b.example> ENVID=${'x'.repeat(600)}`).ok)
})

for (const [name, good] of [
  ['mx.example', true],
  ['MY_PC', true],
  ['[192.0.2.1]', true],
  ['[IPv6:2001:db8::1]', true],
  ['[2001:db8::1]', true],
  ['192.0.2.1', true],
  ['2001:db8::1', true],
  ['a..b', false],
  ['[x]', false],
  ['a;b', false],
  ['x'.repeat(256), false],
] as const)
  test(`HELO ${name.slice(0, 30)} is ${good ? 'taken' : 'not'}`, () =>
    assert.equal(readHello(name), good ? name : undefined))

test('it never throws', () => {
  const words = fc.constantFrom(
    'MAIL FROM:',
    'RCPT TO:',
    'BDAT ',
    'EHLO ',
    'AUTH ',
    '<',
    '>',
    '"',
    '@',
    'a.b',
    ' ',
    '=',
    '\t',
    'ü',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(words, fc.string({ maxLength: 6 })), { maxLength: 12 }), (parts) => {
      assert.equal(typeof readCommand(parts.join('')).ok, 'boolean')
    }),
  )
})

test('what is written is read', () => {
  const text = fc.string({ unit: fc.constantFrom(...'abcdef+=@;,/ '), minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(fc.nat(), text, fc.constantFrom('full', 'hdrs'), (size, envid, ret) => {
      const line = writeMail({
        from: 'a@b.example',
        size,
        body: '8bitmime',
        smtpUtf8: true,
        ret,
        envid,
        requireTls: true,
      })
      assert.ok(line.endsWith('\r\n'))
      const read = readCommand(line.slice(0, -2))
      assert.ok(read.ok && read.value.verb === 'MAIL')
      const names = read.value.parameters.map(({ name }) => name)
      assert.deepEqual(names, ['SIZE', 'BODY', 'SMTPUTF8', 'REQUIRETLS', 'RET', 'ENVID'])
    }),
  )
})

test('nothing that is put between the brackets ends the line', () => {
  assert.equal(writeRcpt({ to: 'a@b>\r\nDATA' }), 'RCPT TO:<a@b>DATA>\r\n')
  assert.equal(writeMail({ from: '' }), 'MAIL FROM:<>\r\n')
})
