/**
 * TLS reports: the record that asks for them and the report itself. RFC 8460 section 3 (record), section 4.4 (the JSON), section 4.3 (result types).
 * Pure. Refused on purpose: destinations that are neither mailto: nor https:, more than MOST_RUA of them.
 */
import type { TlsFailure } from '../base/tls.ts'

const MOST_RUA = 10
const LONGEST_URI = 1000

/** @param texts the TXT records at `_smtp._tls.DOMAIN`. @returns where reports go: `mailto:` and `https:` URIs; none where no record can be read, or several are there. */
export const readTlsRptRecord = (texts: readonly string[]): readonly string[] => {
  const [text, ...more] = texts.filter((one) => /^v=TLSRPTv1[ \t]*(?:;|$)/.test(one))
  if (text === undefined || more.length > 0) return []
  for (const part of text.split(';').slice(1)) {
    const [, value] = /^[ \t]*rua[ \t]*=(.*)$/s.exec(part) ?? []
    if (value === undefined) continue
    return value
      .split(',')
      .slice(0, MOST_RUA)
      .map((uri) => uri.trim())
      .filter((uri) => uri.length <= LONGEST_URI && /^(?:mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/i.test(uri))
  }
  return []
}

/** @returns the TXT record that asks for reports. @param rua URIs; a comma, semicolon or exclamation mark in one is written as percent and two digits. */
export const writeTlsRptRecord = (rua: readonly string[]): string =>
  `v=TLSRPTv1; rua=${rua.map((uri) => uri.replace(/[,;!]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`)).join(',')}`

/** What kind of policy a session was held against. */
export type TlsPolicyKind = 'tlsa' | 'sts' | 'no-policy-found'

/** Sessions that failed alike. RFC 8460 section 4.4. */
export type TlsFailureCount = {
  readonly type: TlsFailure
  /** Our address; empty where it is not known. */
  readonly sendingIp: string
  readonly mx: string
  readonly receivingIp: string
  readonly reason: string
  readonly sessions: number
}
/** What was seen under one policy of one domain. */
export type TlsPolicyCount = {
  readonly kind: TlsPolicyKind
  /** The policy's own lines: TLSA records, or the fields of MTA-STS. */
  readonly lines: readonly string[]
  /** MTA-STS: the patterns. */
  readonly mx: readonly string[]
  readonly good: number
  readonly failures: readonly TlsFailureCount[]
}
export type TlsReport = {
  readonly organization: string
  /** A mail address. */
  readonly contact: string
  readonly id: string
  readonly domain: string
  /** The day, `2026-11-25`, UTC. */
  readonly day: string
  readonly policies: readonly TlsPolicyCount[]
}

const without = (fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''))

const writePolicy = (domain: string, policy: TlsPolicyCount): unknown => ({
  policy: {
    'policy-type': policy.kind,
    ...(policy.lines.length > 0 ? { 'policy-string': policy.lines } : {}),
    'policy-domain': domain,
    ...(policy.mx.length > 0 ? { 'mx-host': policy.mx } : {}),
  },
  summary: {
    'total-successful-session-count': policy.good,
    'total-failure-session-count': policy.failures.reduce((sum, { sessions }) => sum + sessions, 0),
  },
  ...(policy.failures.length > 0
    ? {
        'failure-details': policy.failures.map((failure) => ({
          'result-type': failure.type,
          ...without({
            'sending-mta-ip': failure.sendingIp,
            'receiving-mx-hostname': failure.mx,
            'receiving-ip': failure.receivingIp,
          }),
          'failed-session-count': failure.sessions,
          ...without({ 'failure-reason-code': failure.reason }),
        })),
      }
    : {}),
})

/** @returns the report as JSON text. RFC 8460 section 4.4. */
export const writeTlsReport = (report: TlsReport): string =>
  JSON.stringify({
    'organization-name': report.organization,
    'date-range': { 'start-datetime': `${report.day}T00:00:00Z`, 'end-datetime': `${report.day}T23:59:59Z` },
    'contact-info': report.contact,
    'report-id': report.id,
    policies: report.policies.map((policy) => writePolicy(report.domain, policy)),
  })
