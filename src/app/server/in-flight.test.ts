/** Notes of what is in flight: what was begun and not ended is there at the next start, whatever happened to the process. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openInFlight } from './in-flight.ts'

void test('what was begun and not ended is left, once each; places are used again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-flight-'))
  const id = (n: number): string => n.toString(16).padStart(32, '0')
  try {
    const first = openInFlight(folder)
    assert.deepEqual(first.left, [])
    const slots = [1, 2, 3].map((n) => first.begin(id(n)))
    first.end(slots[1] ?? 0)
    assert.equal(first.begin(id(4)), slots[1])
    first.begin(id(1))
    first.end(slots[2] ?? 0)
    // Not closed: the process is gone.
    const second = openInFlight(folder)
    assert.deepEqual(second.left, [id(1), id(4)])
    second.close()
    const third = openInFlight(folder)
    assert.deepEqual(third.left, [])
    third.close()
    first.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
