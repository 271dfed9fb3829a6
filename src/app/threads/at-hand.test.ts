import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openInline } from '../../store/sqlite/inline.ts'
import { must, worldOf } from '../../store/testing.ts'
import { openAtHand } from './at-hand.ts'

void test('small reads are answered at hand, others are left to a thread', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-hand-'))
  try {
    const store = await must(openInline({ folder }))
    const world = await worldOf(store)
    for (let i = 0; i < 9; i++) await world.put(`Subject: ${i}\r\n\r\nx`)
    const hand = await must(openAtHand(folder, () => undefined))
    const ask = (uids: readonly (readonly [number, number])[], mostBytes: number) => ({
      mailbox: world.inbox,
      uids,
      want: { message: true },
      most: 9,
      mostBytes,
    })
    const small = ask([[2, 2]], 100)
    assert.deepEqual(hand.answer('messages', small), await store.messages({ ...small, uids: small.uids as never }))
    assert.deepEqual(hand.answer('mailbox', { id: world.inbox }), await store.mailbox({ id: world.inbox }))
    assert.deepEqual(hand.answer('mailbox', { account: world.account, name: 'none' }), {
      ok: false,
      error: 'no-such-mailbox',
    })
    assert.deepEqual(hand.answer('account', { id: world.account }), await store.account({ id: world.account }))
    for (const [says, verb, args] of [
      ['many messages', 'messages', ask([[1, 9]], 100)],
      [
        'many ranges',
        'messages',
        ask(
          [
            [1, 2],
            [4, 6],
          ],
          100,
        ),
      ],
      ['many octets', 'messages', ask([[2, 2]], 100_000)],
      ['a list', 'mailboxes', { account: world.account }],
      ['a write', 'changeFlags', { mailbox: world.inbox, uids: [[1, 1]], how: 'add', flags: ['\\Seen'] }],
      ['a search', 'search', { mailbox: world.inbox, tree: { all: true } }],
    ] as const)
      assert.equal(hand.answer(verb, args), undefined, says)
    hand.close()
    hand.close()
    assert.equal(hand.answer('messages', small), undefined)
    await store.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
