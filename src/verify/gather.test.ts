/** The whole of it: one call, every verdict, one field; and that no part can take the others down. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rsaRecord, signed } from '../../test/verify-sign.ts'
import { type Table, zoneOf } from '../../test/verify-zone.ts'
import type { WireVerdicts } from '../spam/facts.ts'
import { readAuthResults } from './auth-results.ts'
import { verifyMessage, verifyPeer } from './gather.ts'

const table: Table = {
  'sel._domainkey.example.com': { TXT: [rsaRecord()] },
  'example.com': { TXT: ['v=spf1 ip4:192.0.2.1 -all'] },
  'mx.example.com': { A: ['192.0.2.1'], TXT: ['v=spf1 a -all'] },
  '1.2.0.192.in-addr.arpa': { PTR: ['mx.example.com'] },
  '_dmarc.example.com': { TXT: ['v=DMARC1; p=reject'] },
  '1.2.0.192.bl.test': { A: ['127.0.0.2'] },
}
const text = signed(
  'Authentication-Results: mx.here.test; dkim=pass\r\nFrom: jack@example.com\r\nSubject: x\r\n\r\nHi\r\n',
)
const input = { ip: '192.0.2.1', helo: 'mx.example.com', mailFrom: 'jack@example.com', message: Buffer.from(text) }
const options = {
  host: 'mx.here.test',
  now: 1_700_000_000_000,
  zones: [{ zone: 'bl.test', lists: 'addresses', weight: 2 }],
} as const

test('a good message', async () => {
  const found = await verifyMessage(input, zoneOf(table), options)
  assert.deepEqual(
    [
      found.iprev.result,
      found.helo.leadsToPeer,
      found.spf.result,
      found.heloSpf.result,
      found.dkim[0]?.result,
      found.dmarc.result,
      found.arc.cv,
    ],
    ['pass', true, 'pass', 'pass', 'pass', 'pass', 'none'],
  )
  assert.deepEqual(found.dnsbl, [
    { zone: 'bl.test', listed: '192.0.2.1', weight: 2, says: '127.0.0.2', codes: ['127.0.0.2'] },
  ])
  assert.equal(
    found.forged.map(({ from, to }) => text.slice(from, to)).join(),
    'Authentication-Results: mx.here.test; dkim=pass\r\n',
  )
  const read = readAuthResults(found.field.slice(found.field.indexOf(':') + 1))
  assert.deepEqual(read.ok && read.value.results.map((one) => `${one.method}=${one.result}`), [
    'dkim=pass',
    'spf=pass',
    'spf=pass',
    'dmarc=pass',
    'iprev=pass',
  ])
  const facts: WireVerdicts = found // the seam of the spam engine holds by structure
  assert.equal(facts.dmarc?.policy, 'reject')
})

test('the null sender is judged by its HELO name, told once', async () => {
  const found = await verifyMessage({ ...input, mailFrom: '' }, zoneOf(table), options)
  assert.equal(found.spf.identity, 'helo')
  assert.equal(found.field.match(/spf=pass/g)?.length, 1)
  assert.match(found.field, /smtp\.helo=mx\.example\.com/)
})

test('what is known of the client is not asked again', async () => {
  const asked: string[] = []
  const known = await verifyPeer(input, zoneOf(table), options)
  await verifyMessage(input, zoneOf(table, asked), options, known)
  assert.ok(!asked.some((question) => question.startsWith('PTR')))
})

test('with DNS dead every part is a temperror and nothing is asked of the message', async () => {
  const dead = async (): Promise<{ kind: 'failed'; why: 'servfail' }> => ({ kind: 'failed', why: 'servfail' })
  const found = await verifyMessage(input, dead, options)
  assert.deepEqual(
    [
      found.iprev.result,
      found.spf.result,
      found.heloSpf.result,
      found.dkim[0]?.result,
      found.dmarc.result,
      found.dmarc.disposition,
    ],
    ['temperror', 'temperror', 'temperror', 'temperror', 'temperror', 'none'],
  )
  assert.deepEqual(found.dnsblTrouble.silent, ['bl.test'])
})

test('the deadline ends all parts at once, with what was found by then', async () => {
  const controller = new AbortController()
  const never = new Promise<never>(() => undefined)
  const some = zoneOf(table)
  const found = verifyMessage(
    input,
    (name, type) => (name.startsWith('_dmarc') || type === 'PTR' ? never : some(name, type)),
    { ...options, signal: controller.signal },
  )
  await new Promise((done) => setImmediate(done))
  controller.abort()
  const { spf, dkim, dmarc, iprev } = await found
  assert.deepEqual(
    [spf.result, dkim[0]?.result, dmarc.result, iprev.result],
    ['pass', 'pass', 'temperror', 'temperror'],
  )
})

test('a message of no sense is judged too', async () => {
  for (const message of ['', '\r\n', ':', 'no header at all', '\0\0\0', '\r\n\r\n\r\n'])
    assert.equal(
      (await verifyMessage({ ...input, message: Buffer.from(message) }, zoneOf(table), options)).dmarc.result,
      'none',
    )
})

test('ranges are those of the message as given, with bare LF too', async () => {
  const disk = text.replaceAll('\r\n', '\n')
  const found = await verifyMessage({ ...input, message: Buffer.from(disk) }, zoneOf(table), options)
  assert.equal(found.dkim[0]?.result, 'pass')
  assert.equal(
    found.forged.map(({ from, to }) => disk.slice(from, to)).join(),
    'Authentication-Results: mx.here.test; dkim=pass\n',
  )
})

test('a header too long is told', async () => {
  const message = Buffer.from(`${'X: y\r\n'.repeat(2_001)}\r\n`)
  assert.equal((await verifyMessage({ ...input, message }, zoneOf(table), options)).headerCut, true)
})

test('long runs of one octet cost no more than they are long', async () => {
  const run = 16_000
  const spaces = ' '.repeat(run)
  const slow: Table = {
    ...table,
    'example.com': { TXT: [`v=spf1 a:${'a'.repeat(run)}! a:${'%{s}.'.repeat(3_000)}%{s} -all`] },
    '_dmarc.example.com': { TXT: [`v=DMARC1; p=reject; x=${spaces}y`] },
    'sel._domainkey.example.com': { TXT: [`v=DKIM1; n=${spaces}y${spaces}; p=${spaces}`] },
  }
  const header = [
    `Authentication-Results: mx.here.test; none${spaces.repeat(4)}x`,
    `DKIM-Signature: v=1;${spaces.repeat(4)}b${spaces.repeat(4)}`,
    `From: ${'('.repeat(run)}${'<'.repeat(run)}${'"'.repeat(run)} a@example.com`,
    `ARC-Seal: i=1${spaces}x; ${';'.repeat(run)}`,
  ].join('\r\n')
  const before = process.cpuUsage()
  await verifyMessage({ ...input, message: Buffer.from(`${header}\r\n\r\n${spaces}`) }, zoneOf(slow), options)
  const { user } = process.cpuUsage(before)
  assert.ok(user < 500_000, `${user} us`) // a quadratic one takes seconds
})

test('all of it is plain data', async () => {
  const found = await verifyMessage(input, zoneOf(table), options)
  assert.deepEqual(structuredClone(found), found)
})
