import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isLoopback, prefixOf, readIp, readPrefix, within, writeIp, writePrefix } from './ip.ts'

for (const [text, want] of [
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::', '::'],
  ['192.0.2', undefined],
  ['192.0.2.256', undefined],
  ['192.0.2.01', undefined],
  ['1::2::3', undefined],
  ['1:2:3:4:5:6:7:8:9', undefined],
  [':::', undefined],
  ['', undefined],
] as const)
  test(`"${text}" is ${want ?? 'no address'}`, () => {
    const read = readIp(text)
    assert.equal(read.ok ? writeIp(read.value) : undefined, want)
  })

for (const [text, want] of [
  ['192.0.2.77/24', '192.0.2.0/24'],
  ['2001:db8::1/33', '2001:db8::/33'],
  ['192.0.2.1', '192.0.2.1'],
  ['192.0.2.1/33', undefined],
  ['192.0.2.1/', undefined],
] as const)
  test(`"${text}" is the prefix ${want}`, () => {
    const read = readPrefix(text)
    assert.equal(read.ok ? writePrefix(read.value) : undefined, want)
  })

test('what is written is read back, and lies in each of its prefixes', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(128), (text, bits) => {
      const ip = readIp(text)
      assert.ok(ip.ok)
      assert.deepEqual(readIp(writeIp(ip.value)), ip)
      assert.ok(within(ip.value, prefixOf(ip.value, bits)))
    }),
  )
})

test('no text makes it throw', () => {
  fc.assert(
    fc.property(
      fc.string(),
      (text) => typeof readIp(text).ok === 'boolean' && typeof readPrefix(text).ok === 'boolean',
    ),
  )
})

for (const [ip, want] of [
  ['127.0.0.1', true],
  ['127.255.0.9', true],
  ['::1', true],
  ['128.0.0.1', false],
  ['::', false],
] as const)
  test(`${ip} is ${want ? '' : 'not '}loopback`, () => assert.equal(isLoopback(ip), want))
