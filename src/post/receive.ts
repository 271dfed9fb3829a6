/**
 * The whole mail policy, as one page: each line's result feeds the next. RFC 5321 sections 4.2.5 (250 makes it ours), 6.3 (loops); RFC 8601
 * section 5. Calls only; what a line means is in the file that it calls. A helper that fails rejects nothing: facts are missing then, and
 * the message goes on without them.
 */
import type { fail } from '../base/result.ts'
import type { Receipt } from '../store/store.ts'
import { deferralOf, deliver, placesOf, prefixes } from './deliver.ts'
import type { OfficeDeps } from './deps.ts'
import { claimedAddress, gather } from './gather.ts'
import type { Decision, Known, Mail } from './mail.ts'
import { noteHistory, offencesOf } from './offences.ts'
import { place } from './place.ts'
import type { ReceiveOutcome, RejectReason } from './ports.ts'
import type { ScanJob } from './scan-port.ts'
import type { PostSettings } from './settings.ts'
import { receiptOf, tell } from './story.ts'
import type { Reason, Verdict } from './verdict.ts'
import { decideMail, weigh } from './weigh.ts'

/** @param mail with its route promised at RCPT. @returns once it is on disk and visible, or refused; never rejects for what a stranger can cause. */
export const receive = async (
  deps: OfficeDeps,
  settings: PostSettings,
  mail: Mail,
  ownDomains: readonly string[],
): Promise<ReceiveOutcome> => {
  if (mail.head.hops > settings.mostHops) return refuse(deps, settings, mail, 'loop')
  const address = claimedAddress(mail.head.fromAddress, mail.envelope)
  const accounts = mail.takers.map(({ account }) => account.id)
  const facts = await gather(deps, settings, mail.envelope.ip, { address, accounts, ownDomains })
  const scanned = await deps.scan(jobOf(settings, mail, facts))
  const known = await weigh(deps, settings, mail, facts, scanned)
  const decision = decideMail(settings, mail, known)
  await noteHistory(deps.history, settings, mail, known, decision)
  deps.soon(() => {
    for (const offence of offencesOf(mail, known, decision)) deps.jail.offence(offence)
    if (decision.server.reasons.includes('spamtrap')) learnTrapped(deps, known)
  })
  if (decision.answer.kind === 'reject') return refuse(deps, settings, mail, wordFor(decision.answer), known, decision)
  const chosen = await place(deps.store, mail, decision)
  const story = tell(
    mail,
    known,
    decision,
    chosen.map(({ name }) => name),
  )
  const receipt = receiptOf(settings, mail, decision.answer.kind, known.output?.score ?? 0, story)
  const places = placesOf(mail, chosen, decision, prefixes(settings, mail, known))
  const stored =
    places.length === 0 ? await deps.store.addReceipt(receipt) : await deliver(deps, mail, places, scanned, receipt)
  if (!stored.ok) return defer(deps, mail, stored)
  const { id, envelope } = mail
  const event = decision.answer.kind === 'flag' ? 'message-flagged' : 'message-accepted'
  deps.log.event(event, {
    id,
    session: envelope.session,
    ip: envelope.ip,
    size: mail.body.size,
    score: known.output?.score,
    accounts: accounts.length,
  })
  return { kind: 'accepted', id }
}

const jobOf = (settings: PostSettings, mail: Mail, facts: ScanJob['facts']): ScanJob => {
  const { envelope, takers } = mail
  const [only, ...others] = takers
  return {
    body: mail.body,
    envelope: {
      ip: envelope.ip,
      helo: envelope.helo,
      mailFrom: envelope.mailFrom?.text ?? '',
      recipients: envelope.recipients.map(({ address }) => address.text),
      reverseName: facts.iprev?.result === 'pass' ? facts.iprev.name : undefined,
      authenticated: envelope.account !== undefined,
      tls: envelope.tls !== null,
    },
    facts,
    account: only !== undefined && others.length === 0 ? only.account.name : undefined,
    host: settings.host,
    receivedAt: mail.at,
    wants: { ...settings.scan, summary: settings.scan.summary && mail.head.forged.length === 0 && takers.length > 0 },
  }
}

const words: Readonly<Record<Reason, RejectReason>> = {
  spamtrap: 'spam',
  score: 'spam',
  dmarc: 'dmarc',
  'sender-banned': 'policy',
}
const wordFor = (verdict: Verdict): RejectReason => words[verdict.reasons[0] ?? 'score']

const refuse = async (
  deps: OfficeDeps,
  settings: PostSettings,
  mail: Mail,
  reason: RejectReason,
  known?: Known,
  decision?: Decision,
): Promise<ReceiveOutcome> => {
  const score = known?.output?.score ?? 0
  const receipt: Receipt = receiptOf(settings, mail, 'reject', score, tell(mail, known, decision, []))
  const kept = await deps.store.addReceipt(receipt)
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

const defer = (
  deps: OfficeDeps,
  mail: Mail,
  stored: ReturnType<typeof fail<Parameters<typeof deferralOf>[0]>>,
): ReceiveOutcome => {
  const reason = deferralOf(stored.error)
  const { session, ip } = mail.envelope
  deps.log.event(stored.error === 'disk-full' ? 'disk-full' : 'store-fault', {
    verb: 'deliver',
    fault: stored.error,
    session,
  })
  deps.log.event('message-deferred', { id: mail.id, session, ip, reason })
  return { kind: 'deferred', reason }
}

/** What a trap gets is spam by definition, and the filter's best teacher. */
const learnTrapped = (deps: OfficeDeps, known: Known): void => {
  const tokens = known.output?.tokens
  if (tokens === undefined || deps.learn === undefined) return
  deps.learn({ tokens, spam: true, corrects: false, weight: 1 }).then(
    () => undefined,
    (error: unknown) => deps.log.event('learner-damaged', { why: String(error) }),
  )
}
