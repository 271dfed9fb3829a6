/**
 * `npm test` and `npm run check:interop`: finds the test files of a suite and gives them to node:test.
 *
 * unit     every src/**\/*.test.ts and test/*.test.ts: no peer, no network but loopback
 * interop  test/interop/*.test.ts: real clients and servers from Debian's packages
 * Further arguments are file-name fragments: only the files that hold one are run.
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

const suites: Readonly<Record<string, readonly string[]>> = {
  unit: ['src/**/*.test.ts', 'test/*.test.ts'],
  interop: ['test/interop/*.test.ts'],
}

const [suite = 'unit', ...fragments] = process.argv.slice(2)
const globs = suites[suite]
if (globs === undefined) {
  console.error(`tools/test.ts: no suite "${suite}"; there are ${Object.keys(suites).join(', ')}`)
  process.exit(2)
}
const files = globs
  .flatMap((glob) => globSync(glob))
  .filter((file) => fragments.length === 0 || fragments.some((fragment) => file.includes(fragment)))
  .sort()
if (files.length === 0) {
  console.error(
    `tools/test.ts: suite "${suite}" has no test file${fragments.length ? ` with ${fragments.join(' or ')}` : ''}`,
  )
  process.exit(2)
}
const reporter = process.stdout.isTTY ? 'spec' : 'dot'
const run = spawnSync(
  process.execPath,
  [
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-timeout=600000',
    `--test-concurrency=${suite === 'interop' ? 1 : 2}`,
    `--test-reporter=${process.env['POSTERN_REPORTER'] ?? reporter}`,
    '--test-reporter-destination=stdout',
    '--test-reporter=./tools/test-count.ts',
    '--test-reporter-destination=stdout',
    ...files,
  ],
  { stdio: 'inherit' },
)
process.exit(run.status ?? 1)
