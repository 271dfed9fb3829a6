/**
 * What the peer is told of a message, with the line in the log and the receipt that go with it: taken, refused, or to come again.
 */
import type { Receipt, StoreFault } from '../store/store.ts'
import { deferralOf } from './deliver.ts'
import type { OfficeDeps } from './deps.ts'
import { type Judged, keepRefused } from './keep-refused.ts'
import type { Decision, Known, Mail } from './mail.ts'
import type { ReceiveOutcome, RejectReason } from './ports.ts'
import type { PostSettings } from './settings.ts'
import { receiptOf, tell } from './story.ts'
import type { Reason } from './verdict.ts'

/** It is on disk and visible. */
export const taken = (deps: OfficeDeps, mail: Mail, known: Known, decision: Decision): ReceiveOutcome => {
  const { id, envelope, takers } = mail
  deps.log.event(decision.answer.kind === 'flag' ? 'message-flagged' : 'message-accepted', {
    id,
    session: envelope.session,
    ip: envelope.ip,
    size: mail.body.size,
    score: known.output?.score,
    accounts: takers.length,
  })
  return { kind: 'accepted', id }
}

const words: Readonly<Record<Reason, RejectReason>> = {
  spamtrap: 'spam',
  score: 'spam',
  dmarc: 'dmarc',
  'sender-banned': 'policy',
}

/** @returns the word for the first reason of a verdict. */
export const wordFor = (decision: Decision): RejectReason => words[decision.answer.reasons[0] ?? 'score']

/** It is refused for good; whom it was for finds a note of it. A receipt that cannot be written is missed by the administrator alone. */
export const refuse = async (
  deps: OfficeDeps,
  settings: PostSettings,
  mail: Mail,
  reason: RejectReason,
  judged?: Judged,
): Promise<ReceiveOutcome> => {
  const { known, decision } = judged ?? {}
  const score = known?.output?.score ?? 0
  const receipt: Receipt = receiptOf(settings, mail, 'reject', score, tell(mail, known, decision, []))
  const kept = await keepRefused(deps, settings, mail, receipt, judged)
  if (!kept.ok) deps.log.event('store-fault', { verb: 'addReceipt', fault: kept.error })
  const { session, ip } = mail.envelope
  deps.log.event('message-rejected', {
    id: mail.id,
    session,
    ip,
    reason,
    score,
    reasons: decision?.answer.reasons.join(' '),
  })
  return { kind: 'rejected', reason }
}

/** It can come again: nothing was kept of it, or not by everybody. */
export const deferred = (deps: OfficeDeps, mail: Mail, fault: StoreFault): ReceiveOutcome => {
  const reason = deferralOf(fault)
  const { session, ip } = mail.envelope
  deps.log.event(fault === 'disk-full' ? 'disk-full' : 'store-fault', { verb: 'deliver', fault, session })
  deps.log.event('message-deferred', { id: mail.id, session, ip, reason })
  return { kind: 'deferred', reason }
}
