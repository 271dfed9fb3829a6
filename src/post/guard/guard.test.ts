import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountId } from '../../base/ids.ts'
import { silentLog } from '../../base/log.ts'
import { ok } from '../../base/result.ts'
import { openInline } from '../../store/sqlite/inline.ts'
import type { Account, Store } from '../../store/store.ts'
import { openHistory } from '../history.ts'
import type { GuardAnswer } from '../submit-ports.ts'
import { type Freezer, openFreezer } from './freezer.ts'
import { type Guard, openGuard } from './guard.ts'
import { type Holds, openHolds } from './holds.ts'
import { openLedger } from './ledger.ts'
import { openLetters } from './letters.ts'
import { type GuardSettings, guardDefaults } from './settings.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const start = 20_000 * DAY
const home = '192.0.2.7'
const away = '198.51.100.9'

type House = {
  readonly store: Store
  readonly guard: Guard
  readonly freezer: Freezer
  readonly holds: Holds
  readonly anna: Account
  readonly admin: Account
  readonly pass: (ms: number) => void
  readonly heard: string[]
  readonly settled: () => Promise<void>
  readonly history: ReturnType<typeof openHistory>
}

const accountIn = async (store: Store, name: string, settings = '{}'): Promise<Account> => {
  const there = await store.account({ name })
  if (there.ok) return there.value
  const made = await store.addAccount({ name, passwordHash: 'hash', quotaBytes: 0, settings, now: start })
  assert.ok(made.ok)
  await store.addMailbox({ account: made.value.id, name: 'INBOX', now: start })
  await store.putAddress({ address: name, state: 'mailbox', account: made.value.id })
  return made.value
}

const memory = async (): Promise<Store> => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  await opened.value.putDomain({ name: 'example.org', settings: '{}' })
  return opened.value
}

type Options = {
  readonly store?: Store
  readonly settings?: Partial<GuardSettings>
  readonly at?: number
  readonly own?: string
}

const open = async (options: Options = {}): Promise<House> => {
  const store = options.store ?? (await memory())
  const settings = { ...guardDefaults, ...options.settings }
  let clock = options.at ?? start
  const heard: string[] = []
  const now = (): number => clock
  const log = { event: (name: string) => void heard.push(name) }
  let made = 0
  const letters = openLetters({
    store,
    now,
    fresh: (octets) => {
      made += 1
      return Buffer.alloc(octets, made)
    },
    host: () => 'mail.example.org',
    postmaster: () => undefined,
    sign: async () => '',
    wake: () => void heard.push('wake'),
  })
  const admin = await accountIn(store, 'admin@example.org')
  const anna = await accountIn(store, 'anna@example.org', options.own ?? '{"second-address":"anna@elsewhere.example"}')
  const freezer = openFreezer({
    store,
    now,
    log,
    letters,
    cut: (account) => heard.push(`cut ${account}`),
    revoke: async (account) => ok(heard.push(`revoke ${account}`)),
    soon: (work) => setImmediate(work),
  })
  await freezer.restore()
  const holds = openHolds({ store, now, log, wake: () => void heard.push('wake') })
  const history = openHistory({ store, now, log: silentLog })
  const guard = openGuard({ store, settings: () => settings, history, freezer, holds, letters, now, log })
  return {
    ...{ store, guard, freezer, holds, anna, admin, heard, history },
    pass: (ms) => {
      clock += ms
    },
    settled: async () => {
      await new Promise((resolve) => setImmediate(resolve))
      await freezer.settled()
      await guard.flushed()
    },
  }
}

let strangers = 0
/** One message to so many people that the account never wrote to. */
const ask = ({ guard, anna }: House, ip: string, count = 1, known = 0): Promise<GuardAnswer> => {
  strangers += count
  const firstTime = Array.from({ length: count }, (_, at) => `stranger${strangers - at}@else.example`)
  const recipients = [...firstTime, ...Array.from({ length: known }, (_, at) => `friend${at}@else.example`)]
  return guard.ask({ account: anna, recipients, firstTime, ip, at: start, size: 1000 })
}
const judge = ({ guard, anna }: House, score: number, ip = home, same = ''): Promise<GuardAnswer> =>
  guard.judged({ account: anna, score, ip, at: start, id: '1a2b', recipients: 1, same })

const login = async (house: House, ip: string): Promise<void> => {
  house.guard.login({ account: house.anna, ip, at: start, service: 'submission' })
  await house.guard.flushed()
}

const queueUp = async (house: House, count: number, state: 'waiting' | 'held' = 'waiting', why = ''): Promise<void> => {
  for (let at = 0; at < count; at += 1) {
    strangers += 1
    const entry = { account: house.anna.id, sender: 'anna@example.org', recipient: `queued${strangers}@else.example` }
    const rest = { domain: 'else.example', state, why, queuedAt: start, nextAt: start, expiresAt: start + 5 * DAY }
    const entries = [
      { ...entry, ...rest, message: strangers.toString(16).padStart(32, '0'), options: '{"subject":"Buy"}' },
    ]
    const body = { bytes: Buffer.from('Subject: Buy\r\n\r\nbuy\r\n') }
    const stored = await house.store.deliver({ body, places: [], now: start, queue: { prefix: '', entries } })
    assert.ok(stored.ok)
  }
}
const queued = async ({ store, anna }: House): Promise<readonly string[]> => {
  const all = await store.queue({ account: anna.id, most: 1000 })
  assert.ok(all.ok)
  return all.value.map(({ state, why }) => `${state} ${why}`.trim())
}
const inbox = async ({ store }: House, account: Account): Promise<readonly string[]> => {
  const mailbox = await store.mailbox({ account: account.id, name: 'INBOX' })
  assert.ok(mailbox.ok)
  const { id } = mailbox.value
  const all = await store.messages({
    mailbox: id,
    uids: [[1, 1000]],
    want: { message: true },
    most: 1000,
    mostBytes: 1e7,
  })
  assert.ok(all.ok)
  return all.value.rows.map((row) => Buffer.from(row.message ?? []).toString())
}

/** A thief at work: he has logged in from his own network, and writes to strangers, each his own message. */
const theft = async (house: House, messages: number): Promise<readonly GuardAnswer[]> => {
  await login(house, home)
  await login(house, away)
  return Promise.all(
    Array.from({ length: messages }, async () => {
      const asked = await ask(house, away)
      return asked.kind === 'refuse'
        ? asked
        : house.guard.judged({ account: house.anna, score: 1, ip: away, at: start, id: '1', recipients: 1, same: '' })
    }),
  )
}

test('a thief on many connections at once gets ten messages out, and is frozen', async () => {
  const house = await open()
  const answers = await theft(house, 300)
  assert.equal(answers.filter(({ kind }) => kind === 'go').length <= 12, true)
  assert.ok(house.freezer.of(house.anna.id))
  assert.equal(await house.store.account({ id: house.anna.id }).then((a) => a.ok && a.value.state), 'frozen')
  const after = await ask(house, home)
  assert.ok(after.kind === 'refuse' && after.why === 'frozen')
})

test('a frozen account: its mail held, its sessions cut, its app passwords revoked, owner and administrator told', async () => {
  const house = await open()
  await queueUp(house, 3)
  await theft(house, 40)
  await house.settled()
  assert.deepEqual(await queued(house), ['held frozen', 'held frozen', 'held frozen'])
  assert.ok(house.heard.includes(`cut ${house.anna.id}`) && house.heard.includes(`revoke ${house.anna.id}`))
  const [letter = ''] = (await inbox(house, house.admin)).slice(-1)
  assert.match(letter, /Subject: Postern froze anna@example.org\r\n/)
  assert.match(letter, /3 messages that had not left yet are held/)
  assert.match(letter, /It came from 198\.51\.100\.9/)
  const leaving = await house.store.queue({ domain: 'elsewhere.example', most: 10 })
  assert.deepEqual(leaving.ok && leaving.value.map(({ recipient, account }) => [recipient, account]), [
    ['anna@elsewhere.example', null],
  ])
  assert.deepEqual(house.freezer.of(house.anna.id)?.done.length, 6)
})

test('what comes into the queue after the freeze is held too', async () => {
  const house = await open()
  await theft(house, 40)
  await house.settled()
  await queueUp(house, 1)
  house.guard.sent({ account: house.anna, recipients: [], firstTime: [], ip: away, at: start, size: 1 })
  await house.settled()
  assert.deepEqual(await queued(house), ['held frozen'])
})

test('the owner at home goes on while somebody else writes from a new network', async () => {
  const house = await open()
  await login(house, home)
  await login(house, away)
  for (let message = 0; message < 9; message += 1) assert.equal((await ask(house, away)).kind, 'go')
  assert.equal((await ask(house, home, 20)).kind, 'go')
})

test('a newsletter to 150 known correspondents goes, from home and from a hotel', async () => {
  for (const ip of [home, away]) {
    const house = await open()
    await login(house, home)
    for (let message = 0; message < 150; message += 1) {
      assert.equal((await ask(house, ip, 0, 1)).kind, 'go')
      assert.equal((await judge(house, 1, ip)).kind, 'go')
    }
  }
})

test('what an account got away with speaks for it no longer once somebody complained', async () => {
  for (const [complains, want] of [
    [false, 580],
    [true, 320], // what its age gives
  ] as const) {
    const house = await open()
    assert.equal((await ask(house, home, 0, 290)).kind, 'go')
    if (complains) house.guard.complained(house.anna.id)
    await house.settled()
    house.pass(3 * DAY)
    const { limits } = await house.guard.standing(house.anna)
    assert.equal(limits.hour.recipients, want)
  }
})

test('whoever makes the server stop gets no second budget', async () => {
  const store = await memory()
  const first = await open({ store })
  await login(first, home)
  const sent = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const asked = await ask(first, home)
      return asked.kind === 'go' ? (await judge(first, 1)).kind : asked.kind
    }),
  )
  assert.equal(sent.filter((kind) => kind === 'go').length, 30)
  // kill -9: nothing is flushed, a new house opens the same store.
  const second = await open({ store })
  assert.equal((await ask(second, home)).kind, 'hold')
})

test('three refusals freeze; the words say what happened', async () => {
  const house = await open()
  await login(house, home)
  const [one, , three] = [await judge(house, 9.23), await judge(house, 9), await judge(house, 12)]
  assert.deepEqual(one, {
    kind: 'refuse',
    why: 'spam',
    says: 'This message was not sent: it looks like spam (9.2 points, the limit is 8). If it is none, ask your administrator to look at message 1a2b; do not send it again as it is',
  })
  assert.ok(three.kind === 'refuse' && three.why === 'frozen')
  assert.match(three.says, /frozen since .* mail that looks like spam was sent from it\. .* new password$/)
})

test('the same message tried ten times does not freeze', async () => {
  const house = await open()
  for (let time = 0; time < 10; time += 1) assert.deepEqual((await judge(house, 9, home, 'digest')).kind, 'refuse')
  assert.equal(house.freezer.of(house.anna.id), undefined)
})

const failing = (
  store: Store,
  verb: 'settleQueue' | 'changeAccount',
): { readonly store: Store; readonly mend: () => void } => {
  let broken = true
  const fault = { ok: false, error: 'disk-full' } as const
  return {
    store: { ...store, [verb]: async (a: never) => (broken ? fault : store[verb](a)) },
    mend: () => {
      broken = false
    },
  }
}

for (const verb of ['settleQueue', 'changeAccount'] as const)
  test(`a crash at ${verb} leaves the account frozen, and the rest is done at the start`, async () => {
    const store = await memory()
    const first = await open({ store: failing(store, verb).store })
    await queueUp(first, 2)
    await theft(first, 40)
    await first.settled()
    assert.deepEqual(await queued(first), ['waiting', 'waiting'])
    const second = await open({ store })
    assert.ok(second.freezer.of(second.anna.id))
    const asked = await ask(second, home)
    assert.ok(asked.kind === 'refuse' && asked.why === 'frozen')
    second.freezer.finish()
    await second.settled()
    assert.deepEqual(await queued(second), ['held frozen', 'held frozen'])
    assert.equal(second.freezer.of(second.anna.id)?.done.length, 6)
    const account = await store.account({ id: second.anna.id })
    assert.equal(account.ok && account.value.state, 'frozen')
  })

test('a step that failed is done in the next round', async () => {
  const store = await memory()
  const { store: broken, mend } = failing(store, 'settleQueue')
  const house = await open({ store: broken })
  await queueUp(house, 2)
  await theft(house, 40)
  await house.settled()
  assert.ok(house.heard.includes('freeze-unfinished'))
  mend()
  await house.guard.round()
  await house.settled()
  assert.deepEqual(await queued(house), ['held frozen', 'held frozen'])
})

test('thawing wants another password, forgets the counts, and makes the network of the thief a stranger', async () => {
  const house = await open()
  await theft(house, 40)
  await house.settled()
  assert.deepEqual(await house.freezer.thaw(house.anna, false), { ok: false, error: 'same-password' })
  const changed = await house.store.changeAccount({ id: house.anna.id, passwordHash: 'another' })
  assert.ok(changed.ok)
  const thawed = await house.freezer.thaw(changed.value, false)
  assert.ok(thawed.ok && thawed.value !== undefined)
  await house.guard.begunAgain(house.anna.id, [thawed.value.evidence.network])
  const { spent, strikes } = await house.guard.standing(house.anna)
  assert.deepEqual([spent.day.messages, strikes], [0, 0])
  assert.equal((await ask(house, home, 20)).kind, 'go')
  assert.equal((await ask(house, away, 20)).kind, 'hold')
  assert.deepEqual(await house.freezer.thaw(changed.value, false), { ok: false, error: 'not-frozen' })
})

test('a thaw that was broken off is done at the start', async () => {
  const store = await memory()
  const house = await open({ store })
  await theft(house, 40)
  await house.settled()
  await store.changeAccount({ id: house.anna.id, state: 'active' })
  const second = await open({ store })
  assert.equal(second.freezer.of(second.anna.id), undefined)
  assert.equal((await ask(second, home)).kind, 'go')
})

test('over the budget from home: taken, held, told once a day, and released as there is room', async () => {
  const house = await open()
  await login(house, home)
  assert.equal((await ask(house, home, 30)).kind, 'go')
  for (let message = 0; message < 5; message += 1)
    assert.deepEqual(await ask(house, home, 20), { kind: 'hold', why: 'budget' })
  await queueUp(house, 100, 'held', 'budget')
  await house.settled()
  assert.equal((await inbox(house, house.anna)).length, 1)
  await house.guard.round()
  assert.equal((await queued(house)).filter((one) => one === 'waiting').length, 0)
  house.pass(HOUR + 600_000)
  await house.guard.round()
  assert.equal((await queued(house)).filter((one) => one === 'waiting').length, 30)
  house.pass(HOUR + 600_000)
  await house.guard.round()
  // The day's 80, less the 30 that went first.
  assert.equal((await queued(house)).filter((one) => one === 'waiting').length, 50)
  assert.equal(house.freezer.of(house.anna.id), undefined)
})

test('what was held as suspicious waits until no network is new', async () => {
  const house = await open()
  await login(house, home)
  await login(house, away)
  assert.deepEqual(await ask(house, away, 11), { kind: 'hold', why: 'suspicious' })
  await queueUp(house, 4, 'held', 'suspicious')
  house.pass(2 * HOUR)
  await house.guard.round()
  assert.equal((await queued(house)).filter((one) => one === 'waiting').length, 0)
  house.pass(11 * HOUR)
  await house.guard.round()
  assert.equal((await queued(house)).filter((one) => one === 'waiting').length, 4)
})

test('what waits is bounded: more is refused, with when to try again', async () => {
  const house = await open({ settings: { mostHeld: 3 } })
  await ask(house, home, 30)
  for (let message = 0; message < 3; message += 1) assert.equal((await ask(house, home)).kind, 'hold')
  const refused = await ask(house, home)
  assert.ok(refused.kind === 'refuse' && refused.why === 'budget')
  assert.match(
    refused.says,
    /^Not sent: this account may have at most 30 recipients an hour .* 3 messages of today already wait .* Try again after/,
  )
})

test("an account's own thresholds and budgets", async () => {
  const house = await open({ own: '{"sending":{"reject":20,"hour":{"first-time":500},"day":{"first-time":500}}}' })
  assert.equal((await judge(house, 15)).kind, 'go')
  assert.equal((await ask(house, home, 280)).kind, 'go')
})

test('switched off, everything goes and nothing is counted', async () => {
  const house = await open({ settings: { enabled: false } })
  assert.equal((await ask(house, home, 5000)).kind, 'go')
  assert.equal((await judge(house, 500)).kind, 'go')
})

test('release and drop: one message, or all but what a person holds', async () => {
  const house = await open()
  await queueUp(house, 3, 'held', 'frozen')
  await queueUp(house, 1, 'held', 'by-hand')
  const list = await house.holds.list(house.anna.id)
  assert.ok(list.ok)
  const [first] = list.value
  assert.deepEqual([first?.subject, first?.why, first?.recipients.length], ['Buy', 'frozen', 1])
  assert.deepEqual(await house.holds.drop(house.anna.id, { message: first?.message ?? '' }), ok(1))
  assert.deepEqual(await house.holds.release(house.anna.id, 'all'), ok(2))
  assert.deepEqual(await queued(house), ['waiting', 'waiting', 'held by-hand'])
  assert.ok(house.heard.includes('wake'))
})

test('ten thousand accounts: memory is bounded, and none gets a second budget for it', async () => {
  const memos = new Map<string, { key: string; value: Uint8Array; expiresAt: number | null }>()
  const disk: Pick<Store, 'remember' | 'recall'> = {
    remember: async (a) => {
      for (const memo of a.memos) memos.set(memo.key, memo)
      return ok(null)
    },
    recall: async ({ key = '' }) => ok([memos.get(key)].flatMap((memo) => (memo === undefined ? [] : [memo]))),
  }
  const ledger = openLedger(disk)
  for (let id = 1; id <= 10_000; id += 1) {
    await ledger.load(accountId(id), start)
    ledger.put(accountId(id), { ...ledger.at(accountId(id), start), toldAt: id }, start)
    if (id % 1000 === 0) await ledger.flushed()
  }
  assert.equal(memos.size, 10_000)
  // What was asked of the disk again was not in memory any more.
  memos.delete('1')
  await ledger.load(accountId(1), start)
  assert.equal(ledger.at(accountId(1), start).toldAt, 0)
  await ledger.load(accountId(2), start)
  assert.equal(ledger.at(accountId(2), start).toldAt, 2)
  await ledger.load(accountId(9_999), start)
  assert.equal(ledger.at(accountId(9_999), start).toldAt, 9_999)
})
