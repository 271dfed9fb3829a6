import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { writeTlsReport } from '../../verify/tls-rpt.ts'
import { readTlsReport } from './read-tls.ts'

const read = (value: unknown) => readTlsReport(Buffer.from(JSON.stringify(value)))
const report = {
  'organization-name': 'Google Inc.',
  'date-range': { 'start-datetime': '2026-11-24T00:00:00Z', 'end-datetime': '2026-11-24T23:59:59Z' },
  'contact-info': 'smtp-tls-reporting@google.com',
  'report-id': '2026-11-24T00:00:00Z_example.com',
  policies: [
    {
      policy: { 'policy-type': 'sts', 'policy-string': ['version: STSv1'], 'policy-domain': 'Example.com.' },
      summary: { 'total-successful-session-count': 10, 'total-failure-session-count': 2 },
      'failure-details': [
        {
          'result-type': 'certificate-expired',
          'receiving-mx-hostname': 'MX.example.com',
          'failed-session-count': '2',
        },
      ],
    },
  ],
}

test('a report is read', () => {
  assert.deepEqual(read(report), {
    kind: 'tls',
    organization: 'Google Inc.',
    contact: 'smtp-tls-reporting@google.com',
    id: '2026-11-24T00:00:00Z_example.com',
    begin: Date.UTC(2026, 10, 24),
    end: Date.UTC(2026, 10, 24, 23, 59, 59),
    policies: [
      {
        ...{ domain: 'example.com', type: 'sts', good: 10, failed: 2 },
        failures: [{ type: 'certificate-expired', mx: 'mx.example.com', receivingIp: '', sessions: 2, reason: '' }],
      },
    ],
  })
})

test('what we write ourselves is read back', () => {
  const failures = [
    {
      type: 'starttls-not-supported',
      sendingIp: '',
      mx: 'mx.a.test',
      receivingIp: '192.0.2.1',
      reason: 'r',
      sessions: 3,
    },
  ] as const
  const policies = [{ kind: 'tlsa', lines: ['3 1 1 00'], mx: [], good: 5, failures }] as const
  const json = writeTlsReport({
    organization: 'o',
    contact: 'c@d.test',
    id: 'i',
    domain: 'a.test',
    day: '2026-11-24',
    policies,
  })
  const back = readTlsReport(Buffer.from(json))
  assert.deepEqual(back?.policies, [
    {
      ...{ domain: 'a.test', type: 'tlsa', good: 5, failed: 3 },
      failures: [
        { type: 'starttls-not-supported', mx: 'mx.a.test', receivingIp: '192.0.2.1', sessions: 3, reason: 'r' },
      ],
    },
  ])
})

for (const [name, value] of [
  ['no object', []],
  ['an empty one', {}],
  ['no period', { ...report, 'date-range': {} }],
  [
    'a period that ends before it begins',
    { ...report, 'date-range': { 'start-datetime': '2026-11-25', 'end-datetime': '2026-11-24' } },
  ],
  ['no policy', { ...report, policies: [] }],
  ['policies of nobody', { ...report, policies: [{}, null, 7, { policy: { 'policy-type': 'sts' } }] }],
] as const)
  test(`no report: ${name}`, () => assert.equal(read(value), undefined))

test('policies and failures are bounded', () => {
  const [one] = report.policies
  const failure = { 'result-type': 'x', 'failed-session-count': 1e300 }
  const many = read({
    ...report,
    policies: Array.from({ length: 500 }, () => ({
      ...one,
      'failure-details': Array.from({ length: 500 }, () => failure),
    })),
  })
  assert.deepEqual([many?.policies.length, many?.policies[0]?.failures.length], [100, 200])
  assert.equal(many?.policies[0]?.failures[0]?.sessions, 1e12)
})

test('no JSON makes it throw', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => ['undefined', 'object'].includes(typeof read(value))))
  fc.assert(fc.property(fc.uint8Array(), (octets) => ['undefined', 'object'].includes(typeof readTlsReport(octets))))
})
