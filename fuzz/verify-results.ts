/** Authentication-Results: any octets are read or refused; what was read can be written, and is then read as the same. */
import assert from 'node:assert/strict'
import { forgedResults, readAuthResults, writeAuthResultsValue } from '../src/verify/auth-results.ts'
import { readMessage } from '../src/verify/fields.ts'
import type { FuzzTarget } from './target.ts'

export const target: FuzzTarget = {
  name: 'verify-results',
  seeds: () =>
    [
      'mx.example.org 1; spf=pass reason="a b" smtp.mailfrom=a@b.test; dkim/1=fail (x) header.d=d.test header.b="a/b="',
      '(c (d) \\) )"mx.example.org"; none',
      'mx.example.org;\r\n\tiprev=pass policy.iprev="2001:db8::1"',
    ].map((text) => Buffer.from(text, 'latin1')),
  run: (input) => {
    const value = Buffer.from(input).toString('latin1')
    const read = readAuthResults(value)
    if (read.ok) {
      const written = writeAuthResultsValue(read.value)
      assert.match(written, /^(?:[\x20-\x7e\t]|\r\n\t)*$/)
    }
    const field = Buffer.concat([Buffer.from('Authentication-Results: '), input, Buffer.from('\r\n\r\n')])
    for (const { from, to } of forgedResults(readMessage(field).fields, ['mx.example.org'])) assert.ok(from < to)
  },
}
