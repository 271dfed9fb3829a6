/**
 * The whole outgoing policy, as one page, like receive.ts: each line's result feeds the next. RFC 6409 sections 6 and 8; RFC 5321 section 4.2.5 (250 makes it
 * ours). What a line means is in the file that it calls. Whoever has logged in is no stranger: the jail, reverse names and blocklists are not
 * asked; the guard of sending accounts and the filter are.
 */
import { deferred, refuse } from './answer.ts'
import type { OfficeDeps } from './deps.ts'
import type { ReceiveOutcome } from './ports.ts'
import type { PostSettings } from './settings.ts'
import type { Draft } from './submit-draft.ts'
import { outgoingJob, remember, samenessOf, sendingOf } from './submit-facts.ts'
import type { GuardAnswer, SendingPorts } from './submit-ports.ts'
import { put, puttingFor, tracesOf } from './submit-put.ts'
import { tellDelivered } from './submit-told.ts'

type Refused = Extract<GuardAnswer, { readonly kind: 'refuse' }>

const refused = async (
  deps: OfficeDeps,
  settings: PostSettings,
  { mail }: Draft,
  { why, says }: Refused,
): Promise<ReceiveOutcome> => {
  const outcome = await refuse(deps, settings, mail, why)
  return outcome.kind === 'rejected' ? { ...outcome, text: says } : outcome
}

/**
 * @param draft a message whose sender, recipients and header were taken.
 * @returns once it is on disk, in the mailboxes here and in the queue, in one transaction; or refused.
 */
export const submit = async (
  deps: OfficeDeps,
  ports: SendingPorts,
  settings: PostSettings,
  draft: Draft,
): Promise<ReceiveOutcome> => {
  const { mail, account } = draft
  if (mail.head.hops > settings.mostHops) return refuse(deps, settings, mail, 'loop')

  const sending = await sendingOf(deps, draft)
  const asked = await ports.guard.ask(sending)
  if (asked.kind === 'refuse') return refused(deps, settings, draft, asked)

  const scanned = await deps.scan(outgoingJob(settings, draft))
  const score = scanned.kind === 'done' ? (scanned.output?.score ?? 0) : 0
  const { ip, at, recipients } = sending
  const same = samenessOf(draft)
  const judged = await ports.guard.judged({ account, score, ip, at, id: mail.id, recipients: recipients.length, same })
  if (judged.kind === 'refuse') return refused(deps, settings, draft, judged)

  const signature = await ports.sign({ domain: draft.domain, message: mail.body, prefix: '' })
  const traces = tracesOf(settings, draft, signature)
  const answer = asked.kind === 'hold' ? asked : judged
  const putting = await puttingFor(deps, settings, draft, answer, traces, scanned)
  const stored = await put(deps, draft, putting, scanned)
  if (!stored.ok) return deferred(deps, mail, stored.error)
  if (putting.places.length > 0) await tellDelivered(deps, settings, draft)

  // What is held is not sent yet: it makes nobody a correspondent, and teaches nothing.
  if (answer.kind === 'go') remember(deps, settings, draft, scanned)
  ports.guard.sent(sending)
  if (putting.queue !== undefined) ports.wake()
  const { session } = mail.envelope
  const to = recipients.length
  deps.log.event('message-submitted', {
    id: mail.id,
    session,
    ip,
    account: account.name,
    size: mail.body.size,
    to,
    score,
  })
  return { kind: 'accepted', id: mail.id }
}
