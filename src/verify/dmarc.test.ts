/** DMARC against RFC 9989: the walk, the policy, alignment, and who the author is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Table, zoneOf } from '../../test/verify-zone.ts'
import { readAuthors } from './author.ts'
import { checkDmarc, type DmarcVerdict } from './dmarc.ts'
import { isDmarcRecord, readDmarcRecord } from './dmarc-record.ts'
import { organizationalDomain, stepsOf, walk } from './dmarc-walk.ts'
import { readMessage } from './fields.ts'
import { boundedResolve } from './lookup.ts'

const record = (text: string): Table[string] => ({ TXT: [`v=DMARC1; ${text}`] })
const fieldsOf = (header: string): ReturnType<typeof readMessage>['fields'] =>
  readMessage(Buffer.from(`${header}\r\n\r\n`, 'utf8')).fields

type Claims = {
  readonly spf?: string
  readonly dkim?: readonly string[]
  readonly temp?: string
  readonly sample?: number
}
const judge = async (from: string, table: Table, claims: Claims = {}): Promise<DmarcVerdict> => {
  const spf = { result: claims.spf === undefined ? 'none' : 'pass', domain: claims.spf ?? 'nowhere.test' }
  const dkim = [
    ...(claims.dkim ?? []).map((domain) => ({ result: 'pass', domain })),
    ...(claims.temp === undefined ? [] : [{ result: 'temperror', domain: claims.temp }]),
    { result: 'fail', domain: 'example.com' },
  ]
  const options = claims.sample === undefined ? {} : { sample: claims.sample }
  return await checkDmarc({ fields: fieldsOf(from), spf, dkim }, boundedResolve(zoneOf(table)), options)
}
const short = (found: DmarcVerdict): string =>
  [found.result, found.policy, found.from, found.disposition, found.reason].filter((one) => one !== undefined).join(' ')

const tree: Table = {
  '_dmarc.example.com': record('p=reject; sp=quarantine; np=none'),
  'sub.example.com': { A: ['192.0.2.1'] },
  '_dmarc.strict.example.com': record('p=reject; aspf=s; adkim=s'),
  '_dmarc.island.example.com': record('p=quarantine; psd=n'),
  '_dmarc.co.test': record('p=none; sp=reject; np=quarantine; psd=y'),
  '_dmarc.shop.co.test': record('p=quarantine'),
  'bare.co.test': { A: ['192.0.2.2'] },
  '_dmarc.plain.test': record('p=reject'),
  '_dmarc.testing.test': record('p=reject; t=y'),
  '_dmarc.testingq.test': record('p=quarantine; t=y'),
  '_dmarc.pct0.test': record('p=reject; pct=0'),
  '_dmarc.pct30.test': record('p=reject; pct=30'),
  '_dmarc.several.test': { TXT: ['v=DMARC1; p=reject', 'v=DMARC1; p=none'] },
  '_dmarc.several.example.com': { TXT: ['v=DMARC1; p=reject', 'v=DMARC1; p=none'] },
  '_dmarc.spoilt.example.com': record('p=rejekt'),
  '_dmarc.nop.test': record('sp=reject'),
  '_dmarc.psd.example.com': record('p=reject; psd=y'),
  '_dmarc.mixed.test': { TXT: ['v=spf1 -all', 'v=DMARC1; p=reject', 'v=DMARC2; p=none'] },
  '_dmarc.spoilt.test': record('p=rejekt'),
  '_dmarc.told.test': record('p=rejekt; rua=mailto:a@told.test'),
  '_dmarc.badsp.test': record('p=reject; sp=x; rua=mailto:a@badsp.test'),
  '_dmarc.down.test': 'servfail',
  '_dmarc.late.test': 'timeout',
  '_dmarc.xn--bcher-kva.test': record('p=reject'),
}
const at = (domain: string): string => `From: Jack <jack@${domain}>`

// Author, what passed, the verdict.
const verdicts: readonly (readonly [string, Claims, string])[] = [
  // policy discovery (section 4.10.1) and p, sp, np (4.7)
  ['example.com', {}, 'fail reject p reject'],
  ['EXAMPLE.com', {}, 'fail reject p reject'],
  ['sub.example.com', {}, 'fail quarantine sp quarantine'],
  ['gone.example.com', {}, 'fail none np none'],
  ['a.b.c.d.sub.example.com', {}, 'fail none np none'],
  ['island.example.com', {}, 'fail quarantine p quarantine'],
  ['x.island.example.com', {}, 'fail quarantine p quarantine'],
  ['plain.test', {}, 'fail reject p reject'],
  ['x.plain.test', {}, 'fail reject p reject'],
  ['co.test', {}, 'fail none p none'],
  ['bare.co.test', {}, 'fail reject sp reject'],
  ['absent.co.test', {}, 'fail quarantine np quarantine'],
  ['shop.co.test', {}, 'fail quarantine p quarantine'],
  ['x.shop.co.test', {}, 'fail quarantine p quarantine'],
  ['nothing.test', {}, 'none none no-record'],
  ['several.test', {}, 'none none no-record'],
  ['several.example.com', {}, 'fail quarantine sp quarantine'],
  ['spoilt.example.com', {}, 'permerror none record-spoilt'],
  ['nop.test', {}, 'fail none p none'],
  ['x.nop.test', {}, 'fail reject sp reject'],
  ['mixed.test', {}, 'fail reject p reject'],
  ['spoilt.test', {}, 'permerror none record-spoilt'],
  ['told.test', {}, 'fail none p none'],
  ['badsp.test', {}, 'fail none p none'],
  ['x.badsp.test', {}, 'fail none p none'],
  ['down.test', {}, 'temperror none no-answer'],
  ['late.test', {}, 'temperror none no-answer'],
  ['x.down.test', {}, 'temperror none no-answer'],
  ['bücher.test', {}, 'fail reject p reject'],
  // alignment (section 4.4)
  ['example.com', { spf: 'example.com' }, 'pass reject p none'],
  ['example.com', { spf: 'bounce.example.com' }, 'pass reject p none'],
  ['sub.example.com', { spf: 'example.com' }, 'pass quarantine sp none'],
  ['sub.example.com', { dkim: ['other.example.com'] }, 'pass quarantine sp none'],
  ['example.com', { dkim: ['evil.com', 'example.com'] }, 'pass reject p none'],
  ['example.com', { dkim: ['evil.com'] }, 'fail reject p reject'],
  ['example.com', { dkim: ['com'] }, 'fail reject p reject'],
  ['example.com', { dkim: ['badexample.com'] }, 'fail reject p reject'],
  ['example.com', { dkim: ['island.example.com'] }, 'fail reject p reject'],
  ['island.example.com', { dkim: ['example.com'] }, 'fail quarantine p quarantine'],
  ['x.island.example.com', { dkim: ['y.island.example.com'] }, 'pass quarantine p none'],
  ['strict.example.com', { spf: 'example.com' }, 'fail reject p reject'],
  ['strict.example.com', { dkim: ['x.strict.example.com'] }, 'fail reject p reject'],
  ['strict.example.com', { dkim: ['strict.example.com'] }, 'pass reject p none'],
  ['bare.co.test', { dkim: ['shop.co.test'] }, 'fail reject sp reject'],
  ['a.shop.co.test', { dkim: ['b.shop.co.test'] }, 'pass quarantine p none'],
  ['shop.co.test', { dkim: ['co.test'] }, 'fail quarantine p quarantine'],
  // a DNS failure is no failure of the author
  ['example.com', { temp: 'example.com' }, 'temperror reject p none no-answer'],
  ['example.com', { temp: 'evil.com' }, 'fail reject p reject'],
  ['example.com', { temp: 'example.com', spf: 'example.com' }, 'pass reject p none'],
  // t and pct
  ['testing.test', {}, 'fail reject p quarantine'],
  ['testingq.test', {}, 'fail quarantine p none'],
  ['pct0.test', {}, 'fail reject p quarantine'],
  ['pct30.test', {}, 'fail reject p reject'],
  ['pct30.test', { sample: 29 }, 'fail reject p reject'],
  ['pct30.test', { sample: 30 }, 'fail reject p quarantine'],
  ['plain.test', { sample: 99 }, 'fail reject p reject'],
]
test('verdicts', async () => {
  for (const [domain, claims, want] of verdicts)
    assert.equal(short(await judge(at(domain), tree, claims)), want, `${domain} ${JSON.stringify(claims)}`)
})

const froms: readonly (readonly [string, Claims, string])[] = [
  ['To: x@example.com', {}, 'none none no-author'],
  ['From:', {}, 'none none no-author'],
  ['From: undisclosed:;', {}, 'none none no-author'],
  ['From: jack', {}, 'none none no-author'],
  ['From: jack@[192.0.2.1]', {}, 'permerror none author-unreadable'],
  [`${at('plain.test')}\r\n${at('nothing.test')}`, {}, 'fail reject p reject'],
  [`${at('nothing.test')}\r\n${at('nothing.test')}`, {}, 'permerror none several-from'],
  [`${at('plain.test')}\r\n${at('plain.test')}`, { spf: 'plain.test' }, 'permerror reject p none several-from'],
  ['From: a@plain.test, b@plain.test', { spf: 'plain.test' }, 'pass reject p none'],
  ['From: a@plain.test, b@nothing.test', { spf: 'nothing.test' }, 'fail reject p reject'],
  ['From: a@plain.test, b@nothing.test', { spf: 'plain.test' }, 'none none no-record'],
  ['From: Team: a@plain.test, b@island.example.com;', {}, 'fail reject p reject'],
  ['From: a@a.test,b@b.test,c@c.test,d@d.test,e@e.test', {}, 'permerror none too-many-authors'],
]
test('odd authors', async () => {
  for (const [from, claims, want] of froms) assert.equal(short(await judge(from, tree, claims)), want, from)
})

const authors: readonly (readonly [string, readonly string[]])[] = [
  ['jack@example.com', ['example.com']],
  [' Jack <jack@example.com> ', ['example.com']],
  ['"a@evil.test" <jack@example.com>', ['example.com']],
  ['"x\\"<a@evil.test>" <jack@example.com>', ['example.com']],
  ['a@evil.test <jack@example.com>', ['example.com']],
  ['Jack (at <home@evil.test>) <jack@example.com>', ['example.com']],
  ['jack(a (nested) comment)@example.com', ['example.com']],
  ['<@relay.test,@other.test:jack@example.com>', ['example.com']],
  ['<jack@example.com', ['example.com']],
  ['"jack@home"@example.com', ['example.com']],
  ['<"jack@home"@example.com>', ['example.com']],
  ['jack @ example . com', ['example.com']],
  ['jack@example.com.', ['example.com']],
  ['Smith, John <john@example.com>', ['example.com']],
  ['Smith, John <john@example.com>, a@b.test', ['example.com', 'b.test']],
  ['Team: a@b.test, c@d.test;, e@f.test', ['b.test', 'd.test', 'f.test']],
  ['=?utf-8?q?a=40evil.test?= <jack@example.com>', ['example.com']],
  ['jäck@bücher.test', ['xn--bcher-kva.test']],
  ['a@A.test, b@a.TEST', ['a.test']],
  ['\r\n Jack\r\n\t<jack@example.com>', ['example.com']],
  ['"open <a@b.test>', []],
  ['(open <a@b.test>', []],
  ['<a@b.test> <c@d.test>', ['d.test']],
  ['', []],
]
test('author domains', () => {
  for (const [value, want] of authors) assert.deepEqual(readAuthors(fieldsOf(`From: ${value}`)).domains, want, value)
})

test('steps of the walk: eight at most (section 4.10)', () => {
  assert.deepEqual(stepsOf('a.b.c'), ['a.b.c', 'b.c', 'c'])
  assert.deepEqual(stepsOf('com'), ['com'])
  assert.deepEqual(stepsOf('a.b.c.d.e.f.g.h.i.j.mail.example.com'), [
    'a.b.c.d.e.f.g.h.i.j.mail.example.com',
    'g.h.i.j.mail.example.com',
    'h.i.j.mail.example.com',
    'i.j.mail.example.com',
    'j.mail.example.com',
    'mail.example.com',
    'example.com',
    'com',
  ])
})

test('organizational domains (section 4.10.2)', async () => {
  for (const [domain, want] of [
    ['example.com', 'example.com'],
    ['a.b.example.com', 'example.com'],
    ['x.island.example.com', 'island.example.com'],
    ['a.shop.co.test', 'shop.co.test'],
    ['a.bare.co.test', 'bare.co.test'],
    ['co.test', 'co.test'],
    ['psd.example.com', 'psd.example.com'],
    ['x.psd.example.com', 'x.psd.example.com'],
    ['a.nothing.test', 'a.nothing.test'],
  ] as const)
    assert.equal(organizationalDomain(domain, await walk(domain, zoneOf(tree))), want)
})

test('which records are records', () => {
  for (const text of ['v=DMARC1', 'v=DMARC1;p=none', 'v = DMARC1 ; p=none']) assert.ok(isDmarcRecord(text), text)
  for (const text of ['v=dmarc1; p=none', 'v=DMARC1 p=none', 'p=none; v=DMARC1', ' v=DMARC1', 'v=DMARC10', ''])
    assert.ok(!isDmarcRecord(text), text)
})

test('tags of a record', () => {
  const read = readDmarcRecord(
    'v=DMARC1; P=Reject; sp = quarantine ;np=none; adkim=S; aspf=s; psd=Y; t=y; fo=1:d; pct=150; rua=mailto:a@b.test!10m, ftp, https://x.test/r; junk; p=none; ri=9',
  )
  assert.deepEqual(read, {
    ...{
      p: 'reject',
      sp: 'quarantine',
      np: 'none',
      strictDkim: true,
      strictSpf: true,
      psd: 'y',
      testing: true,
      pct: 100,
    },
    ...{ failureOptions: ['1', 'd'], rua: ['mailto:a@b.test!10m', 'https://x.test/r'], ruf: [] },
  })
  assert.equal(readDmarcRecord('v=DMARC1')?.p, 'none')
  assert.equal(readDmarcRecord('v=DMARC1; p=x'), undefined)
  assert.equal(readDmarcRecord('v=DMARC1; p=none; np=x'), undefined)
  assert.equal(readDmarcRecord('v=DMARC1; rua=mailto:a@b.test')?.p, 'none')
})

test('a walk ends at psd= and asks eight names at most', async () => {
  const asked: string[] = []
  await walk('a.b.c.d.e.f.g.h.i.example.com', boundedResolve(zoneOf(tree, asked)))
  assert.equal(asked.length, 8)
  assert.equal((await walk('y.x.island.example.com', zoneOf(tree))).at(-1)?.domain, 'island.example.com')
})

test('any From gets a verdict and at most a hundred authors', async () => {
  const word = fc.constantFrom(
    '"',
    '(',
    ')',
    '<',
    '>',
    ',',
    ';',
    ':',
    '@',
    'a',
    'example.com',
    ' ',
    '\\',
    '\r\n ',
    'é',
    '\0',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 40 }), async (words) => {
      const found = await judge(`From: ${words.join('')}`, tree)
      assert.notEqual(found.result, 'pass')
      assert.ok(readAuthors(fieldsOf(`From: ${words.join('')}`)).domains.length <= 100)
    }),
    { numRuns: 300 },
  )
})
