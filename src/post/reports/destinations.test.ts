import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Table, zoneOf } from '../../../test/verify-zone.ts'
import { type Destination, readDestinations, verifyDestination } from './destinations.ts'

const mail = (address: string, mostBytes = Number.POSITIVE_INFINITY): Destination => ({
  ...{ kind: 'mail', address, mostBytes },
  host: address.slice(address.lastIndexOf('@') + 1),
})
for (const [uri, want] of [
  ['mailto:r@example.org', mail('r@example.org')],
  ['MAILTO:R+dmarc@Example.ORG', mail('R+dmarc@example.org')],
  ['mailto:r@example.org!10m', mail('r@example.org', 10 * 1024 ** 2)],
  ['mailto:r@example.org!512k', mail('r@example.org', 512 * 1024)],
  ['mailto:r@example.org!100', mail('r@example.org', 100)],
  ['mailto:r@example.org?subject=x', mail('r@example.org')],
  ['mailto:r%2Bx@example.org', mail('r+x@example.org')],
  ['https://example.org/tls?x=1', { kind: 'https', url: 'https://example.org/tls?x=1' }],
  ['https://user:word@example.org/', undefined],
  ['https://127.0.0.1/', undefined],
  ['https://localhost/', undefined],
  ['http://example.org/', undefined],
  ['ftp://example.org/', undefined],
  ['mailto:', undefined],
  ['mailto:r', undefined],
  ['mailto:r@localhost', undefined],
  ['mailto:a,b@example.org', undefined],
  ['mailto:a%0D%0AX:y@example.org', undefined],
  ['mailto:a%20b@example.org', undefined],
  ['mailto:%ZZ@example.org', undefined],
  ['mailto:r@example.org!10x', undefined],
  [`mailto:${'x'.repeat(65)}@example.org`, undefined],
] as const)
  test(`"${uri}" is ${want === undefined ? 'no destination' : 'a destination'}`, () =>
    assert.deepEqual(readDestinations([uri]), want === undefined ? [] : [want]))

test('each is served once, and few of them', () => {
  assert.equal(readDestinations(['mailto:r@example.org', 'mailto:r@EXAMPLE.org']).length, 1)
  assert.equal(readDestinations(Array.from({ length: 50 }, (_, at) => `mailto:r${at}@example.org`)).length, 4)
})

test('no URI makes it throw, and what is read is an address without white space', () => {
  const uri = fc.oneof(
    fc.string(),
    fc.string().map((text) => `mailto:${text}@example.org!1k`),
    fc.webUrl(),
  )
  fc.assert(
    fc.property(fc.array(uri), (uris) =>
      readDestinations(uris).every((one) => one.kind === 'https' || /^[^\s<>,;:"]+@[a-z0-9_.-]+$/i.test(one.address)),
    ),
  )
})

const record = (text = ''): Table[string] => ({ TXT: [`v=DMARC1;${text}`] })
const table: Table = {
  '_dmarc.example.org': record(' p=none'),
  '_dmarc.other.test': record(' p=none'),
  'example.org._report._dmarc.agreed.test': record(),
  'example.org._report._dmarc.moved.test': record(' rua=mailto:new@moved.test!1m'),
  'example.org._report._dmarc.away.test': record(' rua=mailto:victim@elsewhere.test'),
  'example.org._report._dmarc.noise.test': { TXT: ['v=spf1 -all'] },
  'example.org._report._dmarc.late.test': 'servfail',
  '_dmarc.lost.test': 'timeout',
}
for (const [name, domain, address, want] of [
  ['the domain itself', 'example.org', 'r@example.org', ['r@example.org']],
  ['a host of the same organization', 'example.org', 'r@reports.example.org', ['r@reports.example.org']],
  ['the organization of a subdomain', 'sub.example.org', 'r@example.org', ['r@example.org']],
  ['somebody who agreed', 'example.org', 'r@agreed.test', ['r@agreed.test']],
  ['somebody who moved', 'example.org', 'r@moved.test', ['new@moved.test']],
  ['somebody who names another in turn', 'example.org', 'r@away.test', 'no'],
  ['somebody who never agreed', 'example.org', 'r@victim.test', 'no'],
  ['somebody with another record there', 'example.org', 'r@noise.test', 'no'],
  ['somebody whose DNS does not answer', 'example.org', 'r@late.test', 'unknown'],
  ['somebody whose organization is not known', 'example.org', 'r@lost.test', 'unknown'],
  ['somebody who agreed for another domain', 'other.test', 'r@agreed.test', 'no'],
] as const)
  test(`reports of ${domain} to ${name}: ${typeof want === 'string' ? want : 'yes'}`, async () => {
    const verified = await verifyDestination(domain, mail(address, 5 * 1024 ** 2), zoneOf(table))
    if (verified.kind !== 'yes') assert.equal(verified.kind, want)
    else
      assert.deepEqual(
        verified.destinations.map((one) => (one.kind === 'mail' ? one.address : '')),
        want,
      )
  })

test('who moved keeps the smaller of two limits', async () => {
  const verified = await verifyDestination('example.org', mail('r@moved.test', 2 * 1024 ** 2), zoneOf(table))
  assert.deepEqual(verified, { kind: 'yes', destinations: [mail('new@moved.test', 1024 ** 2)] })
})

test('a name that DNS cannot ask for is no agreement, and HTTPS is not for DMARC', async () => {
  const long = `${'a.'.repeat(100)}example.org`
  assert.equal((await verifyDestination(long, mail(`r@${'b.'.repeat(60)}test`), zoneOf({}))).kind, 'no')
  assert.equal(
    (await verifyDestination('example.org', { kind: 'https', url: 'https://example.org/' }, zoneOf({}))).kind,
    'no',
  )
})
