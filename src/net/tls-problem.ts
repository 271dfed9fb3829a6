/** What OpenSSL and Node say of a certificate, in the words of RFC 8460 section 4.3.1. Pure. */
import type { PkixProblem } from '../base/tls.ts'

const problems: Readonly<Record<string, PkixProblem>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate-host-mismatch',
  ERR_TLS_CERT_ALTNAME_FORMAT: 'certificate-host-mismatch',
  HOSTNAME_MISMATCH: 'certificate-host-mismatch',
  CERT_HAS_EXPIRED: 'certificate-expired',
  CERT_NOT_YET_VALID: 'certificate-expired',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate-not-trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate-not-trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate-not-trusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-not-trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate-not-trusted',
  CERT_UNTRUSTED: 'certificate-not-trusted',
  CERT_REVOKED: 'certificate-not-trusted',
  CERT_SIGNATURE_FAILURE: 'validation-failure',
  CERT_CHAIN_TOO_LONG: 'validation-failure',
  INVALID_CA: 'validation-failure',
  INVALID_PURPOSE: 'validation-failure',
  PATH_LENGTH_EXCEEDED: 'validation-failure',
}

/** @param said a code, or an error that has one. @returns the problem; undefined where it is none of a certificate. */
export const pkixProblem = (said: unknown): PkixProblem | undefined => {
  const code = said instanceof Error && 'code' in said ? said.code : said
  return typeof code === 'string' && Object.hasOwn(problems, code) ? problems[code] : undefined
}
