/** Reading a TLS report. RFC 8460 section 4.4. Pure. Bounded in policies and in failures of each; what says no period or no policy is no report. */
import { isRecord, readJson } from '../../base/json.ts'
import { type IncomingTls, plain, type TlsPolicyResult } from './incoming.ts'

const MOST_POLICIES = 100
const MOST_FAILURES = 200

const textOf = (value: unknown): string => (typeof value === 'string' ? plain(value) : '')
const countOf = (value: unknown): number => {
  const count = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  return typeof count === 'number' && Number.isFinite(count) && count > 0 ? Math.min(Math.floor(count), 1e12) : 0
}
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const inner = (value: unknown, name: string): Readonly<Record<string, unknown>> => {
  const found = isRecord(value) ? value[name] : undefined
  return isRecord(found) ? found : {}
}

const readFailures = (value: unknown): TlsPolicyResult['failures'] =>
  listOf(value)
    .filter(isRecord)
    .slice(0, MOST_FAILURES)
    .map((one) => ({
      type: textOf(one['result-type']),
      mx: textOf(one['receiving-mx-hostname']).toLowerCase(),
      receivingIp: textOf(one['receiving-ip']),
      sessions: countOf(one['failed-session-count']),
      reason: textOf(one['failure-reason-code']) || textOf(one['additional-information']),
    }))

const readPolicy = (value: unknown): TlsPolicyResult | undefined => {
  const policy = inner(value, 'policy')
  const summary = inner(value, 'summary')
  const domain = textOf(policy['policy-domain']).toLowerCase().replace(/\.$/, '')
  if (domain === '' || !isRecord(value)) return undefined
  return {
    domain,
    type: textOf(policy['policy-type']),
    good: countOf(summary['total-successful-session-count']),
    failed: countOf(summary['total-failure-session-count']),
    failures: readFailures(value['failure-details']),
  }
}

/** @param octets a JSON document, unpacked. @returns the report; undefined where it is none. */
export const readTlsReport = (octets: Uint8Array): IncomingTls | undefined => {
  const report = readJson(
    Buffer.from(octets.buffer, octets.byteOffset, octets.length)
      .toString('utf8')
      .replace(/^\ufeff/, ''),
  )
  if (!isRecord(report)) return undefined
  const range = inner(report, 'date-range')
  const [begin, end] = [range['start-datetime'], range['end-datetime']].map((one) => Date.parse(textOf(one)))
  const policies = listOf(report['policies'])
    .slice(0, MOST_POLICIES)
    .flatMap((one) => readPolicy(one) ?? [])
  if (begin === undefined || end === undefined || !(begin <= end) || policies.length === 0) return undefined
  return {
    kind: 'tls',
    organization: textOf(report['organization-name']),
    contact: textOf(report['contact-info']),
    id: textOf(report['report-id']),
    ...{ begin, end, policies },
  }
}
