/**
 * DKIM and ARC against two peers, mailauth and dkimpy: what each of the three signs passes in all three, what is damaged on the way in none.
 * RFC 6376, RFC 8463, RFC 8617. Sets of ours are dkimpy's, octet by octet.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { authenticate, sealMessage } from 'mailauth'
import { dkimSign } from 'mailauth/lib/dkim/sign.js'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { verifyArc } from '../../src/verify/arc.ts'
import { ownResults } from '../../src/verify/arc-results.ts'
import { type ArcSealer, type Sealing, sealArc } from '../../src/verify/arc-seal.ts'
import { verifyDkim } from '../../src/verify/dkim.ts'
import { signDkim } from '../../src/verify/dkim-sign.ts'
import { readMessage } from '../../src/verify/fields.ts'
import { readSigningKey } from '../../src/verify/signing-key.ts'
import { arcCases } from '../verify-arc-cases.ts'
import { edRecord, keys, rsaRecord } from '../verify-sign.ts'
import { type Table, zoneOf } from '../verify-zone.ts'

const PYTHON = '/usr/bin/python3' // Debian's own: another first on the path does not see Debian's packages
const table: Table = {
  'sel._domainkey.example.com': { TXT: [rsaRecord()] },
  'ed._domainkey.example.com': { TXT: [edRecord()] },
}
type Names = Readonly<Record<string, string>>
const textsOf = (zone: Table): Names =>
  Object.fromEntries(
    Object.entries(zone).flatMap(([name, node]) => {
      const found = typeof node === 'string' ? undefined : node.TXT
      return found === undefined || typeof found === 'string' || found[0] === undefined ? [] : [[name, found[0]]]
    }),
  )
const peerDns = (names: Names) => async (name: string, type: string) => {
  const found = names[name.toLowerCase()]
  if (type !== 'TXT' || found === undefined) throw Object.assign(new Error('none'), { code: 'ENOTFOUND' })
  return [[found]]
}

type Reply = { readonly result?: string; readonly fields?: readonly string[] }
const dkimpy = (cases: readonly object[]): readonly Reply[] => {
  const input = cases.map((one) => `${JSON.stringify({ dns: textsOf(table), ...one })}\n`).join('')
  const done = spawnSync(PYTHON, ['test/interop/dkim-peer.py'], {
    encoding: 'utf8',
    input,
    maxBuffer: 1e8,
    timeout: 60_000,
  })
  assert.equal(done.status, 0, done.stderr)
  const replies: readonly Reply[] = done.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(replies.length, cases.length)
  return replies
}
const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64')
const read = (text: string) => readMessage(Buffer.from(text, 'latin1'))

type Signed = { readonly name: string; readonly text: string; readonly over: boolean }
/** The words of the three for each message, in their order: ours, mailauth's, dkimpy's. */
const dkimWords = async (all: readonly Signed[]): Promise<readonly (readonly (string | undefined)[])[]> => {
  const theirs = dkimpy(all.map(({ text }) => ({ op: 'dkim-verify', message: base64(text) })))
  return await Promise.all(
    all.map(async ({ text }, index) => {
      const [ours] = await verifyDkim(read(text), zoneOf(table), { now: Date.now() })
      const mailauth = await dkimVerify(Buffer.from(text, 'latin1'), { resolver: peerDns(textsOf(table)) })
      return [ours?.result, mailauth.results[0]?.status.result, theirs[index]?.result]
    }),
  )
}
const arcWords = async (
  texts: readonly string[],
  zones?: readonly Table[],
): Promise<readonly (readonly (string | undefined)[])[]> => {
  const namesOf = (index: number): Names => textsOf(zones?.[index] ?? table)
  const theirs = dkimpy(texts.map((text, index) => ({ op: 'arc-verify', message: base64(text), dns: namesOf(index) })))
  return await Promise.all(
    texts.map(async (text, index) => {
      const ours = await verifyArc(read(text), zoneOf(zones?.[index] ?? table), { now: Date.now() })
      const peer = await authenticate(Buffer.from(text, 'latin1'), {
        ...{ ip: '203.0.113.1', helo: 'h.test', sender: 'a@b.test', disableBimi: true, disableDmarc: true },
        resolver: peerDns(namesOf(index)),
      })
      const { arc } = peer
      const word = typeof arc === 'object' && arc !== null ? arc.status.result : undefined
      return [ours.cv, word, theirs[index]?.result]
    }),
  )
}

const head =
  'Received: by mx.example.com\r\nFrom: Jack <jack@example.com>\r\nTo: jill@example.net\r\nSubject:  up \t the\r\n   hill\r\n' +
  'Date: Tue, 24 Nov 2026 05:20:16 +0000\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n'
const results =
  'Authentication-Results: fwd.example; spf=pass smtp.mfrom=jack@example.com;\r\n dkim=pass (1024-bit key)\r\n'
const bodies = [
  '',
  '\r\n\r\n',
  'one',
  'two  \t\r\n\r\n\r\n',
  ' a\tb \r\n\r\nc',
  '\u00e9\u00ff\r\n',
  `${'long '.repeat(5_000)}\r\n`,
]
const canons = ['relaxed/relaxed', 'simple/simple', 'relaxed/simple', 'simple/relaxed']
const pem = String(keys.rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }))
const edPem = String(keys.ed.privateKey.export({ type: 'pkcs8', format: 'pem' }))
const edSeed = keys.ed.privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32).toString('base64')
const kinds = [
  { selector: 'sel', algorithm: 'rsa-sha256', given: pem, seed: pem },
  { selector: 'ed', algorithm: 'ed25519-sha256', given: edPem, seed: edSeed },
] as const
const keyOf = (given: string) => {
  const key = readSigningKey(given)
  assert.ok(key.ok)
  return key.value
}
const isCanon = (text: string | undefined): text is 'relaxed' | 'simple' => text === 'relaxed' || text === 'simple'

/** Every body in every canonicalisation by every kind of key, signed by each of the three. */
const signAll = async (): Promise<readonly Signed[]> => {
  const rows = kinds.flatMap((kind) =>
    canons.flatMap((canon) => bodies.map((body) => ({ kind, canon, text: `${head}\r\n${body}` }))),
  )
  const byPython = dkimpy(
    rows.map(({ kind, canon, text }) => ({
      ...{ op: 'dkim-sign', canon, message: base64(text), domain: 'example.com' },
      ...{ selector: kind.selector, algorithm: kind.algorithm, key: kind.seed },
    })),
  )
  const all = rows.map(async ({ kind, canon, text }, index) => {
    const [header, how] = canon.split('/')
    assert.ok(isCanon(header) && isCanon(how))
    const { selector, algorithm, given } = kind
    const signer = { domain: 'example.com', selector, key: keyOf(given), header, body: how }
    const ours = signDkim(read(text), signer, Date.now())
    assert.ok(ours.ok)
    const data = { signingDomain: 'example.com', selector, privateKey: given }
    const options = { canonicalization: canon, algorithm, signTime: new Date(), ...data, signatureData: [data] }
    const mailauth = await dkimSign(Buffer.from(text, 'latin1'), options)
    const name = `${algorithm} ${canon} ${JSON.stringify(text.slice(head.length + 2, head.length + 22))}`
    return [
      { name: `ours ${name}`, text: ours.value + text, over: true },
      { name: `mailauth ${name}`, text: mailauth.signatures + text, over: false },
      { name: `dkimpy ${name}`, text: (byPython[index]?.fields?.[0] ?? '') + text, over: true },
    ]
  })
  return (await Promise.all(all)).flat()
}

test('DKIM: what each of the three signs passes in all three', async () => {
  const all = await signAll()
  assert.equal(all.length, 3 * kinds.length * canons.length * bodies.length)
  const words = await dkimWords(all)
  for (const [index, { name }] of all.entries()) assert.deepEqual(words[index], ['pass', 'pass', 'pass'], name)
})

/** Another letter in the middle of a tag's value. */
const flip = (tag: string) => (text: string) =>
  text.replace(
    new RegExp(`([;\\s]${tag}=\\s*[A-Za-z0-9+/]{9})(.)`),
    (_, before: string, letter: string) => before + (letter === 'A' ? 'B' : 'A'),
  )
const damages: readonly (readonly [name: string, damage: (text: string) => string, onlyOverSigned?: true])[] = [
  ['an octet more', (text) => `${text}x`],
  ['a line before the body', (text) => text.replace('\r\n\r\n', '\r\n\r\nx\r\n')],
  ['From changed', (text) => text.replace('From: Jack', 'From: Jock')],
  ['Subject changed', (text) => text.replace('hill', 'hell')],
  ['To gone', (text) => text.replace('To: jill@example.net\r\n', '')],
  ['Date gone', (text) => text.replace(/Date: .*\r\n/, '')],
  ['another From on top', (text) => `From: x@y.test\r\n${text}`, true],
  ['another From below', (text) => text.replace('\r\n\r\n', '\r\nFrom: x@y.test\r\n\r\n')],
  ['b= changed', flip('b')],
  ['bh= changed', flip('bh')],
  ['another selector', (text) => text.replace(/([;\s]s)=(?:sel|ed)/, '$1=none')],
  ['another domain', (text) => text.replace(/([;\s]d)=example.com/, '$1=example.org')],
  [
    'the other key',
    (text) => text.replace(/([;\s]s)=(sel|ed)/, (_, s: string, now: string) => `${s}=${now === 'sel' ? 'ed' : 'sel'}`),
  ],
  ['another t=', (text) => text.replace(/([;\s]t)=(\d+)/, (_, t: string, now: string) => `${t}=${Number(now) - 1}`)],
]
test('DKIM: what is damaged fails in all three', async () => {
  const all = (await signAll()).filter(({ text }) => text.includes('a\tb '))
  assert.equal(all.length, 3 * kinds.length * canons.length)
  const rows = damages.flatMap(([name, damage, onlyOver]) =>
    all
      .filter((one) => one.over || onlyOver === undefined)
      .map((one) => ({ ...one, text: damage(one.text), before: one.text, name: `${name}: ${one.name}` })),
  )
  const changed = rows.filter(({ text, before }) => text !== before) // dkimpy writes no t= unless asked for
  assert.ok(changed.length > rows.length - 20)
  const words = await dkimWords(changed)
  for (const [index, { name }] of changed.entries())
    for (const word of words[index] ?? []) assert.notEqual(word, 'pass', `${name}: ${words[index]?.join(' ')}`)
})

const names = ['from', 'to', 'date', 'subject', 'mime-version', 'arc-authentication-results']
const sealer: ArcSealer = { domain: 'example.com', selector: 'sel', key: keyOf(pem), authserv: 'fwd.example', names }
const sealOurs = (text: string, parts: Partial<ArcSealer>, now: number): readonly string[] => {
  const own = ownResults(read(text).fields, 'fwd.example')
  const [word = 'none'] = own?.arc ?? []
  const cv: Sealing['cv'] = word === 'pass' || word === 'fail' ? word : 'none'
  const made = sealArc(read(text), { ...sealer, ...parts }, { cv, results: own?.texts ?? [], now })
  assert.ok(made.ok, made.ok ? '' : made.error)
  return [made.value.seal, made.value.messageSignature, made.value.results]
}
const withWord = (text: string, word: string): string => `Authentication-Results: fwd.example; arc=${word}\r\n${text}`

test('ARC: sets of ours are those of dkimpy, octet by octet', () => {
  const t = 1_700_000_000
  const plain = `${results}${head}\r\nHello \r\n\r\n`
  const lists = [names, ['from'], ['from', ...Array.from({ length: 30 }, (_, index) => `x-field-${index}`)]]
  for (const form of ['folded', 'sorted'] as const) {
    const one = sealOurs(plain, { form }, t * 1000).join('') + plain
    const two = sealOurs(withWord(one, 'pass'), { form }, t * 1000).join('') + withWord(one, 'pass')
    const texts = [plain, plain.replaceAll('\r\n', '\n'), withWord(one, 'pass'), withWord(one, 'fail')]
    // Two fields of ours with a word of the chain are a broken chain to both; each message here has one.
    for (const list of lists) {
      const made = texts.map((text) => sealOurs(text, { form, names: list }, t * 1000))
      const theirs = dkimpy(
        texts.map((text) => ({
          ...{ op: 'arc-seal', form, t, names: list, message: base64(text), key: pem, domain: 'example.com' },
          ...{ selector: 'sel', authserv: 'fwd.example' },
        })),
      )
      const bare = (fields: readonly string[] | undefined) => fields?.map((field) => field.replace(/\r\n$/, ''))
      for (const [index, fields] of made.entries())
        assert.deepEqual(bare(fields), bare(theirs[index]?.fields), `${form} ${index}`)
    }
    assert.match(two, /cv=pass/)
  }
})

test('ARC: what each of the three seals passes in all three, and nothing damaged does', async () => {
  const plain = `${results}${head}\r\nHello \r\n\r\n`
  const seal = async (by: string, text: string, chained: boolean): Promise<string> => {
    const here = chained ? withWord(text, 'pass') : text
    if (by === 'ours') return sealOurs(here, {}, Date.now()).join('') + here
    if (by === 'ours, sorted') return sealOurs(here, { form: 'sorted' }, Date.now()).join('') + here
    if (by === 'dkimpy') {
      const more = {
        op: 'arc-seal',
        form: 'folded',
        t: Math.floor(Date.now() / 1000),
        names,
        domain: 'example.com',
        selector: 'sel',
      }
      const [made] = dkimpy([{ ...more, message: base64(here), key: pem, authserv: 'fwd.example' }])
      return (made?.fields ?? []).join('') + here
    }
    const more = {
      signingDomain: 'example.com',
      selector: 'sel',
      privateKey: pem,
      authResults: 'fwd.example; dkim=pass',
    }
    const fields = await sealMessage(Buffer.from(here, 'latin1'), { ...more, cv: chained ? 'pass' : 'none' })
    return fields.toString('latin1') + here
  }
  const by = ['ours', 'ours, sorted', 'dkimpy', 'mailauth']
  const ones = await Promise.all(by.map(async (who) => await seal(who, plain, false)))
  const twos = (
    await Promise.all(ones.map(async (one) => await Promise.all(by.map(async (who) => await seal(who, one, true)))))
  ).flat()
  const good = [...ones, ...twos]
  const words = await arcWords(good)
  for (const [index, text] of good.entries()) assert.deepEqual(words[index], ['pass', 'pass', 'pass'], text)
  const harms: readonly (readonly [string, (text: string) => string])[] = [
    ...damages
      .filter(([name]) =>
        ['an octet more', 'From changed', 'Subject changed', 'To gone', 'b= changed', 'bh= changed'].includes(name),
      )
      .map(([name, damage]) => [name, damage] as const),
    ['results changed', (text) => text.replace('spf=pass', 'spf=fail').replace('dkim=pass', 'dkim=none')],
    ['results gone', (text) => text.replace(/^ARC-Authentication-Results:.*\r\n(?:[ \t].*\r\n)*/im, '')],
    ['the seal gone', (text) => text.replace(/^ARC-Seal:.*\r\n(?:[ \t].*\r\n)*/im, '')],
    [
      'another cv=',
      (text) => text.replace(/cv=(none|pass)/, (_, was: string) => `cv=${was === 'none' ? 'pass' : 'none'}`),
    ],
    ['cv=fail', (text) => text.replace(/cv=(none|pass)/, 'cv=fail')],
    ['another t=', (text) => text.replace(/([;\s]t)=(\d+)/, (_, t: string, now: string) => `${t}=${Number(now) - 1}`)],
  ]
  const bad = harms.flatMap(([name, harm]) => good.map((text) => [name, harm(text), text] as const))
  for (const [name, text, before] of bad) assert.notEqual(text, before, name)
  const found = await arcWords(bad.map(([, text]) => text))
  for (const [index, [name, text]] of bad.entries())
    for (const word of found[index] ?? []) assert.notEqual(word, 'pass', `${name}: ${found[index]?.join(' ')}\n${text}`)
})

/** Rows of the table on which a peer is known to differ from the RFC or from our reading of it (docs/decisions/0055). */
const lenient: Readonly<Record<'mailauth' | 'dkimpy', ReadonlySet<string>>> = {
  // It takes tags that are no tag list, numbers that are none, and cv= in any case.
  mailauth: new Set([
    'results: no semicolon after i=',
    'message: i=1.0',
    'message: i= twice',
    'message: t= empty',
    'message: t= no number',
    'message: x= no number',
    'message: l= no number',
    'message: l= longer than the body',
    'message: q= unknown',
    'message: v=2',
    'message: a tag twice',
    'message: two semicolons',
    'message: a tag name in capitals',
    'seal: cv= in capitals',
    'seal: t= empty',
    'seal: t= no number',
    'seal: a tag twice',
    'seal: a tag name in capitals',
  ]),
  // It finds i= by a pattern, seals by their place, From unsigned, and no words in capitals.
  dkimpy: new Set([
    'sets in another order',
    'results: i= in a comment only',
    'results: header.i= is no i=',
    'message: i=1.0',
    'message: a= in capitals',
    'message: c= in capitals',
    'message: no c=, signed simple',
    'message: h= empty',
    'message: h= without from',
    'message: l= longer than the body',
    'message: spaces everywhere',
  ]),
}
test('ARC: the table of chains comes to the same, but for the readings that are known', async () => {
  const words = await arcWords(
    arcCases.map((one) => one.message),
    arcCases.map((one) => one.zone),
  )
  const differs = (place: 1 | 2): readonly string[] =>
    arcCases.flatMap(({ name, cv }, index) => (words[index]?.[place] === cv ? [] : [name]))
  assert.deepEqual(differs(1), [...lenient.mailauth])
  assert.deepEqual(differs(2), [...lenient.dkimpy])
})
