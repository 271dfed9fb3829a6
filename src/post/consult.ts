/**
 * What another mail server (Postfix, Exim, Sendmail) asks about a message that it holds itself: the same facts, scan, verdict, offences and history as for one
 * that came here, and nothing is stored. A scan that does not come to an end is no verdict: the other server takes the message as it came.
 *
 * Mail of who logged in there, and from private networks, is scanned and not verified: nobody's DNS says anything of it, and nothing is held against anybody.
 */
import { isPrivate } from '../ban/subject.ts'
import { isLoopback } from '../base/ip.ts'
import type { Body } from '../base/spool.ts'
import type { Hit } from '../spam/facts.ts'
import { thresholdsOf } from './account-settings.ts'
import { shownName } from './acquaintances.ts'
import { refuse, wordFor } from './answer.ts'
import type { OfficeDeps } from './deps.ts'
import { claimedAddress, gather } from './gather.ts'
import { MOST_HEAD, readHead } from './head.ts'
import type { Decision, Known, Mail, Taker } from './mail.ts'
import { book } from './offences.ts'
import type { Envelope, EnvelopeAddress } from './ports.ts'
import { jobOf } from './scan-job.ts'
import type { PostSettings } from './settings.ts'
import type { Verdict } from './verdict.ts'
import { decideMail, weigh } from './weigh.ts'

const ID_OCTETS = 8

export type Question = {
  /** For the log and the receipt: the other server's own id of the message, or the session's. */
  readonly session: string
  /** Who brought the message there; undefined where nobody tells, and then nothing is verified. */
  readonly ip: string | undefined
  readonly port: number
  readonly helo: string
  readonly tls: Envelope['tls']
  readonly mailFrom: EnvelopeAddress | null
  readonly recipients: readonly EnvelopeAddress[]
  /** The name of who logged in at the other server. */
  readonly login: string | undefined
  /** Whose training and thresholds count, where an account here has that name; else the server's. */
  readonly account: string | undefined
  readonly body: Body & { readonly size: number }
  /** Whether the jail and the sender's history hear of it. */
  readonly counts: boolean
}

export type Consulted =
  | {
      readonly kind: 'judged'
      readonly verdict: Verdict
      readonly score: number
      readonly hits: readonly Hit[]
      readonly flagAt: number
      readonly rejectAt: number
      /** Ending in CRLF; undefined where nothing was verified. */
      readonly authResults: string | undefined
    }
  /** Nobody can say: the message goes on as it came. */
  | { readonly kind: 'unjudged' }

/** Answers other servers. Never rejects; a spool file in the body is dropped when it is answered. */
export type Consult = (question: Question) => Promise<Consulted>

const envelopeOf = (question: Question, at: number, inside: boolean): Envelope => ({
  session: question.session,
  at,
  ip: question.ip ?? '',
  port: question.port,
  helo: question.helo,
  protocol: `ESMTP${question.tls === null ? '' : 'S'}${question.login === undefined ? '' : 'A'}`,
  tls: question.tls,
  mailFrom: question.mailFrom,
  recipients: question.recipients.map((address) => ({ address, notify: [] })),
  body: '8bitmime',
  smtpUtf8: false,
  requireTls: false,
  ...(inside ? { account: question.login ?? '' } : {}),
})

/** What is asked of whom we know nothing of, or need to know nothing of. */
const settingsFor = (settings: PostSettings, inside: boolean): PostSettings => ({
  ...settings,
  scan: { verify: settings.scan.verify && !inside, score: settings.scan.score, summary: false },
  lookups: inside ? { reverse: false, dnsbl: false } : settings.lookups,
  reportAddresses: [],
})

const takersOf = async (deps: OfficeDeps, name: string | undefined): Promise<readonly Taker[]> => {
  const found = name === undefined ? undefined : await deps.store.account({ name: name.toLowerCase() })
  return found?.ok === true ? [{ account: found.value, detail: '' }] : []
}

const headOf = async (deps: OfficeDeps, body: Mail['body']): Promise<Uint8Array> =>
  'bytes' in body ? body.bytes : ((await deps.files?.head(body.file, MOST_HEAD)) ?? new Uint8Array(0))

/** Tells the jail, history, the log and the receipts. */
const note = async (
  deps: OfficeDeps,
  settings: PostSettings,
  mail: Mail,
  known: Known,
  decision: Decision,
  counts: boolean,
): Promise<void> => {
  if (counts) await book(deps, settings, mail, known, decision)
  if (decision.answer.kind === 'reject') {
    await refuse(deps, settings, mail, wordFor(decision), { known, decision })
    return
  }
  const { id, envelope, body } = mail
  deps.log.event('message-judged', {
    id,
    session: envelope.session,
    ip: envelope.ip,
    size: body.size,
    verdict: decision.answer.kind,
    score: known.output?.score,
  })
}

const judged = async (deps: OfficeDeps, question: Question, ownDomains: readonly string[]): Promise<Consulted> => {
  const { ip, login, body } = question
  const inside = login !== undefined || ip === undefined || isLoopback(ip) || isPrivate(ip)
  const settings = settingsFor(deps.settings(), inside)
  const at = deps.now()
  const takers = await takersOf(deps, question.account)
  const envelope = envelopeOf(question, at, inside)
  const mail: Mail = {
    id: Buffer.from(deps.fresh(ID_OCTETS)).toString('hex'),
    at,
    envelope,
    body,
    head: readHead(await headOf(deps, body), settings.host),
    takers,
    trapped: false,
    forwards: [],
  }
  const theirs = inside ? [] : question.recipients.map(({ domain }) => domain).filter((domain) => domain !== '')
  const facts = inside
    ? {}
    : await gather(deps, settings, envelope.ip, {
        address: claimedAddress(mail.head.fromAddress, envelope),
        name: shownName(mail.head.from),
        accounts: takers.map(({ account }) => account.id),
        ownDomains: [...new Set([...ownDomains, ...theirs])],
      })
  const job = jobOf(settings, mail, facts)
  const scanned = await deps.scan(ip === undefined ? { ...job, envelope: undefined } : job)
  if (scanned.kind !== 'done' || scanned.output === undefined) return { kind: 'unjudged' }
  const known = await weigh(deps, settings, mail, facts, scanned)
  const decision = decideMail(settings, mail, known)
  await note(deps, settings, mail, known, decision, question.counts && !inside)
  const { flag, reject } =
    takers[0] === undefined ? settings.spam : thresholdsOf(takers[0].account.settings, settings.spam)
  const { score, hits } = scanned.output
  const { authResults } = scanned
  return { kind: 'judged', verdict: decision.answer, score, hits, flagAt: flag, rejectAt: reject, authResults }
}

/** @param ownDomains the domains that are served here. @returns the verdict. */
export const consult = async (
  deps: OfficeDeps,
  question: Question,
  ownDomains: () => Promise<ReadonlySet<string> | undefined>,
): Promise<Consulted> => {
  try {
    return await judged(deps, question, [...((await ownDomains()) ?? [])])
  } catch (error) {
    // A disk, or a mistake of ours: no reason to hold up somebody else's mail.
    deps.log.event('consult-failed', { session: question.session, why: String(error) })
    return { kind: 'unjudged' }
  } finally {
    if ('file' in question.body) await deps.files?.drop(question.body.file)
  }
}
