/**
 * Counts over the last hour and the last day, in bounded memory: a window is cut into buckets, and a bucket counts whole until all of it is
 * older than the window. So a sum is never less than what really happened in the window, and at most one bucket's worth more. Pure.
 *
 * A clock that goes back moves the buckets with it, each counted one bucket younger than it is: nobody gets room by the clock's mistake, and
 * nobody waits for the clock to come to where it was.
 */

/** How a window is cut. */
export type Span = { readonly name: 'hour' | 'day'; readonly bucketMs: number; readonly buckets: number }
export const spans = [
  { name: 'hour', bucketMs: 300_000, buckets: 12 },
  { name: 'day', bucketMs: 3_600_000, buckets: 24 },
] as const satisfies readonly Span[]

/** `counts[0]` is the bucket number `last` (epoch time divided by the bucket's length), `counts[1]` the one before…; never longer than `buckets + 1`. */
export type Window = { readonly last: number; readonly counts: readonly number[] }
export const emptyWindow: Window = { last: 0, counts: [] }

/** @returns the window as it is at `now`: what is too old has gone. */
export const moved = (window: Window, span: Span, now: number): Window => {
  const bucket = Math.floor(now / span.bucketMs)
  const { last, counts } = window
  if (counts.length === 0) return { last: bucket, counts }
  const gap = bucket - last
  // One bucket ahead is what a clock that went back left behind: it is waited for.
  if (gap === 0 || gap === -1) return window
  if (gap < -1) return { last: bucket + 1, counts }
  if (gap > span.buckets) return { last: bucket, counts: [] }
  const shifted = [...new Array<number>(gap).fill(0), ...counts].slice(0, span.buckets + 1)
  return { last: bucket, counts: shifted.some((count) => count > 0) ? shifted : [] }
}

/** @param window moved to now. @returns everything in it. */
export const spent = (window: Window): number => window.counts.reduce((sum, count) => sum + count, 0)

/** @param window moved to now. */
export const added = (window: Window, count: number): Window => {
  const [newest = 0, ...older] = window.counts
  return count === 0 ? window : { last: window.last, counts: [newest + count, ...older] }
}

/**
 * @param window moved to now.
 * @returns when `count` more fit under `limit`: 0 for now, undefined for never.
 */
export const roomAt = (window: Window, span: Span, count: number, limit: number): number | undefined => {
  if (count > limit) return undefined
  let sum = spent(window)
  if (sum + count <= limit) return 0
  for (let age = window.counts.length - 1; age >= 0; age -= 1) {
    sum -= window.counts[age] ?? 0
    if (sum + count <= limit) return (window.last - age + span.buckets + 1) * span.bucketMs
  }
  return undefined
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0

/** @returns the window as it is kept. */
export const writeWindow = ({ last, counts }: Window): readonly number[] => [last, ...counts]

/** @returns undefined for what is no window. */
export const readWindow = (value: unknown, span: Span): Window | undefined => {
  if (!Array.isArray(value) || value.length < 1 || value.length > span.buckets + 2) return undefined
  const numbers: readonly unknown[] = value
  if (!numbers.every(isCount)) return undefined
  const [last = 0, ...counts] = numbers
  return { last, counts }
}
