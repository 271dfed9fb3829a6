/** The memo of TLS counts: any octets are read; what is read makes a report that is JSON, and is the same when it is written and read again. */
import assert from 'node:assert/strict'
import { readStsMemory } from '../src/post/transport/sts-policies.ts'
import { readTlsCounts, writeTlsCounts } from '../src/post/transport/tls-memo.ts'
import { writeTlsReport } from '../src/verify/tls-rpt.ts'
import type { FuzzTarget } from './target.ts'

const failure = { type: 'tlsa-invalid', sendingIp: '', mx: 'a', receivingIp: '::1', reason: 'x', sessions: 2 } as const

export const target: FuzzTarget = {
  name: 'post-tls-counts',
  seeds: () => [
    writeTlsCounts([{ kind: 'sts', lines: ['version: STSv1'], mx: ['*.a.b'], good: 3, failures: [failure] }]),
    writeTlsCounts([{ kind: 'no-policy-found', lines: [], mx: [], good: 0, failures: [] }]),
    Buffer.from('x1 77\r\nversion: STSv1\r\nmode: none\r\nmax_age: 5\r\n'),
  ],
  run: (input) => {
    readStsMemory(input)
    const policies = readTlsCounts(input)
    assert.deepEqual(readTlsCounts(writeTlsCounts(policies)), policies)
    JSON.parse(writeTlsReport({ organization: 'o', contact: 'c', id: 'i', domain: 'd', day: '2026-11-25', policies }))
  },
}
