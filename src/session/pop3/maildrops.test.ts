import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountId } from '../../base/ids.ts'
import { Maildrops } from './maildrops.ts'

const [anna, bert] = [accountId(1), accountId(2)]

test('a maildrop is held once, and another one at the same time', () => {
  const drops = new Maildrops()
  const release = drops.take(anna)
  assert.ok(release !== undefined)
  assert.equal(drops.take(anna), undefined)
  assert.ok(drops.take(bert) !== undefined)
  release()
  assert.ok(drops.take(anna) !== undefined)
})

test('a lock is given back once: a second call does not free the next holder', () => {
  const drops = new Maildrops()
  const first = drops.take(anna)
  first?.()
  const second = drops.take(anna)
  first?.()
  assert.equal(drops.take(anna), undefined)
  second?.()
  assert.ok(drops.take(anna) !== undefined)
})

for (const [name, times, want] of [
  ['the first login', [0], [false]],
  ['one that comes too early does not count', [0, 900, 1000], [false, true, false]],
  ['in time', [0, 1000, 2000], [false, false, false]],
  ['a clock that was set back keeps nobody out', [5000, 10], [false, false]],
] as const)
  test(`LOGIN-DELAY: ${name}`, () => {
    const drops = new Maildrops()
    assert.deepEqual(
      times.map((at) => drops.early(anna, at, 1000)),
      want,
    )
    assert.equal(drops.early(bert, 0, 1000), false)
  })

test('without a delay nobody is early, and nothing is remembered', () => {
  const drops = new Maildrops()
  assert.equal(drops.early(anna, 0, 0), false)
  assert.equal(drops.early(anna, 0, 0), false)
  assert.equal(drops.early(anna, 0, 1000), false)
})

test('the memory of logins is bounded', () => {
  const drops = new Maildrops()
  for (let n = 1; n <= 10_002; n += 1) assert.equal(drops.early(accountId(n), 0, 1000), false)
  assert.equal(drops.early(accountId(10_002), 1, 1000), true)
  assert.equal(drops.early(accountId(1), 1, 1000), false)
})
