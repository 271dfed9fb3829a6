import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Envelope } from './ports.ts'
import { receivedField, returnPathField, writeDate } from './trace.ts'

const envelope: Envelope = {
  session: 's1',
  at: 0,
  ip: '192.0.2.7',
  port: 4711,
  helo: 'mail.sender.example',
  protocol: 'ESMTPS',
  tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' },
  mailFrom: { local: 'a', domain: 'sender.example', text: 'a@sender.example' },
  recipients: [],
  body: '7bit',
  smtpUtf8: false,
  requireTls: false,
}
const facts = { host: 'mx.example.org', id: 'abc', at: Date.UTC(2026, 10, 24, 5, 20, 16), showClient: true }

test('a date is written as RFC 5322 says', () => assert.equal(writeDate(facts.at), 'Tue, 24 Nov 2026 05:20:16 +0000'))

test('Received names who, by whom, how, and for whom when there is one', () => {
  assert.equal(
    receivedField(envelope, { ...facts, reverseName: 'out.sender.example', recipient: 'anna@example.org' }),
    'Received: from mail.sender.example (out.sender.example [192.0.2.7])\r\n\tby mx.example.org with ESMTPS (TLSv1.3) id abc' +
      '\r\n\tfor <anna@example.org>\r\n\ttls TLS_AES_256_GCM_SHA384;\r\n\tTue, 24 Nov 2026 05:20:16 +0000\r\n',
  )
})

test('an IPv6 peer is written as a literal, and a client on submission not at all', () => {
  assert.match(receivedField({ ...envelope, ip: '2001:db8::1' }, facts), /\(\[IPv6:2001:db8::1\]\)/)
  assert.match(receivedField(envelope, { ...facts, showClient: false }), /^Received: by mx\.example\.org/)
})

for (const helo of ['x\r\nX-Forged: yes', 'a (b) by evil; Mon', 'é', ''])
  test(`a HELO of ${JSON.stringify(helo)} forges no line and no clause`, () => {
    const field = receivedField({ ...envelope, helo }, facts)
    assert.doesNotMatch(field, /\r\n[^\t]./)
    assert.doesNotMatch(field.split('\r\n')[0] ?? '', /[;é]/)
  })

test('Return-Path of a bounce is empty', () => {
  assert.equal(returnPathField({ ...envelope, mailFrom: null }), 'Return-Path: <>\r\n')
  assert.equal(returnPathField(envelope), 'Return-Path: <a@sender.example>\r\n')
})
