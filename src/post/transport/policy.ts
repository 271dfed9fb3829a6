/**
 * What TLS with another mail server must be, as the queue asks for it. RFC 8461 (MTA-STS), RFC 7672 (DANE), RFC 8689 (REQUIRETLS), RFC 8460 (reports). Types
 * only; pure.
 */
import type { ChainCheck, TlsFailure } from '../../base/tls.ts'

export type TransportSecurity = {
  /** Before the MX look-up of a recipient's domain. Never rejects; bounded by its look-ups and the fetch of a policy. */
  readonly forDomain: (a: { readonly domain: string; readonly requireTls: boolean }) => Promise<DomainPolicy>
}

export type DomainPolicy = {
  readonly sts: 'enforce' | 'testing' | 'none'
  /** MTA-STS: whether the policy allows this MX name; true without a policy in force. A no is counted as a failure. */
  readonly allowsMx: (name: string) => boolean
  /** What TLS with this host must be. */
  readonly forHost: (host: HostFacts) => Promise<HostPolicy>
  /**
   * Tell how TLS went, for the report. `result` of an opportunistic session too is what the certificate came to against the MX's name (`AgreedTls.problem` of
   * net/client): it counts only where a policy is tested.
   */
  readonly told: (outcome: TlsOutcome) => void
}

/** `mxSecure`: the MX answer had AD (the answer that there is none, where there is none); `addressSecure`: the A or AAAA answer. */
export type HostFacts = { readonly name: string; readonly mxSecure: boolean; readonly addressSecure: boolean }

export type TlsOutcome = {
  readonly mx: string
  readonly ip: string
  readonly result: 'ok' | TlsFailure
  readonly detail?: string
  /** Our own end. */
  readonly localIp?: string
}

export type HostPolicy =
  /** Any certificate; plain text when STARTTLS is not offered. */
  | { readonly kind: 'opportunistic' }
  /** STARTTLS and a certificate for this name, or not at all. */
  | { readonly kind: 'pkix'; readonly name: string }
  /** STARTTLS with this name in SNI and a chain that `check` finds nothing wrong with, or not at all. */
  | { readonly kind: 'dane'; readonly name: string; readonly check: ChainCheck }
  /** TLS is a must, the certificate is not looked at. RFC 7672 section 2.2. */
  | { readonly kind: 'encrypted' }
  /** Not this host now: another one, or later; never less. `permanent`: later changes nothing (REQUIRETLS). */
  | { readonly kind: 'defer'; readonly why: string; readonly permanent?: boolean }
