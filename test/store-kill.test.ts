/**
 * kill -9 of a process whose store is at work: what was answered is there, once; check finds nothing. Several rounds on one folder, so that every
 * start finds what a kill left.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { openInline } from '../src/store/sqlite/inline.ts'
import { must } from '../src/store/testing.ts'

const ROUNDS = [1, 40, 150, 333]
const child = join(import.meta.dirname, 'store-kill-child.ts')

/** Runs the child until it has said `lines` lines, kills it, and gives every line that came. */
const killAfter = async (folder: string, round: number, lines: number): Promise<readonly string[]> => {
  const running = spawn(process.execPath, [child, folder, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const said: string[] = []
  for await (const line of createInterface({ input: running.stdout })) {
    said.push(line)
    if (said.length === lines) running.kill('SIGKILL')
  }
  return said
}

void test('after kill -9 nothing acknowledged is missing or there twice, and check is clean', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-kill-'))
  const acknowledged: string[] = []
  try {
    for (const [round, lines] of ROUNDS.entries()) {
      acknowledged.push(...(await killAfter(folder, round, lines)))
      const store = await must(openInline({ folder }))
      assert.deepEqual(await must(store.check()), [], `after round ${round}`)
      const { id } = await must(store.account({ name: 'anna@example.org' }))
      const inbox = await must(store.mailbox({ account: id, name: 'INBOX' }))
      const there: string[] = []
      for (let from: number | null = 1; from !== null; ) {
        const page: { rows: readonly { summary?: { subject: string } }[]; next: number | null } = await must(
          store.messages({
            mailbox: inbox.id,
            uids: [[from, 0xffff_ffff]],
            want: { summary: true },
            most: 500,
            mostBytes: 1e6,
          }),
        )
        there.push(...page.rows.map((row) => row.summary?.subject ?? ''))
        from = page.next
      }
      const missing = acknowledged.filter((name) => !there.includes(name))
      assert.deepEqual(missing, [], `round ${round}: acknowledged but missing`)
      assert.equal(new Set(there).size, there.length, `round ${round}: stored twice`)
      await store.close()
    }
    assert.ok(acknowledged.length >= ROUNDS.reduce((sum, lines) => sum + lines, 0))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
