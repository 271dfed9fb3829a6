/**
 * `npm run docs`: prints the parts of the manual that come from the code's tables; `--check` fails on a stale page.
 * A printer is a row: the page, and the function that makes it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { commandsPage, eventsPage, repliesPage, sentencesPage, settingsPage, testsPage } from './docs/manual.ts'
import { rfcPage } from './docs/rfc.ts'

const pages: readonly (readonly [string, () => string | Promise<string>])[] = [
  ['docs/rfc.md', rfcPage],
  ['docs/manual/settings.md', settingsPage],
  ['docs/manual/commands.md', commandsPage],
  ['docs/manual/events.md', eventsPage],
  ['docs/manual/sentences.md', sentencesPage],
  ['docs/manual/spam-tests.md', testsPage],
  ['docs/manual/smtp-replies.md', repliesPage],
]

let stale = 0
for (const [file, print] of pages) {
  const wanted = await print()
  let found = ''
  try {
    found = readFileSync(file, 'utf8')
  } catch {
    found = '' // a page that is not there yet is stale
  }
  if (found === wanted) continue
  stale += 1
  if (process.argv.includes('--check')) console.error(`${file} is stale: run \`npm run docs\` and commit it`)
  else {
    writeFileSync(file, wanted)
    console.log(`${file} written`)
  }
}
process.exit(process.argv.includes('--check') && stale > 0 ? 1 : 0)
