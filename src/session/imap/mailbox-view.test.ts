/** The shared columns when messages go: what stays is what a filter leaves, and a window that a session holds does not change. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { accountId, mailboxId } from '../../base/ids.ts'
import { openInline } from '../../store/sqlite/inline.ts'
import type { MessageColumns } from '../../store/store.ts'
import { MailboxView } from './mailbox-view.ts'

/** Rows whose every column is made of the UID, so that one that slipped shows. */
const rows = (uids: readonly number[]): MessageColumns => ({
  uids: Uint32Array.from(uids),
  flags: Uint8Array.from(uids, (uid) => uid % 32),
  keywords: Uint16Array.from(uids, (uid) => uid % 2),
  keywordSets: [[], ['$Junk']],
  modSeqs: Float64Array.from(uids, (uid) => uid + 0.5),
  sizes: Float64Array.from(uids, (uid) => uid + 1),
  internalDates: Float64Array.from(uids, (uid) => uid + 2),
  savedDates: Float64Array.from(uids, (uid) => uid + 3),
  blobs: Float64Array.from(uids),
})

test('messages go, the others keep what was known of them', async () => {
  const store = openInline({ folder: ':memory:' })
  assert.ok(store.ok)
  const uidsThatGo = fc.uniqueArray(fc.integer({ min: 1, max: 60 }))
  fc.assert(
    fc.property(uidsThatGo, uidsThatGo, (there, gone) => {
      const view = new MailboxView(store.value, { id: mailboxId(1), account: accountId(1) })
      const before = [...there].sort((a, b) => a - b)
      assert.ok(view.patch(rows(before)))
      const window = view.uids
      view.takeRemoval(Uint32Array.from(gone), 1)
      const left = before.filter((uid) => !gone.includes(uid))
      assert.deepEqual([...view.uids], left)
      assert.deepEqual([...window], before)
      for (const [at, uid] of left.entries()) {
        assert.equal(view.at(uid), at)
        assert.equal(view.flags[at], uid % 32)
        assert.deepEqual(view.keywordsAt(at), uid % 2 === 1 ? ['$Junk'] : [])
        assert.deepEqual(
          [view.modSeqs[at], view.sizes[at], view.internalDates[at], view.savedDates[at]],
          [uid + 0.5, uid + 1, uid + 2, uid + 3],
        )
      }
      assert.equal(view.removals, left.length === before.length ? 0 : 1)
    }),
  )
  await store.value.close()
})
