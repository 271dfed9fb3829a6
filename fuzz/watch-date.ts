/** Dates in lines: finding one never throws, it lies in the line, and its moment is a whole second or none. */
import assert from 'node:assert/strict'
import { DateDetector, defaultTemplates, readDatePattern } from '../src/ban/watch/dates/detector.ts'
import type { FuzzTarget } from './target.ts'

const now = 1_795_593_600
const clock = { now: () => now, fromLocal: (utc: number) => utc / 1000, toLocal: (seconds: number) => seconds * 1000 }
const seeds = [
  '\nNov 25 08:59:59 x\n2026-11-25T10:00:00.123+02:00 x\n[25/Nov/2026:08:00:00 +0000] x\n08:59:59 x',
  '%Y-%m-%d %k:%M:%S %z\n2026-11-25  8:00:00 CET x',
  '^\\[{EPOCH}\\]\n[1795593600.5] x',
  '{^LN-BEG}%b %d, %ExY %I:%M:%S %p\nNov 25, 2026 12:00:00 AM x',
  'TAI64N\n@400000006b0e4d0012345678 x',
  '%U %a %Y\n47 wed 2026',
]

export const target: FuzzTarget = {
  name: 'watch-date',
  seeds: () => seeds.map((seed) => Buffer.from(seed)),
  run: (input) => {
    const [pattern = '', ...lines] = Buffer.from(input).toString('utf8').slice(0, 1000).split('\n')
    const templates = pattern === '' ? defaultTemplates(2026) : readDatePattern(pattern.slice(0, 100), 2026)
    if (!templates.ok) return void assert.notEqual(templates.error, '')
    const detector = new DateDetector(templates.value, clock)
    for (const line of lines.slice(0, 10)) {
      const dated = detector.find(line, !/[^\x00-\x7f]/.test(line))
      if (dated === undefined) continue
      const { start, from, to, end } = dated.found
      assert.ok(start >= 0 && from <= to && end <= line.length && to <= line.length)
      const moment = detector.moment(dated)
      assert.ok(moment === undefined || Number.isFinite(moment))
    }
  },
}
