/** The store's suite against the storage thread, on a disk. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../../base/log.ts'
import { conformance } from '../../store/conformance.ts'
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
