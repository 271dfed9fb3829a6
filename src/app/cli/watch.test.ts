import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readSpan } from '../../ban/watch/jail-file.ts'
import type { Command, Given } from './command.ts'
import { shellOf } from './testing.ts'
import { watchList, watchTest } from './watch.ts'
import { watchImport } from './watch-import.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-watch-cli-'))
after(() => rmSync(folder, { recursive: true }))
const filters = join(folder, 'filter.d')
mkdirSync(filters)
mkdirSync(join(folder, 'jail.d'))
const write = (name: string, text: string | Uint8Array): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
write(
  'filter.d/door.conf',
  '[Definition]\nfailregex = ^\\s*wrong key from <HOST>$\n  ^\\s*no key from <ADDR>\nignoreregex = from 192\\.0\\.2\\.1$\n[Init]\nmode = normal\n',
)

type Ran = { readonly code: number; readonly out: string; readonly err: string }
const run = async (command: Command, words: readonly string[], values: Given['values'] = {}): Promise<Ran> => {
  const { shell, said } = shellOf()
  const code = await command.run({ words, values }, shell)
  return { code, ...said }
}

const lines = [
  '# a comment',
  'Nov 25 08:00:00 wrong key from 198.51.100.7',
  'Nov 25 08:00:01 no key from 2001:db8::7',
  'Nov 25 08:00:02 wrong key from 192.0.2.1',
  'Nov 25 08:00:03 opened',
  '',
].join('\n')

test('a filter is tried on a log, a rotated log and a line, and answers as fail2ban-regex does', async () => {
  for (const log of [write('door.log', lines), write('door.log.2.gz', gzipSync(lines)), lines]) {
    const { code, out } = await run(watchTest, ['door', log], { folder: filters, 'print-all-matched': true })
    assert.equal(code, 0)
    assert.match(
      out,
      /^Results\n=======\n\nFailregex: 2 total\n\|- {2}#\) \[# of hits\] regular expression\n\| {3}1\) \[1\] /,
    )
    assert.match(out, /\nIgnoreregex: 1 total\n/)
    assert.match(out, /\n\| {2}\[4\] \{\^LN-BEG\}\(\?:DAY \)\?MON Day/)
    assert.match(out, /\nLines: 4 lines, 1 ignored, 2 matched, 1 missed\n/)
    assert.match(out, /\|- Matched line\(s\):\n\| {2}Nov 25 08:00:00 wrong key from 198\.51\.100\.7\n/)
    assert.match(out, /\|- Missed line\(s\):\n\| {2}Nov 25 08:00:03 opened\n`-\n$/)
  }
})

test('as data it says who', async () => {
  const { out } = await run(watchTest, ['door', lines], { folder: filters, json: true })
  const tried: unknown = JSON.parse(out)
  assert.deepEqual(Reflect.get(Object(tried), 'fail'), [
    { text: '^\\s*wrong key from <HOST>$', count: 1, who: ['198.51.100.7'] },
    { text: '^\\s*no key from <ADDR>', count: 1, who: ['2001:db8::7'] },
  ])
})

test('nothing matched is 1; a filter with a mistake, or none, is told by file and line', async () => {
  assert.equal((await run(watchTest, ['door', 'opened'], { folder: filters })).code, 1)
  assert.deepEqual(await run(watchTest, ['nobody', 'x'], { folder: filters }), {
    code: 2,
    out: '',
    err: `${filters}/nobody.conf: there is no such file\n`,
  })
  const bad = write('filter.d/bad.conf', '[Definition]\n\nfailregex = ^(x <HOST>\n  ^y <HOST>\n')
  const { code, err, out } = await run(watchTest, ['bad', 'y 198.51.100.7'], { folder: filters })
  assert.equal(code, 0)
  assert.match(err, new RegExp(`^${bad}:3: missing \\), unterminated subpattern`))
  assert.match(out, /1 matched/)
  assert.equal((await run(watchTest, ['door'])).code, 2)
})

test('what is watched is listed, with what is wrong', async () => {
  const config = write(
    'postern.toml',
    `host = "mail.example.org"\n[watch]\nfolders = ["filter.d"]\n[[watch.files]]\npath = "door.log"\nfilter = "door"\n[[watch.files]]\npath = "none.log"\nfilter = "rspamd"\n[[watch.files]]\njournal = "filter"\nfilter = "nobody"\n`,
  )
  const { code, out, err } = await run(watchList, [], { config })
  assert.equal(code, 1)
  assert.match(out, /door\.log\s+door\s+login-failed\s+2\s+1\n/)
  assert.match(out, /none\.log\s+rspamd\s+spam-rejected\s+1\s+0\n/)
  assert.match(err, /nobody\.conf: there is no such file\n/)
  assert.match(err, /none\.log: there is no such file\n/)
  assert.match((await run(watchList, [], { filters: true, folder: filters })).out, /\nrspamd\s/)
})

test("fail2ban's jails become settings that can be read, and what has no meaning here is said", async () => {
  write(
    'jail.conf',
    '[DEFAULT]\nenabled = false\nbantime = 10m\nfindtime = 10m\nmaxretry = 5\nmode = normal\nfilter = %(__name__)s[mode=%(mode)s]\nbackend = auto\n[door]\nlogpath = /var/log/door.log\n[other]\nlogpath = /x\n',
  )
  write(
    'jail.local',
    '[DEFAULT]\nignoreip = 127.0.0.1/8 ::1 192.0.2.0/24 host.example.com\n[door]\nenabled = true\nmaxretry = 3\n',
  )
  write(
    'jail.d/more.conf',
    '[gate]\nenabled = yes\nfilter = door\nbackend = systemd\nbantime = -1\nignorecommand = /bin/true\n',
  )
  const { code, out } = await run(watchImport, [folder])
  assert.equal(code, 0)
  assert.match(out, /2 jails that are on, 1 that are off/)
  assert.match(
    out,
    /\[\[watch\.files\]\]\npath = "\/var\/log\/door\.log" {2}# not there now\nfilter = "door\[mode=normal\]"\n\n/,
  )
  assert.match(out, /journal = "filter"\nfilter = "door"\nweight = 0\.6 {2}# maxretry = 5\n/)
  assert.match(out, /# allow = \["127\.0\.0\.0\/8", "::1", "192\.0\.2\.0\/24"\]/)
  assert.match(out, /# NOT TAKEN \[gate\] ignorecommand/)
  assert.match(out, /# NOT TAKEN ignoreip host\.example\.com/)
  assert.match(out, /bantime 10 min, for ever/)
  const config = write('imported.toml', `host = "mail.example.org"\n${out}`)
  assert.match((await run(watchList, [], { config })).out, /journal: filter\s+door/)
  assert.equal((await run(watchImport, [join(folder, 'nowhere')])).code, 2)
})

for (const [text, ms] of [
  ['600', 600_000],
  ['10m', 600_000],
  ['1d 12h', 129_600_000],
  ['1.5h', 5_400_000],
  ['2 weeks', 1_209_600_000],
  ['-1', Number.POSITIVE_INFINITY],
  ['', undefined],
  ['soon', undefined],
  ['5 constructor', undefined],
] as const)
  test(`"${text}" is ${ms} ms`, () => assert.equal(readSpan(text), ms))
