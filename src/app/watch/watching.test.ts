import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Offence } from '../../ban/offence.ts'
import type { EventName } from '../../base/events.ts'
import type { Fields } from '../../base/log.ts'
import { ok } from '../../base/result.ts'
import type { Memo } from '../../store/store.ts'
import { type Settings, settingsSchema } from '../settings/schema.ts'
import { startWatching, type Watching } from './watching.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-watch-'))
after(() => rmSync(folder, { recursive: true }))
mkdirSync(join(folder, 'filter.d'))
writeFileSync(
  join(folder, 'filter.d/door.conf'),
  '[Definition]\nfailregex = ^\\s*door: wrong key of <F-USER>\\S+</F-USER> from <HOST>$\n  ^\\s*door: slow (a+)+ <HOST>$\n  ^(broken <HOST>\n',
)
writeFileSync(
  join(folder, 'filter.d/spam.conf'),
  '[Definition]\nfailregex = spam from <HOST>\noffence = spam-rejected\n',
)

type Heard = { readonly name: EventName; readonly fields: Fields }
/** A watch with everything around it that it asks for. */
class Bench {
  readonly memos = new Map<string, Memo>()
  readonly offences: Offence[] = []
  readonly events: Heard[] = []
  #waiting: { readonly holds: () => boolean; readonly done: () => void }[] = []

  settings(files: readonly object[], more: object = {}): Settings {
    return settingsSchema.parse({
      host: 'mail.example.org',
      watch: { folders: [join(folder, 'filter.d')], every: '5 ms', files, ...more },
    })
  }

  #told(): void {
    for (const one of this.#waiting) if (one.holds()) one.done()
    this.#waiting = this.#waiting.filter((one) => !one.holds())
  }

  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise((done) => this.#waiting.push({ holds, done }))
  }

  saw(name: EventName): readonly Fields[] {
    return this.events.filter((one) => one.name === name).map((one) => one.fields)
  }

  start(settings: () => Settings): Promise<Watching> {
    return startWatching({
      settings,
      file: (path) => path,
      store: {
        recall: async () => ok([...this.memos.values()]),
        remember: async ({ memos }) => {
          for (const memo of memos) this.memos.set(memo.key, memo)
          return ok(null)
        },
      },
      jail: {
        offence: (offence) => {
          this.offences.push(offence)
          this.#told()
          return []
        },
        hadGoodLogin: (ip) => ip === '192.0.2.99',
      },
      resolve: async (_name, type) =>
        type === 'A'
          ? { kind: 'found', records: ['192.0.2.50'] as never[], secure: false }
          : { kind: 'none', why: 'nodata', secure: false },
      now: () => Date.now(),
      log: {
        event: (name, fields) => {
          this.events.push({ name, fields })
          this.#told()
        },
      },
    })
  }
}

test('failures in a log are offences; a restart goes on where it was; a filter says what kind they are', {
  timeout: 120_000,
}, async () => {
  const log = join(folder, 'a.log')
  const spam = join(folder, 'spam.log')
  writeFileSync(log, 'door: wrong key of me from 192.0.2.7\ndoor: opened\n')
  writeFileSync(spam, 'spam from 192.0.2.8\nspam from 127.0.0.1\nspam from host.example.com\n')
  const bench = new Bench()
  const settings = bench.settings([
    { path: log, filter: 'door', weight: 0.5 },
    { path: join(folder, 'sp*.log'), filter: 'spam' },
  ])
  const first = await bench.start(() => settings)
  await bench.until(() => bench.offences.length === 2)
  const [login, mail] = bench.offences.toSorted((a, b) => a.ip.localeCompare(b.ip))
  assert.deepEqual(
    [login?.ip, login?.kind, login?.service, login?.weight, login?.goodLogin],
    ['192.0.2.7', 'login-failed', 'login', 0.5, false],
  )
  assert.deepEqual([mail?.ip, mail?.kind, mail?.service], ['192.0.2.8', 'spam-rejected', 'mail'])
  assert.equal(bench.saw('watch-fault').length, 1)
  assert.equal(bench.saw('watch-fault')[0]?.['line'], 2)
  await first.stop()
  appendFileSync(log, 'door: wrong key of me from 192.0.2.99\n')
  renameSync(log, `${log}.1`)
  writeFileSync(log, 'door: wrong key of you from 2001:db8::7\n')
  const second = await bench.start(() => settings)
  await bench.until(() => bench.offences.length === 4)
  assert.deepEqual(
    bench.offences.slice(2).map((one) => [one.ip, one.goodLogin]),
    [
      ['192.0.2.99', true],
      ['2001:db8::7', false],
    ],
  )
  await second.stop()
})

test('names are looked up only where that is wanted, and the settings can change meanwhile', {
  timeout: 120_000,
}, async () => {
  const log = join(folder, 'names.log')
  writeFileSync(log, 'spam from host.example.com\nspam from 192.0.2.1\n')
  const bench = new Bench()
  let settings = bench.settings([])
  const watching = await bench.start(() => settings)
  settings = bench.settings([{ path: log, filter: 'spam', offence: 'protocol-abuse' }], { names: 'resolve' })
  await watching.reload()
  await bench.until(() => bench.offences.length === 2)
  assert.deepEqual(
    bench.offences.map((one) => [one.ip, one.kind]),
    [
      ['192.0.2.50', 'protocol-abuse'],
      ['192.0.2.1', 'protocol-abuse'],
    ],
  )
  await watching.stop()
})

test('a line that keeps a pattern busy costs the thread, and the lines behind it are read', {
  timeout: 120_000,
}, async () => {
  const log = join(folder, 'slow.log')
  writeFileSync(
    log,
    `door: wrong key of a from 192.0.2.1\ndoor: slow ${'a'.repeat(60)}!\ndoor: wrong key of b from 192.0.2.2\n`,
  )
  const bench = new Bench()
  const settings = bench.settings([{ path: log, filter: 'door' }], { deadline: '2 s' })
  const watching = await bench.start(() => settings)
  await bench.until(() => bench.offences.some((one) => one.ip === '192.0.2.2'))
  assert.ok(bench.saw('watch-late').length > 0)
  await watching.stop()
})

test('a filter that is not there, and a log that is not there, are told of', { timeout: 120_000 }, async () => {
  const bench = new Bench()
  const settings = bench.settings([
    { path: join(folder, 'none.log'), filter: 'door' },
    { path: join(folder, 'a.log'), filter: 'nobody' },
  ])
  const watching = await bench.start(() => settings)
  await bench.until(() => bench.saw('watch-failed').length === 1 && bench.saw('watch-fault').length === 2)
  await watching.stop()
})
