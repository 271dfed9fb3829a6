/** The PROXY header: no octets make the reader throw, and an answer that was given does not change when more comes. */
import assert from 'node:assert/strict'
import { MOST_HEADER, readProxy, writeProxy } from '../src/net/proxy.ts'
import type { FuzzTarget } from './target.ts'

const four = { sourceIp: '192.0.2.7', sourcePort: 4711, targetIp: '192.0.2.1', targetPort: 25 }
const six = { sourceIp: '2001:db8::7', sourcePort: 1, targetIp: '2001:db8::1', targetPort: 65_535 }

export const target: FuzzTarget = {
  name: 'net-proxy',
  seeds: () => [
    ...[four, six].flatMap((ends) => [writeProxy(ends, 1), writeProxy(ends, 2)]),
    Buffer.from('PROXY UNKNOWN\r\nEHLO there\r\n'),
    Buffer.from('\r\n\r\n\0\r\nQUIT\n\x20\0\0\0', 'latin1'),
    Buffer.from('EHLO there\r\n'),
  ],
  run: (input) => {
    const whole = readProxy(input)
    if (whole.kind === 'more') assert.ok(input.length < MOST_HEADER)
    if (whole.kind === 'header') assert.ok(whole.length <= Math.min(input.length, MOST_HEADER))
    for (let end = 0; end < Math.min(input.length, 300); end += 1) {
      const early = readProxy(input.subarray(0, end))
      if (early.kind !== 'more') assert.deepEqual(early, whole)
    }
  },
}
