/**
 * A submitted message on its way out, before it is judged: its header made whole (repair.ts), its authors checked against the addresses of the account,
 * its body written anew where something was added or taken out. RFC 6409 sections 6.1 and 8. What the check refuses is refused before it is queued.
 */
import { fail, ok, type Result } from '../base/result.ts'
import type { Body } from '../base/spool.ts'
import type { Account } from '../store/store.ts'
import { namesIn } from './acquaintances.ts'
import { MOST_HEAD, readHead, without } from './head.ts'
import type { Forward, Mail, Taken } from './mail.ts'
import type { Envelope, Recipient, RejectReason } from './ports.ts'
import { type HeaderAddress, repair } from './repair.ts'
import type { PostSettings } from './settings.ts'
import type { SpoolFiles } from './spool-files.ts'
import { notYours } from './submit-senders.ts'
import { writeDate } from './trace.ts'

/** A recipient and where RCPT found that it leads. */
export type Routed = { readonly recipient: Recipient; readonly taken: Taken }

export type Draft = {
  readonly mail: Mail
  readonly account: Account
  /** The domain that signs it: of its first author. */
  readonly domain: string
  /** Recipients with a mailbox here. */
  readonly local: readonly Recipient[]
  /** Recipients that leave, whatever led there. */
  readonly leaving: readonly Forward[]
  /** The names that To and Cc show, by address, lower case. */
  readonly names: ReadonlyMap<string, string>
  /** Whether the header or an address needs SMTPUTF8 on the way. */
  readonly utf8: boolean
}

export type Refusal = { readonly reason: RejectReason; readonly text: string }

type Given = {
  readonly id: string
  readonly at: number
  readonly envelope: Envelope
  readonly body: Body & { readonly size: number }
  readonly account: Account
  readonly routed: readonly Routed[]
}
type DraftDeps = {
  readonly files?: SpoolFiles | undefined
  /** Whether the account sends as this address; undefined where the store cannot tell. */
  readonly maySendAs: (address: HeaderAddress) => Promise<boolean | undefined>
}

const headOf = async (deps: DraftDeps, body: Given['body']): Promise<Uint8Array> =>
  'bytes' in body ? body.bytes : ((await deps.files?.head(body.file, MOST_HEAD)) ?? new Uint8Array(0))

/** The first author (or Sender) that is not the account's. */
const stranger = async (
  deps: DraftDeps,
  addresses: readonly HeaderAddress[],
): Promise<HeaderAddress | 'unknown' | undefined> => {
  for (const address of addresses) {
    const may = await deps.maySendAs(address)
    if (may === undefined) return 'unknown'
    if (!may) return address
  }
  return undefined
}

type Cuts = readonly (readonly [number, number])[]

/** The body with `added` before it and without the ranges; the same where nothing changes. */
const rewritten = async (deps: DraftDeps, body: Given['body'], added: string, cuts: Cuts): Promise<Given['body']> => {
  if (added === '' && cuts.length === 0) return body
  const head = Buffer.from(added, 'latin1')
  if ('bytes' in body) {
    const bytes = Buffer.concat([head, without(body.bytes, cuts)])
    return { bytes, size: bytes.length }
  }
  if (deps.files === undefined) return body
  return deps.files.cut(body, cuts, head)
}

/** What leads where, one for each address. */
const leavingOf = (routed: readonly Routed[]): readonly Forward[] => {
  const found = new Map<string, Forward>()
  for (const { recipient, taken } of routed) {
    const targets =
      taken.kind === 'elsewhere' ? [recipient.address.text] : taken.kind === 'mailboxes' ? taken.forwards : []
    for (const to of targets) if (!found.has(to)) found.set(to, { recipient, to })
  }
  return [...found.values()]
}

/** @returns the draft; why it cannot leave; or undefined where the store cannot tell whose an address is. */
export const draftOf = async (
  deps: DraftDeps,
  settings: PostSettings,
  given: Given,
  takers: Mail['takers'],
): Promise<Result<Draft, Refusal> | undefined> => {
  const { id, at, envelope, body, account, routed } = given
  const octets = await headOf(deps, body)
  const made = repair(octets, octets.length === body.size, {
    date: writeDate(at),
    messageId: (domain) => `<${id}@${domain}>`,
  })
  if (!made.ok) return fail({ reason: 'malformed', text: made.error })
  const { added, cuts, authors, sender, utf8 } = made.value
  const other = await stranger(deps, sender === undefined ? authors : [...authors, sender])
  if (other === 'unknown') return undefined
  if (other !== undefined) return fail({ reason: 'not-your-address', text: notYours(other.text, account) })
  const forged = readHead(octets, settings.host).forged
  const body2 = await rewritten(deps, body, added, ordered([...cuts, ...forged]))
  const head = readHead(
    Buffer.concat([Buffer.from(added, 'latin1'), without(octets, ordered([...cuts, ...forged]))]),
    settings.host,
  )
  const leaving = leavingOf(routed)
  const addresses = [envelope.mailFrom?.text ?? '', ...leaving.map(({ to }) => to)]
  return ok({
    mail: { id, at, envelope, body: body2, head, takers, trapped: false, forwards: [] },
    account,
    domain: authors[0]?.domain ?? '',
    local: routed.flatMap((one) =>
      one.taken.kind === 'mailboxes' && one.taken.takers.length > 0 ? [one.recipient] : [],
    ),
    leaving,
    names: namesIn(octets),
    utf8: utf8 || envelope.smtpUtf8 || addresses.some((one) => /[^\x00-\x7f]/.test(one)),
  })
}

const ordered = (cuts: Cuts): Cuts => [...cuts].sort(([one], [other]) => one - other)
