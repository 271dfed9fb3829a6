import assert from 'node:assert/strict'
import { test } from 'node:test'
import { restLook } from './rest.ts'

/** Looks at each of `turns` (milliseconds worked, share of the time). @returns the looks at which it collected. */
const collections = (turns: readonly (readonly [ms: number, share: number])[]): readonly number[] => {
  const found: number[] = []
  let at = 0
  let fresh = true
  const look = restLook({
    active: () => {
      const [ms, share] = fresh ? (turns[at] ?? [0, 0]) : [0, 0]
      fresh = false
      return { ms, share }
    },
    collect: () => found.push(at),
  })
  for (; at < turns.length; at++) {
    fresh = true
    look()
  }
  return found
}

const cases = [
  {
    name: 'the start is work, and what follows it is rest',
    turns: [
      [300, 0.1],
      [1, 0],
      [1, 0],
    ],
    at: [1],
  },
  {
    name: 'nothing is collected under load',
    turns: [
      [4000, 1],
      [4000, 1],
      [2000, 0.5],
    ],
    at: [],
  },
  {
    name: 'after a burst it is collected once',
    turns: [
      [1, 0],
      [900, 0.3],
      [2, 0],
      [2, 0],
    ],
    at: [0, 2],
  },
  {
    name: 'a little work adds up',
    turns: [
      [1, 0],
      [100, 0.02],
      [100, 0.02],
      [100, 0.02],
    ],
    at: [0, 2],
  },
] as const

for (const { name, turns, at } of cases) test(name, () => assert.deepEqual(collections(turns), at))
