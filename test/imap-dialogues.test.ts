/**
 * Golden IMAP dialogues: each file of test/dialogues/imap is played against a session over a store in memory, several clients at once, and all that
 * the server says is compared. The files say what the RFCs say; how they are written is told in test/dialogues/imap/README.md.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import { type HouseOptions, openHouse } from './dialogues/imap-house.ts'
import { readDialogue } from './dialogues/imap-script.ts'
import { openImap, Play } from './dialogues/play.ts'

const files = globSync('test/dialogues/imap/*.txt').sort()

test('there are dialogues', () => assert.ok(files.length > 25, `only ${files.length}`))

const optionsOf = (words: readonly string[]): HouseOptions => {
  const limits: Record<string, number> = {}
  let options: HouseOptions = {}
  for (const word of words) {
    const [name = '', value = ''] = word.split('=')
    if (name === 'quota') options = { ...options, quotaBytes: Number(value) }
    else limits[name] = Number(value)
  }
  return { ...options, limits }
}

for (const file of files)
  test(`dialogue ${basename(file, '.txt')}`, async () => {
    const { options, steps } = readDialogue(readFileSync(file, 'latin1'))
    const house = await openHouse(optionsOf(options))
    try {
      const play = new Play(house, (setUp) => openImap(house, setUp))
      for (const step of steps) await play.step(step)
      await play.end()
      assert.deepEqual(await house.store.check(), { ok: true, value: [] })
    } finally {
      await house.close()
    }
  })
