/**
 * The whole mail policy, as one page: each line's result feeds the next. RFC 5321 sections 4.2.5 (250 makes it ours), 6.3 (loops); RFC 8601
 * section 5. Calls only; what a line means is in the file that it calls. A helper that fails rejects nothing: facts are missing then, and
 * the message goes on without them. A message that is to come again leaves no trace in anybody's record.
 */
import { shownName } from './acquaintances.ts'
import { deferred, refuse, taken, wordFor } from './answer.ts'
import { deliver, placesOf, prefixes } from './deliver.ts'
import type { OfficeDeps } from './deps.ts'
import { goesInCircles } from './forward.ts'
import { claimedAddress, gather } from './gather.ts'
import type { Mail } from './mail.ts'
import { book } from './offences.ts'
import { place } from './place.ts'
import type { ReceiveOutcome } from './ports.ts'
import { jobOf } from './scan-job.ts'
import type { PostSettings } from './settings.ts'
import { receiptOf, tell } from './story.ts'
import { decideMail, weigh } from './weigh.ts'

/**
 * @param mail with its route promised at RCPT.
 * @returns once it is on disk and visible, or refused; never rejects for what a stranger can cause.
 */
export const receive = async (
  deps: OfficeDeps,
  settings: PostSettings,
  mail: Mail,
  ownDomains: readonly string[],
): Promise<ReceiveOutcome> => {
  if (mail.head.hops > settings.mostHops || goesInCircles(mail)) return refuse(deps, settings, mail, 'loop')
  const address = claimedAddress(mail.head.fromAddress, mail.envelope)
  const name = shownName(mail.head.from)
  const accounts = mail.takers.map(({ account }) => account.id)

  const facts = await gather(deps, settings, mail.envelope.ip, { address, name, accounts, ownDomains })
  const scanned = await deps.scan(jobOf(settings, mail, facts))
  const known = await weigh(deps, settings, mail, facts, scanned)
  const decision = decideMail(settings, mail, known)

  if (decision.answer.kind === 'reject') {
    await book(deps, settings, mail, known, decision)
    deps.reports?.note(mail, known, decision, ownDomains)
    return refuse(deps, settings, mail, wordFor(decision), { known, decision, scanned })
  }

  const report = scanned.kind === 'done' ? scanned.report : undefined
  const isReport = (await deps.reports?.take(mail, known, report, ownDomains)) === true

  const chosen = isReport ? [] : await place(deps.store, mail, decision)
  const places = placesOf(mail, chosen, decision, prefixes(settings, mail, known))
  const folders = chosen.map(({ name }) => name)
  const leads = !isReport && mail.forwards.length > 0
  const onward = leads ? await deps.forward?.({ settings, mail, known, decision }) : undefined
  const story = tell(mail, known, decision, folders, onward)
  const receipt = receiptOf(settings, mail, decision.answer.kind, known.output?.score ?? 0, story)
  // Without places it is a report that is kept, or went into a blackhole, as its address is set up to.
  const stored = await (places.length === 0 && onward === undefined
    ? deps.store.addReceipt(receipt)
    : deliver(deps, mail, places, scanned, receipt, onward))
  if (!stored.ok) return deferred(deps, mail, stored.error)

  if (onward !== undefined) deps.sending?.wake()
  await book(deps, settings, mail, known, decision)
  deps.reports?.note(mail, known, decision, ownDomains)
  return taken(deps, mail, known, decision)
}
