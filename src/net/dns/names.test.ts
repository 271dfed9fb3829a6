import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readName, readTarget, reverseName } from './names.ts'

const long = 'a'.repeat(63)
const asked: readonly (readonly [string, string | undefined])[] = [
  ['Example.ORG', 'example.org'],
  ['example.org.', 'example.org'],
  ['_25._tcp.mx.example', '_25._tcp.mx.example'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['bücher.example', undefined],
  ['', undefined],
  ['.', undefined],
  ['a..b', undefined],
  ['.a', undefined],
  ['a b', 'a b'],
  [' .example', ' .example'],
  ['a\nb', undefined],
  ['a\tb', undefined],
  ['a\0b', undefined],
  ['a\x7fb', undefined],
  [`${long}.org`, `${long}.org`],
  [`${long}x.org`, undefined],
  [`${long}.${long}.${long}.${'a'.repeat(61)}`, `${long}.${long}.${long}.${'a'.repeat(61)}`],
  [`${long}.${long}.${long}.${'a'.repeat(62)}`, undefined],
]
for (const [name, want] of asked)
  test(`asked: ${JSON.stringify(name.slice(0, 70))}`, () => assert.equal(readName(name), want))

const targets: readonly (readonly [string, string | undefined])[] = [
  ['MX.Example.org.', 'mx.example.org'],
  ['.', ''],
  ['0/25.2.0.192.in-addr.arpa', '0/25.2.0.192.in-addr.arpa'],
  ['host.example\r\nX-Spam: no', undefined],
  ['a"b.example', undefined],
  ['a(b).example', undefined],
  ['�.example', undefined],
]
for (const [name, want] of targets) test(`target: ${JSON.stringify(name)}`, () => assert.equal(readTarget(name), want))

test('the names of addresses', () => {
  assert.equal(reverseName('192.0.2.1'), '1.2.0.192.in-addr.arpa')
  assert.equal(reverseName('::ffff:192.0.2.1'), '1.2.0.192.in-addr.arpa')
  assert.equal(
    reverseName('2001:db8::567:89ab'),
    'b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa',
  )
  assert.equal(reverseName('nobody'), undefined)
})
