/**
 * Real mail programs that send, against a running server: swaks, curl, Python's smtplib, msmtp (SCRAM too), nodemailer, neomutt, mailutils' mail. Each logs in on 465 or 587, its
 * message is in the inbox of who it wrote to with its trace and without Bcc, and what goes elsewhere waits in the queue.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { createTransport } from 'nodemailer'
import { askServer } from '../../src/app/admin/socket.ts'
import { type Demo, startDemo } from './demo.ts'

let demo: Demo
let scratch: string
before(async () => {
  demo = await startDemo(23700)
  scratch = mkdtempSync(join(tmpdir(), 'postern-submission-'))
})
after(async () => {
  await demo.stop()
  rmSync(scratch, { recursive: true, force: true })
})

const run = (command: string, args: readonly string[], input = '') => {
  const done = spawnSync(command, args, {
    encoding: 'latin1',
    timeout: 60_000,
    input,
    env: { ...process.env, HOME: scratch, SSL_CERT_FILE: demo.ca },
  })
  return { code: done.status, out: done.stdout, err: done.stderr }
}
const good = (command: string, args: readonly string[], input = ''): void => {
  const done = run(command, args, input)
  assert.equal(done.code, 0, `${command}: ${done.out}${done.err}`)
}
const anna = () => demo.accounts[0] ?? { address: '', password: '' }
const ben = () => demo.accounts[1] ?? { address: '', password: '' }
const friend = 'carl@friend.demo.test'

/** The message of that subject in ben's inbox, waited for. */
const arrived = async (subject: string): Promise<string> => {
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: demo.ports.imaps,
    secure: true,
    auth: { user: ben().address, pass: ben().password },
    tls: { rejectUnauthorized: false },
    logger: false,
  })
  await client.connect()
  try {
    await client.mailboxOpen('INBOX')
    const found = await client.search({ subject }, { uid: true })
    assert.ok(Array.isArray(found) && found.length === 1, `${subject}: ${JSON.stringify(found)}`)
    const message = await client.fetchOne(String(found[0]), { source: true }, { uid: true })
    assert.ok(message !== false && message.source !== undefined)
    return message.source.toString('latin1')
  } finally {
    await client.logout()
  }
}

/** What a message must be like, whichever program sent it. */
const check = async (subject: string, protocol = 'ESMTPSA'): Promise<string> => {
  const text = await arrived(subject)
  const head = text.slice(0, text.indexOf('\r\n\r\n'))
  assert.match(head, new RegExp(`^Return-Path: <${anna().address}>\r\nReceived: by ${demo.host} with ${protocol} `))
  assert.match(head, /\r\nAuthentication-Results: [^\r]*;\r\n\tauth=pass smtp\.mailfrom=/)
  for (const name of ['Date', 'Message-ID']) assert.match(head, new RegExp(`^${name}: `, 'im'), name)
  assert.doesNotMatch(head, /^bcc:/im)
  assert.doesNotMatch(head, /127\.0\.0\.1/)
  return text
}

/** What `postern why` knows of the copy that leaves. */
const left = async (subject: string): Promise<string | undefined> => {
  const answer = await askServer(demo.folder, { verb: 'receipts', words: { since: 0, match: subject, most: 1 } })
  const story = /"story":"(.*)"/.exec(JSON.stringify(answer))?.[1] ?? ''
  return new RegExp(`"${friend}","(\\w+)"`).exec(story.replaceAll('\\"', '"'))?.[1]
}

const message = (subject: string): string =>
  `From: Anna <${anna().address}>\r\nTo: <${ben().address}>\r\nBcc: <${friend}>\r\nSubject: ${subject}\r\n\r\nHello.\r\n.a dot\r\n`

for (const [name, args] of [
  ['465, PLAIN', () => ['--port', String(demo.ports.submissions), '--tls-on-connect', '--auth', 'PLAIN']],
  ['465, LOGIN', () => ['--port', String(demo.ports.submissions), '--tls-on-connect', '--auth', 'LOGIN']],
  ['587, PLAIN', () => ['--port', String(demo.ports.submission), '--tls', '--auth', 'PLAIN']],
  ['587, LOGIN', () => ['--port', String(demo.ports.submission), '--tls', '--auth', 'LOGIN']],
] as const)
  test(`swaks: ${name}`, async () => {
    const subject = `swaks ${name}`
    const login = ['--auth-user', anna().address, '--auth-password', anna().password]
    const envelope = ['--from', anna().address, '--to', `${ben().address},${friend}`, '--ehlo', 'phone']
    good('swaks', ['--server', '127.0.0.1', ...args(), ...login, ...envelope, '--data', message(subject)])
    assert.ok((await check(subject)).includes('\r\nHello.\r\n.a dot\r\n'))
    assert.equal(await left(subject), 'waiting')
  })

test('swaks: no password before TLS, no other sender, no wrong password', () => {
  const server = ['--server', '127.0.0.1', '--port', String(demo.ports.submission), '--to', ben().address]
  const login = ['--auth-user', anna().address, '--auth-password', anna().password]
  const plain = run('swaks', [...server, '--from', anna().address, '--auth', 'PLAIN', ...login])
  assert.match(plain.out + plain.err, /did not advertise authentication/)
  assert.notEqual(plain.code, 0)
  const other = run('swaks', [...server, '--from', friend, '--tls', '--auth', 'PLAIN', ...login])
  assert.match(other.out, /550 5\.7\.1 carl@friend\.demo\.test is not an address of /)
  const wrong = ['--auth-user', anna().address, '--auth-password', 'wrong']
  const refused = run('swaks', [...server, '--from', anna().address, '--tls', '--auth', 'PLAIN', ...wrong])
  assert.match(refused.out, /535 5\.7\.8/)
})

for (const [name, scheme, port, options] of [
  ['smtps', 'smtps', 'submissions', []],
  ['smtp with STARTTLS', 'smtp', 'submission', ['--ssl-reqd']],
  ['AUTH LOGIN', 'smtps', 'submissions', ['--login-options', 'AUTH=LOGIN']],
  ['an initial response', 'smtps', 'submissions', ['--sasl-ir']],
] as const)
  test(`curl: ${name}`, async () => {
    const subject = `curl ${name}`
    const file = join(scratch, 'curl.eml')
    writeFileSync(file, message(subject))
    const url = `${scheme}://127.0.0.1:${demo.ports[port]}/phone`
    const login = ['--user', `${anna().address}:${anna().password}`]
    const envelope = ['--mail-from', anna().address, '--mail-rcpt', ben().address, '--mail-rcpt', friend]
    good('curl', ['-sS', '--cacert', demo.ca, url, ...options, ...login, ...envelope, '--upload-file', file])
    await check(subject)
  })

test("Python's smtplib: SMTP_SSL and STARTTLS, PLAIN and LOGIN with and without an initial response, SMTPUTF8", async () => {
  const script = `
import smtplib, ssl, sys
from email.message import EmailMessage
implicit, starttls, ca, user, password, to, friend = sys.argv[1:8]
context = ssl.create_default_context(cafile=ca)
def send(s, subject):
    m = EmailMessage()
    m['From'], m['To'], m['Bcc'], m['Subject'] = user, to, friend, subject
    m.set_content('Hello')
    assert s.send_message(m, mail_options=['HOLDFOR=0']) == {}
    s.quit()
for name, first in (('PLAIN', True), ('PLAIN', False), ('LOGIN', True), ('LOGIN', False)):
    s = smtplib.SMTP_SSL('localhost', int(implicit), local_hostname='phone', context=context)
    s.ehlo()
    assert s.has_extn('auth') and s.has_extn('futurerelease') and s.has_extn('dsn')
    s.user, s.password = user, password
    code, _ = s.auth(name, s.auth_plain if name == 'PLAIN' else s.auth_login, initial_response_ok=first)
    assert code == 235
    send(s, f'smtplib {name} {first}')
s = smtplib.SMTP('localhost', int(starttls), local_hostname='phone')
s.ehlo()
assert not s.has_extn('auth') and s.has_extn('starttls')
s.starttls(context=context)
s.login(user, password)
send(s, 'smtplib starttls')
s = smtplib.SMTP_SSL('localhost', int(implicit), local_hostname='phone', context=context)
try:
    s.login(user, 'wrong')
    raise SystemExit('a wrong password was right')
except smtplib.SMTPAuthenticationError as e: assert e.smtp_code == 535, e
s.close()
s = smtplib.SMTP_SSL('localhost', int(implicit), local_hostname='phone', context=context)
s.login(user, password)
assert s.mail(user, ['SMTPUTF8', 'BODY=8BITMIME'])[0] == 250
assert s.rcpt(to)[0] == 250
assert s.data(('From: \\u00e9 <%s>\\r\\nSubject: smtplib utf8\\r\\n\\r\\nx\\r\\n' % user).encode())[0] == 250
try:
    s.sendmail(user, [to], 'Subject: no author\\r\\n\\r\\nx')
    raise SystemExit('no author')
except smtplib.SMTPDataError as e: assert e.smtp_code == 550 and b'From' in e.smtp_error, e
print('good')
`
  const file = join(scratch, 'client.py')
  writeFileSync(file, script)
  const ports = [demo.ports.submissions, demo.ports.submission].map(String)
  const done = run('python3', [file, ...ports, demo.ca, anna().address, anna().password, ben().address, friend])
  assert.equal(done.out.trim(), 'good', done.err)
  for (const subject of ['PLAIN True', 'PLAIN False', 'LOGIN True', 'LOGIN False', 'starttls'])
    await check(`smtplib ${subject}`)
  await check('smtplib utf8', 'UTF8SMTPSA')
})

for (const [auth, port, starttls] of [
  ['plain', 'submissions', 'off'],
  ['login', 'submission', 'on'],
  ['scram-sha-256', 'submissions', 'off'],
  ['scram-sha-256', 'submission', 'on'],
] as const)
  test(`msmtp: ${auth} on ${port}`, async () => {
    const subject = `msmtp ${auth} ${port}.`
    const file = join(scratch, 'msmtprc')
    writeFileSync(
      file,
      `account default\nhost localhost\nport ${demo.ports[port]}\ntls on\ntls_starttls ${starttls}\ntls_trust_file ${demo.ca}\nauth ${auth}\nuser ${anna().address}\npassword ${anna().password}\nfrom ${anna().address}\n`,
    )
    chmodSync(file, 0o600)
    const text = message(subject).replaceAll('\r\n', '\n')
    good('msmtp', ['-C', file, '-N', 'failure,success', '--', ben().address, friend], text)
    await check(subject)
  })

test('nodemailer: an attachment of a megabyte, a calendar, UTF-8 everywhere', async () => {
  const transport = createTransport({
    host: 'localhost',
    port: demo.ports.submissions,
    secure: true,
    name: 'phone',
    auth: { user: anna().address, pass: anna().password },
    tls: { ca: readFileSync(demo.ca) },
  })
  const content = Buffer.alloc(1_048_576, 'attached ')
  const sent = await transport.sendMail({
    from: { name: 'Änna', address: anna().address },
    to: ben().address,
    bcc: friend,
    subject: 'nodemailer größe',
    text: 'Grüße',
    attachments: [{ filename: 'ü.bin', content }],
  })
  assert.deepEqual(sent.accepted, [ben().address, friend])
  transport.close()
  const text = await check('nodemailer gr')
  const encoded = text.replaceAll('\r\n', '').includes(content.toString('base64').slice(0, 2000))
  assert.ok(encoded)
})

for (const auth of ['plain', 'login'] as const)
  test(`neomutt: ${auth}`, async () => {
    // Of the -PLUS mechanisms Debian's neomutt takes the first, without the binding that it needs (docs/quirks.md).
    const file = join(scratch, 'neomuttrc')
    const url = `smtps://${encodeURIComponent(anna().address)}:${encodeURIComponent(anna().password)}@localhost:${demo.ports.submissions}/`
    writeFileSync(
      file,
      `set smtp_url="${url}"\nset from="${anna().address}"\nset use_from=yes\nset ssl_ca_certificates_file="${demo.ca}"\nset certificate_file="${demo.ca}"\nset ssl_force_tls=yes\nset copy=no\nset hostname=phone.example\nset smtp_authenticators="${auth}"\n`,
    )
    good('neomutt', ['-n', '-F', file, '-s', `neomutt ${auth}.`, '-b', friend, '--', ben().address], 'Hello\n')
    await check(`neomutt ${auth}.`)
  })
