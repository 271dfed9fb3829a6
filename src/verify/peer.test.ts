/** What is known of a client: reverse name, HELO, blocklists (RFC 8601 section 2.7.3, RFC 5321 section 4.1.4, RFC 5782). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Table, zoneOf } from '../../test/verify-zone.ts'
import { readIp } from '../base/ip.ts'
import { checkDnsbl, checkDomainBlocklists, type DnsblZone, defaultZones, probeZone } from './dnsbl.ts'
import { checkHelo } from './helo.ts'
import { checkIprev } from './iprev.ts'
import { boundedResolve, MOST_QUESTIONS, pointerName } from './lookup.ts'

const table: Table = {
  '1.2.0.192.in-addr.arpa': { PTR: ['mx.example.com'] },
  '2.2.0.192.in-addr.arpa': { PTR: ['liar.example.com'] },
  '3.2.0.192.in-addr.arpa': { PTR: ['liar.example.com', 'gone.example.com', 'mx.example.com'] },
  '4.2.0.192.in-addr.arpa': 'servfail',
  '5.2.0.192.in-addr.arpa': { PTR: ['down.example.com'] },
  '6.2.0.192.in-addr.arpa': {
    PTR: Array.from({ length: 9 }, (_, n) => (n === 8 ? 'six.example.com' : `n${n}.example.com`)),
  },
  '7.2.0.192.in-addr.arpa': { CNAME: ['7.sub.2.0.192.in-addr.arpa'] },
  '7.sub.2.0.192.in-addr.arpa': { PTR: ['seven.example.com'] },
  '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa': { PTR: ['mx.example.com'] },
  'mx.example.com': { A: ['192.0.2.1', '192.0.2.3'], AAAA: ['2001:db8::1'] },
  'liar.example.com': { A: ['203.0.113.1'] },
  'down.example.com': 'timeout',
  'six.example.com': { A: ['192.0.2.6'] },
  'seven.example.com': { A: ['192.0.2.7'] },
  'six-only.example.com': { AAAA: ['2001:db8::1'] },
}
const ask = boundedResolve(zoneOf(table))

test('iprev', async () => {
  for (const [ip, want] of [
    ['192.0.2.1', 'pass mx.example.com'],
    ['::ffff:192.0.2.1', 'pass mx.example.com'],
    ['2001:db8::1', 'pass mx.example.com'],
    ['192.0.2.2', 'fail not-confirmed'],
    ['192.0.2.3', 'pass mx.example.com'],
    ['192.0.2.4', 'temperror no-answer'],
    ['192.0.2.5', 'temperror no-answer'],
    ['192.0.2.6', 'fail not-confirmed'], // the ninth of nine names: five are tried
    ['192.0.2.7', 'pass seven.example.com'],
    ['192.0.2.9', 'permerror no-name'],
    ['nonsense', 'permerror not-an-address'],
  ] as const) {
    const found = await checkIprev(ip, ask)
    assert.equal(`${found.result} ${found.name ?? found.why ?? ''}`, want, ip)
  }
})

test('HELO names', async () => {
  const ours = ['mail.postern.example', '198.51.100.1', '2001:db8:1::1']
  for (const [helo, kind, resolves, leads, reverse, claims] of [
    ['mx.example.com', 'name', 'yes', true, true, false],
    ['MX.Example.Com', 'name', 'yes', true, true, false],
    ['liar.example.com', 'name', 'yes', false, false, false],
    ['six-only.example.com', 'name', 'yes', false, false, false],
    ['gone.example.com', 'name', 'no', false, false, false],
    ['down.example.com', 'name', 'unknown', false, false, false],
    ['mail.postern.example', 'name', 'no', false, false, true],
    ['[192.0.2.1]', 'literal', 'yes', true, false, false],
    ['[192.0.2.2]', 'literal', 'yes', false, false, false],
    ['[IPv6:2001:db8::1]', 'literal', 'yes', false, false, false],
    ['[198.51.100.1]', 'literal', 'yes', false, false, true],
    ['[IPv6:2001:db8:1::1]', 'literal', 'yes', false, false, true],
    ['192.0.2.1', 'bare-address', 'no', false, false, false],
    ['WIN-PC', 'single-label', 'no', false, false, false],
    ['foo.123', 'malformed', 'no', false, false, false],
    ['a b', 'malformed', 'no', false, false, false],
    ['a..b', 'malformed', 'no', false, false, false],
    ['', 'empty', 'no', false, false, false],
  ] as const) {
    const found = await checkHelo(helo, '192.0.2.1', ask, { reverseName: 'mx.example.com', ours })
    const want = { kind, resolves, leadsToPeer: leads, isReverseName: reverse, claimsOurs: claims }
    assert.deepEqual(found, want, helo)
  }
})

const zones: readonly DnsblZone[] = [
  ...defaultZones,
  { zone: 'bl.test', lists: 'addresses', weight: 1 },
  { zone: 'zero.test', lists: 'addresses', weight: 0, codes: { '127.0.0.9': { weight: 7, says: 'nine' } } },
  { zone: 'names.test', lists: 'domains', weight: 2 },
]
const listed: Table = {
  '9.2.0.192.zen.spamhaus.org': { A: ['127.0.0.10', '127.0.0.4'] },
  '9.2.0.192.b.barracudacentral.org': { A: ['127.0.0.2'] },
  '9.2.0.192.bl.test': { A: ['127.0.0.77'] },
  '9.2.0.192.zero.test': { A: ['127.0.0.9'] },
  '8.2.0.192.zen.spamhaus.org': { A: ['127.255.255.254'] },
  '8.2.0.192.b.barracudacentral.org': { A: ['203.0.113.5'] },
  '8.2.0.192.bl.test': 'timeout',
  '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.test': { A: ['127.0.0.2'] },
  'evil.example.names.test': { A: ['127.0.1.2'] },
  '2.0.0.127.bl.test': { A: ['127.0.0.2'] },
  '2.0.0.127.all.test': { A: ['127.0.0.2'] },
  '1.0.0.127.all.test': { A: ['127.0.0.2'] },
  '2.0.0.127.zen.spamhaus.org': { A: ['127.255.255.252'] },
  'test.names.test': { A: ['127.0.0.2'] },
  '2.0.0.127.mute.test': 'timeout',
}
test('blocklists: codes, weights, refusals, parked zones, silence', async () => {
  const resolve = boundedResolve(zoneOf(listed))
  const found = await checkDnsbl('192.0.2.9', zones, resolve)
  assert.deepEqual(
    found.listings.map((one) => [one.zone, one.weight, one.says]),
    [
      ['zen.spamhaus.org', 4, 'XBL: a compromised machine'],
      ['b.barracudacentral.org', 2.5, 'Barracuda: poor reputation'],
      ['bl.test', 1, '127.0.0.77'],
      ['zero.test', 7, 'nine'],
    ],
  )
  assert.deepEqual(await checkDnsbl('192.0.2.8', zones, resolve), {
    listings: [],
    blocked: [{ zone: 'zen.spamhaus.org', code: '127.255.255.254' }],
    silent: ['bl.test'],
  })
  const none = { listings: [], blocked: [], silent: [] }
  assert.deepEqual(await checkDnsbl('192.0.2.7', zones, resolve), none)
  assert.deepEqual(await checkDnsbl('nonsense', zones, resolve), none)
  assert.deepEqual(
    (await checkDnsbl('2001:db8::1', zones, resolve)).listings.map((one) => one.zone),
    ['bl.test'],
  )
  const domains = ['Evil.example', 'evil.example.', 'good.example', 'no domain', '']
  assert.deepEqual(
    (await checkDomainBlocklists(domains, zones, resolve)).listings.map((one) => [one.zone, one.listed]),
    [['names.test', 'evil.example']],
  )
})

test('probing a zone (RFC 5782 section 5)', async () => {
  const resolve = boundedResolve(zoneOf(listed))
  const of = async (zone: string, lists: 'addresses' | 'domains' = 'addresses'): Promise<string> =>
    await probeZone({ zone, lists, weight: 1 }, resolve)
  assert.equal(await of('bl.test'), 'works')
  assert.equal(await of('all.test'), 'broken')
  assert.equal(await of('dead.test'), 'broken')
  assert.equal(await of('mute.test'), 'silent')
  assert.equal(await of('zen.spamhaus.org'), 'blocked')
  assert.equal(await of('names.test', 'domains'), 'works')
})

test('a question is asked once, and so many and no more', async () => {
  const asked: string[] = []
  const bounded = boundedResolve(zoneOf({}, asked))
  for (let n = 0; n < MOST_QUESTIONS + 50; n += 1) {
    await bounded(`n${n}.test`, 'A')
    await bounded(`N${n}.test`, 'A')
  }
  assert.equal(asked.length, MOST_QUESTIONS)
  assert.deepEqual(await bounded('more.test', 'A'), { kind: 'failed', why: 'refused' })
  assert.equal((await bounded('a..b', 'A')).kind, 'none')
  assert.equal((await bounded('x'.repeat(64), 'A')).kind, 'none')
})

test('names of addresses', () => {
  for (const [ip, want] of [
    ['192.0.2.1', '1.2.0.192.in-addr.arpa'],
    ['2001:db8::1', '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa'],
  ] as const) {
    const read = readIp(ip)
    assert.ok(read.ok)
    assert.equal(pointerName(read.value), want)
  }
})
