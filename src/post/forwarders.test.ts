import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isVouchedFor } from './forwarders.ts'
import type { Verified } from './scan-port.ts'

const now = Date.UTC(2026, 10, 25)
const wanted = { wanted: 5, unwanted: 0, firstAt: now, lastAt: now }
const asked = (wire: Verified | undefined, sealers: readonly string[] = []): Promise<boolean> =>
  isVouchedFor(
    {
      history: { domainStanding: async (domain) => (domain === 'wanted.example' ? wanted : undefined) },
      now: () => now,
      sealers,
    },
    wire,
  )
/** A message of sender.example that fails DMARC here. @param hops sealer and what it says, the oldest first. */
const sealed = (...hops: readonly (readonly [sealer: string, says: string])[]): Verified => ({
  dmarc: { result: 'fail', policy: 'reject' },
  fromDomain: 'sender.example',
  arcChain: { cv: 'pass', sealers: hops.map(([sealer]) => sealer), results: hops.map(([, says]) => `mx; ${says}`) },
})
const good = 'dmarc=pass header.from=sender.example'
const bad = 'dmarc=fail header.from=sender.example'

for (const [says, wire, want, sealers] of [
  ['a stranger', sealed(['stranger.example', good]), false],
  ['one that brought wanted mail', sealed(['wanted.example', good]), true],
  ['one on the list', sealed(['lists.club.example', good]), true, ['club.example']],
  ['a large provider', sealed(['google.com', good]), true],
  ['a large provider that found it forged itself', sealed(['google.com', bad]), false],
  ['one that looked at nothing', sealed(['wanted.example', 'none']), false],
  ['one that found an aligned signature', sealed(['wanted.example', 'dkim=pass header.d=sender.example']), true],
  ['one that found the signature of another', sealed(['wanted.example', 'dkim=pass header.d=evil.example']), false],
  ['one that speaks of another domain', sealed(['wanted.example', 'dmarc=pass header.from=evil.example']), false],
  [
    'the second vouches for the first, both known',
    sealed(['wanted.example', good], ['google.com', `arc=pass; ${bad}`]),
    true,
  ],
  ['the second vouches for a stranger', sealed(['stranger.example', good], ['google.com', `arc=pass; ${bad}`]), false],
  ['the second does not vouch', sealed(['wanted.example', good], ['google.com', `arc=fail; ${bad}`]), false],
  ['a stranger after a known one', sealed(['google.com', good], ['stranger.example', `arc=pass; ${bad}`]), false],
] as const)
  test(`a DMARC failure, sent on by ${says}: ${want ? 'excused' : 'stands'}`, async () =>
    assert.equal(await asked(wire, sealers ?? []), want))

test('no chain, a broken one, several From fields, and mail that fails nothing need no excuse', async () => {
  const wire = sealed(['google.com', good])
  assert.equal(await asked(undefined), false)
  assert.equal(await asked({ dmarc: wire.dmarc, fromDomain: wire.fromDomain }), false)
  assert.equal(
    await asked({ ...wire, arcChain: { cv: 'fail', sealers: ['google.com'], results: [`mx; ${good}`] } }),
    false,
  )
  assert.equal(await asked({ ...wire, fromDomain: undefined }), false)
  assert.equal(await asked({ ...wire, dmarc: { result: 'pass' } }), false)
})
