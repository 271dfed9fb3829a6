import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scenes } from './lockout.ts'
import { playTalk } from './talk.ts'

test('every sentence of the table is passed as it is written', async () => {
  for (const random of [() => 0, () => 0.999]) {
    const played = await playTalk(random)
    assert.ok(played.length >= 14)
    assert.deepEqual(
      played.filter((one) => one.wrong !== undefined),
      [],
    )
    for (const one of played) assert.equal(one.firstRefused, one.count + 1, one.offence)
  }
})

for (const { says, play } of scenes)
  test(says, async () => {
    assert.equal(await play(), undefined)
  })
