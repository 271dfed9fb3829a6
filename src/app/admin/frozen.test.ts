import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as z from 'zod'
import { silentLog } from '../../base/log.ts'
import { ok } from '../../base/result.ts'
import { openAccounts } from '../../post/accounts.ts'
import { openAppPasswords } from '../../post/app-passwords.ts'
import { openHistory } from '../../post/history.ts'
import { openJail } from '../../post/jail.ts'
import { openDesk } from '../../post/queue/desk.ts'
import { openNotices } from '../../post/queue/notices.ts'
import { openInline } from '../../store/sqlite/inline.ts'
import type { NewQueueEntry, Store } from '../../store/store.ts'
import { frozenWith, type Guarding, openGuarding } from '../server/guarding.ts'
import { postSettings } from '../server/settings-of.ts'
import { openSigningHere } from '../server/signing.ts'
import { settingsSchema } from '../settings/schema.ts'
import { answerAdmin } from './verbs.ts'

const settings = settingsSchema.parse({ host: 'mail.example.org', dkim: { sign: false } })
const now = (): number => 1e12
const anna = 'anna@example.org'

type Words = Readonly<Record<string, unknown>>
type Desk = {
  readonly store: Store
  readonly guarding: Guarding
  readonly ask: (verb: string, words: Words) => Promise<unknown>
  readonly says: (verb: string, words: Words) => Promise<string>
}

let made = 0
const fresh = (octets: number): Uint8Array => {
  made += 1
  return Buffer.alloc(octets, made)
}

const desk = async (): Promise<Desk> => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  const store = opened.value
  const deps = { store, now, log: silentLog, settings: () => settings }
  const signing = await openSigningHere(deps)
  const history = openHistory(deps)
  const revoke = async () => ok(null)
  const guarding = await openGuarding({ ...deps, history, signing, fresh, cut: () => 0, revoke, wake: () => undefined })
  const accounts = openAccounts({ store, now, fresh, frozenWith: frozenWith(guarding) })
  const appPasswords = openAppPasswords({ ...deps, fresh })
  const jail = openJail({ ...deps, random: () => 0.5, settings: () => postSettings(settings).jail })
  await store.putDomain({ name: 'example.org', settings: '{}' })
  for (const name of ['admin@example.org', anna])
    assert.ok((await accounts.addAccount({ name, password: 'the first password' })).ok)
  const notices = openNotices({
    ...deps,
    host: () => settings.host,
    keepReceiptsMs: () => settings.keep.receipts,
    returnTo: () => undefined,
    wake: () => undefined,
  })
  const sending = { desk: openDesk({ store, notices, now }) }
  const answer = (verb: string, words: Words) =>
    answerAdmin(
      { store, accounts, jail, signing, guarding, appPasswords, cutAccount: () => 0, sending, now, log: silentLog },
      { verb, words },
    )
  return {
    store,
    guarding,
    ask: async (verb, words) => {
      const answered = await answer(verb, words)
      assert.ok(answered.ok, JSON.stringify(answered))
      return answered.value
    },
    says: async (verb, words) => {
      const answered = await answer(verb, words)
      assert.ok(!answered.ok)
      return answered.says
    },
  }
}

const queue = async ({ store }: Desk, ids: readonly string[]): Promise<void> => {
  const account = await store.account({ name: anna })
  assert.ok(account.ok)
  for (const message of ids) {
    const entry: NewQueueEntry = {
      message,
      account: account.value.id,
      sender: anna,
      recipient: 'x@else.example',
      domain: 'else.example',
      state: 'waiting',
      why: '',
      queuedAt: now(),
      nextAt: now(),
      expiresAt: now() + 1000,
      options: JSON.stringify({ subject: `Subject of ${message.slice(0, 2)}` }),
    }
    const body = { bytes: Buffer.from('Subject: x\r\n\r\nx\r\n') }
    assert.ok((await store.deliver({ body, places: [], now: now(), queue: { prefix: '', entries: [entry] } })).ok)
  }
}
const thawed = z.object({
  thawed: z.boolean(),
  released: z.number(),
  dropped: z.number(),
  held: z.array(z.object({ message: z.string() })),
})
const [one, two, three] = ['ab12'.padEnd(32, '0'), 'ab13'.padEnd(32, '0'), 'cd00'.padEnd(32, '0')]

test('a stolen account: frozen, looked through, thawed with another password, a message at a time', async () => {
  const house = await desk()
  await queue(house, [one, two, three])
  const frozen = await house.ask('account-freeze', { name: anna, note: 'called by telephone', stolen: true })
  assert.deepEqual(z.object({ held: z.number(), why: z.string() }).parse(frozen), { held: 3, why: 'by-hand' })
  const list = z.array(z.object({ name: z.string(), note: z.string() })).parse(await house.ask('account-frozen', {}))
  assert.deepEqual(list, [{ name: anna, note: 'called by telephone' }])

  const thaw = { name: anna, samePassword: false }
  assert.match(await house.says('account-thaw', thaw), /still the one .* give it another/)
  assert.match(await house.says('account-password', { name: anna, password: 'the first password' }), /choose another/)
  await house.ask('account-password', { name: anna, password: 'a second password' })
  assert.match(await house.says('account-password', { name: anna, password: 'the first password' }), /choose another/)

  for (const [drop, words] of [
    ['ab1', /at least 4/],
    ['ab1200zz', /Nothing with that id/],
    ['ab1', /at least/],
  ] as const)
    assert.match(await house.says('account-thaw', { ...thaw, drop }), words)
  assert.equal(
    z.array(z.object({ subject: z.string() })).parse(await house.ask('account-held', { name: anna }))[0]?.subject,
    'Subject of ab',
  )

  const first = thawed.parse(await house.ask('account-thaw', { ...thaw, drop: 'AB12' }))
  assert.deepEqual([first.thawed, first.dropped, first.held.length], [true, 1, 2])
  const second = thawed.parse(await house.ask('account-thaw', { ...thaw, release: 'ab13' }))
  assert.deepEqual([second.thawed, second.released, second.held.map(({ message }) => message)], [false, 1, [three]])
  assert.equal(await house.says('account-thaw', thaw), 'The account is not frozen')
  const third = thawed.parse(await house.ask('account-thaw', { ...thaw, release: 'all' }))
  assert.deepEqual([third.released, third.held], [1, []])
  assert.deepEqual(await house.ask('account-frozen', {}), [])
})

test('two held messages that begin alike are not mistaken for each other', async () => {
  const house = await desk()
  await queue(house, ['ab12'.padEnd(32, '1'), 'ab12'.padEnd(32, '2')])
  await house.ask('account-freeze', { name: anna, note: '', stolen: false })
  assert.match(await house.says('account-thaw', { name: anna, samePassword: false, drop: 'ab12' }), /Several/)
})

test('a freeze by hand that is no theft is undone without another password', async () => {
  const house = await desk()
  await house.ask('account-freeze', { name: anna, note: '', stolen: false })
  const account = await house.store.account({ name: anna })
  assert.equal(account.ok && account.value.state, 'frozen')
  assert.equal(thawed.parse(await house.ask('account-thaw', { name: anna, samePassword: false })).thawed, true)
  const after = await house.store.account({ name: anna })
  assert.equal(after.ok && after.value.state, 'active')
})

test('budgets and second addresses are set, shown, and taken away', async () => {
  const house = await desk()
  const set = await house.ask('account-second-address', { name: anna, address: 'anna@else.example' })
  assert.deepEqual(set, { address: 'anna@else.example' })
  assert.deepEqual(await house.ask('account-second-address', { name: anna }), { address: 'anna@else.example' })
  assert.match(await house.says('account-second-address', { name: anna, address: 'no address' }), /no address/)
  assert.deepEqual(await house.ask('account-second-address', { name: anna, address: null }), { address: null })
  const shape = z.object({
    limits: z.object({ day: z.object({ firstTime: z.number() }) }),
    own: z.object({ reject: z.number().optional() }),
  })
  const mine = shape.parse(await house.ask('account-budget', { name: anna, reject: 12, day: { firstTime: 400 } }))
  assert.deepEqual([mine.limits.day.firstTime, mine.own.reject], [400, 12])
  const again = shape.parse(await house.ask('account-budget', { name: anna, reject: null, day: { firstTime: null } }))
  assert.deepEqual([again.limits.day.firstTime, again.own.reject], [80, undefined])
  assert.match(await house.says('account-budget', { name: 'nobody@example.org' }), /no such account|There is no/i)
})
