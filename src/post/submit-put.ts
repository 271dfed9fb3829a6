/**
 * A submitted message into the store: places for the recipients who are here, entries of the queue for all others, and the receipt, in one transaction.
 * RFC 5321 section 4.4 (trace fields), RFC 8601 section 2.7.4 (`auth`).
 */
import { fail, ok, type Result } from '../base/result.ts'
import type { Place, Receipt, Store, StoreFault } from '../store/store.ts'
import { writeAuthResults } from '../verify/auth-results.ts'
import type { OfficeDeps } from './deps.ts'
import type { Decision } from './mail.ts'
import { place } from './place.ts'
import type { ScanOutcome } from './scan-port.ts'
import type { PostSettings } from './settings.ts'
import { hitsOf, receiptOf, type Story, tell } from './story.ts'
import type { Draft } from './submit-draft.ts'
import { entriesFor } from './submit-entries.ts'
import type { GuardAnswer } from './submit-ports.ts'
import { receivedField, returnPathField } from './trace.ts'

/** Fields before the message, latin1: for who reads it here, and for who gets it from us. */
type Traces = { readonly here: string; readonly onward: string }

/** @param signature the DKIM-Signature fields. @returns the trace fields. */
export const tracesOf = (settings: PostSettings, { mail }: Draft, signature: string): Traces => {
  const { envelope } = mail
  const [only, ...others] = envelope.recipients
  const received = receivedField(envelope, {
    host: settings.host,
    id: mail.id,
    at: mail.at,
    showClient: settings.submission.showClient,
    ...(only !== undefined && others.length === 0 ? { recipient: only.address.text } : {}),
  })
  const results = writeAuthResults({
    authserv: settings.host,
    results: [
      {
        method: 'auth',
        result: 'pass',
        properties: [{ name: 'smtp.mailfrom', value: envelope.mailFrom?.text ?? '' }],
      },
    ],
  })
  return { here: returnPathField(envelope) + received + results + signature, onward: received + signature }
}

const accept: Decision['answer'] = { kind: 'accept', reasons: [] }
const accepting = ({ mail }: Draft): Decision => ({
  verdicts: mail.takers.map(() => accept),
  answer: accept,
  server: accept,
})

/** Mailboxes are named, not numbered: one that goes meanwhile is made again, and nothing that was taken is lost. */
const placesFor = async (deps: OfficeDeps, draft: Draft, traces: Traces): Promise<readonly Place[]> => {
  const { mail } = draft
  const chosen = await place(deps.store, mail, accepting(draft))
  return mail.takers.map(({ account }, index) => ({
    account: account.id,
    mailbox: { name: chosen[index]?.name ?? 'INBOX' },
    flags: [],
    prefix: traces.here,
    internalDate: mail.at,
    enforceQuota: false, // the room was promised at RCPT
  }))
}

const folderOf = (one: Place | undefined): string =>
  one !== undefined && typeof one.mailbox === 'object' && 'name' in one.mailbox ? one.mailbox.name : ''

/** @returns the receipt, whose story tells who sent it and where each copy went. */
const receiptFor = (
  settings: PostSettings,
  draft: Draft,
  scanned: ScanOutcome,
  { places, queue }: Omit<Putting, 'receipt'>,
): Receipt => {
  const { mail, account } = draft
  const output = scanned.kind === 'done' ? scanned.output : undefined
  const story: Story = {
    ...tell(mail, undefined, accepting(draft), places.map(folderOf)),
    scan: scanned.kind,
    hits: hitsOf(output),
    // What waits here is told by the queue alone.
    ...(places.length === 0 ? { places: [] } : {}),
    sent: {
      account: account.name,
      to: (queue?.entries ?? []).map(({ recipient, state, why }) => [recipient, state, why]),
    },
  }
  return receiptOf(settings, mail, 'accept', output?.score ?? 0, story)
}

/**
 * @param answer of the guard: what it holds waits in the queue, for recipients here as well.
 * @returns what goes into the store.
 */
export const puttingFor = async (
  deps: OfficeDeps,
  settings: PostSettings,
  draft: Draft,
  answer: GuardAnswer,
  traces: Traces,
  scanned: ScanOutcome,
): Promise<Putting> => {
  const waits = answer.kind === 'hold' || draft.mail.envelope.holdUntil !== undefined
  const places = waits ? [] : await placesFor(deps, draft, traces)
  const entries = entriesFor(settings, draft, answer, waits)
  const queue = entries.length === 0 ? undefined : { prefix: traces.onward, entries }
  return { places, queue, receipt: receiptFor(settings, draft, scanned, { places, queue }) }
}

/** What is put into the store, and what becomes of the message there. */
export type Putting = {
  readonly places: readonly Place[]
  readonly queue: NonNullable<Parameters<Store['deliver']>[0]['queue']> | undefined
  readonly receipt: Receipt
}

/** @returns once all of it is on disk. Only an account that went since RCPT is without its copy, and that is logged. */
export const put = async (
  { store, now, log }: OfficeDeps,
  { mail }: Draft,
  { places, queue, receipt }: Putting,
  scanned: ScanOutcome,
): Promise<Result<null, StoreFault>> => {
  // Spamtraps and blackholes alone: it is taken, and goes nowhere.
  if (places.length === 0 && queue === undefined) return store.addReceipt(receipt)
  const body = 'bytes' in mail.body ? { bytes: mail.body.bytes } : { file: mail.body.file, size: mail.body.size }
  const { summary } = scanned
  const stored = await store.deliver({
    body,
    now: now(),
    places,
    receipt,
    ...(queue === undefined ? {} : { queue }),
    ...(summary === undefined ? {} : { summary }),
  })
  if (!stored.ok) return stored
  const faults = stored.value.flatMap((one) => (one.ok ? [] : [one.error]))
  const [first] = faults
  if (first !== undefined && faults.length === places.length && queue === undefined) return fail(first)
  for (const fault of faults) log.event('store-fault', { verb: 'deliver', fault, message: mail.id })
  return ok(null)
}
