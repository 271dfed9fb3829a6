/**
 * The floor plan of docs/architecture.md, held against the code: no import climbs or goes sideways, no cycle, no clock,
 * random, socket or disk where a room is pure, no file too long to read.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

type Room = { readonly may: readonly string[]; readonly pure: boolean }
const all = [
  'base',
  'mime',
  'net',
  'wire',
  'verify',
  'spam',
  'ban',
  'sieve',
  'store',
  'post',
  'session',
  'doctor',
  'firewall',
]
const rooms: Readonly<Record<string, Room>> = {
  base: { may: [], pure: true },
  mime: { may: ['base'], pure: true },
  net: { may: ['base'], pure: false },
  wire: { may: ['base', 'mime'], pure: true },
  verify: { may: ['base', 'mime'], pure: true },
  spam: { may: ['base', 'mime'], pure: true },
  ban: { may: ['base'], pure: true },
  sieve: { may: ['base', 'mime'], pure: true },
  store: { may: ['base', 'mime'], pure: false },
  post: { may: ['base', 'mime', 'verify', 'spam', 'ban', 'sieve', 'store'], pure: true },
  session: { may: ['base', 'mime', 'wire', 'verify', 'spam', 'ban', 'sieve', 'store', 'post'], pure: true },
  doctor: { may: ['base', 'mime', 'wire', 'verify', 'spam', 'ban', 'sieve', 'store', 'post'], pure: true },
  app: { may: all, pure: false },
  firewall: { may: ['base'], pure: false },
}
const MOST_LINES = 600 // tables of data are exempt: a file whose head says `Data:`

const forbiddenWhenPure: readonly (readonly [string, RegExp])[] = [
  [
    'a socket, disk, thread or child process',
    /from 'node:(net|tls|dgram|dns|http|https|fs|fs\/promises|child_process|worker_threads|sqlite)'/,
  ],
  ['the clock', /\bDate\.now\(\)|\bnew Date\(\)|\bperformance\.now\(\)/],
  ['random numbers', /\bMath\.random\(\)|\brandomBytes\(|\brandomUUID\(|\brandomInt\(|\bgetRandomValues\(/],
  ['the environment', /\bprocess\.(env|argv|cwd)\b/],
]

const files = globSync('src/**/*.ts').map((file) => file.replaceAll('\\', '/'))
const code = files.filter((file) => !file.endsWith('.test.ts'))
const text = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]))
const roomOf = (file: string): string => file.split('/')[1] ?? ''
const importsOf = (file: string): readonly string[] =>
  [
    ...(text.get(file) ?? '').matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^'\n]*(?:\n[^'\n]*)*?from '(\.[^']+)'|import\('(\.[^']+)'\)/g,
    ),
  ].map((found) => normalize(join(dirname(file), found[1] ?? found[2] ?? '')))

test('the rooms test sees the tree', () => {
  assert.ok(code.length > 10, `only ${code.length} files found`)
  assert.ok(
    code.some((file) => importsOf(file).length > 0),
    'no import found',
  )
  for (const file of code)
    assert.ok(rooms[roomOf(file)] !== undefined, `${file} is in a room that the floor plan does not have`)
})

test('every import names a file that is there', () => {
  for (const file of files)
    for (const target of importsOf(file))
      assert.ok(!target.startsWith('src/') || text.has(target), `${file} imports ${target}`)
})

test('no import climbs, goes sideways, or enters the store by another door', () => {
  for (const file of code) {
    const room = roomOf(file)
    for (const target of importsOf(file).filter((to) => to.startsWith('src/') && roomOf(to) !== room)) {
      assert.ok(rooms[room]?.may.includes(roomOf(target)), `${file} (${room}) may not import ${target}`)
      if (roomOf(target) === 'store' && room !== 'app')
        assert.ok(target === 'src/store/store.ts', `${file} may import only store/store.ts, not ${target}`)
    }
  }
})

test('a pure room has no clock, random, socket, disk or environment', () => {
  for (const file of code.filter((one) => rooms[roomOf(one)]?.pure === true))
    for (const [what, pattern] of forbiddenWhenPure)
      assert.ok(!pattern.test(text.get(file) ?? ''), `${file} uses ${what}: make it a parameter`)
})

test('only net/ and the composing rooms touch sockets', () => {
  for (const file of code.filter((one) => !['net', 'app', 'firewall'].includes(roomOf(one))))
    assert.ok(!/from 'node:(net|tls|dgram|dns|http|https)'/.test(text.get(file) ?? ''), `${file} opens sockets`)
})

test('no import cycle, types counted', () => {
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file)
    assert.ok(at < 0, `cycle: ${[...path.slice(Math.max(at, 0)), file].join(' -> ')}`)
    if (done.has(file)) return
    for (const target of importsOf(file).filter((to) => text.has(to))) visit(target, [...path, file])
    done.add(file)
  }
  for (const file of code) visit(file, [])
})

test(`no file over ${MOST_LINES} lines, no default export, no index.ts`, () => {
  for (const file of code) {
    const source = text.get(file) ?? ''
    const data = /^\/\*\*[\s\S]{0,400}\bData:/.test(source)
    assert.ok(data || source.split('\n').length <= MOST_LINES, `${file} has ${source.split('\n').length} lines`)
    assert.ok(!/\bexport default\b/.test(source), `${file} has a default export`)
    assert.ok(!file.endsWith('/index.ts'), `${file}: files are imported by name`)
  }
})
