import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { before, test } from 'node:test'
import { talkSentences } from '../ban/sentences.ts'
import { silentLog } from '../base/log.ts'
import { openInline } from '../store/sqlite/inline.ts'
import type { Store } from '../store/store.ts'
import { openAccounts } from './accounts.ts'
import { type AppPasswords, openAppPasswords } from './app-passwords.ts'
import { openJail } from './jail.ts'
import { type LoginOutcome, openLogins } from './login.ts'
import { isOutdated, isPassword, readScramKeys, writePassword } from './password.ts'

const hour = 3_600_000
const right = { password: 'correct horse' }
const anna = 'anna@example.org'
const home = '192.0.2.7'
let stored = ''
before(async () => {
  stored = await writePassword(right.password, [Buffer.alloc(16, 1), Buffer.alloc(16, 2)])
})

type Door = {
  readonly login: (user: string, password: string, ip?: string) => Promise<LoginOutcome['kind']>
  readonly prove: (user: string, proven: boolean, ip?: string) => Promise<LoginOutcome['kind']>
  readonly jail: ReturnType<typeof openJail>
  readonly logins: ReturnType<typeof openLogins>
  readonly appPasswords: AppPasswords
  readonly store: Store
  readonly pass: (ms: number) => void
  readonly cuts: readonly string[]
}

const openDoor = async (change: (store: Store) => Store = (store) => store): Promise<Door> => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  const store = change(opened.value)
  for (const name of [anna, 'ben@example.org'])
    assert.ok((await opened.value.addAccount({ name, passwordHash: stored, quotaBytes: 0, settings: '{}', now: 0 })).ok)
  let clock = 1e12
  const now = (): number => clock
  const cuts: string[] = []
  const jail = openJail({
    store,
    now,
    random: () => 0.5,
    log: silentLog,
    settings: () => ({ enabled: true, sentences: talkSentences, allow: [], banLoopback: false }),
    cut: (prefix) => cuts.push(prefix),
  })
  const appPasswords = openAppPasswords({
    store: opened.value,
    now,
    fresh: (octets) => randomBytes(octets),
    log: silentLog,
  })
  const logins = openLogins({
    store,
    jail,
    now,
    random: () => 0.5,
    log: silentLog,
    secret: Buffer.alloc(32, 9),
    mostGuesses: () => 3,
    appPasswords,
  })
  return {
    login: async (user, password, ip = home) => (await logins.login(user, { password }, { ip, session: 's' })).kind,
    prove: async (user, proven, ip = home) => (await logins.login(user, { proven }, { ip, session: 's' })).kind,
    jail,
    logins,
    appPasswords,
    store: opened.value,
    pass: (ms) => {
      clock += ms
    },
    cuts,
  }
}

test('the right password opens, in any case of the name; a wrong one, a wrong name and an empty one do not', async () => {
  const { login, pass } = await openDoor()
  assert.equal(await login(' Anna@Example.ORG ', right.password), 'ok')
  for (const [user, password] of [
    [anna, 'wrong'],
    ['nobody@example.org', right.password],
    [anna, ''],
    [anna, 'x'.repeat(5_000)],
    ['', ''],
  ] as const) {
    assert.equal(await login(user, password), 'bad-credentials')
    pass(13 * hour)
  }
})

test('three guesses, and then silence: one after the other', async () => {
  const { login, cuts } = await openDoor()
  const outcomes = []
  for (const password of ['a', 'b', 'c', 'd', right.password]) outcomes.push(await login(anna, password))
  assert.deepEqual(outcomes, ['bad-credentials', 'bad-credentials', 'bad-credentials', 'barred', 'barred'])
  assert.deepEqual(cuts, [home])
})

test('three guesses, and then silence: fifty connections at once', async () => {
  const { login } = await openDoor()
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, n) => login(n % 2 === 0 ? anna : `user${n}@example.org`, `guess ${n}`)),
  )
  assert.equal(outcomes.filter((outcome) => outcome === 'bad-credentials').length, 3)
  assert.ok(outcomes.every((outcome) => ['bad-credentials', 'barred', 'try-later'].includes(outcome)))
})

test('three guesses over three addresses of one IPv6 /64', async () => {
  const { login } = await openDoor()
  const outcomes = []
  for (const n of [1, 2, 3, 4]) outcomes.push(await login(anna, `guess ${n}`, `2001:db8::${n}`))
  assert.deepEqual(outcomes, ['bad-credentials', 'bad-credentials', 'bad-credentials', 'barred'])
})

test('at most thirty guesses from one network', async () => {
  const { jail, logins } = await openDoor()
  // By SCRAM, so that the test does not hash ninety passwords.
  let answered = 0
  for (let n = 0; n < 90; n += 1) {
    const outcome = await logins.login(anna, { proven: false }, { ip: `198.51.100.${n % 45}`, session: 's' })
    if (outcome.kind === 'bad-credentials') answered += 1
  }
  assert.equal(answered, 30)
  assert.notEqual(jail.barred('198.51.100.200', 'login'), undefined)
})

test('a whole network at once: thirty answers, and three of an IPv6 /64', async () => {
  const { logins } = await openDoor()
  // An empty password is wrong without a hash.
  const ask = (ip: string, n: number) => logins.login(`user${n}@example.org`, { password: '' }, { ip, session: 's' })
  const answered = async (ips: readonly string[]): Promise<number> =>
    (await Promise.all(ips.map(ask))).filter(({ kind }) => kind === 'bad-credentials').length
  assert.equal(await answered(Array.from({ length: 300 }, (_, n) => `198.51.100.${n % 100}`)), 30)
  assert.equal(await answered(Array.from({ length: 50 }, (_, n) => `2001:db8::${n}`)), 3)
  const proofs = await Promise.all(
    Array.from({ length: 50 }, () => logins.login(anna, { proven: false }, { ip: '203.0.113.1', session: 's' })),
  )
  assert.equal(proofs.filter(({ kind }) => kind === 'bad-credentials').length, 3)
})

test('an office behind one address that logs in at nine o’clock gets in', async () => {
  const { logins, store } = await openDoor()
  const people = Array.from({ length: 20 }, (_, n) => `person${n}@example.org`)
  for (const name of people)
    assert.ok((await store.addAccount({ name, passwordHash: stored, quotaBytes: 0, settings: '{}', now: 0 })).ok)
  const outcomes = await Promise.all(people.map((name) => logins.login(name, right, { ip: home, session: 's' })))
  assert.deepEqual(new Set(outcomes.map(({ kind }) => kind)), new Set(['ok']))
})

test('a name too long to be one is counted like any other', async () => {
  const { prove } = await openDoor()
  const outcomes = []
  for (let n = 0; n < 4; n += 1) outcomes.push(await prove(`${'x'.repeat(300)}@example.org`, false))
  assert.deepEqual(outcomes, ['bad-credentials', 'bad-credentials', 'bad-credentials', 'barred'])
})

test('a phone with the old password, every minute of the day, is one failure', async () => {
  const { login, jail } = await openDoor()
  for (let n = 0; n < 200; n += 1) assert.equal(await login(anna, 'old password'), 'bad-credentials')
  assert.equal(jail.failures(home), 1)
  assert.equal(await login(anna, right.password), 'ok')
})

test('the owner is never locked out at home, and a guesser in the house is', async () => {
  const { login } = await openDoor()
  assert.equal(await login(anna, right.password), 'ok')
  for (let n = 0; n < 10; n += 1) assert.equal(await login(anna, `typo ${n}`), 'bad-credentials')
  assert.equal(await login(anna, right.password), 'ok')
  const outcomes = []
  for (const password of ['a', 'b', 'c', 'd']) outcomes.push(await login('ben@example.org', password))
  assert.deepEqual(outcomes, ['bad-credentials', 'bad-credentials', 'bad-credentials', 'barred'])
  assert.equal(await login(anna, right.password), 'ok')
})

test('who tries every name from the owner’s house is banned with it', async () => {
  const { prove, login, jail } = await openDoor()
  assert.equal(await login(anna, right.password), 'ok')
  let answered = 0
  for (let n = 0; n < 200; n += 1) if ((await prove(`user${n}@example.org`, false)) === 'bad-credentials') answered += 1
  assert.ok(answered < 45, `${answered}`)
  assert.notEqual(jail.barred(home, 'login'), undefined)
})

test('a guesser in the owner’s IPv6 network gains nothing by changing his address', async () => {
  const { prove, login } = await openDoor()
  assert.equal(await login(anna, right.password, '2001:db8::1'), 'ok')
  let answered = 0
  for (let n = 0; n < 60; n += 1)
    if ((await prove('ben@example.org', false, `2001:db8::${n + 2}`)) === 'bad-credentials') answered += 1
  assert.equal(answered, 3)
})

test('a ban ends, and a good login then takes the failures back', async () => {
  const { login, jail, pass } = await openDoor()
  for (const password of ['a', 'b', 'c']) await login(anna, password)
  assert.equal(await login(anna, right.password), 'barred')
  pass(2 * hour)
  assert.equal(await login(anna, right.password), 'ok')
  assert.equal(jail.failures(home), 0)
})

test('SCRAM counts like any other, and a proof does not open a barred address', async () => {
  const { prove } = await openDoor()
  assert.equal(await prove(anna, true), 'ok')
  assert.equal(await prove('nobody@example.org', true, '198.51.100.1'), 'bad-credentials')
  const outcomes = []
  for (const proven of [false, false, false, false, true]) outcomes.push(await prove(anna, proven, '198.51.100.2'))
  assert.deepEqual(outcomes, ['bad-credentials', 'bad-credentials', 'bad-credentials', 'barred', 'barred'])
})

test('a frozen account says so to whoever knows the password, and to nobody else', async () => {
  const { login, store } = await openDoor()
  const account = await store.account({ name: anna })
  assert.ok(account.ok)
  await store.changeAccount({ id: account.value.id, state: 'frozen' })
  assert.equal(await login(anna, right.password), 'frozen')
  assert.equal(await login(anna, 'wrong'), 'bad-credentials')
})

test('a password that was changed is forgotten at once', async () => {
  const { login, store } = await openDoor()
  assert.equal(await login(anna, right.password), 'ok')
  const accounts = openAccounts({ store, now: () => 0, fresh: (n) => Buffer.alloc(n, 7) })
  assert.ok((await accounts.changePassword({ name: anna, password: 'battery staple' })).ok)
  assert.equal(await login(anna, right.password), 'bad-credentials')
  assert.equal(await login(anna, 'battery staple'), 'ok')
})

test('a password found right costs no hash again, also when twenty ask at once', async () => {
  const { login } = await openDoor()
  const start = process.cpuUsage()
  await Promise.all(Array.from({ length: 20 }, () => login(anna, right.password)))
  for (let n = 0; n < 200; n += 1) assert.equal(await login(anna, right.password), 'ok')
  const spent = process.cpuUsage(start)
  assert.ok(spent.user + spent.system < 1_500_000, `${spent.user} us`) // 220 hashes would be ten seconds
})

test('a store that does not answer: later, and nobody is blamed', async () => {
  const { login, jail } = await openDoor((store) => ({ ...store, account: async () => ({ ok: false, error: 'busy' }) }))
  for (let n = 0; n < 5; n += 1) assert.equal(await login(anna, `x${n}`), 'try-later')
  assert.equal(jail.failures(home), 0)
})

// ---- Passwords at rest ------------------------------------------------------------------------------------------------

test('what is written opens with the password, typed with other Unicode too', async () => {
  const name = await writePassword('Zürich 5', [Buffer.alloc(16, 3), Buffer.alloc(16, 4)])
  assert.match(name, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[^ ]+ \$scram-sha-256\$i=32768\$/)
  assert.ok(await isPassword('Zu\u0308rich\u00a05', name))
  assert.ok(!(await isPassword('zürich 5', name)))
  assert.ok(!isOutdated(name))
  assert.ok(isOutdated(name.replace('m=19456', 'm=8192')))
})

for (const text of ['', 'plain', '$argon2id$v=19$m=1,t=1,p=1$a$b', '$2b$10$abc'])
  test(`stored text "${text}" opens for nobody`, async () => {
    assert.ok(!(await isPassword('', text)))
    assert.equal(readScramKeys(text), null)
  })

test('the SCRAM keys are those of RFC 5802 section 3, and a stranger gets some that look alike', async () => {
  const { logins } = await openDoor()
  const keys = await logins.scramKeys('ANNA@example.org')
  const salted = pbkdf2Sync(right.password, keys.salt, keys.iterations, 32, 'sha256')
  const clientKey = createHmac('sha256', salted).update('Client Key').digest()
  assert.deepEqual(Buffer.from(keys.storedKey), createHash('sha256').update(clientKey).digest())
  assert.deepEqual(Buffer.from(keys.serverKey), createHmac('sha256', salted).update('Server Key').digest())
  const stranger = await logins.scramKeys('nobody@example.org')
  assert.deepEqual(stranger, await logins.scramKeys('nobody@example.org'))
  assert.equal(stranger.iterations, keys.iterations)
  assert.equal(stranger.salt.length, keys.salt.length)
})

// ---- App passwords ------------------------------------------------------------------------------------------------------

const peer = { ip: home, session: 's' }
const withPhone = async (door: Door, scopes: Parameters<AppPasswords['add']>[0]['scopes'] = ['all']) => {
  const account = await door.store.account({ name: anna })
  assert.ok(account.ok)
  const added = await door.appPasswords.add({ account: account.value.id, name: 'phone', scopes })
  assert.ok(added.ok)
  return { account: account.value, ...added.value }
}

test('an app password opens the services that it is for, and the outcome names it', async () => {
  const door = await openDoor()
  const { password, made } = await withPhone(door, ['imap'])
  const outcome = await door.logins.login(anna, { password }, peer, 'imap')
  assert.ok(outcome.kind === 'ok' && outcome.key === made.id)
  const own = await door.logins.login(anna, right, peer, 'imap')
  assert.ok(own.kind === 'ok' && own.key === undefined)
  assert.equal((await door.logins.login(anna, { password }, peer, 'submission')).kind, 'bad-credentials')
  assert.equal((await door.logins.login(anna, { password }, peer)).kind, 'bad-credentials')
  assert.equal((await door.logins.login('ben@example.org', { password }, peer, 'imap')).kind, 'bad-credentials')
})

test('an app password of a frozen account opens nothing, and one that was revoked is a wrong one', async () => {
  const door = await openDoor()
  const { password, account } = await withPhone(door)
  await door.store.changeAccount({ id: account.id, state: 'frozen' })
  assert.equal((await door.logins.login(anna, { password }, peer, 'imap')).kind, 'frozen')
  await door.store.changeAccount({ id: account.id, state: 'active' })
  await door.appPasswords.revokeAll(account.id)
  assert.equal((await door.logins.login(anna, { password }, peer, 'imap')).kind, 'bad-credentials')
  assert.equal(door.jail.failures(home), 1)
})

test('where programs need app passwords, the own password opens other doors alone, and is no offence', async () => {
  const door = await openDoor()
  const { password, account } = await withPhone(door)
  await door.store.changeAccount({ id: account.id, settings: '{"programs":"app-passwords"}' })
  for (const secret of [right, { proven: true }])
    assert.equal((await door.logins.login(anna, secret, peer, 'imap')).kind, 'bad-credentials')
  assert.equal((await door.logins.login(anna, { password }, peer, 'imap')).kind, 'ok')
  assert.equal((await door.logins.login(anna, right, peer)).kind, 'ok')
  assert.equal(door.jail.failures(home), 0)
})

test('where only known networks may use it, the own password opens programs from there alone', async () => {
  const door = await openDoor()
  assert.equal((await door.logins.login(anna, right, peer, 'imap')).kind, 'ok')
  const { account } = await withPhone(door)
  await door.store.changeAccount({ id: account.id, settings: '{"programs":"known-networks"}' })
  assert.equal((await door.logins.login(anna, right, peer, 'imap')).kind, 'ok')
  const stranger = { ip: '198.51.100.1', session: 's' }
  assert.equal((await door.logins.login(anna, right, stranger, 'imap')).kind, 'bad-credentials')
})
