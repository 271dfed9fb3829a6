/** A command line: never throws, and an address that was read is written and read as the same. */
import assert from 'node:assert/strict'
import { readPath } from '../src/wire/smtp/address.ts'
import { readCommand } from '../src/wire/smtp/command.ts'
import { readMailParameters, readRcptParameters } from '../src/wire/smtp/parameters.ts'
import type { FuzzTarget } from './target.ts'

const offered = new Set([
  'SIZE',
  'BODY',
  'SMTPUTF8',
  'REQUIRETLS',
  'RET',
  'ENVID',
  'AUTH',
  'HOLDFOR',
  'HOLDUNTIL',
  'NOTIFY',
  'ORCPT',
])

export const target: FuzzTarget = {
  name: 'smtp-command',
  seeds: () =>
    [
      'MAIL FROM:<"a\\" b"@b.example> SIZE=10 BODY=8BITMIME RET=HDRS ENVID=a+40b',
      'MAIL FROM:<@r.example,@s.example:a@[IPv6:2001:db8::1]> SMTPUTF8 HOLDFOR=60',
      'RCPT TO:<postmaster> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@c.example',
      'MAIL FROM: a..b.@b\u00fccher.example. AUTH=<>',
      'BDAT 86401 LAST',
      'AUTH PLAIN AGEAYg==',
      'EHLO [192.0.2.1]',
    ].map((text) => Buffer.from(text)),
  run: (input) => {
    const read = readCommand(Buffer.from(input).toString('utf8'))
    if (!read.ok || (read.value.verb !== 'MAIL' && read.value.verb !== 'RCPT')) return
    const { path, parameters } = read.value
    readMailParameters(parameters, offered)
    readRcptParameters(parameters, offered)
    if (path.address === null || path.address.domain === '') return
    assert.ok(!/[\r\n]/.test(path.address.text))
    const again = readPath(`<${path.address.text}>`)
    // Written out, a quoted pair makes it longer, so only what was near the limit may fail.
    if (!again.ok) assert.ok(path.address.text.length > 250, path.address.text)
    else assert.deepEqual(again.value.path.address, path.address)
  },
}
