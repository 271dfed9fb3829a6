/** Mail that leads elsewhere, through the whole post office: what goes on, with which sender and seal, what comes back, and what does not go. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keys as pairs } from '../../test/verify-sign.ts'
import { zoneOf } from '../../test/verify-zone.ts'
import { talkSentences } from '../ban/sentences.ts'
import { openInline } from '../store/sqlite/inline.ts'
import type { QueueEntry, Store } from '../store/store.ts'
import { verifyArc } from '../verify/arc.ts'
import { keyRecord } from '../verify/dkim-rotation.ts'
import { readMessage } from '../verify/fields.ts'
import { openForwarding } from './forward.ts'
import { openHistory } from './history.ts'
import { openJail } from './jail.ts'
import { postOffice } from './office.ts'
import type { PostOffice, RcptOutcome, ReceiveOutcome } from './ports.ts'
import type { Verified } from './scan-port.ts'
import { type PostSettings, postDefaults } from './settings.ts'
import { openSigning } from './signing.ts'
import { srsSecrets } from './srs-secret.ts'
import { openGuard } from './submit-ports.ts'

const HOST = 'mx.example.org'
const record = keyRecord(pairs.rsa.publicKey)
const zone = zoneOf({ 'test._domainkey.example.org': { TXT: [record] } })
const START = Date.UTC(2026, 10, 25)

type House = {
  readonly office: PostOffice
  readonly store: Store
  readonly events: readonly string[]
  readonly pass: (ms: number) => void
  readonly sign: () => Promise<void>
  readonly trueSender: (sender: string) => string | undefined
}

/** @param score of every message. */
const openHouse = async (
  score = 0,
  over: Partial<PostSettings> = {},
  wire: Verified = { spf: { result: 'pass', domain: 'sender.example' } },
): Promise<House> => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  const store = opened.value
  let clock = START
  const now = (): number => clock
  let counter = 0
  const fresh = (octets: number): Uint8Array => {
    counter += 1
    return Buffer.alloc(octets, counter)
  }
  await store.putDomain({ name: 'example.org', settings: '{}' })
  const anna = await store.addAccount({
    name: 'anna@example.org',
    passwordHash: '',
    quotaBytes: 0,
    settings: '{}',
    now: clock,
  })
  assert.ok(anna.ok)
  for (const row of [
    { address: 'anna@example.org', state: 'mailbox', account: anna.value.id },
    { address: 'both@example.org', state: 'alias', targets: ['anna@example.org', 'x@elsewhere.example'] },
    { address: 'moved@example.org', state: 'forward', targets: ['X@elsewhere.example'] },
    { address: 'gone@example.org', state: 'forward', targets: ['y@Bücher.example'] },
  ] as const)
    assert.ok((await store.putAddress(row)).ok)
  const settings: PostSettings = {
    ...postDefaults,
    host: HOST,
    lookups: { reverse: false, dnsbl: false },
    jail: { enabled: false, sentences: talkSentences, allow: [], banLoopback: false },
    ...over,
  }
  const events: string[] = []
  const log = { event: (name: string, fields: unknown) => void events.push(`${name} ${JSON.stringify(fields)}`) }
  const pem = String(pairs.rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const signing = openSigning({
    ...{ store, now, log, makeKey: async () => pem, resolve: zone, publish: () => undefined, on: () => true },
    rules: () => ({ everyMs: 0, settleMs: 0, overlapMs: 0, revokedMs: 0, patienceMs: 0 }),
    pieces: () => assert.fail('no files here'),
  })
  const secrets = await srsSecrets({ store, fresh, now })
  assert.ok(secrets.ok)
  const forwarding = openForwarding({
    secrets: secrets.value,
    seal: signing.seal,
    ownDomains: async () => new Set(['example.org']),
    ...{ now, log },
  })
  const output = { hits: [], score, tokens: Uint32Array.of(1) }
  const office = postOffice({
    ...{ store, now, fresh, log, soon: (work) => work(), lookups: {}, settings: () => settings },
    scan: async () => ({
      kind: 'done',
      wire,
      output,
      authResults: `Authentication-Results: ${HOST};\r\n\tspf=pass smtp.mailfrom=carl@sender.example\r\n`,
    }),
    jail: openJail({ store, now, random: () => 0.5, log, settings: () => settings.jail }),
    history: openHistory({ store, now, log }),
    sending: { guard: openGuard, sign: async () => '', wake: () => void events.push('wake') },
    forward: forwarding.sendOn,
    returnTo: forwarding.returnTo,
  })
  const pass = (ms: number): void => {
    clock += ms
  }
  const sign = async (): Promise<void> => {
    assert.ok((await signing.load()).ok)
    assert.ok((await signing.take('example.org', 'test', pem)).ok)
  }
  return { office, store, events, sign, trueSender: forwarding.trueSender, pass }
}

const path = (text: string) => {
  const at = text.lastIndexOf('@')
  const local = text.slice(0, at)
  return { local: local.startsWith('"') ? local.slice(1, -1) : local, domain: text.slice(at + 1), text }
}
const MESSAGE = 'DKIM-Signature: v=1; x\r\nFrom: Carl <carl@sender.example>\r\nSubject: Hello\r\n\r\nHi!\r\n'
let sessions = 0
const send = async (
  { office }: House,
  to: readonly string[],
  from: string | null = 'carl@sender.example',
  text = MESSAGE,
): Promise<{ readonly rcpt: readonly RcptOutcome[]; readonly end: ReceiveOutcome | undefined }> => {
  sessions += 1
  const sender = {
    ...{
      session: `s${sessions}`,
      at: START,
      ip: '192.0.2.7',
      port: 25,
      helo: 'mail.sender.example',
      protocol: 'ESMTP',
    },
    ...({ tls: null, body: '7bit', smtpUtf8: false, requireTls: false } as const),
    mailFrom: from === null ? null : path(from),
    envid: 'E1',
  }
  assert.equal((await office.sender(sender)).kind, 'ok')
  const recipients = to.map((one) => ({ address: path(one), notify: [] }))
  const rcpt: RcptOutcome[] = []
  for (const one of recipients) rcpt.push(await office.route(sender, one, { accepted: 0, declaredSize: 0 }))
  const taken = recipients.filter((_, index) => rcpt[index]?.kind === 'ok')
  const bytes = Buffer.from(text, 'latin1')
  return {
    rcpt,
    end:
      taken.length === 0
        ? undefined
        : await office.receive({ ...sender, recipients: taken }, { bytes, size: bytes.length }),
  }
}
const queued = async ({ store }: House): Promise<readonly QueueEntry[]> => {
  const found = await store.queue({ most: 100 })
  assert.ok(found.ok)
  return found.value
}
const textOf = async ({ store }: House, id: number): Promise<string> => {
  const found = await store.queueMessages({ ids: [id], mostBytes: 1e6 })
  assert.ok(found.ok)
  return Buffer.from(found.value[0]?.message ?? []).toString('latin1')
}
const copies = async ({ store }: House, name: string): Promise<number> => {
  const account = await store.account({ name: 'anna@example.org' })
  assert.ok(account.ok)
  const mailbox = await store.mailbox({ account: account.value.id, name })
  return mailbox.ok ? mailbox.value.messages : 0
}

test('mail for an address that moved goes on, with a sender that comes back to us and a seal that holds', async () => {
  const house = await openHouse()
  await house.sign()
  assert.deepEqual((await send(house, ['moved@example.org'])).end?.kind, 'accepted')
  const [entry, ...more] = await queued(house)
  assert.ok(entry !== undefined && more.length === 0)
  assert.match(entry.sender, /^SRS0=[a-z2-7]{8}=[a-z2-7]{2}=sender\.example=carl@example\.org$/)
  assert.deepEqual(
    [entry.recipient, entry.domain, entry.account, entry.state, entry.message.length, entry.expiresAt - entry.queuedAt],
    ['x@elsewhere.example', 'elsewhere.example', null, 'waiting', 32, postDefaults.submission.triesMs],
  )
  assert.deepEqual(JSON.parse(entry.options), {
    ...{ notify: [], orcpt: 'rfc822;moved@example.org', envid: 'E1', smtpUtf8: false, body: '7bit', requireTls: false },
    subject: 'Hello',
  })
  const text = await textOf(house, entry.id)
  assert.match(text, /^ARC-Seal: i=1; .*\r\n(?:.*\r\n)*Delivered-To: moved@example\.org\r\nReceived: from mail\.sender/)
  assert.ok(text.endsWith(MESSAGE) && !text.includes('Return-Path'))
  const found = await verifyArc(readMessage(Buffer.from(text, 'latin1')), zone)
  assert.equal(found.cv, 'pass')
  assert.deepEqual(found.sealers, ['example.org'])
  assert.match(found.results[0] ?? '', /spf=pass smtp\.mailfrom=carl@sender\.example/)
  assert.ok(house.events.includes('wake'))
})

test('nobody is told of a failure whose name was only used', async () => {
  for (const [wire, want] of [
    [{ spf: { result: 'fail', domain: 'sender.example' } }, ['never']],
    [{ spf: { result: 'fail' }, dmarc: { result: 'pass' } }, []],
  ] as const) {
    const house = await openHouse(0, {}, wire)
    await send(house, ['moved@example.org'])
    const [entry] = await queued(house)
    assert.deepEqual(JSON.parse(entry?.options ?? '').notify, want)
  }
})

test('the true sender behind a return address', async () => {
  const house = await openHouse()
  await send(house, ['moved@example.org'], '"a b"@sender.example')
  const [entry] = await queued(house)
  assert.equal(house.trueSender(entry?.sender ?? ''), '"a b"@sender.example')
  for (const other of ['', 'anna@example.org', 'SRS0=x@example.org']) assert.equal(house.trueSender(other), undefined)
})

test('without a key it goes on unsealed', async () => {
  const house = await openHouse()
  await send(house, ['moved@example.org'])
  const [entry] = await queued(house)
  assert.match(await textOf(house, entry?.id ?? 0), /^Delivered-To: /)
})

test('an alias here and elsewhere: both have it, in one transaction', async () => {
  const house = await openHouse()
  await send(house, ['both@example.org'])
  assert.equal(await copies(house, 'INBOX'), 1)
  assert.deepEqual(
    (await queued(house)).map(({ recipient }) => recipient),
    ['x@elsewhere.example'],
  )
})

test('two addresses that lead to one place send one message there, and show nobody the other', async () => {
  const house = await openHouse()
  await send(house, ['both@example.org', 'moved@example.org', 'gone@example.org'])
  const entries = await queued(house)
  assert.deepEqual(
    entries.map(({ domain }) => domain),
    ['elsewhere.example', 'xn--bcher-kva.example'],
  )
  assert.doesNotMatch(await textOf(house, entries[0]?.id ?? 0), /Delivered-To|for </)
})

test('a report of failure comes back to the sender, once, and only a report', async () => {
  const house = await openHouse()
  await send(house, ['moved@example.org'])
  const [first] = await queued(house)
  const back = first?.sender ?? ''
  const other = await send(house, [back], 'spammer@evil.example')
  assert.deepEqual(other.rcpt, [
    { kind: 'refuse', reason: 'unknown-user', text: 'Only reports of failure can be sent to this address' },
  ])
  assert.equal(
    (await send(house, [back.toLowerCase()], null, 'From: MAILER-DAEMON@elsewhere.example\r\n\r\nno\r\n')).end?.kind,
    'accepted',
  )
  const report = (await queued(house))[1]
  assert.deepEqual([report?.sender, report?.recipient, report?.domain], ['', 'carl@sender.example', 'sender.example'])
})

test('return addresses that are forged or too old are unknown', async () => {
  const house = await openHouse()
  await send(house, ['moved@example.org'])
  const back = (await queued(house))[0]?.sender ?? ''
  for (const [address, days] of [
    [back.replace('=carl@', '=victim@'), 0],
    ['SRS0=x@example.org', 0],
    [back, 31],
  ] as const) {
    house.pass(days * 86_400_000)
    const { rcpt } = await send(house, [address], null)
    assert.equal(rcpt[0]?.kind === 'refuse' && rcpt[0].reason, 'unknown-user', address)
  }
})

test('our own people keep their name, the null sender stays null', async () => {
  const house = await openHouse()
  await send(house, ['moved@example.org'], 'anna@example.org')
  await send(house, ['moved@example.org'], null)
  assert.deepEqual(
    (await queued(house)).map(({ sender }) => sender),
    ['anna@example.org', ''],
  )
})

test('flagged mail does not go on: refused where nobody here has it, in Junk where somebody has', async () => {
  const alone = await openHouse(7)
  assert.deepEqual((await send(alone, ['moved@example.org'])).end, { kind: 'rejected', reason: 'spam' })
  const both = await openHouse(7)
  assert.equal((await send(both, ['both@example.org'])).end?.kind, 'accepted')
  assert.equal(await copies(both, 'Junk'), 1)
  for (const house of [alone, both]) assert.deepEqual(await queued(house), [])
  assert.ok(both.events.some((line) => line.startsWith('forward-withheld') && line.includes('flagged')))
})

test('the receipt tells where it went on to', async () => {
  for (const [score, want] of [
    [0, ['x@elsewhere.example']],
    [7, []],
  ] as const) {
    const house = await openHouse(score)
    await send(house, ['both@example.org'])
    const found = await house.store.receipts({ since: 0, most: 9 })
    assert.ok(found.ok)
    assert.deepEqual(JSON.parse(found.value[0]?.story ?? '{}').onward, want)
  }
})

test('whoever wants it sent on all the same has it with its flags', async () => {
  const house = await openHouse(7, { forward: { flagged: 'forward' } })
  assert.equal((await send(house, ['moved@example.org'])).end?.kind, 'accepted')
  const [entry] = await queued(house)
  assert.match(await textOf(house, entry?.id ?? 0), /\r\nX-Spam-Flag: YES\r\n/)
})

test('mail that was here before ends: refused where it has nowhere else to go', async () => {
  const house = await openHouse()
  const text = `Delivered-To: Moved@example.org\r\n${MESSAGE}`
  assert.deepEqual((await send(house, ['moved@example.org'], undefined, text)).end, {
    kind: 'rejected',
    reason: 'loop',
  })
  assert.equal((await send(house, ['moved@example.org', 'anna@example.org'], undefined, text)).end?.kind, 'accepted')
  assert.deepEqual(await queued(house), [])
  assert.equal(await copies(house, 'INBOX'), 1)
})

test('the secret outlives a restart, and a second one does not end the first', async () => {
  const { store } = await openHouse()
  let counter = 100
  const fresh = (octets: number): Uint8Array => {
    counter += 1
    return Buffer.alloc(octets, counter)
  }
  const deps = { store, now: () => START + 5, fresh }
  const first = await srsSecrets(deps)
  assert.ok(first.ok)
  assert.deepEqual(await srsSecrets(deps), first)
  await store.remember({
    space: 'srs',
    memos: [{ key: String(START + 9), value: Buffer.from('new'), expiresAt: null }],
  })
  const both = await srsSecrets(deps)
  assert.ok(both.ok)
  assert.deepEqual(both.value.map((secret) => Buffer.from(secret).toString().slice(0, 3)).at(0), 'new')
  assert.equal(both.value.length, 2)
})
