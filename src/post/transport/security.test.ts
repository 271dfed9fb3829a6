/** Trust on the wire, over a store in memory and a DNS that is a table: MTA-STS as it lives, DANE, REQUIRETLS, and the counts for reports. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DnsAnswer, DnsType, Resolve } from '../../base/dns.ts'
import { silentLog } from '../../base/log.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import { openInline } from '../../store/sqlite/inline.ts'
import type { Store } from '../../store/store.ts'
import { server } from '../../verify/dane.testing.ts'
import type { Tlsa } from '../../verify/dane.ts'
import { publicKeyInfoOf } from '../../verify/der.ts'
import { writeStsPolicy } from '../../verify/mta-sts.ts'
import type { DomainPolicy, HostFacts } from './policy.ts'
import { type OpenSecurity, openTransportSecurity } from './security.ts'
import { type FetchFault, readStsMemory, writeStsMemory } from './sts-policies.ts'
import { readTlsCounts, writeTlsCounts } from './tls-memo.ts'

const START = Date.parse('2026-11-25T10:00:00Z')
const HOUR = 3_600_000
const DAY = 24 * HOUR

type World = {
  readonly security: OpenSecurity
  readonly store: Store
  readonly dns: Map<string, DnsAnswer>
  readonly fetched: string[]
  policy: Result<string, FetchFault>
  now: number
  readonly of: (requireTls?: boolean) => Promise<DomainPolicy>
}

const text = (value: string): DnsAnswer => ({ kind: 'found', records: [value], secure: false })
const notHad = fail({ failure: 'sts-policy-fetch-error', detail: 'HTTP 404' } as const)
const enforce = writeStsPolicy({ mode: 'enforce', maxAge: 7 * 86_400, mx: ['mx.a.test', '*.b.test'] })

/** @param store of an earlier world, so that this one is the next start. */
const open = (store?: Store): World => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  const dns = new Map<string, DnsAnswer>()
  const resolve: Resolve = async <T extends DnsType>(name: string, type: T) =>
    (dns.get(`${name} ${type}`) ?? { kind: 'none', why: 'nxdomain', secure: true }) as DnsAnswer<T>
  const world: World = {
    store: store ?? opened.value,
    dns,
    fetched: [],
    policy: ok(enforce),
    now: START,
    security: openTransportSecurity({
      resolve,
      store: store ?? opened.value,
      now: () => world.now,
      log: silentLog,
      fetchPolicy: async (domain) => {
        world.fetched.push(domain)
        return world.policy
      },
    }),
    of: (requireTls = false) => world.security.forDomain({ domain: 'A.test', requireTls }),
  }
  return world
}
const announce = (world: World, id: string): unknown => world.dns.set('_mta-sts.a.test TXT', text(`v=STSv1; id=${id};`))
const plain: HostFacts = { name: 'mx.a.test', mxSecure: false, addressSecure: false }
const secure: HostFacts = { name: 'mx.a.test', mxSecure: true, addressSecure: true }

test('nobody asks for anything: opportunistic', async () => {
  const world = open()
  const policy = await world.of()
  assert.deepEqual([policy.sts, policy.allowsMx('evil.test')], ['none', true])
  assert.deepEqual(await policy.forHost(plain), { kind: 'opportunistic' })
  assert.deepEqual(world.fetched, [], 'no record, no fetch')
})

test('MTA-STS enforce: only the MX that it names, and their certificates', async () => {
  const world = open()
  announce(world, '1')
  const policy = await world.of()
  assert.deepEqual(
    [policy.sts, policy.allowsMx('MX.a.test.'), policy.allowsMx('x.b.test'), policy.allowsMx('evil.test')],
    ['enforce', true, true, false],
  )
  assert.deepEqual(await policy.forHost(plain), { kind: 'pkix', name: 'mx.a.test' })
  await world.of()
  assert.deepEqual(world.fetched, ['a.test'], 'once')
})

test('MTA-STS testing changes nothing, but is counted', async () => {
  const world = open()
  announce(world, '1')
  world.policy = ok(enforce.replace('enforce', 'testing'))
  const policy = await world.of()
  assert.deepEqual([policy.sts, policy.allowsMx('evil.test')], ['testing', true])
  assert.deepEqual(await policy.forHost(plain), { kind: 'opportunistic' })
  policy.told({ mx: 'mx.a.test', ip: '192.0.2.1', result: 'certificate-expired', localIp: '192.0.2.9' })
  const [report] = await reports(world)
  assert.deepEqual(
    report?.policies[0]?.['failure-details']
      .map((one) => `${one['result-type']} ${one['receiving-mx-hostname']}`)
      .sort(),
    ['certificate-expired mx.a.test', 'validation-failure evil.test'],
  )
})

test('a policy outlives its record, a fetch that fails, and a restart', async () => {
  const first = open()
  announce(first, '1')
  await first.of()
  await first.security.flushed()
  const world = open(first.store)
  world.policy = notHad
  assert.equal((await world.of()).sts, 'enforce', 'the record is gone')
  announce(world, '2')
  world.now += HOUR
  assert.equal((await world.of()).sts, 'enforce', 'a new id, but no policy')
  await world.of()
  assert.deepEqual(world.fetched, ['a.test'], 'and it is not asked again at once')
  world.now = START + 7 * DAY
  assert.equal((await world.of()).sts, 'none', 'it ended')
  world.policy = ok(enforce.replace('enforce', 'none'))
  world.now += HOUR
  assert.equal((await world.of()).sts, 'none')
})

test('a new id is followed at once; `none` lifts', async () => {
  const world = open()
  announce(world, '1')
  await world.of()
  announce(world, '2')
  world.policy = ok(enforce.replace('enforce', 'none'))
  assert.equal((await world.of()).sts, 'none')
  assert.equal(world.fetched.length, 2)
})

test('a day later the policy is fetched again, and mail does not wait for it', async () => {
  const world = open()
  announce(world, '1')
  await world.of()
  world.now += DAY
  world.policy = ok(enforce.replace('enforce', 'testing'))
  assert.equal((await world.of()).sts, 'enforce')
  await world.security.settled()
  assert.equal((await world.of()).sts, 'testing')
  world.now += DAY
  await world.security.refresh()
  assert.equal(world.fetched.length, 3, 'without mail too')
})

test('a fetch that hangs does not keep the server from stopping', async () => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  const record = async () => text('v=STSv1; id=1;')
  const never = (): Promise<never> => new Promise(() => undefined)
  const deps = { store: opened.value, now: () => START, log: silentLog, fetchPolicy: never }
  const security = openTransportSecurity({ ...deps, resolve: record as Resolve }) // TXT is all that is asked for
  void security.forDomain({ domain: 'a.test', requireTls: false })
  await new Promise((resolve) => setImmediate(resolve))
  await security.flushed()
})

test('many messages, one fetch', async () => {
  const world = open()
  announce(world, '1')
  await Promise.all(Array.from({ length: 50 }, () => world.of()))
  assert.deepEqual(world.fetched, ['a.test'])
})

test('a policy that cannot be had or read is no policy, and is reported', async () => {
  const world = open()
  announce(world, '1')
  for (const [policy, want] of [
    [notHad, 'sts-policy-fetch-error'],
    [fail({ failure: 'sts-webpki-invalid', detail: 'certificate-expired' } as const), 'sts-webpki-invalid'],
    [ok('<html>'), 'sts-policy-invalid'],
  ] as const) {
    world.policy = policy
    world.now += HOUR
    assert.equal((await world.of()).sts, 'none', want)
  }
  const [report] = await reports(world)
  assert.deepEqual(
    report?.policies[0]?.['failure-details'].map((one) => one['result-type']),
    ['sts-policy-fetch-error', 'sts-webpki-invalid', 'sts-policy-invalid'],
  )
})

const ee: Tlsa = { usage: 3, selector: 1, matching: 1, data: new Uint8Array(32) }
const tlsa = (world: World, record: Tlsa): unknown =>
  world.dns.set('_25._tcp.mx.a.test TLSA', { kind: 'found', records: [record], secure: true })

test('DANE: the chain is judged by the record', async () => {
  const world = open()
  const made = await server(['mx.a.test'], START)
  const { createHash } = await import('node:crypto')
  const key = publicKeyInfoOf(made.der) ?? new Uint8Array()
  tlsa(world, { ...ee, data: createHash('sha256').update(key).digest() })
  const other = await server(['mx.a.test'], START)
  const host = await (await world.of()).forHost(secure)
  assert.ok(host.kind === 'dane')
  assert.equal(host.name, 'mx.a.test')
  assert.equal(host.check([made.der], 'certificate-not-trusted'), undefined)
  assert.equal(host.check([other.der], undefined), 'tlsa-invalid')
  assert.deepEqual(await (await world.of()).forHost(plain), { kind: 'opportunistic' }, 'not without DNSSEC')
})
test('DANE: unusable records still ask for TLS; no answer is no leave', async () => {
  const world = open()
  tlsa(world, { ...ee, usage: 0 })
  assert.deepEqual(await (await world.of()).forHost(secure), { kind: 'encrypted' })
  world.dns.set('_25._tcp.mx.a.test TLSA', { kind: 'failed', why: 'servfail' })
  assert.equal((await (await world.of()).forHost(secure)).kind, 'defer')
  const [report] = await reports(world)
  assert.equal(report?.policies[0]?.['failure-details'][0]?.['result-type'], 'dnssec-invalid')
})
test('MTA-STS does not mend DANE, and DANE does not widen MTA-STS', async () => {
  const world = open()
  announce(world, '1')
  tlsa(world, ee)
  const policy = await world.of()
  assert.equal((await policy.forHost(secure)).kind, 'dane')
  assert.equal(policy.allowsMx('evil.test'), false)
  world.dns.set('_25._tcp.mx.a.test TLSA', { kind: 'found', records: [{ ...ee, usage: 1 }], secure: true })
  assert.deepEqual(await policy.forHost(secure), { kind: 'pkix', name: 'mx.a.test' }, 'unusable records: MTA-STS holds')
})

test('REQUIRETLS: an MX that is vouched for, and a certificate', async () => {
  const world = open()
  const bare = await world.of(true)
  const refused = await bare.forHost(plain)
  assert.deepEqual([refused.kind, refused.kind === 'defer' && refused.permanent], ['defer', true])
  assert.deepEqual(await bare.forHost(secure), { kind: 'pkix', name: 'mx.a.test' })
  tlsa(world, { ...ee, usage: 0 })
  assert.deepEqual(await bare.forHost(secure), { kind: 'pkix', name: 'mx.a.test' })
  tlsa(world, ee)
  assert.equal((await bare.forHost(secure)).kind, 'dane')
  announce(world, '1')
  assert.deepEqual(await (await world.of(true)).forHost(plain), { kind: 'pkix', name: 'mx.a.test' })
})

type Report = {
  readonly policies: readonly {
    readonly policy: { readonly 'policy-type': string }
    readonly summary: unknown
    readonly 'failure-details': readonly Record<string, unknown>[]
  }[]
}
const reports = async (world: World, rua = 'v=TLSRPTv1; rua=mailto:tls@a.test'): Promise<readonly Report[]> => {
  world.dns.set('_smtp._tls.a.test TXT', text(rua))
  const made = await world.security.counts.reportsFor('2026-11-25', { organization: 'Us', contact: 'pm@us.test' })
  for (const one of made) assert.deepEqual([one.domain, one.rua], ['a.test', ['mailto:tls@a.test']])
  return made.map(({ json }) => JSON.parse(json))
}

test('sessions are counted by policy, over a restart, and only for those who ask', async () => {
  const first = open()
  const policy = await first.of()
  await policy.forHost(plain)
  policy.told({ mx: 'mx.a.test', ip: '192.0.2.1', result: 'ok' })
  policy.told({ mx: 'mx.a.test', ip: '192.0.2.1', result: 'certificate-expired' }) // opportunistic: encrypted is enough
  policy.told({ mx: 'mx.a.test', ip: '192.0.2.1', result: 'starttls-not-supported' })
  await first.security.flushed()
  const world = open(first.store)
  tlsa(world, ee)
  const dane = await world.of()
  await dane.forHost(secure)
  for (let n = 0; n < 3; n += 1)
    dane.told({ mx: 'mx.a.test', ip: '192.0.2.1', result: 'tlsa-invalid', detail: 'no\r\nmatch' })
  const [report] = await reports(world)
  assert.deepEqual(
    report?.policies.map(({ policy: of, summary }) => [of['policy-type'], ...Object.values(summary ?? {})]),
    [
      ['no-policy-found', 2, 1],
      ['tlsa', 0, 3],
    ],
  )
  assert.equal(report?.policies[1]?.['failure-details'][0]?.['failure-reason-code'], 'no??match')
  assert.deepEqual(await reports(world, 'v=TLSRPTv1'), [], 'nobody asks')
})
test('strangers cannot make the counts grow without end', async () => {
  const world = open()
  const policy = await world.of()
  for (let n = 0; n < 5000; n += 1)
    policy.told({ mx: `mx${n}.a.test`, ip: '192.0.2.1', result: 'starttls-not-supported' })
  const [report] = await reports(world)
  const [counts] = report?.policies ?? []
  assert.ok((counts?.['failure-details'].length ?? 999) <= 101)
  assert.deepEqual(Object.values(counts?.summary ?? {}), [0, 5000], 'none is lost')
})

test('memos: what is written is read back; damaged ones are nothing', () => {
  const policy = { mode: 'testing', maxAge: 5, mx: ['a.b'] } as const
  assert.deepEqual(readStsMemory(writeStsMemory('x1', 77, policy)), { policy, id: 'x1', fetchedAt: 77, triedAt: 77 })
  const failure = { type: 'tlsa-invalid', sendingIp: '', mx: 'a', receivingIp: '', reason: '', sessions: 2 } as const
  const counts = [{ kind: 'sts', lines: ['a'], mx: ['b'], good: 3, failures: [failure] }] as const
  assert.deepEqual(readTlsCounts(writeTlsCounts(counts)), counts)
  fc.assert(
    fc.property(fc.uint8Array(), fc.json(), (bytes, json) => {
      readStsMemory(bytes)
      readTlsCounts(bytes)
      readTlsCounts(Buffer.from(json))
      readTlsCounts(Buffer.from(`[{"kind":"sts","lines":[],"mx":[],"good":1,"failures":${json}}]`))
    }),
  )
})
