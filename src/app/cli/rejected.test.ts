/** `postern rejected …` over a store itself, as an operator types it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openInline } from '../../store/sqlite/inline.ts'
import { must, NOW, receiptOf, worldOf } from '../../store/testing.ts'
import { commands } from './commands.ts'
import { runCli } from './run.ts'
import { shellOf } from './testing.ts'

test('what was refused is listed and let go; a second time there is nothing to let go', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-rejected-'))
  try {
    const config = join(folder, 'postern.toml')
    writeFileSync(config, 'host = "mail.here.example"\ndata = "data"\n')
    const store = await must(openInline({ folder: join(folder, 'data') }))
    const { put, account } = await worldOf(store, 'anna@here.example')
    const over = { mailbox: { name: 'Rejected' }, flags: ['\\Seen', '$Rejected'] }
    for (let n = 0; n < 250; n += 1)
      await put('Subject: other\r\n\r\n', {
        ...over,
        prefix: `X-Postern-Rejected: note; id=${(n + 4096).toString(16)}\r\n`,
      })
    await put('Subject: wanted\r\n\r\n', { ...over, prefix: 'X-Postern-Rejected: note; id=00c0ffee\r\n' })
    await must(
      store.addReceipt(
        receiptOf({
          ...{ at: NOW, keepUntil: NOW + 1e9, verdict: 'reject', score: 12.3, recipients: ['anna@here.example'] },
          ...{ subject: 'wanted \x1b[2J', story: JSON.stringify({ v: 1, id: '00c0ffee', reasons: ['score'] }) },
        }),
      ),
    )
    await must(store.addReceipt(receiptOf({ at: NOW, keepUntil: NOW + 1e9, verdict: 'flag' })))
    await store.close()
    const type = async (...words: readonly string[]) => {
      const { shell, said } = shellOf(NOW + 1000)
      return { code: await runCli(commands, ['rejected', ...words, '--config', config], shell), ...said }
    }
    const list = await type('list')
    assert.match(list.out, /^00c0ffee +2026-11-25 04:00 .* anna@here\.example +12\.3 +score +wanted \?\[2J$/m)
    assert.equal(list.out.split('\n').filter((line) => line.includes('2026-11-25')).length, 1)
    assert.match((await type('list', 'ben@here.example')).out, /nothing was refused/)
    const released = await type('release', '00c0ffee')
    assert.match(released.out, /^anna@here\.example: a note of it is in the INBOX/)
    const again = await type('release', '00c0ffee')
    assert.equal(again.code, 1)
    assert.match(again.err, /nothing shows a refused message 00c0ffee any more/)
    assert.equal((await type('release')).code, 2)
    const after = await must(openInline({ folder: join(folder, 'data') }))
    const mailboxes = await must(after.mailboxes({ account }))
    assert.deepEqual(
      mailboxes.filter(({ messages }) => messages > 0).map(({ name, messages }) => [name, messages]),
      [
        ['INBOX', 1],
        ['Rejected', 250],
      ],
    )
    await after.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
