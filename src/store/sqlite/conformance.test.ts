/** The suite against the SQLite backend without a thread, in memory. The threaded one runs it in app/threads. */
import assert from 'node:assert/strict'
import { conformance } from '../conformance.ts'
import { openInline } from './inline.ts'

conformance('inline', async () => {
  const store = openInline({ folder: ':memory:' })
  assert.ok(store.ok)
  return store.value
})

conformance('inline, every message in a digest', async () => {
  const store = openInline({ folder: ':memory:', digestBlobs: 1 })
  assert.ok(store.ok)
  return store.value
})
