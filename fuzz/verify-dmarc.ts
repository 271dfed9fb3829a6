/** DMARC records and From fields: any octets are read; what an author domain is, DNS can be asked for. */
import assert from 'node:assert/strict'
import { readAuthors } from '../src/verify/author.ts'
import { isDmarcRecord, readDmarcRecord } from '../src/verify/dmarc-record.ts'
import { stepsOf } from '../src/verify/dmarc-walk.ts'
import { readMessage } from '../src/verify/fields.ts'
import { isDomain } from '../src/verify/lookup.ts'
import type { FuzzTarget } from './target.ts'

export const target: FuzzTarget = {
  name: 'verify-dmarc',
  seeds: () =>
    [
      'v=DMARC1; p=reject; sp=quarantine; np=none; adkim=s; aspf=r; psd=y; t=y; pct=50; fo=1:d:s; rua=mailto:a@b.test!10m,https://x.test/',
      'Team: "a@b" <@r.test:jack@example.com>, (c (d)) jill@bücher.test;, <x@y.z',
      'Smith, John <john@a.b.c.d.e.f.g.h.i.j.example.com>',
    ].map((text) => Buffer.from(text, 'utf8')),
  run: (input) => {
    const text = Buffer.from(input).toString('latin1')
    for (const record of [text, `v=DMARC1;${text}`]) if (isDmarcRecord(record)) readDmarcRecord(record)
    const message = Buffer.concat([Buffer.from('From: '), input, Buffer.from('\r\n\r\n')])
    for (const domain of readAuthors(readMessage(message).fields).domains) {
      assert.ok(isDomain(domain) && domain === domain.toLowerCase(), domain)
      assert.ok(stepsOf(domain).length <= 8)
    }
  },
}
