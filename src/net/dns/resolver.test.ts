/** The resolver against the server below it, and against servers that misbehave. */
import assert from 'node:assert/strict'
import { createSocket, type RemoteInfo } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import * as dns from 'dns-packet'
import type { DnsType } from '../../base/dns.ts'
import { HandClock, Witness } from '../testing.ts'
import { DnsCache } from './cache.ts'
import type { DnsServer } from './exchange.ts'
import { createResolver, type Resolver, type ResolverOptions, systemServers } from './resolver.ts'
import { type DnsServerOptions, newZone, serveDns, type ZoneNode } from './server.ts'

type Table = Readonly<Record<string, ZoneNode>>
type Heard = (readonly [string, string, string])[]

const serve = async (
  t: TestContext,
  table: Table,
  more: Partial<DnsServerOptions> = {},
): Promise<{ server: DnsServer; heard: Heard }> => {
  const heard: Heard = []
  const served = await serveDns({
    host: '127.0.0.1',
    port: 0,
    zone: newZone(table),
    heard: (...all) => heard.push(all),
    ...more,
  })
  assert.ok(served.ok)
  t.after(async () => served.value.close())
  return { server: { ip: served.value.ip, port: served.value.port }, heard }
}
const resolver = (t: TestContext, servers: readonly DnsServer[], more: Partial<ResolverOptions> = {}): Resolver => {
  const made = createResolver({ servers, ...more })
  t.after(() => made.close())
  return made
}
/** A UDP server that answers with whatever the test says. */
const rogue = async (
  t: TestContext,
  answer: (query: dns.DecodedPacket, send: (bytes: Uint8Array) => void, from: RemoteInfo) => void,
): Promise<DnsServer> => {
  const socket = createSocket('udp4')
  socket.on('message', (message, from) =>
    answer(dns.decode(message), (bytes) => socket.send(bytes, from.port, from.address), from),
  )
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  t.after(() => socket.close())
  return { ip: '127.0.0.1', port: socket.address().port }
}
const yes = (query: dns.DecodedPacket, data = '192.0.2.1'): Buffer =>
  dns.encode({
    type: 'response',
    id: query.id ?? 0,
    questions: query.questions ?? [],
    answers: [{ type: 'A', name: query.questions?.[0]?.name ?? '', ttl: 60, data }],
  })
/** Nobody listens here. */
const dead = async (): Promise<DnsServer> => {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(resolve))
  return { ip: '127.0.0.1', port }
}

const zone: Table = {
  'example.org': {
    A: ['192.0.2.1', '192.0.2.2'],
    AAAA: ['2001:db8::1'],
    MX: [{ preference: 10, exchange: 'mx.example.org' }],
    TXT: ['v=spf1 -all', '\xff'.repeat(600)],
    NS: ['ns.example.org'],
  },
  'www.example.org': { CNAME: ['example.org'] },
  'loop.example.org': { CNAME: ['loop.example.org'] },
  'dangling.example.org': { CNAME: ['gone.example.org'] },
  'far.example.org': { CNAME: ['other.test'] },
  'null.example.org': { MX: [{ preference: 0, exchange: '' }] },
  '_25._tcp.mx.example.org': { TLSA: [{ usage: 3, selector: 1, matching: 1, data: Uint8Array.of(1, 2, 3) }] },
  '1.2.0.192.in-addr.arpa': { PTR: ['host.example.org'] },
  '*.wild.example.org': { A: ['192.0.2.9'] },
  'deep.down.example.org': { A: ['192.0.2.3'] },
  'bad.example.org': 'servfail',
  'no.example.org': 'refused',
  'huge.example.org': { TXT: Array.from({ length: 40 }, (_, index) => `${index} ${'x'.repeat(200)}`) },
}
const yesFor = (records: readonly unknown[]): unknown => ({ kind: 'found', records, secure: false })
const noFor = (why: string): unknown => ({ kind: 'none', why, secure: false })
const failedFor = (why: string): unknown => ({ kind: 'failed', why })

const lookups: readonly (readonly [string, DnsType, unknown])[] = [
  ['example.org', 'A', yesFor(['192.0.2.1', '192.0.2.2'])],
  ['EXAMPLE.org.', 'AAAA', yesFor(['2001:db8::1'])],
  ['example.org', 'MX', yesFor([{ preference: 10, exchange: 'mx.example.org' }])],
  ['example.org', 'TXT', yesFor(['v=spf1 -all', '\xff'.repeat(600)])],
  ['example.org', 'NS', yesFor(['ns.example.org'])],
  ['www.example.org', 'A', yesFor(['192.0.2.1', '192.0.2.2'])],
  ['www.example.org', 'CNAME', yesFor(['example.org'])],
  ['null.example.org', 'MX', yesFor([{ preference: 0, exchange: '' }])],
  ['_25._tcp.mx.example.org', 'TLSA', yesFor([{ usage: 3, selector: 1, matching: 1, data: Uint8Array.of(1, 2, 3) }])],
  ['1.2.0.192.in-addr.arpa', 'PTR', yesFor(['host.example.org'])],
  ['a.b.wild.example.org', 'A', yesFor(['192.0.2.9'])],
  ['example.org', 'TLSA', noFor('nodata')],
  ['www.example.org', 'TLSA', noFor('nodata')],
  ['down.example.org', 'A', noFor('nodata')], // another name lies below it: RFC 8020
  ['nobody.example.org', 'A', noFor('nxdomain')],
  ['dangling.example.org', 'A', noFor('nxdomain')],
  ['bad.example.org', 'A', failedFor('servfail')],
  ['no.example.org', 'A', failedFor('refused')],
  ['loop.example.org', 'A', failedFor('servfail')],
  ['bücher.example', 'A', failedFor('bad-name')],
  ['', 'A', failedFor('bad-name')],
]
test('look-ups of every kind', async (t) => {
  const { server } = await serve(t, zone)
  const { resolve } = resolver(t, [server])
  for (const [name, type, want] of lookups) assert.deepEqual(await resolve(name, type), want, `${name} ${type}`)
})

test('a long answer comes over TCP, and no longer name fits a UDP answer', async (t) => {
  const { server, heard } = await serve(t, zone)
  const answer = await resolver(t, [server]).resolve('huge.example.org', 'TXT')
  assert.equal(answer.kind === 'found' && answer.records.length, 40)
  assert.deepEqual(
    heard.map(([, , over]) => over),
    ['udp', 'tcp'],
  )
})

test('AD: believed from loopback', async (t) => {
  const { server } = await serve(t, zone, { secure: (name) => name === 'example.org' || name === 'nobody.example.org' })
  const { resolve } = resolver(t, [server])
  const secure = async (name: string): Promise<unknown> => {
    const answer = await resolve(name, 'A')
    return answer.kind !== 'failed' && answer.secure
  }
  assert.deepEqual(
    [await secure('example.org'), await secure('nobody.example.org'), await secure('a.wild.example.org')],
    [true, true, false],
  )
})

test('AD: an answer is as secure as the least secure alias on the way', async (t) => {
  const server = await rogue(t, (query, send) => {
    const name = query.questions?.[0]?.name ?? ''
    const answer: dns.Answer = name.startsWith('alias')
      ? { type: 'CNAME', name, ttl: 60, data: 'end.example' }
      : { type: 'A', name, ttl: 60, data: '192.0.2.1' }
    const flags = name === 'alias-insecure.example' ? 0 : dns.AUTHENTIC_DATA
    send(
      dns.encode({ type: 'response', id: query.id ?? 0, flags, questions: query.questions ?? [], answers: [answer] }),
    )
  })
  const { resolve } = resolver(t, [server])
  for (const [name, secure] of [
    ['alias-secure.example', true],
    ['alias-insecure.example', false],
  ] as const)
    assert.deepEqual(await resolve(name, 'A'), { kind: 'found', records: ['192.0.2.1'], secure })
})

test('the cache: what is known is not asked again until its time is over', async (t) => {
  const { server, heard } = await serve(t, zone, { ttl: 100 })
  const clock = new HandClock()
  const one = resolver(t, [server], { clock, mostTtl: 80, mostNegativeTtl: 50 })
  const times: readonly (readonly [number, number])[] = [
    [0, 3],
    [49_000, 3],
    [2000, 4],
    [30_000, 6],
  ] // ms later -> questions so far
  for (const [ms, questions] of times) {
    clock.turn(ms)
    await one.resolve('example.org', 'A')
    await one.resolve('example.org', 'MX')
    await one.resolve('nobody.example.org', 'A')
    assert.equal(heard.length, questions)
  }
  assert.equal(one.stats().hits, 6)
  one.forget()
  await one.resolve('example.org', 'A')
  assert.equal(heard.length, 7)
})

test('the cache: a failure is kept briefly, a no without SOA not at all', async (t) => {
  let asked = 0
  const server = await rogue(t, (query, send) => {
    asked += 1
    send(
      dns.encode({ type: 'response', id: query.id ?? 0, flags: asked === 1 ? 2 : 0, questions: query.questions ?? [] }),
    )
  })
  const clock = new HandClock()
  const { resolve } = resolver(t, [server], { clock })
  assert.deepEqual(await resolve('example.org', 'A'), failedFor('servfail'))
  assert.deepEqual(await resolve('example.org', 'A'), failedFor('servfail'))
  assert.equal(asked, 1)
  clock.turn(6000)
  assert.deepEqual(await resolve('example.org', 'A'), noFor('nodata'))
  assert.deepEqual(await resolve('example.org', 'A'), noFor('nodata'))
  assert.equal(asked, 3)
})

test('the cache is bounded, and keeps what was asked for last', () => {
  const cache = new DnsCache(2)
  const answer = { kind: 'none', why: 'nodata', secure: false } as const
  for (const key of ['a', 'b']) cache.put(key, answer, 10)
  assert.ok(cache.get('a', 0))
  cache.put('c', answer, 10)
  assert.deepEqual(
    [cache.get('a', 0), cache.get('b', 0), cache.get('c', 0), cache.size],
    [answer, undefined, answer, 2],
  )
  assert.equal(cache.get('a', 10), undefined)
  assert.equal(cache.size, 1)
})

test('equal look-ups under way share one', async (t) => {
  const { server, heard } = await serve(t, zone)
  const one = resolver(t, [server])
  await Promise.all(Array.from({ length: 20 }, async () => one.resolve('example.org', 'A')))
  assert.equal(heard.length, 1)
  assert.equal(one.stats().shared, 19)
})

test('forged answers are passed over: other id, other question, other place', async (t) => {
  const server = await rogue(t, (query, send, from) => {
    const id = query.id ?? 0
    send(yes({ ...query, id: (id + 1) & 0xffff }, '203.0.113.1'))
    send(yes({ ...query, questions: [{ type: 'A', name: 'other.example' }] }, '203.0.113.2'))
    send(Buffer.from('not DNS'))
    const elsewhere = createSocket('udp4')
    elsewhere.send(yes(query, '203.0.113.3'), from.port, from.address, () => {
      elsewhere.close()
      send(yes(query))
    })
  })
  assert.deepEqual(await resolver(t, [server]).resolve('example.org', 'A'), yesFor(['192.0.2.1']))
})

test('somebody who guesses and guesses ends the question', async (t) => {
  const server = await rogue(t, (query, send) => {
    for (let guess = 1; guess < 60; guess += 1) send(yes({ ...query, id: ((query.id ?? 0) + guess) & 0xffff }))
  })
  assert.deepEqual(await resolver(t, [server]).resolve('example.org', 'A'), failedFor('malformed'))
})

test('mixed case: an answer in another case is not ours', async (t) => {
  const keeps = await rogue(t, (query, send) => send(yes(query)))
  assert.equal((await resolver(t, [keeps], { mixedCase: true }).resolve('a-long-name.example.org', 'A')).kind, 'found')
  let asked = ''
  const lowers = await rogue(t, (query, send) => {
    asked = query.questions?.[0]?.name ?? ''
    for (let times = 0; times < 40; times += 1)
      send(yes({ ...query, questions: [{ type: 'A', name: asked.toLowerCase() }] }))
  })
  assert.deepEqual(
    await resolver(t, [lowers], { mixedCase: true }).resolve('a-long-name.example.org', 'A'),
    failedFor('malformed'),
  )
  assert.notEqual(asked, asked.toLowerCase())
})

test('a server from before EDNS is asked without', async (t) => {
  const server = await rogue(t, (query, send) => {
    if ((query.additionals ?? []).length === 0) send(yes(query))
    else send(dns.encode({ type: 'response', id: query.id ?? 0, flags: 1, questions: [] }))
  })
  assert.deepEqual(await resolver(t, [server]).resolve('example.org', 'A'), yesFor(['192.0.2.1']))
})

test('an alias without its end is asked on, and not for ever', async (t) => {
  let count = 0
  const server = await rogue(t, (query, send) => {
    const name = query.questions?.[0]?.name ?? ''
    count += 1
    if (name === 'end.example') return send(yes(query))
    const data = name === 'start.example' ? 'end.example' : `n${count}.example`
    send(
      dns.encode({
        type: 'response',
        id: query.id ?? 0,
        questions: query.questions ?? [],
        answers: [{ type: 'CNAME', name, ttl: 60, data }],
      }),
    )
  })
  const { resolve } = resolver(t, [server])
  assert.deepEqual(await resolve('start.example', 'A'), yesFor(['192.0.2.1']))
  count = 0
  assert.deepEqual(await resolve('endless.example', 'A'), failedFor('malformed'))
  assert.ok(count < 12)
})

test('the next server is asked when one is dead, refuses, or talks nonsense; and stays first', async (t) => {
  const { server, heard } = await serve(t, zone)
  const refusing = await serve(t, { 'example.org': 'refused' })
  const nonsense = await rogue(t, (query, send) => send(yes(query).subarray(0, -2)))
  for (const bad of [await dead(), refusing.server, nonsense]) {
    const { resolve } = resolver(t, [bad, server])
    assert.equal((await resolve('example.org', 'A')).kind, 'found')
  }
  const asked = heard.length
  const { resolve } = resolver(t, [refusing.server, server])
  await resolve('example.org', 'A')
  await resolve('example.org', 'MX')
  assert.equal(refusing.heard.filter(([, type]) => type === 'MX').length, 0)
  assert.equal(heard.length, asked + 2)
})

test('silence is bounded in time, and complained of once', async (t) => {
  const { server, heard } = await serve(t, { 'slow.example': 'timeout' })
  const clock = new HandClock()
  const log = new Witness()
  const { resolve } = resolver(t, [server], { clock, log, totalMs: 5000, tryMs: 1000 })
  const answer = resolve('slow.example', 'A')
  while (heard.length < 1) await new Promise((next) => setImmediate(next))
  clock.turn(1000)
  while (heard.length < 2) await new Promise((next) => setImmediate(next))
  clock.turn(2000)
  assert.deepEqual(await answer, failedFor('timeout'))
  assert.equal(clock.waiting, 0)
  assert.equal(log.seen.filter((event) => event.name === 'dns-unavailable').length, 1)
})

test('too many at once wait for their turn, and the wait counts', async (t) => {
  const { server, heard } = await serve(t, { ...zone, 'slow.example': 'timeout' })
  const clock = new HandClock()
  const one = resolver(t, [server], { mostUnderWay: 1, clock, totalMs: 3000, tryMs: 1000 })
  const slow = one.resolve('slow.example', 'A')
  const next = one.resolve('example.org', 'NS')
  while (heard.length < 1) await new Promise((go) => setImmediate(go))
  assert.equal(one.stats().underWay, 1)
  clock.turn(1000)
  while (heard.length < 2) await new Promise((go) => setImmediate(go))
  clock.turn(1900)
  const last = one.resolve('example.org', 'MX')
  clock.turn(100)
  assert.deepEqual([await slow, await next], [failedFor('timeout'), failedFor('timeout')])
  assert.equal((await last).kind, 'found')
  assert.equal(one.stats().underWay, 0)
})

test('close ends what is under way and what waits', async (t) => {
  const { server, heard } = await serve(t, { 'slow.example': 'timeout' })
  const one = resolver(t, [server], { mostUnderWay: 1 })
  const answers = [one.resolve('slow.example', 'A'), one.resolve('example.org', 'A')]
  while (heard.length < 1) await new Promise((next) => setImmediate(next))
  one.close()
  assert.deepEqual(await Promise.all(answers), [failedFor('timeout'), failedFor('timeout')])
  assert.deepEqual(await one.resolve('example.org', 'A'), failedFor('timeout'))
})

test('resolv.conf names the servers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-resolv-'))
  const file = join(folder, 'resolv.conf')
  writeFileSync(
    file,
    '# nameserver 192.0.2.9\nsearch example.org\nnameserver 192.0.2.1\n nameserver  2001:db8::1 \nnameserver junk\n',
  )
  assert.deepEqual(await systemServers(file), [
    { ip: '192.0.2.1', port: 53 },
    { ip: '2001:db8::1', port: 53 },
  ])
  assert.deepEqual(await systemServers(join(folder, 'none')), [{ ip: '127.0.0.1', port: 53 }])
  rmSync(folder, { recursive: true })
})

test('the server: not DNS, and a port that is taken', async (t) => {
  const { server } = await serve(t, zone)
  const socket = createSocket('udp4')
  socket.send(Buffer.from('hello'), server.port, server.ip)
  await new Promise<void>((resolve) => socket.close(resolve))
  assert.equal((await resolver(t, [server]).resolve('example.org', 'A')).kind, 'found')
  assert.deepEqual(await serveDns({ host: '127.0.0.1', port: server.port, zone: newZone({}) }), {
    ok: false,
    error: 'EADDRINUSE',
  })
})
