/**
 * Real POP3 clients against a running server: Python's poplib, curl, fetchmail, mpop, getmail. They bring down messages with dots, without a last line end, and of some
 * megabytes, byte for byte; they know by UIDL what they have; what they remove is gone for IMAP.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { type Demo, startDemo } from './demo.ts'

let demo: Demo
let scratch: string
before(async () => {
  demo = await startDemo(23100)
  scratch = mkdtempSync(join(tmpdir(), 'postern-pop3-'))
})
after(async () => {
  await demo.stop()
  rmSync(scratch, { recursive: true, force: true })
})

/** getmail delivers as root to nobody. */
const isRoot = userInfo().uid === 0

const run = (command: string, args: readonly string[], input = '') => {
  const done = spawnSync(command, args, {
    encoding: 'latin1',
    timeout: 60_000,
    input,
    maxBuffer: 1 << 26,
    env: { ...process.env, HOME: scratch, FETCHMAILHOME: scratch },
  })
  return { code: done.status, out: done.stdout, err: done.stderr }
}
const user = () => demo.accounts[0] ?? { address: '', password: '' }

const head = (n: number): string =>
  `From: Carl <carl@friend.demo.test>\r\nTo: <${user().address}>\r\nSubject: pop3-${n}\r\nDate: Tue, 24 Nov 2026 05:20:16 +0000\r\nMessage-ID: <pop3-${n}@friend.demo.test>\r\n\r\n`
const bodies: readonly string[] = [
  '.\r\n..\r\n.a line\r\nFrom here on\r\n',
  `${'A long line of a large message, number 0123456789\r\n'.repeat(50_000)}`,
  '\xe4\xf6\xfc in octets\r\n',
  'x'.repeat(20_000).concat('\r\n'),
  ...Array.from({ length: 46 }, (_, n) => `A plain note, number ${n}.\r\n`.repeat(n + 1)),
]
const wanted = (): readonly string[] => bodies.map((body, n) => head(n) + body)

/** An INBOX with the messages and nothing else. */
const fill = async (): Promise<void> => {
  const client = await imap()
  try {
    const status = await client.status('INBOX', { messages: true })
    if (status !== false && (status.messages ?? 0) > 0) {
      await client.mailboxOpen('INBOX')
      await client.messageDelete('1:*')
    }
    for (const text of wanted()) await client.append('INBOX', Buffer.from(text, 'latin1'))
  } finally {
    await client.logout()
  }
}
const imap = async (): Promise<ImapFlow> => {
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: demo.ports.imaps,
    secure: true,
    auth: { user: user().address, pass: user().password },
    tls: { rejectUnauthorized: false },
    logger: false,
  })
  await client.connect()
  return client
}
const inInbox = async (what: { readonly seen: boolean } | { readonly all: true }): Promise<number> => {
  const client = await imap()
  try {
    await client.mailboxOpen('INBOX')
    const found = await client.search(what)
    return found === false || found === undefined ? 0 : found.length
  } finally {
    await client.logout()
  }
}

/** Every file below a Maildir, as CRLF text, without what the client put before our first field. */
const maildir = (folder: string): readonly string[] =>
  ['new', 'cur']
    .flatMap((part) => readdirSync(join(folder, part)).map((name) => join(folder, part, name)))
    .map((file) => readFileSync(file, 'latin1').replaceAll('\n', '\r\n'))
    .map((text) => text.slice(text.indexOf('From: Carl')))
const sorted = (texts: readonly string[]): readonly string[] => [...texts].sort()
const newMaildir = (name: string): string => {
  const folder = join(scratch, name)
  for (const part of ['new', 'cur', 'tmp']) mkdirSync(join(folder, part), { recursive: true })
  return folder
}

test("Python's poplib: every command over STLS, a second session, and what is removed", async () => {
  await fill()
  const script = `
import poplib, ssl, sys
pop3, pop3s, ca, user, password = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5]
context = ssl.create_default_context(cafile=ca)
m = poplib.POP3('localhost', pop3, timeout=20)
assert 'STLS' in m.capa() and 'USER' not in m.capa()
try:
    m.user(user)
    raise SystemExit('a name was taken without TLS')
except poplib.error_proto: pass
m.stls(context)
assert 'PLAIN' in m.capa()['SASL'], m.capa()
m.utf8()
m.user(user); m.pass_(password)
count, octets = m.stat()
assert count == 50, count
assert sum(int(one.split()[1]) for one in m.list()[1]) == octets
ids = [one.split()[1] for one in m.uidl()[1]]
assert len(set(ids)) == 50
response, lines, size = m.retr(1)
assert lines[-4:] == [b'.', b'..', b'.a line', b'From here on'], lines
assert len(m.retr(2)[1]) == 50006
assert m.top(3, 0)[1][-1] == b'' and m.top(3, 1)[1][-1] == b'\\xe4\\xf6\\xfc in octets'
other = poplib.POP3_SSL('localhost', pop3s, context=context)
other.user(user)
try:
    other.pass_(password)
    raise SystemExit('two sessions')
except poplib.error_proto as e: assert b'[IN-USE]' in e.args[0], e
m.dele(1); m.dele(50); m.rset(); m.dele(50); m.noop()
m.quit()
try: other.pass_(password)
except poplib.error_proto: pass
other.user(user); other.pass_(password)
assert other.stat()[0] == 49
assert [one.split()[1] for one in other.uidl()[1]] == ids[:49]
other.quit()
print('good')
`
  const file = join(scratch, 'client.py')
  writeFileSync(file, script)
  const ports = [demo.ports.pop3, demo.ports.pop3s].map(String)
  const done = run('python3', [file, ...ports, demo.ca, user().address, user().password])
  assert.equal(done.out.trim(), 'good', done.err)
  assert.equal(await inInbox({ all: true }), 49)
  assert.equal(await inInbox({ seen: true }), 2)
})

for (const [name, scheme, port, more] of [
  ['POP3S', 'pop3s', 'pop3s', []],
  ['STLS', 'pop3', 'pop3', ['--ssl-reqd']],
  ['AUTH PLAIN', 'pop3s', 'pop3s', ['--login-options', 'AUTH=PLAIN']],
  ['AUTH LOGIN', 'pop3s', 'pop3s', ['--login-options', 'AUTH=LOGIN']],
  ['AUTH PLAIN with an initial response', 'pop3s', 'pop3s', ['--sasl-ir']],
] as const)
  test(`curl lists and retrieves: ${name}`, () => {
    const curl = (path: string, words: readonly string[] = []) =>
      run('curl', [
        ...['-sS', '--cacert', demo.ca, '-u', `${user().address}:${user().password}`, ...more, ...words],
        `${scheme}://localhost:${demo.ports[port]}/${path}`,
      ])
    const list = curl('')
    assert.equal(list.code, 0, list.err)
    assert.equal(list.out.trim().split('\n').length, 49)
    const one = curl('2')
    assert.equal(one.out, wanted()[1])
    assert.match(curl('', ['-X', 'UIDL']).out, /^1 \S+\r\n2 \S+\r\n/)
    assert.notEqual(curl('4000').code, 0)
  })

test('fetchmail keeps, knows what it has, and then removes', async () => {
  await fill()
  const folder = newMaildir('fetchmail')
  const rc = join(scratch, 'fetchmailrc')
  const config = (keep: string): void =>
    writeFileSync(
      rc,
      `set no syslog\npoll localhost protocol pop3 service ${demo.ports.pop3s} uidl\n  user "${user().address}" password "${user().password}" ssl sslcertck sslcertfile ${demo.ca} ${keep} no rewrite\n  mda "cat > ${folder}/new/$$.$(date +%N)"\n`,
      { mode: 0o600 },
    )
  config('keep')
  const first = run('fetchmail', ['-f', rc, '--nodetach', '--invisible'])
  assert.equal(first.code, 0, first.err + first.out)
  // fetchmail 6.4 breaks lines of more than its buffer's 8,192 octets and puts octets of its own memory between: such a message is left to the others.
  const subjectOf = (text: string): string => /^Subject: (.*)\r$/m.exec(text)?.[1] ?? ''
  const tooLong = new Set(wanted().flatMap((text) => (/[^\r\n]{8192}/.test(text) ? [subjectOf(text)] : [])))
  const others = (texts: readonly string[]): readonly string[] =>
    sorted(texts.filter((text) => !tooLong.has(subjectOf(text))))
  assert.equal(tooLong.size, 1)
  assert.equal(maildir(folder).length, wanted().length)
  assert.deepEqual(others(maildir(folder)), others(wanted()))
  const second = run('fetchmail', ['-f', rc, '--nodetach'])
  assert.equal(second.code, 1, 'fetchmail says 1 when there is no new mail')
  config('no keep fetchall')
  const third = run('fetchmail', ['-f', rc, '--nodetach', '--invisible'])
  assert.equal(third.code, 0, third.err + third.out)
  assert.equal(await inInbox({ all: true }), 0)
})

for (const auth of ['user', 'plain', 'scram-sha-256'])
  test(`mpop brings it all down, pipelined, with auth ${auth}`, async () => {
    await fill()
    const folder = newMaildir(`mpop-${auth}`)
    const rc = join(scratch, `mpoprc-${auth}`)
    writeFileSync(
      rc,
      `account a\nhost localhost\nport ${demo.ports.pop3}\ntls on\ntls_starttls on\ntls_trust_file ${demo.ca}\nuser ${user().address}\npassword ${user().password}\nauth ${auth}\npipelining on\nkeep on\nreceived_header off\nuidls_file ${scratch}/uidls-${auth}\ndelivery maildir ${folder}\naccount default : a\n`,
      { mode: 0o600 },
    )
    const first = run('mpop', ['-C', rc])
    assert.equal(first.code, 0, first.err)
    assert.deepEqual(sorted(maildir(folder)), sorted(wanted()))
    const second = run('mpop', ['-C', rc])
    assert.match(second.out, /new: no messages/)
    assert.equal(maildir(folder).length, 50)
    const third = run('mpop', ['-C', rc, '--keep=off'])
    assert.equal(third.code, 0, third.err)
    assert.equal(await inInbox({ all: true }), 0)
  })

test('getmail brings it all down once, and removes', async () => {
  await fill()
  const folder = newMaildir('getmail')
  const home = join(scratch, 'getmail-home')
  if (isRoot) {
    run('chmod', ['755', scratch])
    run('chown', ['-R', 'mail', folder])
  }
  mkdirSync(home, { recursive: true })
  const config = (remove: boolean): void =>
    writeFileSync(
      join(home, 'getmailrc'),
      `[retriever]\ntype = SimplePOP3SSLRetriever\nserver = localhost\nport = ${demo.ports.pop3s}\nusername = ${user().address}\npassword = ${user().password}\nca_certs = ${demo.ca}\n[destination]\ntype = Maildir\npath = ${folder}/\n${isRoot ? 'user = mail\n' : ''}[options]\nread_all = false\ndelete = ${remove}\ndelivered_to = false\nreceived = false\n`,
      { mode: 0o600 },
    )
  config(false)
  const first = run('getmail', ['--getmaildir', home])
  assert.equal(first.code, 0, first.err + first.out)
  assert.deepEqual(sorted(maildir(folder)), sorted(wanted()))
  const second = run('getmail', ['--getmaildir', home])
  assert.match(second.out, /0 messages \(0 bytes\) retrieved, 50 skipped/)
  config(true)
  const third = run('getmail', ['--getmaildir', home])
  assert.equal(third.code, 0, third.err + third.out)
  assert.equal(await inInbox({ all: true }), 0)
})
