/** Reports that strangers send: whole messages, XML documents, archives, TLS reports, complaints. What is read is bounded and of the shape that is kept. */
import { gzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import type { IncomingReport } from '../src/post/reports/incoming.ts'
import { readAggregate } from '../src/post/reports/read-dmarc.ts'
import { readTlsReport } from '../src/post/reports/read-tls.ts'
import { recogniseReport } from '../src/post/reports/recognise.ts'
import { unpack } from '../src/post/reports/unpack.ts'
import type { FuzzTarget } from './target.ts'

const xml =
  '<?xml version="1.0" encoding="UTF-8"?>\n<feedback><report_metadata><org_name>a</org_name><report_id>1</report_id><date_range><begin>86400</begin><end>172799</end></date_range></report_metadata>' +
  '<policy_published><domain>example.com</domain><p>none</p></policy_published><record><row><source_ip>192.0.2.1</source_ip><count>2</count><policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>' +
  '<identifiers><header_from>example.com</header_from></identifiers><auth_results><dkim><domain>example.com</domain><result>pass</result></dkim></auth_results></record></feedback>'
const json =
  '{"organization-name":"a","date-range":{"start-datetime":"2026-11-24T00:00:00Z","end-datetime":"2026-11-24T23:59:59Z"},"policies":[{"policy":{"policy-type":"sts","policy-domain":"example.com"},"summary":{"total-successful-session-count":1},"failure-details":[{"result-type":"x","failed-session-count":2}]}]}'
const arf =
  'Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\nSource-IP: 192.0.2.1\r\nOriginal-Mail-From: <a@example.com>\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: A <a@example.com>\r\nSubject: =?utf-8?q?x?=\r\n\r\nx\r\n--b--\r\n'
const mail = (type: string, octets: Uint8Array): string =>
  `Content-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(octets).toString('base64')}\r\n`

const MOST_OUT = 10_485_760
const check = (report: IncomingReport | undefined): void => {
  if (report === undefined) return
  const text = JSON.stringify(report)
  if (text.length > 4_000_000) throw new Error('a report is larger than it may be')
  if (/[\u0000-\u001f\u007f]/.test(text)) throw new Error('a control character is kept')
  if (report.kind === 'dmarc' && (report.rows.length > 1_000 || report.passed > report.messages))
    throw new Error('rows or counts are off')
}

export const target: FuzzTarget = {
  name: 'post-report',
  seeds: () =>
    [
      xml,
      json,
      arf,
      mail('application/gzip', gzipSync(xml)),
      mail('application/zip', zipSync({ 'a.xml': Buffer.from(xml) })),
      mail('application/tlsrpt+gzip', gzipSync(json)),
    ]
      .map((text): Uint8Array => Buffer.from(text))
      .concat([gzipSync(xml), zipSync({ 'a.xml': Buffer.from(xml), 'b.json': Buffer.from(json) })]),
  run: (input) => {
    const octets = unpack(input)
    if (octets !== undefined && octets.length > Math.min(MOST_OUT, Math.max(262_144, input.length * 250)))
      throw new Error('more came out than may')
    check(readAggregate(octets ?? input))
    check(readTlsReport(octets ?? input))
    check(recogniseReport(input))
  },
}
