/** The store's suite against the storage thread, on a disk. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLog } from '../../base/log.ts'
import { conformance } from '../../store/conformance.ts'
import { must, worldOf } from '../../store/testing.ts'
import { openStore } from './store-client.ts'

let folder = ''
conformance(
  'threaded',
  async () => {
    folder = mkdtempSync(join(tmpdir(), 'postern-store-'))
    const store = await openStore({ folder, log: silentLog })
    assert.ok(store.ok)
    return store.value
  },
  { done: () => rmSync(folder, { recursive: true, force: true }), every: 3 },
)

void test('a stop gives up a long search and answers it, and keeps what was asked to be written before', async () => {
  const own = mkdtempSync(join(tmpdir(), 'postern-store-'))
  try {
    const store = await must(openStore({ folder: own, log: silentLog }))
    const world = await worldOf(store)
    const text = `Subject: x\r\n\r\n${'words to be looked at '.repeat(5_000)}`
    for (let i = 0; i < 30; i++) await world.put(text, {}, {})
    const searching = store.search({ mailbox: world.inbox, tree: { body: 'not there' } })
    const writing = world.put('the last one')
    await store.close()
    const searched = await searching
    assert.ok(searched.ok || searched.error === 'closed')
    assert.equal((await writing).uid, 31)
    const again = await must(openStore({ folder: own, log: silentLog }))
    assert.equal((await must(again.columns({ mailbox: world.inbox }))).uids.length, 31)
    await again.close()
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
})

void test('a second process is told that the folder is locked', async () => {
  const own = mkdtempSync(join(tmpdir(), 'postern-store-'))
  try {
    const store = await must(openStore({ folder: own, log: silentLog }))
    assert.deepEqual(await openStore({ folder: own, log: silentLog }), { ok: false, error: 'locked' })
    const script = `import { openInline } from ${JSON.stringify(new URL('../../store/sqlite/inline.ts', import.meta.url).href)}
      const opened = openInline({ folder: ${JSON.stringify(own)} })
      process.stdout.write(opened.ok ? 'opened' : opened.error)`
    const other = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    assert.equal(other.stdout, 'locked', other.stderr)
    await store.close()
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
})
