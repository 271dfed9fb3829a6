/**
 * Mail that leaves, over a network of nine hosts with real DNS (knot, signed; unbound, validating): Postern's own `serve` in a namespace takes messages on its submission port and sends them to Debian's
 * Postfix and smtp-sink, and to peers that misbehave on purpose. Each ends as the standards say: RFC 5321 section 5.1 (MX), RFC 7505 (null MX), RFC 8461 (MTA-STS), RFC 7672 (DANE), and section 4.5.4.1 of RFC
 * 5321 (again later). Needs root and network namespaces; says so where it has them not.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { cannotHaveHosts } from './network/hosts.ts'
import type { PeerNews } from './network/peer.ts'
import type { Submission } from './network/submit.ts'
import { until } from './network/wait.ts'
import { openWorld, type World } from './network/world.ts'

const skip = cannotHaveHosts()
if (skip !== undefined) console.error(`\n*** NOT TESTED: the network of hosts (${skip})\n`)
const needs = { skip: skip ?? false }

const USER = 'anna@us.test'
const PASSWORD = 'a long enough password'
const CONFIG = `host = "mail.us.test"
data = "data"
blocklists = []
[listen]
smtp = []
imap = []
imaps = []
pop3 = []
pop3s = []
submissions = []
submission = ["127.0.0.1:587"]
metrics = []
[dns]
servers = ["127.0.0.1:53"]
[send]
first-retry = "2 s"
longest-retry = "10 s"
[outgoing]
enabled = false
[log]
level = "debug"
[dangerous]
passwords-without-encryption-from-loopback = true
`

type Event = Readonly<Record<string, unknown>> & { readonly event: string }
let folder = ''
let world: World
const log: Event[] = []
const strays: string[] = []

const postern = (...words: readonly string[]): string => {
  const done = spawnSync('./postern', [...words, '--config', join(folder, 'postern.toml')], {
    encoding: 'utf8',
    input: `${PASSWORD}\n`,
  })
  assert.equal(done.status, 0, `postern ${words.join(' ')}: ${done.stdout}${done.stderr}`)
  return done.stdout
}

/** Where each message goes; the subject is the recipient's domain. */
const domains = [
  'pref',
  'null',
  'dead',
  'late',
  'break',
  'bare',
  'alias',
  'six',
  'wrong',
  'nowhere',
  'sts-good',
  'sts-bad',
  'sts-other',
  'sts-test',
  'sts-lost',
  'dane-good',
  'dane-bad',
  'dane-ta',
  'dane-open',
  'dane-lost',
].map((name) => `${name}.net.test`)

before(
  async () => {
    if (skip !== undefined) return
    folder = mkdtempSync(join(tmpdir(), 'postern-network-'))
    writeFileSync(join(folder, 'postern.toml'), CONFIG)
    postern('domain', 'add', 'us.test')
    postern('account', 'add', USER, '--password-stdin')
    world = await openWorld(folder)
    const { us } = world.hosts
    const heard = (line: string): void => {
      if (line.startsWith('{'))
        log.push(JSON.parse(line) as Event) // the log is JSON, an object a line
      else strays.push(line)
    }
    us.start('./postern', ['serve', '--config', join(folder, 'postern.toml')], heard, {
      NODE_EXTRA_CA_CERTS: world.authority,
    })
    await until('Postern is ready', () => log.find(({ event }) => event === 'server-ready')).catch((error: unknown) => {
      throw new Error(strays.join('\n'), { cause: error })
    })
    const mail = [...domains, 'loose.plain.test'].map((domain) => ({ to: `bob@${domain}`, subject: domain }))
    const submission: Submission = { user: USER, password: PASSWORD, mail }
    const submit = new URL('network/submit.ts', import.meta.url).pathname
    const replies = us.run(process.execPath, [submit], JSON.stringify(submission)).trim().split('\n')
    assert.deepEqual(
      replies.filter((reply) => !reply.startsWith('250')),
      [],
    )
  },
  { timeout: 120_000 },
)
after(
  async () => {
    if (skip !== undefined) return
    await world?.close()
    rmSync(folder, { recursive: true, force: true })
  },
  { timeout: 60_000 },
)

const about = (domain: string, name: string): readonly Event[] =>
  log.filter((one) => one.event === name && one['to'] === `bob@${domain}`)
/** @returns what `look` finds; when it never comes, the error tells all that was logged about the message. */
const soon = <T>(domain: string, what: string, look: () => T | undefined): Promise<T> =>
  until(`${domain}: ${what}`, look, 30_000).catch((error: unknown) => {
    const seen = log.filter((one) => one['to'] === `bob@${domain}`).map((one) => JSON.stringify(one))
    throw new Error(`${domain}: ${what}\n${seen.join('\n')}`, { cause: error })
  })
/** @returns the first event of that name about a domain's message. */
const first = (domain: string, name: string): Promise<Event> => soon(domain, name, () => about(domain, name)[0])
const told = (domain: string, event: PeerNews['event']): readonly PeerNews[] =>
  world.news.filter((one) => one.event === event && one.subject === domain)
/** The message as Postfix has it, from its own first field on. */
const inPostfix = (domain: string): string | undefined =>
  world
    .postfixHas()
    .split(/^(?=From )/m)
    .find((one) => one.includes(`Subject: ${domain}\n`))
/** @returns the message in Postfix's mailbox, once it is there. */
const reached = (domain: string): Promise<string> => until(`${domain} is in Postfix`, () => inPostfix(domain), 10_000)

const isTaken = async (domain: string, host: string): Promise<void> => {
  const event = await first(domain, 'send-taken')
  assert.equal(event['host'], `${host}.net.test`)
}
/** It waits: deferred for this reason, twice, and no peer has it. */
const waits = async (domain: string, why: RegExp): Promise<void> => {
  await soon(domain, 'tried twice', () => (about(domain, 'send-deferred').length > 1 ? true : undefined))
  for (const event of about(domain, 'send-deferred')) assert.match(JSON.stringify(event), why)
  assert.deepEqual([about(domain, 'send-taken'), told(domain, 'message'), inPostfix(domain)], [[], [], undefined])
}

test('the MX with the lower preference', needs, async () => {
  await isTaken('pref.net.test', 'good')
  assert.doesNotMatch(world.sinkHas(), /Subject: pref/)
  assert.match(await reached('pref.net.test'), /using TLSv1\.3/)
})
test('a null MX: returned at once', needs, async () => {
  const event = await first('null.net.test', 'send-failed')
  assert.deepEqual([event['enhanced'], event['expired']], ['5.1.10', false])
})
test('no such domain: returned at once', needs, async () => {
  assert.equal((await first('nowhere.net.test', 'send-failed'))['enhanced'], '5.1.2')
})
test('a dead first MX: the second', needs, () => isTaken('dead.net.test', 'good'))
test('no MX: the address of the domain', needs, async () => {
  await first('bare.net.test', 'send-taken')
  await reached('bare.net.test')
})
test('an MX that is an alias', needs, () => isTaken('alias.net.test', 'alias-mx'))
test('IPv6 alone', needs, async () => {
  await isTaken('six.net.test', 'six-mx')
  assert.match(await reached('six.net.test'), /IPv6:fd77::10/)
})

test('greylisting: put off, then taken', needs, async () => {
  const event = await first('late.net.test', 'send-deferred')
  assert.deepEqual([event['code'], event['enhanced'], event['class']], [451, '4.7.1', 'greylisted'])
  await isTaken('late.net.test', 'grey')
})
test('a connection that ends before the answer: told as unsure, and sent again', needs, async () => {
  await first('break.net.test', 'send-unsure')
  await isTaken('break.net.test', 'cut')
  assert.deepEqual([told('break.net.test', 'dropped').length, told('break.net.test', 'message').length], [1, 1])
})

test('a certificate for another name is good enough where nobody asks for more', needs, async () => {
  await isTaken('wrong.net.test', 'odd')
  assert.deepEqual(
    told('wrong.net.test', 'message').map(({ tls }) => tls),
    [true],
  )
})

test('MTA-STS: the MX is named and its certificate good', needs, async () => {
  await isTaken('sts-good.net.test', 'good')
  assert.equal(
    log.find((one) => one.event === 'sts-policy-fetched' && one['domain'] === 'sts-good.net.test')?.['mode'],
    'enforce',
  )
})
test('MTA-STS: a certificate for another name', needs, () =>
  waits('sts-bad.net.test', /certificate is of an authority that is not trusted/),
)
test('MTA-STS: an MX that the policy does not name', needs, () => waits('sts-other.net.test', /MTA-STS/))
test('MTA-STS testing: sent all the same', needs, () => isTaken('sts-test.net.test', 'odd'))
test('MTA-STS: a policy that cannot be had is no policy', needs, async () => {
  await isTaken('sts-lost.net.test', 'odd')
  const failed = log.find((one) => one.event === 'sts-policy-failed' && one['domain'] === 'sts-lost.net.test')
  assert.equal(failed?.['failure'], 'sts-webpki-invalid')
})

test('DANE-EE: the key of the record, whatever the certificate says', needs, async () => {
  await isTaken('dane-good.net.test', 'dane1')
  assert.deepEqual(
    told('dane-good.net.test', 'message').map(({ tls }) => tls),
    [true],
  )
})
test('DANE-TA: a certificate of the authority of the record', needs, () => isTaken('dane-ta.net.test', 'dane3'))
test('DANE: another key', needs, () => waits('dane-bad.net.test', /"4\.7\.5".*TLSA record/))
test('DANE: a server without TLS gets nothing in the open', needs, async () => {
  await waits('dane-open.net.test', /4\.7\.\d/)
  assert.doesNotMatch(world.sinkHas(), /Subject: dane-open/)
})
test('DANE: a look-up of TLSA without an answer', needs, () => waits('dane-lost.net.test', /TLSA/))
test('DANE: records that an unsigned MX leads to are not asked for', needs, () => isTaken('loose.plain.test', 'dane2'))
