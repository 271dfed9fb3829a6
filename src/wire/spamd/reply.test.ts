import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spamdRefusal, spamdTold, spamdVerdict } from './reply.ts'

const verdict = { spam: true, score: 12.34, flagAt: 5 }
for (const [method, version, want] of [
  ['CHECK', [1, 5], 'Content-length: 7\r\nSpam: True ; 12.3 / 5.0\r\n\r\n'],
  ['REPORT_IFSPAM', [1, 3], 'Content-length: 7\r\nSpam: Yes ; 12.3 / 5.0\r\n\r\n'],
  // Exim reads exactly this.
  ['REPORT', [1, 2], 'Spam: True ; 12.3 / 5.0\r\n\r\n'],
  ['PROCESS', [1, 2], 'Content-length: 7\r\n\r\n'],
  ['PROCESS', [1, 1], ''],
  ['PROCESS', [2, 0], 'Content-length: 7\r\nSpam: True ; 12.3 / 5.0\r\n\r\n'],
] as const)
  test(`the answer to ${method} of ${version.join('.')}`, () =>
    assert.equal(spamdVerdict({ method, version }, verdict, 7), `SPAMD/1.1 0 EX_OK\r\n${want}`))

test('wanted mail, lessons, refusals', () => {
  assert.match(
    spamdVerdict({ method: 'CHECK', version: [1, 5] }, { spam: false, score: -1, flagAt: 5 }, 0),
    /False ; -1\.0 \/ 5\.0/,
  )
  assert.equal(spamdTold(['local'], []), 'SPAMD/1.1 0 EX_OK\r\nDidSet: local\r\nContent-length: 0\r\n\r\n')
  assert.equal(spamdTold([], []), 'SPAMD/1.1 0 EX_OK\r\nContent-length: 0\r\n\r\n')
  assert.equal(spamdRefusal('EX_TEMPFAIL', 'a\r\nb'), 'SPAMD/1.1 75 a??b\r\n')
})
