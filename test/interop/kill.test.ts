/** What `npm run bench -- kill` measures, three times instead of twenty. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killRounds } from '../../bench/kill.ts'

test('nothing that was answered with 250 is lost by SIGKILL, nothing is stored twice, the store is sound', async () => {
  const done = await killRounds(3, 25_200, Math.random)
  assert.ok(done.acknowledged > 100, `only ${done.acknowledged} were taken`)
  assert.deepEqual([done.missing, done.twice, done.findings], [0, 0, 0])
})
