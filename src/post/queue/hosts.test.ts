/** Routing against tables of records: MX, implicit MX, null MX, literals, loops, failures (RFC 5321 section 5.1, RFC 7505). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DnsAnswer, DnsRecords, DnsType, Resolve } from '../../base/dns.ts'
import { findHosts, type Hosts, type HostsDeps } from './hosts.ts'

type Zone = Readonly<Record<string, { readonly [T in DnsType]?: readonly DnsRecords[T][] | 'failed' }>>
const resolveFrom =
  (zone: Zone, secure = false): Resolve =>
  async <T extends DnsType>(name: string, type: T): Promise<DnsAnswer<T>> => {
    const records = zone[name]?.[type]
    if (records === 'failed') return { kind: 'failed', why: 'servfail' }
    if (zone[name] === undefined) return { kind: 'none', why: 'nxdomain', secure }
    return records === undefined ? { kind: 'none', why: 'nodata', secure } : { kind: 'found', records, secure }
  }
const mx = (preference: number, exchange: string): DnsRecords['MX'] => ({ preference, exchange })
const find = (domain: string, zone: Zone, over: Partial<HostsDeps> = {}): Promise<Hosts> =>
  findHosts(domain, {
    resolve: resolveFrom(zone),
    chance: () => 0.5,
    isUs: (name, ips) => name === 'mail.us.example' || ips.includes('192.0.2.99'),
    allowsMx: () => true,
    ...over,
  })
/** `mx a:1,2 b:3`, or `never 5.1.2`. */
const told = (hosts: Hosts): string =>
  hosts.kind === 'hosts'
    ? `${hosts.by} ${hosts.hosts.map(({ name, addresses }) => `${name}=${addresses.join(',')}`).join(' ')}`
    : `${hosts.kind} ${hosts.said.enhanced}`

const hostZone: Zone = {
  'a.example': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] },
  'b.example': { A: ['192.0.2.2'] },
  'six.example': { AAAA: ['2001:db8::6'] },
  'mail.us.example': { A: ['192.0.2.9'] },
  'alias.us.example': { A: ['192.0.2.99'] },
  'none.example': {},
  'broken.example': { A: 'failed', AAAA: 'failed' },
  'half.example': { A: ['192.0.2.3'], AAAA: 'failed' },
}
const cases: readonly (readonly [says: string, records: Zone[string] | undefined, want: string])[] = [
  [
    'the lower preference first',
    { MX: [mx(20, 'b.example'), mx(10, 'a.example')] },
    'mx a.example=2001:db8::1,192.0.2.1 b.example=192.0.2.2',
  ],
  ['without an MX the domain itself', { A: ['192.0.2.7'] }, 'implicit d.example=192.0.2.7'],
  ['neither MX nor address', { TXT: ['x'] }, 'never 5.1.2'],
  ['no such domain', undefined, 'never 5.1.2'],
  ['null MX (RFC 7505)', { MX: [mx(0, '')], A: ['192.0.2.7'] }, 'never 5.1.10'],
  ['null MX written with its dot', { MX: [mx(0, '.')] }, 'never 5.1.10'],
  ['a null MX beside a real one is passed over', { MX: [mx(0, ''), mx(5, 'b.example')] }, 'mx b.example=192.0.2.2'],
  ['a failed look-up of the MX defers', { MX: 'failed', A: ['192.0.2.7'] }, 'later 4.4.3'],
  [
    'a host without an address is passed over',
    { MX: [mx(1, 'none.example'), mx(2, 'gone.example'), mx(3, 'b.example')] },
    'mx b.example=192.0.2.2',
  ],
  ['no host has an address', { MX: [mx(1, 'none.example'), mx(2, 'gone.example')] }, 'never 5.4.4'],
  [
    'no host has an address, one look-up failed',
    { MX: [mx(1, 'none.example'), mx(2, 'broken.example')] },
    'later 4.4.3',
  ],
  ['one family failed, the other is there', { MX: [mx(1, 'half.example')] }, 'mx half.example=192.0.2.3'],
  ['an implicit MX whose look-up failed', { AAAA: 'failed' }, 'later 4.4.3'],
  [
    'we are the second: what is worse is cut',
    { MX: [mx(1, 'a.example'), mx(5, 'mail.us.example'), mx(9, 'b.example')] },
    'mx a.example=2001:db8::1,192.0.2.1',
  ],
  [
    'we are equal to another: both are cut',
    { MX: [mx(1, 'six.example'), mx(5, 'alias.us.example'), mx(5, 'b.example')] },
    'mx six.example=2001:db8::6',
  ],
  ['we are the best: a loop', { MX: [mx(1, 'MAIL.us.example.'), mx(9, 'b.example')] }, 'never 5.4.6'],
  ['we are its own address: a loop', { A: ['192.0.2.99'] }, 'never 5.4.6'],
]
for (const [says, records, want] of cases)
  void test(`route: ${says}`, async () => {
    const zone = records === undefined ? hostZone : { ...hostZone, 'd.example': records }
    assert.equal(told(await find('d.example', zone)), want)
  })

for (const [literal, want] of [
  ['[192.0.2.5]', 'literal [192.0.2.5]=192.0.2.5'],
  ['[IPv6:2001:db8::5]', 'literal [IPv6:2001:db8::5]=2001:db8::5'],
  ['[192.0.2.99]', 'never 5.4.6'],
  ['[nothing]', 'never 5.1.2'],
  ['[192.0.2.5', 'never 5.1.2'],
] as const)
  void test(`route: ${literal}`, async () => assert.equal(told(await find(literal, {})), want))

void test('route: a policy takes hosts out, and where it leaves none the mail waits (RFC 8461 section 5)', async () => {
  const zone = { ...hostZone, 'd.example': { MX: [mx(1, 'a.example'), mx(2, 'b.example')] } }
  assert.equal(
    told(await find('d.example', zone, { allowsMx: (name) => name.startsWith('b') })),
    'mx b.example=192.0.2.2',
  )
  assert.equal(told(await find('d.example', zone, { allowsMx: () => false })), 'later 4.7.5')
})

void test('route: the AD bits are told apart', async () => {
  const zone = { ...hostZone, 'd.example': { MX: [mx(1, 'b.example')] } }
  const signed = resolveFrom(zone, true)
  const plain = resolveFrom(zone)
  const resolve: Resolve = (name, type) => (type === 'MX' ? signed(name, type) : plain(name, type))
  const found = await find('d.example', zone, { resolve })
  assert.ok(found.kind === 'hosts')
  assert.deepEqual([found.hosts[0]?.mxSecure, found.hosts[0]?.addressSecure], [true, false])
})

void test('route: equals come in any order, never before a better one; lists are bounded', async () => {
  const names = Array.from({ length: 40 }, (_, i) => `h${i}.example`)
  const many = Array.from({ length: 30 }, (_, i) => `192.0.2.${i}`)
  const zone: Zone = {
    ...Object.fromEntries(names.map((name) => [name, { A: many }])),
    'd.example': { MX: names.map((name, i) => mx(i < 5 ? 1 : 2, name)) },
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 40, maxLength: 40 }),
      async (lots) => {
        let at = 0
        const found = await find('d.example', zone, { chance: () => lots[at++ % 40] ?? 0, isUs: () => false })
        assert.ok(found.kind === 'hosts')
        assert.equal(found.hosts.length, 10)
        assert.ok(found.hosts.slice(0, 5).every((host) => host.preference === 1))
        assert.ok(found.hosts.every((host) => host.addresses.length === 8))
      },
    ),
    { numRuns: 30 },
  )
  const first = async (lot: number): Promise<string | undefined> => {
    let turn = 0
    const found = await find('d.example', zone, { chance: () => (turn++ === lot ? 0 : 1), isUs: () => false })
    return found.kind === 'hosts' ? found.hosts[0]?.name : undefined
  }
  assert.deepEqual([await first(0), await first(3)], ['h0.example', 'h3.example'])
})

test('one family without an answer does not make a host insecure: DANE would be off', async () => {
  const zone: Zone = { ...hostZone, 'd.example': { MX: [mx(1, 'half.example')] } }
  for (const secure of [true, false]) {
    const found = await find('d.example', zone, { resolve: resolveFrom(zone, secure) })
    assert.deepEqual(found.kind === 'hosts' && found.hosts.map(({ addressSecure }) => addressSecure), [secure])
  }
})
