/** Authentication-Results: written safely, read back, and forged ones found (RFC 8601). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type AuthResults,
  forgedResults,
  readAuthResults,
  writeAuthResults,
  writeAuthResultsValue,
} from './auth-results.ts'
import { readMessage } from './fields.ts'

test('nothing to tell is said', () => {
  const field = writeAuthResults({ authserv: 'mx.example.org', results: [] })
  assert.equal(field, 'Authentication-Results: mx.example.org; none\r\n')
})

test('a result a line, values quoted where they must be', () => {
  const field = writeAuthResults({
    authserv: 'mx.example.org',
    results: [
      { method: 'spf', result: 'pass', properties: [{ name: 'smtp.mailfrom', value: 'jack@example.com' }] },
      { method: 'iprev', result: 'fail', properties: [{ name: 'policy.iprev', value: '2001:db8::1' }] },
      { method: 'dkim', result: 'fail', reason: 'body hash', properties: [{ name: 'header.b', value: 'a/+b=' }] },
    ],
  })
  assert.equal(
    field,
    'Authentication-Results: mx.example.org;\r\n\tspf=pass smtp.mailfrom=jack@example.com;\r\n' +
      '\tiprev=fail policy.iprev="2001:db8::1";\r\n\tdkim=fail reason="body hash" header.b="a/+b="\r\n',
  )
})

test('what a peer says ends no line and adds no result', () => {
  for (const evil of [
    'x\r\nX-Evil: 1',
    'x; dkim=pass',
    'x" ; dkim=pass',
    'x\\',
    '(',
    'é\0',
    `${'y'.repeat(5000)}@z.test`,
  ]) {
    const properties = [{ name: 'smtp.mailfrom', value: evil }]
    const field = writeAuthResults({
      authserv: 'h.test',
      results: [{ method: 'spf', result: 'none', reason: evil, properties }],
    })
    assert.match(field, /^(?:[\x20-\x7e\t]|\r\n\t)+\r\n$/)
    assert.ok(field.split('\r\n').every((line) => line.length < 998))
    const read = readAuthResults(field.slice(field.indexOf(':') + 1))
    assert.ok(read.ok, field)
    assert.equal(read.value.results.length, 1)
  }
})

const readable: readonly (readonly [string, string])[] = [
  ['example.org; none', 'example.org'],
  ['example.org 1; none', 'example.org'],
  ['example.org', 'example.org'],
  [' "quoted id" ; spf=pass', 'quoted id spf=pass'],
  ['example.org; spf=pass smtp.mailfrom=a@b.test', 'example.org spf=pass smtp.mailfrom=a@b.test'],
  [
    '(c)example.org(c);(c)spf(c)=(c)pass(c)smtp.mailfrom(c)=(c)a@b.test(c)',
    'example.org spf=pass smtp.mailfrom=a@b.test',
  ],
  [
    'e.test; dkim/1=PASS reason="why; not" header.d=d.test; arc=fail',
    'e.test dkim=pass(why; not) header.d=d.test arc=fail',
  ],
  ['e.test;\r\n\tspf=none\r\n\t smtp.helo=h;', 'e.test spf=none smtp.helo=h'],
  ['e.test; x=y z.a="q\\"uo"', 'e.test x=y z.a=q"uo'],
  ['', 'syntax'],
  ['; spf=pass', 'syntax'],
  ['e.test; spf', 'syntax'],
  ['e.test; spf=', 'syntax'],
  ['e.test; spf=pass smtp.mailfrom', 'syntax'],
  ['e.test x; spf=pass', 'syntax'],
  ['e.test; spf=pass a.b="open', 'e.test spf=pass a.b='],
]
test('reading', () => {
  for (const [value, want] of readable) {
    const read = readAuthResults(value)
    const text = read.ok
      ? [
          read.value.authserv,
          ...read.value.results.flatMap((one) => [
            `${one.method}=${one.result}${one.reason === undefined ? '' : `(${one.reason})`}`,
            ...one.properties.map((property) => `${property.name}=${property.value}`),
          ]),
        ].join(' ')
      : read.error
    assert.equal(text, want, value)
  }
})

test('fields that claim to be ours are found, whatever their dress', () => {
  const ours = ['mx.example.org', 'bücher.test']
  const forged = [
    'Authentication-Results: mx.example.org; spf=pass',
    'AUTHENTICATION-RESULTS:MX.EXAMPLE.ORG;spf=pass',
    'Authentication-Results : mx.example.org 1; spf=pass',
    'Authentication-Results: (hello) mx.example.org (x); none',
    'Authentication-Results:\r\n\tmx.example.org.;\r\n\tspf=pass',
    'Authentication-Results: "mx.example.org"; spf=pass',
    'Authentication-Results: xn--bcher-kva.test; spf=pass',
    'Authentication-Results: "mx.example.org',
    'Authentication-Results: mx.example.org',
  ]
  const others = [
    'Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=mx.example.org',
    'Authentication-Results: smx.example.org; spf=pass',
    'Authentication-Results: (mx.example.org) other.test; spf=pass',
    'X-Authentication-Results: mx.example.org; spf=pass',
    'ARC-Authentication-Results: i=1; mx.example.org; spf=pass',
  ]
  const text = [...forged, ...others].map((field) => `${field}\r\n`).join('')
  const found = forgedResults(readMessage(Buffer.from(`${text}\r\nbody`, 'utf8')).fields, ours)
  assert.deepEqual(
    found.map(({ from, to }) => text.slice(from, to).replace(/\r\n$/, '')),
    forged,
  )
})

test('what is written is read back', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/)
  const value = fc.string({ unit: 'grapheme-ascii', maxLength: 40 }).filter((text) => !/[^\x20-\x7e]/.test(text))
  const name = fc.tuple(word, word).map(([type, rest]) => `${type}.${rest}`)
  const result = fc.record(
    {
      ...{ method: word, result: word, reason: value },
      properties: fc.array(fc.record({ name, value }), { maxLength: 4 }),
    },
    { requiredKeys: ['method', 'result', 'properties'] },
  )
  const results = fc.record({ authserv: word, results: fc.array(result, { maxLength: 4 }) })
  fc.assert(
    fc.property(results, (given: AuthResults) => {
      const read = readAuthResults(writeAuthResultsValue(given))
      assert.ok(read.ok)
      assert.deepEqual(JSON.parse(JSON.stringify(read.value)), JSON.parse(JSON.stringify(given)))
    }),
    { numRuns: 300 },
  )
})

test('any text is read or refused', () => {
  const unit = fc.constantFrom('a', '"', '(', ')', '\\', ';', '=', '/', ' ', '\r\n\t', '.', '@', 'é')
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 60 }), (text) => {
      readAuthResults(text)
    }),
    { numRuns: 500 },
  )
})
