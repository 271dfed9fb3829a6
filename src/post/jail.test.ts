import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Firewall } from '../ban/firewall.ts'
import { talkSentences } from '../ban/sentences.ts'
import { readPrefix } from '../base/ip.ts'
import { silentLog } from '../base/log.ts'
import { openInline } from '../store/sqlite/inline.ts'
import type { Store } from '../store/store.ts'
import { guessKey, type Jail, type JailSettings, openJail } from './jail.ts'

const hour = 3_600_000
const day = 24 * hour
const usual: JailSettings = { enabled: true, sentences: talkSentences, allow: [], banLoopback: false }
const ip = '192.0.2.7'

type Watched = { readonly jail: Jail; readonly heard: readonly string[]; readonly pass: (ms: number) => void }

const memory = (): Store => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  return opened.value
}

const watch = (store: Store = memory(), settings: JailSettings = usual, startAt = 1e12): Watched => {
  let clock = startAt
  const heard: string[] = []
  const firewall: Firewall = {
    ban: (prefix, untilMs, scope) => void heard.push(`ban ${prefix} ${scope} ${(untilMs - clock) / hour}`),
    unban: (prefix) => void heard.push(`unban ${prefix}`),
    restore: (bans) => void heard.push(`restore ${bans.map(({ subject }) => subject).join(' ')}`),
  }
  const cut = (prefix: string, scope: string): number => heard.push(`cut ${prefix} ${scope}`)
  const jail = openJail({
    store,
    now: () => clock,
    random: () => 0.5,
    log: silentLog,
    settings: () => settings,
    firewall,
    cut,
  })
  return {
    jail,
    heard,
    pass: (ms) => {
      clock += ms
    },
  }
}
const spam = { kind: 'spam-rejected', ip, service: 'mail' } as const

test('a ban is in force, in the packet filter, and cuts what is open', () => {
  const { jail, heard } = watch()
  jail.offence(spam)
  assert.equal(jail.barred(ip, 'mail')?.offence, 'spam-rejected')
  assert.equal(jail.barred(ip, 'login'), undefined)
  assert.deepEqual(heard, [`ban ${ip} mail 8`, `cut ${ip} mail`, 'ban 192.0.2.0/24 mail 1.5', 'cut 192.0.2.0/24 mail'])
})

test('a sender by name is not told to the packet filter', () => {
  const { jail, heard } = watch()
  const sender = { domain: 'spam.example', domainTrusted: false, addressTrusted: false }
  jail.offence({ ...spam, hostTrusted: true, sender })
  assert.equal(jail.barredSender('x@spam.example')?.subject, '@spam.example')
  assert.deepEqual(heard, [])
})

test('what is in force survives a restart, with records and good logins; what is over does not', async () => {
  const store = memory()
  const before = watch(store)
  before.jail.offence(spam)
  before.jail.offence({ kind: 'spam-flagged', ip: '198.51.100.1', service: 'mail' })
  before.jail.goodLogin('203.0.113.5', 'anna@example.org')
  await before.jail.flushed()

  const after = watch(store, usual, 1e12 + 2 * hour)
  assert.equal(await after.jail.restore(), 1)
  assert.deepEqual(after.heard, [`restore ${ip}`])
  assert.notEqual(after.jail.barred(ip, 'mail'), undefined)
  assert.equal(after.jail.barred('192.0.2.8', 'mail'), undefined)
  assert.ok(after.jail.hadGoodLogin('203.0.113.5', 'anna@example.org'))
  assert.equal(after.jail.offence({ kind: 'spam-flagged', ip: '198.51.100.1', service: 'mail' }).length, 1)
})

test('ten thousand bans are restored in well under a second', async () => {
  const store = memory()
  const before = watch(store)
  for (let n = 0; n < 5_000; n += 1) before.jail.offence({ ...spam, ip: `10.${n >> 8}.${n & 255}.1` })
  await before.jail.flushed()
  const after = watch(store)
  const start = process.cpuUsage()
  assert.equal(await after.jail.restore(), 10_000)
  assert.ok(process.cpuUsage(start).user < 2_000_000)
})

test('a pardon lifts the ban, its memo and its record', async () => {
  const store = memory()
  const { jail, heard } = watch(store)
  jail.offence(spam)
  await jail.flushed()
  assert.deepEqual(
    jail.pardon(ip).map(({ subject }) => subject),
    [ip],
  )
  assert.equal(jail.pardon('192.0.2.0/24').length, 1)
  await jail.flushed()
  assert.equal(jail.barred(ip, 'mail'), undefined)
  assert.ok(heard.includes(`unban ${ip}`))
  assert.equal(await watch(store).jail.restore(), 0)
  assert.deepEqual(
    jail.offence(spam).map(({ times }) => times),
    [1, 1],
  )
  assert.deepEqual(jail.pardon('nonsense'), [])
})

test('a ban by hand closes everything, any prefix, or a sender', () => {
  const { jail } = watch()
  assert.equal(jail.ban('198.18.0.0/15', hour, 'noise')?.scope, 'all')
  assert.notEqual(jail.barred('198.19.0.1', 'login'), undefined)
  assert.equal(jail.ban('nobody', hour, ''), undefined)
  assert.equal(jail.list().length, 1)
})

test('an owner whose network is closed for guessing gets in from the address of the good login', () => {
  const { jail } = watch()
  jail.goodLogin('192.0.2.99', 'anna@example.org')
  for (let n = 0; n < 30; n += 1)
    jail.offence({ kind: 'login-failed', ip: `192.0.2.${n % 15}`, service: 'login', sameAs: `guess ${n}` })
  assert.notEqual(jail.barred('192.0.2.98', 'login'), undefined)
  assert.equal(jail.barred('192.0.2.99', 'login'), undefined)
})

test('a good login takes back its own failures and no others', () => {
  const { jail } = watch()
  const wrong = (user: string, pair: string) =>
    jail.offence({ kind: 'login-failed', ip, service: 'login', sameAs: guessKey(user, pair) })
  wrong('anna@example.org', '1')
  wrong('anna@example.org', '2')
  wrong('ben@example.org', '1')
  jail.pardon(ip)
  wrong('anna@example.org', '1')
  wrong('ben@example.org', '1')
  assert.equal(jail.failures(ip), 2)
  jail.goodLogin(ip, 'anna@example.org')
  assert.equal(jail.failures(ip), 1)
})

test('a good login is good for thirty days', () => {
  const { jail, pass } = watch()
  jail.goodLogin(ip, 'anna@example.org')
  assert.ok(jail.hadGoodLogin(ip))
  assert.ok(!jail.hadGoodLogin(ip, 'ben@example.org'))
  pass(30 * day)
  assert.ok(!jail.hadGoodLogin(ip))
})

test('the allow list opens what a neighbour closed, and switching the jail off opens all', () => {
  const allow = readPrefix('192.0.2.7')
  assert.ok(allow.ok)
  const listed = watch(memory(), { ...usual, allow: [allow.value] }).jail
  listed.offence({ ...spam, ip: '192.0.2.8' })
  assert.notEqual(listed.barred('192.0.2.9', 'mail'), undefined)
  assert.equal(listed.barred(ip, 'mail'), undefined)
  const off = watch(memory(), { ...usual, enabled: false }).jail
  assert.deepEqual(off.offence(spam), [])
  off.ban(ip, hour, '')
  assert.equal(off.barred(ip, 'mail'), undefined)
})

test('loopback is banned where it is asked for', () => {
  const demo = watch(memory(), { ...usual, banLoopback: true }).jail
  demo.offence({ ...spam, ip: '127.70.1.2' })
  assert.notEqual(demo.barred('127.70.1.2', 'mail'), undefined)
  assert.equal(demo.barred('127.0.0.1', 'mail'), undefined)
})

test('a ban that ends is gone, and a sweep tidies up', () => {
  const { jail, pass } = watch()
  jail.offence(spam)
  pass(8 * hour)
  assert.equal(jail.barred(ip, 'mail'), undefined)
  jail.sweep()
  assert.deepEqual(jail.list(), [])
})

test('a store that refuses costs no ban', async () => {
  const store: Store = {
    ...memory(),
    remember: async () => ({ ok: false, error: 'disk-full' }),
    recall: async () => ({ ok: false, error: 'busy' }),
  }
  const { jail } = watch(store)
  assert.equal(await jail.restore(), 0)
  jail.offence(spam)
  await jail.flushed()
  assert.notEqual(jail.barred(ip, 'mail'), undefined)
})
