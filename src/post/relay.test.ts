import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RelayRow, relayFor } from './relay.ts'

const row = (host: string, more: Partial<RelayRow> = {}): RelayRow => ({
  domains: ['*'],
  senders: ['*'],
  afterTries: 0,
  hop: { host, port: 587, tls: 'required', verify: true },
  ...more,
})
const rows: readonly RelayRow[] = [
  row('partner', { domains: ['partner.example', '.partner.example'] }),
  row('anna', { senders: ['anna@example.org'] }),
  row('club', { senders: ['club.example', '.club.example'] }),
  row('bounces', { senders: ['<>'], domains: ['bounce.example'] }),
  row('last-resort', { afterTries: 3 }),
]

for (const [sender, domain, tries, want] of [
  ['ben@example.org', 'partner.example', 0, 'partner'],
  ['ben@example.org', 'MX.Partner.Example', 0, 'partner'],
  ['ben@example.org', 'notpartner.example', 0, undefined],
  ['Anna@example.org', 'gmail.com', 0, 'anna'],
  ['susanna@example.org', 'gmail.com', 0, undefined],
  ['x@club.example', 'gmail.com', 0, 'club'],
  ['x@lists.club.example', 'gmail.com', 0, 'club'],
  ['', 'gmail.com', 0, undefined],
  ['', 'bounce.example', 0, 'bounces'],
  ['ben@example.org', 'bounce.example', 0, undefined],
  ['ben@example.org', 'gmail.com', 2, undefined],
  ['ben@example.org', 'gmail.com', 3, 'last-resort'],
  ['', '[192.0.2.1]', 9, 'last-resort'],
] as const)
  test(`<${sender}> to ${domain} after ${tries} tries: ${want ?? 'ourselves'}`, () =>
    assert.equal(relayFor(rows, { sender, domain, tries })?.host, want))

test('without rows everything goes by itself', () =>
  assert.equal(relayFor([], { sender: 'a@b.test', domain: 'c.test', tries: 99 }), undefined))
