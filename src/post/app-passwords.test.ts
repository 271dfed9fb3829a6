import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { accountId } from '../base/ids.ts'
import { silentLog } from '../base/log.ts'
import { openInline } from '../store/sqlite/inline.ts'
import type { Store } from '../store/store.ts'
import { type AppPasswords, openAppPasswords } from './app-passwords.ts'

const anna = accountId(1)
const ben = accountId(11)
const hour = 3_600_000

type House = {
  readonly keys: AppPasswords
  readonly again: () => AppPasswords
  readonly store: Store
  readonly pass: (ms: number) => void
}

const openHouse = (change: (store: Store) => Store = (store) => store): House => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  const store = change(opened.value)
  let clock = 1e12
  let seed = 1
  const fresh = (octets: number): Uint8Array =>
    Uint8Array.from({ length: octets }, () => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % 256
    })
  const open = (): AppPasswords => openAppPasswords({ store, now: () => clock, fresh, log: silentLog })
  return {
    keys: open(),
    again: open,
    store: opened.value,
    pass: (ms) => {
      clock += ms
    },
  }
}
const make = async (
  keys: AppPasswords,
  name: string,
  scopes: Parameters<AppPasswords['add']>[0]['scopes'] = ['all'],
  account = anna,
) => {
  const added = await keys.add({ account, name, scopes })
  assert.ok(added.ok, added.ok ? '' : added.error)
  return added.value
}

test('it opens as it was shown, in capitals, and without its dashes; nothing else does', async () => {
  const { keys } = openHouse()
  const { password, made } = await make(keys, 'phone')
  assert.match(password, /^(?:[a-hj-km-np-z2-9]{5}-){3}[a-hj-km-np-z2-9]{5}$/)
  for (const typed of [
    password,
    password.toUpperCase(),
    password.replaceAll('-', ''),
    ` ${password.replaceAll('-', ' ')} `,
  ])
    assert.equal((await keys.match(anna, typed, 'imap'))?.id, made.id)
  const other = password.startsWith('a') ? `b${password.slice(1)}` : `a${password.slice(1)}`
  for (const typed of [other, password.slice(1), `${password}a`, '', '-'.repeat(23)])
    assert.equal(await keys.match(anna, typed, 'imap'), undefined)
  assert.equal(await keys.match(ben, password, 'imap'), undefined)
})

test('it is kept as a salted hash alone', async () => {
  const { keys, store } = openHouse()
  const { password } = await make(keys, 'phone')
  await make(keys, 'tablet')
  const memos = await store.recall({ space: 'app-passwords', now: 0 })
  assert.ok(memos.ok)
  const text = memos.value.map(({ value }) => Buffer.from(value).toString()).join('\n')
  assert.equal(memos.value.length, 2)
  assert.ok(!text.includes(password) && !text.includes(password.replaceAll('-', '')))
  assert.equal(new Set([...text.matchAll(/"salt":"([^"]+)"/g)].map(([, salt]) => salt)).size, 2)
})

for (const [scopes, opens] of [
  [['all'], ['imap', 'pop3', 'submission']],
  [['imap'], ['imap']],
  [
    ['pop3', 'submission', 'pop3'],
    ['pop3', 'submission'],
  ],
] as const)
  test(`for ${scopes.join(' and ')}: opens ${opens.join(' and ')}`, async () => {
    const { keys } = openHouse()
    const { password } = await make(keys, 'x', scopes)
    const found = []
    for (const service of ['imap', 'pop3', 'submission'] as const)
      if ((await keys.match(anna, password, service)) !== undefined) found.push(service)
    assert.deepEqual(found, opens)
  })

test('another process reads what this one wrote; the name is found in any case, and by its id', async () => {
  const { keys, again } = openHouse()
  const phone = await make(keys, 'Phone', ['imap'])
  const tablet = await make(keys, 'tablet')
  await make(keys, 'other', ['all'], ben)
  assert.equal((await again().match(anna, phone.password, 'imap'))?.name, 'Phone')
  const list = await again().list(anna)
  assert.ok(list.ok)
  assert.deepEqual(list.value.map(({ name, scopes }) => [name, scopes]).sort(), [
    ['Phone', ['imap']],
    ['tablet', ['all']],
  ])
  assert.deepEqual(await keys.add({ account: anna, name: 'PHONE', scopes: ['all'] }), {
    ok: false,
    error: 'name-taken',
  })
  assert.ok((await keys.revoke(anna, 'phone')).ok)
  assert.ok((await keys.revoke(anna, tablet.made.id)).ok)
  assert.deepEqual(await keys.revoke(anna, 'phone'), { ok: false, error: 'no-such-app-password' })
  for (const { password } of [phone, tablet]) {
    assert.equal(await keys.match(anna, password, 'imap'), undefined)
    assert.equal(await again().match(anna, password, 'imap'), undefined)
  }
})

test('all of an account are revoked at once, and of no other', async () => {
  const { keys, again } = openHouse()
  const mine = [await make(keys, 'a'), await make(keys, 'b')]
  const his = await make(keys, 'a', ['all'], ben)
  assert.deepEqual(await keys.revokeAll(anna), { ok: true, value: 2 })
  assert.deepEqual(await keys.revokeAll(anna), { ok: true, value: 0 })
  for (const { password } of mine) assert.equal(await again().match(anna, password, 'imap'), undefined)
  assert.ok((await again().match(ben, his.password, 'imap')) !== undefined)
})

test('the last use is told, and a use that is written late brings no revoked one back', async () => {
  const { keys, again, pass } = openHouse()
  const { made, password } = await make(keys, 'phone')
  keys.used(anna, made.id, '192.0.2.7')
  pass(hour / 2)
  keys.used(anna, made.id, '192.0.2.7')
  const first = await keys.list(anna)
  assert.deepEqual(first.ok && first.value[0]?.used, { at: 1e12, ip: '192.0.2.7' })
  pass(1)
  keys.used(anna, made.id, '192.0.2.8')
  const second = await keys.list(anna)
  assert.deepEqual(second.ok && second.value[0]?.used, { at: 1e12 + hour / 2 + 1, ip: '192.0.2.8' })
  assert.ok((await keys.revoke(anna, 'phone')).ok)
  keys.used(anna, made.id, '192.0.2.9')
  await keys.flushed()
  assert.equal(await again().match(anna, password, 'imap'), undefined)
  assert.deepEqual(await again().list(anna), { ok: true, value: [] })
})

for (const [name, error] of [
  ['', 'no-name'],
  ['   ', 'no-name'],
  ['x'.repeat(61), 'no-name'],
  ['a\nb', 'no-name'],
] as const)
  test(`the name ${JSON.stringify(name.slice(0, 9))} is refused`, async () =>
    assert.deepEqual(await openHouse().keys.add({ account: anna, name, scopes: ['all'] }), { ok: false, error }))

test('fifty, and no more; also when all are asked for at once', async () => {
  const { keys } = openHouse()
  const added = await Promise.all(
    Array.from({ length: 60 }, (_, n) => keys.add({ account: anna, name: `n${n}`, scopes: ['all'] })),
  )
  assert.equal(added.filter((one) => one.ok).length, 50)
  const list = await keys.list(anna)
  assert.equal(list.ok && list.value.length, 50)
})

test('a store that fails: nothing opens, nothing is made, and what was revoked in vain is still there', async () => {
  let broken = false
  const fault = { ok: false, error: 'busy' } as const
  const house = openHouse((store) => ({
    ...store,
    recall: (a) => (broken ? Promise.resolve(fault) : store.recall(a)),
    forget: (a) => (broken ? Promise.resolve(fault) : store.forget(a)),
    remember: (a) => (broken ? Promise.resolve(fault) : store.remember(a)),
  }))
  const { password } = await make(house.keys, 'phone')
  broken = true
  assert.deepEqual(await house.keys.add({ account: anna, name: 'b', scopes: ['all'] }), fault)
  assert.deepEqual(await house.keys.revoke(anna, 'phone'), fault)
  assert.equal(await house.again().match(anna, password, 'imap'), undefined)
  broken = false
  assert.ok((await house.keys.match(anna, password, 'imap')) !== undefined)
})

test('a damaged memo opens nothing and can be revoked', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.json().map((text) => Buffer.from(text)),
      ),
      async (value) => {
        const { keys, store } = openHouse()
        await store.remember({ space: 'app-passwords', memos: [{ key: `${anna} 0badc0de`, value, expiresAt: null }] })
        assert.equal(await keys.match(anna, 'aaaaa-aaaaa-aaaaa-aaaaa', 'imap'), undefined)
        assert.ok((await keys.revoke(anna, '0badc0de')).ok)
      },
    ),
    { numRuns: 40 },
  )
})
