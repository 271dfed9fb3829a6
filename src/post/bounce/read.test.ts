import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readDeliveryReport } from './read.ts'

const report = (status: string, third = '', type = 'message/delivery-status'): Uint8Array =>
  Buffer.from(
    `Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nsorry\r\n--b\r\nContent-Type: ${type}\r\n\r\n${status}\r\n--b\r\n${third}\r\n--b--\r\n`,
  )

test('a report of Postfix', () => {
  const read = readDeliveryReport(
    report(
      'Reporting-MTA: dns; mx.example.com\r\nX-Postfix-Queue-ID: 4F1\r\nX-Postfix-Sender: rfc822; ben@example.org\r\nArrival-Date: Wed, 25 Nov 2026 09:00:00 +0000 (UTC)\r\n\r\nFinal-Recipient: rfc822; anna@example.com\r\nOriginal-Recipient: rfc822;anna@list.example\r\nAction: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mail.example.com\r\nDiagnostic-Code: smtp; 550 5.1.1 <anna@example.com>: User\r\n    unknown\r\n',
      'Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <one@example.org>\r\nSubject: x\r\n',
    ),
  )
  assert.deepEqual(read, {
    envelopeId: '',
    reportingMta: 'mx.example.com',
    messageId: '<one@example.org>',
    recipients: [
      {
        finalRecipient: 'anna@example.com',
        originalRecipient: 'anna@list.example',
        action: 'failed',
        status: '5.1.1',
        remoteMta: 'mail.example.com',
        diagnostic: '550 5.1.1 <anna@example.com>: User unknown',
      },
    ],
  })
})

test('several recipients, words in any case, comments, brackets, bare LF', () => {
  const read = readDeliveryReport(
    report(
      'Reporting-MTA: DNS;mx\n\n\nFinal-Recipient: RFC822;<a@b.test>\nAction: Delayed (4 hours)\nStatus: 4.4.1 (no answer)\n\nfinal-recipient: rfc822;c@b.test\naction: FAILED\nstatus: 5.0.0\n',
      'Content-Type: message/rfc822\r\n\r\nMessage-Id:\r\n <two@example.org>\r\n\r\nbody\r\n',
    ),
  )
  assert.deepEqual(
    read?.recipients.map(({ finalRecipient, action, status }) => [finalRecipient, action, status]),
    [
      ['a@b.test', 'delayed', '4.4.1'],
      ['c@b.test', 'failed', '5.0.0'],
    ],
  )
  assert.equal(read?.messageId, '<two@example.org>')
})

test('a server that leaves the empty line out', () => {
  const read = readDeliveryReport(
    report('Reporting-MTA: dns; mx\r\nFinal-Recipient: rfc822; a@b.test\r\nAction: failed\r\nStatus: 5.1.1\r\n'),
  )
  assert.deepEqual(
    read?.recipients.map((one) => one.finalRecipient),
    ['a@b.test'],
  )
})

test('addresses in UTF-8 and in its escaped form', () => {
  for (const address of ['jürgen@b.test', 'j\\x{FC}rgen@b.test']) {
    const read = readDeliveryReport(
      report(
        `Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: utf-8; ${address}\r\nAction: failed\r\nStatus: 5.1.1\r\n`,
        '',
        'message/global-delivery-status',
      ),
    )
    assert.equal(read?.recipients[0]?.finalRecipient, 'jürgen@b.test')
  }
})

test('base64 around the status is taken off', () => {
  const status = Buffer.from(
    'Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; a@b.test\r\nAction: failed\r\n',
  ).toString('base64')
  const message = Buffer.from(
    `Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n${status}\r\n--b--\r\n`,
  )
  assert.equal(readDeliveryReport(message)?.recipients[0]?.finalRecipient, 'a@b.test')
})

for (const [says, text] of [
  ['plain mail', 'Subject: x\r\n\r\nReporting-MTA: dns; mx\r\n'],
  ['a multipart without a status', 'Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n'],
  [
    'an empty status',
    'Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\r\n--b--\r\n',
  ],
] as const)
  test(`no report: ${says}`, () => assert.equal(readDeliveryReport(Buffer.from(text)), undefined))

test('a thousand recipients are read, ten thousand are cut, in bounded time', () => {
  const group = 'Final-Recipient: rfc822; a@b.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n'
  const read = readDeliveryReport(report(`Reporting-MTA: dns; mx\r\n\r\n${group.repeat(10_000)}`))
  assert.equal(read?.recipients.length, 1_000)
})

test('no octets make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (status, third) => {
      readDeliveryReport(report(Buffer.from(status).toString('latin1'), Buffer.from(third).toString('latin1')))
      readDeliveryReport(status)
    }),
  )
})
