import assert from 'node:assert/strict'
import { test } from 'node:test'
import { talkSentences } from '../ban/sentences.ts'
import { accountId, mailboxId } from '../base/ids.ts'
import type { Receipt, Store, StoreFault } from '../store/store.ts'
import { deferralOf, deliver, placesOf, prefixes } from './deliver.ts'
import type { Decision, Known, Mail } from './mail.ts'
import { type PostSettings, postDefaults } from './settings.ts'
import type { SpoolFiles } from './spool-files.ts'

const account = (id: number, settings = '{}') => ({
  id: accountId(id),
  name: `a${id}@example.org`,
  passwordHash: '',
  state: 'active' as const,
  quotaBytes: 0,
  usedBytes: 0,
  messages: 0,
  createdAt: 0,
  modSeq: 1 as never,
  settings,
})
const recipient = (text: string) => ({
  address: { local: text.split('@')[0] ?? '', domain: 'example.org', text },
  notify: [],
})
const mailOf = (body: Mail['body'], forged: Mail['head']['forged'] = [], recipients = ['a1@example.org']): Mail => ({
  id: 'id1',
  at: 5,
  envelope: {
    session: 's',
    at: 5,
    ip: '192.0.2.7',
    port: 1,
    helo: 'h',
    protocol: 'ESMTP',
    tls: null,
    mailFrom: null,
    recipients: recipients.map(recipient),
    body: '7bit',
    smtpUtf8: false,
    requireTls: false,
  },
  body,
  head: { hops: 0, messageId: '', subject: '', from: '', fromAddress: undefined, deliveredTo: [], forged },
  takers: [
    { account: account(1), detail: '' },
    { account: account(2), detail: '' },
  ],
  trapped: false,
  forwards: [],
})
const settings: PostSettings = {
  host: 'mx.example.org',
  ...postDefaults,
  jail: { enabled: true, sentences: talkSentences, allow: [], banLoopback: false },
}
const receipt = { story: 'the receipt' } as unknown as Receipt // the store fake looks at nothing in it
const accept = { kind: 'accept', reasons: [] } as const
const decision: Decision = { verdicts: [accept, { kind: 'flag', reasons: ['score'] }], answer: accept, server: accept }
const known: Known = {
  facts: { iprev: { result: 'pass', name: 'mail.sender.example' } },
  scan: 'done',
  wire: undefined,
  output: { hits: [{ name: 'TEST', says: '', score: 1 }], score: 1, tokens: new Uint32Array(0) },
  authResults: 'Authentication-Results: x; none\r\n',
  keys: { host: 'h', network: 'n' },
  sender: { domainTrusted: false, addressTrusted: false },
  hostTrusted: false,
  networkTrusted: false,
  trustedForwarder: false,
  barred: false,
}
const chosen = [
  { mailbox: { name: 'INBOX' }, name: 'INBOX', flags: [] },
  { mailbox: mailboxId(9), name: 'Junk', flags: ['$Junk'] },
]

type Call = Parameters<Store['deliver']>[0]
/** A store that answers each call with the next row: a fault for each place, or null where it is stored. */
const storing = (...answers: readonly (StoreFault | readonly (StoreFault | null)[])[]) => {
  const calls: Call[] = []
  const store: Pick<Store, 'deliver'> = {
    deliver: async (call) => {
      const answer = answers[calls.length] ?? []
      calls.push(call)
      if (typeof answer === 'string') return { ok: false, error: answer }
      return {
        ok: true,
        value: answer.map((fault) => (fault === null ? { ok: true, value: {} as never } : { ok: false, error: fault })),
      }
    },
  }
  return { calls, store }
}
const bytes = Buffer.from('X: forged\r\nSubject: x\r\n\r\nbody')
const inMemory = { bytes, size: bytes.length }
const prefix = prefixes(settings, mailOf(inMemory), known)
const places = placesOf(mailOf(inMemory), chosen, decision, prefix)

test('each taker has a place, with the prefix that its own verdict asks for', () => {
  assert.deepEqual(
    places.map((one) => [one.account, one.mailbox, one.flags, one.internalDate]),
    [
      [1, { name: 'INBOX' }, [], 5],
      [2, 9, ['$Junk'], 5],
    ],
  )
  assert.doesNotMatch(places[0]?.prefix ?? '', /X-Spam-Flag/)
  assert.match(places[1]?.prefix ?? '', /X-Spam-Flag: YES/)
})

test('the prefix is Return-Path, Received, Authentication-Results, X-Spam, in that order', () => {
  const names = [...prefix.flagged.matchAll(/^([A-Za-z-]+):/gm)].map(([, name]) => name)
  assert.deepEqual(names, [
    'Return-Path',
    'Received',
    'Authentication-Results',
    'X-Spam-Flag',
    'X-Spam-Score',
    'X-Spam-Level',
    'X-Spam-Status',
    'X-Spam-Checker-Version',
  ])
  assert.match(prefix.plain, /for <a1@example\.org>/)
  assert.doesNotMatch(prefixes(settings, mailOf(inMemory, [], ['a@x', 'b@x']), known).plain, /for </)
})

for (const [says, answers, want, calls] of [
  ['all have it', [[null, null]], undefined, 1],
  ['the store is full', ['disk-full'], 'disk-full', 1],
  ['a mailbox went away, and INBOX takes it', [[null, 'no-such-mailbox'], [null]], undefined, 2],
  ['an account went away', [[null, 'no-such-account'], ['no-such-account']], 'no-such-account', 2],
  ['the store fails at the second try', [[null, 'no-such-mailbox'], 'busy'], 'busy', 2],
] as const)
  test(`${says}: ${want ?? 'delivered'}`, async () => {
    const fake = storing(...answers)
    const done = await deliver(
      { store: fake.store, now: () => 7 },
      mailOf(inMemory),
      places,
      { kind: 'skipped' },
      receipt,
    )
    assert.equal(done.ok ? undefined : done.error, want)
    assert.equal(fake.calls.length, calls)
    assert.equal(fake.calls[0]?.receipt, receipt)
    assert.equal(fake.calls[1]?.receipt, undefined)
    if (calls === 2)
      assert.deepEqual(
        fake.calls[1]?.places.map(({ mailbox }) => mailbox),
        [{ name: 'INBOX' }],
      )
  })

test('what was forged is cut out of octets, and then the summary is not of them', async () => {
  const summary = { envelope: 'summary' } as never // the store fake looks at nothing in it
  const whole = storing([null, null])
  const deps = { store: whole.store, now: () => 7 }
  await deliver(deps, mailOf(inMemory), places, { kind: 'skipped', summary }, receipt)
  assert.deepEqual([whole.calls[0]?.body, whole.calls[0]?.summary], [{ bytes }, summary])
  const cut = storing([null, null])
  const forged = mailOf(inMemory, [[0, 11]])
  await deliver({ ...deps, store: cut.store }, forged, places, { kind: 'skipped', summary }, receipt)
  assert.deepEqual(cut.calls[0]?.body, { bytes: Buffer.from('Subject: x\r\n\r\nbody') })
  assert.equal(cut.calls[0]?.summary, undefined)
  assert.ok(cut.calls[0]?.places.every(({ enforceQuota }) => !enforceQuota))
})

test('a spool file goes to the store as it is; without what was forged it is written anew', async () => {
  const cuts: unknown[] = []
  const files: SpoolFiles = {
    head: async () => new Uint8Array(0),
    drop: async (file) => void cuts.push(file),
    cut: async (body, ranges) => {
      cuts.push(ranges)
      return { file: '/spool/2', size: body.size - 11 }
    },
  }
  const file = { file: '/spool/1', size: 100 }
  const whole = storing([null, null])
  await deliver({ store: whole.store, files, now: () => 7 }, mailOf(file), places, { kind: 'skipped' }, receipt)
  assert.deepEqual(whole.calls[0]?.body, file)
  const cut = storing([null, 'no-such-mailbox'])
  const done = await deliver(
    { store: cut.store, files, now: () => 7 },
    mailOf(file, [[0, 11]]),
    places,
    { kind: 'skipped' },
    receipt,
  )
  assert.deepEqual(cut.calls[0]?.body, { file: '/spool/2', size: 89 })
  assert.deepEqual(cuts, [[[0, 11]], '/spool/2'])
  // The file is the store's now: the sender has to bring it again.
  assert.deepEqual(done, { ok: false, error: 'no-such-mailbox' })
})

test('every fault of the store is a reason to come again', () => {
  for (const [fault, want] of [
    ['disk-full', 'disk-full'],
    ['busy', 'busy'],
    ['closed', 'busy'],
    ['damaged', 'damaged'],
    ['over-quota', 'over-quota'],
    ['no-such-account', 'internal'],
  ] as const)
    assert.equal(deferralOf(fault), want)
})
