/**
 * DMARC: does the author's domain stand behind the message, and what does it ask for if not? RFC 9989 section 4.4 (alignment), section 5.3
 * (how a receiver evaluates), section 4.7 (`t`, `sp`, `np`); RFC 8601 and RFC 9989 section 9 (result words). Pure but for the look-ups.
 *
 * Several authors of different domains: each is judged, and the strictest that fails counts. Several From fields never pass. `pct` of
 * RFC 7489 is honoured where a record has it (docs/decisions/0027). A DNS failure is a temperror and asks for nothing.
 */
import type { Resolve } from '../base/dns.ts'
import { readAuthors } from './author.ts'
import type { DmarcPolicy, DmarcRecord } from './dmarc-record.ts'
import { isSure, organizationalDomain, policyStep, recordAt, type Step, walk } from './dmarc-walk.ts'
import type { Field } from './fields.ts'

type DmarcWord = 'pass' | 'fail' | 'none' | 'temperror' | 'permerror'
type DmarcReason =
  | 'no-author'
  | 'several-from'
  | 'too-many-authors'
  | 'author-unreadable'
  | 'record-spoilt'
  | 'no-record'
  | 'no-answer'
export type DmarcVerdict = {
  readonly result: DmarcWord
  /** The author domain that was judged; empty where there is none. */
  readonly domain: string
  /** What the domain publishes for a message like this one: `p`, `sp` or `np`. */
  readonly policy?: DmarcPolicy
  /** Which of them it was. */
  readonly from?: 'p' | 'sp' | 'np'
  /** Where the record stands. */
  readonly policyDomain?: string
  /** What to do with this message: the policy, one step less under `t=y` or outside `pct`; `none` unless the result is `fail`. */
  readonly disposition: DmarcPolicy
  readonly testing?: boolean
  /** The record itself, where there is one: whom to tell, and of what. */
  readonly record?: DmarcRecord
  /** Only where a record has one below 100. */
  readonly pct?: number
  readonly alignment: {
    readonly mode: { readonly spf: 'strict' | 'relaxed'; readonly dkim: 'strict' | 'relaxed' }
    /** The aligned domain that passed, where there is one. */
    readonly spf?: string
    readonly dkim?: string
  }
  readonly reason?: DmarcReason
}
type Passed = { readonly result: string; readonly domain: string }
export type DmarcInput = {
  readonly fields: readonly Field[]
  readonly spf: Passed
  readonly dkim: readonly Passed[]
}
export type DmarcOptions = {
  /** 0 to 99, for `pct`: the policy is for the messages below it. Without it only `pct=0` counts. */
  readonly sample?: number
}

const MOST_DOMAINS = 4 // author domains of one message; each may cost sixteen look-ups
const MOST_CANDIDATES = 8 // DKIM domains that are compared
const strictness: Readonly<Record<DmarcPolicy, number>> = { none: 0, quarantine: 1, reject: 2 }
const oneLess: Readonly<Record<DmarcPolicy, DmarcPolicy>> = { none: 'none', quarantine: 'none', reject: 'quarantine' }
const noAlignment = { mode: { spf: 'relaxed', dkim: 'relaxed' } } as const

type Aligned = 'yes' | 'no' | 'unknown'
type Organization = (domain: string) => Promise<{ readonly name: string; readonly sure: boolean }>

const organizationOf =
  (resolve: Resolve): Organization =>
  async (domain) => {
    const steps = await walk(domain, resolve)
    return { name: organizationalDomain(domain, steps), sure: isSure(steps) }
  }

const lastLabel = (domain: string): string => domain.slice(domain.lastIndexOf('.') + 1)

/** RFC 9989 section 4.4: the same domain, or when relaxed the same organizational domain. */
const isAligned = async (
  author: string,
  other: string,
  strict: boolean,
  organization: Organization,
): Promise<Aligned> => {
  if (author === other) return 'yes'
  if (strict || lastLabel(author) !== lastLabel(other)) return 'no'
  const [one, two] = await Promise.all([organization(author), organization(other)])
  if (!one.sure || !two.sure) return 'unknown'
  return one.name === two.name ? 'yes' : 'no'
}

type Alignment = { readonly spf?: string; readonly dkim?: string; readonly unknown: boolean }
const align = async (
  author: string,
  record: DmarcRecord,
  input: DmarcInput,
  organization: Organization,
): Promise<Alignment> => {
  const passed = input.dkim.filter((one) => one.result === 'pass').slice(0, MOST_CANDIDATES)
  const domains = passed.map((one) => one.domain.toLowerCase())
  const spfDomain = input.spf.domain.toLowerCase()
  const spf = input.spf.result === 'pass' ? await isAligned(author, spfDomain, record.strictSpf, organization) : 'no'
  const dkim = await Promise.all(domains.map((domain) => isAligned(author, domain, record.strictDkim, organization)))
  const good = domains.find((_, index) => dkim[index] === 'yes')
  return {
    ...(spf === 'yes' ? { spf: spfDomain } : {}),
    ...(good === undefined ? {} : { dkim: good }),
    unknown: spf === 'unknown' || dkim.includes('unknown') || (await mightPass(author, record, input, organization)),
  }
}

/** A result that DNS kept us from, of an identity that would have counted: then a failure is not sure. */
const mightPass = async (
  author: string,
  record: DmarcRecord,
  input: DmarcInput,
  organization: Organization,
): Promise<boolean> => {
  const open = [
    ...(input.spf.result === 'temperror' ? [{ ...input.spf, strict: record.strictSpf }] : []),
    ...input.dkim.filter((one) => one.result === 'temperror').map((one) => ({ ...one, strict: record.strictDkim })),
  ].slice(0, MOST_CANDIDATES)
  const aligned = await Promise.all(
    open.map((one) => isAligned(author, one.domain.toLowerCase(), one.strict, organization)),
  )
  return aligned.some((one) => one !== 'no')
}

type Applicable = { readonly policy: DmarcPolicy; readonly from: 'p' | 'sp' | 'np' }
/** RFC 9989 section 4.7: `np` for names that do not exist (RFC 8020), `sp` for others below the record, `p` where they are absent. */
const applicable = async (author: string, step: Step, record: DmarcRecord, resolve: Resolve): Promise<Applicable> => {
  if (step.domain === author) return { policy: record.p, from: 'p' }
  if (record.np !== undefined) {
    const answer = await resolve(author, 'A')
    if (answer.kind === 'none' && answer.why === 'nxdomain') return { policy: record.np, from: 'np' }
  }
  return record.sp === undefined ? { policy: record.p, from: 'p' } : { policy: record.sp, from: 'sp' }
}

const isEased = (record: DmarcRecord, sample: number | undefined): boolean =>
  record.testing || (sample === undefined ? record.pct === 0 : sample >= record.pct)

const judge = async (
  author: string,
  input: DmarcInput,
  resolve: Resolve,
  options: DmarcOptions,
): Promise<DmarcVerdict> => {
  const own = await recordAt(author, resolve)
  const steps = own.record === undefined && !own.spoilt ? await walk(author, resolve) : [own]
  const step = policyStep(author, steps)
  const base = { domain: author, disposition: 'none', alignment: noAlignment } as const
  if (!isSure(steps)) return { ...base, result: 'temperror', reason: 'no-answer' }
  if (step?.record === undefined)
    return steps.some((one) => one.spoilt)
      ? { ...base, result: 'permerror', reason: 'record-spoilt' }
      : { ...base, result: 'none', reason: 'no-record' }
  const { record } = step
  const [{ policy, from }, { unknown, ...aligned }] = await Promise.all([
    applicable(author, step, record, resolve),
    align(author, record, input, organizationOf(resolve)),
  ])
  const passes = aligned.spf !== undefined || aligned.dkim !== undefined
  const result = passes ? 'pass' : unknown ? 'temperror' : 'fail'
  const eased = isEased(record, options.sample) ? oneLess[policy] : policy
  return {
    ...{ result, domain: author, policy, from, policyDomain: step.domain },
    disposition: result === 'fail' ? eased : 'none',
    testing: record.testing,
    record,
    ...(record.pct < 100 ? { pct: record.pct } : {}),
    alignment: {
      mode: { spf: record.strictSpf ? 'strict' : 'relaxed', dkim: record.strictDkim ? 'strict' : 'relaxed' },
      ...aligned,
    },
    ...(result === 'temperror' ? { reason: 'no-answer' } : {}),
  }
}

const rank: Readonly<Record<DmarcWord, number>> = { pass: 0, none: 1, permerror: 2, temperror: 3, fail: 4 }
/** Of several authors the one that counts: the failure with the strictest disposition, else the worst result. */
const worst = (verdicts: readonly DmarcVerdict[]): DmarcVerdict | undefined =>
  verdicts.toSorted(
    (one, other) =>
      strictness[other.disposition] - strictness[one.disposition] || rank[other.result] - rank[one.result],
  )[0]

/** @param input the header, and what SPF and DKIM found. @param resolve look-ups. @returns the verdict for the author's domain. */
export const checkDmarc = async (
  input: DmarcInput,
  resolve: Resolve,
  options: DmarcOptions = {},
): Promise<DmarcVerdict> => {
  const authors = readAuthors(input.fields)
  const nobody = { domain: authors.domains[0] ?? '', disposition: 'none', alignment: noAlignment } as const
  if (authors.domains.length > MOST_DOMAINS) return { ...nobody, result: 'permerror', reason: 'too-many-authors' }
  const verdicts = await Promise.all(authors.domains.map((domain) => judge(domain, input, resolve, options)))
  const found = worst(verdicts)
  if (found === undefined)
    return authors.fields > 1 || authors.unreadable
      ? { ...nobody, result: 'permerror', reason: authors.fields > 1 ? 'several-from' : 'author-unreadable' }
      : { ...nobody, result: 'none', reason: 'no-author' }
  if (found.result === 'fail') return found
  if (authors.fields > 1) return { ...found, result: 'permerror', reason: 'several-from' }
  if (authors.unreadable) return { ...found, result: 'permerror', reason: 'author-unreadable' }
  return found
}
