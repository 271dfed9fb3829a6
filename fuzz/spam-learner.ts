/** Any octets are a snapshot or `damaged`; what is read is written back as it was. */
import assert from 'node:assert/strict'
import { Learner } from '../src/spam/learner.ts'
import type { FuzzTarget } from './target.ts'

const taught = (): Learner => {
  const learner = Learner.empty()
  learner.train({ tokens: Uint32Array.of(1, 2, 3), spam: true, account: 'a', weight: 1 })
  learner.train({ tokens: Uint32Array.of(3, 4, 5), spam: false, weight: 0.5 })
  return learner
}

export const target: FuzzTarget = {
  name: 'spam-learner',
  seeds: () => [Learner.empty().snapshot(), taught().snapshot()],
  run: (input) => {
    const read = Learner.read(input)
    if (!read.ok) return
    assert.equal(read.value.snapshot().length, input.length)
    const opinion = read.value.opinion(Uint32Array.of(1, 2, 3, 4), 'a')
    assert.ok(opinion === undefined || Number.isFinite(opinion.points))
  },
}
