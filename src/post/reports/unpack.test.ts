import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { zipSync } from 'fflate'
import { unpack } from './unpack.ts'

const xml = Buffer.from('<feedback/>')
const text = (octets: Uint8Array | undefined): string | undefined =>
  octets === undefined ? undefined : Buffer.from(octets).toString('latin1')
const noise = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, at) => (at * 2_654_435_761) >>> 24)

for (const [name, octets, want] of [
  ['nothing around it', xml, '<feedback/>'],
  ['gzip', gzipSync(xml), '<feedback/>'],
  ['gzip in two members', Buffer.concat([gzipSync('<feed'), gzipSync('back/>')]), '<feedback/>'],
  ['zip', zipSync({ 'a!b!1!2.xml': xml }), '<feedback/>'],
  ['zip without compression', zipSync({ 'a.xml': xml }, { level: 0 }), '<feedback/>'],
  ['zip with something else in it', zipSync({ 'read.me': Buffer.from('no'), 'a.XML': xml }), '<feedback/>'],
  ['zip of JSON', zipSync({ 'a.json': Buffer.from('{}') }), '{}'],
  ['zip with no document', zipSync({ 'a.exe': xml }), undefined],
  ['an empty zip', Buffer.from('504b0506000000000000000000000000000000000000', 'hex'), 'PK\x05\x06'],
  ['gzip that is cut', gzipSync(noise(5_000)).subarray(0, -40), undefined],
  ['gzip with a wrong sum', Buffer.concat([gzipSync(xml).subarray(0, -8), Buffer.alloc(8)]), undefined],
  ['zip that is cut', zipSync({ 'a.xml': noise(5_000) }).subarray(0, -40), undefined],
  ['zip in gzip stays a zip', gzipSync(zipSync({ 'a.xml': xml })), 'PK\x03\x04'],
] as const)
  test(`unpacking ${name}`, () => {
    const found = text(unpack(octets))
    assert.equal(want?.startsWith('PK') === true ? found?.slice(0, 4) : found, want)
  })

for (const [name, bomb] of [
  ['gzip', gzipSync(Buffer.alloc(60_000_000))],
  ['zip', zipSync({ 'a.xml': new Uint8Array(60_000_000) })],
  ['a little gzip over its ratio', gzipSync(Buffer.alloc(1_000_000))],
  ['a little zip over its ratio', zipSync({ 'a.xml': new Uint8Array(1_000_000) })],
  ['more than is unpacked at all', noise(10_485_761)],
] as const)
  test(`a bomb is not unpacked: ${name}`, () => assert.equal(unpack(bomb), undefined))

/** A zip whose directory claims other sizes than its data has. */
const lying = (claim: number): Uint8Array => {
  const zip = zipSync({ 'a.xml': new Uint8Array(4_000_000).fill(32) })
  const view = new DataView(zip.buffer, zip.byteOffset, zip.length)
  const directory = view.getUint32(zip.length - 6, true)
  view.setUint32(directory + 24, claim, true)
  return zip
}
test('a zip that claims to be small gives no more than it claims, a crowd of entries nothing', () => {
  assert.ok((unpack(lying(100))?.length ?? 0) <= 100)
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`${at}.txt`, xml]))
  assert.equal(unpack(zipSync({ ...many, 'a.xml': xml })), undefined)
})

test('a directory that claims four thousand million entries ends at once', () => {
  const zip = zipSync({ 'a.xml': xml })
  const view = new DataView(zip.buffer, zip.byteOffset, zip.length)
  view.setUint16(zip.length - 14, 0xffff, true)
  view.setUint16(zip.length - 12, 0xffff, true)
  const start = performance.now()
  unpack(zip)
  assert.ok(performance.now() - start < 500)
})

test('no octets make it throw, and it never gives more than it may', () => {
  const part = fc.uint8Array({ maxLength: 300 })
  const octets = fc.oneof(
    part,
    part.map((one) => Buffer.concat([gzipSync(Buffer.from(one)), Buffer.from(one)])),
    fc.tuple(part, fc.nat(), fc.nat(255)).map(([one, at, octet]) => {
      const zip = zipSync({ 'a.xml': one, 'b.json': one })
      zip[at % zip.length] = octet
      return zip
    }),
    fc.tuple(part, fc.nat(), fc.nat(255)).map(([one, at, octet]) => {
      const zip = gzipSync(Buffer.from(one))
      zip[at % zip.length] = octet
      return zip
    }),
  )
  fc.assert(fc.property(octets, (one) => (unpack(one)?.length ?? 0) <= 262_144))
})
