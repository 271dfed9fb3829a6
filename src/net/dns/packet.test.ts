import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as dns from 'dns-packet'
import fc from 'fast-check'
import type { DnsType } from '../../base/dns.ts'
import { meaningOf, type Query, readResponse, writeQuery } from './packet.ts'

const query = writeQuery(4711, 'www.example.org', 'A', true)
const reply = (more: Partial<dns.Packet>, to: Query = query): Buffer =>
  dns.encode({
    type: 'response',
    id: to.id,
    flags: dns.RECURSION_DESIRED,
    questions: [{ type: 'A', name: 'www.example.org', class: 'IN' }],
    ...more,
  })
const a = (name: string, data: string, ttl = 300): dns.Answer => ({ type: 'A', name, ttl, data })
const alias = (name: string, data: string, ttl = 300): dns.Answer => ({ type: 'CNAME', name, ttl, data })
const soa = (ttl: number, minimum: number): dns.Answer => ({
  type: 'SOA',
  name: 'example.org',
  ttl,
  data: { mname: 'ns.example.org', rname: 'a.example.org', serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
})

test('a query asks for recursion, for AD, and tells how much it can take', () => {
  const sent = dns.decode(Buffer.from(query.bytes))
  assert.deepEqual([sent.id, sent.flag_rd, sent.flag_ad, sent.flag_qr], [4711, true, true, false])
  const [opt] = sent.additionals ?? []
  assert.ok(opt?.type === 'OPT')
  assert.deepEqual([opt.udpPayloadSize, opt.flag_do], [1232, false])
  assert.equal(dns.decode(Buffer.from(writeQuery(1, 'a.example', 'TLSA', false).bytes)).additionals?.length, 0)
})

test('only what repeats id, direction and question is ours', () => {
  const good = reply({ answers: [a('www.example.org', '192.0.2.1')] })
  assert.ok(readResponse(good, query).ok)
  const notOurs: readonly Uint8Array[] = [
    reply({ id: 4712 }),
    dns.encode({ type: 'query', id: 4711, questions: [{ type: 'A', name: 'www.example.org' }] }),
    reply({ questions: [{ type: 'A', name: 'www.example.com', class: 'IN' }] }),
    reply({ questions: [{ type: 'AAAA', name: 'www.example.org', class: 'IN' }] }),
    reply({ questions: [{ type: 'A', name: 'WWW.example.org', class: 'IN' }] }),
    reply({ questions: [] }),
    good.subarray(0, 11),
    Buffer.alloc(0),
  ]
  for (const one of notOurs) assert.deepEqual(readResponse(one, query), { ok: false, error: 'not-ours' })
})

test('a label that holds a dot is not two labels', () => {
  const two = reply({})
  const one = Buffer.from(two)
  one[12] = 11 // one label of eleven octets, "www.example", where the query has 3 and 7
  one[16] = 0x2e
  assert.deepEqual(readResponse(one, query), { ok: false, error: 'not-ours' })
})

const rcodeCases: readonly (readonly [number, string])[] = [
  [0, 'ok'],
  [1, 'no-edns'],
  [2, 'servfail'],
  [3, 'nxdomain'],
  [4, 'no-edns'],
  [5, 'refused'],
  [9, 'servfail'],
]
for (const [rcode, want] of rcodeCases)
  test(`rcode ${rcode} is ${want}`, () => {
    const read = readResponse(reply({ flags: rcode }), query)
    assert.equal(read.ok && read.value.rcode, want)
  })

test('a refusal may leave the question out', () => {
  const read = readResponse(reply({ flags: 5, questions: [] }), query)
  assert.equal(read.ok && read.value.rcode, 'refused')
})

test('a truncated response is not looked into', () => {
  const whole = reply({ flags: dns.TRUNCATED_RESPONSE, answers: [a('www.example.org', '192.0.2.1')] })
  const read = readResponse(whole.subarray(0, -3), query)
  assert.ok(read.ok && read.value.truncated && read.value.answers.length === 0)
})

test('any octets at all: never throws, and cut short never becomes another answer', () => {
  const good = reply({ answers: [a('www.example.org', '192.0.2.1')], authorities: [soa(60, 60)] })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(good.length), fc.nat(good.length), (noise, at, end) => {
      const mixed = Buffer.from(good)
      mixed.set(noise.subarray(0, Math.max(0, good.length - at)), at)
      for (const bytes of [noise, mixed, good.subarray(0, end)]) {
        const read = readResponse(bytes, query)
        if (read.ok) meaningOf(read.value, 'www.example.org', 'A', true)
      }
      if (end < good.length) assert.equal(readResponse(good.subarray(0, end), query).ok, false)
    }),
    { numRuns: 300 },
  )
})

const mean = (packet: Partial<dns.Packet>, type: DnsType = 'A', trusted = false, name = 'www.example.org'): unknown => {
  const asked = writeQuery(1, name, type, true)
  const read = readResponse(reply({ questions: [{ type, name, class: 'IN' }], ...packet }, asked), asked)
  assert.ok(read.ok)
  return meaningOf(read.value, name, type, trusted)
}
const found = (records: readonly unknown[], ttl: number, secure = false): unknown => ({
  kind: 'answer',
  answer: { kind: 'found', records, secure },
  ttl,
})

test('records of every type', () => {
  const certificate = Buffer.from([1, 2, 3])
  const name = 'www.example.org'
  const ttl = 5
  const cases: readonly (readonly [DnsType, readonly dns.Answer[], readonly unknown[]])[] = [
    ['A', [a(name, '192.0.2.1', 9), a(name, '192.0.2.2', 5)], ['192.0.2.1', '192.0.2.2']],
    ['AAAA', [{ type: 'AAAA', name, ttl, data: '2001:db8:0:0::1' }], ['2001:db8::1']],
    ['CNAME', [alias(name, 'Other.Example.', 5)], ['other.example']],
    ['NS', [{ type: 'NS', name, ttl, data: 'ns.example' }], ['ns.example']],
    ['PTR', [{ type: 'PTR', name, ttl, data: 'Host.example' }], ['host.example']],
    ['TXT', [{ type: 'TXT', name, ttl, data: ['v=spf1 ', Buffer.from([0xe9, 0])] }], ['v=spf1 \xe9\0']],
    [
      'MX',
      [{ type: 'MX', name, ttl, data: { preference: 10, exchange: 'MX.example' } }],
      [{ preference: 10, exchange: 'mx.example' }],
    ],
    ['MX', [{ type: 'MX', name, ttl, data: { preference: 0, exchange: '.' } }], [{ preference: 0, exchange: '' }]],
    [
      'TLSA',
      [{ type: 'TLSA', name, ttl, data: { usage: 3, selector: 1, matchingType: 1, certificate } }],
      [{ usage: 3, selector: 1, matching: 1, data: Uint8Array.of(1, 2, 3) }],
    ],
  ]
  for (const [type, answers, records] of cases)
    assert.deepEqual(mean({ answers: [...answers] }, type), found(records, 5), type)
})

test('AD counts only from a server that is trusted', () => {
  const packet = { flags: dns.AUTHENTIC_DATA, answers: [a('www.example.org', '192.0.2.1')] }
  assert.deepEqual(mean(packet), found(['192.0.2.1'], 300))
  assert.deepEqual(mean(packet, 'A', true), found(['192.0.2.1'], 300, true))
  assert.deepEqual(mean({ ...packet, flags: 0 }, 'A', true), found(['192.0.2.1'], 300))
})

test('aliases in the response are followed, in any order, for the least TTL; others’ records are not taken', () => {
  const answers = [
    a('end.example', '192.0.2.1', 200),
    a('stranger.example', '203.0.113.1'),
    alias('middle.example', 'END.example', 100),
    alias('WWW.example.org', 'middle.example', 150),
  ]
  assert.deepEqual(mean({ answers }), found(['192.0.2.1'], 100))
})

test('an alias that leads nowhere is asked on; one that leads around is malformed', () => {
  assert.deepEqual(mean({ answers: [alias('www.example.org', 'far.example', 7)] }), {
    kind: 'alias',
    name: 'far.example',
    ttl: 7,
    secure: false,
  })
  const around = [alias('www.example.org', 'b.example'), alias('b.example', 'www.example.org')]
  assert.deepEqual(mean({ answers: around }), { kind: 'try-another', why: 'malformed' })
})

test('a no, and how long it is good for', () => {
  const no = (why: string, ttl: number): unknown => ({
    kind: 'answer',
    answer: { kind: 'none', why, secure: false },
    ttl,
  })
  assert.deepEqual(mean({ flags: 3, authorities: [soa(900, 60)] }), no('nxdomain', 60))
  assert.deepEqual(mean({ authorities: [soa(30, 60)] }), no('nodata', 30))
  assert.deepEqual(mean({}), no('nodata', 0))
  const dangling = { flags: 3, answers: [alias('www.example.org', 'gone.example', 9)], authorities: [soa(900, 600)] }
  assert.deepEqual(mean(dangling), no('nxdomain', 9))
})

test('an answer with nothing but unsound names is no answer', () => {
  const answers: dns.Answer[] = [{ type: 'PTR', name: 'www.example.org', ttl: 9, data: 'a b.example' }]
  assert.deepEqual(mean({ answers }, 'PTR'), { kind: 'try-another', why: 'malformed' })
  answers.push({ type: 'PTR', name: 'www.example.org', ttl: 9, data: 'good.example' })
  assert.deepEqual(mean({ answers }, 'PTR'), found(['good.example'], 9))
})
