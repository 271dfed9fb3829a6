/** Reports through the whole post office: what is counted of mail that comes, and what is a report itself and stays out of the inbox. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { talkSentences } from '../../ban/sentences.ts'
import type { Log } from '../../base/log.ts'
import { openInline } from '../../store/sqlite/inline.ts'
import type { Store } from '../../store/store.ts'
import { openAccounts } from '../accounts.ts'
import { openHistory } from '../history.ts'
import { openJail } from '../jail.ts'
import { postOffice } from '../office.ts'
import type { Envelope, EnvelopeAddress } from '../ports.ts'
import type { Scan, Verified } from '../scan-port.ts'
import { type PostSettings, postDefaults } from '../settings.ts'
import { DmarcLedger } from './dmarc-ledger.ts'
import { writeAggregate } from './dmarc-xml.ts'
import { openKept } from './kept.ts'
import { recogniseReport } from './recognise.ts'
import { openReports } from './reports.ts'
import type { ComplaintTold } from './take.ts'
import { rowWith } from './testing.ts'

const NOW = Date.UTC(2026, 10, 25, 12)
const DAY = 86_400_000
const { ip, reason, ...facts } = rowWith()

type Plan = {
  readonly wire?: Verified
  readonly score?: number
  readonly store?: (store: Store) => Store
  readonly on?: boolean
}
const open = async (plan: Plan = {}) => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  const store = plan.store?.(opened.value) ?? opened.value
  const now = (): number => NOW
  let counter = 0
  const fresh = (octets: number): Uint8Array => {
    counter += 1
    return Buffer.alloc(octets, counter)
  }
  const events: string[] = []
  const log: Log = { event: (name) => void events.push(name) }
  const accounts = openAccounts({ store: opened.value, now, fresh })
  await accounts.addDomain({ name: 'example.org' })
  const anna = await opened.value.addAccount({
    name: 'anna@example.org',
    passwordHash: '',
    quotaBytes: 0,
    settings: '{}',
    now: NOW,
  })
  assert.ok(anna.ok)
  await opened.value.putAddress({ address: 'anna@example.org', state: 'mailbox', account: anna.value.id })
  const settings: PostSettings = {
    ...{ host: 'mx.example.org', ...postDefaults, reportAddresses: ['anna+reports@example.org'] },
    jail: { enabled: true, sentences: talkSentences, allow: [], banLoopback: false },
  }
  const scan: Scan = async (job) => ({
    kind: 'done',
    wire: plan.wire ?? { dmarc: { result: 'pass', domain: 'theirs.test' }, fromDomain: 'theirs.test' },
    authResults: '',
    output: { hits: [], score: plan.score ?? 0, tokens: new Uint32Array() },
    report: job.wants.report === true && 'bytes' in job.body ? recogniseReport(job.body.bytes) : undefined,
  })
  const complaints: ComplaintTold[] = []
  const ledger = new DmarcLedger({ store, now, log })
  const kept = openKept({ store, now })
  const complained = (told: ComplaintTold): void => void complaints.push(told)
  const office = postOffice({
    ...{ store, scan, now, fresh, log, soon: (work: () => void) => work(), settings: () => settings },
    lookups: { iprev: async () => ({ result: 'pass', name: 'mail.theirs.test' }), dnsbl: async () => [] },
    jail: openJail({ store, now, random: () => 0.5, log, settings: () => settings.jail }),
    history: openHistory({ store, now, log }),
    reports: openReports({ ledger, isOn: () => plan.on ?? true, take: { kept, store, complained, now, log } }),
  })
  let session = 0
  const send = async (text: string, ...to: readonly string[]) => {
    const address = (one: string): EnvelopeAddress => ({
      local: one.split('@')[0] ?? '',
      domain: one.split('@')[1] ?? '',
      text: one,
    })
    session += 1
    const sender = {
      ...{
        session: `s${session}`,
        at: NOW,
        ip: '192.0.2.9',
        port: 4000,
        helo: 'mail.theirs.test',
        protocol: 'ESMTP',
        tls: null,
      },
      ...({ mailFrom: address('a@theirs.test'), body: '7bit', smtpUtf8: false, requireTls: false } as const),
    }
    await office.sender(sender)
    for (const one of to) {
      const routed = await office.route(sender, { address: address(one), notify: [] }, { accepted: 0, declaredSize: 0 })
      assert.equal(routed.kind, 'ok', one)
    }
    const envelope: Envelope = { ...sender, recipients: to.map((one) => ({ address: address(one), notify: [] })) }
    const bytes = Buffer.from(text, 'latin1')
    return office.receive(envelope, { bytes, size: bytes.length })
  }
  const inbox = async (): Promise<number> => {
    const all = await opened.value.mailboxes({ account: anna.value.id })
    return all.ok ? all.value.reduce((sum, { messages }) => sum + messages, 0) : -1
  }
  const receipts = async (): Promise<number> => {
    const all = await opened.value.receipts({ since: 0, most: 100 })
    return all.ok ? all.value.length : -1
  }
  return { send, inbox, receipts, kept, ledger, complaints, events, anna: anna.value.id }
}

const letter = 'From: a@theirs.test\r\nSubject: x\r\n\r\nhello\r\n'
const aggregate = (domain: string, id = 'i1'): string => {
  const xml = writeAggregate({
    ...{
      organization: 'Theirs',
      email: 'a@theirs.test',
      contact: '',
      id,
      begin: NOW / 1000 - 86_400,
      end: NOW / 1000 - 1,
    },
    ...{ generator: 'g', domain, rows: [{ ...rowWith({ policyDomain: domain, headerFrom: domain }), count: 3 }] },
  })
  return `From: a@theirs.test\r\nContent-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n${gzipSync(xml).toString('base64')}\r\n`
}
const complaint =
  'From: fbl@theirs.test\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\nUser-Agent: T\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: anna@example.org\r\nMessage-ID: <1@example.org>\r\n\r\nx\r\n--b--\r\n'

for (const to of [
  'dmarc-reports@example.org',
  'postmaster@example.org',
  'anna+reports@example.org',
  'TLS-Reports@example.org',
])
  test(`a report to ${to} is kept, and is in nobody's inbox`, async () => {
    const house = await open()
    assert.equal((await house.send(aggregate('example.org'), to)).kind, 'accepted')
    assert.deepEqual([await house.inbox(), await house.receipts()], [0, 1])
    const list = await house.kept.list(NOW - DAY)
    assert.ok(list.ok)
    const [one] = list.value
    assert.deepEqual(
      [one?.kind, one?.reporter, one?.vouched, one?.about, one?.total, one?.good],
      ['dmarc', 'Theirs', 'theirs.test', 'example.org', 3, 3],
    )
    const whole = await house.kept.show(one?.id ?? '')
    assert.ok(whole.ok && whole.value?.report.kind === 'dmarc' && whole.value.report.rows[0]?.count === 3)
  })

for (const [name, text, to] of [
  ['a report to a person', aggregate('example.org'), ['anna@example.org']],
  [
    'a report to a person beside the address for it',
    aggregate('example.org'),
    ['dmarc-reports@example.org', 'anna@example.org'],
  ],
  ['a report about somebody else', aggregate('elsewhere.test'), ['dmarc-reports@example.org']],
  ['a report that cannot be read', aggregate('example.org').replace('H4sI', 'H4sX'), ['dmarc-reports@example.org']],
  ['a letter to the address for reports', letter, ['dmarc-reports@example.org']],
  ['a letter to postmaster', letter, ['postmaster@example.org']],
] as const)
  test(`${name} is delivered like all mail`, async () => {
    const house = await open()
    assert.equal((await house.send(text, ...to)).kind, 'accepted')
    assert.equal(await house.inbox(), 1)
    const list = await house.kept.list(0)
    assert.ok(list.ok && list.value.length === 0)
  })

test('the same report twice is kept once, and about a domain below or above ours it is ours', async () => {
  const house = await open()
  for (const text of [aggregate('example.org'), aggregate('example.org'), aggregate('sub.example.org', 'i2')])
    await house.send(text, 'dmarc-reports@example.org')
  const list = await house.kept.list(0)
  assert.ok(list.ok && list.value.length === 2)
  assert.equal(await house.inbox(), 0)
})

test('a store that refuses to keep a report delivers it', async () => {
  const house = await open({
    store: (store) => ({
      ...store,
      remember: async (a) => (a.space.startsWith('reports') ? { ok: false, error: 'disk-full' } : store.remember(a)),
    }),
  })
  assert.equal((await house.send(aggregate('example.org'), 'dmarc-reports@example.org')).kind, 'accepted')
  assert.equal(await house.inbox(), 1)
  assert.ok(house.events.includes('report-not-kept'))
})

test('reports that nobody vouches for are said to be so, and few of them are kept in a day', async () => {
  const house = await open({ wire: {} })
  for (let count = 0; count < 105; count += 1)
    await house.send(aggregate('example.org', `i${count}`), 'dmarc-reports@example.org')
  const list = await house.kept.list(0)
  assert.ok(list.ok && list.value.length === 100 && list.value.every(({ vouched }) => vouched === ''))
  assert.equal(await house.inbox(), 5)
})

test('a complaint that somebody vouches for counts against the account, another does not', async () => {
  const house = await open()
  await house.send(complaint, 'abuse@example.org')
  assert.deepEqual(house.complaints, [
    { account: house.anna, at: NOW, feedback: 'abuse', vouched: 'theirs.test', messageId: '<1@example.org>' },
  ])
  const quiet = await open({ wire: {} })
  await quiet.send(complaint, 'abuse@example.org')
  await quiet.send(complaint.replace(': abuse', ': not-spam'), 'abuse@example.org')
  assert.deepEqual([quiet.complaints, await quiet.inbox()], [[], 0])
})

const failing: Verified = {
  dmarc: { result: 'fail', policy: 'reject', domain: 'example.com' },
  dmarcFacts: { ...facts, dkimAligned: false, spfAligned: false, policy: 'reject', disposition: 'reject' },
}
const passing: Verified = {
  dmarc: { result: 'pass', domain: 'example.com' },
  dmarcFacts: { ...facts, policy: 'reject', disposition: 'none' },
}
for (const [name, plan, want] of [
  ['that passes', { wire: passing }, [['none', 1]]],
  ['that is refused for it', { wire: failing }, [['reject', 1]]],
  ['that is refused as spam', { wire: passing, score: 50 }, [['none', 1]]],
  ['of a domain without reports', { wire: { dmarc: { result: 'pass' } } }, []],
  ['when reports are off', { wire: passing, on: false }, []],
  [
    'of a domain of ours',
    {
      wire: {
        ...passing,
        dmarcFacts: { ...facts, policyDomain: 'example.org', policy: 'reject', disposition: 'none' },
      },
    },
    [],
  ],
] as const)
  test(`mail ${name} is counted as it fared`, async () => {
    const house = await open(plan)
    await house.send(letter, 'anna@example.org')
    const rows = house.ledger.groups().flatMap((group) => house.ledger.rows(group))
    assert.deepEqual(
      rows.map(({ disposition, count }) => [disposition, count]),
      want,
    )
    if (want.length > 0) assert.equal(rows[0]?.ip, '192.0.2.9')
  })

test('mail that is to come again is not counted yet', async () => {
  const house = await open({
    wire: passing,
    store: (store) => ({ ...store, deliver: async () => ({ ok: false, error: 'disk-full' }) }),
  })
  assert.equal((await house.send(letter, 'anna@example.org')).kind, 'deferred')
  assert.equal(house.ledger.groups().length, 0)
})
