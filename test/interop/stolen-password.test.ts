/** The stolen password drill, smaller: `npm run drill:stolen-password` runs all of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runDrill } from '../drill/stolen-password.ts'

test('a thief gets hardly anything out past a filter that finds nothing, and nobody else notices', async () => {
  const outcome = await runDrill({ spam: 60, connections: 6, scan: false, newsletter: 40, others: 10 })
  assert.deepEqual(outcome.breaches, [])
  assert.ok(outcome.thief['no-login'] > 0, JSON.stringify(outcome))
  assert.match(outcome.says, /frozen/)
})
