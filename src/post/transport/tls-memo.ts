/**
 * TLS counts as a memo: JSON, written by us and read with care, because a damaged memo must cost a report and nothing else. Pure.
 */
import type { TlsFailure } from '../../base/tls.ts'
import type { TlsFailureCount, TlsPolicyCount, TlsPolicyKind } from '../../verify/tls-rpt.ts'

const kinds: ReadonlySet<unknown> = new Set<TlsPolicyKind>(['tlsa', 'sts', 'no-policy-found'])
const types: ReadonlySet<unknown> = new Set<TlsFailure>([
  'starttls-not-supported',
  'certificate-host-mismatch',
  'certificate-expired',
  'certificate-not-trusted',
  'validation-failure',
  'tlsa-invalid',
  'dnssec-invalid',
  'dane-required',
  'sts-policy-fetch-error',
  'sts-policy-invalid',
  'sts-webpki-invalid',
])

const isText = (value: unknown): value is string => typeof value === 'string'
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText)
const isKind = (value: unknown): value is TlsPolicyKind => kinds.has(value)
const isType = (value: unknown): value is TlsFailure => types.has(value)

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const readFailure = (value: unknown): readonly TlsFailureCount[] => {
  const [type, sendingIp, mx, receivingIp, reason, sessions] = [
    'type',
    'sendingIp',
    'mx',
    'receivingIp',
    'reason',
    'sessions',
  ].map((name) => field(value, name))
  return isType(type) && isText(sendingIp) && isText(mx) && isText(receivingIp) && isText(reason) && isCount(sessions)
    ? [{ type, sendingIp, mx, receivingIp, reason, sessions }]
    : []
}
const readPolicy = (value: unknown): readonly TlsPolicyCount[] => {
  const [kind, lines, mx, good] = ['kind', 'lines', 'mx', 'good'].map((name) => field(value, name))
  const failures = list(field(value, 'failures')).flatMap(readFailure)
  return isKind(kind) && isTexts(lines) && isTexts(mx) && isCount(good) ? [{ kind, lines, mx, good, failures }] : []
}

/** @returns the memo's octets. */
export const writeTlsCounts = (policies: readonly TlsPolicyCount[]): Uint8Array => Buffer.from(JSON.stringify(policies))

/** @returns the counts; what cannot be read is left out. Never throws. */
export const readTlsCounts = (bytes: Uint8Array): readonly TlsPolicyCount[] => {
  try {
    return list(JSON.parse(Buffer.from(bytes).toString())).flatMap(readPolicy)
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}
