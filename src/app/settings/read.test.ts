import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import * as z from 'zod'
import {
  count,
  duration,
  durationRange,
  endpoints,
  names,
  oneOf,
  points,
  readDuration,
  size,
  writeDuration,
  yes,
} from './kinds.ts'
import { locator } from './locate.ts'
import { readSettings, writeMistake } from './read.ts'
import { sectionsOf } from './walk.ts'

const schema = z.strictObject({
  host: z.string().describe('our name'),
  spam: z
    .strictObject({ flag: points(5, 'flag at'), scanning: yes(true, 'scan'), keep: duration('30 d', 'how long') })
    .prefault({})
    .describe('the filter'),
  listen: z.strictObject({ smtp: endpoints(['0.0.0.0:25'], 'where') }).prefault({}),
  bans: z.strictObject({ term: durationRange('1 h - 2 h', 'how long'), most: size('1 MB', 'x') }).prefault({}),
  log: z.strictObject({ level: oneOf(['info', 'warn'], 'info', 'least') }).prefault({}),
  dnsbl: z
    .array(z.strictObject({ zone: z.string(), weight: points(2, 'points'), tries: count(1, 1, 5, 'tries') }))
    .default([]),
})

const mistakes = (text: string): readonly string[] => {
  const read = readSettings(schema, text)
  return read.ok ? [] : read.error.map((one) => writeMistake('p.toml', one))
}

test('defaults are filled in and read', () => {
  const read = readSettings(schema, 'host = "mx.example.org"')
  assert.ok(read.ok)
  assert.deepEqual(read.value.bans.term, { leastMs: 3_600_000, mostMs: 7_200_000 })
  assert.deepEqual(read.value.listen.smtp, [{ host: '0.0.0.0', port: 25 }])
  assert.equal(read.value.spam.keep, 30 * 86_400_000)
  assert.equal(read.value.bans.most, 1_048_576)
})

test('every mistake is told at once, with line, column and the nearest name', () => {
  const text = `host = "mx.example.org"
[spam]
flga = 3
  scanning = "yes"
[bans]
term = "2 h - 1 h"
[[dnsbl]]
zone = "zen.example"
weight = 2
[[dnsbl]]
zone = "b.example"
tries = 9
[lgo]
`
  assert.deepEqual(mistakes(text), [
    'p.toml:3:1: spam.flga: there is no setting of this name; did you mean "flag"?',
    'p.toml:4:3: spam.scanning: must be true or false, without quotes',
    'p.toml:6:1: bans.term: "2 h - 1 h" is no such value: write two lengths of time, the shorter first, as in "6 h - 10 h"',
    'p.toml:12:1: dnsbl.1.tries: must be at most 5',
    'p.toml:13:1: lgo: there is no setting of this name; did you mean "log"?',
  ])
})

test('what is no TOML is told with its place', () => {
  const [only, ...more] = mistakes('host = "a"\n[spam\nflag = 3\n')
  assert.match(only ?? '', /^p\.toml:2:\d+: /)
  assert.equal(more.length, 0)
})

test('a setting that must be there and is not', () => {
  assert.deepEqual(mistakes(''), ['p.toml:1:1: host: is missing'])
})

test('a key after a multi-line value is found', () => {
  const place = locator('a = [\n "[x]",\n # ]\n]\nb = """\nc = 1\n"""\nc = 2\n[t."d.e"]\nf.g = 1\n')
  assert.deepEqual(place(['b']), { line: 5, column: 1 })
  assert.deepEqual(place(['c']), { line: 8, column: 1 })
  assert.deepEqual(place(['t', 'd.e', 'f', 'g']), { line: 10, column: 1 })
  assert.deepEqual(place(['nowhere']), { line: 1, column: 1 })
})

test('no text makes the reader throw', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('[', ']', '"', '=', 'a', '.', '\n', '#', "'", '1', ' ') }),
      (text) => {
        assert.equal(typeof readSettings(schema, text).ok, 'boolean')
      },
    ),
    { numRuns: 300 },
  )
})

test('a duration is read as it is written', () => {
  fc.assert(fc.property(fc.nat(10 ** 9), (ms) => assert.equal(readDuration(writeDuration(ms)), ms)))
})

test('sections and their defaults are listed as TOML', () => {
  const sections = sectionsOf(schema)
  assert.deepEqual(
    sections.map((one) => [one.name, one.leaves.map((leaf) => `${leaf.key} = ${leaf.byDefault}`)]),
    [
      ['', ['host = undefined']],
      ['spam', ['spam.flag = 5', 'spam.scanning = true', 'spam.keep = "30 d"']],
      ['listen', ['listen.smtp = ["0.0.0.0:25"]']],
      ['bans', ['bans.term = "1 h - 2 h"', 'bans.most = "1 MB"']],
      ['log', ['log.level = "info"']],
      ['dnsbl', ['dnsbl.zone = undefined', 'dnsbl.weight = 2', 'dnsbl.tries = 1']],
    ],
  )
})

test('names are domain names', () => {
  const list = z.strictObject({ zones: names([], 'x') })
  const read = readSettings(list, 'zones = ["Zen.Example.org", "-bad", "a..b"]')
  assert.deepEqual(read.ok ? [] : read.error.map((one) => one.key), ['zones.1', 'zones.2'])
})
