/**
 * One row of an aggregate report: messages of a day that came from one address and fared alike. RFC 9990 section 3.1 (a record for each address, result and
 * identifiers; policy override reasons); RFC 7489 section 7.2. Pure; kept as JSON of our own.
 */
import { isRecord, readJson } from '../../base/json.ts'
import type { DmarcFacts } from '../../verify/dmarc-facts.ts'

const MOST_SIGNATURES = 8
const LONGEST_WORD = 255

type OverrideType = 'local_policy' | 'trusted_forwarder' | 'policy_test_mode' | 'other'
export type DmarcRow = Omit<DmarcFacts, 'policy'> & {
  readonly ip: string
  /** What was done on account of DMARC. */
  readonly disposition: 'none' | 'quarantine' | 'reject'
  /** Why less was done than was asked. */
  readonly reason?: { readonly type: OverrideType; readonly comment?: string }
}
export type CountedRow = DmarcRow & { readonly count: number }

export type Fate = {
  /** What became of the message, as far as DMARC was a reason for it. */
  readonly done: DmarcRow['disposition']
  readonly trustedForwarder: boolean
}

const strictness = { none: 0, quarantine: 1, reject: 2 } as const

const reasonOf = (facts: DmarcFacts, { done, trustedForwarder }: Fate): DmarcRow['reason'] => {
  if (facts.dkimAligned || facts.spfAligned || strictness[done] >= strictness[facts.policy]) return undefined
  if (trustedForwarder) return { type: 'trusted_forwarder', comment: 'the chain of ARC seals explains the failure' }
  if (strictness[done] < strictness[facts.disposition]) return { type: 'local_policy' }
  if (facts.published.testing) return { type: 'policy_test_mode' }
  return { type: 'other', comment: 'sampled_out' }
}

const cut = (text: string): string => text.slice(0, LONGEST_WORD)

/** @returns the row that a message counts in. */
export const rowOf = (ip: string, facts: DmarcFacts, fate: Fate): DmarcRow => {
  const reason = reasonOf(facts, fate)
  const { policy, ...rest } = facts
  return {
    ...rest,
    ...{ ip, headerFrom: cut(facts.headerFrom), envelopeFrom: cut(facts.envelopeFrom), disposition: fate.done },
    dkim: facts.dkim
      .slice(0, MOST_SIGNATURES)
      .map(({ domain, selector, result }) => ({ domain: cut(domain), selector: cut(selector), result })),
    spf: { ...facts.spf, domain: cut(facts.spf.domain) },
    ...(reason === undefined ? {} : { reason }),
  }
}

/** @returns the same row without what a stranger can make different for each message: when there are too many rows, they are put together so. */
export const plainRow = (row: DmarcRow): DmarcRow => ({
  ...row,
  headerFrom: row.policyDomain,
  envelopeFrom: '',
  dkim: row.dkim.filter(({ domain, result }) => result === 'pass' && domain === row.policyDomain).slice(0, 1),
  spf: { domain: row.spfAligned ? row.policyDomain : '', result: row.spf.result, helo: row.spf.helo },
})

export const writeRow = (row: CountedRow): Uint8Array => Buffer.from(JSON.stringify(row), 'utf8')

/** @returns a row that `writeRow` wrote; undefined for anything else. */
export const readRow = (octets: Uint8Array): CountedRow | undefined => {
  const row = readJson(Buffer.from(octets).toString('utf8'))
  if (!isRecord(row) || typeof row['count'] !== 'number' || typeof row['ip'] !== 'string') return undefined
  if (typeof row['policyDomain'] !== 'string' || !isRecord(row['published']) || !Array.isArray(row['dkim']))
    return undefined
  return isRecord(row['spf']) ? (row as CountedRow) : undefined // ours: nobody else writes into this space
}
