/**
 * The DNS tree walk: from a domain to its policy record and its organizational domain. RFC 9989 section 4.10 (the walk, eight look-ups),
 * section 4.10.1 (policy discovery), section 4.10.2 (organizational domain). It takes the place of the public suffix list. Pure.
 *
 * The steps are asked at once: only `psd=` ends a walk early, which is rare, and a message waits for one answer instead of three.
 */
import type { Resolve } from '../base/dns.ts'
import { type DmarcRecord, isDmarcRecord, readDmarcRecord } from './dmarc-record.ts'

const MOST_LABELS = 7 // of the steps after the first: eight look-ups in all

export type Step = {
  readonly domain: string
  readonly record?: DmarcRecord
  /** DNS gave no answer. */
  readonly failed: boolean
  /** There is one record and it cannot be used. Several are as good as none (RFC 9989 section 4.10, step 2). */
  readonly spoilt: boolean
}

/** @returns the domains a walk visits, longest first (RFC 9989 section 4.10, steps 3 and 4). */
export const stepsOf = (domain: string): readonly string[] => {
  const labels = domain.split('.')
  const first = Math.max(1, labels.length - MOST_LABELS)
  return [domain, ...labels.slice(first).map((_, index) => labels.slice(first + index).join('.'))]
}

const stepAt = async (domain: string, resolve: Resolve): Promise<Step> => {
  const answer = await resolve(`_dmarc.${domain}`, 'TXT')
  if (answer.kind === 'failed') return { domain, failed: true, spoilt: false }
  const found = answer.kind === 'found' ? answer.records.filter(isDmarcRecord) : []
  const [text] = found
  if (text === undefined || found.length > 1) return { domain, failed: false, spoilt: false }
  const record = readDmarcRecord(text)
  return record === undefined
    ? { domain, failed: false, spoilt: true }
    : { domain, record, failed: false, spoilt: false }
}

/** The record at `domain` itself, one look-up. */
export const recordAt = stepAt

/** Walks up from `domain`. @returns the steps that count: up to and with the one whose `psd=` ends the walk. */
export const walk = async (domain: string, resolve: Resolve): Promise<readonly Step[]> => {
  const steps = await Promise.all(stepsOf(domain).map((one) => stepAt(one, resolve)))
  const end = steps.findIndex(({ record }) => record?.psd === 'n' || record?.psd === 'y')
  return end < 0 ? steps : steps.slice(0, end + 1)
}

/** `name` cut to one label more than `suffix` has. */
const oneBelow = (name: string, suffix: string): string =>
  name
    .split('.')
    .slice(-(suffix.split('.').length + 1))
    .join('.')

/** @param steps a walk from `domain`. @returns its organizational domain, `domain` itself where nobody says otherwise. */
export const organizationalDomain = (domain: string, steps: readonly Step[]): string => {
  const last = steps.at(-1)
  if (last?.record?.psd === 'n') return last.domain
  if (last?.record?.psd === 'y' && last.domain !== domain) return oneBelow(domain, last.domain)
  return steps.findLast((step) => step.record !== undefined)?.domain ?? domain
}

/** @returns the step whose record is the policy for `domain`: its own, its organization's, or its public suffix's. */
export const policyStep = (domain: string, steps: readonly Step[]): Step | undefined => {
  const at = (name: string): Step | undefined => steps.find((step) => step.domain === name && step.record !== undefined)
  return at(domain) ?? at(organizationalDomain(domain, steps)) ?? steps.findLast((step) => step.record?.psd === 'y')
}

/** Whether DNS answered where it matters: a failure above a record that was found changes nothing, one below it or without any does. */
export const isSure = (steps: readonly Step[]): boolean => {
  const found = steps.findLastIndex((step) => step.record !== undefined)
  return !(found < 0 ? steps : steps.slice(0, found)).some((step) => step.failed)
}
