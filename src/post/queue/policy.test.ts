/** The pure parts of the queue's policy: schedule, pace, options. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type LastTry, type QueueOptions, readLast, readOptions, writeLast, writeOptions } from './options.ts'
import { balked, cutShort, newPace, type Pace, paceDefaults, went } from './pace.ts'
import { jittered, nextTry, scheduleDefaults } from './schedule.ts'

const MINUTE = 60_000
const chance = fc.double({ min: 0, max: 1, noNaN: true })

void test('the distances double from 5 minutes to 4 hours, a fifth more or less', () => {
  const waits = (lot: number, greylisted = false) =>
    [1, 2, 3, 4, 5, 6, 7, 8, 60].map(
      (tries) => nextTry({ tries, now: 0, expiresAt: 1e12, greylisted, chance: lot }, scheduleDefaults) / MINUTE,
    )
  assert.deepEqual(waits(0.5), [5, 10, 20, 40, 80, 160, 240, 240, 240])
  assert.deepEqual(waits(0), [4, 8, 16, 32, 64, 128, 192, 192, 192])
  assert.deepEqual(waits(1), [6, 12, 24, 48, 96, 192, 288, 288, 288])
  assert.deepEqual(waits(0.5, true), [5, 5, 5, 5, 5, 5, 240, 240, 240])
  assert.equal(jittered(1000, 0.25), 900)
})

void test('over five days a message is tried some thirty times, the last time at the end', () => {
  fc.assert(
    fc.property(fc.array(chance, { minLength: 60, maxLength: 60 }), (lots) => {
      const expiresAt = scheduleDefaults.lifetimeMs
      let [now, tries] = [0, 0]
      while (now < expiresAt) {
        tries += 1
        const next = nextTry({ tries, now, expiresAt, greylisted: false, chance: lots[tries] ?? 0 }, scheduleDefaults)
        assert.ok(next > now && next <= expiresAt)
        now = next
      }
      assert.ok(tries > 25 && tries < 50, `${tries} tries`)
    }),
  )
  // An entry that somebody retries by hand after its end is not due at once for ever.
  assert.ok(nextTry({ tries: 3, now: 10, expiresAt: 5, greylisted: false, chance: 0 }, scheduleDefaults) > 10)
})

void test('a pace grows by one after as many good messages as it has connections, up to the most', () => {
  let pace = newPace(paceDefaults)
  const seen: number[] = []
  for (let i = 0; i < 400; i += 1) {
    pace = went(pace, paceDefaults)
    if (seen.at(-1) !== pace.limit) seen.push(pace.limit)
  }
  assert.deepEqual(seen, [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
  assert.equal(newPace({ ...paceDefaults, most: 2 }).limit, 2)
})

void test('a balking peer gets half, a gap and a rest; twenty connections that fail together are one failure', () => {
  let pace: Pace = { ...newPace(paceDefaults), limit: 20 }
  for (let i = 0; i < 20; i += 1) pace = balked(pace, paceDefaults, 1000 + i, 0.5)
  assert.deepEqual([pace.limit, pace.gapMs, pace.restUntil, pace.rests], [10, 500, 61_000, 1])
  pace = balked(pace, paceDefaults, 61_000, 0.5)
  assert.deepEqual([pace.limit, pace.gapMs, pace.restUntil, pace.rests], [5, 1000, 181_000, 2])
  for (let i = 0; i < 40; i += 1) pace = balked(pace, paceDefaults, pace.restUntil, 0.5)
  assert.deepEqual([pace.limit, pace.gapMs], [1, 60_000])
  assert.equal(pace.restUntil - balked(pace, paceDefaults, 0, 0.5).restUntil, 0)
  const before = pace.restUntil
  assert.equal(balked(pace, paceDefaults, before, 0.5).restUntil, before + 3_600_000)
  for (let i = 0; i < 40; i += 1) pace = went(pace, paceDefaults)
  assert.deepEqual([pace.rests, pace.gapMs], [0, 0])
  assert.deepEqual([cutShort({ ...pace, limit: 9 }).limit, cutShort({ ...pace, limit: 1 }).limit], [4, 1])
})

void test('whatever happens, a pace stays within its bounds', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('went', 'balked', 'cut'), chance, fc.nat(1e6))), (steps) => {
      let pace = newPace(paceDefaults)
      let now = 0
      for (const [what, lot, later] of steps) {
        now += later
        pace =
          what === 'went'
            ? went(pace, paceDefaults)
            : what === 'cut'
              ? cutShort(pace)
              : balked(pace, paceDefaults, now, lot)
        assert.ok(pace.limit >= 1 && pace.limit <= paceDefaults.most && pace.credit < paceDefaults.most)
        assert.ok(pace.gapMs >= 0 && pace.gapMs <= paceDefaults.longestGapMs)
        assert.ok(pace.restUntil - now <= paceDefaults.longestRestMs * 1.2)
      }
    }),
  )
})

const options: fc.Arbitrary<QueueOptions> = fc.record(
  {
    notify: fc.subarray(['never', 'success', 'failure', 'delay'] as const),
    ...{ orcpt: fc.string(), ret: fc.constantFrom('full', 'hdrs'), envid: fc.string() },
    ...{ smtpUtf8: fc.boolean(), body: fc.constantFrom('7bit', '8bitmime', 'binarymime'), requireTls: fc.boolean() },
    ...{ subject: fc.string(), delayTold: fc.constant(true) },
  },
  { requiredKeys: ['notify', 'smtpUtf8', 'body', 'requireTls', 'subject'] },
)
const lasts: fc.Arbitrary<LastTry> = fc.record({
  ...{ at: fc.nat(), host: fc.string(), stage: fc.string(), code: fc.nat(), enhanced: fc.string() },
  ...{ text: fc.string(), class: fc.string() },
})

void test('options and last tries come back as they were written; any other text is read as nothing said', () => {
  fc.assert(fc.property(options, (one) => assert.deepEqual(readOptions(writeOptions(one)), { ...one })))
  fc.assert(fc.property(lasts, (one) => assert.deepEqual(readLast(writeLast(one)), { ...one })))
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => assert.equal(typeof readOptions(text).subject, 'string')),
  )
  for (const text of ['', '[]', 'null', '3', '{', '{"at":"x"}']) assert.equal(readLast(text), undefined)
})
