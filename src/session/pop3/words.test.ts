import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pop3LimitRows, pop3Limits } from './limits.ts'
import { lineWords, loginWords, misreadWords, pop3Words, saslWords } from './words.ts'

for (const [name, table] of Object.entries({ lineWords, loginWords, misreadWords, pop3Words, saslWords }))
  test(`${name}: one short printable line each, with a response code that is registered or none`, () => {
    for (const [reason, words] of Object.entries<string>(table)) {
      const read = /^(?:\+OK(?: [\x20-\x7e]+)?|-ERR (?:\[([A-Z/-]+)\] )?[^[\x7f-\uffff]+)$/.exec(words)
      assert.ok(read !== null, reason)
      assert.ok(words.length <= 100, reason)
      // RFC 2449 section 8 and RFC 3206.
      const codes = [undefined, 'IN-USE', 'LOGIN-DELAY', 'SYS/TEMP', 'SYS/PERM', 'AUTH']
      assert.ok(codes.includes(read[1]), `${reason}: ${read[1]}`)
    }
  })

test('AUTH is said of wrong credentials only, which a client asks its user about', () => {
  for (const [kind, words] of Object.entries<string>(loginWords))
    assert.equal(words.includes('[AUTH]'), kind === 'bad-credentials')
})

test('the greeting has no timestamp, which would offer APOP', () => assert.ok(!pop3Words.hello.includes('<')))

test('the defaults are those of the table, and keep what RFC 1939 promises a client', () => {
  assert.deepEqual(
    pop3Limits,
    Object.fromEntries(Object.entries(pop3LimitRows).map(([name, row]) => [name, row.value])),
  )
  assert.ok(pop3Limits.patienceMs >= 600_000, 'section 3')
  assert.ok(pop3Limits.line >= 255, 'RFC 2449 section 4')
})
