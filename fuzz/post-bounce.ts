/** Delivery reports: any octets are read or are none; what a report of ours was made from is read back from it, whatever a peer said. */
import assert from 'node:assert/strict'
import { readDeliveryReport } from '../src/post/bounce/read.ts'
import { writeBounce } from '../src/post/bounce/write.ts'
import type { FuzzTarget } from './target.ts'

export const target: FuzzTarget = {
  name: 'post-bounce',
  seeds: () =>
    [
      'Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nsorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; a@b.test\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <a@b>\r\n\r\n--b--\r\n',
      '550 5.7.1 blocked using zen.spamhaus.org\r\nBcc: x@y.test\r\n\r\n--=_report_00ff_0--',
    ].map((text) => Buffer.from(text, 'latin1')),
  run: (input) => {
    readDeliveryReport(input)
    const text = Buffer.from(input).toString('utf8')
    const said = { code: 550, enhanced: text.slice(0, 8), text, host: text.slice(-300), stage: 'rcpt' as const }
    const report = writeBounce({
      ...{ kind: 'failed', host: 'mail.example.org', id: '00ff', at: 1_000_000_000_000, arrivedAt: 0, to: text },
      ...{ recipients: [{ recipient: text, said, tries: 1 }], original: input, full: false, smtpUtf8: false },
    })
    const back = readDeliveryReport(report)
    assert.equal(back?.recipients.length, 1)
    assert.equal(back?.reportingMta, 'mail.example.org')
    assert.match(
      Buffer.from(report).toString('latin1'),
      /^From: Mail Delivery <MAILER-DAEMON@mail\.example\.org>\r\nTo: </,
    )
  },
}
