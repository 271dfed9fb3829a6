/**
 * What an aggregate report says of one message: the policy as it was published, who was asked, and what was found. RFC 9990 section 3.1 (the contents),
 * RFC 7489 section 7.2. Plain data, because it crosses threads; no address, no subject, nothing of a person. Pure.
 */
import type { DkimVerdict } from './dkim.ts'
import type { DmarcVerdict } from './dmarc.ts'
import type { DmarcPolicy, DmarcRecord } from './dmarc-record.ts'
import type { SpfVerdict } from './spf.ts'

type PublishedPolicy = {
  readonly p: DmarcPolicy
  readonly sp: DmarcPolicy
  readonly np: DmarcPolicy
  readonly adkim: 'r' | 's'
  readonly aspf: 'r' | 's'
  readonly fo: string
  readonly testing: boolean
  /** RFC 7489. */
  readonly pct: number
}
export type DmarcFacts = {
  /** Where the record stands: whose report it is. */
  readonly policyDomain: string
  readonly published: PublishedPolicy
  readonly headerFrom: string
  /** The domain of the envelope sender; empty for the null sender. */
  readonly envelopeFrom: string
  readonly dkimAligned: boolean
  readonly spfAligned: boolean
  /** What is asked for a message like this: `p`, `sp` or `np`; and after `t` and `pct`. */
  readonly policy: DmarcPolicy
  readonly disposition: DmarcPolicy
  readonly dkim: readonly { readonly domain: string; readonly selector: string; readonly result: string }[]
  readonly spf: { readonly domain: string; readonly result: string; readonly helo: boolean }
}

const published = (record: DmarcRecord): PublishedPolicy => {
  const sp = record.sp ?? record.p
  return {
    ...{ p: record.p, sp, np: record.np ?? sp, testing: record.testing, pct: record.pct },
    adkim: record.strictDkim ? 's' : 'r',
    aspf: record.strictSpf ? 's' : 'r',
    fo: record.failureOptions.filter((option) => /^[01ds]$/.test(option)).join(':') || '0',
  }
}

const rank = (one: DkimVerdict, aligned: string | undefined, author: string): number =>
  one.result !== 'pass' ? 3 : one.domain === author ? 0 : one.domain === aligned ? 1 : 2

type Found = {
  readonly dmarc: DmarcVerdict
  readonly dkim: readonly DkimVerdict[]
  readonly spf: SpfVerdict
}
/**
 * @param found of one message. @param mailFrom its envelope sender. @returns what to report; undefined where there is no policy, nobody asks for reports, or
 * DNS kept the result from us.
 */
export const dmarcFacts = ({ dmarc, dkim, spf }: Found, mailFrom: string): DmarcFacts | undefined => {
  const { record, policyDomain, policy, alignment } = dmarc
  if (record === undefined || policyDomain === undefined || policy === undefined) return undefined
  if (record.rua.length === 0 || (dmarc.result !== 'pass' && dmarc.result !== 'fail')) return undefined
  const signatures = dkim
    .toSorted((a, b) => rank(a, alignment.dkim, dmarc.domain) - rank(b, alignment.dkim, dmarc.domain))
    .map(({ domain, selector, result }) => ({ domain: domain.toLowerCase(), selector, result }))
  return {
    ...{ policyDomain, published: published(record), headerFrom: dmarc.domain, policy },
    envelopeFrom: mailFrom.slice(mailFrom.lastIndexOf('@') + 1).toLowerCase(),
    dkimAligned: alignment.dkim !== undefined,
    spfAligned: alignment.spf !== undefined,
    disposition: dmarc.disposition,
    dkim: signatures,
    spf: { domain: spf.domain.toLowerCase(), result: spf.result, helo: spf.identity === 'helo' },
  }
}
