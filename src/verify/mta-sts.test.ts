/** MTA-STS records, policies and their life. RFC 8461 sections 3.1, 3.2, 3.3, 4.1, 5 and the examples of its appendix A. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  MOST_POLICY,
  namesMx,
  readStsPolicy,
  readStsRecord,
  type StsPolicy,
  writeStsPolicy,
  writeStsRecord,
} from './mta-sts.ts'
import { FETCH_PAUSE_MS, noSts, REFRESH_MS, stsEnd, stsFetch, stsFetched, stsInForce } from './mta-sts-cache.ts'

const none = { ok: false, error: 'none' }
const syntax = { ok: false, error: 'syntax' }
const id = (value: string): unknown => ({ ok: true, value })
for (const [texts, want] of [
  [['v=STSv1; id=20160831085700Z;'], id('20160831085700Z')],
  [['v=STSv1;id=1'], id('1')],
  [['v=STSv1 ; \t id = 7 ; x-y.z=a:b'], id('7')],
  [['v=STSv1; x=1; id=7; id=8'], id('7')],
  [['v=spf1 -all', 'v=STSv1; id=1;', 'v=STSv12; id=9'], id('1')],
  [['v=STSv1; id=1;', 'v=STSv1; id=1;'], { ok: false, error: 'many' }],
  [[], none],
  [['V=STSv1; id=1'], none],
  [[' v=STSv1; id=1'], none],
  [['v=STSv1'], syntax],
  [['v=STSv1; id='], syntax],
  [['v=STSv1; id=a-b'], syntax],
  [[`v=STSv1; id=${'1'.repeat(33)}`], syntax],
  [['v=STSv1; id=1; ;'], syntax],
  [['v=STSv1; ID=1'], syntax],
] as const)
  test(`record ${JSON.stringify(texts)}`, () => assert.deepEqual(readStsRecord(texts), want))

test('our own record is read back', () => {
  assert.deepEqual(readStsRecord([writeStsRecord('20261125')]), id('20261125'))
})

const example =
  'version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmx: backupmx.example.com\nmax_age: 604800\n'
const examplePolicy: StsPolicy = {
  mode: 'enforce',
  maxAge: 604_800,
  mx: ['mail.example.com', '*.example.net', 'backupmx.example.com'],
}
const made = (lines: string): string => `version: STSv1\nmode: testing\nmx: mx.example\nmax_age: 10\n${lines}`
const small: StsPolicy = { mode: 'testing', maxAge: 10, mx: ['mx.example'] }
const good = (value: StsPolicy): unknown => ({ ok: true, value })
const bad = (error: string): unknown => ({ ok: false, error })
for (const [says, text, want] of [
  ['the example of the RFC', example, good(examplePolicy)],
  ['the same with CRLF', example.replaceAll('\n', '\r\n'), good(examplePolicy)],
  ['no line end at the end', example.trimEnd(), good(examplePolicy)],
  ['white space and blank lines', made('\n  \n').replaceAll(': ', ':  \t').replaceAll('\n', ' \n'), good(small)],
  ['unknown fields', made('x-new.field_1: ü, anything: at all\nempty:\n'), good(small)],
  ['a field twice', made('mode: enforce\nmax_age: 99\nversion: STSv2\n'), good(small)],
  ['none needs no mx', 'version: STSv1\nmode: none\nmax_age: 86400', good({ mode: 'none', maxAge: 86_400, mx: [] })],
  ['an age of ages', made('').replace('10', '9999999999'), good({ ...small, maxAge: 31_557_600 })],
  ['upper case and a last dot', made('mx: MX.Example.ORG.'), good({ ...small, mx: ['mx.example', 'mx.example.org'] })],
  ['no version', 'mode: none\nmax_age: 1', bad('no-version')],
  ['version in another case', 'version: stsv1\nmode: none\nmax_age: 1', bad('no-version')],
  ['mode unknown', 'version: STSv1\nmode: report\nmax_age: 1', bad('bad-mode')],
  ['no age', 'version: STSv1\nmode: none', bad('bad-age')],
  ['age negative', 'version: STSv1\nmode: none\nmax_age: -1', bad('bad-age')],
  ['enforce without mx', 'version: STSv1\nmode: enforce\nmax_age: 1', bad('no-mx')],
  ['a wildcard in the middle', made('mx: mx.*.example'), bad('bad-mx')],
  ['a bare wildcard', made('mx: *'), bad('bad-mx')],
  ['an address', made('mx: [192.0.2.1]'), bad('bad-mx')],
  ['a line that is no field', made('hello'), bad('syntax')],
  ['a web page', '<!DOCTYPE html>\n<html></html>', bad('syntax')],
  ['control characters', made('x: \x00'), bad('syntax')],
  ['too long', made(`x: ${'y'.repeat(MOST_POLICY)}`), bad('too-long')],
  ['too many mx', made('mx: mx.example\n'.repeat(300)), bad('too-long')],
  ['too many lines', made('a: b\n'.repeat(2000)), bad('syntax')],
  ['nothing', '', bad('no-version')],
] as const)
  test(`policy: ${says}`, () => assert.deepEqual(readStsPolicy(text), want))

for (const [mx, want] of [
  ['mail.example.com', true],
  ['MAIL.example.com.', true],
  ['a.example.net', true],
  ['example.net', false],
  ['a.b.example.net', false],
  ['.example.net', false],
  ['xexample.net', false],
  ['other.example.com', false],
  ['', false],
] as const)
  test(`the policy ${want ? 'names' : 'does not name'} "${mx}"`, () => assert.equal(namesMx(examplePolicy, mx), want))

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/)
const host = fc.tuple(label, label, label).map((labels) => labels.join('.'))
const policies = fc.record(
  {
    mode: fc.constantFrom('enforce' as const, 'testing' as const),
    maxAge: fc.integer({ min: 0, max: 31_557_600 }),
    mx: fc.array(
      fc.oneof(
        host,
        host.map((name) => `*.${name}`),
      ),
      { minLength: 1, maxLength: 20 },
    ),
  },
  { noNullPrototype: true },
)
test('what is written is read back', () => {
  fc.assert(fc.property(policies, (policy) => assert.deepEqual(readStsPolicy(writeStsPolicy(policy)), good(policy))))
})
test('any text is read, and what is read can be written', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom('version: STSv1', 'mode: none', 'mode:enforce', 'mx: *.a.b', 'max_age: 5'),
  )
  fc.assert(
    fc.property(
      fc.array(line).map((lines) => lines.join('\n')),
      (text) => {
        readStsRecord([text])
        const read = readStsPolicy(text)
        if (read.ok) assert.deepEqual(readStsPolicy(writeStsPolicy(read.value)), read)
      },
    ),
  )
})

test('the life of a policy', () => {
  const day = 86_400_000
  const enforce: StsPolicy = { mode: 'enforce', maxAge: 7 * 86_400, mx: ['a.b'] }
  assert.equal(stsFetch(noSts, undefined, 0), 'no', 'no record: nothing to fetch')
  assert.equal(stsFetch(noSts, '1', 0), 'now')
  const first = stsFetched(noSts, '1', enforce, 0)
  assert.deepEqual([stsInForce(first, 0)?.mode, stsEnd(first)], ['enforce', 7 * day])
  assert.equal(stsFetch(first, '1', 1000), 'no', 'the same id')
  assert.equal(stsFetch(first, undefined, day), 'no', 'the record was hidden: the policy holds')
  assert.equal(stsFetch(first, '1', REFRESH_MS), 'beside', 'a day old')
  assert.equal(stsFetch(first, '2', 1000), 'now', 'another id, at once')
  const failed = stsFetched(first, '2', undefined, day)
  assert.deepEqual([stsInForce(failed, day)?.mode, failed.id], ['enforce', '1'], 'a fetch that failed changes nothing')
  assert.equal(stsFetch(failed, '2', day + 1), 'no', 'not again at once')
  assert.equal(stsFetch(failed, '2', day + FETCH_PAUSE_MS), 'now')
  assert.equal(stsInForce(failed, 7 * day - 1)?.mode, 'enforce')
  assert.equal(stsInForce(failed, 7 * day), undefined, 'it ends')
  assert.equal(stsFetch(failed, '1', 7 * day), 'now')
  assert.equal(stsFetched(failed, '1', undefined, 7 * day).policy, undefined)
  const lifted = stsFetched(first, '3', { mode: 'none', maxAge: 86_400, mx: [] }, 2 * day)
  assert.equal(stsInForce(lifted, 2 * day), undefined, 'none lifts')
  assert.equal(stsFetch(lifted, '3', 2 * day + 1), 'no')
})
