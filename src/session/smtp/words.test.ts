import assert from 'node:assert/strict'
import { test } from 'node:test'
import { smtpLimitRows, smtpLimits } from './limits.ts'
import {
  authWords,
  contentWords,
  deferWords,
  lineWords,
  misreadWords,
  rcptWords,
  rejectWords,
  saying,
  smtpWords,
} from './words.ts'

const tables = { authWords, rcptWords, rejectWords, deferWords, contentWords, lineWords, misreadWords, smtpWords }

for (const [name, table] of Object.entries(tables))
  test(`${name}: a code, an enhanced code of its class, and printable words of one short line`, () => {
    for (const [reason, words] of Object.entries<string>(table)) {
      const read = /^([2345])\d\d (?:([245])\.\d{1,3}\.\d{1,3} )?[\x20-\x7e]+$/.exec(words)
      assert.ok(read !== null, reason)
      // 354 has no enhanced code (RFC 2034 section 4).
      assert.equal(read[2], read[1] === '3' ? undefined : read[1], reason)
      assert.ok(words.length <= 100, reason)
    }
  })

test('what may be tried again is 4xx, what may not is 5xx', () => {
  for (const words of Object.values(deferWords)) assert.match(words, /^4/)
  for (const words of [...Object.values(rejectWords), ...Object.values(contentWords)]) assert.match(words, /^5/)
})

for (const [words, text, want] of [
  ['550 5.1.1 No such user', undefined, '550 5.1.1 No such user\r\n'],
  ['550 5.1.1 No such user', '', '550 5.1.1 No such user\r\n'],
  ['550 5.1.1 No such user', 'She moved', '550 5.1.1 She moved\r\n'],
  ['550 5.1.1 No such user', 'a\r\n250 ok', '550 5.1.1 a??250 ok\r\n'],
  ['550 5.1.1 No such user', 'über\x00', '550 5.1.1 ?ber?\r\n'],
  ['354 Go on', 'now', '354 now\r\n'],
] as const)
  test(`saying ${words} with ${JSON.stringify(text)}`, () => assert.equal(saying(words, text), want))

test('a text of any length is one line that a client can read', () => {
  assert.ok(saying('550 5.7.1 No', 'x'.repeat(5000)).length <= 512)
})

test('the defaults are those of the table, and keep what RFC 5321 promises a client', () => {
  assert.deepEqual(Object.keys(smtpLimits).sort(), Object.keys(smtpLimitRows).sort())
  for (const [name, row] of Object.entries(smtpLimitRows))
    assert.equal(Object.entries(smtpLimits).find(([key]) => key === name)?.[1], row.value, name)
  assert.ok(smtpLimits.recipients >= 100, 'section 4.5.3.1.8')
  assert.ok(smtpLimits.messageSize >= 65_536, 'section 4.5.3.1.7')
  assert.ok(smtpLimits.commandLine >= 512, 'section 4.5.3.1.4')
  assert.ok(smtpLimits.commandMs >= 300_000, 'section 4.5.3.2.7')
})
