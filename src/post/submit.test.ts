/** Submission over the whole office and a store: who may send as whom, what is put where, what is refused before it is queued. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { talkSentences } from '../ban/sentences.ts'
import { openInline } from '../store/sqlite/inline.ts'
import type { QueueEntry, Receipt, Store } from '../store/store.ts'
import { openAccounts } from './accounts.ts'
import type { PostDeps } from './deps.ts'
import { openHistory, type SenderHistory } from './history.ts'
import { postOffice } from './office.ts'
import type { Envelope, PostOffice, RcptOutcome, ReceiveOutcome } from './ports.ts'
import type { Lesson, ScanJob } from './scan-port.ts'
import { type PostSettings, postDefaults } from './settings.ts'
import type { Story } from './story.ts'
import { type GuardAnswer, openGuard, type SendingPorts } from './submit-ports.ts'

const NOW = 1_790_000_000_000
const day = 86_400_000

type House = {
  readonly office: PostOffice
  readonly store: Store
  readonly history: SenderHistory
  readonly jobs: readonly ScanJob[]
  readonly lessons: readonly Lesson[]
  readonly asked: readonly unknown[]
  readonly wakes: () => number
}
type Plan = {
  readonly score?: number
  readonly ask?: GuardAnswer
  readonly judged?: GuardAnswer
  readonly sends?: boolean
  readonly settings?: Partial<PostSettings>
  readonly sign?: SendingPorts['sign']
  readonly store?: (store: Store) => Store
}

const openHouse = async (plan: Plan = {}): Promise<House> => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  const real = opened.value
  const store = plan.store?.(real) ?? real
  const fresh = (octets: number): Uint8Array => Buffer.alloc(octets, 0xab)
  const now = (): number => NOW
  const accounts = openAccounts({ store: real, now, fresh })
  for (const name of ['example.org', 'example.net']) assert.ok((await accounts.addDomain({ name })).ok)
  for (const name of ['anna@example.org', 'ben@example.org']) {
    const account = await real.addAccount({ name, passwordHash: '', quotaBytes: 0, settings: '{}', now: NOW })
    assert.ok(account.ok)
    assert.ok((await real.putAddress({ address: name, state: 'mailbox', account: account.value.id })).ok)
    if (name.startsWith('anna'))
      assert.ok((await real.putAddress({ address: '@example.net', state: 'mailbox', account: account.value.id })).ok)
  }
  for (const row of [
    { address: 'office@example.org', state: 'alias', targets: ['anna@example.org'] },
    { address: 'all@example.org', state: 'alias', targets: ['anna@example.org', 'ben@example.org'] },
    { address: 'away@example.org', state: 'alias', targets: ['ben@example.org', 'x@elsewhere.example'] },
    { address: 'trap@example.org', state: 'spamtrap' },
  ] as const)
    assert.ok((await real.putAddress(row)).ok)
  const settings: PostSettings = {
    host: 'mx.example.org',
    ...postDefaults,
    jail: { enabled: true, sentences: talkSentences, allow: [], banLoopback: false },
    ...plan.settings,
  }
  const jobs: ScanJob[] = []
  const lessons: Lesson[] = []
  const asked: unknown[] = []
  let wakes = 0
  const log = { event: () => undefined }
  const history = openHistory({ store: real, now, log })
  const sending: SendingPorts = {
    guard: {
      ...openGuard,
      ask: async ({ recipients, firstTime }) => {
        asked.push({ recipients, firstTime })
        return plan.ask ?? { kind: 'go' }
      },
      judged: async () => plan.judged ?? { kind: 'go' },
    },
    sign: plan.sign ?? (async () => ''),
    wake: () => {
      wakes += 1
    },
  }
  const deps: PostDeps = {
    store,
    scan: async (job) => {
      jobs.push(job)
      const score = plan.score ?? 0
      return { kind: 'done', output: { hits: [], score, tokens: Uint32Array.of(7) } }
    },
    learn: async (lesson) => {
      lessons.push(lesson)
      return 'learned'
    },
    lookups: {},
    // An account's address is not asked of the jail.
    jail: { barred: () => assert.fail(), barredSender: () => assert.fail(), offence: () => assert.fail() },
    history,
    settings: () => settings,
    now,
    fresh,
    soon: (work) => work(),
    log,
    ...(plan.sends === false ? {} : { sending }),
  }
  return { office: postOffice(deps), store: real, history, jobs, lessons, asked, wakes: () => wakes }
}

const pathOf = (text: string) => {
  const at = text.lastIndexOf('@')
  return { local: text.slice(0, at), domain: text.slice(at + 1), text }
}
type Sending = {
  readonly from?: string | null
  readonly to?: readonly string[]
  readonly message?: string
  readonly more?: Partial<Envelope>
  readonly notify?: Envelope['recipients'][number]['notify']
}
const header = 'From: Anna <anna@example.org>\r\nTo: c@elsewhere.example\r\nSubject: Hi\r\n'

const send = async (
  house: House,
  sending: Sending = {},
): Promise<{
  readonly mail: RcptOutcome
  readonly rcpt: readonly RcptOutcome[]
  readonly end: ReceiveOutcome | undefined
}> => {
  const from = sending.from === undefined ? 'anna@example.org' : sending.from
  const sender = {
    session: 's1',
    at: NOW,
    ip: '192.0.2.7',
    port: 4711,
    helo: 'phone',
    protocol: 'ESMTPSA',
    tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' },
    mailFrom: from === null ? null : pathOf(from),
    body: '7bit',
    smtpUtf8: false,
    requireTls: false,
    account: 'anna@example.org',
    ...sending.more,
  } as const
  const mail = await house.office.sender(sender)
  if (mail.kind === 'refuse') return { mail, rcpt: [], end: undefined }
  const rcpt: RcptOutcome[] = []
  const recipients = []
  for (const text of sending.to ?? ['ben@example.org']) {
    const recipient = { address: pathOf(text), notify: sending.notify ?? [] }
    const outcome = await house.office.route(sender, recipient, { accepted: recipients.length, declaredSize: 0 })
    rcpt.push(outcome)
    if (outcome.kind === 'ok') recipients.push(recipient)
  }
  if (recipients.length === 0) return { mail, rcpt, end: undefined }
  const bytes = Buffer.from(sending.message ?? `${header}\r\nHello\r\n`, 'latin1')
  return { mail, rcpt, end: await house.office.receive({ ...sender, recipients }, { bytes, size: bytes.length }) }
}

const inbox = async (house: House, name: string): Promise<readonly string[]> => {
  const owner = await house.store.account({ name })
  assert.ok(owner.ok)
  const found = await house.store.mailbox({ account: owner.value.id, name: 'INBOX' })
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
const queued = async (house: House): Promise<readonly QueueEntry[]> => {
  const found = await house.store.queue({ most: 100 })
  assert.ok(found.ok)
  return found.value
}
const queuedText = async (house: House, id: number): Promise<string> => {
  const found = await house.store.queueMessages({ ids: [id], mostBytes: 1e7 })
  assert.ok(found.ok)
  return Buffer.from(found.value[0]?.message ?? []).toString('latin1')
}
const receipts = async (house: House): Promise<readonly Receipt[]> => {
  const found = await house.store.receipts({ since: 0, most: 100 })
  assert.ok(found.ok)
  return found.value
}

// ---- Who sends as whom ------------------------------------------------------------------------------------------------

for (const [from, may] of [
  ['anna@example.org', true],
  ['ANNA@example.org', true],
  ['anna+shop@example.org', true],
  ['office@example.org', true],
  ['office+x@example.org', true],
  ['anything@example.net', true],
  ['ben@example.org', false],
  ['all@example.org', false],
  ['nobody@example.org', false],
  ['trap@example.org', false],
  ['anna@elsewhere.example', false],
  [null, true],
] as const)
  test(`MAIL FROM:<${from ?? ''}>: ${may ? 'yes' : 'no'}`, async () => {
    const { mail } = await send(await openHouse(), { from })
    assert.equal(mail.kind, may ? 'ok' : 'refuse')
    if (mail.kind === 'refuse') {
      assert.equal(mail.reason, 'not-your-address')
      assert.ok(mail.text?.startsWith(`${from} is not an address of anna@example.org: `))
    }
  })

test('a shared alias is a sender by the setting', async () => {
  const settings = { submission: { ...postDefaults.submission, sharedAliases: true } }
  const house = await openHouse({ settings })
  assert.equal((await send(house, { from: 'all@example.org' })).mail.kind, 'ok')
  assert.equal((await send(house, { from: 'away@example.org' })).mail.kind, 'refuse')
})

for (const [says, fields, want] of [
  ['another From', 'From: ben@example.org\r\n', 'ben@example.org is not an address of anna@example.org'],
  ['one author of two', 'From: anna@example.org, x@elsewhere.example\r\n', 'x@elsewhere.example is not'],
  ['another Sender', 'From: anna@example.org\r\nSender: ben@example.org\r\n', 'ben@example.org is not'],
] as const)
  test(`${says} is refused, whatever the envelope says`, async () => {
    const house = await openHouse()
    const { end } = await send(house, { message: `${fields}\r\nHi\r\n` })
    assert.ok(end?.kind === 'rejected' && end.reason === 'not-your-address')
    assert.ok(end.text?.includes(want))
    assert.deepEqual(await inbox(house, 'ben@example.org'), [])
  })

test('the null sender goes with a From that is ours, to more than one', async () => {
  const house = await openHouse()
  const { rcpt, end } = await send(house, { from: null, to: ['ben@example.org', 'c@elsewhere.example'] })
  assert.deepEqual(rcpt, [{ kind: 'ok' }, { kind: 'ok' }])
  assert.equal(end?.kind, 'accepted')
  assert.equal((await queued(house))[0]?.sender, '')
})

test('an account that is frozen, or gone, since it logged in sends nothing', async () => {
  const house = await openHouse()
  const anna = await house.store.account({ name: 'anna@example.org' })
  assert.ok(anna.ok)
  await house.store.changeAccount({ id: anna.value.id, state: 'frozen' })
  assert.deepEqual((await send(house)).mail, { kind: 'refuse', reason: 'frozen' })
  assert.deepEqual((await send(house, { more: { account: 'gone@example.org' } })).mail, {
    kind: 'refuse',
    reason: 'frozen',
  })
})

// ---- Where it goes ----------------------------------------------------------------------------------------------------

for (const [to, want] of [
  ['c@elsewhere.example', { kind: 'ok' }],
  ['c@[192.0.2.1]', { kind: 'ok' }],
  ['away@example.org', { kind: 'ok' }],
  ['nobody@example.org', { kind: 'refuse', reason: 'unknown-user' }],
  ['c@localhost', { kind: 'refuse', reason: 'bad-destination' }],
] as const)
  test(`RCPT TO:<${to}>: ${want.kind}`, async () => {
    assert.deepEqual((await send(await openHouse(), { to: [to] })).rcpt, [want])
  })

test('where nothing is sent on, people here write to each other all the same', async () => {
  const house = await openHouse({ sends: false })
  const { rcpt, end } = await send(house, { to: ['c@elsewhere.example', 'away@example.org', 'ben@example.org'] })
  assert.deepEqual(
    rcpt.map(({ kind }) => kind),
    ['refuse', 'refuse', 'ok'],
  )
  assert.equal(end?.kind, 'accepted')
  assert.equal((await inbox(house, 'ben@example.org')).length, 1)
})

test('one transaction: a copy here, an entry a recipient elsewhere, each with its trace, and a receipt', async () => {
  const house = await openHouse({ sign: async ({ domain }) => `DKIM-Signature: d=${domain}\r\n` })
  const { end } = await send(house, {
    to: ['ben@example.org', 'c@elsewhere.example', 'away@example.org'],
    more: { ret: 'hdrs', envid: 'e1' },
  })
  const id = 'ab'.repeat(16)
  assert.deepEqual(end, { kind: 'accepted', id })
  const [message = '', ...others] = await inbox(house, 'ben@example.org')
  assert.deepEqual(others, [])
  const trace = `Received: by mx\\.example\\.org with ESMTPSA \\(TLSv1\\.3\\) id ${id}\r\n\ttls TLS_AES_256_GCM_SHA384;\r\n\t[^\r]*\r\n`
  const signed = 'DKIM-Signature: d=example\\.org\r\n'
  const rest = `Date: [^\r]*\r\nMessage-ID: <${id}@example\\.org>\r\nFrom: Anna [^]*\r\n\r\nHello\r\n`
  const results = 'Authentication-Results: mx\\.example\\.org;\r\n\tauth=pass smtp\\.mailfrom=anna@example\\.org\r\n'
  assert.match(message, new RegExp(`^Return-Path: <anna@example\\.org>\r\n${trace}${results}${signed}${rest}$`))
  const entries = await queued(house)
  assert.deepEqual(
    entries.map(({ recipient, domain, state, sender, message: of }) => [recipient, domain, state, sender, of]),
    [
      ['c@elsewhere.example', 'elsewhere.example', 'waiting', 'anna@example.org', id],
      ['x@elsewhere.example', 'elsewhere.example', 'waiting', 'anna@example.org', id],
    ],
  )
  assert.match(await queuedText(house, entries[0]?.id ?? 0), new RegExp(`^${trace}${signed}${rest}$`))
  const options = JSON.parse(entries[1]?.options ?? '')
  assert.deepEqual(options, {
    notify: [],
    orcpt: 'rfc822;away@example.org',
    ret: 'hdrs',
    envid: 'e1',
    smtpUtf8: false,
    body: '7bit',
    requireTls: false,
    subject: 'Hi',
  })
  assert.deepEqual([entries[0]?.nextAt, entries[0]?.expiresAt], [NOW, NOW + 5 * day])
  assert.equal(house.wakes(), 1)
  const [receipt] = await receipts(house)
  const story = JSON.parse(receipt?.story ?? '') as Story
  assert.deepEqual(story.places, [['ben@example.org', 'accept', 'INBOX']])
  assert.deepEqual(story.sent, {
    account: 'anna@example.org',
    to: [
      ['c@elsewhere.example', 'waiting', ''],
      ['x@elsewhere.example', 'waiting', ''],
    ],
  })
})

test('the address of the phone is told by the setting alone', async () => {
  const settings = { submission: { ...postDefaults.submission, showClient: true } }
  for (const [house, told] of [
    [await openHouse(), false],
    [await openHouse({ settings }), true],
  ] as const) {
    await send(house)
    assert.equal((await inbox(house, 'ben@example.org'))[0]?.includes('192.0.2.7'), told)
  }
})

test('mail for a trap is taken and goes nowhere; the jail does not hear of it', async () => {
  const house = await openHouse()
  assert.equal((await send(house, { to: ['trap@example.org'] })).end?.kind, 'accepted')
  assert.deepEqual(await queued(house), [])
  assert.equal((await receipts(house)).length, 1)
})

test('Bcc is seen by nobody, and the filter reads the message as it leaves', async () => {
  const house = await openHouse()
  await send(house, {
    to: ['ben@example.org', 'c@elsewhere.example'],
    message: `${header}Bcc: secret@elsewhere.example\r\n\r\nHello\r\n`,
  })
  const texts = [...(await inbox(house, 'ben@example.org')), await queuedText(house, (await queued(house))[0]?.id ?? 0)]
  const job = house.jobs[0]
  assert.ok(job !== undefined && 'bytes' in job.body)
  texts.push(Buffer.from(job.body.bytes).toString('latin1'))
  for (const text of texts) {
    assert.doesNotMatch(text, /secret/i)
    assert.match(text, /^Message-ID: /m)
  }
  assert.equal(job.wants.verify, false)
  assert.equal(job.envelope?.authenticated, true)
})

for (const [says, message, reason] of [
  ['no From', 'Subject: x\r\n\r\n', 'malformed'],
  ['a line of 1,000 octets', `${header}X: ${'x'.repeat(1000)}\r\n\r\n`, 'malformed'],
  ['a circle', `${'Received: from a by b; x\r\n'.repeat(51)}${header}\r\n`, 'loop'],
] as const)
  test(`refused before it is queued: ${says}`, async () => {
    const house = await openHouse()
    const { end } = await send(house, { to: ['ben@example.org', 'c@elsewhere.example'], message })
    assert.ok(end?.kind === 'rejected' && end.reason === reason)
    assert.deepEqual([await queued(house), await inbox(house, 'ben@example.org')], [[], []])
  })

test('UTF-8 in the header asks for SMTPUTF8 on the way, 8-bit octets for 8BITMIME', async () => {
  const house = await openHouse()
  await send(house, { to: ['c@elsewhere.example'], message: `${header}X: \xc3\xa9\r\n\r\ntext\r\n` })
  await send(house, { to: ['c@elsewhere.example'], message: `${header}\r\n\xe9\r\n` })
  const options = (await queued(house)).map((entry): unknown => JSON.parse(entry.options))
  assert.deepEqual(
    options.map((one) => (one instanceof Object ? [Reflect.get(one, 'smtpUtf8'), Reflect.get(one, 'body')] : [])),
    [
      [true, '8bitmime'],
      [false, '8bitmime'],
    ],
  )
})

// ---- The guard --------------------------------------------------------------------------------------------------------

test('the guard hears who is written to, and whom the account never knew', async () => {
  const house = await openHouse()
  await send(house, { to: ['c@elsewhere.example', 'D@elsewhere.example'] })
  await send(house, { to: ['c@elsewhere.example', 'e@elsewhere.example'] })
  assert.deepEqual(house.asked, [
    {
      recipients: ['c@elsewhere.example', 'd@elsewhere.example'],
      firstTime: ['c@elsewhere.example', 'd@elsewhere.example'],
    },
    { recipients: ['c@elsewhere.example', 'e@elsewhere.example'], firstTime: ['e@elsewhere.example'] },
  ])
})

for (const when of ['ask', 'judged'] as const) {
  test(`what the guard refuses (${when}) is not queued, and the sender hears its words`, async () => {
    const house = await openHouse({ [when]: { kind: 'refuse', why: 'spam', says: 'Change your password' } })
    const { end } = await send(house, { to: ['ben@example.org', 'c@elsewhere.example'] })
    assert.deepEqual(end, { kind: 'rejected', reason: 'spam', text: 'Change your password' })
    assert.deepEqual([await queued(house), await inbox(house, 'ben@example.org')], [[], []])
    assert.equal((await receipts(house))[0]?.verdict, 'reject')
    assert.equal(house.lessons.length, 0)
  })

  test(`what the guard holds (${when}) is taken and waits, for people here too`, async () => {
    const house = await openHouse({ [when]: { kind: 'hold', why: 'budget' } })
    assert.equal((await send(house, { to: ['ben@example.org', 'c@elsewhere.example'] })).end?.kind, 'accepted')
    assert.deepEqual(await inbox(house, 'ben@example.org'), [])
    assert.deepEqual(
      (await queued(house)).map(({ recipient, state, why }) => [recipient, state, why]),
      [
        ['c@elsewhere.example', 'held', 'budget'],
        ['ben@example.org', 'held', 'budget'],
      ],
    )
  })
}

test('to be sent later: all of it waits till then', async () => {
  const house = await openHouse()
  await send(house, { to: ['ben@example.org', 'c@elsewhere.example'], more: { holdUntil: NOW + day } })
  assert.deepEqual(await inbox(house, 'ben@example.org'), [])
  assert.deepEqual(
    (await queued(house)).map(({ state, why, nextAt, expiresAt }) => [state, why, nextAt - NOW, expiresAt - NOW]),
    [
      ['waiting', 'later', day, 6 * day],
      ['waiting', 'later', day, 6 * day],
    ],
  )
})

// ---- What it teaches --------------------------------------------------------------------------------------------------

test('whom an account writes to is known from then on, and the message is a light lesson of wanted mail', async () => {
  const house = await openHouse()
  await send(house, { to: ['C@elsewhere.example'] })
  const anna = await house.store.account({ name: 'anna@example.org' })
  assert.ok(anna.ok)
  assert.equal(await house.history.knows(anna.value.id, 'c@elsewhere.example'), true)
  assert.deepEqual(house.lessons, [
    { tokens: Uint32Array.of(7), spam: false, corrects: false, account: 'anna@example.org', weight: 0.3 },
  ])
})

test('a doubtful message teaches nothing', async () => {
  const house = await openHouse({ score: 3 })
  await send(house)
  assert.deepEqual(house.lessons, [])
})

test('a store that is full defers, and nothing is remembered', async () => {
  for (const [fault, reason] of [
    ['disk-full', 'disk-full'],
    ['busy', 'busy'],
  ] as const) {
    const house = await openHouse({
      store: (store) => ({ ...store, deliver: async () => ({ ok: false, error: fault }) }),
    })
    assert.deepEqual((await send(house, { to: ['c@elsewhere.example'] })).end, { kind: 'deferred', reason })
    assert.equal(house.wakes(), 0)
    assert.deepEqual(house.lessons, [])
  }
})

test('NOTIFY=SUCCESS: who sent it is told that a copy was delivered here; nobody else is', async () => {
  const house = await openHouse()
  await send(house, { notify: ['success'], more: { envid: 'E1' } })
  const [told, ...more] = await inbox(house, 'anna@example.org')
  assert.equal(more.length, 0)
  assert.match(told ?? '', /^Return-Path: <>/)
  assert.match(told ?? '', /Final-Recipient: rfc822; ?ben@example\.org/i)
  assert.match(told ?? '', /Action: delivered/i)
  assert.match(told ?? '', /Original-Envelope-Id: E1/i)
  assert.equal((await inbox(house, 'ben@example.org')).length, 1)
  const quiet = await openHouse()
  await send(quiet, { notify: ['failure'] })
  assert.deepEqual(await inbox(quiet, 'anna@example.org'), [])
})
