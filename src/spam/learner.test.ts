import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Counts, HAM, SPAM } from './counts.ts'
import { Learner } from './learner.ts'
import { hashOf } from './tokens.ts'

const tokens = (text: string): Uint32Array => Uint32Array.from(text.split(' '), (word) => hashOf(word))
const spam = tokens('buy cheap pills now from our shop')
const ham = tokens('minutes of the club meeting on tuesday')
const teach = (learner: Learner, times: number, account?: string): Learner => {
  for (let i = 0; i < times; i++) {
    learner.train({ tokens: spam, spam: true, account, weight: 1 })
    learner.train({ tokens: ham, spam: false, account, weight: 1 })
  }
  return learner
}
const points = (learner: Learner, message: Uint32Array, account?: string): number =>
  learner.opinion(message, account)?.points ?? 0

test('it has no opinion before it has seen both classes', () => {
  const learner = Learner.empty()
  assert.equal(learner.opinion(spam, 'anna'), undefined)
  learner.train({ tokens: spam, spam: true, weight: 1 })
  assert.equal(learner.opinion(spam, undefined), undefined)
  learner.train({ tokens: ham, spam: false, weight: 1 })
  assert.ok(points(learner, spam) > 0)
  assert.ok(points(learner, ham) < 0)
})

test('little training says little, more says more, and there is a bound', () => {
  const few = points(teach(Learner.empty(), 1), spam)
  const some = points(teach(Learner.empty(), 5), spam)
  const many = points(teach(Learner.empty(), 500), spam)
  assert.ok(few > 0 && few < some && some < many, `${few} ${some} ${many}`)
  assert.ok(many <= 6.5)
  assert.equal(teach(Learner.empty(), 3).opinion(spam, undefined)?.seen, 6)
})

test('a message of nothing known is held to be nothing', () => {
  const opinion = teach(Learner.empty(), 20).opinion(tokens('zebra quagga'), undefined)
  assert.ok(Math.abs(opinion?.points ?? 9) < 0.01)
  assert.ok(Math.abs((opinion?.probability ?? 9) - 0.5) < 0.01)
})

test('an account that disagrees gets its own way, and does not spoil the others', () => {
  const learner = teach(Learner.empty(), 60, 'anna')
  for (let i = 0; i < 60; i++) {
    learner.train({ tokens: spam, spam: false, account: 'ben', weight: 1 })
    learner.train({ tokens: ham, spam: true, account: 'ben', weight: 1 })
  }
  assert.ok(points(learner, spam, 'ben') < 0, 'ben wants what anna does not')
  assert.ok(points(learner, spam, 'anna') > 2, 'anna keeps her opinion')
})

test('one account cannot teach the others more than all of them together', () => {
  const learner = teach(Learner.empty(), 100, 'anna')
  const before = points(learner, spam)
  for (let i = 0; i < 2000; i++)
    learner.train({ tokens: tokens(`poison ${i}`), spam: true, account: 'mallory', weight: 1 })
  const lessons = learner.opinion(ham, undefined)?.seen ?? 0
  assert.ok(lessons < 1000, `${lessons} lessons count for all, of 2,200`)
  assert.ok(points(learner, spam) > before * 0.8)
  assert.ok(points(learner, ham) < 0)
})

test('weight is bounded: nobody shouts', () => {
  const loud = Learner.empty()
  loud.train({ tokens: spam, spam: true, weight: 1e9 })
  loud.train({ tokens: ham, spam: false, weight: 1 })
  assert.equal(loud.opinion(spam, undefined)?.seen, 2)
  loud.train({ tokens: spam, spam: true, weight: Number.NaN })
  loud.train({ tokens: spam, spam: true, weight: -3 })
  assert.equal(loud.opinion(spam, undefined)?.seen, 2)
})

test('a moved message is taken back and learned anew', () => {
  const learner = teach(Learner.empty(), 20, 'anna')
  const moved = tokens('the bargain of the week from the garden shop')
  learner.train({ tokens: moved, spam: true, account: 'anna', weight: 1 })
  assert.ok(points(learner, moved, 'anna') > 0)
  learner.untrain({ tokens: moved, spam: true, account: 'anna', weight: 1 })
  learner.train({ tokens: moved, spam: false, account: 'anna', weight: 1 })
  assert.ok(points(learner, moved, 'anna') < 0)
  assert.equal(learner.opinion(moved, 'anna')?.seen, 82)
})

test('taking back more than was learned ends at nothing', () => {
  const learner = Learner.empty()
  for (let i = 0; i < 3; i++) learner.untrain({ tokens: spam, spam: true, account: 'anna', weight: 1 })
  assert.equal(learner.opinion(spam, 'anna'), undefined)
})

test('the order of lessons hardly matters', () => {
  const lessons = Array.from({ length: 60 }, (_, i) => ({
    tokens: tokens(i % 2 === 0 ? `buy pills ${i % 7} now ${i}` : `club minutes ${i % 5} tuesday ${i}`),
    spam: i % 2 === 0,
    weight: 1,
  }))
  const asked = tokens('buy pills on tuesday')
  const opinionAfter = (order: readonly number[]): number => {
    const learner = Learner.empty()
    for (const index of order) {
      const lesson = lessons[index]
      if (lesson !== undefined) learner.train(lesson)
    }
    return learner.opinion(asked, undefined)?.probability ?? 0
  }
  const usual = opinionAfter([...lessons.keys()])
  fc.assert(
    fc.property(fc.shuffledSubarray([...lessons.keys()], { minLength: 60, maxLength: 60 }), (order) => {
      assert.ok(Math.abs(opinionAfter(order) - usual) < 0.2)
    }),
    { numRuns: 20 },
  )
})

test('forgetting weakens what was learned and keeps its sense', () => {
  const learner = teach(Learner.empty(), 10)
  const before = points(learner, spam)
  for (let i = 0; i < 6; i++) learner.forget(0.5)
  assert.ok(points(learner, spam) < before)
  assert.ok(points(learner, spam) >= 0)
})

test('a snapshot holds everything', () => {
  const learner = teach(teach(Learner.empty(), 5), 7, 'anna')
  const again = Learner.read(learner.snapshot())
  assert.ok(again.ok)
  for (const account of [undefined, 'anna', 'ben'])
    for (const message of [spam, ham, tokens('buy minutes')])
      assert.deepEqual(again.value.opinion(message, account), learner.opinion(message, account))
  assert.deepEqual(again.value.snapshot(), learner.snapshot())
})

test('a damaged snapshot is said to be damaged, wherever it is hit', () => {
  const bytes = teach(Learner.empty(), 2).snapshot()
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const hurt = bytes.slice()
      hurt[at] = (hurt[at] ?? 0) ^ flip
      assert.equal(Learner.read(hurt).ok, false)
    }),
    { numRuns: 100 },
  )
  for (const length of [0, 3, 23, bytes.length - 1]) assert.equal(Learner.read(bytes.subarray(0, length)).ok, false)
  assert.equal(Learner.read(new Uint8Array(100).fill(255)).ok, false)
})

test('a reader over the same memory sees what the writer learned', () => {
  const learner = teach(Learner.empty(), 3)
  const reader = Learner.over(learner.memory)
  assert.deepEqual(reader.opinion(spam, undefined), learner.opinion(spam, undefined))
  const { memory } = learner
  for (let i = 0; i < 20; i++)
    learner.train({ tokens: Uint32Array.from({ length: 3000 }, (_, k) => i * 3000 + k + 1), spam: true, weight: 1 })
  assert.notEqual(learner.memory, memory, 'it grew into a new memory')
  assert.ok(reader.opinion(spam, undefined) !== undefined, 'the old one stays whole')
})

test('the table grows to its bound and then forgets what was seen least', () => {
  let counts = Counts.empty()
  const often = 77
  for (let round = 0; round < 500; round++) {
    counts = counts.roomFor(4001)
    counts.values[counts.take(often) + SPAM] = round + 1
    for (let k = 0; k < 4000; k++) {
      const at = counts.take((round * 4000 + k + 1000) >>> 0)
      counts.values[at + HAM] = 1
    }
  }
  assert.ok(counts.memory.byteLength <= 34 * 1024 * 1024)
  assert.ok(counts.find(often) >= 0)
  assert.equal(counts.find(0xfffffff), -1)
})

test('an empty table is small', () => {
  assert.ok(Learner.empty().memory.byteLength < 300_000)
})
