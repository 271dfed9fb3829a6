/**
 * Our engine beside fail2ban's own: every filter of its filter.d that has sample lines (fail2ban's tests, read from where Debian puts them),
 * in every mode that its tests name; each line as it is and spoiled. The same failures, by the same pattern, of the same address, user and
 * time, or it is told. Skipped where there is no fail2ban.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as z from 'zod'
import { logLines } from '../../bench/load/logs.ts'
import { readFilterText } from '../../src/ban/watch/config/filter-file.ts'
import { openFilter } from '../../src/ban/watch/filter.ts'

const CONFIG = '/etc/fail2ban'
const LOGS = '/usr/lib/python3/dist-packages/fail2ban/tests/files/logs'
const now = Date.UTC(2026, 10, 25, 9) / 1000
const clock = { now: () => now, fromLocal: (utc: number) => utc / 1000, toLocal: (seconds: number) => seconds * 1000 }
const port = {
  read: (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined),
  list: (folder: string) => (existsSync(folder) ? readdirSync(folder) : []),
}

type Job = {
  readonly filter: string
  readonly options: Readonly<Record<string, string>>
  readonly lines: readonly string[]
  readonly all: boolean
  readonly now: number
}
const answerShape = z.object({ error: z.string().optional(), answers: z.array(z.unknown()).optional() })
const optionsShape = z.record(z.string(), z.unknown())

/** Lines that nobody wrote, near those that somebody did: other hosts, cut, doubled, with a stranger's text in them. */
const spoiled = (line: string, n: number): readonly string[] => [
  line,
  line.slice(0, Math.ceil(line.length * 0.8)),
  `${line} from 203.0.113.9 port 22`,
  line.replace(/\d{1,3}(?:\.\d{1,3}){3}/, n % 2 === 0 ? '2001:db8::7' : 'host-7.example.com'),
  line.replace(/(user|for|login|account)(\S*) /i, '$1$2 x from 203.0.113.9 '),
]

const jobs = (): readonly Job[] => {
  const made: Job[] = []
  for (const file of readdirSync(`${CONFIG}/filter.d`).filter((name) => name.endsWith('.conf'))) {
    const filter = file.slice(0, -'.conf'.length)
    if (!existsSync(`${LOGS}/${filter}`)) continue
    const sets = new Map<string, Readonly<Record<string, string>>>([['{}', {}]])
    const lines: string[] = []
    for (const line of readFileSync(`${LOGS}/${filter}`, 'utf8').split(/\r?\n/)) {
      const given = /^#+ ?filterOptions: *(.+)$/.exec(line)
      if (given?.[1] !== undefined)
        for (const one of [JSON.parse(given[1])].flat()) {
          const options = Object.entries(optionsShape.parse(one)).filter(([name]) => !name.startsWith('test.'))
          const set = Object.fromEntries(options.map(([name, value]) => [name, String(value)]))
          sets.set(JSON.stringify(set), set)
        }
      if (!line.startsWith('#') && line.trim() !== '') lines.push(...spoiled(line, lines.length))
    }
    for (const kind of ['honest', 'hostile'] as const) lines.push(...logLines(filter, kind, 60))
    for (const options of sets.values())
      for (const all of [true, false]) made.push({ filter, options, lines, all, now })
  }
  return made
}

const theirs = (list: readonly Job[]): readonly z.infer<typeof answerShape>[] => {
  const run = spawnSync('/usr/bin/python3', ['test/interop/fail2ban-peer.py'], {
    input: list.map((job) => `${JSON.stringify(job)}\n`).join(''),
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC', LANG: 'C.UTF-8' },
    maxBuffer: 1 << 30,
  })
  assert.equal(run.status, 0, run.stderr)
  return run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => answerShape.parse(JSON.parse(line)))
}

const ours = ({ filter, options, lines, all }: Job): readonly unknown[] => {
  const source = {
    folder: `${CONFIG}/filter.d`,
    name: filter,
    options: new Map(Object.entries(options)),
    journal: false,
  }
  const text = readFilterText(port, source)
  assert.ok(text.ok, `${filter}: ${JSON.stringify(text)}`)
  const opened = openFilter(text.value, { clock, all })
  assert.ok(opened.ok, `${filter}: ${JSON.stringify(opened)}`)
  assert.deepEqual(opened.value.faults, [], filter)
  return lines.map((line) =>
    opened.value.filter
      .line(line)
      .map((one) => [
        one.pattern,
        one.id ?? one.name ?? null,
        one.time ?? null,
        one.harmless,
        one.fields.get('user') ?? null,
      ]),
  )
}

test('every filter of filter.d finds what fail2ban finds', { skip: !existsSync(LOGS) }, (t) => {
  const list = jobs()
  assert.ok(list.length > 150, `${list.length} filters and modes`)
  const answers = theirs(list)
  let lines = 0
  let failures = 0
  const other: string[] = []
  for (const [n, job] of list.entries()) {
    const want = answers[n]
    assert.equal(want?.error, undefined, job.filter)
    for (const [at, have] of ours(job).entries()) {
      const expected = want?.answers?.[at]
      lines += 1
      if (Array.isArray(expected)) failures += expected.length
      if (JSON.stringify(have) !== JSON.stringify(expected))
        other.push(
          `${job.filter}${JSON.stringify(job.options)} ${job.lines[at]}\n  ours ${JSON.stringify(have)}\n  theirs ${JSON.stringify(expected)}`,
        )
    }
  }
  const share = (100 * (lines - other.length)) / lines
  t.diagnostic(`${list.length} filters and modes, ${lines} lines, ${failures} failures: ${share.toFixed(3)} % the same`)
  for (const one of other.slice(0, 20)) t.diagnostic(one)
  assert.ok(failures > 5000, `${failures} failures`)
  assert.ok(share >= 99.9, `${share} %`)
})
