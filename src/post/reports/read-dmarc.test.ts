import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AggregateReport, writeAggregate } from './dmarc-xml.ts'
import { readAggregate } from './read-dmarc.ts'
import { rowWith } from './testing.ts'

const read = (xml: string, encoding: BufferEncoding = 'utf8') => readAggregate(Buffer.from(xml, encoding))
const head =
  '<report_metadata><org_name>google.com</org_name><email>noreply-dmarc-support@google.com</email><report_id>123</report_id><date_range><begin>1795564800</begin><end>1795651199</end></date_range></report_metadata>'
const policy =
  '<policy_published><domain>example.com</domain><adkim>r</adkim><aspf>r</aspf><p>reject</p><pct>100</pct></policy_published>'
const record =
  '<record><row><source_ip>192.0.2.1</source_ip><count>2</count><policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf><reason><type>forwarded</type><comment>x</comment></reason></policy_evaluated></row>' +
  '<identifiers><header_from>Example.com</header_from></identifiers><auth_results><dkim><domain>example.com</domain><selector>s1</selector><result>pass</result></dkim><dkim><domain>list.test</domain><result>fail</result></dkim><spf><domain>list.test</domain><result>pass</result></spf></auth_results></record>'
const whole = `<?xml version="1.0"?><feedback>${head}${policy}${record}</feedback>`
const row = {
  ...{ ip: '192.0.2.1', count: 2, disposition: 'none', dkim: 'pass', spf: 'fail', reasons: ['forwarded'] },
  ...{ headerFrom: 'example.com', envelopeFrom: '', spfDomain: 'list.test', spfResult: 'pass' },
  signatures: [
    { domain: 'example.com', selector: 's1', result: 'pass' },
    { domain: 'list.test', selector: '', result: 'fail' },
  ],
}
const good = {
  ...{ kind: 'dmarc', organization: 'google.com', contact: 'noreply-dmarc-support@google.com', id: '123' },
  ...{ begin: 1_795_564_800_000, end: 1_795_651_199_000, domain: 'example.com', policy: 'reject' },
  ...{ messages: 2, passed: 2, rows: [row], more: 0 },
}

for (const [name, xml] of [
  ['as the RFC has it', whole],
  [
    'with a byte order mark, spaces and comments',
    `\ufeff<?xml version="1.0" encoding="UTF-8" ?>\n<!-- x --><feedback >\n${head}\n <!--<p>none</p>-->${policy}\n${record}\n</feedback>`,
  ],
  ['in another order', `<feedback>${record}${policy}${head}</feedback>`],
  [
    'in a name space',
    `<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">${head}${policy}<extension><x:y xmlns:x="u">z</x:y></extension>${record}</feedback>`,
  ],
  [
    'with a prefix',
    `<d:feedback xmlns:d="u">${head}${policy}${record}</d:feedback>`.replaceAll(
      /<(\/?)(record|row|count)>/g,
      '<$1d:$2>',
    ),
  ],
  [
    'with a document type that defines entities',
    `<!DOCTYPE feedback [<!ENTITY a "${'x'.repeat(50)}"><!ENTITY b "&a;&a;&a;">]>${whole.slice(21)}`,
  ],
  ['in CDATA', whole.replace('google.com<', '<![CDATA[google.com]]><')],
  ['with a number that has a fraction', whole.replace('1795564800', '1795564800.25')],
] as const)
  test(`a report is read: ${name}`, () => assert.deepEqual(read(xml), good))

test('a report in UTF-16 and one in an old code page are read', () => {
  assert.deepEqual(read(`\ufeff${whole}`, 'utf16le'), good)
  const latin = whole
    .replace('<?xml version="1.0"?>', '<?xml version="1.0" encoding="windows-1252"?>')
    .replace('google.com', 'Bücher')
  assert.equal(read(latin, 'latin1')?.organization, 'Bücher')
})

test('entities are those of XML, and no others', () => {
  assert.equal(read(whole.replace('google.com', 'A &amp; B &#233; &x; &nbsp;'))?.organization, 'A & B é &x; &nbsp;')
})

for (const [name, xml] of [
  ['nothing', ''],
  ['text', 'hello'],
  ['another document', '<html><body>x</body></html>'],
  ['no domain', whole.replace('<domain>example.com</domain><adkim>', '<adkim>')],
  ['no period', whole.replace('<end>1795651199</end>', '')],
  ['a period that ends before it begins', whole.replace('1795651199', '1795564799')],
  ['a period of a year', whole.replace('1795651199', '1827187199')],
  ['no row', whole.replace(record, '')],
  ['rows without an address', whole.replace('192.0.2.1', 'x')],
  ['rows that count nothing', whole.replace('<count>2<', '<count>0<')],
  ['an abyss', `<feedback>${'<a>'.repeat(100_000)}`],
] as const)
  test(`no report: ${name}`, () => assert.equal(read(xml), undefined))

test('rows beyond what is kept are counted', () => {
  const report = read(`<feedback>${head}${policy}${record.repeat(1_500)}</feedback>`)
  assert.deepEqual([report?.rows.length, report?.more, report?.messages, report?.passed], [1_000, 500, 3_000, 3_000])
})

test('texts of a stranger are cut, on one line, without control characters', () => {
  const report = read(whole.replace('google.com', `a\u001b[31m\nb${'x'.repeat(100_000)}`))
  assert.ok(report !== undefined && report.organization.length <= 255 && /^a \[31m bx+$/.test(report.organization))
})

test('what we write ourselves is read back', () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,12}$/)
  const domain = fc.tuple(word, word).map(([one, two]) => `${one}.${two}x`)
  const result = fc.constantFrom('pass', 'fail', 'none', 'temperror')
  const rows = fc.array(
    fc.record({
      ip: fc.ipV4(),
      count: fc.integer({ min: 1, max: 1e9 }),
      headerFrom: domain,
      envelopeFrom: fc.oneof(domain, fc.constant('')),
      dkimAligned: fc.boolean(),
      spfAligned: fc.boolean(),
      disposition: fc.constantFrom('none', 'quarantine', 'reject'),
      dkim: fc.array(fc.record({ domain, selector: word, result }, { noNullPrototype: true }), { maxLength: 4 }),
      spf: fc.record({ domain, result, helo: fc.boolean() }),
      reason: fc.constant({ type: 'local_policy', comment: 'a < b & c' } as const),
    }),
    { minLength: 1, maxLength: 8 },
  )
  fc.assert(
    fc.property(domain, fc.string({ maxLength: 40 }), rows, (of, organization, list) => {
      const report: AggregateReport = {
        ...{ organization, email: 'a@b.test', contact: 'https://b.test/?a&b', id: 'x', begin: 86_400, end: 172_799 },
        ...{
          generator: 'g',
          domain: of,
          rows: list.map((one) => ({ ...rowWith({ ...one, policyDomain: of }), count: one.count })),
        },
      }
      const back = read(writeAggregate(report))
      assert.ok(back !== undefined)
      assert.deepEqual([back.domain, back.begin, back.end, back.id], [of, 86_400_000, 172_799_000, 'x'])
      assert.deepEqual(
        back.rows.map(({ ip, count, dkim, spf, headerFrom, envelopeFrom, signatures, spfResult, reasons }) => ({
          ip,
          count,
          dkim,
          spf,
          headerFrom,
          envelopeFrom,
          signatures,
          spfResult,
          reasons,
        })),
        list.map((one) => ({
          ...{ ip: one.ip, count: one.count, headerFrom: one.headerFrom, envelopeFrom: one.envelopeFrom },
          ...{ dkim: one.dkimAligned ? 'pass' : 'fail', spf: one.spfAligned ? 'pass' : 'fail' },
          ...{ signatures: one.dkim, spfResult: one.spf.result, reasons: ['local_policy'] },
        })),
      )
    }),
    { numRuns: 60 },
  )
})

test('no octets make it throw, and damage never makes more messages of a report', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.uint8Array({ maxLength: 20 }), (from, size, piece) => {
      const octets = Buffer.from(whole)
      const at = from % octets.length
      const damaged = Buffer.concat([octets.subarray(0, at), piece, octets.subarray(at + (size % 50))])
      const report = readAggregate(damaged)
      return report === undefined || report.rows.length <= 1
    }),
  )
})
