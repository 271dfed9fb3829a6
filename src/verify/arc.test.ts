/** ARC against RFC 8617: chains made by a sealer of the test's own, one rule broken at a time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arcCases } from '../../test/verify-arc-cases.ts'
import { addSet } from '../../test/verify-arc-sign.ts'
import { rsaRecord } from '../../test/verify-sign.ts'
import { type Table, zoneOf } from '../../test/verify-zone.ts'
import { type ArcVerdict, verifyArc } from './arc.ts'
import { readMessage } from './fields.ts'
import { boundedResolve } from './lookup.ts'

const zone: Table = { 'sel._domainkey.example.com': { TXT: [rsaRecord()] } }
const check = async (text: string, table: Table = zone): Promise<ArcVerdict> =>
  await verifyArc(readMessage(Buffer.from(text, 'latin1')), boundedResolve(zoneOf(table)), { now: 1_700_000_000_000 })
const short = async (text: string, table: Table = zone): Promise<string> => {
  const found = await check(text, table)
  return [found.cv, found.reason, found.at].filter((one) => one !== undefined).join(' ')
}

type Parts = {
  readonly cv?: string
  readonly tags?: Readonly<Record<string, string | undefined>>
  readonly seal?: string
  readonly aar?: string
}
/** Adds set `i` to a message: tags of its message signature replaced or taken out, more put into its seal. */
const sealed = (message: string, i: number, parts: Parts = {}): string => {
  const cv = parts.cv ?? (i === 1 ? 'none' : 'pass')
  const tags = { i: String(i), a: 'rsa-sha256', c: 'relaxed/relaxed', d: 'example.com', s: 'sel', h: 'from:to:subject' }
  const list = Object.entries({ ...tags, bh: '{bh}', ...parts.tags, b: '{b}' }).filter(
    ([, value]) => value !== undefined,
  )
  return addSet(message, i, {
    results: `ARC-Authentication-Results: ${parts.aar ?? `i=${i}`}; fwd.example; spf=pass`,
    message: `ARC-Message-Signature: ${list.map(([name, value]) => `${name}=${value}`).join(';\r\n\t')}`,
    seal: `ARC-Seal: i=${i}; a=rsa-sha256; cv=${cv}; d=example.com; s=sel;${parts.seal ?? ''} b={b}`,
  })
}

const message = 'From: jack@example.com\r\nTo: jill@example.net\r\nSubject: hill\r\n\r\nHello\r\n'
const one = sealed(message, 1)
const two = sealed(one, 2)
const three = sealed(two, 3)

test('chains', async () => {
  assert.equal(await short(message), 'none')
  assert.equal(await short(one), 'pass')
  assert.equal(await short(two), 'pass')
  assert.deepEqual(await check(three), {
    ...{ cv: 'pass', sets: 3, sealers: ['example.com', 'example.com', 'example.com'], oldestPass: 0 },
    results: Array.from({ length: 3 }, () => 'fwd.example; spf=pass'),
  })
})

test('a message changed between forwarders', async () => {
  const changed = sealed(one.replace('Hello', 'Hello, list'), 2)
  assert.deepEqual([(await check(changed)).cv, (await check(changed)).oldestPass], ['pass', 2])
})

const rows: readonly (readonly [string, string, string])[] = [
  ['a changed body', one.replace('Hello', 'Hallo'), 'fail body-hash 1'],
  ['a changed field', one.replace('hill', 'hell'), 'fail message-signature 1'],
  ['an older seal changed', two.replace('; cv=none; d=', '; cv=none;  d= '), 'fail seal 2'],
  ['older results changed', two.replace('i=1; fwd.example; spf=pass', 'i=1; fwd.example; spf=fail'), 'fail seal 2'],
  ['newer results changed', two.replace('i=2; fwd.example; spf=pass', 'i=2; fwd.example; spf=fail'), 'fail seal 2'],
  ['cv=none in the second', sealed(one, 2, { cv: 'none' }), 'fail broken-structure 2'],
  ['cv=pass in the first', sealed(message, 1, { cv: 'pass' }), 'fail broken-structure 1'],
  ['cv=fail', sealed(one, 2, { cv: 'fail' }), 'fail sealed-as-failed 2'],
  ['cv= other', sealed(one, 2, { cv: 'maybe' }), 'fail broken-structure 2'],
  ['no first set', sealed(message, 2), 'fail broken-structure'],
  ['a gap', sealed(one, 3), 'fail broken-structure'],
  ['a set twice', sealed(one, 1), 'fail broken-structure'],
  ['a seal gone', one.replace(/^ARC-Seal.*\r\n/, ''), 'fail broken-structure'],
  ['only results', `ARC-Authentication-Results: i=1; x\r\n${message}`, 'fail broken-structure'],
  ['results without i=', sealed(message, 1, { aar: 'x=1' }), 'fail broken-structure'],
  ['i=0', one.replaceAll('i=1', 'i=0'), 'fail broken-structure'],
  ['i=51', one.replaceAll('i=1', 'i=51'), 'fail too-many-sets'],
  ['i=x', one.replaceAll('i=1', 'i=x'), 'fail broken-structure'],
  ['h= in the seal', sealed(message, 1, { seal: ' h=from;' }), 'fail broken-field 1'],
  ['an unknown tag in the seal', sealed(message, 1, { seal: ' zz=1;' }), 'pass'],
  ['t= in the seal', sealed(message, 1, { seal: ' t=1700000000;' }), 'pass'],
  ['a tag twice in the seal', sealed(message, 1, { seal: ' s=sel;' }), 'fail broken-structure'],
  [
    'the seal signed by the message signature',
    sealed(message, 1, { tags: { h: 'from:arc-seal' } }),
    'fail broken-field 1',
  ],
  ['no h=', sealed(message, 1, { tags: { h: undefined } }), 'fail broken-field 1'],
  ['no bh=', sealed(message, 1, { tags: { bh: undefined } }), 'fail broken-field 1'],
  ['rsa-sha1', sealed(message, 1, { tags: { a: 'rsa-sha1' } }), 'fail broken-field 1'],
  ['no key', sealed(message, 1, { tags: { s: 'gone' } }), 'fail no-key 1'],
]
test('one rule at a time', async () => {
  for (const [name, text, want] of rows) assert.equal(await short(text), want, name)
})

test('no answer for a key is told apart', async () => {
  assert.equal(await short(one, { 'sel._domainkey.example.com': 'timeout' }), 'fail no-answer 1')
})

test('a long chain passes, one set more does not', async () => {
  let text = message
  for (let i = 1; i <= 50; i += 1) text = sealed(text, i)
  assert.equal(await short(text), 'pass')
  assert.equal(await short(sealed(text, 51)), 'fail too-many-sets')
})

test('the table of chains', async () => {
  for (const { name, message: text, zone: table, cv } of arcCases) assert.equal((await check(text, table)).cv, cv, name)
})
