import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  charged,
  habitAt,
  habitDoubted,
  habitWith,
  limitsOf,
  noHabit,
  nothingSpent,
  overOf,
  readHabit,
  readSpending,
  type Spending,
  type Standing,
  spendingAt,
  spentOf,
  writeHabit,
  writeSpending,
} from './budget.ts'
import { type Amount, guardDefaults } from './settings.ts'

const DAY = 86_400_000
const start = 20_000 * DAY
const settings = guardDefaults
const young: Standing = { cleanSince: start, habit: noHabit, attention: false, own: {} }
const amount = (messages: number, recipients: number, firstTime: number): Amount => ({
  messages,
  recipients,
  firstTime,
})

test('a new account has the budget of the settings, an old one more', () => {
  assert.deepEqual(limitsOf(settings, young, start), settings.budget)
  assert.equal(limitsOf(settings, young, start + 45 * DAY).hour.firstTime, 60)
  assert.equal(limitsOf(settings, young, start + 400 * DAY).hour.firstTime, 90)
})

test('a newsletter to 150 known correspondents fits a new account, as one message and as 150', () => {
  const limits = limitsOf(settings, young, start)
  assert.equal(overOf(nothingSpent, amount(1, 150, 0), limits), undefined)
  assert.equal(overOf(nothingSpent, amount(150, 150, 0), limits), undefined)
})

test('a newsletter to 150 known correspondents fits also from a hotel', () => {
  const limits = limitsOf(settings, { ...young, attention: true }, start)
  assert.equal(overOf(nothingSpent, amount(1, 150, 0), limits), undefined)
  assert.equal(overOf(nothingSpent, amount(150, 150, 0), limits), undefined)
})

test('a thief who writes to strangers gets ten in an hour and fifteen in a day', () => {
  const limits = limitsOf(settings, { ...young, cleanSince: 0, attention: true }, start)
  assert.equal(overOf(nothingSpent, amount(1, 10, 10), limits), undefined)
  const over = overOf(spendingAt(charged(nothingSpent, amount(10, 10, 10)), 0), amount(1, 1, 1), limits)
  assert.deepEqual([over?.kind, over?.span, over?.limit], ['firstTime', 'hour', 10])
  assert.equal(limits.day.firstTime, 15)
})

test('of several budgets that are spent the one for strangers is named', () => {
  const limits = limitsOf(settings, young, start)
  assert.equal(overOf(nothingSpent, amount(1, 5000, 40), limits)?.kind, 'firstTime')
  assert.equal(overOf(nothingSpent, amount(1, 5000, 0), limits)?.kind, 'recipients')
})

const busy = (days: readonly number[], each: Amount): Standing => {
  let habit = noHabit
  for (const day of days) {
    const now = start + day * DAY
    habit = habitWith(habit, each, charged(spendingAt(nothingSpent, now), each), now)
  }
  return { ...young, habit }
}

test('a busy day becomes a habit only when it has stayed clean for two days', () => {
  const standing = busy([0], amount(10, 400, 0))
  assert.equal(limitsOf(settings, { ...standing, cleanSince: start + DAY }, start + DAY).hour.recipients, 300)
  assert.equal(limitsOf(settings, { ...standing, cleanSince: start + 2 * DAY }, start + 2 * DAY).hour.recipients, 800)
})

test('a habit is forgotten by half in sixty days, and helps only so far', () => {
  const standing = busy([0], amount(10, 100_000, 0))
  const fresh = (now: number): number => limitsOf(settings, { ...standing, cleanSince: now }, now).hour.recipients
  assert.equal(fresh(start + 3 * DAY), 3000)
  const [before, after] = [busy([0], amount(10, 600, 0)), start + 62 * DAY]
  const settled = { ...before, habit: habitAt(before.habit, start + 2 * DAY), cleanSince: after }
  assert.equal(limitsOf(settings, settled, after).hour.recipients, 600)
})

test('what was sent on a day with a refusal is no habit', () => {
  const standing = busy([0, 1], amount(10, 500, 0))
  const doubted = { ...standing, habit: habitDoubted(standing.habit, start + DAY), cleanSince: start + 9 * DAY }
  assert.equal(limitsOf(settings, doubted, start + 9 * DAY).hour.recipients, 300)
})

test('under attention the account may do what it is used to, to those it knows', () => {
  const standing = { ...busy([0], amount(350, 350, 70)), attention: true }
  const { hour } = limitsOf(settings, standing, start + 3 * DAY)
  assert.ok(hour.messages > 330 && hour.messages <= 350, `${hour.messages}`)
  assert.equal(hour.firstTime, 10)
})

test("an account's own limits hold instead of what it has by age, and do not help a thief", () => {
  const own = { hour: { firstTime: 500 }, day: { messages: 7 } }
  const limits = limitsOf(settings, { ...young, cleanSince: 0, own }, start)
  assert.deepEqual([limits.hour.firstTime, limits.day.messages, limits.day.firstTime], [500, 7, 240])
  const watched = limitsOf(settings, { ...young, attention: true, own }, start)
  assert.deepEqual([watched.hour.firstTime, watched.day.messages, watched.day.firstTime], [10, 7, 15])
})

const step = fc.record({
  pass: fc.integer({ min: 0, max: 30_000_000 }),
  messages: fc.integer({ min: 1, max: 3 }),
  recipients: fc.integer({ min: 1, max: 200 }),
  strangers: fc.integer({ min: 0, max: 60 }),
})

test('whatever the order, no hour and no day holds more than the budget', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const limits = settings.budget
      let now = start
      let spending: Spending = nothingSpent
      const sent: { readonly at: number; readonly what: Amount }[] = []
      for (const { pass, messages, recipients, strangers } of steps) {
        now += pass
        spending = spendingAt(spending, now)
        const what = amount(messages, recipients, Math.min(strangers, recipients))
        if (overOf(spending, what, limits) !== undefined) continue
        spending = charged(spending, what)
        sent.push({ at: now, what })
        for (const [span, ms] of [
          ['hour', DAY / 24],
          ['day', DAY],
        ] as const)
          for (const kind of ['messages', 'recipients', 'firstTime'] as const) {
            const within = sent.filter(({ at }) => at > now - ms).reduce((sum, one) => sum + one.what[kind], 0)
            assert.ok(within <= limits[span][kind])
            assert.ok(within <= spentOf(spending)[span][kind])
          }
      }
    }),
  )
})

test('spending and habits read back, in bounded octets, and nothing else does', () => {
  let spending: Spending = nothingSpent
  let habit = noHabit
  for (let turn = 0; turn < 2000; turn += 1) {
    const now = start + turn * 200_000
    spending = charged(spendingAt(spending, now), amount(1, 20, 3))
    habit = habitWith(habit, amount(1, 20, 3), spending, now)
  }
  const [written, kept] = [JSON.stringify(writeSpending(spending)), JSON.stringify(writeHabit(habit))]
  assert.deepEqual(readSpending(JSON.parse(written)), spending)
  assert.deepEqual(readHabit(JSON.parse(kept)), habit)
  assert.ok(written.length + kept.length < 1000, `${written.length + kept.length} octets`)
  fc.assert(
    fc.property(fc.anything(), (value) => {
      readSpending(value)
      readHabit(value)
    }),
  )
})
