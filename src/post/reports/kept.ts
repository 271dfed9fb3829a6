/**
 * Reports of others, kept: the summary of each in one space of memos, for lists, and the whole in another. A report that comes twice is kept once. Bounded in
 * size, in number of a day, and in time. Clock and store are parameters.
 */
import { createHash } from 'node:crypto'
import { isRecord, readJson } from '../../base/json.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import type { Store, StoreFault } from '../../store/store.ts'
import { dayOf } from './dmarc-ledger.ts'
import type { IncomingReport } from './incoming.ts'

const SUMMARIES = 'reports-in'
const WHOLES = 'reports-whole'
const KEEP_MS = 400 * 86_400_000
/** Reports of one day; a small server gets a few dozen, and a stranger may send any number. */
const MOST_OF_DAY = 1_000
const MOST_UNPROVEN_OF_DAY = 100
const LARGEST = 1_048_576 // octets of JSON

type ReportSummary = {
  readonly id: string
  readonly kind: IncomingReport['kind']
  readonly receivedAt: number
  /** Who reports, as it says. */
  readonly reporter: string
  /** The domain for which authentication speaks; '' where nobody vouches for the message. */
  readonly vouched: string
  /** What it is about. */
  readonly about: string
  readonly begin: number
  readonly end: number
  /** Messages or sessions, and how many of them were good; of a complaint 1 and 0. */
  readonly total: number
  readonly good: number
}
type WholeReport = { readonly summary: ReportSummary; readonly report: IncomingReport }

const sum = <T>(list: readonly T[], of: (one: T) => number): number => list.reduce((total, one) => total + of(one), 0)

type Figures = Pick<ReportSummary, 'reporter' | 'about' | 'begin' | 'end' | 'total' | 'good'>
const figuresOf = (report: IncomingReport, now: number): Figures => {
  if (report.kind === 'dmarc') {
    const { organization, domain, begin, end, messages, passed } = report
    return { reporter: organization, about: domain, begin, end, total: messages, good: passed }
  }
  if (report.kind === 'tls') {
    const { organization, policies, begin, end } = report
    const good = sum(policies, (one) => one.good)
    const about = [...new Set(policies.map(({ domain }) => domain))].slice(0, 5).join(' ')
    return { reporter: organization, about, begin, end, total: good + sum(policies, (one) => one.failed), good }
  }
  const at = report.arrivedAt ?? now
  return { reporter: report.reporter, about: report.from || report.mailFrom, begin: at, end: at, total: 1, good: 0 }
}

/** What makes two reports the same one (RFC 9990 section 3.5.1, RFC 8460 section 4.4). */
const identityOf = (report: IncomingReport): string =>
  report.kind === 'complaint'
    ? JSON.stringify([report.kind, report.reporter, report.messageId, report.recipient, report.arrivedAt])
    : JSON.stringify([report.kind, report.organization, report.id, report.begin, report.end])

/** @returns the summary; `id` begins with the day, so that the store has them in order. */
const summaryOf = (report: IncomingReport, vouched: string, now: number): ReportSummary => {
  const figures = figuresOf(report, now)
  const hash = createHash('sha256')
    .update(`${vouched} ${identityOf(report)}`)
    .digest('hex')
    .slice(0, 12)
  return { id: `${dayOf(Math.min(figures.end, now))}-${hash}`, kind: report.kind, receivedAt: now, vouched, ...figures }
}

const numbers = ['receivedAt', 'begin', 'end', 'total', 'good'] as const
const texts = ['id', 'kind', 'reporter', 'vouched', 'about'] as const
const readSummary = (value: unknown): ReportSummary | undefined => {
  if (!isRecord(value)) return undefined
  const good =
    numbers.every((name) => typeof value[name] === 'number') && texts.every((name) => typeof value[name] === 'string')
  return good ? (value as ReportSummary) : undefined // ours: nobody else writes into this space
}
const parse = (octets: Uint8Array | undefined): unknown =>
  octets === undefined ? undefined : readJson(Buffer.from(octets).toString('utf8'))

export type KeptDeps = { readonly store: Pick<Store, 'remember' | 'recall'>; readonly now: () => number }
export type KeptReports = {
  /** @returns once it is on the disk, or why it is not kept: then it is ordinary mail. */
  readonly keep: (
    report: IncomingReport,
    vouched: string,
  ) => Promise<Result<ReportSummary, StoreFault | 'too-many' | 'too-large'>>
  /** @returns summaries of reports whose period ended since, the newest first. */
  readonly list: (since: number) => Promise<Result<readonly ReportSummary[], StoreFault>>
  readonly show: (id: string) => Promise<Result<WholeReport | null, StoreFault>>
}

/** @returns the reports kept in a store. */
export const openKept = ({ store, now }: KeptDeps): KeptReports => {
  let today = ''
  let taken = 0
  let unproven = 0

  /** Whether there is room for one more today. */
  const hasRoom = (vouched: string): boolean => {
    const day = dayOf(now())
    if (day !== today) {
      today = day
      taken = 0
      unproven = 0
    }
    return taken < MOST_OF_DAY && (vouched !== '' || unproven < MOST_UNPROVEN_OF_DAY)
  }

  const keep: KeptReports['keep'] = async (report, vouched) => {
    if (!hasRoom(vouched)) return fail('too-many')
    const summary = summaryOf(report, vouched, now())
    const whole = Buffer.from(JSON.stringify({ summary, report }), 'utf8')
    if (whole.length > LARGEST) return fail('too-large')
    const expiresAt = now() + KEEP_MS
    // The whole first: what is listed can be shown.
    const put = await store.remember({ space: WHOLES, memos: [{ key: summary.id, value: whole, expiresAt }] })
    if (!put.ok) return put
    const value = Buffer.from(JSON.stringify(summary), 'utf8')
    const listed = await store.remember({ space: SUMMARIES, memos: [{ key: summary.id, value, expiresAt }] })
    if (!listed.ok) return listed
    taken += 1
    if (vouched === '') unproven += 1
    return ok(summary)
  }

  const list: KeptReports['list'] = async (since) => {
    const memos = await store.recall({ space: SUMMARIES, now: now() })
    if (!memos.ok) return memos
    const found = memos.value.flatMap(({ value }) => readSummary(parse(value)) ?? [])
    return ok(found.filter(({ end }) => end >= since).toSorted((a, b) => b.end - a.end || a.id.localeCompare(b.id)))
  }

  const show: KeptReports['show'] = async (id) => {
    const memo = await store.recall({ space: WHOLES, key: id, now: now() })
    if (!memo.ok) return memo
    const value = parse(memo.value[0]?.value)
    const summary = isRecord(value) ? readSummary(value['summary']) : undefined
    if (summary === undefined || !isRecord(value) || !isRecord(value['report'])) return ok(null)
    return ok({ summary, report: value['report'] as IncomingReport }) // as `keep` wrote it
  }

  return { keep, list, show }
}
