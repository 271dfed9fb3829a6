/** TLSA records, where they are looked for, and chains held against them. RFC 6698, RFC 7671, RFC 7672. */
import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { before, test } from 'node:test'
import fc from 'fast-check'
import type { DnsAnswer, DnsRecords, DnsType, Resolve } from '../base/dns.ts'
import { authority, type Made, server } from './dane.testing.ts'
import { daneVerdict, type Tlsa, usableRecords } from './dane.ts'
import { checkDaneChain } from './dane-chain.ts'
import { extensionsOf, pathLengthOf, publicKeyInfoOf } from './der.ts'

const NOW = Date.parse('2026-11-25T10:00:00Z')
const DAY = 86_400_000
const names = ['mx.example.org', 'example.org']

let root: Made
let middle: Made
let leaf: Made
let stranger: Made
before(async () => {
  root = await authority('Root', NOW)
  middle = await authority('Middle', NOW, { by: root, pathLength: 0 })
  leaf = await server(['mx.example.org'], NOW, { by: middle })
  stranger = await authority('Root', NOW)
})

const sha = (bits: 256 | 512, bytes: Uint8Array): Uint8Array => createHash(`sha${bits}`).update(bytes).digest()
const keyOf = (one: Made): Uint8Array => publicKeyInfoOf(one.der) ?? new Uint8Array()
const tlsa = (usage: number, selector: number, matching: number, one: Made): Tlsa => {
  const subject = selector === 0 ? one.der : keyOf(one)
  return { usage, selector, matching, data: matching === 0 ? subject : sha(matching === 1 ? 256 : 512, subject) }
}
const check = (
  records: readonly Tlsa[],
  chain: readonly Made[],
  so: { names?: readonly string[]; now?: number } = {},
): unknown => {
  const given = { chain: chain.map(({ der }) => der), names: so.names ?? names, now: so.now ?? NOW }
  return checkDaneChain(usableRecords(records), given)
}

test('the key is cut out as it stands in the certificate', () => {
  for (const one of [root, leaf]) {
    const want = new X509Certificate(one.der).publicKey.export({ type: 'spki', format: 'der' })
    assert.deepEqual(Buffer.from(keyOf(one)), want)
  }
})
test('extensions are found', () => {
  const found = extensionsOf(middle.der)?.find(({ id }) => id === '2.5.29.19')
  assert.deepEqual([found?.critical, pathLengthOf(found?.value ?? new Uint8Array())], [true, 0])
  assert.equal(
    extensionsOf(leaf.der)?.some(({ id }) => id === '2.5.29.17'),
    true,
  )
})

test('DANE-EE: every selector and matching type; no name, no date', () => {
  for (const selector of [0, 1])
    for (const matching of [0, 1, 2]) {
      const record = tlsa(3, selector, matching, leaf)
      assert.equal(check([record], [leaf]), undefined)
      assert.equal(check([record], [leaf], { names: ['other.test'], now: NOW + 9999 * DAY }), undefined)
      assert.equal(check([record], [stranger]), 'tlsa-invalid')
      assert.equal(check([record], [stranger, leaf]), 'tlsa-invalid', 'only its own certificate counts')
    }
})
test('DANE-EE: the next key beside the present one', () => {
  assert.equal(check([tlsa(3, 1, 1, stranger), tlsa(3, 1, 1, leaf)], [leaf]), undefined)
})

test('DANE-TA: the anchor in the chain', () => {
  for (const selector of [0, 1])
    for (const matching of [0, 1, 2]) {
      assert.equal(check([tlsa(2, selector, matching, root)], [leaf, middle, root]), undefined)
      assert.equal(check([tlsa(2, selector, matching, root)], [leaf, root, middle]), undefined, 'any order')
      assert.equal(check([tlsa(2, selector, matching, middle)], [leaf, middle]), undefined)
      assert.equal(check([tlsa(2, selector, matching, stranger)], [leaf, middle, root]), 'certificate-not-trusted')
      assert.equal(check([tlsa(2, selector, matching, stranger)], [leaf, middle, stranger]), 'certificate-not-trusted')
    }
})
test('DANE-TA: an anchor that stands in the record alone', () => {
  for (const selector of [0, 1]) {
    assert.equal(check([tlsa(2, selector, 0, root)], [leaf, middle]), undefined)
    assert.equal(check([tlsa(2, selector, 0, middle)], [leaf]), undefined)
    assert.equal(check([tlsa(2, selector, 0, root)], [leaf]), 'certificate-not-trusted', 'the middle is missing')
  }
  assert.equal(check([tlsa(2, 0, 1, root)], [leaf, middle]), 'certificate-not-trusted', 'a digest is no certificate')
})
test('DANE-TA: names', () => {
  const record = [tlsa(2, 0, 1, root)]
  const chain = [leaf, middle, root]
  assert.equal(check(record, chain, { names: ['other.test'] }), 'certificate-host-mismatch')
  assert.equal(check(record, chain, { names: ['other.test', 'MX.example.org'] }), undefined)
  assert.equal(check(record, chain, { names: [''] }), 'certificate-host-mismatch')
})
test('DANE-TA: a wildcard stands for one label', async () => {
  const wild = await server(['*.example.org'], NOW, { by: root })
  const record = [tlsa(2, 0, 1, root)]
  for (const [name, want] of [
    ['mx.example.org', undefined],
    ['a.mx.example.org', 'certificate-host-mismatch'],
    ['example.org', 'certificate-host-mismatch'],
  ] as const)
    assert.equal(check(record, [wild, root], { names: [name] }), want, name)
})
test('DANE-TA: dates', async () => {
  const record = [tlsa(2, 0, 1, root)]
  assert.equal(check(record, [leaf, middle, root], { now: NOW + 400 * DAY }), 'certificate-expired')
  assert.equal(check(record, [leaf, middle, root], { now: NOW - 400 * DAY }), 'certificate-expired')
  const old = await authority('Old', NOW - 800 * DAY)
  const fresh = await server(['mx.example.org'], NOW, { by: old })
  assert.equal(check([tlsa(2, 0, 1, old)], [fresh, old]), undefined, 'the anchor itself is what the record says')
  const between = await authority('Between', NOW - 800 * DAY, { by: root })
  const under = await server(['mx.example.org'], NOW, { by: between })
  assert.equal(check(record, [under, between, root]), 'certificate-expired')
})
test('DANE-TA: who may not issue', async () => {
  const record = [tlsa(2, 0, 1, root)]
  const byServer = await server(['mx.example.org'], NOW, { by: await server(['evil.test'], NOW, { by: root }) })
  const evil = await server(['evil.test'], NOW, { by: root })
  assert.equal(check(record, [byServer, evil, root]), 'certificate-not-trusted', 'a server is no authority')
  const tooDeep = await authority('Deep', NOW, { by: middle })
  const deep = await server(['mx.example.org'], NOW, { by: tooDeep })
  assert.equal(check(record, [deep, tooDeep, middle, root]), 'certificate-not-trusted', 'path length 0')
  const forged = await authority('Middle', NOW)
  const byForged = await server(['mx.example.org'], NOW, { by: forged })
  assert.equal(check(record, [byForged, middle, root]), 'certificate-not-trusted', 'the name alone does not sign')
  const bound = await authority('Bound', NOW, { by: root, nameConstraints: true })
  const byBound = await server(['mx.example.org'], NOW, { by: bound })
  assert.equal(check(record, [byBound, bound, root]), 'certificate-not-trusted', 'name constraints')
  assert.equal(check([tlsa(2, 0, 1, bound)], [byBound, bound]), undefined, 'not those of the anchor')
  const client = await server(['mx.example.org'], NOW, { by: root, usage: '1.3.6.1.5.5.7.3.2' })
  assert.equal(check(record, [client, root]), 'validation-failure', 'no server')
  assert.equal(check([tlsa(2, 0, 1, leaf)], [leaf]), 'certificate-not-trusted', 'the own certificate is no anchor')
})
test('a pile of authorities with one name and key costs little', async () => {
  const one = await authority('Same', NOW)
  const pile = await Promise.all(Array.from({ length: 11 }, () => authority('Same', NOW, { keys: one.keys })))
  const last = await server(['mx.example.org'], NOW, { by: one })
  const begun = process.cpuUsage().user
  assert.equal(check([tlsa(2, 0, 1, root)], [last, ...pile]), 'certificate-not-trusted')
  assert.ok(process.cpuUsage().user - begun < 2_000_000)
})
test('octets that are no certificate', () => {
  const records = [tlsa(2, 0, 1, root), tlsa(3, 0, 1, leaf)]
  for (const chain of [[], [Buffer.from('junk')], [Buffer.alloc(0), leaf.der]])
    assert.equal(checkDaneChain(records, { chain, names, now: NOW }), 'validation-failure')
  assert.equal(checkDaneChain(records, { chain: [leaf.der, Buffer.from('junk')], names, now: NOW }), undefined)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(leaf.der.length - 1), (junk, at) => {
      const damaged = Buffer.from(leaf.der)
      damaged.set(junk.subarray(0, damaged.length - at), at)
      for (const der of [junk, damaged]) {
        publicKeyInfoOf(der)
        extensionsOf(der)
        pathLengthOf(der)
        checkDaneChain(usableRecords(records), { chain: [der, damaged], names, now: NOW })
      }
    }),
    { numRuns: 200 },
  )
})

test('which records are usable', () => {
  const of = (usage: number, selector: number, matching: number, data: Uint8Array): Tlsa => ({
    usage,
    selector,
    matching,
    data,
  })
  const digest = new Uint8Array(32)
  const kept = (records: readonly Tlsa[]): number => usableRecords(records).length
  for (const usage of [0, 1, 4, 255]) assert.equal(kept([of(usage, 1, 1, digest)]), 0, `usage ${usage}`)
  assert.equal(kept([of(3, 2, 1, digest)]), 0, 'selector unknown')
  assert.equal(kept([of(3, 1, 3, digest)]), 0, 'matching type unknown')
  assert.equal(kept([of(3, 1, 1, digest.subarray(1))]), 0, 'a digest too short')
  assert.equal(kept([of(3, 1, 2, digest)]), 0)
  assert.equal(kept([of(3, 0, 0, digest)]), 0, 'no certificate')
  assert.equal(kept([of(2, 1, 0, digest)]), 0, 'no key')
  assert.equal(kept([of(3, 0, 0, Buffer.concat([leaf.der, digest]))]), 0, 'octets behind the certificate')
  assert.equal(kept([tlsa(3, 0, 0, leaf), tlsa(2, 1, 0, root)]), 2)
  assert.equal(kept(Array.from({ length: 100 }, () => of(3, 1, 1, digest))), 32)
})
test('the strongest digest counts: RFC 7671 section 9', () => {
  const strong = tlsa(3, 1, 2, leaf)
  const weak = tlsa(3, 1, 1, stranger)
  assert.deepEqual(usableRecords([weak, strong]), [strong])
  assert.equal(usableRecords([tlsa(3, 0, 1, leaf), strong]).length, 2, 'of another selector')
  assert.equal(usableRecords([tlsa(3, 1, 0, leaf), strong]).length, 2, 'whole data')
  assert.equal(check([tlsa(3, 1, 1, leaf), tlsa(3, 1, 2, stranger)], [leaf]), 'tlsa-invalid')
})

type Answers = Readonly<Record<string, DnsAnswer>>
const zone =
  (answers: Answers, asked: string[] = []): Resolve =>
  async <T extends DnsType>(name: string, type: T): Promise<DnsAnswer<T>> => {
    asked.push(`${name} ${type}`)
    return (answers[`${name} ${type}`] ?? { kind: 'none', why: 'nodata', secure: true }) as DnsAnswer<T>
  }
const found = <T extends DnsType>(records: readonly DnsRecords[T][], secure = true): DnsAnswer =>
  ({ kind: 'found', records, secure }) as DnsAnswer
const failed: DnsAnswer = { kind: 'failed', why: 'servfail' }
const host = { name: 'mx.test', mxSecure: true, addressSecure: true, port: 25 }
const ee: Tlsa = { usage: 3, selector: 1, matching: 1, data: new Uint8Array(32) }
const at = (name: string): string => `_25._tcp.${name} TLSA`
const match = (base: string): unknown => ({ kind: 'match', base, records: [ee] })

for (const [says, answers, more, want] of [
  ['a record', { [at('mx.test')]: found<'TLSA'>([ee]) }, {}, match('mx.test')],
  ['none', {}, {}, { kind: 'none' }],
  ['an insecure record', { [at('mx.test')]: found<'TLSA'>([ee], false) }, {}, { kind: 'none' }],
  [
    'only unusable ones',
    { [at('mx.test')]: found<'TLSA'>([{ ...ee, usage: 1 }]) },
    {},
    { kind: 'encrypted', base: 'mx.test' },
  ],
  ['no answer', { [at('mx.test')]: failed }, {}, { kind: 'unknown', why: '_25._tcp.mx.test TLSA: servfail' }],
  ['an insecure MX', { [at('mx.test')]: found<'TLSA'>([ee]) }, { mxSecure: false }, { kind: 'none' }],
  ['an insecure address', { [at('mx.test')]: failed }, { addressSecure: false }, { kind: 'none' }],
  [
    'an alias, secure all the way',
    { 'mx.test CNAME': found<'CNAME'>(['real.test']), [at('real.test')]: found<'TLSA'>([ee]), [at('mx.test')]: failed },
    {},
    match('real.test'),
  ],
  [
    'an alias whose end has no record',
    { 'mx.test CNAME': found<'CNAME'>(['real.test']), [at('mx.test')]: found<'TLSA'>([ee]) },
    {},
    match('mx.test'),
  ],
  [
    'an alias to an end that is not signed: the first name counts',
    { 'mx.test CNAME': found<'CNAME'>(['real.test']), [at('mx.test')]: found<'TLSA'>([ee]), [at('real.test')]: failed },
    { addressSecure: false },
    match('mx.test'),
  ],
  [
    'an alias that is not signed',
    { 'mx.test CNAME': found<'CNAME'>(['real.test'], false), [at('mx.test')]: found<'TLSA'>([ee]) },
    { addressSecure: false },
    { kind: 'none' },
  ],
  ['no answer about aliases', { 'mx.test CNAME': failed }, {}, { kind: 'unknown', why: 'mx.test CNAME: servfail' }],
  ['no answer about aliases, unsigned', { 'mx.test CNAME': failed }, { addressSecure: false }, { kind: 'none' }],
] as const)
  test(`DANE: ${says}`, async () => assert.deepEqual(await daneVerdict({ ...host, ...more }, zone(answers)), want))

test('aliases in a circle end', async () => {
  const asked: string[] = []
  const circle = zone(
    { 'mx.test CNAME': found<'CNAME'>(['b.test']), 'b.test CNAME': found<'CNAME'>(['mx.test']) },
    asked,
  )
  assert.deepEqual(await daneVerdict(host, circle), { kind: 'none' })
  assert.ok(asked.length < 16)
})
test('nothing is asked of DNS without DNSSEC', async () => {
  const asked: string[] = []
  await daneVerdict({ ...host, mxSecure: false }, zone({}, asked))
  assert.deepEqual(asked, [])
})
