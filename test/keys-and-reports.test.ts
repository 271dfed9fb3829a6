/** Signing keys and reports through the whole server over loopback: the commands that an owner types, the DNS that he edits, mail and reports that come and go. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Command, Shell } from '../src/app/cli/command.ts'
import { loadConfig } from '../src/app/cli/config-file.ts'
import { dkimImport, dkimList, dkimRecords, dkimRotate } from '../src/app/cli/dkim.ts'
import { domainAdd } from '../src/app/cli/domain.ts'
import { reportsList, reportsShow } from '../src/app/cli/reports.ts'
import { createLog } from '../src/app/log/writer.ts'
import { type PosternServer, startServer } from '../src/app/server/start.ts'
import { type Connection, dial } from '../src/net/client.ts'
import { createResolver } from '../src/net/dns/resolver.ts'
import { newZone, serveDns, type ZoneNode } from '../src/net/dns/server.ts'
import { writeAggregate } from '../src/post/reports/dmarc-xml.ts'
import { rowWith } from '../src/post/reports/testing.ts'
import { verifyDkim } from '../src/verify/dkim.ts'
import { readMessage } from '../src/verify/fields.ts'
import { keys } from './verify-sign.ts'

const DAY = 86_400_000
const CONFIG = `host = "mail.postern.test"
data = "data"
[listen]
smtp = ["127.0.0.1:0"]
imap = []
imaps = []
pop3 = []
pop3s = []
submission = []
submissions = []
metrics = []
[smtp.limits]
greet-pause = "0 ms"
`

type World = {
  readonly server: PosternServer
  readonly config: string
  readonly folder: string
  readonly table: Record<string, ZoneNode>
  readonly dns: number
  readonly clock: { now: number }
}
const begin = async (t: TestContext): Promise<World> => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-keys-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const config = join(folder, 'postern.toml')
  writeFileSync(config, CONFIG)
  const read = loadConfig(config)
  assert.ok(read.ok, read.ok ? '' : read.error)
  const table: Record<string, ZoneNode> = {
    '1.0.0.127.in-addr.arpa': { PTR: ['client.demo.test'] },
    'client.demo.test': { A: ['127.0.0.1'], TXT: ['v=spf1 ip4:127.0.0.1 -all'] },
    '_dmarc.client.demo.test': { TXT: ['v=DMARC1; p=reject; rua=mailto:r@client.demo.test'] },
  }
  const dns = await serveDns({ host: '127.0.0.1', port: 0, ttl: 0, zone: (name, type) => newZone(table)(name, type) })
  assert.ok(dns.ok)
  t.after(() => dns.value.close())
  const clock = { now: Date.now() }
  const now = (): number => clock.now
  const log = createLog({ write: () => undefined, format: 'json', level: 'error', now })
  const { settings, folder: data, path } = read.value
  const dnsServers = [{ ip: '127.0.0.1', port: dns.value.port }]
  const started = await startServer({ settings, folder: data, file: path, now, log, dnsServers })
  assert.ok(started.ok, started.ok ? '' : started.error)
  t.after(() => started.value.stop())
  return { server: started.value, config, folder, table, dns: dns.value.port, clock }
}

/** @returns what the command printed, and its exit code. */
const run = async (
  { config, clock }: World,
  command: Command,
  words: readonly string[],
  values: Readonly<Record<string, string | true>> = {},
): Promise<readonly [number, string]> => {
  let text = ''
  const shell: Shell = {
    out: (more) => {
      text += more
    },
    err: (more) => {
      text += more
    },
    input: (async function* () {})(),
    now: () => clock.now,
    isTerminal: false,
    onSignal: () => () => undefined,
  }
  return [await command.run({ words, values: { config, ...values } }, shell), text]
}
type Key = {
  readonly name: string
  readonly value: string
  readonly state: string
  readonly todo: string
  readonly signs: boolean
}
const keysOf = async (
  world: World,
  command: Command,
  words: readonly string[],
  more: Readonly<Record<string, true>> = {},
): Promise<readonly Key[]> => {
  const [code, text] = await run(world, command, words, { json: true, ...more })
  assert.equal(code, 0, text)
  return JSON.parse(text)
}
/** The owner does what the records say. */
const obey = ({ table }: World, list: readonly Key[]): void => {
  for (const { name, value, todo } of list)
    if (todo === 'remove') delete table[name]
    else table[name] = { TXT: [value] }
}
const statesOf = (list: readonly Key[]): readonly string[] =>
  list.map(({ state, signs }) => `${state}${signs ? ' signs' : ''}`).toSorted()

const text = 'From: Anna <anna@postern.test>\r\nSubject: Hi\r\n\r\nHello\r\n'
const signedBy = async (world: World): Promise<readonly string[]> => {
  const body = Buffer.from(text)
  const fields = await world.server.house.signing.sign({
    domain: 'postern.test',
    message: { bytes: body, size: body.length },
    prefix: '',
  })
  const resolver = createResolver({ servers: [{ ip: '127.0.0.1', port: world.dns }] })
  const found = await verifyDkim(readMessage(Buffer.from(fields + text)), resolver.resolve, { now: Date.now() })
  resolver.close()
  return found.map(({ algorithm, result }) => `${algorithm} ${result}`)
}

test('keys: made with the domain, signing once they are published, followed by others, taken over', async (t) => {
  const world = await begin(t)
  const [code, printed] = await run(world, domainAdd, ['postern.test'])
  assert.equal(code, 0, printed)
  assert.match(
    printed,
    /r\d{8}\._domainkey\.postern\.test\. {2}TXT +"v=DKIM1; k=rsa; p=[\w+/]+" "[\w+/=]+" +; DKIM, rsa-sha256, next: add it/,
  )
  assert.match(printed, /_dmarc\.postern\.test\. .*rua=mailto:dmarc-reports@postern\.test/)
  const made = await keysOf(world, dkimRecords, ['postern.test'])
  assert.deepEqual([statesOf(made), await signedBy(world)], [['next', 'next'], []])
  obey(world, made)
  const seen = await keysOf(world, dkimRecords, ['postern.test'])
  assert.deepEqual(statesOf(seen), ['active signs', 'active signs'])
  assert.deepEqual(await signedBy(world), ['rsa-sha256 pass', 'ed25519-sha256 pass'])
  assert.match((await run(world, dkimRecords, ['postern.test']))[1], /there is nothing to do/)

  world.clock.now += DAY
  const next = await keysOf(world, dkimRotate, ['postern.test'], { now: true })
  assert.deepEqual(statesOf(next), ['active signs', 'active signs', 'next', 'next'])
  obey(world, next)
  const after = await keysOf(world, dkimRecords, ['postern.test'])
  assert.deepEqual(statesOf(after), ['active signs', 'active signs', 'revoked', 'revoked'])
  assert.deepEqual(
    after.filter(({ state }) => state === 'revoked').map(({ value, todo }) => [value, todo]),
    [
      ['v=DKIM1; p=', 'replace'],
      ['v=DKIM1; p=', 'replace'],
    ],
  )
  assert.deepEqual(await signedBy(world), ['rsa-sha256 pass', 'ed25519-sha256 pass'])

  const file = join(world.folder, 'old.pem')
  writeFileSync(file, keys.ed.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const [taken, list] = await run(world, dkimImport, ['postern.test', 'Old', file])
  assert.equal(taken, 0, list)
  assert.match(list, /old\._domainkey\.postern\.test\. .*ed25519-sha256, next: add it/)
  assert.match((await run(world, dkimList, []))[1], /postern\.test +old +ed25519-sha256 +next/)
  for (const [words, want] of [
    [['postern.test', 'x', join(world.folder, 'none.pem')], /cannot read/],
    [['postern.test', 'x', world.config], /no private key that can be read/],
    [['other.test', 'x', file], /not served here/],
    [['postern.test'], /write DOMAIN SELECTOR FILE/],
  ] as const) {
    const [wrong, says] = await run(world, dkimImport, words)
    assert.ok(wrong > 0 && want.test(says), says)
  }
})

const reply = async (smtp: Connection): Promise<string> => {
  for (;;) {
    const line = await smtp.line()
    if (!line.ok) return `closed: ${line.error}`
    if (line.value[3] !== '-') return line.value
  }
}
const deliver = async (world: World, message: string, to: string): Promise<void> => {
  const smtp = await dial({ host: '127.0.0.1', port: world.server.port('smtp') ?? 0 })
  assert.ok(smtp.ok)
  assert.match(await reply(smtp.value), /^220/)
  for (const [line, want] of [
    ['EHLO client.demo.test', /^250/],
    ['MAIL FROM:<carl@client.demo.test>', /^250/],
    [`RCPT TO:<${to}>`, /^250/],
    ['DATA', /^354/],
    [`${message}.`, /^250/],
  ] as const) {
    await smtp.value.send(`${line}\r\n`)
    assert.match(await reply(smtp.value), want, line.slice(0, 60))
  }
  smtp.value.destroy()
}

test('reports: those of others are kept and shown, ours are queued the day after, signed', async (t) => {
  const world = await begin(t)
  const { house } = world.server
  await run(world, domainAdd, ['postern.test'])
  assert.ok((await house.accounts.addAccount({ name: 'anna@postern.test', password: 'a long enough password' })).ok)
  obey(world, await keysOf(world, dkimRecords, ['postern.test']))
  await keysOf(world, dkimRecords, ['postern.test'])

  const at = Math.floor(world.clock.now / 1000)
  const xml = writeAggregate({
    ...{
      organization: 'Client Demo',
      email: 'a@client.demo.test',
      contact: '',
      id: 'r1',
      begin: at - 86_400,
      end: at - 1,
    },
    ...{ generator: 'g', domain: 'postern.test' },
    rows: [
      {
        ...rowWith({ policyDomain: 'postern.test', dkimAligned: false, spfAligned: false, ip: '192.0.2.66' }),
        count: 12,
      },
    ],
  })
  const report = `From: Reports <carl@client.demo.test>\r\nSubject: Report Domain: postern.test\r\nMessage-ID: <r@client.demo.test>\r\nDate: ${new Date(world.clock.now).toUTCString().replace('GMT', '+0000')}\r\nContent-Type: application/gzip; name="x.xml.gz"\r\nContent-Transfer-Encoding: base64\r\n\r\n${gzipSync(xml).toString('base64').replaceAll(/.{76}/g, '$&\r\n')}\r\n`
  await deliver(world, report, 'dmarc-reports@postern.test')
  const inbox = await house.store.mailbox({ account: (await mustAccount(world)).id, name: 'INBOX' })
  assert.ok(inbox.ok && inbox.value.messages === 0)
  const [, list] = await run(world, reportsList, [])
  assert.match(list, /dmarc +[\d-]+ +postern\.test +Client Demo +12 +0 %/)
  assert.match(list, /12 messages in our names failed DMARC; 0 complaints/)
  const id = /^\d{4}-\d\d-\d\d-[0-9a-f]{12}/m.exec(list)?.[0] ?? ''
  const [shown, whole] = await run(world, reportsShow, [id])
  assert.equal(shown, 0, whole)
  assert.match(whole, /proven by client\.demo\.test/)
  assert.match(whole, /192\.0\.2\.66 +12 +example\.com +fail +fail/)
  assert.equal((await run(world, reportsShow, ['2026-01-01-000000000000']))[0], 1)

  const letter = report.replace('application/gzip; name="x.xml.gz"', 'text/plain').replace('base64\r\n', '7bit\r\n')
  await deliver(world, letter.replace('<r@', '<l@'), 'anna@postern.test')
  world.clock.now += DAY + 6 * 3_600_000
  await house.reports.run(new AbortController().signal)
  const queue = await house.store.queue({ most: 10 })
  assert.ok(queue.ok)
  const [entry, ...more] = queue.value
  assert.ok(entry !== undefined && more.length === 0)
  assert.deepEqual([entry.sender, entry.recipient, entry.domain], ['', 'r@client.demo.test', 'client.demo.test'])
  const read = await house.store.queueMessages({ ids: [entry.id], mostBytes: 100_000 })
  assert.ok(read.ok)
  const message = Buffer.from(read.value[0]?.message ?? [])
  assert.match(message.toString('latin1'), /^DKIM-Signature: v=1; a=rsa-sha256;.*\r\n/)
  const resolver = createResolver({ servers: [{ ip: '127.0.0.1', port: world.dns }] })
  const words = await verifyDkim(readMessage(message), resolver.resolve, { now: world.clock.now })
  resolver.close()
  assert.deepEqual(
    words.map(({ result, domain }) => `${domain} ${result}`),
    ['postern.test pass', 'postern.test pass'],
  )
})

const mustAccount = async ({ server }: World) => {
  const account = await server.house.store.account({ name: 'anna@postern.test' })
  assert.ok(account.ok)
  return account.value
}
