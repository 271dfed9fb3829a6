import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { noOpinions, score } from './engine.ts'
import { Learner } from './learner.ts'
import type { SpamTest } from './row.ts'
import { spamTests, thresholds } from './table.ts'
import { type Case, inputOf, messageOf, receivedAt } from './testing.ts'
import { MOST_TOKENS } from './tokens.ts'

const total = (given: Case): number => score(inputOf(given), noOpinions).score

test('the table is well kept: names, sentences, scores, at least forty', () => {
  assert.ok(spamTests.length >= 40, `${spamTests.length}`)
  assert.equal(new Set(spamTests.map((one) => one.name)).size, spamTests.length)
  for (const { name, says, score: points } of spamTests) {
    assert.match(name, /^[A-Z][A-Z0-9_]{3,40}$/)
    assert.ok(says.length > 10 && !says.endsWith('.'), name)
    assert.ok(points !== 0 && Math.abs(points) <= 4.5, name)
  }
})

const vouched = {
  spf: { result: 'pass', domain: 'example.com' },
  dkim: [{ result: 'pass', domain: 'example.com' }],
  dmarc: { result: 'pass', policy: 'reject', domain: 'example.com' },
}
const bot = {
  iprev: { result: 'permerror' },
  spf: { result: 'softfail' },
  dmarc: { result: 'fail', policy: 'none' },
  dnsbl: [{ zone: 'zen.example', weight: 4 }],
}
const people: readonly (readonly [string, Case])[] = [
  ['a letter', {}],
  ['a letter of a friend', { envelope: {}, history: { knownCorrespondent: true }, wire: vouched }],
  [
    'a letter of a server without TLS, a name or SPF',
    {
      envelope: { tls: false, reverseName: undefined },
      wire: { iprev: { result: 'permerror' }, spf: { result: 'none' } },
      history: { firstTimeSender: true },
    },
  ],
  [
    'a shop’s newsletter',
    {
      fields: {
        From: 'Garden Shop <news@shop.example>',
        'List-Unsubscribe': '<https://shop.example/u/1>',
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
        Subject: 'Tulips: 20% off until Sunday!',
      },
      both: `<html><body><div style="display:none">Only this week</div><table><tr><td><img src="https://shop.example/logo.png"></td></tr><tr><td>${'Tulips and daffodils for your garden. '.repeat(20)}</td></tr></table><a href="https://shop.example/t/abc">Click here</a> to see the offer. <a href="https://shop.example/u/1">Unsubscribe</a></body></html>`,
      wire: vouched,
      envelope: {},
      history: { firstTimeSender: true },
    },
  ],
  [
    'a password reset that was asked for',
    {
      fields: { From: 'Club Forum <noreply@forum.example>', Subject: 'Reset your password' },
      body: 'Hello ben,\n\nclick here to reset your password within 24 hours: https://forum.example/reset?t=abc\n\nIf it was not you, ignore this message.\n',
      wire: vouched,
      envelope: {},
    },
  ],
  [
    'an invoice as PDF',
    {
      file: ['invoice-2026-17.pdf', '%PDF-1.7 text'],
      body: 'Dear Mr Example,\nthe invoice for November is attached. Please pay within 14 days.\n',
      wire: vouched,
      envelope: {},
    },
  ],
]
for (const [what, given] of people)
  test(`${what} is not flagged`, () => assert.ok(total(given) < thresholds.flag, `${total(given)}`))

const crooks: readonly (readonly [string, Case])[] = [
  [
    'a phish for a bank account',
    {
      fields: { From: '"PayPal Service" <service@secure-mail.example>', Subject: 'Your account has been limited!!' },
      html: '<html><body>Dear customer,<br>your account has been limited. Please <a href="http://paypal-verify.example/login">verify your account</a> within 24 hours.</body></html>',
      envelope: {},
      history: { firstTimeSender: true },
    },
  ],
  [
    'a worm’s attachment',
    {
      file: ['invoice.pdf.exe', 'MZ'],
      body: 'See',
      envelope: { helo: 'desktop-17' },
      wire: bot,
      history: { firstTimeSender: true },
    },
  ],
  [
    'a bot’s advertising',
    {
      fields: { Subject: 'CHEAP PILLS ONLINE' },
      body: 'Buy v1agra without prescription. http://192.0.2.99/x\n',
      envelope: {},
      wire: bot,
    },
  ],
  [
    'blackmail',
    {
      fields: { From: 'ben@example.org', To: 'ben@example.org' },
      body: 'I have hacked your camera and recorded you on an adult site. Send bitcoin to bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq or all your contacts will see it.\n',
    },
  ],
]
for (const [what, given] of crooks)
  test(`${what} is flagged`, () => assert.ok(total(given) >= thresholds.flag, `${total(given)}`))

test('rows that are left out are not run, and the watch hears of each before it runs', () => {
  const ran: string[] = []
  const rows: readonly SpamTest[] = ['A', 'B', 'C'].map((name) => ({
    name,
    says: name,
    score: 1,
    hit: () => ran.push(name) > 0,
  }))
  const steps: number[] = []
  const out = score(inputOf({}), noOpinions, {
    tests: rows,
    without: new Set(['B']),
    watch: (step) => steps.push(step),
  })
  assert.deepEqual(ran, ['A', 'C'])
  assert.deepEqual(steps, [-1, 0, 2, -2, -3])
  assert.equal(out.score, 2)
})

test('a row that counts is multiplied', () => {
  const rows: readonly SpamTest[] = [{ name: 'N', says: 'n', score: 0.5, hit: () => 3 }]
  assert.deepEqual(score(inputOf({}), noOpinions, { tests: rows }).hits, [{ name: 'N', says: 'n', score: 1.5 }])
})

test('the learner’s opinion is a hit with its evidence', () => {
  const learner = Learner.empty()
  const [good, bad] = [inputOf({}), inputOf({ body: 'cheap watches from the discount watch shop\n' })]
  for (let i = 0; i < 30; i++) {
    learner.train({ tokens: score(good, learner).tokens, spam: false, weight: 1 })
    learner.train({ tokens: score(bad, learner).tokens, spam: true, weight: 1 })
  }
  const out = score(bad, learner)
  const hit = out.hits.find((one) => one.name === 'LEARNED_SPAM')
  assert.ok((hit?.score ?? 0) > 2)
  assert.ok((out.opinion?.probability ?? 0) > 0.9)
  assert.ok(out.opinion?.evidence.some((one) => one.token.includes('watch')))
  assert.equal(out.score, Math.round(out.hits.reduce((sum, one) => sum + one.score, 0) * 100) / 100)
  assert.ok(score(good, learner).hits.some((one) => one.name === 'LEARNED_WANTED' && one.score < -2))
})

test('any octets get a score', () => {
  const pieces = fc.constantFrom(
    'From: ',
    '=?utf-8?b?',
    '?=',
    '\r\n',
    '\n',
    '\r\n\r\n',
    'Content-Type: multipart/mixed; boundary=b\r\n',
    '--b\r\n',
    '--b--',
    '<a href="',
    '<!--',
    '<font color=#fff>',
    '&#x41;',
    'base64',
    'Received: from [1.2.3.4]',
    '\u0000',
    'é',
    '"',
    '<',
    '@',
    ';',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 8 })), { maxLength: 60 }), (words) => {
      const out = score({ message: Buffer.from(words.join('')), receivedAt }, noOpinions)
      assert.ok(Number.isFinite(out.score))
      assert.ok(out.tokens.length <= MOST_TOKENS)
    }),
    { numRuns: 300 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (message) => {
      assert.ok(Number.isFinite(score({ message, receivedAt }, noOpinions).score))
    }),
    { numRuns: 200 },
  )
})

test('line ends do not matter, and the same message gives the same tokens', () => {
  const crlf = messageOf({ both: '<p>Hello <b>Ben</b></p>' })
  const lf = Buffer.from(Buffer.from(crlf).toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
  const [a, b] = [crlf, lf].map((message) => score({ message, receivedAt }, noOpinions))
  assert.deepEqual(a?.hits, b?.hits)
  const known = new Set(a?.tokens)
  const other = [...(b?.tokens ?? [])].filter((token) => !known.has(token))
  assert.ok(other.length <= 1, 'only the size may differ')
})

const MEGABYTE = 1024 * 1024 // of one kind of octet
const hostile: readonly (readonly [string, string])[] = [
  ['a million blanks', `Subject: x\n\n${' '.repeat(MEGABYTE)}x`],
  ['a header without an end', `Subject: ${'a'.repeat(MEGABYTE)}`],
  ['thirty thousand fields', `${'Received: from x\n'.repeat(30_000)}\nx`],
  ['a word without an end', `Subject: x\n\n${'a'.repeat(MEGABYTE)}`],
  ['links without blanks', `Subject: x\n\n${'http://a.example/'.repeat(20_000)}`],
  ['a link that redirects for ever', `Content-Type: text/html\n\n<a href="http://x/${'?http/'.repeat(100_000)}">x</a>`],
  ['comments without an end', `Content-Type: text/html\n\n${'<!-->'.repeat(200_000)}`],
  ['tags without an end', `Content-Type: text/html\n\n${'<a '.repeat(100_000)}`],
  ['deep tags', `Content-Type: text/html\n\n${'<font color=red>'.repeat(20_000)}`],
  ['unbreakable blanks in a tag', `Content-Type: text/html; charset=utf-8\n\n<a ${'\u00a0'.repeat(MEGABYTE / 2)}>`],
  ['a base that goes on', `Content-Type: text/html\n\n${`<base href="http://a/${'a.b/'.repeat(1000)}">`.repeat(200)}`],
  [
    'parts in parts',
    `Content-Type: multipart/mixed; boundary=b\n\n${'--b\nContent-Type: multipart/mixed; boundary=b\n\n'.repeat(20_000)}`,
  ],
  ['addresses without an end', `To: ${'a'.repeat(8000)}\nFrom: ${'a@'.repeat(4000)}\n\nx`],
  ['letters apart', `Subject: ${'a '.repeat(4000)}1\n\n${'a b.c-'.repeat(150_000)}`],
  ['encoded words', `Subject: ${'=?utf-8?q?=C3?='.repeat(500)}\n\nx`],
  [
    'quoted blanks',
    `Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n${'   \t'.repeat(MEGABYTE / 4)}x`,
  ],
]
for (const [what, message] of hostile)
  test(`${what}: the time is bounded`, () => {
    const before = process.cpuUsage()
    score({ message: Buffer.from(message), receivedAt }, noOpinions)
    const { user, system } = process.cpuUsage(before)
    assert.ok((user + system) / 1000 < 1500, `${(user + system) / 1000} ms`)
  })
