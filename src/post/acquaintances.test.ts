/** Whom an account writes to, as far as a stranger may pretend to be one of them: what is told of whom, and within which bounds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { accountId } from '../base/ids.ts'
import { silentLog } from '../base/log.ts'
import { openInline } from '../store/sqlite/inline.ts'
import { must } from '../store/testing.ts'
import { namesIn, shownName } from './acquaintances.ts'
import { openHistory } from './history.ts'

const [anna, ben] = [accountId(1), accountId(2)]
const carla = { name: 'Carla Example', address: 'carla@friends.example' }
const open = async (over: object = {}) => {
  const store = await must(openInline({ folder: ':memory:' }))
  const history = (): ReturnType<typeof openHistory> =>
    openHistory({ store: { ...store, ...over }, now: () => 0, log: silentLog })
  return { store, history }
}
const stranger = (name: string, address: string) => ({ name, address })

for (const [says, sender, want] of [
  ['by name', stranger('carla  EXAMPLE', 'c@evil.test'), [stranger('carla  EXAMPLE', carla.address)]],
  ['by a domain like hers', stranger('', 'x@fr1ends.example'), [stranger('', carla.address)]],
  ['her own domain, so that nothing looks like it', stranger('', 'x@friends.example'), [stranger('', carla.address)]],
  ['a domain below hers', stranger('', 'x@mail.friends.example'), [stranger('', carla.address)]],
  ['nobody', stranger('Dora', 'dora@elsewhere.example'), []],
  ['no name at all', stranger('', 'x@elsewhere.example'), []],
] as const)
  test(`a sender is likened ${says}, at once and after a restart`, async () => {
    const { history } = await open()
    const first = history()
    assert.deepEqual(await first.alike(anna, sender), [])
    first.wrote(anna, carla.address, carla.name)
    assert.deepEqual(await first.alike(anna, sender), want)
    assert.deepEqual(await first.alike(ben, sender), [])
    // A letter without a name takes none away.
    first.wrote(anna, carla.address)
    await first.flushed()
    assert.deepEqual(await history().alike(anna, sender), want)
  })

test('what was written a moment ago is found by the first who asks', async () => {
  const history = (await open()).history()
  history.wrote(anna, carla.address, carla.name)
  assert.equal((await history.alike(anna, { name: carla.name, address: 'c@evil.test' })).length, 1)
})

test('a store that does not answer makes strangers, and is asked again', async () => {
  let isDeaf = true
  const { store, history } = await open()
  const first = history()
  first.wrote(anna, carla.address, carla.name)
  await first.flushed()
  const later = openHistory({
    store: { ...store, recall: async (a) => (isDeaf ? { ok: false, error: 'busy' } : store.recall(a)) },
    now: () => 0,
    log: silentLog,
  })
  const sender = { name: carla.name, address: 'c@evil.test' }
  assert.deepEqual(await later.alike(anna, sender), [])
  isDeaf = false
  assert.equal((await later.alike(anna, sender)).length, 1)
})

test('many of one name, and many domains alike, are told a few at a time', async () => {
  const history = (await open()).history()
  for (let n = 0; n < 50; n += 1) {
    history.wrote(anna, `carla@host${n}.example`, carla.name)
    history.wrote(anna, `x@friend${String.fromCharCode(97 + (n % 26))}.example`)
  }
  const told = await history.alike(anna, { name: carla.name, address: 'x@friend.example' })
  assert.equal(told.length, 10)
})

for (const [text, want] of [
  ['Carla Example <carla@friends.example>', 'Carla Example'],
  ['=?utf-8?q?Carla_=C3=89xample?= <c@x.example>', 'Carla Éxample'],
  ['"Example, Carla" <c@x.example>', 'Example, Carla'],
  ['Cárla <c@x.example>', 'Cárla'],
  ['carla@friends.example', ''],
  ['', ''],
] as const)
  test(`the name of From: ${text}`, () => assert.equal(shownName(text), want))

test('names are read of To and Cc; one that is an address is none', () => {
  const message =
    'To: Carla <Carla@Friends.example>, dora@x.example\r\nBcc: E <e@x.example>\r\ncc: "f@x.example" <f@x.example>,\r\n =?utf-8?q?G=C3=A9?= <g@x.example>\r\n\r\nTo: H <h@x.example>\r\n'
  assert.deepEqual(
    [...namesIn(Buffer.from(message))],
    [
      ['carla@friends.example', 'Carla'],
      ['g@x.example', 'Gé'],
    ],
  )
})

test('any octets have names or none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.string(), (octets, text) => {
      const names = namesIn(Buffer.concat([Buffer.from('To: '), octets]))
      return names.size <= 200 && shownName(text).length <= 100
    }),
  )
})
