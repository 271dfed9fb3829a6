/** Signing: what we sign we verify, as it was and not as it was changed; the text of the field; what is refused. */
import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { edRecord, keys, rsaRecord } from '../../test/verify-sign.ts'
import { zoneOf } from '../../test/verify-zone.ts'
import { type DkimVerdict, verifyDkim } from './dkim.ts'
import { type DkimSigner, signDkim } from './dkim-sign.ts'
import { readSignature } from './dkim-signature.ts'
import { readMessage } from './fields.ts'
import { boundedResolve } from './lookup.ts'
import { defaultNames, MOST_SIGNED_NAMES, overSignedNames, plainlySignedNames } from './signed-names.ts'
import { readSigningKey, type SigningKey } from './signing-key.ts'

const now = 1_700_000_000_000
const keyOf = (pair: (typeof keys)['rsa'], least?: number): SigningKey => {
  const read = readSigningKey(pair.privateKey, least)
  if (!read.ok) throw new Error(read.error)
  return read.value
}
const rsa = { domain: 'example.com', selector: 'sel', key: keyOf(keys.rsa) }
const ed = { domain: 'example.com', selector: 'ed', key: keyOf(keys.ed) }
const resolve = boundedResolve(
  zoneOf({
    'sel._domainkey.example.com': { TXT: [rsaRecord()] },
    'ed._domainkey.example.com': { TXT: [edRecord()] },
    'sel._domainkey.xn--bcher-kva.example': { TXT: [rsaRecord()] },
  }),
)
const check = async (text: string, at = now): Promise<readonly DkimVerdict[]> =>
  await verifyDkim(readMessage(Buffer.from(text, 'latin1')), resolve, { now: at })
const sign = (text: string, signer: DkimSigner, at = now): string => {
  const field = signDkim(readMessage(Buffer.from(text, 'latin1')), signer, at)
  if (!field.ok) throw new Error(field.error)
  return field.value
}
const head =
  'Received: x\r\nFrom: Jack <jack@example.com>\r\nTo: jill@example.net\r\nSubject:  up \t the\r\n   hill\r\n' +
  'Received: y\r\nList-Id: a\r\nList-Unsubscribe: <https://x.test/>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n'
const plain = `${head}\r\nHello \t world\r\n\r\nBye\r\n\r\n`

test('every canonicalisation of odd bodies passes, RSA and Ed25519, and fails with an octet more', async () => {
  for (const body of [
    '',
    '\r\n',
    '\r\n\r\n',
    'a',
    'a \t b  \r\n\t\r\n  \r\nc',
    ' ',
    '\u00e9\u0000\u00ff\r\n',
    'x'.repeat(70_000),
  ])
    for (const header of ['relaxed', 'simple'] as const)
      for (const how of ['relaxed', 'simple'] as const)
        for (const signer of [rsa, ed]) {
          const text = `${head}\r\n${body}`
          const made = sign(text, { ...signer, header, body: how, lifetime: 60, identity: '@news.example.com' }) + text
          const name = `${header}/${how} ${signer.selector} ${JSON.stringify(body.slice(0, 20))}`
          const [good] = await check(made)
          assert.deepEqual(
            [good?.result, good?.identity, good?.signedAt],
            ['pass', '@news.example.com', now / 1000],
            name,
          )
          assert.equal((await check(`${made}x`))[0]?.reason, 'body-hash', name)
          assert.equal((await check(made, now + 61_000))[0]?.reason, 'expired', name)
        }
})

const damages: readonly (readonly [string, (text: string) => string, string])[] = [
  ['nothing', (text) => text, 'pass'],
  ['a field that is not signed', (text) => text.replace('Received: y', 'Received: z'), 'pass'],
  ['From changed', (text) => text.replace('Jack <', 'Jock <'), 'signature-mismatch'],
  ['another From on top', (text) => text.replace('From:', 'From: x@y.test\r\nFrom:'), 'signature-mismatch'],
  ['another From below', (text) => text.replace('\r\n\r\n', '\r\nFrom: x@y.test\r\n\r\n'), 'signature-mismatch'],
  ['a Reply-To that was not there', (text) => `Reply-To: x@y.test\r\n${text}`, 'signature-mismatch'],
  ['a second Subject', (text) => `Subject: y\r\n${text}`, 'signature-mismatch'],
  ['a Content-Type that was not there', (text) => `Content-Type: text/html\r\n${text}`, 'signature-mismatch'],
  ['the one-click field gone', (text) => text.replace(/List-Unsubscribe-Post.*\r\n/, ''), 'signature-mismatch'],
  ['a List-Help of the list', (text) => `List-Help: <https://x.test/>\r\n${text}`, 'pass'],
  ['a Sender of the list', (text) => `Sender: list@y.test\r\n${text}`, 'pass'],
  ['t= changed', (text) => text.replace('t=1700000000', 't=1700000001'), 'signature-mismatch'],
  ['a name fewer in h=', (text) => text.replace('h=from:from:', 'h=from:'), 'signature-mismatch'],
]
test('damage on the way', async () => {
  const made = sign(plain, rsa) + plain
  for (const [name, damage, want] of damages) {
    const [verdict] = await check(damage(made))
    assert.equal(verdict?.reason ?? verdict?.result, want, name)
  }
})

test('the text of the field: its tags, its lines, its order, and always the same', () => {
  const field = sign(plain, { ...rsa, lifetime: 3_600.9, identity: 'j\u00f6e; b=@example.com' })
  assert.equal(field, sign(plain, { ...rsa, lifetime: 3_600, identity: 'j\u00f6e; b=@example.com' }))
  assert.match(
    field,
    /^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed\/relaxed; d=example\.com; s=sel;\r\n\tt=1700000000; x=1700003600;/,
  )
  assert.match(field, / i=j=C3=B6e=3B=20b=3D@example\.com;\r\n\th=from:from:reply-to:subject:subject:/)
  assert.match(field, /^(?:[\x20-\x7e\t]{1,78}\r\n)+$/)
  assert.doesNotMatch(field, /\r\n(?![\t]|$)/)
  for (const line of field.trimEnd().split('\r\n')) assert.ok(line.replaceAll('\t', ' '.repeat(8)).length <= 78, line)
  const read = readSignature(field.slice(15, -2))
  assert.equal(read.ok && read.value.signature.length, 256)
  assert.doesNotMatch(field, /[ \t;](?:l|q|z)=/)
})

test('U-labels are written as A-labels', async () => {
  const field = sign(plain, { ...rsa, domain: 'B\u00fccher.example', selector: 'SEL' })
  assert.match(field, /d=xn--bcher-kva\.example;\s+s=sel;/)
  assert.equal((await check(field + plain))[0]?.result, 'pass')
})

test('the default names: no name is in both lists, and each is signed as often as it should be', () => {
  assert.equal(
    new Set([...overSignedNames, ...plainlySignedNames]).size,
    overSignedNames.length + plainlySignedNames.length,
  )
  const { fields } = readMessage(
    Buffer.from('From: a\r\nFrom: b\r\nSender: c\r\nDKIM-Signature: x\r\nReceived: y\r\n\r\n'),
  )
  const names = defaultNames(fields)
  const count = (name: string): number => names.filter((one) => one === name).length
  assert.deepEqual(['from', 'cc', 'sender', 'list-id', 'received', 'dkim-signature'].map(count), [3, 1, 1, 0, 0, 0])
  assert.equal(defaultNames(fields, ['dkim-signature']).at(-1), 'dkim-signature')
})

const refusals: readonly (readonly [string, string, Partial<DkimSigner>, string])[] = [
  ['no From', 'To: a\r\n\r\nx', {}, 'no-from'],
  ['no header', '', {}, 'no-from'],
  ['a header too long', `From: a\r\n${'X-Fill: y\r\n'.repeat(2_100)}\r\n`, {}, 'message-cut'],
  ['too many fields of a name', `From: a\r\n${'To: y\r\n'.repeat(MOST_SIGNED_NAMES)}\r\n`, {}, 'names'],
  ['From not signed', plain, { names: ['to'] }, 'from-not-signed'],
  ['a name that ends the tag', plain, { names: ['from', 'a; b=x'] }, 'names'],
  ['a name with a colon', plain, { names: ['from', 'a:b'] }, 'names'],
  ['an empty name', plain, { names: ['from', ''] }, 'names'],
  ['a domain with a tag', plain, { domain: 'example.com; l=0' }, 'domain'],
  ['a domain with a line end', plain, { domain: 'example.com\r\nX: y' }, 'domain'],
  ['a domain of one label', plain, { domain: 'localhost' }, 'domain'],
  ['no selector', plain, { selector: '' }, 'domain'],
  ['a selector with a space', plain, { selector: 'a b' }, 'domain'],
  ['an identity elsewhere', plain, { identity: 'a@other.example' }, 'identity'],
  ['an identity beside', plain, { identity: 'a@xexample.com' }, 'identity'],
  ['an identity without @', plain, { identity: 'example.com' }, 'identity'],
  ['an identity too long', plain, { identity: `${'a'.repeat(400)}@example.com` }, 'identity'],
  ['no lifetime', plain, { lifetime: 0 }, 'lifetime'],
  ['a lifetime that is no number', plain, { lifetime: Number.NaN }, 'lifetime'],
  ['a lifetime in ms', plain, { lifetime: 604_800_000 }, 'lifetime'],
]
test('what is refused', () => {
  for (const [name, text, parts, want] of refusals) {
    const field = signDkim(readMessage(Buffer.from(text, 'latin1')), { ...rsa, ...parts }, now)
    assert.deepEqual(field, { ok: false, error: want }, name)
  }
})

test('keys: what is read, and what may not sign', () => {
  const pem = (type: 'pkcs1' | 'pkcs8'): string => String(keys.rsa.privateKey.export({ type, format: 'pem' }))
  const bare = (text: string): string => text.replaceAll(/-----[^-]*-----/g, '')
  const indented = pem('pkcs1').replaceAll('\n', '\r\n    ')
  for (const given of [
    keys.rsa.privateKey,
    pem('pkcs1'),
    pem('pkcs8'),
    bare(pem('pkcs1')),
    bare(pem('pkcs8')),
    indented,
  ]) {
    const read = readSigningKey(given)
    assert.deepEqual(read.ok && [read.value.algorithm, read.value.bits], ['rsa-sha256', 2048])
  }
  const edPem = String(keys.ed.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  assert.equal(readSigningKey(edPem).ok, true)
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  for (const [given, least, want] of [
    ['', undefined, 'key-unreadable'],
    ['hello', undefined, 'key-unreadable'],
    ['-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', undefined, 'key-unreadable'],
    ['A'.repeat(70_000), undefined, 'key-unreadable'],
    [keys.rsa.publicKey, undefined, 'key-unreadable'],
    [curve, undefined, 'key-kind'],
    [keys.rsa2.privateKey, undefined, 'key-too-weak'],
    [keys.weak.privateKey, 512, 'key-too-weak'],
  ] as const)
    assert.deepEqual(readSigningKey(given, least), { ok: false, error: want }, want)
  assert.equal(readSigningKey(keys.rsa2.privateKey, 1_024).ok, true)
  assert.equal(createPrivateKey(edPem).asymmetricKeyType, 'ed25519')
})

test('any message with a From is signed, and passes', async () => {
  const octets = fc.string({
    unit: fc.constantFrom(
      'a',
      'B',
      ':',
      ' ',
      '\t',
      '\r\n',
      '\r\n ',
      'To: ',
      'Subject:',
      ';',
      '=',
      '\u00e9',
      '\n',
      '\r',
    ),
  })
  await fc.assert(
    fc.asyncProperty(octets, fc.boolean(), async (text, simple) => {
      const message = `From: a@example.com\r\n${text}`
      const canon = simple ? 'simple' : 'relaxed'
      const made = sign(message, { ...ed, header: canon, body: canon }) + message
      assert.equal((await check(made))[0]?.result, 'pass')
    }),
    { numRuns: 200 },
  )
})
