/**
 * The hinge in both directions: a verdict yields offences for the jail, and a message yields history for the next verdict. Pure but for
 * the history it is given.
 *
 * A message refused for DMARC alone is no offence: forwarders and mailing lists do that to honest mail. What is held against
 * a host is what the server's own thresholds say, never one account's taste.
 */
import type { Offence } from '../ban/offence.ts'
import type { OfficeDeps } from './deps.ts'
import type { PeerFacts } from './gather.ts'
import type { SenderHistory } from './history.ts'
import type { Decision, Known, Mail } from './mail.ts'
import type { PostSettings } from './settings.ts'

const severity = ['accept', 'flag', 'reject'] as const

/** The milder of what was answered and what the server thinks. */
const heldAgainst = ({ answer, server }: Decision): Decision['server'] =>
  severity.indexOf(answer.kind) < severity.indexOf(server.kind) ? answer : server

/** @returns what a message's verdict holds against its sender; none for mail of our own people. */
export const offencesOf = (mail: Mail, known: Known, decision: Decision): readonly Offence[] => {
  if (mail.envelope.account !== undefined) return []
  const held = heldAgainst(decision)
  const kind = held.reasons.includes('spamtrap')
    ? 'spamtrap'
    : !held.reasons.includes('score')
      ? undefined
      : held.kind === 'reject'
        ? 'spam-rejected'
        : 'spam-flagged'
  if (kind === undefined) return []
  const { hostTrusted, networkTrusted, sender } = known
  return [{ kind, ip: mail.envelope.ip, service: 'mail', hostTrusted, networkTrusted, sender, note: mail.id }]
}

/** How much a peer's unknown recipient weighs: a host with a confirmed name and no listing may have mistyped; the sentence is at three. */
export const unknownWeight = (facts: PeerFacts): number =>
  facts.iprev?.result === 'pass' && (facts.dnsbl ?? []).length === 0 ? 1 : 3

/** Whether the peer has no reverse name at all; an unanswered question is none. */
export const isNameless = (facts: PeerFacts): boolean => facts.iprev?.result === 'permerror'

const TRAP_WEIGHT = 3
const FLAG_WEIGHT = 0.5
const UNVOUCHED_WEIGHT = 0.5

/** Counts the message in its sender's standings. Mail that nobody scored says nothing; nor does mail near the flag. */
const noteHistory = async (
  history: SenderHistory,
  settings: PostSettings,
  mail: Mail,
  known: Known,
  decision: Decision,
): Promise<void> => {
  if (known.output === undefined || mail.envelope.account !== undefined) return
  const { server } = decision
  if (server.reasons.includes('spamtrap')) return history.note(known.keys, 'unwanted', TRAP_WEIGHT)
  if (server.reasons.includes('score'))
    return history.note(known.keys, 'unwanted', server.kind === 'reject' ? 1 : FLAG_WEIGHT)
  if (server.kind !== 'accept' || known.output.score >= settings.spam.flag / 2) return
  await history.note(known.keys, 'wanted', known.sender.domain === undefined ? UNVOUCHED_WEIGHT : 1)
}

/**
 * Books a message that was taken or refused for good: its sender's history at once; offences, and what a trap teaches, after the answer
 * went out, since a ban cuts the line that the answer goes on.
 */
export const book = async (
  deps: OfficeDeps,
  settings: PostSettings,
  mail: Mail,
  known: Known,
  decision: Decision,
): Promise<void> => {
  await noteHistory(deps.history, settings, mail, known, decision)
  deps.soon(() => {
    for (const offence of offencesOf(mail, known, decision)) deps.jail.offence(offence)
    if (decision.server.reasons.includes('spamtrap')) learnTrapped(deps, known)
  })
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
