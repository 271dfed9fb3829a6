/**
 * From an offence and what is on record to the bans it earns: the talk's table, with its mercies. Pure: clock and random are
 * parameters; the table is sentences.ts.
 *
 * Mercies, in order. Nobody on the allow list is judged; loopback only where asked for. A host (or network) that delivers wanted mail is
 * not banned for one customer's mail: the sentence falls on the sender, by domain, or by address where others of the domain are
 * wanted too, and on nobody where no name is vouched for. An address with a good recent login is not banned for failed
 * ones (post/guesses refuses the pair of login and password alone). Every mercy is named, so that the log can say it.
 */
import type { Prefix } from '../base/ip.ts'
import type { Ban, Offence, OffenceKind, Scope, SenderIdentity } from './offence.ts'
import { cleanRecord, counting, forgiven, type OffenceRecord, priors, sentenced, weighed } from './record.ts'
import type { Sentence, Sentences } from './sentences.ts'
import { domainSubject, isLoopback, listed, type Subjects, subjectsOf } from './subject.ts'

export type JudgeSettings = {
  readonly sentences: Sentences
  readonly allow: readonly Prefix[]
  /** The demo's senders are in 127/8. */
  readonly banLoopback: boolean
}

/** What is known of everybody whom a judgement can touch; a missing one is clean. */
export type Docket = Readonly<Record<string, OffenceRecord>>

type Mercy = 'allowed' | 'loopback' | 'not-an-address' | 'trusted-host' | 'trusted-network' | 'good-login'
export type Judgement = {
  /** The records that changed, by subject. */
  readonly records: Docket
  readonly bans: readonly Ban[]
  /** A sentence that was due and not passed, and why. */
  readonly spared: readonly { readonly subject: string; readonly mercy: Mercy }[]
}

const MOST_FACTOR = 1024 // growth stops here even where no longest term is set

/** Offences by mail that a customer of a good host can commit; the rest are the host's own doing. */
const byMail: ReadonlySet<OffenceKind> = new Set([
  'spam-rejected',
  'spam-flagged',
  'spamtrap',
  'unknown-recipient',
  'no-reverse',
  'too-many-connections',
  'too-slow',
])

/**
 * How long: drawn between the row's two, longer for whoever was banned before.
 * @param before bans that still weigh. @param random 0 to 1, 1 excluded. @returns milliseconds.
 */
export const term = (row: Sentence, before: number, sentences: Sentences, random: () => number): number => {
  const drawn = row.leastMs + Math.floor(random() * (row.mostMs - row.leastMs))
  const factor = Math.min(MOST_FACTOR, Math.max(1, sentences.growth ** Math.round(before)))
  return Math.min(drawn * factor, Math.max(sentences.longestMs, row.mostMs))
}

/** Whom the sentence falls on in place of a host that is spared: the narrowest name that is really to blame. */
const senderToBlame = (sender: SenderIdentity | undefined): string | undefined => {
  if (sender?.domain !== undefined && !sender.domainTrusted) return domainSubject(sender.domain)
  return sender?.address !== undefined && !sender.addressTrusted ? sender.address : undefined
}

const mercyFor = (offence: Offence, who: Sentence['who']): Mercy | undefined => {
  if (offence.kind === 'login-failed') return offence.goodLogin === true && who === 'address' ? 'good-login' : undefined
  if (!byMail.has(offence.kind)) return undefined
  if (who === 'network') return offence.networkTrusted || offence.hostTrusted ? 'trusted-network' : undefined
  return offence.hostTrusted ? 'trusted-host' : undefined
}

const longestWindow = (sentences: Sentences): number => Math.max(0, ...sentences.rows.map((row) => row.withinMs))

type Case = {
  readonly offence: Offence
  readonly settings: JudgeSettings
  readonly now: number
  readonly random: () => number
}
/** A judgement as it grows; `docket` has the changed records in it. */
type Trial = Judgement & { readonly docket: Docket }

const recorded = (trial: Trial, subject: string, record: OffenceRecord): Trial => ({
  ...trial,
  records: { ...trial.records, [subject]: record },
  docket: { ...trial.docket, [subject]: record },
})

/** Counts the offence against `subject`, once in a trial. */
const counted = (one: Case, trial: Trial, subject: string): Trial =>
  trial.records[subject] !== undefined
    ? trial
    : recorded(
        trial,
        subject,
        counting(
          trial.docket[subject] ?? cleanRecord,
          { kind: one.offence.kind, weight: one.offence.weight ?? 1, same: one.offence.sameAs ?? '' },
          one.now,
          longestWindow(one.settings.sentences),
        ),
      )

const isDue = (one: Case, record: OffenceRecord, row: Sentence): boolean =>
  weighed(record, row.offence, row.withinMs, one.now) >= row.count

/** Passes the sentence of `row` on `subject` when it is due. */
const pass = (one: Case, trial: Trial, subject: string, row: Sentence): Trial => {
  const { offence, now, random } = one
  const { sentences } = one.settings
  const record = trial.docket[subject] ?? cleanRecord
  if (!isDue(one, record, row)) return trial
  // What was on its way while a ban was made earns no longer one: the record grows only when it offends after it.
  const serving = record.until > now && record.bannedAt <= now
  const before = Math.max(0, priors(record, now, sentences.halfLifeMs) - (serving ? 1 : 0))
  const until = now + term(row, before, sentences, random)
  const scope: Scope = row.closes === 'all' ? 'all' : offence.service
  const times = Math.round(before) + 1
  const ban: Ban = { subject, scope, offence: offence.kind, from: now, until, times, note: offence.note ?? '' }
  const after = serving
    ? { ...forgiven(record, offence.kind), until: Math.max(record.until, until) }
    : sentenced(record, offence.kind, now, until, sentences.halfLifeMs)
  return { ...recorded(trial, subject, after), bans: [...trial.bans, ban] }
}

const spare = (trial: Trial, subject: string, mercy: Mercy): Trial => ({
  ...trial,
  spared: [...trial.spared, { subject, mercy }],
})

/** The host is spared: the sender's record is judged by the same terms, or nobody's. A sender's ban closes the mail port only. */
const againstSender = (one: Case, trial: Trial, row: Sentence): Trial => {
  const sender = senderToBlame(one.offence.sender)
  if (sender === undefined) return trial
  return pass({ ...one, offence: { ...one.offence, service: 'mail' } }, counted(one, trial, sender), sender, row)
}

/** One row of the table. */
const againstRow = (one: Case, subjects: Subjects, before: Trial, row: Sentence): Trial => {
  const subject = subjects[row.who]
  const mercy = mercyFor(one.offence, row.who)
  if (mercy === undefined) return pass(one, counted(one, before, subject), subject, row)
  if (row.who === 'network') return before
  if (mercy === 'trusted-host') return againstSender(one, spare(before, subject, mercy), row)
  const trial = counted(one, before, subject)
  return isDue(one, trial.docket[subject] ?? cleanRecord, row) ? spare(trial, subject, mercy) : trial
}

const nothing = (ip: string, mercy: Mercy): Judgement => ({ records: {}, bans: [], spared: [{ subject: ip, mercy }] })

/**
 * @param docket the records of `subjectsToJudge(offence)`.
 * @returns the records that changed, the bans to enforce, and who was spared; never throws.
 */
export const judge = (
  offence: Offence,
  docket: Docket,
  now: number,
  settings: JudgeSettings,
  random: () => number,
): Judgement => {
  const subjects = subjectsOf(offence.ip)
  if (subjects === undefined) return nothing(offence.ip, 'not-an-address')
  if (isLoopback(offence.ip) && !settings.banLoopback) return nothing(offence.ip, 'loopback')
  if (listed(offence.ip, settings.allow)) return nothing(offence.ip, 'allowed')
  const start: Trial = { records: {}, bans: [], spared: [], docket }
  const rows = settings.sentences.rows.filter((row) => row.offence === offence.kind)
  const { records, bans, spared } = rows.reduce(
    (trial, row) => againstRow({ offence, settings, now, random }, subjects, trial, row),
    start,
  )
  return { records, bans, spared }
}

/** @returns the keys whose records a judgement of this offence can read or change. */
export const subjectsToJudge = (offence: Offence): readonly string[] => {
  const subjects = subjectsOf(offence.ip)
  const sender = senderToBlame(offence.sender)
  return [
    ...(subjects === undefined ? [] : [subjects.address, subjects.network]),
    ...(sender === undefined ? [] : [sender]),
  ]
}
