import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fail, ok } from '../../base/result.ts'
import type { Store } from '../../store/store.ts'
import { WriteThrough } from './write-through.ts'

type Call = {
  readonly keys: readonly string[]
  readonly answer: (done: Awaited<ReturnType<Store['remember']>>) => void
}

/** A store whose every answer the test gives. */
const slow = (): { readonly store: Pick<Store, 'remember'>; readonly calls: Call[] } => {
  const calls: Call[] = []
  return {
    calls,
    store: {
      remember: ({ memos }) =>
        new Promise((resolve) => {
          calls.push({
            keys: memos.map(({ key, value }) => `${key}=${Buffer.from(value).toString()}`),
            answer: resolve,
          })
        }),
    },
  }
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('whoever waits for a key waits for its newest value, and for nobody else', async () => {
  const { store, calls } = slow()
  const memos = new WriteThrough('space', store)
  const heard: string[] = []
  memos.put('a', Buffer.from('1'), 0)
  memos.put('b', Buffer.from('1'), 0)
  await turn()
  assert.deepEqual(calls[0]?.keys, ['a=1', 'b=1'])
  memos.put('a', Buffer.from('2'), 0)
  assert.equal(Buffer.from(memos.unwritten('a') ?? []).toString(), '2')
  assert.equal(Buffer.from(memos.unwritten('b') ?? []).toString(), '1')
  void memos.written('a').then(() => heard.push('a'))
  void memos.written('b').then(() => heard.push('b'))
  calls[0]?.answer(ok(null))
  await turn()
  assert.deepEqual(heard, ['b'])
  assert.deepEqual(calls[1]?.keys, ['a=2'])
  calls[1]?.answer(ok(null))
  await memos.flushed()
  assert.deepEqual(heard, ['b', 'a'])
  assert.equal(memos.unwritten('a'), undefined)
})

test('a store that refuses says so to who waits, and the next value is written all the same', async () => {
  const { store, calls } = slow()
  const memos = new WriteThrough('space', store)
  memos.put('a', Buffer.from('1'), 0)
  const written = memos.written('a')
  await turn()
  calls[0]?.answer(fail('disk-full'))
  assert.deepEqual(await written, fail('disk-full'))
  memos.put('a', Buffer.from('2'), 0)
  await turn()
  calls[1]?.answer(ok(null))
  assert.deepEqual(await memos.written('a'), ok(null))
})

test('what is put while the last answer is being told is written', async () => {
  const { store, calls } = slow()
  const memos = new WriteThrough('space', store)
  memos.put('a', Buffer.from('1'), 0)
  const again = memos.written('a').then(() => memos.put('a', Buffer.from('2'), 0))
  await turn()
  calls[0]?.answer(ok(null))
  await again
  await turn()
  assert.deepEqual(calls[1]?.keys, ['a=2'])
})
