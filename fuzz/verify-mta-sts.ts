/** MTA-STS and TLS report records and policies: any octets are read; a policy that is read says the same when it is written and read again. */
import assert from 'node:assert/strict'
import { namesMx, readStsPolicy, readStsRecord, writeStsPolicy } from '../src/verify/mta-sts.ts'
import { readTlsRptRecord } from '../src/verify/tls-rpt.ts'
import type { FuzzTarget } from './target.ts'

export const target: FuzzTarget = {
  name: 'verify-mta-sts',
  seeds: () =>
    [
      'version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmax_age: 604800\n',
      'version: STSv1\r\nmode: none\r\nmax_age: 86400\r\nx-more: ü\r\n',
      'v=STSv1; id=20160831085700Z; x=y;',
      'v=TLSRPTv1; rua=mailto:a@b.test,https://b.test/v1',
    ].map((text) => Buffer.from(text)),
  run: (input) => {
    const text = Buffer.from(input).toString()
    for (const record of [text, `v=STSv1;${text}`]) {
      const id = readStsRecord([record])
      assert.ok(!id.ok || /^[A-Za-z0-9]{1,32}$/.test(id.value))
    }
    for (const uri of readTlsRptRecord([text, `v=TLSRPTv1; rua=${text}`])) assert.ok(uri.length <= 1000)
    const policy = readStsPolicy(text)
    if (!policy.ok) return
    assert.deepEqual(readStsPolicy(writeStsPolicy(policy.value)), policy)
    for (const pattern of policy.value.mx) assert.ok(namesMx(policy.value, pattern.replace('*', 'x')), pattern)
  },
}
