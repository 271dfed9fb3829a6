/** Sealing: chains of ours validate, the state of a chain goes into the next seal as RFC 8617 section 5.1 says, and the text of each field. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addSet, usual } from '../../test/verify-arc-sign.ts'
import { edRecord, keys, relaxField, rsaRecord, signText } from '../../test/verify-sign.ts'
import { zoneOf } from '../../test/verify-zone.ts'
import { type ArcVerdict, verifyArc } from './arc.ts'
import { ownResults } from './arc-results.ts'
import { type ArcSealer, type Sealing, sealArc } from './arc-seal.ts'
import { readMessage } from './fields.ts'
import { boundedResolve } from './lookup.ts'
import { readSigningKey, type SigningKey } from './signing-key.ts'

const now = 1_700_000_000_000
const keyOf = (pair: (typeof keys)['rsa']): SigningKey => {
  const read = readSigningKey(pair.privateKey)
  if (!read.ok) throw new Error(read.error)
  return read.value
}
const rsa: ArcSealer = { domain: 'example.com', selector: 'sel', key: keyOf(keys.rsa), authserv: 'fwd.example' }
const ed: ArcSealer = { ...rsa, selector: 'ed', key: keyOf(keys.ed) }
const resolve = boundedResolve(
  zoneOf({ 'sel._domainkey.example.com': { TXT: [rsaRecord()] }, 'ed._domainkey.example.com': { TXT: [edRecord()] } }),
)
const read = (text: string) => readMessage(Buffer.from(text, 'latin1'))
const check = async (text: string): Promise<ArcVerdict> => await verifyArc(read(text), resolve, { now })
const short = async (text: string): Promise<string> => {
  const found = await check(text)
  return [found.cv, found.reason, found.at].filter((one) => one !== undefined).join(' ')
}
const seal = (text: string, cv: Sealing['cv'], parts: Partial<ArcSealer & Sealing> = {}): string => {
  const made = sealArc(read(text), { ...rsa, ...parts }, { cv, results: ['spf=pass', 'dkim=none'], now, ...parts })
  return made.ok ? made.value.seal + made.value.messageSignature + made.value.results + text : made.error
}

const plain =
  'From: jack@example.com\r\nTo: jill@example.net\r\nSubject: hill\r\nDKIM-Signature: x\r\n\r\nHello \r\n\r\n'
const one = seal(plain, 'none')
const two = seal(one, 'pass')

test('chains of ours, in both forms and both kinds of key', async () => {
  for (const signer of [rsa, ed])
    for (const form of ['folded', 'sorted'] as const) {
      let text = plain
      for (let count = 1; count <= 4; count += 1) {
        text = seal(text, count === 1 ? 'none' : 'pass', { ...signer, form })
        const found = await check(text)
        assert.deepEqual([found.cv, found.sets, found.oldestPass, found.reason], ['pass', count, 0, undefined], form)
        assert.equal(found.results[0], 'fwd.example; spf=pass;\r\n  dkim=none')
      }
      assert.equal(await short(text.replace('Hello', 'Hallo')), 'fail body-hash 4')
    }
})

test('a chain of others is continued, and ours by others', async () => {
  assert.equal(await short(seal(addSet(addSet(plain, 1), 2), 'pass')), 'pass')
  assert.equal(await short(addSet(two, 3)), 'pass')
})

test('a forwarder may change the message before it seals', async () => {
  const changed = seal(one.replace('Hello', 'Hello, list').replace('hill', '[list] hill'), 'pass')
  assert.deepEqual([(await check(changed)).cv, (await check(changed)).oldestPass], ['pass', 2])
})

const longChain = (count: number): string => {
  let text = plain
  for (let i = 1; i <= count; i += 1) text = addSet(text, i)
  return text
}
const failed = seal(one, 'fail')
// The message, what was found of it, and what comes of it: a fault, or instance and cv of the new seal.
const places: readonly (readonly [string, string, Sealing['cv'], string])[] = [
  ['no chain', plain, 'none', '1 none'],
  ['no chain, said to have one', plain, 'pass', 'cv-and-chain-differ'],
  ['no chain, said to have a broken one', plain, 'fail', 'cv-and-chain-differ'],
  ['a chain', one, 'pass', '2 pass'],
  ['a chain, said to have none', one, 'none', 'cv-and-chain-differ'],
  ['a broken chain', one, 'fail', '2 fail'],
  ['after a failed one', failed, 'pass', 'chain-ended'],
  ['after a failed one, again', failed, 'fail', 'chain-ended'],
  ['after one that failed in capitals', one.replace('cv=none', 'cv=FAIL'), 'fail', 'chain-ended'],
  ['pass for one that cannot be', addSet(one, 3), 'pass', '4 fail'],
  ['pass for one without a field', two.replace(/ARC-Seal: i=1;.*\r\n(?: .*\r\n)*/, ''), 'pass', '3 fail'],
  ['only results', `ARC-Authentication-Results: i=7; x\r\n${plain}`, 'fail', '8 fail'],
  ['fields without an instance', `ARC-Seal: x\r\n${plain}`, 'fail', 'cv-and-chain-differ'],
  ['49 sets', longChain(49), 'pass', '50 pass'],
  ['50 sets', longChain(50), 'pass', 'too-many-sets'],
  ['instance 50 of a broken one', `${usual.seal(50, 'pass')}\r\n${plain}`, 'fail', 'too-many-sets'],
]
test('where the new set stands, and what it says of those before', () => {
  for (const [name, text, cv, want] of places) {
    const made = seal(text, cv)
    const [, i, said] = /^ARC-Seal: i=(\d+); cv=(\w+);/.exec(made) ?? []
    assert.equal(i === undefined ? made : `${i} ${said}`, want, name)
  }
})

test('a failed chain is sealed with its own set alone, and is told as such', async () => {
  assert.equal(await short(failed), 'fail sealed-as-failed 2')
  const lines = failed.split('\r\n\r\n')[0]?.split(/\r\n(?![ \t])/) ?? []
  const [own = '', message = '', results = ''] = lines
  const text = `${relaxField(results)}\r\n${relaxField(message)}\r\n${relaxField(own.replace(/ b=[\s\S]*$/, ' b='))}`
  assert.equal(/ b=([^;]*)$/.exec(own)?.[1]?.replaceAll(/\s/g, ''), signText(text, 'rsa-sha256'))
})

test('the text: order of tags, lines, and always the same', () => {
  const fields = (form: 'folded' | 'sorted'): readonly string[] =>
    seal(plain, 'none', { form, names: ['From', 'to', 'x-none'] })
      .slice(0, -plain.length)
      .split(/\r\n(?![ \t])/)
  const [own = '', message = '', results = '', end] = fields('folded')
  assert.match(own, /^ARC-Seal: i=1; cv=none; a=rsa-sha256; d=example\.com; s=sel;\s+t=1700000000;\s+b=/)
  assert.match(
    message,
    /^ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed\/relaxed;\s+d=example\.com;\s+s=sel; t=1700000000; h=from : to : x-none;\s+bh=[^;]*;\s+b=/,
  )
  assert.equal(results, 'ARC-Authentication-Results: i=1; fwd.example; spf=pass;\r\n  dkim=none')
  assert.equal(end, '')
  for (const line of [own, message, results].join('\r\n').split('\r\n')) assert.ok(line.length <= 78, line)
  const [sortedSeal = '', sortedMessage = ''] = fields('sorted')
  assert.match(sortedSeal, /^ARC-Seal: a=rsa-sha256; b=[^;\s]*; cv=none; d=example\.com; i=1; s=sel; t=1700000000$/)
  assert.match(
    sortedMessage,
    /^ARC-Message-Signature: a=rsa-sha256; b=[^;\s]*; bh=[^;\s]*; c=relaxed\/relaxed; d=example\.com; h=from:to:x-none; i=1; s=sel; t=1700000000$/,
  )
  assert.deepEqual(fields('sorted'), fields('sorted'))
})

test('no line is too long, whatever is signed, and no fold spoils a signature', async () => {
  const domain = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.example.com`
  const zone = zoneOf({ [`sel._domainkey.${domain}`]: { TXT: [rsaRecord()] } })
  for (const form of ['folded', 'sorted'] as const)
    for (const count of [1, 8, 30, 100, 400]) {
      const names = ['from', ...Array.from({ length: count }, (_, index) => `x-${'n'.repeat(index % 60)}${index}`)]
      const text = seal(plain, 'none', { form, names, domain })
      for (const line of text.split('\r\n')) assert.ok(line.length <= 998)
      assert.equal((await verifyArc(read(text), zone)).cv, 'pass', `${form} ${count}`)
    }
})

const refusals: readonly (readonly [string, string, Partial<ArcSealer & Sealing>, string])[] = [
  ['From not signed', plain, { names: ['to'] }, 'from-not-signed'],
  ['seals signed', plain, { names: ['from', 'ARC-Seal'] }, 'seal-signed'],
  ['a name that ends the tag', plain, { names: ['from', 'a;'] }, 'names'],
  ['too many names', plain, { names: Array.from({ length: 501 }, () => 'from') }, 'names'],
  ['a domain with a tag', plain, { domain: 'example.com; l=0' }, 'domain'],
  ['no selector', plain, { selector: '' }, 'domain'],
  ['no results', plain, { results: [] }, 'results'],
  ['an empty result', plain, { results: [' '] }, 'results'],
  ['a result that ends the field', plain, { results: ['spf=pass\r\nX: y'] }, 'results'],
  ['a result that ends the header', plain, { results: ['spf=pass\r\n\r\nx'] }, 'results'],
  ['a result with a bare line feed', plain, { results: ['spf=pass\n x'] }, 'results'],
  ['a result that ends in a fold', plain, { results: ['spf=pass\r\n '] }, 'results'],
  ['a result with a NUL', plain, { results: ['spf=pass\0'] }, 'results'],
  ['results too long', plain, { results: ['x'.repeat(70_000)] }, 'results'],
  ['an authserv-id with a semicolon', plain, { authserv: 'a; b' }, 'results'],
  ['no authserv-id', plain, { authserv: '' }, 'results'],
  ['a header too long', `${'X-Fill: y\r\n'.repeat(2_100)}${plain}`, {}, 'message-cut'],
]
test('what is refused', () => {
  for (const [name, text, parts, want] of refusals) assert.equal(seal(text, 'none', parts), want, name)
})

const own = (value: string): string => `Authentication-Results: ${value}\r\n`
const merges: readonly (readonly [string, string, string | undefined, string])[] = [
  [
    'one field',
    own('fwd.example; spf=pass smtp.mfrom=a@b.test; dkim=pass (1024-bit key) header.i=@b.test'),
    'spf=pass smtp.mfrom=a@b.test|dkim=pass (1024-bit key) header.i=@b.test',
    '',
  ],
  ['two fields', own('fwd.example; spf=pass') + own('FWD.example; arc=pass'), 'spf=pass|arc=pass', 'pass'],
  ['others between', own('other.example; spf=fail') + own('fwd.example; spf=pass'), 'spf=pass', ''],
  ['a name that begins as ours', own('fwd.example.com; spf=fail'), undefined, ''],
  ['none', own('fwd.example; none'), 'none', ''],
  ['none and others', own('fwd.example; none') + own('fwd.example; spf=pass'), 'spf=pass', ''],
  ['a version', own('fwd.example 1; spf=pass'), 'spf=pass', ''],
  [
    'semicolons in quotes and comments',
    own('fwd.example; spf=pass reason="a;b\\";" (x;(y;)\\);) smtp.helo=c; dkim=none'),
    'spf=pass reason="a;b\\";" (x;(y;)\\);) smtp.helo=c|dkim=none',
    '',
  ],
  ['a semicolon last', own('fwd.example; spf=pass;'), 'spf=pass', ''],
  ['folds stay', own('fwd.example;\r\n\tspf=pass\r\n\t smtp.helo=c'), 'spf=pass\r\n\t smtp.helo=c', ''],
  ['what cannot be read', own('fwd.example; ====') + own('fwd.example; spf=pass'), 'spf=pass', ''],
  [
    'two words of the chain',
    own('fwd.example; arc=pass') + own('fwd.example; arc=FAIL'),
    'arc=pass|arc=FAIL',
    'pass fail',
  ],
  ['no field', '', undefined, ''],
  ['too many fields', own('fwd.example; spf=pass').repeat(60), undefined, ''],
]
test('results of our own are merged, word for word', () => {
  for (const [name, head, texts, arc] of merges) {
    const found = ownResults(read(`${head}From: a\r\n\r\n`).fields, 'fwd.example')
    assert.deepEqual([found?.texts.join('|'), found?.arc.join(' ') ?? ''], [texts, arc], name)
  }
})

test('what ownResults finds, sealArc takes and verifyArc reads', async () => {
  const piece = fc.constantFrom(
    'fwd.example',
    ';',
    ' ',
    '\r\n ',
    'spf=pass',
    'arc=',
    'pass',
    '(',
    ')',
    '"',
    '\\',
    'a',
    '=',
    'none',
    '\u00e9',
    '\0',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (pieces) => {
      const text = `${own(`fwd.example; ${pieces.join('')}`)}${plain}`
      const found = ownResults(read(text).fields, 'fwd.example')
      if (found === undefined) return
      const made = sealArc(read(text), ed, { cv: 'none', results: found.texts, now })
      if (!made.ok) assert.equal(made.error, 'results')
      else assert.equal(await short(made.value.seal + made.value.messageSignature + made.value.results + text), 'pass')
    }),
    { numRuns: 200 },
  )
})
