/**
 * Real clients against a running server: curl (SMTP, IMAP), swaks, mbsync, Python's smtplib and imaplib, nodemailer, imapflow.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { createTransport } from 'nodemailer'
import { type Demo, startDemo } from './demo.ts'

let demo: Demo
let scratch: string
before(async () => {
  demo = await startDemo(22100)
  scratch = mkdtempSync(join(tmpdir(), 'postern-clients-'))
})
after(async () => {
  await demo.stop()
  rmSync(scratch, { recursive: true, force: true })
})

const run = (command: string, args: readonly string[], input?: string) => {
  const done = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: 60_000,
    ...(input === undefined ? {} : { input }),
  })
  return { code: done.status, out: done.stdout, err: done.stderr }
}
const first = () => demo.accounts[0] ?? { address: '', password: '' }
const mail = (subject: string): string =>
  `From: Carl <carl@friend.demo.test>\r\nTo: <${first().address}>\r\nSubject: ${subject}\r\n` +
  `Date: Tue, 24 Nov 2026 05:20:16 +0000\r\nMessage-ID: <${subject}@friend.demo.test>\r\n\r\nA plain note about ${subject}.\r\n`

test('curl sends by SMTP with STARTTLS and reads by IMAPS', () => {
  const file = join(scratch, 'curl.eml')
  writeFileSync(file, mail('from-curl'))
  const sent = run('curl', [
    '-sS',
    '--ssl-reqd',
    '--cacert',
    demo.ca,
    '--connect-to',
    `${demo.host}:${demo.ports.smtp}:127.0.0.1:${demo.ports.smtp}`,
    `smtp://${demo.host}:${demo.ports.smtp}/client.demo.test`,
    '--mail-from',
    'carl@friend.demo.test',
    '--mail-rcpt',
    first().address,
    '-T',
    file,
  ])
  assert.equal(sent.code, 0, sent.err)
  const read = run('curl', [
    '-sS',
    '--cacert',
    demo.ca,
    '--connect-to',
    `${demo.host}:${demo.ports.imaps}:127.0.0.1:${demo.ports.imaps}`,
    `imaps://${demo.host}:${demo.ports.imaps}/INBOX?SUBJECT%20from-curl`,
    '-u',
    `${first().address}:${first().password}`,
  ])
  assert.equal(read.code, 0, read.err)
  assert.match(read.out, /^\* SEARCH \d+/m)
})

test('swaks sends over STARTTLS, and is refused for a user who is not there', () => {
  const args = [
    '--server',
    '127.0.0.1',
    '--port',
    String(demo.ports.smtp),
    '--from',
    'carl@friend.demo.test',
    '--helo',
    'client.demo.test',
    '-tls',
    '--tls-ca-path',
    demo.ca,
  ]
  const good = run('swaks', [...args, '--to', first().address, '--header', 'Subject: from-swaks'])
  assert.equal(good.code, 0, `${good.out}${good.err}`)
  const bad = run('swaks', [...args, '--to', `nobody-here@${first().address.split('@')[1]}`])
  assert.equal(bad.code, 24, 'swaks says 24 when no recipient was taken')
  assert.match(bad.out, /550 5\.1\.1/)
})

test('mbsync brings a mailbox down, and takes flags and a new message up', () => {
  const maildir = join(scratch, 'mbsync')
  mkdirSync(maildir, { recursive: true })
  const config = join(scratch, 'mbsyncrc')
  const text = `IMAPStore far\nHost localhost\nPort ${demo.ports.imaps}\nUser ${first().address}\nPass ${first().password}\nSSLType IMAPS\nCertificateFile ${demo.ca}\n\nMaildirStore near\nPath ${maildir}/\nInbox ${maildir}/INBOX\nSubFolders Verbatim\n\nChannel all\nFar :far:\nNear :near:\nPatterns *\nCreate Both\nExpunge Both\nSyncState *\n`
  writeFileSync(config, text, { mode: 0o600 })
  const down = run('mbsync', ['-c', config, '-a'])
  assert.equal(down.code, 0, down.err)
  const inbox = [...readdirSync(join(maildir, 'INBOX', 'new')), ...readdirSync(join(maildir, 'INBOX', 'cur'))]
  assert.ok(inbox.length >= 1, 'nothing came down')
  writeFileSync(join(maildir, 'INBOX', 'new', '1.from-mbsync.here'), mail('from-mbsync').replaceAll('\r\n', '\n'))
  const up = run('mbsync', ['-c', config, '-a'])
  assert.equal(up.code, 0, up.err)
  const again = run('mbsync', ['-c', config, '-a'])
  assert.equal(again.code, 0, again.err)
})

test("Python's smtplib and imaplib work", () => {
  const script = `
import imaplib, smtplib, ssl, sys
host, smtp, imap, ca, user, password = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5], sys.argv[6]
context = ssl.create_default_context(cafile=ca)
context.check_hostname = False
with smtplib.SMTP('127.0.0.1', smtp, local_hostname='client.demo.test') as s:
    s.starttls(context=context)
    s.sendmail('carl@friend.demo.test', [user], sys.stdin.read().encode())
with imaplib.IMAP4_SSL('127.0.0.1', imap, ssl_context=context) as m:
    m.login(user, password)
    m.select('INBOX')
    typ, found = m.search(None, 'SUBJECT', '"from-python"')
    assert found[0].split(), found
    typ, got = m.fetch(found[0].split()[-1], '(BODY.PEEK[TEXT] FLAGS)')
    assert b'A plain note about from-python' in got[0][1], got
    m.store(found[0].split()[-1], '+FLAGS', '(\\\\Flagged)')
    m.create('Kept')
    m.copy(found[0].split()[-1], 'Kept')
    assert m.select('Kept')[1] == [b'1']
print('good')
`
  const file = join(scratch, 'client.py')
  writeFileSync(file, script)
  const done = run(
    'python3',
    [file, '127.0.0.1', String(demo.ports.smtp), String(demo.ports.imaps), demo.ca, first().address, first().password],
    mail('from-python'),
  )
  assert.equal(done.out.trim(), 'good', done.err)
})

test('nodemailer sends an attachment, imapflow reads it back', async () => {
  const transport = createTransport({
    host: '127.0.0.1',
    port: demo.ports.smtp,
    name: 'client.demo.test',
    requireTLS: true,
    tls: { rejectUnauthorized: false },
  })
  const content = Buffer.from(Array.from({ length: 5000 }, (_, n) => n % 256))
  await transport.sendMail({
    from: 'carl@friend.demo.test',
    to: first().address,
    subject: 'from-nodemailer é',
    text: 'hello',
    attachments: [{ filename: 'a.bin', content }],
  })
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: demo.ports.imaps,
    secure: true,
    auth: { user: first().address, pass: first().password },
    tls: { rejectUnauthorized: false },
    logger: false,
  })
  await client.connect()
  const lock = await client.getMailboxLock('INBOX')
  try {
    const found = await client.search({ subject: 'from-nodemailer' }, { uid: true })
    assert.ok(Array.isArray(found) && found.length === 1)
    const { content: stream } = await client.download(String(found[0]), '2', { uid: true })
    const parts: Buffer[] = []
    assert.ok(stream !== undefined)
    for await (const part of stream) parts.push(Buffer.from(part))
    assert.deepEqual(Buffer.concat(parts), content)
    await client.messageMove(String(found[0]), 'Archive', { uid: true })
    const status = await client.status('Archive', { messages: true })
    assert.equal(status === false ? undefined : status.messages, 1)
  } finally {
    lock.release()
    await client.logout()
  }
})
