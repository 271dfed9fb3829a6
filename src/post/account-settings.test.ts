import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ownSendingOf, secondAddressOf, thresholdsOf, withSetting } from './account-settings.ts'

test('a setting is put, changed and taken away, and the others stay', () => {
  const one = withSetting('{}', ['second-address'], 'anna@else.example')
  assert.equal(secondAddressOf(one), 'anna@else.example')
  const two = withSetting(withSetting(one, ['sending', 'hour', 'first-time'], 100), ['sending', 'reject'], 12)
  assert.deepEqual(ownSendingOf(two), { flag: undefined, reject: 12, limits: { hour: { firstTime: 100 }, day: {} } })
  assert.equal(secondAddressOf(two), 'anna@else.example')
  const three = withSetting(withSetting(two, ['sending', 'hour', 'first-time'], null), ['sending', 'reject'], null)
  assert.equal(three, one)
  assert.equal(withSetting(three, ['second-address'], null), '{}')
})

test('what cannot be read is as if it were not set', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      assert.ok(Number.isFinite(thresholdsOf(text, { flag: 5, reject: 10 }).flag))
      assert.ok(ownSendingOf(text).limits)
      secondAddressOf(text)
      assert.equal(secondAddressOf(withSetting(text, ['second-address'], 'a@b.example')), 'a@b.example')
    }),
  )
})
