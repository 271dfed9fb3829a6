import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FilterText } from './config/filter-file.ts'
import type { ClockPort } from './dates/value.ts'
import { type Failure, type Filter, type FilterOptions, openFilter } from './filter.ts'

const now = Date.UTC(2026, 10, 25, 9) / 1000
const clock: ClockPort = { now: () => now, fromLocal: (utc) => utc / 1000, toLocal: (seconds) => seconds * 1000 }

type Given = {
  readonly fail: string
  readonly ignore?: string
  readonly prefix?: string
  readonly date?: string
  readonly lines?: number
}
const textOf = ({ fail, ignore = '', prefix, date, lines = 1 }: Given): FilterText => {
  const placed = (text: string) => ({ text, file: 'x.conf', line: 2 })
  const several = (text: string) =>
    text
      .split('\n')
      .filter((one) => one !== '')
      .map(placed)
  return {
    name: 'x',
    prefregex: prefix === undefined ? undefined : placed(prefix),
    failregex: several(fail),
    ignoreregex: several(ignore),
    maxlines: lines,
    datepattern: date,
    usedns: undefined,
    journalmatch: [],
    offence: undefined,
    faults: [],
    files: ['x.conf'],
  }
}
const open = (given: Given, options: Partial<FilterOptions> = {}): Filter => {
  const opened = openFilter(textOf(given), { clock, ...options })
  assert.ok(opened.ok, JSON.stringify(opened))
  assert.deepEqual(opened.value.faults, [])
  return opened.value.filter
}
const short = (failures: readonly Failure[]) => failures.map(({ pattern, id, name }) => [pattern, id ?? name])

test('the first pattern that matches wins, and all are counted when asked', () => {
  const given = { fail: '^\\s*x: a.* <HOST>$\n^\\s*x: .* <ADDR>$' }
  assert.deepEqual(short(open(given).line('Nov 25 08:59:59 x: abc 192.0.2.7')), [[0, '192.0.2.7']])
  assert.deepEqual(short(open(given).line('Nov 25 08:59:59 x: b 192.0.2.7')), [[1, '192.0.2.7']])
  assert.deepEqual(short(open(given, { all: true }).line('Nov 25 08:59:59 x: abc 192.0.2.7')), [
    [0, '192.0.2.7'],
    [1, '192.0.2.7'],
  ])
  assert.deepEqual(short(open(given).line('Nov 25 08:59:59 y: abc 192.0.2.7')), [])
})

test('an ignored line is no failure, and is told of', () => {
  const ignored: number[] = []
  const filter = open({ fail: '^a <HOST>', ignore: '^zzz\nmonitor' }, { ignored: (n) => ignored.push(n) })
  assert.deepEqual(short(filter.line('a 192.0.2.7 monitor')), [])
  assert.deepEqual(short(filter.line('a 192.0.2.7')), [[0, '192.0.2.7']])
  assert.deepEqual(ignored, [1])
})

for (const [line, id, name, address] of [
  ['a ::ffff:192.0.2.7 b', '192.0.2.7', undefined, '192.0.2.7'],
  ['a [2001:DB8:0:0::1] b', '2001:db8::1', undefined, '2001:db8::1'],
  ['a 999.1.1.1 b', '999.1.1.1', undefined, undefined],
  ['a host.example.com b', undefined, 'host.example.com', undefined],
] as const)
  test(`${line} names ${id ?? name}`, () => {
    const [failure] = open({ fail: '^a <HOST> b' }).line(line)
    assert.deepEqual([failure?.id, failure?.name, failure?.address], [id, name, address])
  })

test('a subnet is masked, a name is no address where names are not wanted, and fields are kept', () => {
  assert.equal(open({ fail: '^a <SUBNET>' }).line('a 192.0.2.7/24')[0]?.address, '192.0.2.0/24')
  assert.deepEqual(short(open({ fail: '^a <HOST> b' }, { usedns: 'no' }).line('a host.example.com b')), [])
  const [failure] = open({ fail: '^<F-USER>\\S+|<F-ALT_USER>x y</F-ALT_USER></F-USER> at <HOST> port <F-PORT/>' }).line(
    'me at 192.0.2.7 port 22',
  )
  assert.equal(failure?.fields.get('user'), 'me')
  assert.equal(failure?.fields.get('fport'), '22')
})

test('a prefix decides what is looked at', () => {
  const filter = open({ prefix: '^\\s*x\\[\\d+\\]: <F-CONTENT>.+</F-CONTENT>$', fail: '^no <HOST>$' })
  assert.deepEqual(short(filter.line('Nov 25 08:59:59 x[1]: no 192.0.2.7')), [[0, '192.0.2.7']])
  assert.deepEqual(short(filter.line('Nov 25 08:59:59 y[1]: no 192.0.2.7')), [])
  assert.equal(filter.prefixFound, false)
})

const ssh = {
  prefix: '^<F-MLFID>s\\[\\d+\\]</F-MLFID>: <F-CONTENT>.+</F-CONTENT>$',
  fail: '^<F-NOFAIL>from</F-NOFAIL> <HOST>$\n^failed <F-USER>\\S+</F-USER>$\n^<F-MLFFORGET><F-MLFGAINED>in</F-MLFGAINED></F-MLFFORGET> <F-USER>\\S+</F-USER>$\n^<F-MLFFORGET>bye</F-MLFFORGET>$',
}

test('lines of one connection say together who failed', () => {
  const filter = open(ssh)
  assert.deepEqual(short(filter.line('s[1]: from 192.0.2.7')), [])
  assert.deepEqual(short(filter.line('s[2]: from 192.0.2.8')), [])
  const [failure] = filter.line('s[1]: failed root')
  assert.deepEqual([failure?.id, failure?.fields.get('user')], ['192.0.2.7', 'root'])
  assert.deepEqual(failure?.lines, ['s[1]: from 192.0.2.7', 's[1]: failed root'])
  assert.deepEqual(short(filter.line('s[3]: failed root')), []) // nobody knows from where
})

test('who got in with one name has not failed; with a second name he has', () => {
  const good = open(ssh)
  good.line('s[1]: from 192.0.2.7')
  assert.deepEqual(short(good.line('s[1]: in me')), [])
  const bad = open(ssh)
  bad.line('s[1]: from 192.0.2.7')
  bad.line('s[1]: failed root')
  assert.deepEqual(short(bad.line('s[1]: in me')), [[2, '192.0.2.7']])
})

test('connections are remembered up to a bound', () => {
  const filter = open(ssh, { connections: 1000 })
  for (let n = 0; n < 100_000; n += 1) filter.line(`s[${n}]: from 10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`)
  assert.equal(filter.connections, 1000)
  assert.deepEqual(short(filter.line('s[99999]: failed root')), [[1, '10.1.134.159']])
})

test('several lines are matched together, and those skipped wait on', () => {
  const filter = open({ fail: '^begin (?P<id>\\d+) <HOST><SKIPLINES>end (?P=id)$', lines: 5 })
  for (const line of ['begin 1 192.0.2.7', 'other', 'begin 2 192.0.2.8']) assert.deepEqual(short(filter.line(line)), [])
  assert.deepEqual(short(filter.line('end 1')), [[0, '192.0.2.7']])
  assert.deepEqual(short(filter.line('end 2')), [[0, '192.0.2.8']])
})

for (const [line, want] of [
  ['Nov 25 08:59:59 a 192.0.2.7', Date.UTC(2026, 10, 25, 8, 59, 59)],
  ['Dec 31 23:59:59 a 192.0.2.7', Date.UTC(2025, 11, 31, 23, 59, 59)],
  ['2026-11-25T10:00:00.123456+02:00 a 192.0.2.7', Date.UTC(2026, 10, 25, 8)],
  ['[25/Nov/2026:08:00:00 +0000] a 192.0.2.7', Date.UTC(2026, 10, 25, 8)],
  ['1795593600 a 192.0.2.7', 1_795_593_600_000],
  ['@400000006b0e4d0012345678 a 192.0.2.7', 0x6b0e4d00 * 1000],
  ['08:59:59 a 192.0.2.7', Date.UTC(2026, 10, 25, 8, 59, 59)],
  ['09:30:00 a 192.0.2.7', Date.UTC(2026, 10, 24, 9, 30)],
  ['a 192.0.2.7', undefined],
] as const)
  test(`the date of "${line}" is read`, () => {
    const [failure] = open({ fail: '^(?:\\[\\])?\\s*a <HOST>$' }).line(line)
    assert.equal(failure?.time === undefined ? undefined : failure.time * 1000, want)
  })

for (const [date, line, want] of [
  ['^\\[{EPOCH}\\]', '[1795593600] a 192.0.2.7', 1_795_593_600_000],
  ['{^LN-BEG}LEPOCH', '1795593600123 a 192.0.2.7', 1_795_593_600_123],
  ['%%d %d.%m.%Y %H:%M', '%d 25.11.2026 08:01 a 192.0.2.7', Date.UTC(2026, 10, 25, 8, 1)],
  ['%Y-%j', '2026-033 a 192.0.2.7', Date.UTC(2026, 1, 2)],
] as const)
  test(`datepattern ${date} reads "${line}"`, () => {
    const [failure] = open({ fail: 'a <HOST>$', date }).line(line)
    assert.equal(failure?.time === undefined ? undefined : failure.time * 1000, want)
  })

test('one bad failregex leaves the others in force; a bad ignoreregex or prefregex leaves none', () => {
  const opened = openFilter(textOf({ fail: '^a <HOST>\n^(b <HOST>\n^c' }), { clock })
  assert.ok(opened.ok)
  assert.deepEqual(
    opened.value.faults.map(({ file, line }) => [file, line]),
    [
      ['x.conf', 2],
      ['x.conf', 2],
    ],
  )
  assert.match(opened.value.faults[0]?.why ?? '', /unterminated subpattern/)
  assert.deepEqual(short(opened.value.filter.line('a 192.0.2.7')), [[0, '192.0.2.7']])
  assert.ok(!openFilter(textOf({ fail: '^a <HOST>', ignore: '(' }), { clock }).ok)
  assert.ok(!openFilter(textOf({ fail: '^a <HOST>', prefix: '(' }), { clock }).ok)
  assert.ok(!openFilter(textOf({ fail: '^a <HOST>', date: '%Q' }), { clock }).ok)
})

test('no line makes it throw', () => {
  const filter = open(ssh)
  const other = open({ fail: '^begin <HOST><SKIPLINES>end', lines: 3 })
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (line) => {
      filter.line(line)
      other.line(line)
    }),
  )
})
