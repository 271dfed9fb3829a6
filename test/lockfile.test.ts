/**
 * package-lock.json must name every platform's packages: npm leaves those of other platforms out when it writes the lockfile beside an
 * installed node_modules, and then `npm ci` refuses a fresh clone. It must not name a registry's host, nor a package that runs a script
 * at install.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

type Entry = {
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly resolved?: string
  readonly hasInstallScript?: boolean
}
const lock: { readonly packages: Readonly<Record<string, Entry>> } = JSON.parse(
  readFileSync('package-lock.json', 'utf8'),
)

test('the lockfile names the packages of every platform', () => {
  const names = new Set(Object.keys(lock.packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 13)))
  const missing = Object.values(lock.packages)
    .flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
    .filter((name) => !names.has(name))
  assert.deepEqual(missing, [], 'write package-lock.json anew without node_modules beside it')
  assert.ok(names.size > 50)
})

test('the lockfile names no host, and no package that runs a script at install', () => {
  for (const [path, entry] of Object.entries(lock.packages)) {
    assert.equal(entry.resolved, undefined, `${path} has an address`)
    assert.ok(path === '' || entry.hasInstallScript !== true, `${path} runs a script at install`)
  }
})
