import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  added,
  emptyWindow,
  moved,
  readWindow,
  roomAt,
  type Span,
  spans,
  spent,
  type Window,
  writeWindow,
} from './windows.ts'

const [hour] = spans
const start = 1e12
const lengthOf = (span: Span): number => span.bucketMs * span.buckets

test('what was sent counts for an hour, and at most a bucket longer', () => {
  const window = added(moved(emptyWindow, hour, start), 5)
  assert.equal(spent(moved(window, hour, start + lengthOf(hour))), 5)
  assert.equal(spent(moved(window, hour, start + lengthOf(hour) + hour.bucketMs)), 0)
})

test('room is told to the bucket', () => {
  const full = added(moved(emptyWindow, hour, start), 5)
  assert.equal(roomAt(full, hour, 0, 5), 0)
  assert.equal(roomAt(full, hour, 6, 5), undefined)
  const at = roomAt(full, hour, 1, 5) ?? 0
  assert.ok(at > start + lengthOf(hour) && at <= start + lengthOf(hour) + hour.bucketMs)
  assert.equal(spent(moved(full, hour, at)), 0)
  assert.equal(spent(moved(full, hour, at - 1)), 5)
})

/** Time that passes, time that the clock loses meanwhile, and how much is wanted then. */
const steps = fc.array(
  fc.record({
    pass: fc.oneof(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 8_000_000 })),
    back: fc.oneof(
      { weight: 6, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 100_000_000 }) },
    ),
    count: fc.integer({ min: 1, max: 4 }),
  }),
  { maxLength: 120 },
)

for (const span of spans)
  test(`no ${span.name} that passes holds more than the limit, also when the clock goes back`, () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 12 }), (all, limit) => {
        let [real, clock]: [number, number] = [start, start]
        let window: Window = emptyWindow
        const sent: { readonly at: number; readonly count: number }[] = []
        for (const { pass, back, count } of all) {
          real += pass
          clock += pass - back
          window = moved(window, span, clock)
          assert.ok(window.counts.length <= span.buckets + 1)
          if (roomAt(window, span, count, limit) !== 0) continue
          window = added(window, count)
          sent.push({ at: real, count })
          const within = sent.filter(({ at }) => at > real - lengthOf(span))
          assert.ok(within.reduce((sum, one) => sum + one.count, 0) <= limit)
        }
      }),
      { numRuns: 400 },
    )
  })

test('a bucket that is cut short by the clock still counts for the whole hour', () => {
  const bucket = start - (start % hour.bucketMs)
  const early = added(moved(emptyWindow, hour, bucket - 1), 1)
  const late = added(moved(early, hour, bucket), 1)
  // A minute before a bucket ends, a year ago: two milliseconds have really passed since the first.
  const back = bucket - 365 * 86_400_000 - 1
  assert.equal(spent(moved(moved(late, hour, back), hour, back + lengthOf(hour) - 3)), 2)
})

test('a clock that went back a year keeps nobody waiting for a year', () => {
  const full = added(moved(emptyWindow, hour, start), 5)
  const back = moved(full, hour, start - 365 * 86_400_000)
  assert.equal(spent(back), 5)
  assert.equal(spent(moved(back, hour, start - 365 * 86_400_000 + lengthOf(hour) + 2 * hour.bucketMs)), 0)
})

test('a window reads back, and nothing else does', () => {
  const window = added(moved(added(moved(emptyWindow, hour, start), 2), hour, start + 900_000), 3)
  assert.deepEqual(readWindow(writeWindow(window), hour), window)
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const read = readWindow(value, hour)
      assert.ok(read === undefined || read.counts.length <= hour.buckets + 1)
    }),
  )
})
