/** What `postern purge` tells: pure lines first, then over a store itself. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openInline } from '../../store/sqlite/inline.ts'
import { must, NOW, worldOf } from '../../store/testing.ts'
import { commands } from './commands.ts'
import { writePurge } from './purge.ts'
import { runCli } from './run.ts'
import { shellOf } from './testing.ts'

test('before the first purge it says when there will be one', () => {
  const says = writePurge(null, { junk: 86_400_000 * 30, 'junk-room': 1024 ** 3 })
  assert.match(says, /kept for 30 d, and 1 GB an account at most/)
  assert.match(says, /Nothing was purged so far/)
  assert.doesNotMatch(writePurge(null, { junk: 1, 'junk-room': 0 }), /at most/)
})

test('it purges what is over in the folder of the configuration, and --status tells of it without removing more', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-purge-'))
  try {
    const config = join(folder, 'postern.toml')
    writeFileSync(config, 'host = "mail.here.example"\ndata = "data"\n[keep]\njunk = "10 d"\n')
    const store = await must(openInline({ folder: join(folder, 'data') }))
    const { put } = await worldOf(store, 'anna@here.example')
    for (const text of ['Subject: one\r\n\r\n', 'Subject: two\r\n\r\n'])
      await put(text, { mailbox: { name: 'Junk', specialUse: 'junk' } })
    await store.close()
    const type = async (now: number, ...words: readonly string[]) => {
      const { shell, said } = shellOf(now)
      const code = await runCli(commands, ['purge', ...words, '--config', config], shell)
      assert.equal(code, 0, said.err)
      return said.out
    }
    const day = 86_400_000
    assert.match(await type(NOW + 11 * day, '--status'), /Nothing was purged so far/)
    assert.match(
      await type(NOW + 9 * day),
      /removed +0 messages .*\nkept +2 messages .* the oldest since 2026-11-25 04:00 UTC/,
    )
    assert.match(await type(NOW + 11 * day, '--status'), /kept +2 messages/)
    assert.match(await type(NOW + 11 * day), /removed +2 messages .*\nkept +0 messages/)
    assert.deepEqual(JSON.parse(await type(NOW + 12 * day, '--status', '--json')).junk, 2)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
