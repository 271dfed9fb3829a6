/** Plays the golden dialogues of test/dialogues/smtp against the receiving session; their form is told in the README there. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import { play, readDialogue } from './dialogues/smtp/script.ts'

for (const file of globSync('test/dialogues/smtp/*.txt').sort()) {
  const parts = readFileSync(file, 'utf8').split(/^== /m)
  for (const part of parts.slice(1))
    test(`${basename(file, '.txt')}: ${part.slice(0, part.indexOf('\n'))}`, async () => {
      const { options, steps } = readDialogue(part.slice(part.indexOf('\n') + 1))
      const { played, openSpools } = await play(options, steps)
      for (const { step, found } of played)
        assert.deepEqual(found, step.expected, `after: ${step.input.toString('latin1').slice(0, 200) || step.command}`)
      assert.equal(openSpools, 0, 'every spool was finished or discarded')
    })
}

test('the dialogues are there', () => assert.ok(globSync('test/dialogues/smtp/*.txt').length >= 5))
