/** What the guard and the filter are asked of a submitted message, and what sending it teaches. Pure but for the history it is given. */
import { createHash } from 'node:crypto'
import { corresponds } from './correspondents.ts'
import type { OfficeDeps } from './deps.ts'
import { jobOf } from './scan-job.ts'
import type { ScanJob, ScanOutcome } from './scan-port.ts'
import type { PostSettings } from './settings.ts'
import type { Draft } from './submit-draft.ts'
import type { Sending } from './submit-ports.ts'

/** How much a message that somebody sent counts as a lesson of wanted mail; a person's own decision counts 1. */
const SENT_WEIGHT = 0.3
const SAME_LETTERS = 22
const MOST_ASKED = 1_000 // recipients whose history is looked up

/** The addresses that the message goes to, lower case: each recipient once. */
const recipientsOf = ({ mail }: Draft): readonly string[] => [
  ...new Set(mail.envelope.recipients.map(({ address }) => address.text.toLowerCase())),
]

/** @returns what the guard is asked. */
export const sendingOf = async (deps: OfficeDeps, draft: Draft): Promise<Sending> => {
  const recipients = recipientsOf(draft)
  const asked = recipients.slice(0, MOST_ASKED)
  const known = await Promise.all(asked.map((address) => corresponds(deps.history, draft.account.id, address)))
  const { mail, account } = draft
  return {
    account,
    recipients,
    firstTime: recipients.filter((_, index) => known[index] !== true),
    ip: mail.envelope.ip,
    at: mail.at,
    size: mail.body.size,
  }
}

/**
 * What makes two tries the same message: a mail program that was refused tries again, with another Message-ID and other boundaries, but the same subject to
 * the same people.
 */
export const samenessOf = (draft: Draft): string =>
  createHash('sha256')
    .update(`${draft.mail.head.subject}\0${recipientsOf(draft).toSorted().join('\0')}`)
    .digest('base64url')
    .slice(0, SAME_LETTERS)

/** @returns the job of the scan threads: nothing is verified, for the sender has logged in; the account's own training counts. */
export const outgoingJob = (settings: PostSettings, draft: Draft): ScanJob => {
  const job = jobOf(settings, draft.mail, {})
  return { ...job, account: draft.account.name, wants: { ...job.wants, verify: false } }
}

/** What was sent is remembered: whom the account writes to, and, where the filter has no doubt, that such mail is wanted. */
export const remember = (deps: OfficeDeps, settings: PostSettings, draft: Draft, scanned: ScanOutcome): void => {
  const { account } = draft
  for (const address of recipientsOf(draft)) deps.history.wrote(account.id, address, draft.names.get(address))
  const output = scanned.kind === 'done' ? scanned.output : undefined
  if (output === undefined || deps.learn === undefined || output.score >= settings.spam.flag / 2) return
  const lesson = { tokens: output.tokens, spam: false, corrects: false, account: account.name, weight: SENT_WEIGHT }
  deps.learn(lesson).then(
    () => undefined,
    (error: unknown) => deps.log.event('learner-damaged', { why: String(error) }),
  )
}
