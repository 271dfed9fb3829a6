/** When what was answered is on disk, and what a cut leaves behind: docs/decisions/0047. */
import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { must, NOW, worldOf } from '../testing.ts'
import { fileNames } from './database.ts'
import { type Engine, openEngine } from './engine.ts'
import { openInline } from './inline.ts'

const inFolder = async (run: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-durable-'))
  try {
    await run(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
const engineIn = (folder: string): Engine => {
  const engine = openEngine({ folder, complain: () => undefined })
  assert.ok(engine.ok)
  return engine.value
}
const change = (mailbox: number, flag: string) => ({
  verb: 'changeFlags' as const,
  args: { mailbox, uids: [[1, 9]], how: 'add', flags: [flag] },
})

void test('flags are answered before they are synced, everything else after it', () =>
  inFolder(async (folder) => {
    const store = await must(openInline({ folder }))
    const world = await worldOf(store)
    await world.put('Subject: x\r\n\r\ny')
    await store.close()
    const engine = engineIn(folder)
    assert.equal(engine.owesSync(), false)
    assert.ok(engine.run([change(world.inbox, '\\Seen')]).outcomes[0]?.ok)
    assert.equal(engine.owesSync(), true)
    engine.run([{ verb: 'stats', args: undefined }])
    assert.equal(engine.owesSync(), true, 'a read pays nothing')
    engine.sync()
    assert.equal(engine.owesSync(), false)
    engine.run([change(world.inbox, '\\Flagged')])
    const remove = { mailbox: world.inbox, uids: [[1, 9]], evenUndeleted: true, now: NOW }
    assert.ok(engine.run([change(world.inbox, '\\Answered'), { verb: 'expunge', args: remove }]).outcomes[1]?.ok)
    assert.equal(engine.owesSync(), false, 'a commit of anything else takes the flags along')
    engine.close()
  }))

void test('after a cut no place of the change log is given out a second time', () =>
  inFolder(async (folder) => {
    const store = await must(openInline({ folder }))
    const world = await worldOf(store)
    const before = await world.put('Subject: x\r\n\r\ny')
    await store.close()
    const engine = engineIn(folder)
    engine.run([change(world.inbox, '\\Seen')])
    // The folder as a power failure may leave it: the log is there, its last commits are not.
    const cut = mkdtempSync(join(tmpdir(), 'postern-cut-'))
    for (const name of [fileNames.database, fileNames.log]) copyFileSync(join(folder, name), join(cut, name))
    engine.close()
    try {
      const again = await must(openInline({ folder: cut }))
      const mailbox = await must(again.mailbox({ id: world.inbox }))
      assert.ok(mailbox.highestModSeq < before.modSeq + 1_000, 'nothing is told as changed that is not')
      const { modSeq } = await must(
        again.changeFlags({ mailbox: world.inbox, uids: [[1, 1]], how: 'add', flags: ['\\Draft'] }),
      )
      assert.ok(modSeq > before.modSeq + 500_000)
      assert.deepEqual(await must(again.check()), [])
      await again.close()
      const clean = await must(openInline({ folder: cut }))
      const next = await must(
        clean.changeFlags({ mailbox: world.inbox, uids: [[1, 1]], how: 'remove', flags: ['\\Draft'] }),
      )
      assert.equal(next.modSeq, modSeq + 1, 'a stop leaves no gap')
      await clean.close()
    } finally {
      rmSync(cut, { recursive: true, force: true })
    }
  }))
