import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mailboxId } from '../../base/ids.ts'
import type { UidRanges } from '../../store/store.ts'
import { Maildrop } from './maildrop.ts'

const dropOf = (uids: readonly number[]): Maildrop =>
  new Maildrop({
    mailbox: mailboxId(1),
    uidValidity: 4_294_967_295,
    uids: Uint32Array.from(uids),
    sizes: Float64Array.from(uids, (uid) => uid * 10),
  })
const remove = (drop: Maildrop, number: number): void => {
  const found = drop.find(number)
  if (typeof found !== 'string') drop.remove(number, found)
}

test('numbers find messages, and nothing else does', () => {
  const drop = dropOf([3, 7])
  assert.deepEqual(drop.find(1), { uid: 3, size: 30 })
  assert.deepEqual(drop.find(2), { uid: 7, size: 70 })
  for (const number of [0, 3, -1, 4_294_967_296, Number.NaN]) assert.equal(drop.find(number), 'no-such-message')
})

test('a unique id is printable, short, and told of no other message', () => {
  const drop = dropOf([1, 11, 4_294_967_295])
  const ids = [1, 2, 3].map((number) => {
    const found = drop.find(number)
    return typeof found === 'string' ? '' : drop.uidl(found)
  })
  assert.equal(new Set(ids).size, 3)
  for (const id of ids) assert.match(id, /^[\x21-\x7e]{1,70}$/)
})

const within = (ranges: UidRanges, uid: number): boolean => ranges.some(([from, to]) => from <= uid && uid <= to)

test('deletions and readings hold exactly what was deleted and what was retrieved and stays', () =>
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 20 }),
      fc.array(fc.nat(22)),
      fc.array(fc.nat(22)),
      (numbers, deleted, retrieved) => {
        const uids = [...numbers].sort((a, b) => a - b)
        const drop = dropOf(uids)
        for (const number of retrieved) if (typeof drop.find(number) !== 'string') drop.retrieved(number)
        for (const number of deleted) remove(drop, number)
        let octets = 0
        for (const [at, uid] of uids.entries()) {
          const gone = deleted.includes(at + 1)
          octets += gone ? 0 : uid * 10
          assert.equal(within(drop.deletions, uid), gone)
          assert.equal(within(drop.readings, uid), retrieved.includes(at + 1) && !gone)
        }
        assert.equal(drop.stat.octets, octets)
        for (const ranges of [drop.deletions, drop.readings])
          for (const [at, [from, to]] of ranges.entries())
            assert.ok(from <= to && from > (ranges[at - 1]?.[1] ?? 0), 'ascending, not overlapping')
        drop.restore()
        assert.deepEqual(drop.deletions, [])
        assert.equal(drop.stat.messages, uids.length)
      },
    ),
    { numRuns: 200 },
  ))
