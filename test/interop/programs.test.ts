/**
 * More mail programs of Debian against a running server, each with a mailbox of 500 messages: fetchmail, getmail, imapfilter, offlineimap, neomutt, and
 * mailutils' messages, movemail and mail. Each brings down, searches, flags, moves, deletes and uploads as far as it can; what the server has then is asked of
 * the server by a connection of our own. POP3 is in pop3.test.ts.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ImapLoad, openImap } from '../../bench/load/imap.ts'
import { type Demo, startDemo } from './demo.ts'

const COUNT = 500
/** No program needs a third of it on a slow machine. */
const BOUND = { timeout: 60_000 }

let demo: Demo
let scratch: string
let eye: ImapLoad

const user = () => demo.accounts[0] ?? { address: '', password: '' }
const mail = (name: string): string =>
  `From: Carl <carl@friend.demo.test>\r\nTo: <${user().address}>\r\nSubject: ${name}\r\n` +
  `Date: Tue, 24 Nov 2026 05:20:16 +0000\r\nMessage-ID: <${name.replaceAll(' ', '-')}@friend.demo.test>\r\n\r\nA plain note, ${name}.\r\n`

/** What the server says to our own connection. */
const ask = async (command: string): Promise<string> => {
  const { ok, text, tagged } = await eye.command(command, { keep: true })
  assert.ok(ok, `${command}: ${tagged}`)
  return text
}
/** How many messages a search finds in a mailbox. */
const found = async (mailbox: string, keys: string): Promise<number> => {
  await ask(`EXAMINE "${mailbox}"`)
  const text = await ask(`SEARCH ${keys}`)
  return (/^\* SEARCH((?: \d+)*)/m.exec(text)?.[1] ?? '').split(' ').filter((word) => word !== '').length
}
/** A mailbox with the first messages of INBOX. */
const copyTo = async (mailbox: string, count = COUNT): Promise<void> => {
  await ask(`CREATE "${mailbox}"`)
  await ask('EXAMINE INBOX')
  await ask(`COPY 1:${count} "${mailbox}"`)
}

before(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'postern-programs-'))
  chmodSync(scratch, 0o755)
  demo = await startDemo(31000)
  eye = await openImap({
    host: '127.0.0.1',
    port: demo.ports.imaps,
    tls: true,
    user: user().address,
    password: user().password,
  })
  for (let n = 1; n <= COUNT; n += 1) {
    const { ok, tagged } = await eye.command('APPEND INBOX', { literal: Buffer.from(mail(`number ${n}`)) })
    assert.ok(ok, tagged)
  }
})
after(async () => {
  eye.close()
  await demo.stop()
  rmSync(scratch, { recursive: true, force: true })
})

const run = (command: string, args: readonly string[], options: { input?: string; env?: NodeJS.ProcessEnv } = {}) => {
  const done = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: 50_000,
    input: options.input ?? '',
    maxBuffer: 1 << 26,
    env: { ...process.env, HOME: scratch, FETCHMAILHOME: scratch, TERM: 'xterm', ...options.env },
  })
  return { code: done.status, out: done.stdout, err: done.stderr, all: `${done.stdout}${done.stderr}` }
}
const config = (name: string, text: string): string => {
  const file = join(scratch, name)
  writeFileSync(file, text, { mode: 0o600 })
  return file
}
const url = (mailbox: string): string =>
  `imaps://${encodeURIComponent(user().address)}:${user().password}@localhost:${demo.ports.imaps}/${mailbox}`
const subjects = (text: string): number => text.match(/^Subject: number \d+\r?$/gm)?.length ?? 0

test('fetchmail brings 500 down, knows what it has, and takes away what it shall not keep', BOUND, async () => {
  await copyTo('Fetched')
  const took = join(scratch, 'fetched.mbox')
  const rc = (folder: string, words: string): string =>
    config(
      `fetchmailrc-${words.replaceAll(' ', '-')}`,
      `poll localhost protocol IMAP service ${demo.ports.imaps} user "${user().address}" password "${user().password}" ssl sslcertfile "${demo.ca}" sslcertck folder ${folder} ${words} mda "cat >> ${took}"\n`,
    )
  const fetch = (file: string) => run('fetchmail', ['-f', file, '-N', '--nodetach', '--nosyslog'])
  const first = fetch(rc('Fetched', 'keep'))
  assert.equal(first.code, 0, first.all)
  assert.equal(subjects(readFileSync(took, 'utf8')), COUNT)
  assert.equal(fetch(rc('Fetched', 'keep')).code, 1, 'fetchmail says 1 when nothing is new')
  assert.equal(await found('Fetched', 'SEEN'), COUNT)
  const last = fetch(rc('Fetched', 'nokeep fetchall'))
  assert.equal(last.code, 0, last.all)
  assert.equal(subjects(readFileSync(took, 'utf8')), 2 * COUNT)
  assert.equal(await found('Fetched', 'ALL'), 0)
})

/**
 * getmail 6.18 forgets the end of a child that ends before it waits for it, and then waits three minutes for nothing: its own Maildir and mbox destinations, too, where
 * the disk is quick or the machine is busy. So the child first sees that getmail sleeps.
 */
const GETMAIL_MDA = `cat > "$1/$$"
until read -r _ _ state _ < /proc/$PPID/stat && [ "$state" = S ]; do :; done
`

test('getmail brings 500 down once, and deletes after the second mailbox', BOUND, async () => {
  await copyTo('Got', 50)
  const got = join(scratch, 'getmail')
  mkdirSync(got)
  const mda = config('getmail-mda.sh', GETMAIL_MDA)
  const rc = (mailbox: string, remove: boolean): string =>
    config(
      `getmailrc-${mailbox}`,
      `[retriever]\ntype = SimpleIMAPSSLRetriever\nserver = localhost\nport = ${demo.ports.imaps}\nusername = ${user().address}\npassword = ${user().password}\nmailboxes = ("${mailbox}",)\nca_certs = ${demo.ca}\n` +
        `[destination]\ntype = MDA_external\npath = /bin/sh\narguments = ("${mda}", "${got}")\nallow_root_commands = true\n` +
        `[options]\nread_all = false\ndelete = ${remove}\ndelivered_to = false\nreceived = false\nverbose = 1\n`,
    )
  const get = (file: string) => run('getmail', ['--getmaildir', scratch, '--rcfile', file])
  const count = () => readdirSync(got).length
  const first = get(rc('INBOX', false))
  assert.equal(first.code, 0, first.all)
  assert.equal(count(), COUNT, first.all.slice(-500))
  assert.equal(get(rc('INBOX', false)).code, 0)
  assert.equal(count(), COUNT, 'getmail took something twice')
  const second = get(rc('Got', true))
  assert.equal(second.code, 0, second.all)
  assert.equal(count(), COUNT + 50)
  assert.equal(await found('Got', 'ALL'), 0)
})

test('imapfilter searches, flags, copies, moves and deletes', BOUND, async () => {
  await copyTo('Raw')
  const script = config(
    'filter.lua',
    `options.timeout = 30
options.certificates = true
a = IMAP { server = 'localhost', port = ${demo.ports.imaps}, username = '${user().address}', password = '${user().password}', ssl = 'auto' }
a:create_mailbox('Filtered')
sevens = a.Raw:contain_subject('number 7')
print('sevens', #sevens)
sevens:mark_flagged()
sevens:copy_messages(a['Filtered'])
last = a.Raw:contain_body('number 500.') + a.Raw:is_larger(100000)
last:move_messages(a['Filtered'])
gone = a['Filtered']:contain_subject('number 71')
gone:delete_messages()
print('flagged', #a.Raw:is_flagged())
print('matched', #a.Raw:match_header('Subject: number 49[0-9]'))
`,
  )
  const done = run('imapfilter', ['-t', demo.ca, '-c', script])
  assert.equal(done.code, 0, done.all)
  assert.match(done.out, /^sevens\t11$/m)
  assert.match(done.out, /^flagged\t11$/m)
  assert.match(done.out, /^matched\t10$/m)
  assert.equal(await found('Filtered', 'ALL'), 11)
  assert.equal(await found('Raw', 'ALL'), COUNT - 1)
})

test('offlineimap brings 500 down, and takes a flag, a deletion and a new message up', BOUND, async () => {
  await copyTo('Offline')
  const near = join(scratch, 'offline')
  const rc = config(
    'offlineimaprc',
    `[general]\naccounts = a\nmetadata = ${scratch}/offline-meta\nui = quiet\nsocktimeout = 30\n[Account a]\nlocalrepository = near\nremoterepository = far\n` +
      `[Repository near]\ntype = Maildir\nlocalfolders = ${near}\n` +
      `[Repository far]\ntype = IMAP\nremotehost = localhost\nremoteport = ${demo.ports.imaps}\nremoteuser = ${user().address}\nremotepass = ${user().password}\nssl = yes\nsslcacertfile = ${demo.ca}\nfolderfilter = lambda name: name in ['Offline', 'Sent']\n`,
  )
  const sync = () => {
    const done = run('offlineimap', ['-c', rc, '-o', '-u', 'quiet'])
    assert.equal(done.code, 0, done.all)
  }
  sync()
  const fresh = join(near, 'Offline', 'new')
  const came = readdirSync(fresh)
  assert.equal(came.length, COUNT)
  assert.match(readFileSync(join(fresh, came[0] ?? ''), 'utf8'), /A plain note, number \d+\./)
  const [flagged = '', deleted = ''] = came
  renameSync(join(fresh, flagged), join(near, 'Offline', 'cur', `${flagged.split(':')[0]}:2,FS`))
  unlinkSync(join(fresh, deleted))
  writeFileSync(join(near, 'Offline', 'new', '1.own.here'), mail('written offline').replaceAll('\r\n', '\n'))
  sync()
  assert.equal(await found('Offline', 'FLAGGED SEEN'), 1)
  assert.equal(await found('Offline', 'SUBJECT "written offline"'), 1)
  assert.equal(await found('Offline', 'ALL'), COUNT)
  await ask('SELECT Offline')
  await ask('STORE 10:19 +FLAGS (\\Answered)')
  sync()
  const names = ['cur', 'new'].flatMap((part) => readdirSync(join(near, 'Offline', part)))
  const answered = names.filter((name) => /:2,.*R/.test(name))
  assert.equal(answered.length, 10)
})

test('neomutt searches on the server, flags, moves, deletes and uploads', BOUND, async () => {
  await copyTo('Mutt')
  await ask('CREATE Mutted')
  const rc = (name: string, spool: string, push: string): string =>
    config(
      name,
      `set imap_user="${user().address}" imap_pass="${user().password}" certificate_file="${demo.ca}" ssl_ca_certificates_file="${demo.ca}" ssl_use_system_certs=no
set folder="imaps://localhost:${demo.ports.imaps}/" spoolfile="${spool}" header_cache="${scratch}/mutt-cache" imap_condstore=yes imap_qresync=yes
set record="" copy=no confirmappend=no confirmcreate=no delete=yes move=no quit=yes mark_old=no wait_key=no sleep_time=0 auto_tag=yes
push '${push}'
`,
    )
  const mutt = (file: string): void => {
    const done = run('script', ['-qec', `neomutt -n -F ${file}`, '/dev/null'])
    assert.equal(done.code, 0, done.all.slice(-2000))
  }
  const far = `imaps://localhost:${demo.ports.imaps}/Mutt`
  mutt(rc('mutt-flag', far, '<tag-pattern>=b "number 49"<enter><tag-prefix><set-flag>!<sync-mailbox><exit>'))
  assert.equal(await found('Mutt', 'FLAGGED'), 11)
  mutt(rc('mutt-move', far, '<tag-pattern>~F<enter><tag-prefix><save-message>=Mutted<enter><sync-mailbox><exit>'))
  assert.equal(await found('Mutted', 'FLAGGED'), 11)
  assert.equal(await found('Mutt', 'ALL'), COUNT - 11)
  mutt(rc('mutt-delete', far, '<delete-pattern>~s "number 3."<enter><sync-mailbox><exit>'))
  assert.equal(await found('Mutt', 'ALL'), COUNT - 11 - 110)
  const own = config(
    'own.mbox',
    `From carl Tue Nov 24 05:20:16 2026\n${mail('written in mutt').replaceAll('\r\n', '\n')}\n`,
  )
  mutt(rc('mutt-upload', own, '<save-message>=Mutted<enter><sync-mailbox><exit>'))
  assert.equal(await found('Mutted', 'SUBJECT "written in mutt"'), 1)
})

test("mailutils' messages, movemail and mail count, bring down, delete and upload", BOUND, async () => {
  await copyTo('Utils')
  await ask('CREATE Kept')
  const counted = run('messages', [url('Utils')])
  assert.match(counted.out, /: 500$/m, counted.all)
  const box = join(scratch, 'moved.mbox')
  const kept = run('movemail', ['--preserve', url('Utils'), box])
  assert.equal(kept.code, 0, kept.all)
  assert.equal(subjects(readFileSync(box, 'utf8')), COUNT)
  const script = `copy 1 "${url('Kept')}"\ncopy 2 ${scratch}/one.mbox\ndelete 3-12\nquit\n`
  const read = run('mail', ['-n', '-N', '-f', url('Utils')], { input: script })
  assert.equal(read.code, 0, read.all)
  assert.equal(subjects(readFileSync(join(scratch, 'one.mbox'), 'utf8')), 1)
  assert.equal(await found('Kept', 'SUBJECT "number 1"'), 1, read.all)
  assert.equal(await found('Utils', 'ALL'), COUNT - 10, read.all)
  const moved = run('movemail', [url('Utils'), join(scratch, 'rest.mbox')])
  assert.equal(moved.code, 0, moved.all)
  assert.equal(subjects(readFileSync(join(scratch, 'rest.mbox'), 'utf8')), COUNT - 10)
  assert.equal(await found('Utils', 'ALL'), 0)
})
