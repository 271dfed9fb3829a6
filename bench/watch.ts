/**
 * Watching logs: lines a second of CPU through one filter, honest and hostile, ours and fail2ban's own engine in one process (Debian's
 * fail2ban 1.0.2, its filter.d, its classes called directly: no file, no ban), and what 100,000 sources cost in memory.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as z from 'zod'
import { readFilterText } from '../src/ban/watch/config/filter-file.ts'
import { type Filter, openFilter } from '../src/ban/watch/filter.ts'
import type { Bench } from './bench.ts'
import { logKinds, logLines } from './load/logs.ts'

const LINES = 30_000
const SOURCES = 100_000
const ROUNDS = 3
const now = Date.UTC(2026, 10, 25, 21) / 1000
const clock = { now: () => now, fromLocal: (utc: number) => utc / 1000, toLocal: (seconds: number) => seconds * 1000 }
const port = {
  read: (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined),
  list: (folder: string) => (existsSync(folder) ? readdirSync(folder) : []),
}
const answerShape = z.object({ seconds: z.number() })

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

const openHere = (name: string): Filter => {
  const text = readFilterText(port, { folder: '/etc/fail2ban/filter.d', name, options: new Map(), journal: false })
  const opened = text.ok ? openFilter(text.value, { clock }) : text
  if (!opened.ok) throw new Error(`the filter ${name} cannot be read: ${JSON.stringify(opened.error)}`)
  return opened.value.filter
}

/** CPU seconds of the best of some rounds. */
const ours = (name: string, lines: readonly string[]): number => {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round += 1) {
    const filter = openHere(name)
    const start = process.cpuUsage()
    for (const line of lines) filter.line(line)
    const { user, system } = process.cpuUsage(start)
    best = Math.min(best, (user + system) / 1e6)
  }
  return best
}

const theirs = (name: string, lines: readonly string[]): number => {
  const job = JSON.stringify({ filter: name, lines, now, rate: true })
  const run = spawnSync('/usr/bin/python3', ['test/interop/fail2ban-peer.py'], {
    input: `${job}\n`.repeat(ROUNDS),
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC', LANG: 'C.UTF-8' },
    maxBuffer: 1 << 28,
  })
  if (run.status !== 0) throw new Error(`fail2ban did not answer: ${run.stderr}`)
  const seconds = run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => answerShape.parse(JSON.parse(line)).seconds)
  return Math.min(...seconds)
}

export const bench: Bench = {
  name: 'watch',
  about: `${LINES} log lines through filters of fail2ban, lines a CPU second, best of ${ROUNDS}; peer: fail2ban 1.0.2's own engine (Debian)`,
  run: async (report) => {
    for (const kind of ['honest', 'hostile'] as const)
      for (const server of logKinds) {
        const lines = logLines(server, kind, LINES)
        const rate = LINES / ours(server, lines)
        const figure = { name: `watch, ${server}, ${kind} lines`, ours: rate, unit: 'lines/s', better: 'more' } as const
        report({
          ...figure,
          peer: LINES / theirs(server, lines),
          peerName: 'fail2ban',
          kind: 'ratio',
          goal: kind === 'honest' ? 2 : 5,
        })
        report({ ...figure, name: `${figure.name}, in itself`, kind: 'absolute', goal: 30_000 })
      }
    const filter = openHere('sshd')
    collect()
    const before = process.memoryUsage().heapUsed
    for (const line of logLines('sshd', 'hostile', SOURCES)) filter.line(line)
    collect()
    const mebibytes = (process.memoryUsage().heapUsed - before) / 2 ** 20
    report({
      name: `watch, memory after ${SOURCES} sources`,
      ours: mebibytes,
      unit: 'MiB',
      better: 'less',
      kind: 'absolute',
      goal: 60,
    })
  },
}
