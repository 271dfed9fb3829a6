/** `postern reports list|show`: what others report: who sends in our name (DMARC), how TLS with our servers goes (TLS-RPT), who complains (ARF). */
import * as z from 'zod'
import { readDuration } from '../settings/kinds.ts'
import { writeTable } from '../text/table.ts'
import { askAndPrint } from './ask.ts'
import type { Command } from './command.ts'
import { whereOptions } from './config-file.ts'

const summaryShape = z.object({
  id: z.string(),
  kind: z.enum(['dmarc', 'tls', 'complaint']),
  receivedAt: z.number(),
  reporter: z.string(),
  vouched: z.string(),
  about: z.string(),
  begin: z.number(),
  end: z.number(),
  total: z.number(),
  good: z.number(),
})
const aggregateShape = z.object({
  kind: z.literal('dmarc'),
  policy: z.string(),
  more: z.number(),
  rows: z.array(
    z.object({
      ip: z.string(),
      count: z.number(),
      disposition: z.string(),
      dkim: z.string(),
      spf: z.string(),
      headerFrom: z.string(),
      reasons: z.array(z.string()),
      signatures: z.array(z.object({ domain: z.string(), selector: z.string(), result: z.string() })),
      spfDomain: z.string(),
      spfResult: z.string(),
    }),
  ),
})
const tlsShape = z.object({
  kind: z.literal('tls'),
  policies: z.array(
    z.object({
      domain: z.string(),
      type: z.string(),
      good: z.number(),
      failed: z.number(),
      failures: z.array(
        z.object({
          type: z.string(),
          mx: z.string(),
          receivingIp: z.string(),
          sessions: z.number(),
          reason: z.string(),
        }),
      ),
    }),
  ),
})
const complaintShape = z.object({
  kind: z.literal('complaint'),
  feedback: z.string(),
  sourceIp: z.string(),
  mailFrom: z.string(),
  recipient: z.string(),
  from: z.string(),
  messageId: z.string(),
  subject: z.string(),
})
const wholeShape = z.object({
  summary: summaryShape,
  report: z.discriminatedUnion('kind', [aggregateShape, tlsShape, complaintShape]),
})

type Summary = z.output<typeof summaryShape>
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)
const goodOf = ({ kind, total, good }: Summary): string =>
  kind === 'complaint' ? '-' : total === 0 ? '' : `${Math.round((good / total) * 100)} %`
/** Whoever writes a name can write any name; what authentication says comes with it. */
const reporterOf = ({ reporter, vouched }: Summary): string =>
  vouched === '' ? `${reporter} (unproven)` : reporter === '' ? vouched : reporter

const writeList = (value: unknown): string => {
  const list = z.array(summaryShape).parse(value)
  if (list.length === 0) return 'no reports in that time\n'
  const table = writeTable(
    [
      { head: 'report' },
      { head: 'kind' },
      { head: 'day' },
      { head: 'about', most: 40 },
      { head: 'by', most: 36 },
      { head: 'total', right: true },
      { head: 'good', right: true },
    ],
    list.map((one) => [one.id, one.kind, dayOf(one.end), one.about, reporterOf(one), String(one.total), goodOf(one)]),
  )
  const bad = list.filter(({ kind }) => kind === 'dmarc').reduce((sum, { total, good }) => sum + total - good, 0)
  const complaints = list.filter(({ kind }) => kind === 'complaint').length
  return `${table}\n${bad} messages in our names failed DMARC; ${complaints} complaints. \`postern reports show REPORT\` has the sources.\n`
}

const writeAggregate = ({ rows, policy, more }: z.output<typeof aggregateShape>): string =>
  `policy: ${policy}\n\n${writeTable(
    [
      { head: 'source' },
      { head: 'messages', right: true },
      { head: 'from', most: 32 },
      { head: 'DKIM' },
      { head: 'SPF' },
      { head: 'done' },
      { head: 'why', most: 40 },
    ],
    rows
      .toSorted((a, b) => Number(a.dkim === 'pass' || a.spf === 'pass') - Number(b.dkim === 'pass' || b.spf === 'pass'))
      .map((row) => [
        row.ip,
        String(row.count),
        row.headerFrom,
        row.dkim,
        row.spf,
        row.disposition,
        row.reasons.join(' ') ||
          [
            ...row.signatures.map(({ domain, result }) => `dkim ${domain} ${result}`),
            `spf ${row.spfDomain} ${row.spfResult}`,
          ].join(', '),
      ]),
  )}${more > 0 ? `and ${more} sources more\n` : ''}`

const writeTls = ({ policies }: z.output<typeof tlsShape>): string =>
  policies
    .map(
      ({ domain, type, good, failed, failures }) =>
        `${domain} (${type}): ${good} sessions good, ${failed} failed\n${failures
          .map((one) => `  ${one.sessions} x ${one.type} ${one.mx} ${one.receivingIp} ${one.reason}`.trimEnd())
          .join('\n')}${failures.length > 0 ? '\n' : ''}`,
    )
    .join('')

const writeComplaint = (report: z.output<typeof complaintShape>): string =>
  [
    ['complaint', report.feedback],
    ['of mail from', report.from || report.mailFrom],
    ['to', report.recipient],
    ['sent by', report.sourceIp],
    ['subject', report.subject],
    ['Message-ID', report.messageId],
  ]
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `${name}: ${text}\n`)
    .join('')

const writeWhole = (value: unknown): string => {
  const { summary, report } = wholeShape.parse(value)
  const head = `${summary.id}: ${report.kind} report on ${summary.about}\nby ${reporterOf(summary)}${summary.vouched === '' ? '' : `, proven by ${summary.vouched}`}; ${dayOf(summary.begin)} to ${dayOf(summary.end)}\n`
  if (report.kind === 'dmarc') return head + writeAggregate(report)
  return head + (report.kind === 'tls' ? writeTls(report) : writeComplaint(report))
}

export const reportsList: Command = {
  usage: 'reports list',
  about:
    'Lists the reports that others sent about mail in our names: DMARC aggregates (who sends as us, and whether it passes), TLS reports,\nand complaints. They come to dmarc-reports@, tls-reports@, postmaster@ and abuse@ of our domains, and are kept out of inboxes.',
  options: [{ name: 'since', value: 'DURATION', says: 'how far back', byDefault: '"30 d"' }, ...whereOptions],
  example: 'postern reports list --since "7 d"',
  json: true,
  run: async (given, shell) => {
    const since = given.values['since']
    const ms = readDuration(typeof since === 'string' ? since : '30 d')
    if (given.words.length > 0 || ms === undefined) {
      shell.err('postern reports list: write a length of time as in --since "7 d"\n')
      return 2
    }
    return askAndPrint(given, shell, { verb: 'report-list', words: { since: shell.now() - ms } }, writeList)
  },
}

export const reportsShow: Command = {
  usage: 'reports show REPORT',
  about:
    'Shows one report: every source that sent in our name, or every TLS failure, or the message that was complained of.',
  options: whereOptions,
  example: 'postern reports show 2026-11-24-0123456789ab',
  json: true,
  run: async (given, shell) => {
    const [id, ...more] = given.words
    if (id === undefined || more.length > 0) {
      shell.err('postern reports show: name one report, as `postern reports list` does\n')
      return 2
    }
    return askAndPrint(given, shell, { verb: 'report-show', words: { id } }, writeWhole)
  },
}
