/** DNS responses: no octets make the reader throw; what it gives back is bounded and sound text. */
import assert from 'node:assert/strict'
import * as dns from 'dns-packet'
import { meaningOf, readResponse, writeQuery } from '../src/net/dns/packet.ts'
import type { FuzzTarget } from './target.ts'

const types = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'TXT', 'TLSA'] as const
const name = 'a.example'
const queries = types.map((type) => ({ type, query: writeQuery(7, name, type, true) }))

const response = (type: (typeof types)[number], answers: dns.Answer[]): Uint8Array =>
  dns.encode({ type: 'response', id: 7, questions: [{ type, name, class: 'IN' }], answers })

export const target: FuzzTarget = {
  name: 'net-dns',
  seeds: () => [
    response('A', [
      { type: 'CNAME', name, ttl: 1, data: 'b.example' },
      { type: 'A', name: 'b.example', ttl: 1, data: '192.0.2.1' },
    ]),
    response('AAAA', [{ type: 'AAAA', name, ttl: 1, data: '2001:db8::1' }]),
    response('MX', [{ type: 'MX', name, ttl: 1, data: { preference: 1, exchange: 'mx.example' } }]),
    response('TXT', [{ type: 'TXT', name, ttl: 1, data: ['v=spf1 ', 'a mx -all'] }]),
    response('PTR', [{ type: 'PTR', name, ttl: 1, data: 'host.example' }]),
    response('TLSA', [
      { type: 'TLSA', name, ttl: 1, data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32) } },
    ]),
    response('NS', []),
  ],
  run: (input) => {
    for (const { type, query } of queries) {
      const read = readResponse(input, query)
      if (!read.ok) continue
      const meaning = meaningOf(read.value, name, type, true)
      if (meaning.kind !== 'answer' || meaning.answer.kind !== 'found') continue
      assert.ok(meaning.answer.records.length <= 256)
      for (const record of meaning.answer.records)
        if (typeof record === 'string' && type !== 'TXT') assert.match(record, /^[!-~]*$/)
    }
  },
}
