/** DKIM against RFC 6376, 8301 and 8463: signatures made by a signer of the test's own, one rule broken at a time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { edRecord, keys, pkcs1Record, rsaRecord, type SignOptions, signed } from '../../test/verify-sign.ts'
import { type Table, zoneOf } from '../../test/verify-zone.ts'
import { BodyHasher, canonField, withoutSignature } from './canon.ts'
import { type DkimVerdict, MOST_SIGNATURES, verifyDkim } from './dkim.ts'
import { KeyRing } from './dkim-key.ts'
import { readMessage } from './fields.ts'
import { boundedResolve } from './lookup.ts'

const now = 1_700_000_000_000
const zone: Table = {
  'sel._domainkey.example.com': { TXT: [rsaRecord()] },
  'ed._domainkey.example.com': { TXT: [edRecord()] },
}
const check = async (message: string, table: Table = zone): Promise<readonly DkimVerdict[]> =>
  await verifyDkim(readMessage(Buffer.from(message, 'latin1')), boundedResolve(zoneOf(table)), { now })
const only = async (message: string, table: Table = zone): Promise<string> => {
  const [first] = await check(message, table)
  return first === undefined ? 'none' : `${first.result}${first.reason === undefined ? '' : ` ${first.reason}`}`
}

const head = 'From: Jack <jack@example.com>\r\nTo: jill@example.net\r\nSubject:  up \t the\r\n   hill '
const bodies: readonly string[] = [
  '',
  '\r\n',
  '\r\n\r\n\r\n',
  'a',
  'a\r\n',
  'a\r\n\r\n\r\n',
  'a \t b  \r\n\t\r\n  \r\nc',
  ' ',
  ' \t\r\n',
  ' lead\r\n',
  'bare \n line feed\r\n',
  'bare \r return\r',
  'a\r\r\n\n\r\nb\r\n',
  '\u00e9\u0000\u00ff\r\n',
  `${'x'.repeat(70_000)}\r\n${'y '.repeat(40_000)}\r\n\r\n`,
]
test('every canonicalisation of every odd body, RSA and Ed25519', async () => {
  for (const body of bodies)
    for (const header of ['relaxed', 'simple'])
      for (const how of ['relaxed', 'simple'])
        for (const [signer, s] of [
          ['rsa-sha256', 'sel'],
          ['ed25519-sha256', 'ed'],
        ] as const) {
          const message = signed(`${head}\r\n\r\n${body}`, { header, body: how, signer, tags: { s } })
          assert.equal(await only(message), 'pass', `${header}/${how} ${signer} ${JSON.stringify(body.slice(0, 40))}`)
        }
})

const message = `${head}\r\n\r\nHello \t world\r\n\r\nBye\r\n\r\n`
// What is signed, and what must come of it.
const rows: readonly (readonly [string, SignOptions, string])[] = [
  ['usual', {}, 'pass'],
  ['c= absent is simple/simple', { header: 'simple', body: 'simple', tags: { c: undefined } }, 'pass'],
  ['c= without a body is simple', { body: 'simple', tags: { c: 'relaxed' } }, 'pass'],
  ['c= unknown', { tags: { c: 'nowsp/relaxed' } }, 'permerror canonicalization-unknown'],
  ['v= absent', { tags: { v: undefined } }, 'permerror tag-missing'],
  ['v= other', { tags: { v: '2' } }, 'permerror signature-version'],
  ['v= 0.5', { tags: { v: '0.5' } }, 'permerror signature-version'],
  ['a= absent', { tags: { a: undefined } }, 'permerror tag-missing'],
  ['a= unknown', { tags: { a: 'rsa-sha512' } }, 'permerror algorithm-unknown'],
  ['a= in capitals', { tags: { a: 'RSA-SHA256' } }, 'pass'],
  ['rsa-sha1', { signer: 'rsa-sha1' }, 'permerror algorithm-historic'],
  ['a= of another kind than the key', { tags: { a: 'ed25519-sha256' } }, 'permerror key-kind'],
  ['d= absent', { tags: { d: undefined } }, 'permerror tag-missing'],
  ['d= none', { tags: { d: 'exa mple..com' } }, 'permerror signature-syntax'],
  ['d= in capitals', { tags: { d: 'EXAMPLE.com' } }, 'pass'],
  ['d= without a key', { tags: { d: 'example.net' } }, 'permerror no-key'],
  ['s= absent', { tags: { s: undefined } }, 'permerror tag-missing'],
  ['s= of two labels', { tags: { s: 'two.labels' } }, 'pass'],
  ['h= absent', { tags: { h: undefined } }, 'permerror tag-missing'],
  ['h= without from', { tags: { h: 'to:subject' } }, 'permerror from-not-signed'],
  ['h= folded', { tags: { h: 'from :\r\n\t to : Subject' } }, 'pass'],
  ['h= oversigned', { tags: { h: 'from:from:to:to:subject:subject:reply-to' } }, 'pass'],
  ['bh= absent', { tags: { bh: undefined } }, 'permerror tag-missing'],
  ['bh= no base64', { tags: { bh: '???' } }, 'permerror signature-syntax'],
  ['bh= of another body', { tags: { bh: 'AAAA' } }, 'fail body-hash'],
  ['b= empty', { tags: { b: '' } }, 'pass'],
  ['b= wrong', { tags: { b: 'AAAA' } }, 'fail signature-mismatch'],
  ['i= of the domain', { tags: { i: 'jack@example.com' } }, 'pass'],
  ['i= of a subdomain', { tags: { i: '@news.example.com' } }, 'pass'],
  ['i= quoted', { tags: { i: 'j=20ack@example.com' } }, 'pass'],
  ['i= elsewhere', { tags: { i: 'jack@example.net' } }, 'permerror identity-outside-domain'],
  ['i= that only ends alike', { tags: { i: '@badexample.com' } }, 'permerror identity-outside-domain'],
  ['i= without a domain', { tags: { i: 'jack' } }, 'permerror identity-outside-domain'],
  ['t= and x= around now', { tags: { t: '1699999999', x: '1700000001' } }, 'pass'],
  ['x= over', { tags: { t: '1699999990', x: '1699999999' } }, 'fail expired'],
  ['x= before t=', { tags: { t: '1700000001', x: '1700000000' } }, 'permerror signature-syntax'],
  ['t= no number', { tags: { t: 'now' } }, 'permerror signature-syntax'],
  ['x= twelve digits', { tags: { x: '999999999999' } }, 'pass'],
  ['q= dns/txt', { tags: { q: 'dns/txt' } }, 'pass'],
  ['q= among others', { tags: { q: 'http : dns/txt' } }, 'pass'],
  ['q= other', { tags: { q: 'http' } }, 'permerror no-dns-query'],
  ['l= of all', { tags: { l: '20' } }, 'pass'],
  ['l= of a part', { tags: { l: '5' } }, 'pass'],
  ['l= of nothing', { tags: { l: '0' } }, 'pass'],
  ['l= beyond the end', { tags: { l: '999' } }, 'fail body-shorter-than-signed'],
  ['l= no number', { tags: { l: '5x' } }, 'permerror signature-syntax'],
  ['a tag we do not know', { tags: { zz: 'hello' } }, 'pass'],
  ['z= that looks like b=', { tags: { z: 'From:b=3Djack|Subject:b=20' } }, 'pass'],
]
test('one rule at a time', async () => {
  const table = { ...zone, 'two.labels._domainkey.example.com': { TXT: [rsaRecord()] } }
  for (const [name, options, want] of rows) {
    const made =
      options.tags !== undefined && options.tags['b'] === ''
        ? signed(message, { ...options, tags: {} })
        : signed(message, options)
    assert.equal(await only(made, table), want, name)
  }
})

test('what l= leaves unsigned is told', async () => {
  const made = `${signed(message, { tags: { l: '5' } })}Buy now!\r\n`
  const [found] = await check(made)
  assert.equal(found?.result, 'pass')
  assert.ok((found?.bodyUnsigned ?? 0) > 10)
})

const plain = signed(message)
const damages: readonly (readonly [string, (text: string) => string, string])[] = [
  ['a body octet', (text) => text.replace('Hello', 'Hallo'), 'fail body-hash'],
  ['a signed field', (text) => text.replace('hill', 'hell'), 'fail signature-mismatch'],
  ['white space in a relaxed field', (text) => text.replace('up \t the', 'up the'), 'pass'],
  ['the fold of a relaxed field', (text) => text.replace('the\r\n   hill', 'the hill'), 'pass'],
  ['case of a relaxed name', (text) => text.replace('\r\nTo:', '\r\nTO :'), 'pass'],
  ['white space in a relaxed body', (text) => text.replace('Hello \t world', 'Hello world  '), 'pass'],
  ['empty lines at the end', (text) => `${text}\r\n\r\n`, 'pass'],
  ['a line at the end', (text) => `${text}x`, 'fail body-hash'],
  ['a second Subject on top', (text) => text.replace('From:', 'Subject: other\r\nFrom:'), 'pass'],
  [
    'a second Subject below',
    (text) => text.replace('\r\n\r\n', '\r\nSubject: other\r\n\r\n'),
    'fail signature-mismatch',
  ],
  ['an unsigned field', (text) => text.replace('From:', 'X-Other: 1\r\nFrom:'), 'pass'],
  ['a signed field taken away', (text) => text.replace('To: jill@example.net\r\n', ''), 'fail signature-mismatch'],
  ['a tag twice', (text) => text.replace('v=1;', 'v=1; v=1;'), 'permerror signature-syntax'],
  ['a tag without a value sign', (text) => text.replace('v=1;', 'v=1; hello;'), 'permerror signature-syntax'],
  ['a NUL in a tag', (text) => text.replace('d=example', 'd=\u0000example'), 'permerror signature-syntax'],
  ['LF for CRLF everywhere', (text) => text.replaceAll('\r\n', '\n'), 'pass'],
  ['a semicolon at the end', (text) => text.replace('\r\nFrom:', ';\r\nFrom:'), 'fail signature-mismatch'],
]
test('damage on the way', async () => {
  for (const [name, damage, want] of damages) assert.equal(await only(damage(plain)), want, name)
})

test('an oversigned field cannot be added', async () => {
  const made = signed(message, { tags: { h: 'from:from:to:subject:reply-to' } })
  assert.equal(await only(made.replace('From:', 'Reply-To: x@y.example\r\nFrom:')), 'fail signature-mismatch')
  assert.equal(await only(made.replace('\r\nFrom:', '\r\nFrom: x@y.example\r\nFrom:')), 'fail signature-mismatch')
})

const p = rsaRecord().split('p=')[1] ?? ''
const records: readonly (readonly [string, readonly string[] | 'timeout' | 'servfail', string])[] = [
  ['only p=', [`p=${p}`], 'pass'],
  ['in PKCS#1', [pkcs1Record()], 'pass'],
  ['folded', [`v=DKIM1; p=${p.slice(0, 50)} ${p.slice(50)}`], 'pass'],
  ['with notes and unknown tags', [`v=DKIM1; n=a note; x=y; p=${p}`], 'pass'],
  ['revoked', ['v=DKIM1; p='], 'permerror key-revoked'],
  ['revoked without v=', ['p='], 'permerror key-revoked'],
  ['without p=', ['v=DKIM1; k=rsa'], 'permerror key-syntax'],
  ['of another version', [`v=DKIM2; p=${p}`], 'permerror no-key'],
  ['v= not first', [`k=rsa; v=DKIM1; p=${p}`], 'permerror no-key'],
  ['of another kind', [`v=DKIM1; k=dsa; p=${p}`], 'permerror no-key'],
  ['k= in capitals', [`v=DKIM1; k=RSA; p=${p}`], 'pass'],
  ['no base64', ['v=DKIM1; p=!!!!'], 'permerror key-syntax'],
  ['no key', ['v=DKIM1; p=aGVsbG8='], 'permerror key-syntax'],
  ['an RSA key under ed25519', [`v=DKIM1; k=ed25519; p=${p}`], 'permerror key-syntax'],
  ['h= sha256', [`v=DKIM1; h=sha1:sha256; p=${p}`], 'pass'],
  ['h= only sha1', [`v=DKIM1; h=sha1; p=${p}`], 'permerror key-hash'],
  ['s= email', [`v=DKIM1; s=email; p=${p}`], 'pass'],
  ['s= all', [`v=DKIM1; s=other:*; p=${p}`], 'pass'],
  ['s= other', [`v=DKIM1; s=tlsrpt; p=${p}`], 'permerror no-key'],
  ['a tag twice', [`v=DKIM1; p=${p}; p=${p}`], 'permerror key-syntax'],
  ['weak', [rsaRecord(keys.weak)], 'policy key-too-weak'],
  ['another', [rsaRecord(keys.rsa2)], 'fail signature-mismatch'],
  ['another, then ours', [rsaRecord(keys.rsa2), rsaRecord()], 'pass'],
  ['beside other text', ['v=spf1 -all', 'hello', rsaRecord()], 'pass'],
  ['other text only', ['v=spf1 -all'], 'permerror no-key'],
  ['none', [], 'permerror no-key'],
  ['timeout', 'timeout', 'temperror key-unavailable'],
  ['servfail', 'servfail', 'temperror key-unavailable'],
]
test('key records', async () => {
  for (const [name, TXT, want] of records)
    assert.equal(await only(plain, { 'sel._domainkey.example.com': { TXT } }), want, name)
})

test('bits of a key are read right, in either dress, and a ring remembers keys', () => {
  const ring = new KeyRing()
  for (const [text, bits] of [
    [rsaRecord(), 2048],
    [pkcs1Record(), 2048],
    [rsaRecord(keys.rsa2), 1024],
    [rsaRecord(keys.weak), 768],
  ] as const) {
    const read = ring.read(text, false)
    assert.equal(read?.ok === true ? read.value.bits : 0, bits)
    assert.equal(ring.read(text, false), read)
    assert.notEqual(ring.read(text, true), read)
  }
})

test('t=s binds i= to d=, t=y is told', async () => {
  const made = signed(message, { tags: { i: '@news.example.com' } })
  const table = (flags: string): Table => ({
    'sel._domainkey.example.com': { TXT: [`v=DKIM1; t=${flags}; p=${p}`] },
  })
  assert.equal(await only(made, table('s')), 'permerror key-strict-domain')
  assert.equal(await only(made, table('y')), 'pass')
  assert.equal(await only(plain, table('y:s')), 'pass')
  assert.equal((await check(plain, table('y')))[0]?.testing, true)
  assert.equal((await check(plain))[0]?.testing, false)
})

test('a weak key that signs is still no pass', async () => {
  const table: Table = { 'sel._domainkey.example.com': { TXT: [rsaRecord(keys.weak)] } }
  assert.equal(await only(signed(message, { signer: 'weak-sha256' }), table), 'policy key-too-weak')
})

test('signatures are told apart, in order, with what is known of each', async () => {
  const both = signed(signed(message), { signer: 'ed25519-sha256', tags: { s: 'ed', i: 'jack@example.com' } })
  const found = await check(both)
  assert.deepEqual(
    found.map((one) => [one.result, one.selector, one.algorithm, one.identity, one.keyBits, one.domain]),
    [
      ['pass', 'ed', 'ed25519-sha256', 'jack@example.com', 256, 'example.com'],
      ['pass', 'sel', 'rsa-sha256', '@example.com', 2048, 'example.com'],
    ],
  )
  assert.match(found[0]?.tag ?? '', /^[A-Za-z0-9+/]{8}$/)
})

test('many signatures: so many are verified, the others are named', async () => {
  let many = message
  for (let count = 0; count < MOST_SIGNATURES + 2; count += 1) many = signed(many)
  const found = await check(many)
  assert.equal(found.filter((one) => one.result === 'pass').length, MOST_SIGNATURES)
  assert.equal(found.filter((one) => one.reason === 'too-many-signatures').length, 2)
})

test('an unsigned message has no verdicts', async () => assert.deepEqual(await check(message), []))

test('a header without end is not trusted', async () => {
  const filler = `X-Fill: ${'x'.repeat(500)}\r\n`.repeat(2_100)
  assert.equal(await only(plain.replace('\r\nFrom:', `\r\n${filler}From:`)), 'neutral message-cut')
})

test('RFC 8463 appendix A: its message passes', async () => {
  const text = [
    'DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;',
    ' d=football.example.com; i=@football.example.com;',
    ' q=dns/txt; s=brisbane; t=1528637909; h=from : to :',
    ' subject : date : message-id : from : subject : date;',
    ' bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;',
    ' b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus',
    ' Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==',
    'From: Joe SixPack <joe@football.example.com>',
    'To: Suzie Q <suzie@shopping.example.net>',
    'Subject: Is dinner ready?',
    'Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)',
    'Message-ID: <20030712040037.46341.5F8J@football.example.com>',
    '',
    'Hi.',
    '',
    'We lost the game.  Are you hungry yet?',
    '',
    'Joe.',
    '',
  ].join('\r\n')
  const TXT = ['v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=']
  assert.equal(await only(text, { 'brisbane._domainkey.football.example.com': { TXT } }), 'pass')
})

test('withoutSignature empties b= and nothing else', () => {
  for (const [text, want] of [
    ['S: v=1; b=abc; bh=def', 'S: v=1; b=; bh=def'],
    ['S: b=abc', 'S: b='],
    ['S: a=1;\r\n\tb =\r\n a b\r\n c;d=e', 'S: a=1;\r\n\tb =;d=e'],
    ['S: bh=b=c; z=x:b=3D', 'S: bh=b=c; z=x:b=3D'],
  ])
    assert.equal(withoutSignature(text ?? ''), want)
})

test('canonical fields: twice is once', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'B', ':', ' ', '\t', '\r\n ', ';', '=', 'é') })
  fc.assert(
    fc.property(text, (value) => {
      const once = canonField(`Name${value}:${value}`, 'relaxed')
      assert.equal(canonField(once, 'relaxed'), once)
    }),
    { numRuns: 300 },
  )
})

test('bodies: cutting the octets differently changes nothing', () => {
  const octets = fc.string({ unit: fc.constantFrom('a', ' ', '\t', '\r', '\n', '\r\n') })
  fc.assert(
    fc.property(octets, fc.array(fc.nat(20), { maxLength: 8 }), fc.boolean(), (text, cuts, relaxed) => {
      const body = Buffer.from(text, 'latin1')
      const whole = new BodyHasher(relaxed ? 'relaxed' : 'simple', undefined)
      whole.feed(body)
      const pieces = new BodyHasher(relaxed ? 'relaxed' : 'simple', undefined)
      let at = 0
      for (const cut of cuts) {
        pieces.feed(body.subarray(at, at + cut))
        at = Math.min(body.length, at + cut)
      }
      pieces.feed(body.subarray(at))
      assert.deepEqual(pieces.finish(), whole.finish())
    }),
    { numRuns: 500 },
  )
})

test('any octets get a verdict', async () => {
  const word = fc.constantFrom(
    'DKIM-Signature:',
    ' v=1;',
    ' a=rsa-sha256;',
    ' b=',
    'h=from;',
    'd=example.com;',
    's=sel;',
    'bh=AA==;',
    '\r\n',
    '\n',
    ':',
    'From: a',
    'é',
    '\0',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 30 }), async (words) => {
      for (const one of await check(words.join(''))) assert.notEqual(one.result, 'pass')
    }),
    { numRuns: 200 },
  )
})
