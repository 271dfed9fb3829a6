import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noOpinions, score } from '../engine.ts'
import { checkRows, inputOf } from '../testing.ts'
import { wireTests } from './wire.ts'

const dmarc = (policy: string) => ({ wire: { dmarc: { result: 'fail', policy } } })

checkRows(wireTests, [
  ['RDNS_MISSING', { wire: { iprev: { result: 'fail' } } }, { wire: { iprev: { result: 'temperror' } } }],
  [
    'RDNS_HOME',
    { envelope: { ip: '198.51.100.7', reverseName: '7.100.51.198.isp.example' } },
    { envelope: { ip: '198.51.100.7', reverseName: 'mx7.isp.example' } },
  ],
  ['HELO_ADDRESS', { envelope: { helo: '[192.0.2.7]' } }, { envelope: { helo: 'm192.0.2.7.example' } }],
  ['HELO_NO_DOMAIN', { envelope: { helo: 'desktop' } }, { envelope: { helo: 'desktop.example' } }],
  [
    'HELO_OURS',
    { envelope: { helo: 'example.org' }, history: { ownDomains: ['example.org'] } },
    { envelope: { helo: 'example.org', authenticated: true }, history: { ownDomains: ['example.org'] } },
  ],
  [
    'HELO_BORROWED',
    { envelope: { helo: 'mail.yahoo.com', reverseName: 'host.evil.example' } },
    { envelope: { helo: 'sonic1.mail.yahoo.com', reverseName: 'sonic1.mail.yahoo.com' } },
  ],
  ['BLOCKLISTED', { wire: { dnsbl: [{ zone: 'bl.example', weight: 3 }] } }, { wire: { dnsbl: [] } }],
  ['SPF_FAIL', { wire: { spf: { result: 'fail' } } }, { wire: { spf: { result: 'temperror' } } }],
  ['SPF_SOFTFAIL', { wire: { spf: { result: 'softfail' } } }, { wire: { spf: { result: 'neutral' } } }],
  [
    'SPF_NONE',
    { wire: { spf: { result: 'none' } } },
    { wire: { spf: { result: 'none' }, dkim: [{ result: 'pass', domain: 'example.com' }] } },
  ],
  [
    'DKIM_BROKEN',
    { wire: { dkim: [{ result: 'fail' }] } },
    { wire: { dkim: [{ result: 'fail' }, { result: 'pass' }] } },
  ],
  ['DMARC_FAIL_REJECT', dmarc('reject'), dmarc('none')],
  ['DMARC_FAIL_QUARANTINE', dmarc('quarantine'), dmarc('reject')],
  ['DMARC_FAIL', dmarc('none'), { wire: { dmarc: { result: 'temperror', policy: 'none' } } }],
  ['DMARC_PASS', { wire: { dmarc: { result: 'pass' } } }, dmarc('none')],
  ['RELAY_PLAIN', { envelope: { tls: false } }, { envelope: { tls: false, ip: '10.1.2.3' } }],
])

test('weights of blocklists are added up, to a bound', () => {
  const listed = (weights: readonly number[]): number => {
    const dnsbl = weights.map((weight) => ({ zone: 'bl.example', weight }))
    return score(inputOf({ wire: { dnsbl } }), noOpinions, { tests: wireTests }).score
  }
  assert.equal(listed([1.5, 2]), 3.5)
  assert.equal(listed([5, 5, 5]), 7)
})

test('nothing asked, nothing held against anybody', () => {
  assert.deepEqual(score(inputOf({}), noOpinions, { tests: wireTests }).hits, [])
})
