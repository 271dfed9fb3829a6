/** TLSA records and chains: any octets are judged; what is no chain to a record's certificate is never authentic. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { usableRecords } from '../src/verify/dane.ts'
import { checkDaneChain } from '../src/verify/dane-chain.ts'
import { extensionsOf, pathLengthOf, publicKeyInfoOf } from '../src/verify/der.ts'
import type { FuzzTarget } from './target.ts'

const now = Date.parse('2026-11-25T00:00:00Z')
/** Of mx.example.org, signed by itself; fixed, so that a seed is a seed. */
const der = new Uint8Array(
  Buffer.from(
    [
      'MIIBXzCCAQSgAwIBAgIBATAKBggqhkjOPQQDAjAZMRcwFQYDVQQDEw5teC5leGFtcGxlLm9yZzAeFw0yNjExMjQwMDAwMDBaFw0y',
      'NzExMjUwMDAwMDBaMBkxFzAVBgNVBAMTDm14LmV4YW1wbGUub3JnMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEr1bvpabe3VRa',
      'KLJkgckkKam41DOaB2n0YOptDCTTDJd5F+VGtf7Q7vI9fmmgwjhvrD6mMZU0PxfFtlr0SDyvs6M9MDswCQYDVR0TBAIwADATBgNV',
      'HSUEDDAKBggrBgEFBQcDATAZBgNVHREEEjAQgg5teC5leGFtcGxlLm9yZzAKBggqhkjOPQQDAgNJADBGAiEAvvjX/FFnHbbdOyVX',
      'vlUDK9L3v7fGFdcsTuCD0uLJqLkCIQC7hsm2MnDLRgRU/AklzKxWGhosIl8/gPFRqgzOib7VIg==',
    ].join(''),
    'base64',
  ),
)
const wanted = createHash('sha256').update(der).digest()

export const target: FuzzTarget = {
  name: 'verify-dane',
  seeds: () => [der, der.subarray(4), publicKeyInfoOf(der) ?? new Uint8Array()],
  run: (input) => {
    for (const extension of extensionsOf(input) ?? []) pathLengthOf(extension.value)
    const key = publicKeyInfoOf(input)
    assert.ok(key === undefined || key.length < input.length)
    const [usage = 0, selector = 0, matching = 0] = input
    const odd = [2, 3, usage].flatMap((one) =>
      [0, 1, selector].flatMap((two) =>
        [0, 1, 2, matching].map((three) => ({ usage: one, selector: two, matching: three, data: input })),
      ),
    )
    checkDaneChain(usableRecords(odd), { chain: [der, input], names: ['mx.example.org'], now })
    const pinned = [{ usage: 3, selector: 0, matching: 1, data: wanted }]
    const said = checkDaneChain(pinned, { chain: [input, der], names: ['mx.example.org'], now })
    assert.ok(said !== undefined || Buffer.compare(input, der) === 0)
  },
}
