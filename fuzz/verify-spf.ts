/** SPF records: any octets are read or refused; one broken term spoils the record; spaces change nothing. */
import assert from 'node:assert/strict'
import { readMacroString } from '../src/verify/spf-macro.ts'
import { isSpfRecord, readSpfRecord } from '../src/verify/spf-record.ts'
import type { FuzzTarget } from './target.ts'

export const target: FuzzTarget = {
  name: 'verify-spf',
  seeds: () =>
    [
      'v=spf1 a mx/24//64 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all',
      'v=spf1 include:_spf.%{d2} exists:%{ir}.%{l1r+-}._spf.%{d} ptr:example.com ?all exp=why.%{o}',
      'v=spf1 redirect=_spf.example.com moo.cow-far_out=man:dog/cat',
      'v=spf1 a:%%%_%-.example.com a:foo:bar/baz.example.com ip6:::1.1.1.1//33',
      'V=SPF1 ~ALL',
    ].map((text) => Buffer.from(text, 'latin1')),
  run: (input) => {
    const text = Buffer.from(input).toString('latin1')
    readMacroString(text, true)
    const record = `v=spf1 ${text}`
    assert.ok(isSpfRecord(record))
    const read = readSpfRecord(record)
    assert.equal(readSpfRecord(`${record.replaceAll(' ', '  ')} `).ok, read.ok)
    assert.equal(readSpfRecord(`${record} wrong`).ok, false)
    if (read.ok) assert.ok(/^[\x20-\x7e]*$/.test(record))
  },
}
