/**
 * A judged message into the store: its prefix (Return-Path, Received, Authentication-Results, X-Spam-*), one transaction for body, rows and
 * receipt, and the words for what a disk can do. Forged verdicts in our name are cut out first; all other octets stay as they came.
 *
 * A place that is gone since it was chosen is tried once more as INBOX. Where some recipients have the message and others cannot, for a
 * passing reason, the sender is asked to try again: a message twice is better than a message lost.
 */
import { fail, ok, type Result } from '../base/result.ts'
import type { Body } from '../base/spool.ts'
import type { Place, Receipt, Store, StoreFault } from '../store/store.ts'
import type { Onward } from './deps.ts'
import { without } from './head.ts'
import type { Decision, Known, Mail } from './mail.ts'
import type { Chosen } from './place.ts'
import type { DeferReason } from './ports.ts'
import type { ScanOutcome } from './scan-port.ts'
import type { PostSettings } from './settings.ts'
import { spamFields } from './spam-fields.ts'
import type { SpoolFiles } from './spool-files.ts'
import { receivedField, returnPathField } from './trace.ts'

const deferrals: Readonly<Record<StoreFault, DeferReason>> = {
  'no-such-account': 'internal', // dropped since RCPT; the next RCPT says so
  'no-such-domain': 'internal',
  'no-such-address': 'internal',
  'no-such-mailbox': 'internal',
  'no-such-message': 'internal',
  'already-exists': 'internal',
  'has-children': 'internal',
  'bad-name': 'internal',
  'over-quota': 'over-quota',
  'too-many': 'internal',
  'disk-full': 'disk-full',
  busy: 'busy',
  damaged: 'damaged',
  closed: 'busy', // the server stops
}
/** @returns what the peer is told of a fault. */
export const deferralOf = (fault: StoreFault): DeferReason => deferrals[fault]

const spamNote = (settings: PostSettings, known: Known, flagged: boolean): string =>
  known.output === undefined
    ? ''
    : spamFields({
        score: known.output.score,
        flagAt: settings.spam.flag,
        flagged,
        hits: known.output.hits,
        host: settings.host,
      })

/** @returns the fields that go before the message, for a flagged copy and for one that is not, and the same of one that goes on. Latin1 text. */
export const prefixes = (
  settings: PostSettings,
  mail: Mail,
  known: Known,
): { readonly [Which in 'flagged' | 'plain' | 'onward' | 'onwardFlagged']: string } => {
  const [only, ...others] = mail.envelope.recipients
  const trace = receivedField(mail.envelope, {
    host: settings.host,
    id: mail.id,
    at: mail.at,
    showClient: mail.envelope.account === undefined,
    ...(known.facts.iprev?.result === 'pass' && known.facts.iprev.name !== undefined
      ? { reverseName: known.facts.iprev.name }
      : {}),
    ...(only !== undefined && others.length === 0 ? { recipient: only.address.text } : {}),
  })
  const onward = trace + known.authResults
  const head = returnPathField(mail.envelope) + onward
  const flags = spamNote(settings, known, true)
  return {
    flagged: head + flags,
    plain: head + spamNote(settings, known, false),
    onward,
    onwardFlagged: onward + flags,
  }
}

const bodyOf = async (mail: Mail, files: SpoolFiles | undefined): Promise<Body> => {
  const { body, head } = mail
  if ('bytes' in body) return { bytes: head.forged.length === 0 ? body.bytes : without(body.bytes, head.forged) }
  const kept = head.forged.length === 0 || files === undefined ? body : await files.cut(body, head.forged)
  return 'bytes' in kept ? { bytes: kept.bytes } : { file: kept.file, size: kept.size }
}

type DeliverDeps = {
  readonly store: Pick<Store, 'deliver'>
  readonly files?: SpoolFiles | undefined
  readonly now: () => number
}

/** @param onward what leaves, in the same transaction. @returns once every recipient has the message; else the fault of the first who has not. */
export const deliver = async (
  deps: DeliverDeps,
  mail: Mail,
  places: readonly Place[],
  scanned: ScanOutcome,
  receipt: Receipt,
  onward?: Onward,
): Promise<Result<null, StoreFault>> => {
  const body = await bodyOf(mail, deps.files)
  try {
    return await deliverBody(deps, mail, body, places, scanned, receipt, onward)
  } finally {
    // What was cut is a file of its own; the store has it, or nobody wants it.
    if ('file' in body && !('file' in mail.body && mail.body.file === body.file)) await deps.files?.drop(body.file)
  }
}

const deliverBody = async (
  deps: DeliverDeps,
  mail: Mail,
  body: Body,
  places: readonly Place[],
  scanned: ScanOutcome,
  receipt: Receipt,
  onward: Onward | undefined,
): Promise<Result<null, StoreFault>> => {
  // A summary speaks of the octets that it was made from.
  const summary = mail.head.forged.length === 0 ? scanned.summary : undefined
  const given = { body, now: deps.now(), ...(summary === undefined ? {} : { summary }) }
  const queue = onward === undefined ? {} : { queue: onward }
  const answer = await deps.store.deliver({ ...given, places, receipt, ...queue })
  if (!answer.ok) return answer
  const failed = answer.value.flatMap((one, index) => (one.ok ? [] : [{ fault: one.error, place: places[index] }]))
  const [first] = failed
  if (first === undefined) return ok(null)
  const again = failed.flatMap(({ place }) => (place === undefined ? [] : [{ ...place, mailbox: { name: 'INBOX' } }]))
  // A spool file is gone once the store has it; only octets in memory can be delivered twice.
  const second = 'bytes' in body ? await deps.store.deliver({ ...given, body, places: again }) : fail(first.fault)
  if (!second.ok) return second
  const still = second.value.find((one) => !one.ok)
  return still === undefined || still.ok ? ok(null) : fail(still.error)
}

/** @returns what the store is asked to do for each taker. */
export const placesOf = (
  mail: Mail,
  chosen: readonly Chosen[],
  decision: Decision,
  prefix: ReturnType<typeof prefixes>,
): readonly Place[] =>
  chosen.flatMap(({ mailbox, flags }, index) => {
    const taker = mail.takers[index]
    if (taker === undefined) return []
    const flagged = decision.verdicts[index]?.kind !== 'accept'
    return [
      {
        account: taker.account.id,
        mailbox,
        flags,
        prefix: flagged ? prefix.flagged : prefix.plain,
        internalDate: mail.at,
        enforceQuota: false, // the room was promised at RCPT
      },
    ]
  })
