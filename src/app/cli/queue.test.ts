/** `postern queue …` without a server: over the store itself, as an operator types it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeLast, writeOptions } from '../../post/queue/options.ts'
import { openInline } from '../../store/sqlite/inline.ts'
import type { NewQueueEntry, QueueEntry } from '../../store/store.ts'
import { latin1, must, NOW, worldOf } from '../../store/testing.ts'
import { commands } from './commands.ts'
import { runCli } from './run.ts'
import { shellOf } from './testing.ts'

const HOUR = 3_600_000
const options = writeOptions({ notify: [], smtpUtf8: false, body: '7bit', requireTls: false, subject: 'Party' })

/** A folder with a queue in it, and the command line of somebody who stands there. */
const withQueue = async (
  run: (a: {
    readonly type: (
      ...words: readonly string[]
    ) => Promise<{ readonly code: number; readonly out: string; readonly err: string }>
    readonly entries: () => Promise<readonly QueueEntry[]>
    readonly inbox: () => Promise<readonly string[]>
  }) => Promise<void>,
): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-queue-'))
  try {
    const config = join(folder, 'postern.toml')
    writeFileSync(config, 'host = "mail.here.example"\ndata = "data"\n')
    const data = join(folder, 'data')
    const open = () => must(openInline({ folder: data, digestBlobs: 0 }))
    const store = await open()
    const anna = await worldOf(store, 'anna@here.example')
    const entry = (recipient: string, over: Partial<NewQueueEntry> = {}): NewQueueEntry => ({
      ...{ message: 'a'.repeat(32), account: anna.account, sender: 'anna@here.example', recipient },
      ...{ domain: recipient.slice(recipient.indexOf('@') + 1), state: 'waiting', why: '', queuedAt: NOW - HOUR },
      ...{ nextAt: NOW + HOUR, expiresAt: NOW + 24 * HOUR, options },
      ...over,
    })
    const entries = [
      entry('x@a.example'),
      entry('y@b.example', { state: 'held', why: 'frozen' }),
      entry('z@a.example', { account: null }),
    ]
    const body = { bytes: Buffer.from('Subject: Party\r\nX-\x1b[2J: y\r\n\r\nbody\r\n') }
    await must(store.deliver({ body, places: [], queue: { prefix: '', entries }, now: NOW }))
    const last = writeLast({
      at: NOW,
      host: 'mx.a.example',
      stage: 'rcpt',
      code: 450,
      enhanced: '4.2.0',
      text: 'greylisted',
      class: 'greylisted',
    })
    await must(store.settleQueue({ changes: [{ id: 1, tries: 2, last }] }))
    await store.close()
    const inStore = async <T>(read: (store: Awaited<ReturnType<typeof open>>) => Promise<T>): Promise<T> => {
      const again = await open()
      try {
        return await read(again)
      } finally {
        await again.close()
      }
    }
    await run({
      type: async (...words) => {
        const { shell, said } = shellOf(NOW)
        const code = await runCli(commands, [...words, '--config', config], shell)
        return { code, ...said }
      },
      entries: () => inStore((again) => must(again.queue({ most: 99 }))),
      inbox: () =>
        inStore(async (again) => {
          const { id } = await must(again.mailbox({ account: anna.account, name: 'INBOX' }))
          const page = await must(
            again.messages({ mailbox: id, uids: [[1, 9]], want: { message: true }, most: 9, mostBytes: 1e6 }),
          )
          return page.rows.map((row) => latin1(row.message))
        }),
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

void test('the queue is listed and an entry shown, with what was said last; controls do not reach the terminal', () =>
  withQueue(async ({ type }) => {
    const { out } = await type('queue', 'list')
    const lines = out.split('\n')
    assert.match(
      lines[2] ?? '',
      /^ +1 {2}in 60 min +60 min ago +2 {2}anna@here\.example +x@a\.example +450 greylisted$/,
    )
    assert.match(lines[3] ?? '', /held \(frozen\)/)
    assert.equal(lines.length, 6)
    assert.match((await type('queue', 'list', '--domain', 'b.example')).out, /y@b\.example/)
    assert.match((await type('queue', 'list', '--account', 'anna@here.example', '--state', 'waiting')).out, /x@a/)
    assert.match((await type('queue', 'list', '--domain', 'c.example')).out, /nothing is queued/)
    assert.equal(JSON.parse((await type('queue', 'list', '--json')).out).length, 3)
    const shown = await type('queue', 'show', '1')
    for (const part of ['greylisted', 'x@a.example', 'Subject: Party', 'mx.a.example: 450 4.2.0 greylisted'])
      assert.ok(shown.out.includes(part), part)
    assert.ok(!shown.out.includes('\x1b') && !shown.out.includes('body'))
    assert.match((await type('queue', 'show', '9')).err, /nothing in the queue has the number 9/)
  }))

void test('hold, release and retry do what they say, to what was chosen', () =>
  withQueue(async ({ type, entries }) => {
    assert.match((await type('queue', 'hold', '1')).out, /held 1 entry/)
    assert.match((await type('queue', 'hold', '--all')).out, /held 1 entry/)
    assert.deepEqual(
      (await entries()).map(({ state, why }) => `${state} ${why}`),
      ['held by-hand', 'held frozen', 'held by-hand'],
    )
    assert.match((await type('queue', 'release', '--domain', 'a.example')).out, /released 2 entries/)
    const [one] = await entries()
    assert.deepEqual([one?.state, one?.nextAt, one?.expiresAt], ['waiting', NOW, NOW + 25 * HOUR])
    assert.match((await type('queue', 'retry', '--all')).out, /retrying 2 entries/)
  }))

void test('drop asks first, and tells the senders when it is told to', () =>
  withQueue(async ({ type, entries, inbox }) => {
    const asked = await type('queue', 'drop', '--all')
    assert.deepEqual([asked.code, (await entries()).length], [2, 3])
    assert.match(asked.err, /drops 3 queued messages for good, and nobody is told.*--yes/)
    assert.match((await type('queue', 'drop', '2', '--yes')).out, /dropped 1 entry/)
    assert.equal((await inbox()).length, 0)
    assert.match((await type('queue', 'drop', '1', '3', '--bounce', '--yes')).out, /dropped 2 entries/)
    assert.deepEqual(await entries(), [])
    assert.match((await inbox())[0] ?? '', /administrator/)
  }))

void test('words that are off are told', () =>
  withQueue(async ({ type, entries }) => {
    for (const [words, says] of [
      [['queue', 'hold'], /say which: numbers, --domain/],
      [['queue', 'hold', 'x'], /by the numbers/],
      [['queue', 'list', '--state', 'gone'], /waiting or held/],
      [['queue', 'drop', '--account', 'nobody@here.example', '--yes'], /account/],
      [['queue', 'show'], /name one number/],
      [['queue', 'route'], /name one domain/],
      [['queue', 'route', 'a.example'], /no server runs/],
    ] as const) {
      const { code, err } = await type(...words)
      assert.notEqual(code, 0)
      assert.match(err, says)
    }
    assert.equal((await entries()).length, 3)
  }))
