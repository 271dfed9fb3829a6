/**
 * Debian's Exim asks the filter by its `spam` condition, as spamd and as rspamd (variant=rspamd): wanted mail comes through with the score, spam is refused, and
 * a filter that is stopped holds nothing up (defer_ok). Exim is unpacked, not installed, and runs in a mount namespace of its own where its user exists: root only.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Filter, ham, spam, startFilter } from './filter-house.ts'
import { type Unpacked, unpacked } from './unpacked.ts'

const USER = 65_001 // free in Debian: it is above what adduser gives, and below nobody
const exim = process.getuid?.() === 0 ? unpacked(['exim4-daemon-heavy', 'libspf2-2']) : undefined
const skip = exim === undefined ? 'needs root and Debian’s packages' : false

let filter: Filter
before(async () => {
  if (exim === undefined) return
  filter = await startFilter('spamd = ["127.0.0.1:0"]', '[spam]\nthreads = 1\ndeadline = "20 s"\nflag = 3\nreject = 4')
  prepare(exim)
})
after(async () => {
  if (exim === undefined) return
  await filter.stop()
  exim.remove()
})

/** A user, and a loader that knows the libraries: Exim runs itself anew as another user, and then hears no environment. */
const prepare = ({ folder, libraries }: Unpacked): void => {
  chmodSync(folder, 0o755)
  for (const name of ['spool', 'log', 'mail']) {
    mkdirSync(join(folder, name))
    chownSync(join(folder, name), USER, USER)
  }
  spawnSync('/sbin/ldconfig', ['-C', join(folder, 'ld.so.cache'), ...libraries.split(':').filter(existsSync)])
  copyFileSync('/etc/passwd', join(folder, 'passwd'))
  copyFileSync('/etc/group', join(folder, 'group'))
  appendFileSync(join(folder, 'passwd'), `Debian-exim:x:${USER}:${USER}::/nonexistent:/usr/sbin/nologin\n`)
  appendFileSync(join(folder, 'group'), `Debian-exim:x:${USER}:\n`)
}

const configuration = (folder: string, address: string): string => `
primary_hostname = mx.exim.test
exim_path = ${folder}/usr/sbin/exim4
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%slog
keep_environment =
tls_advertise_hosts =
host_lookup =
rfc1413_hosts =
queue_only = false
acl_smtp_rcpt = acl_check_rcpt
acl_smtp_data = acl_check_data
spamd_address = ${address}

begin acl
acl_check_rcpt:
  accept
acl_check_data:
  warn  spam       = nobody:true/defer_ok
        add_header = X-Spam-Score: $spam_score
        add_header = X-Spam-Action: $spam_action
  deny  condition  = \${if >={$spam_score_int}{40}}
        message    = This message looks like spam
  accept

begin routers
all:
  driver = accept
  transport = file

begin transports
file:
  driver = appendfile
  file = ${folder}/mail/box
  user = Debian-exim
  create_file = anywhere
`

/** A message by SMTP on standard input, as from 192.0.2.7. @returns what Exim said, and what was delivered. */
const send = async ({ folder }: Unpacked, address: string, message: string) => {
  const file = join(folder, 'exim.conf')
  const box = join(folder, 'mail/box')
  rmSync(box, { force: true })
  writeFileSync(file, configuration(folder, address))
  const over = ['passwd', 'group', 'ld.so.cache'].map((name) => `mount --bind ${folder}/${name} /etc/${name}`)
  const words = `${over.join(' && ')} && exec ${folder}/usr/sbin/exim4 -C ${file} -odi -bs -oMa 192.0.2.7`
  const child = spawn('/usr/bin/unshare', ['--mount', '--propagation', 'private', 'sh', '-c', words], {
    timeout: 60_000,
  })
  let said = ''
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    said += text
  })
  child.stderr.setEncoding('latin1').on('data', (text: string) => {
    said += text
  })
  child.stdin.on('error', () => undefined)
  const lines = ['EHLO mx.sender.test', 'MAIL FROM:<carl@friend.test>', 'RCPT TO:<anna@here.test>', 'DATA']
  child.stdin.end(`${lines.join('\r\n')}\r\n${message.replaceAll('\n', '\r\n')}.\r\nQUIT\r\n`)
  await once(child, 'close')
  let delivered = ''
  try {
    delivered = readFileSync(box, 'latin1')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  return { said, delivered, log: () => readFileSync(join(folder, 'log/mainlog'), 'latin1') }
}

const addressOf = (variant: string): string => `127.0.0.1 ${filter.server.port('spamd') ?? 0}${variant}`

for (const [name, variant] of [
  ['spamd', ''],
  ['rspamd', ' variant=rspamd'],
] as const) {
  test(`Exim asks as ${name}: wanted mail comes through, with its score`, { skip }, async () => {
    if (exim === undefined) return
    const { said, delivered } = await send(exim, addressOf(variant), ham)
    assert.match(said, /250 OK id=/)
    assert.match(delivered, /^X-Spam-Score: -?\d+\.\d/m, said)
    if (variant !== '') assert.match(delivered, /^X-Spam-Action: no action/m)
  })

  test(`Exim asks as ${name}: spam is refused`, { skip }, async () => {
    if (exim === undefined) return
    const { said, delivered } = await send(exim, addressOf(variant), spam)
    assert.match(said, /550 This message looks like spam/)
    assert.equal(delivered, '')
  })
}

test('with variant=rspamd the envelope is told, so that the message is judged as one that came here', { skip }, () => {
  const events = filter.log.flatMap((line) => (line.includes('192.0.2.7') ? [line] : []))
  assert.ok(events.some((line) => line.includes('message-judged')))
  assert.ok(events.some((line) => line.includes('message-rejected')))
})

test('a filter that does not answer holds nothing up', { skip }, async () => {
  if (exim === undefined) return
  const { said, delivered, log } = await send(exim, '127.0.0.1 1', ham)
  assert.match(said, /250 OK id=/)
  assert.match(delivered, /^Subject: Lunch/m)
  assert.match(log(), /spam acl condition/)
})
