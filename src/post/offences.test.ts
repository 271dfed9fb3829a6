import assert from 'node:assert/strict'
import { test } from 'node:test'
import { talkSentences } from '../ban/sentences.ts'
import { accountId, modSeq } from '../base/ids.ts'
import { silentLog } from '../base/log.ts'
import { openInline } from '../store/sqlite/inline.ts'
import type { Account, Store } from '../store/store.ts'
import type { OfficeDeps } from './deps.ts'
import { gather, Peers } from './gather.ts'
import { openHistory, type SenderHistory } from './history.ts'
import type { Decision, Known, Mail } from './mail.ts'
import { book, isNameless, offencesOf, unknownWeight } from './offences.ts'
import type { EarlyFacts, ScanOutcome, Verified } from './scan-port.ts'
import { type PostSettings, postDefaults } from './settings.ts'
import { isTrusted, senderKeys } from './standing.ts'
import { tell } from './story.ts'
import { decideMail, hostTrust, weigh } from './weigh.ts'

const day = 86_400_000
const settings: PostSettings = {
  host: 'mx.example.org',
  ...postDefaults,
  jail: { enabled: true, sentences: talkSentences, allow: [], banLoopback: false },
}
const mailOf = (change: Partial<Mail> = {}, account?: string): Mail => ({
  id: 'id1',
  at: 0,
  envelope: {
    session: 's',
    at: 0,
    ip: '192.0.2.7',
    port: 1,
    helo: 'h',
    protocol: 'ESMTP',
    tls: null,
    mailFrom: { local: 'bounce', domain: 'sender.example', text: 'Bounce@sender.example' },
    recipients: [],
    body: '7bit',
    smtpUtf8: false,
    requireTls: false,
    ...(account === undefined ? {} : { account }),
  },
  body: { bytes: new Uint8Array(0), size: 0 },
  head: {
    hops: 0,
    messageId: '',
    subject: '',
    from: '',
    fromAddress: 'carl@sender.example',
    deliveredTo: [],
    forged: [],
  },
  takers: [],
  trapped: false,
  forwards: [],
  ...change,
})
const taker = (thresholds: string) => ({
  account: {
    id: accountId(1),
    name: 'a@example.org',
    passwordHash: '',
    state: 'active',
    quotaBytes: 0,
    usedBytes: 0,
    messages: 0,
    createdAt: 0,
    modSeq: modSeq(1),
    settings: thresholds,
  } satisfies Account,
  detail: '',
})

type Memory = { readonly history: SenderHistory; readonly store: Store }
const open = (now = (): number => 0): Memory => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  return { store: opened.value, history: openHistory({ store: opened.value, now, log: silentLog }) }
}
const nobodyBarred = { barredSender: () => undefined }
const scored = (score: number, wire?: Verified): ScanOutcome => ({
  kind: 'done',
  wire,
  output: { hits: [], score, tokens: Uint32Array.of(1) },
})
const knownOf = (
  history: SenderHistory,
  outcome: ScanOutcome,
  facts: EarlyFacts = {},
  mail = mailOf(),
): Promise<Known> => weigh({ history, jail: nobodyBarred, now: () => 0 }, settings, mail, facts, outcome)

const passing: Verified = { dmarc: { result: 'pass', domain: 'sender.example' }, fromDomain: 'sender.example' }

// ---- What is held against whom ----------------------------------------------------------------------------------------

for (const [says, score, wire, thresholds, trapped, want] of [
  ['good mail', 0, {}, '{}', false, undefined],
  ['flagged', 5, {}, '{}', false, 'spam-flagged'],
  ['rejected', 10, {}, '{}', false, 'spam-rejected'],
  ['rejected by one account’s taste', 3, {}, '{"spam":{"reject":2}}', false, undefined],
  ['flagged by the server, rejected by an account', 6, {}, '{"spam":{"reject":2}}', false, 'spam-flagged'],
  ['rejected by the server, taken by an account', 12, {}, '{"spam":{"flag":50,"reject":60}}', false, undefined],
  ['rejected by the server, flagged by an account', 12, {}, '{"spam":{"reject":60}}', false, 'spam-flagged'],
  ['p=reject', 0, { dmarc: { result: 'fail', policy: 'reject' } }, '{}', false, undefined],
  ['p=reject and spam', 12, { dmarc: { result: 'fail', policy: 'reject' } }, '{}', false, 'spam-rejected'],
  ['p=quarantine', 0, { dmarc: { result: 'fail', policy: 'quarantine' } }, '{}', false, undefined],
  ['a trap', 0, {}, '{}', true, 'spamtrap'],
  ['a trap and spam', 12, {}, '{}', true, 'spamtrap'],
] as const)
  test(`${says}: ${want ?? 'no offence'}`, async () => {
    const mail = mailOf({ takers: [taker(thresholds)], trapped })
    const known = await knownOf(open().history, scored(score, wire), {}, mail)
    const offences = offencesOf(mail, known, decideMail(settings, mail, known))
    assert.deepEqual(
      offences.map(({ kind }) => kind),
      want === undefined ? [] : [want],
    )
  })

test('mail of our own people is no offence', async () => {
  const mail = mailOf({}, 'anna@example.org')
  const known = await knownOf(open().history, scored(50), {}, mail)
  assert.deepEqual(offencesOf(mail, known, decideMail(settings, mail, known)), [])
})

for (const [facts, weight, nameless] of [
  [{ iprev: { result: 'pass', name: 'x' } }, 1, false],
  [{ iprev: { result: 'pass', name: 'x' }, dnsbl: [{ zone: 'z', weight: 1 }] }, 3, false],
  [{ iprev: { result: 'fail' } }, 3, false],
  [{ iprev: { result: 'permerror' } }, 3, true],
  [{ iprev: { result: 'temperror' } }, 3, false],
  [{}, 3, false],
] as const)
  test(`a peer of which ${JSON.stringify(facts)} is known weighs ${weight}`, () => {
    assert.equal(unknownWeight(facts), weight)
    assert.equal(isNameless(facts), nameless)
  })

// ---- Who the sender is ------------------------------------------------------------------------------------------------

test('only what authentication speaks for is the sender', async () => {
  const { history } = open()
  const proven = await knownOf(history, scored(0, passing))
  assert.equal(proven.sender.domain, 'sender.example')
  assert.equal(proven.sender.address, 'carl@sender.example')
  const claimed = await knownOf(history, scored(0, { dmarc: { result: 'fail' } }))
  assert.equal(claimed.sender.domain, undefined)
  assert.equal(claimed.sender.address, undefined)
  const signedByAnother = await knownOf(history, scored(0, { dkim: [{ result: 'pass', domain: 'esp.example' }] }))
  assert.equal(signedByAnother.sender.domain, 'esp.example')
  assert.equal(signedByAnother.sender.address, undefined)
})

test('our own domains are never to blame', async () => {
  const { history, store } = open()
  const peers = new Peers({}, () => 0, silentLog)
  const claim = { address: 'carl@sender.example', name: '', accounts: [], ownDomains: ['sender.example'] }
  const facts = await gather({ peers, history, now: () => 0 }, settings, '192.0.2.7', claim)
  const { sender } = await knownOf(history, scored(20, passing), facts)
  assert.deepEqual([sender.domainTrusted, sender.addressTrusted], [true, true])
  await store.close()
})

test('a host is trusted by its own mail, or much by its network’s', () => {
  const standing = (wanted: number, unwanted = 0) => ({ wanted, unwanted, firstAt: 0, lastAt: 0 })
  assert.equal(hostTrust({}, undefined, 0).hostTrusted, false)
  assert.equal(hostTrust({ host: standing(2) }, undefined, 0).hostTrusted, true)
  assert.equal(hostTrust({ host: standing(1) }, undefined, 0).hostTrusted, false)
  assert.equal(hostTrust({ host: standing(5, 2) }, undefined, 0).hostTrusted, false)
  assert.equal(hostTrust({ host: standing(3) }, undefined, 60 * day).hostTrusted, false)
  assert.deepEqual(hostTrust({ network: standing(3) }, undefined, 0), { hostTrusted: false, networkTrusted: true })
  assert.deepEqual(hostTrust({ network: standing(6) }, undefined, 0), { hostTrusted: true, networkTrusted: true })
  assert.equal(hostTrust({}, { result: 'fail', name: 'x.google.com' }, 0).hostTrusted, false)
})

// ---- History ----------------------------------------------------------------------------------------------------------

const booked = async (score: number, outcome: ScanOutcome = scored(score, passing), change: Partial<Mail> = {}) => {
  const { history, store } = open()
  const mail = mailOf(change)
  const known = await knownOf(history, outcome, {}, mail)
  const decision: Decision = decideMail(settings, mail, known)
  const deps = { history, soon: () => undefined, store } as unknown as OfficeDeps // the rest is for what is done later
  await book(deps, settings, mail, known, decision)
  const { host, domain } = await history.standings(known.keys)
  return { host: [host?.wanted, host?.unwanted], domain: [domain?.wanted, domain?.unwanted] }
}

for (const [says, done, want] of [
  ['wanted', () => booked(0), { host: [1, 0], domain: [1, 0] }],
  ['near the flag: says nothing', () => booked(3), { host: [undefined, undefined], domain: [undefined, undefined] }],
  ['flagged', () => booked(6), { host: [0, 0.5], domain: [0, 0.5] }],
  ['rejected', () => booked(12), { host: [0, 1], domain: [0, 1] }],
  ['trapped', () => booked(0, scored(0, passing), { trapped: true }), { host: [0, 3], domain: [0, 3] }],
  ['nobody vouches', () => booked(0, scored(0)), { host: [0.5, 0], domain: [undefined, undefined] }],
  ['not scored', () => booked(0, { kind: 'late' }), { host: [undefined, undefined], domain: [undefined, undefined] }],
] as const)
  test(`history of mail that is ${says}`, async () => assert.deepEqual(await done(), want))

test('history survives in the store, and a store that does not answer makes strangers', async () => {
  const { history, store } = open()
  const keys = senderKeys('192.0.2.7', 'carl@sender.example', 'sender.example')
  for (let n = 0; n < 3; n += 1) await history.note(keys, 'wanted', 1)
  history.wrote(accountId(1), 'carl@sender.example')
  await history.flushed()
  const later = openHistory({ store, now: () => 0, log: silentLog })
  assert.ok(isTrusted((await later.standings(keys)).domain, 0))
  assert.equal(await later.knows(accountId(1), 'carl@sender.example'), true)
  assert.equal(await later.knows(accountId(2), 'carl@sender.example'), false)
  const deaf = openHistory({
    store: { ...store, recall: async () => ({ ok: false, error: 'busy' }) },
    now: () => 0,
    log: silentLog,
  })
  assert.deepEqual(Object.values(await deaf.standings(keys)), [undefined, undefined, undefined, undefined])
  assert.equal(await deaf.knows(accountId(1), 'carl@sender.example'), false)
})

test('two messages at once are both counted', async () => {
  const { history } = open()
  const keys = senderKeys('192.0.2.7', undefined, undefined)
  await Promise.all([history.note(keys, 'wanted', 1), history.note(keys, 'wanted', 1)])
  assert.equal((await history.standings(keys)).host?.wanted, 2)
})

// ---- Peers ------------------------------------------------------------------------------------------------------------

test('a peer is asked about once in five minutes, and again after an answer that was none', async () => {
  let clock = 0
  let asked = 0
  let result = 'pass'
  const iprev = async () => {
    asked += 1
    return { result }
  }
  const peers = new Peers({ iprev }, () => clock, silentLog)
  const wanted = { reverse: true, dnsbl: true }
  assert.deepEqual(await peers.known('192.0.2.7'), {})
  for (let n = 0; n < 3; n += 1) await peers.facts('192.0.2.7', wanted)
  assert.equal(asked, 1)
  clock = 300_000
  result = 'temperror'
  await peers.facts('192.0.2.7', wanted)
  await peers.facts('192.0.2.7', wanted)
  assert.equal(asked, 3)
  await peers.facts('192.0.2.8', { reverse: false, dnsbl: false })
  assert.equal(asked, 3)
})

test('a look-up that throws is a fact that is missing', async () => {
  const events: string[] = []
  const peers = new Peers({ iprev: async () => Promise.reject(new Error('no')) }, () => 0, {
    event: (name) => void events.push(name),
  })
  assert.deepEqual(await peers.facts('192.0.2.7', { reverse: true, dnsbl: true }), {})
  assert.deepEqual(events, ['dns-unavailable'])
})

// ---- The story --------------------------------------------------------------------------------------------------------

test('a story is told as far as it went', async () => {
  const mail = mailOf({ takers: [taker('{}')] })
  const early = tell(mail, undefined, undefined, [])
  assert.deepEqual([early.scan, early.verdict, early.places], ['skipped', 'reject', [['a@example.org', 'reject', '']]])
  const facts: EarlyFacts = {
    iprev: { result: 'pass', name: 'mail.sender.example' },
    dnsbl: [{ zone: 'zen.example', weight: 2 }],
  }
  const hits = Array.from({ length: 300 }, (_, n) => ({ name: `T${n}`, says: 's', score: 0 }))
  const known = await knownOf(
    open().history,
    { kind: 'done', wire: passing, output: { hits, score: 0, tokens: new Uint32Array(0) } },
    facts,
    mail,
  )
  const story = tell(mail, known, decideMail(settings, mail, known), ['INBOX'])
  assert.equal(story.hits.length, 100)
  assert.deepEqual(story.lists, ['zen.example'])
  assert.deepEqual(
    [story.peer.reverse, story.auth.dmarc, story.auth.vouched],
    ['mail.sender.example', 'pass', 'sender.example'],
  )
  assert.deepEqual(story.places, [['a@example.org', 'accept', 'INBOX']])
})
