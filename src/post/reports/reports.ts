/**
 * The door of the report rooms, as `receive` sees it: what is counted of a message for
 * the reports of its author's domain, and what is a report itself. RFC 9990, RFC 7489 section 7.2.
 */
import type { Decision, Known, Mail } from '../mail.ts'
import type { DmarcLedger } from './dmarc-ledger.ts'
import { type Fate, rowOf } from './dmarc-row.ts'
import type { IncomingReport } from './incoming.ts'
import { type TakeDeps, takeReport } from './take.ts'

export type Reports = {
  /** Whether the message was a report to us and is kept: then it needs no place. */
  readonly take: (
    mail: Mail,
    known: Known,
    report: IncomingReport | undefined,
    ownDomains: readonly string[],
  ) => Promise<boolean>
  /** Once for each message whose verdict stands; one that is to come again is not counted. */
  readonly note: (mail: Mail, known: Known, decision: Decision, ownDomains: readonly string[]) => void
}

const fateOf = ({ answer }: Decision, known: Known): Fate => ({
  // What another reason did to the message is none of the domain's business (RFC 9990 section 3.1.1.8: the result of applying the DMARC policy).
  done: !answer.reasons.includes('dmarc') ? 'none' : answer.kind === 'reject' ? 'reject' : 'quarantine',
  trustedForwarder: known.trustedForwarder,
})

/** @param isOn whether reports are sent at all. */
export const openReports = (deps: {
  readonly take: TakeDeps
  readonly ledger: Pick<DmarcLedger, 'note'>
  readonly isOn: () => boolean
}): Reports => ({
  take: (mail, known, report, ownDomains) => takeReport(deps.take, mail, known, report, ownDomains),
  note: (mail, known, decision, ownDomains) => {
    const facts = known.wire?.dmarcFacts
    if (facts === undefined || !deps.isOn() || ownDomains.includes(facts.policyDomain)) return
    deps.ledger.note(rowOf(mail.envelope.ip, facts, fateOf(decision, known)))
  },
})
