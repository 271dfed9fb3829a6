/** Filter files and the lines that they are given: reading and running never throw, and no failure is of an address that the line lacks. */
import assert from 'node:assert/strict'
import { readFilterText } from '../src/ban/watch/config/filter-file.ts'
import { openFilter } from '../src/ban/watch/filter.ts'
import type { FuzzTarget } from './target.ts'

const now = 1_795_593_600
const clock = { now: () => now, fromLocal: (utc: number) => utc / 1000, toLocal: (seconds: number) => seconds * 1000 }
const MOST = 4000
const seeds = [
  '[Definition]\nfailregex = ^%(__prefix_line)s no <HOST>$\n  <mdre-<mode>>\nmdre-normal = ^x <ADDR>\nmode = normal\n[DEFAULT]\n__prefix_line = \\S+:\n---\nNov 25 08:00:00 x: no 192.0.2.7\n',
  '[Definition]\nprefregex = ^<F-MLFID>s\\[\\d+\\]</F-MLFID>: <F-CONTENT>.+</F-CONTENT>$\nfailregex = ^a <HOST><SKIPLINES>b\nignoreregex = z\nmaxlines = 3\ndatepattern = ^\\[{DATE}\\]\n---\n[1795593600] s[1]: a 192.0.2.7\nb\n',
  '[INCLUDES]\nbefore = x.conf\n[Definition]\nfailregex = %(known/failregex)s\n[Init]\na = <b>\nb = <a>\n---\n',
]

export const target: FuzzTarget = {
  name: 'watch-filter',
  seeds: () => seeds.map((seed) => Buffer.from(seed)),
  run: (input) => {
    const [file = '', lines = ''] = Buffer.from(input).toString('utf8').slice(0, MOST).split('\n---\n')
    const port = { read: (path: string) => (path === '/f/x.conf' ? file : undefined), list: () => [] }
    const text = readFilterText(port, { folder: '/f', name: 'x', options: new Map(), journal: false })
    if (!text.ok) return void assert.ok(text.error.length > 0)
    const opened = openFilter(text.value, { clock })
    if (!opened.ok) return void assert.ok(opened.error.length > 0)
    for (const line of lines.split('\n').slice(0, 20))
      for (const { address } of opened.value.filter.line(line.slice(0, 200)))
        if (address !== undefined) assert.match(address, /^[0-9a-f.:]+(?:\/\d+)?$/)
  },
}
