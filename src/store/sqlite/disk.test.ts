/** What the suite cannot see in memory: files of large bodies, the lock, foreign, newer, damaged and full databases. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { NewQueueEntry, Store } from '../store.ts'
import { faultOf, latin1, must, NOW, worldOf } from '../testing.ts'
import { fileNames, takeLock } from './database.ts'
import { openEngine } from './engine.ts'
import { openInline } from './inline.ts'
import { SCHEMA_VERSION } from './schema.ts'

/** Runs a test in a folder of its own. */
const inFolder = (says: string, run: (folder: string) => Promise<void>): void => {
  void test(says, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-store-'))
    try {
      await run(folder)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
}
const opened = (folder: string): Store => {
  const store = openInline({ folder })
  assert.ok(store.ok, `does not open: ${String(!store.ok && store.error)}`)
  return store.value
}
const bodyFiles = (folder: string): readonly string[] =>
  readdirSync(join(folder, fileNames.bodies), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

inFolder('a spool file becomes the body, serves copies, and goes with the last row', async (folder) => {
  const store = opened(folder)
  const world = await worldOf(store)
  const spool = join(folder, 'spooled')
  const text = `Subject: large\r\n\r\n${'0123456789'.repeat(50_000)}`
  writeFileSync(spool, text)
  const body = { file: spool, size: text.length }
  const [placed] = await must(store.deliver({ body, places: [world.place({ prefix: 'A: b\r\n' })], now: NOW }))
  assert.ok(placed?.ok)
  assert.equal(existsSync(spool), false)
  assert.equal(bodyFiles(folder).length, 1)
  const page = await must(
    store.messages({
      mailbox: world.inbox,
      uids: [[1, 1]],
      want: { summary: true, message: true },
      most: 1,
      mostBytes: 1,
    }),
  )
  assert.equal(latin1(page.rows[0]?.message), `A: b\r\n${text}`)
  assert.equal(page.rows[0]?.summary?.subject, 'large')
  const slice = await must(store.readMessage({ mailbox: world.inbox, uid: placed.value.uid, from: 20, to: 40 }))
  assert.equal(latin1(slice), `A: b\r\n${text}`.slice(20, 40))
  await must(store.copy({ from: world.inbox, uids: [[1, 1]], to: await world.make('x'), now: NOW, move: true }))
  await must(store.tidy({ now: NOW }))
  assert.equal(bodyFiles(folder).length, 1)
  assert.deepEqual(await must(store.check()), [])
  await must(store.dropAccount({ id: world.account }))
  await must(store.tidy({ now: NOW }))
  assert.equal(bodyFiles(folder).length, 0)
  await store.close()
})

inFolder('a spool file that no place takes, or that is not there, leaves nothing', async (folder) => {
  const store = opened(folder)
  const world = await worldOf(store, 'small@example.org', 5)
  const spool = join(folder, 'spooled')
  writeFileSync(spool, 'too large')
  const deliver = () => store.deliver({ body: { file: spool, size: 9 }, places: [world.place()], now: NOW })
  assert.deepEqual(await must(deliver()), [{ ok: false, error: 'over-quota' }])
  assert.deepEqual([existsSync(spool), bodyFiles(folder).length], [false, 0])
  assert.equal(await faultOf(deliver()), 'damaged')
  await store.close()
})

const entry: NewQueueEntry = {
  ...{ message: 'm', account: null, sender: '', recipient: 'a@x', domain: 'x', state: 'waiting', why: '' },
  ...{ queuedAt: NOW, nextAt: NOW, expiresAt: NOW, options: '{}' },
}
inFolder('check names what a damaged queue lacks', async (folder) => {
  const store = opened(folder)
  const queue = { prefix: '', entries: [entry] }
  for (const text of ['first', 'second', 'third'])
    await must(store.deliver({ body: { bytes: Buffer.from(text) }, places: [], queue, now: NOW }))
  await store.close()
  const db = new DatabaseSync(join(folder, fileNames.database))
  db.exec('DELETE FROM leaving WHERE id = 1; DELETE FROM queue WHERE id = 2; UPDATE leaving SET size = 4 WHERE id = 3')
  db.close()
  const again = opened(folder)
  assert.equal(await faultOf(again.queueMessages({ ids: [1], mostBytes: 9 })), 'damaged')
  assert.deepEqual(await must(again.check()), [
    'a queued message has no body: 1',
    'a body that leaves is not queued: 2',
    'a queued size is not that of prefix and body: 3',
    'body 3 that leaves has 5 octets, not 4',
  ])
  await again.close()
})

inFolder('a large body that only leaves is a file, over a restart, and goes with its last entry', async (folder) => {
  const store = opened(folder)
  const spool = join(folder, 'spooled')
  writeFileSync(spool, 'large')
  const queue = { prefix: 'A: b\r\n', entries: [entry, entry] }
  await must(store.deliver({ body: { file: spool, size: 5 }, places: [], queue, now: NOW }))
  assert.deepEqual([existsSync(spool), bodyFiles(folder).length], [false, 1])
  await store.close()
  const again = opened(folder)
  assert.equal(latin1(await must(again.readQueued({ id: 2, from: 4, to: 8 }))), '\r\nla')
  assert.deepEqual(await must(again.check()), [])
  await must(again.settleQueue({ changes: [{ id: 1, remove: true }] }))
  assert.equal(bodyFiles(folder).length, 1)
  await must(again.settleQueue({ changes: [{ id: 2, remove: true }] }))
  assert.equal(bodyFiles(folder).length, 0)
  assert.deepEqual(await must(again.check()), [])
  await again.close()
})

inFolder('body files that no row names are swept away at the start', async (folder) => {
  await opened(folder).close()
  mkdirSync(join(folder, fileNames.bodies, 'ab'))
  writeFileSync(join(folder, fileNames.bodies, 'ab', 'left-by-a-crash'), 'x')
  await opened(folder).close()
  assert.deepEqual(bodyFiles(folder), [])
})

inFolder(
  'a second opener is told that the folder is locked, also when the first is in this process',
  async (folder) => {
    const store = opened(folder)
    assert.deepEqual(openInline({ folder }), { ok: false, error: 'locked' })
    await store.close()
    const lock = takeLock(folder)
    assert.ok(lock.ok)
    assert.deepEqual(openInline({ folder }), { ok: false, error: 'locked' })
    lock.value.close()
    await opened(folder).close()
  },
)

inFolder('what is there is there after a restart', async (folder) => {
  const store = opened(folder)
  const world = await worldOf(store)
  const placed = await world.put('Subject: stays\r\n\r\nx\r\n', { flags: ['\\Seen', 'word'] })
  await store.close()
  const again = opened(folder)
  const columns = await must(again.columns({ mailbox: world.inbox }))
  assert.deepEqual([[...columns.uids], columns.keywordSets[1]], [[placed.uid], ['word']])
  assert.deepEqual(await must(again.check()), [])
  await again.close()
})

inFolder('a new database is for its owner alone, whatever the folder allows', async (folder) => {
  chmodSync(folder, 0o755)
  const store = opened(folder)
  await worldOf(store)
  for (const name of [fileNames.database, `${fileNames.database}-wal`])
    assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name)
  await store.close()
})

inFolder('a database of somebody else, of a later version, or none at all is not touched', async (folder) => {
  const file = join(folder, fileNames.database)
  const other = new DatabaseSync(file)
  other.exec('CREATE TABLE theirs (x)')
  other.close()
  assert.deepEqual(openInline({ folder }), { ok: false, error: 'not-ours' })
  rmSync(file)
  await opened(folder).close()
  const later = new DatabaseSync(file)
  later.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`)
  later.close()
  assert.deepEqual(openInline({ folder }), { ok: false, error: 'newer-version' })
  writeFileSync(file, 'this is no database, and it is long enough to be looked at as one'.repeat(100))
  assert.deepEqual(openInline({ folder }), { ok: false, error: 'damaged' })
  assert.equal(readFileSync(file, 'latin1').slice(0, 10), 'this is no')
})

inFolder('a database of version 1 is migrated as a copy, and the old file stays', async (folder) => {
  const store = opened(folder)
  const world = await worldOf(store)
  await world.put('Subject: old\r\n\r\n')
  await store.close()
  const file = join(folder, fileNames.database)
  const db = new DatabaseSync(file)
  const tables = ['thread_ids', 'digests', 'digests_stale', 'queue', 'leaving']
  db.exec(`${tables.map((table) => `DROP TABLE ${table};`).join('')} PRAGMA user_version = 1`)
  db.close()
  const again = opened(folder)
  assert.equal((await must(again.columns({ mailbox: world.inbox }))).uids.length, 1)
  await must(
    again.deliver({ body: { bytes: Buffer.from('Message-ID: <1@x>\r\n\r\n') }, places: [world.place()], now: NOW }),
  )
  assert.deepEqual(await must(again.check()), [])
  await again.close()
  assert.ok(existsSync(`${file}.v1`))
  assert.equal(existsSync(`${file}.migrating`), false)
})

inFolder('a damaged body is a fault of that message, and check names it', async (folder) => {
  const store = opened(folder)
  const world = await worldOf(store)
  for (const text of ['first '.repeat(100), 'second', 'third'.repeat(9_000)]) await world.put(text)
  await store.close()
  const db = new DatabaseSync(join(folder, fileNames.database))
  db.exec("UPDATE blobs SET head = substr(head, 1, 30) || x'0000' || substr(head, 33) WHERE id = 1")
  db.exec('DELETE FROM bodies WHERE blob = 3')
  db.close()
  const again = opened(folder)
  const read = (number: number) =>
    again.messages({ mailbox: world.inbox, uids: [[number, number]], want: { message: true }, most: 1, mostBytes: 1e6 })
  assert.equal(await faultOf(read(1)), 'damaged')
  assert.equal((await must(read(2))).rows.length, 1)
  assert.equal(await faultOf(read(3)), 'damaged')
  const findings = await must(again.check())
  assert.equal(findings.length, 3, findings.join('\n'))
  assert.ok(findings.some((finding) => finding.startsWith('blob 1 cannot be read')))
  await again.close()
})

/** An engine whose database may grow by so many pages only: what SQLite says is what it says on a full disk (SQLITE_FULL). */
inFolder(
  'a full disk: writes say disk-full and change nothing, reads go on, and room makes it well again',
  async (folder) => {
    const store = opened(folder)
    const world = await worldOf(store)
    await world.put('before')
    await store.close()
    const complaints: string[] = []
    let limit: ((pages: number) => void) | undefined
    const engine = openEngine({
      folder,
      complain: (verb, fault) => complaints.push(`${verb} ${fault}`),
      onOpen: (db) => {
        limit = (pages) => db.exec(`PRAGMA max_page_count = ${pages}`)
      },
    })
    assert.ok(engine.ok)
    limit?.(statSync(join(folder, fileNames.database)).size / 16_384 + 3)
    const body = (): Uint8Array => Uint8Array.from({ length: 10_000 }, () => Math.floor(Math.random() * 256))
    const deliver = () =>
      ({ verb: 'deliver', args: { body: { bytes: body() }, places: [world.place()], now: NOW } }) as const
    const count = { verb: 'columns', args: { mailbox: world.inbox } } as const
    const batch = engine.value.run([count, ...Array.from({ length: 50 }, deliver), count])
    assert.deepEqual(
      batch.outcomes.slice(1, -1).map((outcome) => !outcome.ok && 'error' in outcome && outcome.error),
      Array.from({ length: 50 }, () => 'disk-full'),
    )
    assert.deepEqual([batch.wrote, batch.bells, batch.outcomes[51]?.ok], [false, [], true])
    assert.ok(complaints.includes('deliver disk-full'))
    assert.deepEqual(engine.value.run([{ verb: 'check', args: undefined }]).outcomes, [{ ok: true, value: [] }])
    limit?.(1_000_000)
    const after = engine.value.run([deliver(), { verb: 'account', args: { id: world.account } }])
    assert.ok(after.outcomes[1]?.ok)
    assert.equal(Object(after.outcomes[1].value).messages, 2)
    engine.value.close()
  },
)
