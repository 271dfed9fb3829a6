/**
 * `npm run check`: everything a machine can say about the tree without a peer: types, lint, format, rooms, dead code,
 * stale documents. The unit tests (`npm test`) hold the rooms test; `npm run check` runs them too unless told `--no-tests`.
 * Each step's time is printed; every step runs even when one before it failed; exit 1 if any failed.
 */
import { spawnSync } from 'node:child_process'

const bin = (path: string): readonly string[] => [process.execPath, `node_modules/${path}`]
const steps: readonly (readonly [string, readonly string[]])[] = [
  ['types', bin('typescript/bin/tsc')],
  [
    'lint and format',
    [...bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '--max-diagnostics=40', '.'],
  ],
  [
    'promises',
    [...bin('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings', 'src', 'test', 'tools', 'bench', 'fuzz'],
  ],
  ['dead code', [...bin('knip/bin/knip.js'), '--no-progress']],
  ['documents', [process.execPath, 'tools/docs.ts', '--check']],
  ...(process.argv.includes('--no-tests') ? [] : [['tests', [process.execPath, 'tools/test.ts', 'unit']] as const]),
]

let failed = 0
for (const [name, [command = '', ...args]] of steps) {
  const start = performance.now()
  const run = spawnSync(command, args, { stdio: 'inherit' })
  const good = run.status === 0
  failed += good ? 0 : 1
  console.log(`${good ? 'ok  ' : 'FAIL'} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
}
process.exit(failed === 0 ? 0 : 1)
