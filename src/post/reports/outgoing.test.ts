import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import PostalMime from 'postal-mime'
import { type Table, zoneOf } from '../../../test/verify-zone.ts'
import type { EventName } from '../../base/events.ts'
import { silentLog } from '../../base/log.ts'
import { openInline } from '../../store/sqlite/inline.ts'
import { openOwnMail } from '../own-mail.ts'
import { DmarcLedger } from './dmarc-ledger.ts'
import { dueAt, type OutgoingDeps, openOutgoing, type ReportSettings } from './outgoing.ts'
import { rowWith } from './testing.ts'

const NOON = Date.UTC(2026, 10, 25, 12)
const DAY = 86_400_000
const record = (text: string): Table[string] => ({ TXT: [`v=DMARC1; p=reject; ${text}`] })
const zone: Record<string, Table[string]> = {
  '_dmarc.example.com': record('rua=mailto:r@example.com,mailto:r@agreed.test,mailto:r@victim.test'),
  'example.com._report._dmarc.agreed.test': { TXT: ['v=DMARC1'] },
  '_dmarc.small.test': record('rua=mailto:r@small.test!100'),
  '_dmarc.late.test': 'servfail',
  '_dmarc.ours.test': record('rua=mailto:r@example.com'),
  '_dmarc.here.test': record('rua=mailto:r@ours.test'),
  'here.test._report._dmarc.ours.test': { TXT: ['v=DMARC1'] },
}
type Sent = { readonly to: string; readonly message: Uint8Array; readonly domain: string }
const scene = async (over: Partial<OutgoingDeps> = {}, settings: Partial<ReportSettings> = {}) => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  const store = opened.value
  await store.putDomain({ name: 'ours.test', settings: '{}' })
  const clock = { now: NOON }
  const sent: Sent[] = []
  const posted: (readonly [string, string, string])[] = []
  const told: EventName[] = []
  const ledger = new DmarcLedger({ store, now: () => clock.now, log: silentLog })
  const outgoing = openOutgoing({
    ...{ ledger, store, tls: undefined, resolve: (name, type) => zoneOf(zone)(name, type), generator: 'Postern 0' },
    gzip: async (text) => gzipSync(text),
    send: async (mail) => {
      sent.push(mail)
      return true
    },
    post: async (url, type, octets) => {
      posted.push([url, type, gunzipSync(octets).toString()])
      return true
    },
    settings: () => ({
      dmarc: true,
      tls: true,
      host: 'mail.ours.test',
      organization: 'Ours',
      contact: '',
      ...settings,
    }),
    now: () => clock.now,
    log: { event: (name) => void told.push(name) },
    ...over,
  })
  const run = () => outgoing.run(new AbortController().signal)
  return { store, clock, sent, posted, told, ledger, run }
}

test('the day after, each address that agreed gets the report, once', async () => {
  const { ledger, clock, sent, run } = await scene()
  ledger.note(rowWith())
  ledger.note(rowWith())
  ledger.note(rowWith({ ip: '2001:db8::1', dkimAligned: false, spfAligned: false, disposition: 'reject' }))
  await run()
  clock.now = dueAt('2026-11-25', 'mail.ours.test') - 1
  await run()
  assert.equal(sent.length, 0)
  clock.now += 1
  await run()
  await run()
  assert.deepEqual(
    sent.map(({ to, domain }) => [to, domain]),
    [
      ['r@example.com', 'mail.ours.test'],
      ['r@agreed.test', 'mail.ours.test'],
    ],
  )
  const mail = await PostalMime.parse(sent[0]?.message ?? '')
  assert.match(
    mail.subject ?? '',
    /^Report Domain: example\.com Submitter: mail\.ours\.test Report-ID: <[\w.]+@mail\.ours\.test>$/,
  )
  assert.deepEqual([mail.from?.address, mail.from?.name], ['noreply-dmarc@mail.ours.test', 'Ours'])
  const [file] = mail.attachments
  const begin = Date.UTC(2026, 10, 25) / 1000
  assert.equal(file?.filename, `mail.ours.test!example.com!${begin}!${begin + 86_399}.xml.gz`)
  assert.equal(file?.mimeType, 'application/gzip')
  assert.ok(file?.content instanceof ArrayBuffer)
  const xml = gunzipSync(new Uint8Array(file.content)).toString()
  assert.match(
    xml,
    /<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">\n {2}<version>1.0<\/version>\n {2}<report_metadata>/,
  )
  assert.match(xml, /<source_ip>192\.0\.2\.1<\/source_ip>\s*<count>2<\/count>/)
  assert.match(xml, /<disposition>reject<\/disposition>\s*<dkim>fail<\/dkim>\s*<spf>fail<\/spf>/)
  assert.ok(
    Buffer.from(sent[0]?.message ?? '')
      .toString('latin1')
      .split('\r\n')
      .every((line) => line.length <= 78 && !line.includes('\n')),
  )
})

test('the same report has the same name whenever it is sent', async () => {
  const ids: string[] = []
  for (let count = 0; count < 2; count += 1) {
    const { ledger, clock, sent, run } = await scene()
    ledger.note(rowWith())
    clock.now += DAY + count * 3_600_000
    await run()
    ids.push(/Report-ID:\s+<([^>]*)>/.exec(Buffer.from(sent[0]?.message ?? '').toString('latin1'))?.[1] ?? '')
  }
  assert.ok(ids[0] !== '' && ids[0] === ids[1])
})

for (const [name, domain] of [
  ['over its limit', 'small.test'],
  ['for a domain of ours', 'ours.test'],
  ['to an address of ours', 'here.test'],
  ['for a domain that asks no longer', 'nothing.test'],
] as const)
  test(`no report ${name}, and its rows go`, async () => {
    const { ledger, clock, sent, run } = await scene()
    ledger.note(rowWith({ policyDomain: domain }))
    clock.now += DAY
    await run()
    assert.deepEqual([sent.length, ledger.groups().length], [0, 0])
  })

test('DNS that does not answer is asked again for two days, a queue that refuses too', async () => {
  let works = false
  const sent: string[] = []
  const { ledger, clock, run } = await scene({
    send: async ({ to }) => {
      if (works) sent.push(to)
      return works
    },
  })
  ledger.note(rowWith())
  ledger.note(rowWith({ policyDomain: 'late.test' }))
  clock.now += DAY
  await run()
  assert.equal(ledger.groups().length, 2)
  works = true
  clock.now += 3_600_000
  await run()
  assert.deepEqual([ledger.groups(), sent.length], [[{ day: '2026-11-25', domain: 'late.test' }], 2])
  clock.now = Date.UTC(2026, 10, 28) + 1
  await run()
  assert.equal(ledger.groups().length, 0)
})

test('switched off, rows go and nothing is sent', async () => {
  const { ledger, clock, sent, run } = await scene({}, { dmarc: false })
  ledger.note(rowWith())
  clock.now += DAY
  await run()
  assert.deepEqual([sent.length, ledger.groups().length], [0, 0])
})

test('TLS reports go by mail and by HTTPS, each once', async () => {
  let taken = false
  const posts: string[] = []
  const json = '{"organization-name":"Ours"}'
  const { clock, sent, run, told } = await scene({
    tls: {
      reportsFor: async (day) =>
        day === '2026-11-25'
          ? [
              { domain: 'example.com', rua: ['mailto:tls@example.com', 'https://tls.example.com/in'], json },
              { domain: 'ours.test', rua: ['mailto:tls@example.com'], json },
            ]
          : [],
    },
    post: async (url, type, octets) => {
      posts.push(`${url} ${type} ${gunzipSync(octets).toString()}`)
      return taken
    },
  })
  clock.now += DAY
  await run()
  await run() // within the hour nothing is tried again
  taken = true
  for (let hour = 0; hour < 3; hour += 1) {
    clock.now += 3_600_000
    await run()
  }
  assert.deepEqual(
    posts,
    Array.from({ length: 2 }, () => `https://tls.example.com/in application/tlsrpt+gzip ${json}`),
  )
  assert.equal(told.filter((name) => name === 'report-failed').length, 1)
  assert.deepEqual(
    sent.map(({ to }) => to),
    ['tls@example.com'],
  )
  const text = Buffer.from(sent[0]?.message ?? '').toString('latin1')
  for (const line of [
    'TLS-Report-Domain: example.com',
    'TLS-Report-Submitter: mail.ours.test',
    'TLS-Required: No',
    'Auto-Submitted: auto-generated',
  ])
    assert.ok(text.includes(`\r\n${line}\r\n`), line)
  assert.match(text, /Content-Type: multipart\/report; report-type="tlsrpt";/)
  const mail = await PostalMime.parse(text)
  const [file] = mail.attachments
  assert.equal(file?.mimeType, 'application/tlsrpt+gzip')
  assert.match(file?.filename ?? '', /^mail\.ours\.test!example\.com!\d+!\d+!001\.json\.gz$/)
  assert.ok(file?.content instanceof ArrayBuffer)
  assert.equal(gunzipSync(new Uint8Array(file.content)).toString(), json)
})

test('mail of the house goes into the queue signed, with the null sender, for so long', async () => {
  const { store } = await scene()
  let woken = 0
  const send = openOwnMail({
    ...{ store, now: () => NOON, log: silentLog },
    sign: async ({ domain }) => `DKIM-Signature: d=${domain}\r\n`,
    wake: () => {
      woken += 1
    },
    fresh: (octets) => new Uint8Array(octets).fill(7),
  })
  const message = Buffer.from('From: a@b.test\r\n\r\nx')
  assert.equal(
    await send({ domain: 'mail.ours.test', to: 'r@example.com', message, subject: 's', lifetimeMs: DAY }),
    true,
  )
  const queue = await store.queue({ most: 10 })
  assert.ok(queue.ok)
  const [entry] = queue.value
  assert.deepEqual(
    [entry?.sender, entry?.recipient, entry?.domain, entry?.account, entry?.expiresAt, entry?.state, woken],
    ['', 'r@example.com', 'example.com', null, NOON + DAY, 'waiting', 1],
  )
  assert.ok(entry !== undefined && JSON.parse(entry.options).notify[0] === 'never')
  const read = await store.queueMessages({ ids: [entry.id], mostBytes: 10_000 })
  assert.ok(read.ok)
  assert.equal(Buffer.from(read.value[0]?.message ?? []).toString(), `DKIM-Signature: d=mail.ours.test\r\n${message}`)
})
