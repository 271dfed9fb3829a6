import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountId } from '../base/ids.ts'
import { fail, ok } from '../base/result.ts'
import type { Address } from '../store/store.ts'
import { type Route, route } from './route.ts'

const anna = accountId(1)
const ben = accountId(2)
const rows: readonly Address[] = [
  { address: 'anna@example.org', state: 'mailbox', account: anna },
  { address: 'ben@example.org', state: 'mailbox', account: ben },
  {
    address: 'all@example.org',
    state: 'alias',
    targets: ['anna@example.org', 'ben@example.org', 'carl@elsewhere.example'],
  },
  { address: 'loop@example.org', state: 'alias', targets: ['pool@example.org'] },
  { address: 'pool@example.org', state: 'alias', targets: ['loop@example.org'] },
  { address: 'gone@example.org', state: 'reject', says: 'Write to anna@example.org' },
  { address: 'trap@example.org', state: 'spamtrap' },
  { address: 'hole@example.org', state: 'blackhole' },
  { address: 'old@example.org', state: 'mailbox', account: anna, until: 1000 },
  { address: 'new@example.org', state: 'mailbox', account: anna, from: 3000 },
  { address: '@club.example', state: 'mailbox', account: ben },
]
const lookups = {
  isOurs: (domain: string) => domain === 'example.org' || domain === 'club.example',
  address: async (name: string) => ok(rows.find((row) => row.address === name) ?? null),
  postmaster: () => ben,
  now: 2000,
}
const to = (...accounts: readonly (typeof anna)[]): Route => ({
  kind: 'deliver',
  to: accounts.map((account) => ({ account, detail: '' })),
  forwards: [],
})

for (const [address, want] of [
  ['anna@example.org', to(anna)],
  ['Anna@example.org', to(anna)],
  ['anna+shop@example.org', { kind: 'deliver', to: [{ account: anna, detail: 'shop' }], forwards: [] }],
  ['all@example.org', { ...to(anna, ben), forwards: ['carl@elsewhere.example'] }],
  ['loop@example.org', { kind: 'unknown' }],
  ['gone@example.org', { kind: 'reject', says: 'Write to anna@example.org' }],
  ['trap@example.org', { kind: 'spamtrap' }],
  ['hole@example.org', { kind: 'blackhole' }],
  ['old@example.org', { kind: 'unknown' }],
  ['new@example.org', { kind: 'unknown' }],
  ['postmaster@example.org', to(ben)],
  ['nobody@example.org', { kind: 'unknown' }],
  ['whoever@club.example', to(ben)],
  ['anna@elsewhere.example', { kind: 'elsewhere' }],
] as const)
  test(`${address} leads to ${want.kind}`, async () => {
    const [local = '', domain = ''] = address.split('@')
    assert.deepEqual(await route(local, domain, lookups), want)
  })

test('a store that does not answer defers, and refuses nobody', async () => {
  assert.deepEqual(await route('anna', 'example.org', { ...lookups, address: async () => fail('busy') }), {
    kind: 'unavailable',
  })
})

test('an alias with a thousand members ends', async () => {
  const many: Address = {
    address: 'm@example.org',
    state: 'alias',
    targets: Array.from({ length: 1000 }, (_, n) => `x${n}@example.org`),
  }
  assert.deepEqual(await route('m', 'example.org', { ...lookups, address: async () => ok(many) }), {
    kind: 'unavailable',
  })
})
