/** What is bounded stays within its bound: recent.ts, write-behind.ts, turns.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../base/log.ts'
import type { Memo, Store } from '../store/store.ts'
import { Recent } from './recent.ts'
import { Turns } from './turns.ts'
import { WriteBehind } from './write-behind.ts'

test('what was not seen for long is forgotten, what is seen stays', () => {
  const recent = new Recent<number>(2)
  recent.set('a', 1)
  recent.set('b', 2)
  recent.get('a')
  recent.set('c', 3)
  assert.deepEqual([recent.get('b'), recent.get('a'), recent.get('c')], [undefined, 1, 3])
  recent.set('c', 4)
  assert.equal(recent.get('c'), 4)
  recent.delete('c')
  assert.equal(recent.get('c'), undefined)
})

test('of a flood of strangers half of the bound is remembered, and not much more; a friend who is seen stays', () => {
  const recent = new Recent<number>(100)
  recent.set('friend', 1)
  for (let n = 0; n < 100_000; n += 1) {
    recent.set(`${n}`, n)
    if (n % 40 === 0) assert.equal(recent.get('friend'), 1)
  }
  for (let n = 99_960; n < 100_000; n += 1) assert.equal(recent.get(`${n}`), n)
  const kept = Array.from({ length: 100_000 }, (_, n) => recent.get(`${n}`)).filter((one) => one !== undefined)
  assert.ok(kept.length <= 100)
})

type Written = {
  readonly store: Pick<Store, 'remember' | 'forget'>
  readonly batches: (readonly string[])[]
  readonly refuse: (on: boolean) => void
}
const writing = (): Written => {
  const batches: (readonly string[])[] = []
  let refusing = false
  return {
    batches,
    refuse: (on) => {
      refusing = on
    },
    store: {
      remember: async ({ memos }: { readonly memos: readonly Memo[] }) => {
        if (refusing) return { ok: false, error: 'disk-full' }
        batches.push(memos.map(({ key, value }) => `${key}=${value[0]}`))
        return { ok: true, value: null }
      },
      forget: async ({ keys }) => {
        batches.push(keys.map((key) => `-${key}`))
        return { ok: true, value: null }
      },
    },
  }
}

test('changes of one turn are one batch, the newest of each key', async () => {
  const { store, batches } = writing()
  const behind = new WriteBehind('x', store, silentLog)
  behind.put('a', Uint8Array.of(1), 0)
  behind.put('a', Uint8Array.of(2), 0)
  behind.put('b', Uint8Array.of(3), 0)
  behind.drop('c')
  await behind.flushed()
  assert.deepEqual(batches, [['a=2', 'b=3'], ['-c']])
})

test('what the store refused is written with the next change', async () => {
  const { store, batches, refuse } = writing()
  const behind = new WriteBehind('x', store, silentLog)
  refuse(true)
  behind.put('a', Uint8Array.of(1), 0)
  behind.put('b', Uint8Array.of(1), 0)
  await behind.flushed()
  refuse(false)
  behind.put('b', Uint8Array.of(2), 0)
  await behind.flushed()
  assert.deepEqual(batches.flat().sort(), ['a=1', 'b=2'])
})

test('a storm is bounded and comes in pieces', async () => {
  const { store, batches } = writing()
  const behind = new WriteBehind('x', store, silentLog)
  for (let n = 0; n < 25_000; n += 1) behind.put(`${n}`, Uint8Array.of(1), 0)
  await behind.flushed()
  assert.equal(batches.flat().length, 20_000)
  assert.ok(batches.every((batch) => batch.length <= 1_000))
})

test('so many at once, so many in line, the rest turned away; a failure gives its place on', async () => {
  const turns = new Turns(2, 3)
  let inside = 0
  let most = 0
  const work = async (): Promise<string> => {
    inside += 1
    most = Math.max(most, inside)
    await Promise.resolve()
    inside -= 1
    return 'done'
  }
  const all = await Promise.all(Array.from({ length: 10 }, () => turns.take(work)))
  assert.equal(all.filter((one) => one === 'done').length, 5)
  assert.equal(most, 2)
  await assert.rejects(turns.take(async () => Promise.reject(new Error('no'))))
  assert.equal(await turns.take(work), 'done')
})
