import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { writeIp } from '../base/ip.ts'
import { type Ends, MOST_HEADER, type ProxyReading, readProxy, writeProxy } from './proxy.ts'

const text = (line: string): Uint8Array => new TextEncoder().encode(line)
const octets = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const signature = '0d0a0d0a000d0a515549540a'
const four: Ends = { sourceIp: '192.0.2.7', sourcePort: 4711, targetIp: '192.0.2.1', targetPort: 25 }
const six: Ends = { sourceIp: '2001:db8::7', sourcePort: 65_535, targetIp: '2001:db8::1', targetPort: 0 }
const header = (length: number, ends: Ends | null): ProxyReading => ({ kind: 'header', length, ends })

const sound: readonly (readonly [string, Uint8Array, ProxyReading])[] = [
  ['v1 TCP4', text('PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\n'), header(40, four)],
  ['v1 TCP6', text('PROXY TCP6 2001:db8::7 2001:db8::1 65535 0\r\n'), header(44, six)],
  ['v1 UNKNOWN', text('PROXY UNKNOWN\r\n'), header(15, null)],
  ['v1 UNKNOWN and more', text('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n'), header(35, null)],
  ['v1, and what follows', text('PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\nEHLO'), header(40, four)],
  ['v2 TCP4', octets(`${signature} 21 11 000c c0000207 c0000201 1267 0019`), header(28, four)],
  ['v2 TCP4 with TLVs', octets(`${signature} 21 11 0010 c0000207 c0000201 1267 0019 04 0001 00`), header(32, four)],
  [
    'v2 TCP6',
    octets(`${signature} 21 21 0024 20010db8000000000000000000000007 20010db8000000000000000000000001 ffff 0000`),
    header(52, six),
  ],
  [
    'v2 TCP6 that is IPv4',
    octets(`${signature} 21 21 0024 00000000000000000000ffffc0000207 00000000000000000000ffffc0000201 1267 0019`),
    header(52, four),
  ],
  ['v2 LOCAL', octets(`${signature} 20 00 0000`), header(16, null)],
  ['v2 LOCAL with addresses', octets(`${signature} 20 11 000c c0000207 c0000201 1267 0019`), header(28, null)],
  ['v2 UNSPEC', octets(`${signature} 21 00 0003 aabbcc`), header(19, null)],
  ['v2 UNIX', octets(`${signature} 21 31 00d8 ${'00'.repeat(216)}`), header(232, null)],
]
for (const [what, bytes, want] of sound)
  test(what, () => {
    assert.deepEqual(readProxy(bytes), want)
    assert.ok(want.kind === 'header')
    for (let end = 0; end < want.length; end += 1)
      assert.deepEqual(readProxy(bytes.subarray(0, end)), { kind: 'more' }, `after ${end} octets`)
  })

const unsound: readonly (readonly [string, Uint8Array])[] = [
  ['SMTP', text('EHLO there\r\n')],
  ['another case', text('proxy TCP4 192.0.2.7 192.0.2.1 4711 25\r\n')],
  ['no family', text('PROXY\r\n')],
  ['another family', text('PROXY UDP4 192.0.2.7 192.0.2.1 4711 25\r\n')],
  ['LF alone', text('PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\n')],
  ['a word too few', text('PROXY TCP4 192.0.2.7 192.0.2.1 4711\r\n')],
  ['a word too many', text('PROXY TCP4 192.0.2.7 192.0.2.1 4711 25 26\r\n')],
  ['two spaces', text('PROXY TCP4  192.0.2.7 192.0.2.1 4711 25\r\n')],
  ['a port too high', text('PROXY TCP4 192.0.2.7 192.0.2.1 65536 25\r\n')],
  ['a port with zeros', text('PROXY TCP4 192.0.2.7 192.0.2.1 0025 25\r\n')],
  ['a signed port', text('PROXY TCP4 192.0.2.7 192.0.2.1 +25 25\r\n')],
  ['families mixed', text('PROXY TCP4 2001:db8::7 192.0.2.1 4711 25\r\n')],
  ['families swapped', text('PROXY TCP6 192.0.2.7 192.0.2.1 4711 25\r\n')],
  ['a name', text('PROXY TCP4 localhost 192.0.2.1 4711 25\r\n')],
  ['a line too long', text(`PROXY UNKNOWN ${'x'.repeat(100)}\r\n`)],
  ['v2 of version 1', octets(`${signature} 11 11 000c`)],
  ['v2 with another command', octets(`${signature} 22 11 000c`)],
  ['v2 datagrams', octets(`${signature} 21 12 000c`)],
  ['v2 too short for its addresses', octets(`${signature} 21 11 000b ${'00'.repeat(11)}`)],
  ['v2 longer than we take', octets(`${signature} 21 11 ffff`)],
]
for (const [what, bytes] of unsound) test(`bad: ${what}`, () => assert.deepEqual(readProxy(bytes), { kind: 'bad' }))

const port = fc.nat(65_535)
const address = (version: 4 | 6): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: version === 4 ? 4 : 16, maxLength: version === 4 ? 4 : 16 })
    .filter((bytes) => version === 4 || bytes[0] !== 0)
    .map((bytes) => writeIp({ version, octets: bytes }))
const ends = fc.constantFrom<4 | 6>(4, 6).chain((version) =>
  fc.record<Ends>(
    {
      sourceIp: address(version),
      sourcePort: port,
      targetIp: address(version),
      targetPort: port,
    },
    { noNullPrototype: true },
  ),
)

test('read(write(x)) is x, whatever follows', () => {
  fc.assert(
    fc.property(ends, fc.constantFrom<1 | 2>(1, 2), fc.uint8Array({ maxLength: 20 }), (one, version, after) => {
      const bytes = writeProxy(one, version)
      assert.deepEqual(readProxy(Buffer.concat([bytes, after])), header(bytes.length, one))
    }),
    { numRuns: 200 },
  )
})
test('any octets: never throws; an answer does not change when more comes; and it comes within the bound', () => {
  const start = fc.constantFrom(
    '',
    'PROXY ',
    'PROXY TCP4 1.2.3.4 1.2.3.4 1 2',
    '\r\n\r\n\0\r\nQUIT\n',
    '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c',
  )
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 140 }), fc.nat(160), (begin, noise, cut) => {
      const bytes = Buffer.concat([Buffer.from(begin, 'latin1'), noise])
      const early = readProxy(bytes.subarray(0, cut))
      if (early.kind !== 'more') assert.deepEqual(readProxy(bytes), early)
      assert.notEqual(readProxy(Buffer.concat([bytes, Buffer.alloc(MOST_HEADER)])).kind, 'more')
    }),
    { numRuns: 500 },
  )
})
test('ends of two versions cannot be written', () => {
  assert.throws(() => writeProxy({ ...four, targetIp: '::1' }, 1), TypeError)
})
