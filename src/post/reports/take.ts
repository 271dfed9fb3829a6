/**
 * Which mail is a report to this server, and so goes to the dashboard instead of into somebody's inbox: sent to report addresses alone, read as a report, and
 * about a domain that is served here. RFC 9990, RFC 8460, RFC 5965, RFC 2142. What fails any of it is delivered like all mail, so that nothing is lost.
 */

import type { AccountId } from '../../base/ids.ts'
import type { Log } from '../../base/log.ts'
import type { Store } from '../../store/store.ts'
import { toAscii } from '../../verify/lookup.ts'
import type { Known, Mail } from '../mail.ts'
import { isRole } from '../route.ts'
import type { Complaint, IncomingReport } from './incoming.ts'
import type { KeptReports } from './kept.ts'

/** Somebody complained of mail that an account of ours sent. */
export type ComplaintTold = {
  readonly account: AccountId
  readonly at: number
  readonly feedback: string
  /** The domain that vouches for the complaint. */
  readonly vouched: string
  readonly messageId: string
}
export type TakeDeps = {
  readonly kept: Pick<KeptReports, 'keep'>
  readonly store: Pick<Store, 'address'>
  readonly complained: (told: ComplaintTold) => void
  readonly now: () => number
  readonly log: Log
}

/** @param more addresses that the owner gave to reports, lower case. @returns whether a message to these recipients may be a report. */
export const isForReports = (mail: Pick<Mail, 'envelope'>, more: readonly string[]): boolean =>
  mail.envelope.recipients.length > 0 &&
  mail.envelope.recipients.every(
    ({ address }) => isRole(address.local.replace(/\+.*$/, '')) || more.includes(address.text.toLowerCase()),
  )

const domainOf = (address: string): string => toAscii(address.slice(address.lastIndexOf('@') + 1))

const domainsOf = (report: IncomingReport): readonly string[] => {
  if (report.kind === 'dmarc') return [report.domain]
  if (report.kind === 'tls') return report.policies.map(({ domain }) => toAscii(domain))
  return [report.from, report.mailFrom, report.reportedDomain].map(domainOf)
}

/** Whether it is about a domain of ours, one above it (whose policy holds for ours), or one below. */
const isAboutUs = (report: IncomingReport, own: readonly string[]): boolean =>
  domainsOf(report).some(
    (domain) =>
      domain.includes('.') &&
      own.some((ours) => ours === domain || ours.endsWith(`.${domain}`) || domain.endsWith(`.${ours}`)),
  )

const tellComplaint = async (deps: TakeDeps, complaint: Complaint, vouched: string): Promise<void> => {
  // Anybody can write a complaint: only one that somebody vouches for counts against an account. One that praises does not.
  if (vouched === '' || complaint.feedback === 'not-spam') return
  for (const address of new Set([complaint.from, complaint.mailFrom])) {
    const row = address.includes('@') ? await deps.store.address({ address }) : undefined
    if (row?.ok !== true || row.value?.account === undefined) continue
    const { feedback, messageId } = complaint
    deps.complained({ account: row.value.account, at: deps.now(), feedback, vouched, messageId })
    return
  }
}

/** @returns whether the report is on the disk now, and the message needs no place. */
export const takeReport = async (
  deps: TakeDeps,
  mail: Mail,
  known: Known,
  report: IncomingReport | undefined,
  ownDomains: readonly string[],
): Promise<boolean> => {
  if (report === undefined || !isAboutUs(report, ownDomains.map(toAscii))) return false
  const vouched = known.sender.domain ?? ''
  const kept = await deps.kept.keep(report, vouched)
  if (!kept.ok) {
    deps.log.event('report-not-kept', { id: mail.id, kind: report.kind, why: kept.error })
    return false
  }
  const { id, about, reporter, total, good } = kept.value
  deps.log.event('report-received', { id: mail.id, report: id, kind: report.kind, reporter, about, total, good })
  if (report.kind === 'complaint') await tellComplaint(deps, report, vouched)
  return true
}
