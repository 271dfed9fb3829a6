/**
 * Golden POP3 dialogues: each file of test/dialogues/pop3 is played against sessions over a store in memory, several clients at once and IMAP clients among them, and
 * all that the server says is compared. How they are written is told in test/dialogues/pop3/README.md.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import { openHouse } from './dialogues/imap-house.ts'
import { readDialogue } from './dialogues/imap-script.ts'
import { Play } from './dialogues/play.ts'
import { openPop3, type Pop3Options, pop3Deps } from './dialogues/pop3-house.ts'

const files = globSync('test/dialogues/pop3/*.txt').sort()

test('there are dialogues', () => assert.ok(files.length > 10, `only ${files.length}`))

const optionsOf = (words: readonly string[]): Pop3Options => {
  const limits: Record<string, number> = {}
  let options: Pop3Options = {}
  for (const word of words) {
    const [name = '', value = ''] = word.split('=')
    if (name === 'expireMs') options = { ...options, expireMs: Number(value) }
    else if (name === 'markSeen' || name === 'startTls') options = { ...options, [name]: value === 'yes' }
    else limits[name] = Number(value)
  }
  return { ...options, limits }
}

for (const file of files)
  test(`dialogue ${basename(file, '.txt')}`, async () => {
    const { options, steps } = readDialogue(readFileSync(file, 'latin1'))
    const house = await openHouse()
    const deps = pop3Deps(house, optionsOf(options))
    try {
      const play = new Play(house, (setUp) => openPop3(house, deps, setUp))
      for (const step of steps) await play.step(step)
      await play.end()
      assert.deepEqual(await house.store.check(), { ok: true, value: [] })
    } finally {
      await house.close()
    }
  })
