/** What the tests of the report rooms share: rows of a report. */
import type { DmarcRow } from './dmarc-row.ts'

/** A row of example.com, of mail that passed. */
export const rowWith = (over: Partial<DmarcRow> = {}): DmarcRow => ({
  policyDomain: 'example.com',
  published: { p: 'reject', sp: 'reject', np: 'reject', testing: false, pct: 100, adkim: 'r', aspf: 'r', fo: '0' },
  headerFrom: 'example.com',
  envelopeFrom: 'bounce.example.com',
  dkimAligned: true,
  spfAligned: true,
  disposition: 'none',
  dkim: [{ domain: 'example.com', selector: 's1', result: 'pass' }],
  spf: { domain: 'bounce.example.com', result: 'pass', helo: false },
  ip: '192.0.2.1',
  ...over,
})
