/**
 * How TLS with another mail server can go wrong, in the words of RFC 8460 section 4.3 (result types of TLS reports). Types only; pure.
 */

/** What checking a certificate against a name and the system's authorities can come to. RFC 8460 section 4.3.1. */
export type PkixProblem =
  | 'certificate-host-mismatch'
  | 'certificate-expired'
  | 'certificate-not-trusted'
  | 'validation-failure'

/** RFC 8460 sections 4.3.1 (negotiation), 4.3.2.1 (DANE) and 4.3.2.2 (MTA-STS). */
export type TlsFailure =
  | PkixProblem
  | 'starttls-not-supported'
  | 'tlsa-invalid'
  | 'dnssec-invalid'
  | 'dane-required'
  | 'sts-policy-fetch-error'
  | 'sts-policy-invalid'
  | 'sts-webpki-invalid'

/** Judges the chain that a peer sent: DER, its own certificate first. @param problem what pkix says of it. @returns what is wrong, if anything is. */
export type ChainCheck = (chain: readonly Uint8Array[], problem: PkixProblem | undefined) => TlsFailure | undefined
