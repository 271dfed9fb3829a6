/** The whole server over loopback, in this process: mail in, mail read, who is kept out, what a reload and a stop do, and what happens when something is broken. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type ImapLoad, openImap } from '../bench/load/imap.ts'
import { askServer } from '../src/app/admin/socket.ts'
import { createLog, type LogWriter } from '../src/app/log/writer.ts'
import { type PosternServer, startServer } from '../src/app/server/start.ts'
import { readSettings } from '../src/app/settings/read.ts'
import { type Settings, settingsSchema } from '../src/app/settings/schema.ts'
import { issue } from '../src/app/tls/authority.ts'
import { type Connection, dial } from '../src/net/client.ts'
import { newZone, serveDns, type Zone } from '../src/net/dns/server.ts'

const USER = 'anna@postern.test'
const PASSWORD = 'a long enough password'
const goodZone = newZone({
  '1.0.0.127.in-addr.arpa': { PTR: ['client.demo.test'] },
  '9.0.0.127.in-addr.arpa': { PTR: ['other.demo.test'] },
  'client.demo.test': { A: ['127.0.0.1'], TXT: ['v=spf1 ip4:127.0.0.1 -all'] },
  'other.demo.test': { A: ['127.0.0.9'] },
})

const settingsOf = (more = ''): Settings => {
  const read = readSettings(
    settingsSchema,
    `host = "mail.postern.test"
[listen]
smtp = ["127.0.0.1:0"]
imap = ["127.0.0.1:0"]
imaps = ["127.0.0.1:0"]
submissions = ["127.0.0.1:0"]
submission = ["127.0.0.1:0"]
pop3 = []
pop3s = []
metrics = ["127.0.0.1:0"]
[smtp.limits]
greet-pause = "0 ms"
[bans]
loopback = true
[dangerous]
passwords-without-encryption-from-loopback = true
${more}`,
  )
  assert.ok(read.ok, JSON.stringify(read))
  return read.value
}

type House = {
  readonly server: PosternServer
  readonly folder: string
  readonly log: LogWriter
  readonly lines: readonly string[]
  readonly dns: number
}
type Given = { readonly folder?: string; readonly zone?: Zone; readonly now?: () => number; readonly more?: string }

/** A folder that goes with the test. */
const scratch = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-server-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const start = async (t: TestContext, given: Given = {}): Promise<House> => {
  const folder = given.folder ?? scratch(t)
  const dns = await serveDns({ host: '127.0.0.1', port: 0, zone: given.zone ?? goodZone })
  assert.ok(dns.ok)
  t.after(() => dns.value.close())
  const lines: string[] = []
  const now = given.now ?? Date.now
  const log = createLog({ write: (line) => lines.push(line), format: 'json', level: 'debug', now })
  const started = await startServer({
    settings: settingsOf(given.more),
    folder,
    file: (path) => join(folder, path),
    now,
    log,
    dnsServers: [{ ip: '127.0.0.1', port: dns.value.port }],
  })
  assert.ok(started.ok, started.ok ? '' : started.error)
  const server = started.value
  t.after(() => server.stop())
  const { accounts, store } = server.house
  if (given.folder === undefined || !(await store.account({ name: USER })).ok) {
    assert.ok((await accounts.addDomain({ name: 'postern.test' })).ok)
    assert.ok((await accounts.addAccount({ name: USER, password: PASSWORD, quotaBytes: 0 })).ok)
    assert.ok((await accounts.putAddress({ address: 'trap@postern.test', state: 'spamtrap' })).ok)
  }
  return { server, folder, log, lines, dns: dns.value.port }
}

const reply = async (smtp: Connection): Promise<string> => {
  for (;;) {
    const line = await smtp.line()
    if (!line.ok) return `closed: ${line.error}`
    if (line.value[3] !== '-') return line.value
  }
}
const say = async (smtp: Connection, text: string): Promise<string> => {
  await smtp.send(`${text}\r\n`)
  return reply(smtp)
}
const CARL = 'Carl <carl@client.demo.test>'
const letter = (subject: string, author = CARL): string =>
  `From: ${author}\r\nTo: <${USER}>\r\nSubject: ${subject}\r\nDate: ${new Date().toUTCString().replace('GMT', '+0000')}\r\nMessage-ID: <${subject}@client.demo.test>\r\n\r\nHello Anna, about ${subject}.\r\n`

/** Hands a message over. @returns the last answer. */
const deliver = async (
  house: House,
  subject: string,
  to = USER,
  from = '127.0.0.1',
  author = CARL,
): Promise<string> => {
  const smtp = await dial({ host: '127.0.0.1', port: house.server.port('smtp') ?? 0, localAddress: from })
  if (!smtp.ok) return smtp.error
  try {
    const greeting = await reply(smtp.value)
    if (!greeting.startsWith('220')) return greeting
    await say(smtp.value, 'EHLO client.demo.test')
    await say(smtp.value, 'MAIL FROM:<carl@client.demo.test>')
    const rcpt = await say(smtp.value, `RCPT TO:<${to}>`)
    if (!rcpt.startsWith('250')) return rcpt
    await say(smtp.value, 'DATA')
    return await say(smtp.value, `${letter(subject, author)}.`)
  } finally {
    smtp.value.destroy()
  }
}

const read = (house: House, password = PASSWORD, kind: 'imap' | 'imaps' = 'imap'): Promise<ImapLoad> =>
  openImap({
    host: '127.0.0.1',
    port: house.server.port(kind) ?? 0,
    tls: kind === 'imaps',
    user: USER,
    password,
    mailbox: 'INBOX',
  })
const subjects = async (house: House): Promise<readonly string[]> => {
  const imap = await read(house)
  const { text } = await imap.command('FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])', { keep: true })
  imap.close()
  return [...text.matchAll(/^Subject: (.*)\r$/gm)].map(([, subject = '']) => subject)
}

test('a message comes in, an idling client hears of it, and it is there with its verdict', async (t) => {
  const house = await start(t)
  const imap = await read(house)
  await imap.idle()
  const seen = imap.see(/^\* 1 EXISTS\r\n/m)
  assert.match(await deliver(house, 'hello'), /^250 2\.0\.0 /)
  await seen
  imap.close()
  const reader = await read(house, PASSWORD, 'imaps')
  const { text } = await reader.command('FETCH 1 (BODY.PEEK[HEADER])', { keep: true })
  reader.close()
  assert.match(text, /^Return-Path: <carl@client\.demo\.test>\r$/m)
  assert.match(text, /^Authentication-Results: mail\.postern\.test;(?:[^\r]|\r\n[ \t])*spf=pass/m)
  assert.match(text, /^X-Spam-Status: No, score=/m)
  assert.equal(house.log.counts.get('message-accepted'), 1)
})

/** Logs in on the submission port and hands a message over. @returns every last line of an answer. */
const submit = async (house: House, to: string, password = PASSWORD, name = ''): Promise<readonly string[]> => {
  const smtp = await dial({ host: '127.0.0.1', port: house.server.port('submission') ?? 0 })
  assert.ok(smtp.ok)
  try {
    const said = [await reply(smtp.value), await say(smtp.value, 'EHLO phone')]
    const secret = Buffer.from(`\0${USER}\0${password}`).toString('base64')
    for (const line of [`AUTH PLAIN ${secret}`, `MAIL FROM:<${USER}>`, `RCPT TO:<${to}>`, 'DATA'])
      said.push(await say(smtp.value, line))
    if (said.at(-1)?.startsWith('354') === true)
      said.push(
        await say(smtp.value, `From: Anna <${USER}>\r\nTo: ${name}<${to}>\r\nSubject: from me\r\n\r\nHello.\r\n.`),
      )
    return said
  } finally {
    smtp.value.destroy()
  }
}

test('whoever logs in sends to people here; it is there with its trace, and `why` can tell', async (t) => {
  const house = await start(t)
  const said = await submit(house, USER)
  assert.deepEqual(
    said.map((line) => line.slice(0, 3)),
    ['220', '250', '235', '250', '250', '354', '250'],
  )
  assert.deepEqual(await subjects(house), ['from me'])
  const receipts = await house.server.house.store.receipts({ since: 0, most: 10 })
  assert.ok(receipts.ok && receipts.value[0]?.story.includes(`"sent":{"account":"${USER}"`))
})

test('who pretends to be somebody that the account wrote to scores for it, by name and by domain', async (t) => {
  const house = await start(t)
  const hits = async (subject: string, author: string): Promise<readonly string[]> => {
    assert.match(await deliver(house, subject, USER, '127.0.0.1', author), /^250 /)
    const found = await house.server.house.store.receipts({ since: 0, most: 10, match: subject })
    assert.ok(found.ok)
    return ['FROM_FRIEND_NAME', 'FROM_LOOKALIKE'].filter((name) => found.value[0]?.story.includes(`"${name}"`))
  }
  const thief = 'Carla Example <carla@fr1endsclub.test>'
  assert.deepEqual(await hits('before', thief), [])
  assert.equal((await submit(house, 'carla@friendsclub.test', PASSWORD, 'Carla Example ')).at(-1)?.slice(0, 3), '250')
  assert.deepEqual(await hits('after', thief), ['FROM_FRIEND_NAME', 'FROM_LOOKALIKE'])
  assert.deepEqual(await hits('herself', 'Carla Example <carla@friendsclub.test>'), [])
  assert.deepEqual(await hits('colleague', 'Dora <dora@mail.friendsclub.test>'), [])
})

test('mail for an address that leads elsewhere goes on through the whole server, and its failures come back', async (t) => {
  const house = await start(t)
  const { accounts, store } = house.server.house
  const moved = { address: 'moved@postern.test', state: 'forward', targets: ['anna@elsewhere.test'] } as const
  assert.ok((await accounts.putAddress(moved)).ok)
  assert.match(await deliver(house, 'onward', moved.address), /^250 /)
  const queue = await store.queue({ most: 10 })
  assert.ok(queue.ok)
  const [entry] = queue.value
  assert.equal(entry?.recipient, 'anna@elsewhere.test')
  assert.match(entry?.sender ?? '', /^SRS0=\w{8}=\w\w=client\.demo\.test=carl@postern\.test$/)
  assert.match(await deliver(house, 'no report', entry?.sender), /^550 .*Only reports of failure/)
})

test('a wrong password sends nothing, and counts for every port', async (t) => {
  const house = await start(t)
  const said = await submit(house, USER, 'wrong')
  assert.deepEqual(
    said.slice(2, 4).map((line) => line.slice(0, 9)),
    ['535 5.7.8', '530 5.7.0'],
  )
  assert.equal(house.server.house.jail.failures('127.0.0.1'), 1)
})

test('an unknown recipient and a strange domain are refused at RCPT, and nothing is stored', async (t) => {
  const house = await start(t)
  assert.match(await deliver(house, 'x', 'nobody@postern.test'), /^550 5\.1\.1 /)
  assert.match(await deliver(house, 'x', 'a@elsewhere.example'), /^550 5\.7\.1 /)
  assert.deepEqual(await subjects(house), [])
})

test('mail to a trap is refused as spam, and bans its sender over a restart, until the pardon', async (t) => {
  const folder = scratch(t)
  const house = await start(t, { folder })
  assert.match(await deliver(house, 'buy', 'trap@postern.test', '127.0.0.9'), /^550 5\.7\.1 /)
  assert.match(await deliver(house, 'again', USER, '127.0.0.9'), /closed|reset/)
  await house.server.stop()
  const again = await start(t, { folder })
  assert.match(await deliver(again, 'again', USER, '127.0.0.9'), /closed|reset/)
  const answer = await askServer(folder, { verb: 'pardon', words: { subject: '127.0.0.9' } })
  assert.ok(answer.ok && answer.value.ok)
  assert.ok((await askServer(folder, { verb: 'pardon', words: { subject: '127.0.0.0/24' } })).ok)
  assert.match(await deliver(again, 'again', USER, '127.0.0.9'), /^250 /)
})

test('three wrong passwords close the ports for passwords, and cut what is open', async (t) => {
  const house = await start(t)
  const open = await dial({ host: '127.0.0.1', port: house.server.port('imap') ?? 0, localAddress: '127.0.0.9' })
  assert.ok(open.ok)
  assert.match(await open.value.line().then((line) => (line.ok ? line.value : '')), /^\* OK /)
  for (const guess of ['one', 'two', 'three']) {
    const imap = await dial({ host: '127.0.0.1', port: house.server.port('imap') ?? 0, localAddress: '127.0.0.9' })
    assert.ok(imap.ok)
    await imap.value.line()
    await imap.value.send(`a LOGIN ${USER} wrong-${guess}\r\n`)
    await imap.value.line()
    imap.value.destroy()
  }
  const last = await open.value.line()
  assert.ok(!last.ok || last.value.startsWith('* BYE'), JSON.stringify(last))
  const barred = await dial({ host: '127.0.0.1', port: house.server.port('imap') ?? 0, localAddress: '127.0.0.9' })
  if (barred.ok) assert.equal((await barred.value.line()).ok, false)
  assert.equal(house.log.counts.get('ban-set'), 1)
  assert.equal((await subjects(house)).length, 0, 'the owner, from another address, is let in')
})

test('a reload takes a new certificate and settings; a bad certificate leaves the old one', async (t) => {
  const house = await start(t)
  const peer = async (): Promise<string> => {
    const made = await dial({ host: '127.0.0.1', port: house.server.port('imaps') ?? 0, tls: { verify: false } })
    assert.ok(made.ok)
    const der = made.value.tls()?.certificate
    made.value.destroy()
    return Buffer.from(der ?? []).toString('base64')
  }
  const old = await peer()
  const made = await issue(['mail.postern.test'], Date.now())
  writeFileSync(join(house.folder, 'new.pem'), made.server.certificatePem)
  writeFileSync(join(house.folder, 'new.key'), made.server.keyPem)
  const tls = (certificate: string): Settings =>
    settingsOf(`[tls]\ncertificate = "${certificate}"\nkey = "new.key"\n[spam]\nflag = -100\n`)
  const wrong = await house.server.reload(tls('missing.pem'))
  assert.ok(!wrong.ok && wrong.error.includes('missing.pem'))
  assert.equal(await peer(), old)
  assert.ok((await house.server.reload(tls('new.pem'))).ok)
  assert.notEqual(await peer(), old)
  await deliver(house, 'now it is junk')
  assert.equal(house.log.counts.get('message-flagged'), 1)
})

test('a stop says goodbye, keeps all mail, and a second start finds it', async (t) => {
  const folder = scratch(t)
  const house = await start(t, { folder })
  await deliver(house, 'kept')
  const imap = await read(house)
  await imap.idle()
  const bye = imap.see(/^\* BYE /m)
  await house.server.stop()
  await bye
  const again = await start(t, { folder })
  assert.deepEqual(await subjects(again), ['kept'])
  assert.deepEqual(await again.server.house.store.check(), { ok: true, value: [] })
})

test('a second server on the same folder is refused with a sentence', async (t) => {
  const { folder, log } = await start(t)
  const second = await startServer({
    settings: settingsOf(),
    folder,
    file: (path) => join(folder, path),
    now: Date.now,
    log,
    dnsServers: [],
  })
  assert.ok(!second.ok)
  assert.match(second.error, /another Postern has this data folder open/)
})

test('a database that is damaged is told at the start, not served', async (t) => {
  const folder = scratch(t)
  const house = await start(t, { folder })
  await deliver(house, 'x')
  await house.server.stop()
  const file = openSync(join(folder, 'postern.db'), 'r+')
  writeSync(file, Buffer.alloc(200, 0x5a), 0, 200, 0)
  const second = await startServer({
    settings: settingsOf(),
    folder,
    file: (path) => join(folder, path),
    now: Date.now,
    log: house.log,
    dnsServers: [],
  })
  assert.ok(!second.ok)
  assert.match(second.error, /cannot open the store/)
})

for (const [what, zone] of [
  ['SERVFAIL', 'servfail'],
  ['REFUSED', 'refused'],
  ['nothing', 'timeout'],
] as const)
  test(`a DNS that answers ${what} neither refuses nor loses mail, and bans nobody`, async (t) => {
    const house = await start(t, { zone: () => zone, more: '[dns]\ntimeout = "300 ms"\n' })
    assert.match(await deliver(house, 'without names'), /^250 /)
    const imap = await read(house)
    const { text } = await imap.command('LIST "" *', { keep: true })
    imap.close()
    assert.match(text, /INBOX/)
    assert.equal(house.log.counts.get('ban-set'), undefined)
  })

test('a clock that jumps a year ahead and back loses no mail and keeps nobody out for ever', async (t) => {
  let skew = 0
  const house = await start(t, { now: () => Date.now() + skew })
  assert.match(await deliver(house, 'before'), /^250 /)
  skew = 366 * 86_400_000
  assert.match(await deliver(house, 'a year on'), /^250 /)
  house.server.house.jail.ban('127.0.0.9', 3_600_000, 'test')
  skew = 0
  assert.match(await deliver(house, 'back'), /^250 /)
  assert.match(await deliver(house, 'banned a year ahead', USER, '127.0.0.9'), /^250 /)
  house.server.house.jail.sweep()
  for (const { until } of house.server.house.jail.list())
    assert.ok(until <= Date.now() + 3_600_000, 'its own term at most')
  assert.equal((await subjects(house)).length, 4)
})

test('a learner that is damaged is set aside, and the filter goes on', async (t) => {
  const folder = scratch(t)
  writeFileSync(join(folder, 'learner.bin'), 'nonsense')
  const house = await start(t, { folder })
  assert.ok(existsSync(join(folder, 'learner.bin.damaged')))
  assert.equal(house.log.counts.get('learner-damaged'), 1)
  assert.match(await deliver(house, 'x'), /^250 /)
})

test('the metrics count what happened, and health is good', async (t) => {
  const house = await start(t)
  await deliver(house, 'x')
  const port = house.server.port('metrics')
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  assert.match(page, /^postern_events_total\{event="message-accepted",level="info"\} 1$/m)
  assert.match(page, /^postern_messages 1$/m)
  const health = await fetch(`http://127.0.0.1:${port}/health`)
  assert.equal(health.status, 200)
})

test('no password stands in the log, whatever was logged', async (t) => {
  const house = await start(t)
  await subjects(house)
  const imap = await read(house, 'wrong password').catch((error: Error) => error)
  assert.ok(imap instanceof Error)
  const all = house.lines.join('')
  assert.ok(all.includes('login-failed') && all.includes('login-good'))
  assert.ok(!all.includes(PASSWORD) && !all.includes('wrong password'))
  assert.ok(readFileSync(join(house.folder, 'postern.db')).length > 0)
})

test('an app password is made, opens, is revoked; the sessions that used it end, and no others', async (t) => {
  const house = await start(t)
  const admin = async (verb: string, words: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const answer = await askServer(house.folder, { verb, words })
    assert.ok(answer.ok && answer.value.ok, JSON.stringify(answer))
    return answer.value.value
  }
  const made = await admin('app-password-add', { account: USER, label: 'phone', scopes: ['imap'] })
  const password = made instanceof Object ? String(Reflect.get(made, 'password')) : ''
  const [own, phone] = [await read(house), await read(house, password)]
  assert.match((await submit(house, USER, password))[2] ?? '', /^535 5\.7\.8 /)
  await phone.idle()
  const cut = phone.see(/^\* BYE \[AUTHENTICATIONFAILED\] /m)
  assert.deepEqual(await admin('app-password-revoke', { account: USER, which: 'phone' }), {
    names: ['phone'],
    sessions: 1,
  })
  await cut
  assert.ok(await own.command('NOOP'))
  await assert.rejects(read(house, password))
  assert.deepEqual(await admin('app-password-list', { account: USER }), [])
  own.close()
})

test('mail to be sent later to somebody here waits, and is there when its time has come', async (t) => {
  let ahead = 0
  const house = await start(t, { now: () => Date.now() + ahead })
  const smtp = await dial({ host: '127.0.0.1', port: house.server.port('submission') ?? 0 })
  assert.ok(smtp.ok)
  await reply(smtp.value)
  const secret = Buffer.from(`\0${USER}\0${PASSWORD}`).toString('base64')
  for (const line of [
    'EHLO phone',
    `AUTH PLAIN ${secret}`,
    `MAIL FROM:<${USER}> HOLDFOR=3600`,
    `RCPT TO:<${USER}>`,
    'DATA',
  ])
    assert.match(await say(smtp.value, line), /^[23]/)
  assert.match(await say(smtp.value, `From: ${USER}\r\nSubject: later\r\n\r\nx\r\n.`), /^250 /)
  smtp.value.destroy()
  assert.deepEqual(await subjects(house), [])
  const imap = await read(house)
  await imap.idle()
  const seen = imap.see(/^\* 1 EXISTS\r\n/m)
  ahead = 3_600_001
  house.server.house.sending.runner.sweep()
  await seen
  imap.close()
  assert.deepEqual(await subjects(house), ['later'])
})
