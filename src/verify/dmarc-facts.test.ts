import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zoneOf } from '../../test/verify-zone.ts'
import type { DkimVerdict } from './dkim.ts'
import { checkDmarc } from './dmarc.ts'
import { dmarcFacts } from './dmarc-facts.ts'
import { readMessage } from './fields.ts'
import type { SpfVerdict } from './spf.ts'

const zone = zoneOf({
  '_dmarc.example.com': { TXT: ['v=DMARC1; p=reject; sp=quarantine; aspf=s; fo=1:d:x; rua=mailto:r@example.com'] },
  '_dmarc.testing.test': { TXT: ['v=DMARC1; p=reject; t=y; rua=mailto:r@testing.test'] },
  '_dmarc.quiet.test': { TXT: ['v=DMARC1; p=reject'] },
  '_dmarc.broken.test': 'servfail',
})
const signature = (domain: string, result: DkimVerdict['result'], selector = 's'): DkimVerdict => ({
  ...{ domain, result, selector, algorithm: 'rsa-sha256', testing: false, tag: 'abcdefgh' },
})
const spf: SpfVerdict = { result: 'pass', domain: 'Bounce.Example.com', identity: 'mailfrom', lookups: 1 }
const factsOf = async (from: string, dkim: readonly DkimVerdict[], sender = 'a@Bounce.example.com') => {
  const { fields } = readMessage(Buffer.from(`From: ${from}\r\n\r\n`))
  return dmarcFacts({ dmarc: await checkDmarc({ fields, spf, dkim }, zone), dkim, spf }, sender)
}

test('a failing message: the policy as published, what is asked, what was found', async () => {
  assert.deepEqual(await factsOf('a@example.com', [signature('other.test', 'pass')]), {
    policyDomain: 'example.com',
    published: {
      p: 'reject',
      sp: 'quarantine',
      np: 'quarantine',
      testing: false,
      pct: 100,
      adkim: 'r',
      aspf: 's',
      fo: '1:d',
    },
    headerFrom: 'example.com',
    policy: 'reject',
    envelopeFrom: 'bounce.example.com',
    dkimAligned: false,
    spfAligned: false,
    disposition: 'reject',
    dkim: [{ domain: 'other.test', selector: 's', result: 'pass' }],
    spf: { domain: 'bounce.example.com', result: 'pass', helo: false },
  })
})

test('a subdomain is reported to where the record stands, by its own policy', async () => {
  const facts = await factsOf('a@sub.example.com', [])
  assert.deepEqual(
    [facts?.policyDomain, facts?.headerFrom, facts?.policy],
    ['example.com', 'sub.example.com', 'quarantine'],
  )
})

test('signatures come in the order of their worth', async () => {
  const facts = await factsOf('a@sub.example.com', [
    signature('sub.example.com', 'fail', '5'),
    signature('other.test', 'pass', '4'),
    signature('example.com', 'pass', '2'),
    signature('sub.example.com', 'pass', '1'),
  ])
  assert.deepEqual(
    facts?.dkim.map(({ selector }) => selector),
    ['1', '2', '4', '5'],
  )
  assert.equal(facts?.dkimAligned, true)
})

for (const [name, from] of [
  ['who asks for no reports', 'a@quiet.test'],
  ['who has no policy', 'a@nothing.test'],
  ['whose policy DNS keeps from us', 'a@broken.test'],
] as const)
  test(`nothing is counted for a domain ${name}`, async () => assert.equal(await factsOf(from, []), undefined))

test('a domain in testing asks for one step less', async () => {
  const facts = await factsOf('a@testing.test', [])
  assert.deepEqual([facts?.policy, facts?.disposition, facts?.published.testing], ['reject', 'quarantine', true])
})

test('the null sender has no domain', async () =>
  assert.equal((await factsOf('a@example.com', [], ''))?.envelopeFrom, ''))
