import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failingStore } from './failing.ts'
import { openInline } from './sqlite/inline.ts'
import { faultOf, must, NOW, octets, worldOf } from './testing.ts'

void test('a failing store fails where it is told to, and there only', async () => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  const { place } = await worldOf(opened.value)
  const deliver = { body: { bytes: octets('x') }, places: [place()], now: NOW }
  const full = failingStore(opened.value, 'disk-full', ['deliver'])
  assert.equal(await faultOf(full.deliver(deliver)), 'disk-full')
  assert.equal((await must(full.accounts())).length, 1)
  const gone = failingStore(opened.value, 'damaged', [])
  assert.equal(await faultOf(gone.accounts()), 'damaged')
  await gone.close()
  assert.equal(await faultOf(opened.value.accounts()), 'closed')
})
