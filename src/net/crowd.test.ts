import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Crowd } from './crowd.ts'

const limits = { most: 6, mostPerIp: 2, mostPerNet: 4 }
const steps: readonly (readonly [string, string])[] = [
  ['192.0.2.1', 'ok'],
  ['192.0.2.1', 'ok'],
  ['192.0.2.1', 'address'],
  ['192.0.2.200', 'ok'],
  ['192.0.2.201', 'ok'],
  ['192.0.2.202', 'network'],
  ['192.0.3.1', 'ok'],
  ['2001:db8:1::1', 'ok'],
  ['198.51.100.1', 'most'],
]
test('who is let in, and why not', () => {
  const crowd = new Crowd(limits)
  for (const [ip, want] of steps) assert.equal(crowd.enter(ip), want, ip)
  assert.equal(crowd.all, 6)
  crowd.leave('192.0.2.1')
  assert.equal(crowd.enter('192.0.2.1'), 'ok')
})
test('a network of IPv6 is a /48', () => {
  const crowd = new Crowd({ most: 9, mostPerIp: 9, mostPerNet: 1 })
  assert.equal(crowd.enter('2001:db8:1:aaaa::1'), 'ok')
  assert.equal(crowd.enter('2001:db8:1:bbbb::2'), 'network')
  assert.equal(crowd.enter('2001:db8:2::1'), 'ok')
})
test('when all have left, nothing is kept', () => {
  const ip = fc.constantFrom('192.0.2.1', '192.0.2.2', '192.0.3.1', '2001:db8::1', '::1')
  fc.assert(
    fc.property(fc.array(ip, { maxLength: 20 }), (ips) => {
      const crowd = new Crowd(limits)
      const inside = ips.filter((one) => crowd.enter(one) === 'ok')
      assert.equal(crowd.all, inside.length)
      assert.ok(inside.length <= limits.most)
      for (const one of inside) crowd.leave(one)
      assert.equal(crowd.all, 0)
      for (const one of ['192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.2']) assert.equal(crowd.enter(one), 'ok')
    }),
  )
})
