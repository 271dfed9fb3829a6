/** The record that asks for TLS reports, and the report. RFC 8460 sections 3, 4.4 and appendix B. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readTlsRptRecord, type TlsReport, writeTlsReport, writeTlsRptRecord } from './tls-rpt.ts'

for (const [texts, want] of [
  [['v=TLSRPTv1;rua=mailto:reports@example.com'], ['mailto:reports@example.com']],
  [
    ['v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt , MAILTO:a@b.test;'],
    ['https://reporting.example.com/v1/tlsrpt', 'MAILTO:a@b.test'],
  ],
  [['v=TLSRPTv1; x=1; rua = mailto:a@b.test; rua=mailto:c@d.test'], ['mailto:a@b.test']],
  [['v=spf1 -all', 'v=TLSRPTv1; rua=mailto:a@b.test'], ['mailto:a@b.test']],
  [['v=TLSRPTv1; rua=http://b.test/,ftp://x,mailto:nobody,,mailto:a@b.test'], ['mailto:a@b.test']],
  [['v=TLSRPTv1; rua=mailto:a@b.test', 'v=TLSRPTv1; rua=mailto:a@b.test'], []],
  [['v=TLSRPTv2; rua=mailto:a@b.test'], []],
  [['v=TLSRPTv1'], []],
  [['v=TLSRPTv1;'], []],
  [['tlsrpt'], []],
  [[], []],
] as const)
  test(`record ${JSON.stringify(texts)}`, () => assert.deepEqual(readTlsRptRecord(texts), want))

test('no more than ten destinations', () => {
  const many = Array.from({ length: 30 }, (_, n) => `mailto:a${n}@b.test`)
  assert.equal(readTlsRptRecord([`v=TLSRPTv1; rua=${many.join(',')}`]).length, 10)
})
test('what is written is read back', () => {
  const rua = ['mailto:a@b.test', 'https://b.test/tls']
  assert.deepEqual(readTlsRptRecord([writeTlsRptRecord(rua)]), rua)
  assert.equal(writeTlsRptRecord(['https://b.test/a,b;c!d']), 'v=TLSRPTv1; rua=https://b.test/a%2Cb%3Bc%21d')
})
test('any record is read', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const uri of readTlsRptRecord([`v=TLSRPTv1;${text}`, text.slice(0, 3)]))
        assert.match(uri, /^(mailto|https):/i)
    }),
  )
})

const report: TlsReport = {
  organization: 'Company-X',
  contact: 'sts-reporting@company-x.example',
  id: '2016-04-01-company-y.example',
  domain: 'company-y.example',
  day: '2016-04-01',
  policies: [
    {
      kind: 'sts',
      lines: ['version: STSv1', 'mode: testing', 'mx: *.mail.company-y.example', 'max_age: 86400'],
      mx: ['*.mail.company-y.example'],
      good: 5326,
      failures: [
        {
          type: 'certificate-expired',
          sendingIp: '2001:db8:abcd:0012::1',
          mx: 'mx1.mail.company-y.example',
          receivingIp: '203.0.113.56',
          reason: '',
          sessions: 100,
        },
        { type: 'validation-failure', sendingIp: '', mx: '', receivingIp: '', reason: 'X509_V_ERR_X', sessions: 3 },
      ],
    },
    { kind: 'no-policy-found', lines: [], mx: [], good: 1, failures: [] },
  ],
}
test('a report in the form of RFC 8460 appendix B', () => {
  assert.deepEqual(JSON.parse(writeTlsReport(report)), {
    'organization-name': 'Company-X',
    'date-range': { 'start-datetime': '2016-04-01T00:00:00Z', 'end-datetime': '2016-04-01T23:59:59Z' },
    'contact-info': 'sts-reporting@company-x.example',
    'report-id': '2016-04-01-company-y.example',
    policies: [
      {
        policy: {
          'policy-type': 'sts',
          'policy-string': ['version: STSv1', 'mode: testing', 'mx: *.mail.company-y.example', 'max_age: 86400'],
          'policy-domain': 'company-y.example',
          'mx-host': ['*.mail.company-y.example'],
        },
        summary: { 'total-successful-session-count': 5326, 'total-failure-session-count': 103 },
        'failure-details': [
          {
            'result-type': 'certificate-expired',
            'sending-mta-ip': '2001:db8:abcd:0012::1',
            'receiving-mx-hostname': 'mx1.mail.company-y.example',
            'receiving-ip': '203.0.113.56',
            'failed-session-count': 100,
          },
          { 'result-type': 'validation-failure', 'failed-session-count': 3, 'failure-reason-code': 'X509_V_ERR_X' },
        ],
      },
      {
        policy: { 'policy-type': 'no-policy-found', 'policy-domain': 'company-y.example' },
        summary: { 'total-successful-session-count': 1, 'total-failure-session-count': 0 },
      },
    ],
  })
})
