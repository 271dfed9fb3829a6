import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { zipSync } from 'fflate'
import { writeAggregate } from './dmarc-xml.ts'
import { recogniseReport } from './recognise.ts'
import { writeReportMail } from './report-mail.ts'
import { rowWith } from './testing.ts'

const xml = writeAggregate({
  ...{
    organization: 'Theirs',
    email: 'a@theirs.test',
    contact: '',
    id: 'i1',
    begin: 86_400,
    end: 172_799,
    generator: 'g',
  },
  ...{ domain: 'example.com', rows: [{ ...rowWith(), count: 3 }] },
})
const json = JSON.stringify({
  'organization-name': 'Theirs',
  'date-range': { 'start-datetime': '2026-11-24T00:00:00Z', 'end-datetime': '2026-11-24T23:59:59Z' },
  policies: [{ policy: { 'policy-domain': 'example.com', 'policy-type': 'sts' }, summary: {} }],
})
const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64').replaceAll(/.{76}/g, '$&\r\n')
const single = (type: string, octets: Uint8Array): string =>
  `From: a@theirs.test\r\nSubject: Report domain: example.com\r\nMIME-Version: 1.0\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(octets)}\r\n`
const mixed = (...parts: readonly string[]): string =>
  `From: a@theirs.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`
const part = (type: string, octets: Uint8Array): string =>
  `Content-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(octets)}`
const kindOf = (message: string | Uint8Array): string | undefined => recogniseReport(Buffer.from(message))?.kind

for (const [name, message, want] of [
  ['gzip alone (Google)', single('application/zip; name="g.zip"', zipSync({ 'g.xml': Buffer.from(xml) })), 'dmarc'],
  ['gzip under no type', single('application/octet-stream; name="x.xml.gz"', gzipSync(xml)), 'dmarc'],
  [
    'gzip after a text (Yahoo, Microsoft)',
    mixed('Content-Type: text/plain\r\n\r\nhello', part('application/gzip', gzipSync(xml))),
    'dmarc',
  ],
  ['plain XML', mixed('\r\nhello', part('text/xml', Buffer.from(xml))), 'dmarc'],
  [
    'a report in an alternative in a mixed',
    mixed(
      `Content-Type: multipart/related; boundary=c\r\n\r\n--c\r\n${part('application/x-gzip', gzipSync(xml))}\r\n--c--`,
    ),
    'dmarc',
  ],
  ['TLS in gzip', mixed('\r\nx', part('application/tlsrpt+gzip', gzipSync(json))), 'tls'],
  ['TLS as it is', single('application/tlsrpt+json', Buffer.from(json)), 'tls'],
  [
    'our own way to send it',
    writeReportMail({
      ...{
        from: 'noreply-dmarc@a.test',
        organization: 'A',
        to: 'r@example.com',
        subject: 'Report Domain: example.com',
        id: 'x',
        at: 0,
      },
      ...{
        fields: [],
        text: 'hello\n',
        attachment: { type: 'application/gzip', name: 'x.xml.gz', octets: gzipSync(xml) },
      },
    }),
    'dmarc',
  ],
  [
    'a letter with a picture',
    mixed('Content-Type: text/plain\r\n\r\nhello', part('image/png', Buffer.from('89504e47', 'hex'))),
    undefined,
  ],
  [
    'a letter with an archive',
    mixed('\r\nhello', part('application/zip', zipSync({ 'a.txt': Buffer.from('x') }))),
    undefined,
  ],
  ['a damaged report', single('application/gzip', gzipSync(xml).subarray(0, 100)), undefined],
  [
    'a report that somebody passes on',
    mixed('\r\nlook', `Content-Type: message/rfc822\r\n\r\n${single('application/gzip', gzipSync(xml))}`),
    undefined,
  ],
  [
    'an encoding that nobody knows',
    single('application/gzip', gzipSync(xml)).replace('Encoding: base64', 'Encoding: x-magic'),
    undefined,
  ],
  ['nothing', '', undefined],
] as const)
  test(`${name}: ${want ?? 'no report'}`, () => assert.equal(kindOf(message), want))

const original =
  'From: Anna <Anna@example.com>\r\nMessage-ID: <1@example.com>\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\n\r\nbuy\r\n'
const arf = (report: string, third: string): string =>
  `From: fbl@isp.test\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n--b\r\n\r\nThis is a complaint.\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\n${report}\r\n--b\r\n${third}\r\n--b--\r\n`
const said =
  'Feedback-Type: abuse\r\nUser-Agent: SomeISP/1.0\r\nVersion: 1\r\nOriginal-Mail-From: <anna@example.com>\r\nOriginal-Rcpt-To: <carl@isp.test>\r\nArrival-Date: Wed, 25 Nov 2026 10:00:00 +0000\r\nSource-IP: 192.0.2.1\r\nReported-Domain: example.com\r\n'
const complaint = {
  ...{
    kind: 'complaint',
    feedback: 'abuse',
    reporter: 'SomeISP/1.0',
    sourceIp: '192.0.2.1',
    mailFrom: 'anna@example.com',
  },
  ...{ recipient: 'carl@isp.test', reportedDomain: 'example.com', arrivedAt: Date.UTC(2026, 10, 25, 10) },
  ...{ from: 'anna@example.com', messageId: '<1@example.com>', subject: 'café' },
}

test('a complaint is read, with the message or with its header alone', () => {
  for (const type of ['message/rfc822', 'text/rfc822-headers'])
    assert.deepEqual(
      recogniseReport(Buffer.from(arf(said, `Content-Type: ${type}\r\n\r\n${original}`))),
      complaint,
      type,
    )
})

test('a complaint that leaves most of it away is one too; without its type it is none', () => {
  const bare = recogniseReport(Buffer.from(arf('Feedback-Type: fraud\r\nUser-Agent: x\r\nVersion: 0.1\r\n', '\r\nx')))
  assert.ok(bare?.kind === 'complaint' && bare.feedback === 'fraud' && bare.from === '' && bare.arrivedAt === null)
  assert.equal(kindOf(arf('User-Agent: x\r\nVersion: 1\r\n', '\r\nx')), undefined)
  assert.equal(kindOf(arf(said, '\r\nx').replace('feedback-report; b', 'delivery-status; b')), undefined)
})

test('no message makes it throw', () => {
  const seeds = [
    single('application/zip', zipSync({ 'g.xml': Buffer.from(xml) })),
    arf(said, `Content-Type: message/rfc822\r\n\r\n${original}`),
    mixed(part('application/gzip', gzipSync(json))),
  ]
  fc.assert(
    fc.property(
      fc.constantFrom(...seeds),
      fc.nat(),
      fc.nat(200),
      fc.uint8Array({ maxLength: 30 }),
      (seed, from, size, piece) => {
        const octets = Buffer.from(seed)
        const at = from % octets.length
        const damaged = Buffer.concat([octets.subarray(0, at), piece, octets.subarray(at + size)])
        return ['undefined', 'object'].includes(typeof recogniseReport(damaged))
      },
    ),
  )
})
