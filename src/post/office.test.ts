import assert from 'node:assert/strict'
import { test } from 'node:test'
import { talkSentences } from '../ban/sentences.ts'
import type { Log } from '../base/log.ts'
import type { Hit } from '../spam/facts.ts'
import { openInline } from '../store/sqlite/inline.ts'
import type { Receipt, Store } from '../store/store.ts'
import { openAccounts } from './accounts.ts'
import type { Consult, Consulted, Question } from './consult.ts'
import type { PostDeps } from './deps.ts'
import type { Lookups } from './gather.ts'
import { openHistory } from './history.ts'
import { openJail } from './jail.ts'
import { postOffice } from './office.ts'
import type { Envelope, PostOffice, RcptOutcome, ReceiveOutcome } from './ports.ts'
import type { Learn, Lesson, Scan, ScanJob, Verified } from './scan-port.ts'
import { type PostSettings, postDefaults } from './settings.ts'
import type { SpoolFiles } from './spool-files.ts'
import type { Story } from './story.ts'
import { openGuard } from './submit-ports.ts'

const hour = 3_600_000

type House = {
  readonly office: PostOffice & { readonly consult: Consult }
  readonly store: Store
  readonly deps: PostDeps
  readonly jail: ReturnType<typeof openJail>
  readonly history: ReturnType<typeof openHistory>
  readonly jobs: readonly ScanJob[]
  readonly lessons: readonly Lesson[]
  readonly events: readonly string[]
  readonly pass: (ms: number) => void
}
type Plan = {
  readonly settings?: Partial<PostSettings>
  /** The score by the message's text. */
  readonly score?: (text: string) => number
  readonly wire?: (job: ScanJob) => Verified
  readonly scan?: Scan
  readonly lookups?: Lookups
  readonly store?: (store: Store) => Store
  readonly files?: SpoolFiles
  readonly forward?: PostDeps['forward']
}

const noSending: PostDeps['sending'] = { guard: openGuard, sign: async () => '', wake: () => undefined }
const named = { result: 'pass', name: 'mail.sender.example' }

/** A house with two accounts, an alias, a trap and the rest; every test has its own. */
const openHouse = async (plan: Plan = {}): Promise<House> => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  const store = plan.store?.(opened.value) ?? opened.value
  let clock = 1_000_000_000_000
  const now = (): number => clock
  let counter = 0
  const fresh = (octets: number): Uint8Array => {
    counter += 1
    return Buffer.alloc(octets, counter)
  }
  const accounts = openAccounts({ store: opened.value, now, fresh })
  assert.ok((await accounts.addDomain({ name: 'example.org' })).ok)
  for (const name of ['anna@example.org', 'ben@example.org'])
    assert.ok((await opened.value.addAccount({ name, passwordHash: '', quotaBytes: 0, settings: '{}', now: clock })).ok)
  for (const name of ['anna@example.org', 'ben@example.org']) {
    const account = await opened.value.account({ name })
    assert.ok(account.ok)
    assert.ok((await opened.value.putAddress({ address: name, state: 'mailbox', account: account.value.id })).ok)
  }
  for (const row of [
    { address: 'all@example.org', state: 'alias', targets: ['anna@example.org', 'ben@example.org'] },
    { address: 'away@example.org', state: 'alias', targets: ['anna@example.org', 'x@elsewhere.example'] },
    { address: 'trap@example.org', state: 'spamtrap' },
    { address: 'hole@example.org', state: 'blackhole' },
    { address: 'gone@example.org', state: 'reject', says: 'Write to anna' },
  ] as const)
    assert.ok((await opened.value.putAddress(row)).ok)

  const settings: PostSettings = {
    host: 'mx.example.org',
    ...postDefaults,
    jail: { enabled: true, sentences: talkSentences, allow: [], banLoopback: false },
    ...plan.settings,
  }
  const events: string[] = []
  const log: Log = { event: (name, fields) => void events.push(`${name} ${JSON.stringify(fields)}`) }
  const jobs: ScanJob[] = []
  const lessons: Lesson[] = []
  const scan: Scan = async (job) => {
    jobs.push(job)
    const text = 'bytes' in job.body ? Buffer.from(job.body.bytes).toString('latin1') : ''
    const score = plan.score?.(text) ?? Number(/^X-Test-Score: (.*)\r$/m.exec(text)?.[1] ?? 0)
    const hits: readonly Hit[] = score === 0 ? [] : [{ name: 'TEST', says: 'a test', score }]
    return {
      kind: 'done',
      wire: plan.wire?.(job) ?? {},
      authResults: 'Authentication-Results: mx.example.org; test=pass\r\n',
      output: { hits, score, tokens: Uint32Array.of(1, 2) },
    }
  }
  const learn: Learn = async (lesson) => {
    lessons.push(lesson)
    return 'learned'
  }
  const jail = openJail({ store, now, random: () => 0.5, log, settings: () => settings.jail })
  const history = openHistory({ store, now, log })
  const lookups: Lookups = plan.lookups ?? { iprev: async () => named, dnsbl: async () => [] }
  const deps: PostDeps = {
    store,
    scan: plan.scan ?? scan,
    learn,
    lookups,
    jail,
    history,
    settings: () => settings,
    now,
    fresh,
    soon: (work) => work(),
    log,
    ...(plan.files === undefined ? {} : { files: plan.files }),
    ...(plan.forward === undefined ? {} : { forward: plan.forward, sending: noSending }),
  }
  return {
    office: postOffice(deps),
    store: opened.value,
    deps,
    jail,
    history,
    jobs,
    lessons,
    events,
    pass: (ms) => {
      clock += ms
    },
  }
}

const pathOf = (text: string) => {
  const at = text.lastIndexOf('@')
  return { local: text.slice(0, at), domain: text.slice(at + 1), text }
}
let sessions = 0
type Sending = {
  readonly ip?: string
  readonly from?: string | null
  readonly to?: readonly string[]
  readonly headers?: string
  readonly body?: string
  readonly session?: string
}

/** Says a whole transaction. @returns what was answered at RCPT and at the end. */
const send = async (
  house: House,
  sending: Sending = {},
): Promise<{ readonly rcpt: readonly RcptOutcome[]; readonly end: ReceiveOutcome | undefined }> => {
  sessions += 1
  const from = sending.from === undefined ? 'carl@sender.example' : sending.from
  const sender = {
    session: sending.session ?? `s${sessions}`,
    at: house.deps.now(),
    ip: sending.ip ?? '192.0.2.7',
    port: 4711,
    helo: 'mail.sender.example',
    protocol: 'ESMTP',
    tls: null,
    mailFrom: from === null ? null : pathOf(from),
    body: '7bit',
    smtpUtf8: false,
    requireTls: false,
  } as const
  const hello = await house.office.sender(sender)
  if (hello.kind === 'refuse') return { rcpt: [hello], end: undefined }
  const rcpt: RcptOutcome[] = []
  const accepted = []
  for (const text of sending.to ?? ['anna@example.org']) {
    const recipient = { address: pathOf(text), notify: [] }
    const outcome = await house.office.route(sender, recipient, { accepted: accepted.length, declaredSize: 1000 })
    rcpt.push(outcome)
    if (outcome.kind === 'ok') accepted.push(recipient)
  }
  if (accepted.length === 0) return { rcpt, end: undefined }
  const bytes = Buffer.from(
    `${sending.headers ?? ''}From: Carl <${from ?? 'x@sender.example'}>\r\nSubject: Hello\r\n\r\n${sending.body ?? 'Hi!'}\r\n`,
    'latin1',
  )
  const envelope: Envelope = { ...sender, recipients: accepted }
  return { rcpt, end: await house.office.receive(envelope, { bytes, size: bytes.length }) }
}

/** What is in a mailbox: the whole messages, in order. */
const inbox = async (house: House, account: string, mailbox: string): Promise<readonly string[]> => {
  const owner = await house.store.account({ name: account })
  assert.ok(owner.ok)
  const found = await house.store.mailbox({ account: owner.value.id, name: mailbox })
  if (!found.ok) return []
  const page = await house.store.messages({
    mailbox: found.value.id,
    uids: [[1, 4294967295]],
    want: { message: true },
    most: 100,
    mostBytes: 1e7,
  })
  assert.ok(page.ok)
  return page.value.rows.map((row) => Buffer.from(row.message ?? []).toString('latin1'))
}
const receipts = async (house: House): Promise<readonly Receipt[]> => {
  const found = await house.store.receipts({ since: 0, most: 100 })
  assert.ok(found.ok)
  return found.value
}
const subjects = (house: House): readonly string[] =>
  house.jail
    .list()
    .map(({ subject, scope, from, until }) => `${subject} ${scope} ${(until - from) / hour}`)
    .sort()

// ---- RCPT -------------------------------------------------------------------------------------------------------------

for (const [address, want] of [
  ['anna@example.org', { kind: 'ok' }],
  ['ANNA+shop@example.org', { kind: 'ok' }],
  ['all@example.org', { kind: 'ok' }],
  ['trap@example.org', { kind: 'ok' }],
  ['hole@example.org', { kind: 'ok' }],
  ['postmaster@example.org', { kind: 'ok' }],
  ['postmaster@', { kind: 'ok' }],
  ['nobody@example.org', { kind: 'refuse', reason: 'unknown-user' }],
  ['anna@elsewhere.example', { kind: 'refuse', reason: 'relay-denied' }],
  ['gone@example.org', { kind: 'refuse', reason: 'disabled', text: 'Write to anna' }],
  [
    'away@example.org',
    {
      kind: 'refuse',
      reason: 'relay-denied',
      text: 'This address leads to another server, and this one does not send mail on',
    },
  ],
] as const)
  test(`RCPT ${address}: ${want.kind}`, async () => {
    const house = await openHouse()
    assert.deepEqual((await send(house, { to: [address] })).rcpt, [want])
  })

test('a full mailbox is said at RCPT, and room that was promised is kept', async () => {
  const house = await openHouse()
  const anna = await house.store.account({ name: 'anna@example.org' })
  assert.ok(anna.ok)
  await house.store.changeAccount({ id: anna.value.id, quotaBytes: 1_100 })
  const long = 'x'.repeat(5_000)
  assert.equal((await send(house, { body: long })).end?.kind, 'accepted')
  assert.deepEqual((await send(house)).rcpt, [{ kind: 'refuse', reason: 'over-quota' }])
})

test('a bounce has one recipient', async () => {
  const house = await openHouse()
  const { rcpt } = await send(house, { from: null, to: ['anna@example.org', 'ben@example.org'] })
  assert.deepEqual(rcpt, [{ kind: 'ok' }, { kind: 'refuse', reason: 'null-sender-many' }])
})

test('a store that does not answer defers, at RCPT and at the end', async () => {
  const closed = await openHouse({
    store: (store) => ({ ...store, domains: async () => ({ ok: false, error: 'busy' }) }),
  })
  assert.deepEqual((await send(closed)).rcpt, [{ kind: 'refuse', reason: 'unavailable' }])
  for (const [fault, reason] of [
    ['disk-full', 'disk-full'],
    ['busy', 'busy'],
    ['damaged', 'damaged'],
    ['closed', 'busy'],
  ] as const) {
    const house = await openHouse({
      store: (store) => ({ ...store, deliver: async () => ({ ok: false, error: fault }) }),
    })
    assert.deepEqual((await send(house)).end, { kind: 'deferred', reason })
  }
})

test('our own full disk bans no sender', async () => {
  const house = await openHouse({
    store: (store) => ({ ...store, deliver: async () => ({ ok: false, error: 'disk-full' }) }),
  })
  for (let n = 0; n < 4; n += 1) {
    const { end } = await send(house, { headers: 'X-Test-Score: 6\r\n' })
    assert.deepEqual(end, { kind: 'deferred', reason: 'disk-full' })
  }
  assert.deepEqual(subjects(house), [])
})

// ---- Delivery ---------------------------------------------------------------------------------------------------------

test('a message is stored with its trace before its octets, byte for byte, and 250 comes after', async () => {
  const house = await openHouse()
  const { end } = await send(house, { body: 'caf\xe9 \x00 bare' })
  assert.equal(end?.kind, 'accepted')
  const [message = '', ...others] = await inbox(house, 'anna@example.org', 'INBOX')
  assert.deepEqual(others, [])
  assert.match(
    message,
    /^Return-Path: <carl@sender\.example>\r\nReceived: from mail\.sender\.example \(mail\.sender\.example \[192\.0\.2\.7\]\)\r\n\tby mx\.example\.org with ESMTP id [0-9a-f]{16}\r\n\tfor <anna@example\.org>;\r\n\t[^\r]*\r\nAuthentication-Results: mx\.example\.org; test=pass\r\nX-Spam-Score: 0\.0\r\n/,
  )
  assert.ok(message.endsWith('\r\n\r\ncaf\xe9 \x00 bare\r\n'))
})

test('two recipients get a copy each, and neither is shown the other; one account gets one', async () => {
  const house = await openHouse()
  await send(house, { to: ['all@example.org', 'anna@example.org'] })
  for (const name of ['anna@example.org', 'ben@example.org']) {
    const found = await inbox(house, name, 'INBOX')
    assert.equal(found.length, 1)
    assert.doesNotMatch(found[0] ?? '', /for </)
  }
})

test('flagged mail goes to Junk with its marks, and a mailbox of that special use is found by it', async () => {
  const house = await openHouse()
  const ben = await house.store.account({ name: 'ben@example.org' })
  assert.ok(ben.ok)
  await house.store.addMailbox({ account: ben.value.id, name: 'Spamordner', specialUse: 'junk', now: 0 })
  await send(house, { to: ['all@example.org'], headers: 'X-Test-Score: 6\r\n' })
  assert.match((await inbox(house, 'anna@example.org', 'Junk'))[0] ?? '', /X-Spam-Flag: YES\r\n/)
  assert.equal((await inbox(house, 'ben@example.org', 'Spamordner')).length, 1)
  assert.equal((await inbox(house, 'anna@example.org', 'INBOX')).length, 0)
})

test('refused mail is shown to whom it was for: a note, read already; a second copy of the flood above the bound is not', async () => {
  const house = await openHouse()
  const { end } = await send(house, { to: ['all@example.org'], headers: 'X-Test-Score: 12\r\n', body: 'secret words' })
  assert.deepEqual(end, { kind: 'rejected', reason: 'spam' })
  for (const name of ['anna@example.org', 'ben@example.org']) {
    const [note = '', ...others] = await inbox(house, name, 'Rejected')
    assert.deepEqual(others, [])
    assert.match(
      note,
      /^X-Postern-Rejected: note; id=[0-9a-f]{16}\r\nReturn-Path: <carl@sender\.example>\r\nReceived: /,
    )
    assert.match(note, /This message was refused: it looks like spam/)
    assert.doesNotMatch(note, /secret words/)
  }
  assert.deepEqual(
    (await receipts(house)).map(({ verdict }) => verdict),
    ['reject'],
  )
})

test('with keep-rejected the message itself is there, byte for byte after our fields; switched off, nothing is', async () => {
  const spam = { ...postDefaults.spam, keepRejected: true }
  const house = await openHouse({ settings: { spam } })
  await send(house, { headers: 'X-Test-Score: 12\r\n', body: 'secret words' })
  const [message = ''] = await inbox(house, 'anna@example.org', 'Rejected')
  assert.match(message, /^X-Postern-Rejected: message; id=/)
  assert.ok(message.endsWith('\r\n\r\nsecret words\r\n'))
  const off = await openHouse({ settings: { keepRejectedMs: 0 } })
  await send(off, { headers: 'X-Test-Score: 12\r\n' })
  const anna = await off.store.account({ name: 'anna@example.org' })
  assert.ok(anna.ok)
  assert.equal((await off.store.mailbox({ account: anna.value.id, name: 'Rejected' })).ok, false)
  assert.equal((await receipts(off)).length, 1)
})

test('a note that the disk does not take changes no answer, and the receipt is kept', async () => {
  const house = await openHouse({
    store: (store) => ({ ...store, deliver: async () => ({ ok: false, error: 'disk-full' }) }),
  })
  assert.deepEqual((await send(house, { headers: 'X-Test-Score: 12\r\n' })).end, { kind: 'rejected', reason: 'spam' })
  assert.equal((await receipts(house)).length, 1)
})

test('a detail files into a mailbox that is there, and makes none', async () => {
  const house = await openHouse()
  const anna = await house.store.account({ name: 'anna@example.org' })
  assert.ok(anna.ok)
  await house.store.addMailbox({ account: anna.value.id, name: 'Shop', now: 0 })
  await send(house, { to: ['anna+shop@example.org'] })
  await send(house, { to: ['anna+other@example.org'] })
  assert.equal((await inbox(house, 'anna@example.org', 'Shop')).length, 1)
  assert.equal((await inbox(house, 'anna@example.org', 'INBOX')).length, 1)
  assert.equal((await inbox(house, 'anna@example.org', 'other')).length, 0)
})

/** Forwards as they are, without a word of their own. */
const forward: NonNullable<PostDeps['forward']> = async ({ mail }) => ({
  prefix: 'X-On: y\r\n',
  entries: mail.forwards.map(({ to }) => ({
    message: mail.id,
    account: null,
    sender: '',
    recipient: to,
    domain: 'elsewhere.example',
    state: 'waiting',
    why: '',
    queuedAt: mail.at,
    nextAt: mail.at,
    expiresAt: mail.at + hour,
    options: '{}',
  })),
})

test('an alias that leads elsewhere too: a copy here and one on its way, in one transaction', async () => {
  const house = await openHouse({ forward })
  assert.equal((await send(house, { to: ['away@example.org', 'anna@example.org'] })).end?.kind, 'accepted')
  assert.equal((await inbox(house, 'anna@example.org', 'INBOX')).length, 1)
  const queue = await house.store.queue({ most: 9 })
  assert.ok(queue.ok)
  assert.deepEqual(
    queue.value.map(({ recipient }) => recipient),
    ['x@elsewhere.example'],
  )
  const [text] = await house.store
    .queueMessages({ ids: [queue.value[0]?.id ?? 0], mostBytes: 1e6 })
    .then((found) => (found.ok ? found.value.map(({ message }) => Buffer.from(message).toString('latin1')) : []))
  assert.match(text ?? '', /^X-On: y\r\nFrom: Carl /)
})

test('what the forwarder lets go of is kept here alone; what is refused as spam goes nowhere', async () => {
  const quiet = await openHouse({ forward: async () => undefined })
  assert.equal((await send(quiet, { to: ['away@example.org'] })).end?.kind, 'accepted')
  const strict = await openHouse({ forward })
  assert.equal(
    (await send(strict, { to: ['away@example.org'], headers: 'X-Test-Score: 12\r\n' })).end?.kind,
    'rejected',
  )
  for (const house of [quiet, strict]) {
    const queue = await house.store.queue({ most: 9 })
    assert.ok(queue.ok && queue.value.length === 0)
  }
})

test('a verdict forged in our name is cut out, one of others stays', async () => {
  const house = await openHouse()
  const other = 'Authentication-Results: mx.other.example; spf=pass\r\n'
  await send(house, { headers: `Authentication-Results: (c) MX.example.org 1;\r\n\tdmarc=pass\r\n${other}` })
  const [message = ''] = await inbox(house, 'anna@example.org', 'INBOX')
  assert.doesNotMatch(message, /dmarc=pass/)
  assert.ok(message.includes(other))
  assert.equal(house.jobs[0]?.wants.summary, false)
})

test('a message in circles is refused', async () => {
  const house = await openHouse()
  const { end } = await send(house, { headers: 'Received: from a by b; x\r\n'.repeat(51) })
  assert.deepEqual(end, { kind: 'rejected', reason: 'loop' })
})

test('a message in a file is read, judged, and dropped when it is refused', async () => {
  const dropped: string[] = []
  const header = Buffer.from(`${'Received: from a by b; x\r\n'.repeat(51)}\r\n`)
  const house = await openHouse({
    files: { head: async () => header, cut: async (body) => body, drop: async (file) => void dropped.push(file) },
  })
  const to = { address: pathOf('anna@example.org'), notify: [] }
  const envelope: Envelope = {
    session: 'file',
    at: 1,
    ip: '192.0.2.7',
    port: 1,
    helo: 'h',
    protocol: 'ESMTP',
    tls: null,
    mailFrom: null,
    recipients: [to],
    body: '7bit',
    smtpUtf8: false,
    requireTls: false,
  }
  const end = await house.office.receive(envelope, { file: '/spool/1', size: 300_000 })
  assert.deepEqual(end, { kind: 'rejected', reason: 'loop' })
  assert.deepEqual(dropped, ['/spool/1'])
})

test('a blackhole takes and forgets; the receipt tells', async () => {
  const house = await openHouse()
  assert.equal((await send(house, { to: ['hole@example.org'] })).end?.kind, 'accepted')
  assert.equal((await receipts(house)).length, 1)
})

test('a helper that fails rejects nothing', async () => {
  for (const kind of ['late', 'failed', 'skipped'] as const) {
    const house = await openHouse({ scan: async () => ({ kind }) })
    assert.equal((await send(house)).end?.kind, 'accepted')
    const [message = ''] = await inbox(house, 'anna@example.org', 'INBOX')
    assert.match(message, /Authentication-Results: mx\.example\.org;\r\n\tiprev=pass/)
    assert.doesNotMatch(message, /X-Spam/)
  }
})

test('a DNS that does not answer rejects and bans nobody', async () => {
  const house = await openHouse({ lookups: { iprev: async () => ({ result: 'temperror' }), dnsbl: async () => [] } })
  assert.equal((await send(house)).end?.kind, 'accepted')
  assert.deepEqual(subjects(house), [])
})

test('the receipt says who, what was found and where it went', async () => {
  const house = await openHouse({ wire: () => ({ spf: { result: 'pass', domain: 'sender.example' } }) })
  await send(house, { headers: 'X-Test-Score: 6\r\n', to: ['all@example.org'] })
  const [receipt] = await receipts(house)
  assert.equal(receipt?.verdict, 'flag')
  assert.equal(receipt?.subject, 'Hello')
  const story = JSON.parse(receipt?.story ?? '') as Story
  assert.deepEqual(story.hits, [['TEST', 6, 'a test']])
  assert.deepEqual(story.reasons, ['score'])
  assert.deepEqual(story.places, [
    ['anna@example.org', 'flag', 'Junk'],
    ['ben@example.org', 'flag', 'Junk'],
  ])
  assert.equal(story.auth.vouched, 'sender.example')
})

// ---- The talk's table, over the whole office ----------------------------------------------------------------------------

const address = '192.0.2.7'
for (const [says, plan, sendings, want] of [
  ['good mail', {}, [{}, {}, {}], []],
  [
    'rejected as spam: the address 6-10 h, its /24 1-2 h',
    {},
    [{ headers: 'X-Test-Score: 12\r\n' }],
    ['192.0.2.0/24 mail 1.5', `${address} mail 8`],
  ],
  ['flagged once', {}, [{ headers: 'X-Test-Score: 6\r\n' }], []],
  [
    'two flagged: the address 1-2 h',
    {},
    [{ headers: 'X-Test-Score: 6\r\n' }, { headers: 'X-Test-Score: 7\r\n' }],
    [`${address} mail 1.5`],
  ],
  [
    'no reverse look-up: the address 6-10 h',
    { lookups: { iprev: async () => ({ result: 'permerror' }) } },
    [{}],
    [`${address} mail 8`],
  ],
  ['a typing mistake', {}, [{ to: ['nobody@example.org'] }], []],
  ['the same typing mistake again', {}, Array.from({ length: 9 }, () => ({ to: ['nobody@example.org'] })), []],
  [
    'unrouteable, three times: the address 6-10 h',
    {},
    [{ to: ['a@example.org', 'b@example.org', 'c@example.org'] }],
    [`${address} mail 8`],
  ],
  [
    'unrouteable, from a listed host: at once',
    { lookups: { iprev: async () => named, dnsbl: async () => [{ zone: 'zen', weight: 3 }] } },
    [{ to: ['a@example.org'] }],
    [`${address} mail 8`],
  ],
  ['a spamtrap, as rejected spam', {}, [{ to: ['trap@example.org'] }], ['192.0.2.0/24 mail 1.5', `${address} mail 8`]],
  ['loopback is not banned unless asked for', {}, [{ ip: '127.1.2.3', headers: 'X-Test-Score: 12\r\n' }], []],
] as const satisfies readonly (readonly [string, Plan, readonly Sending[], readonly string[]])[])
  test(`the talk: ${says}`, async () => {
    const house = await openHouse(plan)
    for (const sending of sendings) await send(house, sending)
    assert.deepEqual(subjects(house), want)
  })

test('a banned address is refused at its next MAIL, until the ban ends', async () => {
  const house = await openHouse()
  const spam = await send(house, { headers: 'X-Test-Score: 12\r\n' })
  assert.deepEqual(spam.end, { kind: 'rejected', reason: 'spam' })
  assert.deepEqual((await send(house)).rcpt, [{ kind: 'refuse', reason: 'sender-banned' }])
  assert.deepEqual((await send(house, { ip: '192.0.2.99' })).rcpt, [{ kind: 'refuse', reason: 'sender-banned' }])
  house.pass(2 * hour)
  assert.equal((await send(house, { ip: '192.0.2.99' })).end?.kind, 'accepted')
  house.pass(6 * hour)
  assert.equal((await send(house)).end?.kind, 'accepted')
})

test('a host without a reverse name is refused at its first RCPT, and nothing is scanned', async () => {
  const house = await openHouse({ lookups: { iprev: async () => ({ result: 'permerror' }) } })
  assert.deepEqual((await send(house)).rcpt, [{ kind: 'refuse', reason: 'sender-banned' }])
  assert.equal(house.jobs.length, 0)
})

test('a machine in the house needs no reverse name', async () => {
  const house = await openHouse({ lookups: { iprev: async () => ({ result: 'permerror' }) } })
  assert.equal((await send(house, { ip: '192.168.1.20' })).end?.kind, 'accepted')
})

const vouched = (domain: string) => (): Verified => ({
  spf: { result: 'pass', domain },
  dkim: [{ result: 'pass', domain }],
  dmarc: { result: 'pass', domain, policy: 'none' },
  fromDomain: domain,
})

test('a host that delivered wanted mail is not banned for one message of spam: the domain is', async () => {
  const house = await openHouse({
    wire: (job) => vouched((job.envelope?.mailFrom ?? '').split('@').at(-1) ?? '')(),
  })
  for (let n = 0; n < 3; n += 1) await send(house, { from: 'dora@good.example' })
  const spam = await send(house, { from: 'x@spam.example', headers: 'X-Test-Score: 12\r\n' })
  assert.equal(spam.end?.kind, 'rejected')
  assert.deepEqual(subjects(house), ['@spam.example mail 8'])
  assert.deepEqual((await send(house, { from: 'y@spam.example' })).rcpt, [{ kind: 'refuse', reason: 'sender-banned' }])
  assert.equal((await send(house, { from: 'dora@good.example' })).end?.kind, 'accepted')
  assert.ok(house.events.some((event) => event.startsWith('ban-spared') && event.includes('trusted-host')))
})

test('at a large provider the address is banned, on the first day too', async () => {
  const house = await openHouse({
    wire: vouched('gmail.com'),
    lookups: { iprev: async () => ({ result: 'pass', name: 'mail-qt1-f169.google.com' }) },
  })
  await send(house, { from: 'win@gmail.com', headers: 'X-Test-Score: 12\r\n' })
  assert.deepEqual(subjects(house), ['win@gmail.com mail 8'])
  assert.equal((await send(house, { from: 'aunt@gmail.com' })).end?.kind, 'accepted')
})

test('a sentenced domain is refused by its signature, whatever the envelope says', async () => {
  const house = await openHouse({ wire: vouched('spam.example') })
  house.jail.ban('@spam.example', hour, 'by hand')
  const { end } = await send(house, { from: null, headers: 'From: x@spam.example\r\n' })
  assert.deepEqual(end, { kind: 'rejected', reason: 'policy' })
})

test('one recipient who would take it makes the answer; the other finds it in Junk', async () => {
  const house = await openHouse()
  const ben = await house.store.account({ name: 'ben@example.org' })
  assert.ok(ben.ok)
  await house.store.changeAccount({ id: ben.value.id, settings: '{"spam":{"flag":20,"reject":30}}' })
  const { end } = await send(house, { to: ['all@example.org'], headers: 'X-Test-Score: 12\r\n' })
  assert.equal(end?.kind, 'accepted')
  assert.equal((await inbox(house, 'ben@example.org', 'INBOX')).length, 1)
  assert.equal((await inbox(house, 'anna@example.org', 'Junk')).length, 1)
  assert.deepEqual(subjects(house), [])
})

test('nobody is banned for the taste of one account', async () => {
  const house = await openHouse()
  const anna = await house.store.account({ name: 'anna@example.org' })
  assert.ok(anna.ok)
  await house.store.changeAccount({ id: anna.value.id, settings: '{"spam":{"reject":1}}' })
  assert.equal((await send(house, { headers: 'X-Test-Score: 2\r\n' })).end?.kind, 'rejected')
  assert.deepEqual(subjects(house), [])
})

test('a refusal for DMARC alone bans nobody', async () => {
  const house = await openHouse({
    wire: () => ({ dmarc: { result: 'fail', policy: 'reject' }, fromDomain: 'bank.example' }),
  })
  assert.deepEqual((await send(house)).end, { kind: 'rejected', reason: 'dmarc' })
  assert.deepEqual(subjects(house), [])
})

test('a trap among the recipients refuses the message for all, and the learner hears of it', async () => {
  const house = await openHouse()
  const { end } = await send(house, { to: ['anna@example.org', 'trap@example.org'] })
  assert.deepEqual(end, { kind: 'rejected', reason: 'spam' })
  assert.equal((await inbox(house, 'anna@example.org', 'INBOX')).length, 0)
  assert.deepEqual(
    house.lessons.map(({ spam }) => spam),
    [true],
  )
})

test('a known correspondent who answers to all, a trap among them, is heard', async () => {
  const house = await openHouse({ wire: vouched('sender.example') })
  const anna = await house.store.account({ name: 'anna@example.org' })
  assert.ok(anna.ok)
  house.history.wrote(anna.value.id, 'carl@sender.example')
  const { end } = await send(house, { to: ['anna@example.org', 'trap@example.org'] })
  assert.equal(end?.kind, 'accepted')
  assert.deepEqual(subjects(house), [])
})

test('a known correspondent who writes to a trap alone is told that nobody reads it', async () => {
  const house = await openHouse({ wire: vouched('sender.example') })
  for (let n = 0; n < 3; n += 1) await send(house)
  const { end } = await send(house, { to: ['trap@example.org'] })
  assert.deepEqual(end, { kind: 'rejected', reason: 'spam' })
  assert.deepEqual(subjects(house), [])
})

test('what a session did is told to the jail', async () => {
  const house = await openHouse()
  house.office.offence('smuggling', { ip: address, session: 's' })
  assert.deepEqual(subjects(house), [`${address} mail 8`])
})

test('the sender is known at the next message only if somebody vouches for its name', async () => {
  const house = await openHouse({ wire: vouched('sender.example') })
  await send(house)
  await send(house)
  const facts = house.jobs[1]?.facts.history
  assert.equal(facts?.domain, 'sender.example')
  assert.equal(facts?.vouched.firstTimeSender, false)
  assert.equal(facts?.unvouched.firstTimeSender, true)
})

// ---- Other mail servers -----------------------------------------------------------------------------------------------

const asks = (house: House, so: Partial<Question> & { readonly message?: string } = {}): Promise<Consulted> => {
  const { message = 'From: dora@good.example\r\n\r\nhello\r\n', ...rest } = so
  const bytes = Buffer.from(message)
  return house.office.consult({
    session: 'queue-1',
    ip: '192.0.2.7',
    port: 4,
    helo: 'mx.good.example',
    tls: null,
    mailFrom: { local: 'dora', domain: 'good.example', text: 'dora@good.example' },
    recipients: [{ local: 'x', domain: 'elsewhere.example', text: 'x@elsewhere.example' }],
    login: undefined,
    account: undefined,
    body: { bytes, size: bytes.length },
    counts: true,
    ...rest,
  })
}
const spamOf = (points: number): string => `From: dora@good.example\r\nX-Test-Score: ${points}\r\n\r\nhello\r\n`

for (const [says, points, kind] of [
  ['wanted', 0, 'accept'],
  ['doubtful', 6, 'flag'],
  ['spam', 12, 'reject'],
] as const)
  test(`another server asks about a ${says} message and hears ${kind}; nothing is stored`, async () => {
    const house = await openHouse()
    const said = await asks(house, { message: spamOf(points) })
    assert.equal(said.kind === 'judged' && said.verdict.kind, kind)
    assert.equal(said.kind === 'judged' && said.score, points)
    assert.deepEqual(await inbox(house, 'anna@example.org', 'INBOX'), [])
    const [job] = house.jobs
    assert.equal(job?.envelope?.ip, '192.0.2.7')
    assert.equal(job?.wants.verify, true)
    assert.ok(job?.facts.history?.unvouched.ownDomains?.includes('elsewhere.example'))
  })

test('spam at another server is held against its sender, unless it says not to', async () => {
  for (const [counts, want] of [
    [true, true],
    [false, false],
  ] as const) {
    const house = await openHouse()
    await asks(house, { message: spamOf(12), counts })
    assert.equal(subjects(house).length > 0, want)
  }
})

for (const [says, so] of [
  ['who logged in there', { login: 'me' }],
  ['a private network', { ip: '192.168.1.4' }],
  ['this machine', { ip: '127.0.0.1' }],
  ['nobody knows where', { ip: undefined }],
] as const)
  test(`mail of ${says} is scanned, not verified, and held against nobody`, async () => {
    const house = await openHouse()
    const said = await asks(house, { message: spamOf(12), ...so })
    assert.equal(said.kind === 'judged' && said.verdict.kind, 'reject')
    assert.equal(house.jobs[0]?.wants.verify, false)
    assert.equal(house.jobs[0]?.facts.iprev, undefined)
    assert.deepEqual(subjects(house), [])
  })

test('an account here has its own thresholds there too', async () => {
  const house = await openHouse()
  const anna = await house.store.account({ name: 'anna@example.org' })
  assert.ok(anna.ok)
  await house.store.changeAccount({ id: anna.value.id, settings: '{"spam":{"flag":2,"reject":3}}' })
  const said = await asks(house, { message: spamOf(3), account: 'Anna@example.org' })
  assert.deepEqual(said.kind === 'judged' && [said.verdict.kind, said.flagAt, said.rejectAt], ['reject', 2, 3])
  assert.equal(house.jobs[0]?.account, 'anna@example.org')
})

test('a scan that is late, and a scan that throws, are no verdict', async () => {
  for (const scan of [
    async () => ({ kind: 'late' }) as const,
    async () => {
      throw new Error('broken')
    },
  ])
    assert.deepEqual(await asks(await openHouse({ scan })), { kind: 'unjudged' })
})
