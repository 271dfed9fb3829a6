/**
 * What a session of any protocol in which people log in (IMAP, POP3) needs for it, and which mechanisms it may offer. Refused on purpose: any
 * password before TLS (RFC 8314 section 3.3), unless the peer may, by a setting for test tools on loopback. Pure.
 */
import type { Peer } from '../base/act.ts'
import type { Account } from '../store/store.ts'
import type { Mechanism } from '../wire/sasl/sasl.ts'
import type { ScramKeys } from '../wire/sasl/scram.ts'

/** What came of a login; the jail was asked and told. */
export type LoginOutcome =
  /** `key` is the id of the app password that was used, if one was. */
  | { readonly kind: 'ok'; readonly account: Account; readonly key?: string | undefined }
  | { readonly kind: 'bad-credentials' | 'frozen' | 'barred' | 'try-later' }

/** A password to check, or the outcome of a SCRAM exchange that was checked here. */
type Secret = { readonly password: string } | { readonly proven: boolean }
export type Login = (user: string, secret: Secret, peer: Peer) => Promise<LoginOutcome>

/** SCRAM, where accounts have keys for it. */
export type Scram = {
  readonly keys: (user: string) => Promise<ScramKeys | null>
  readonly nonce: () => string
  /** Of this server, for answers about names that do not exist. */
  readonly secret: Uint8Array
}

/** Whether a password may be said now. */
export const mayLogin = (peer: Peer): boolean => peer.tls !== null || peer.mayPlaintext

/** @returns the mechanisms to offer a peer that may log in, the best first. */
export const mechanismsFor = (peer: Peer, scram: Scram | undefined): readonly Mechanism[] => {
  const plus = Object.keys(peer.tls?.bindings ?? {}).length > 0
  const proofs: readonly Mechanism[] = plus ? ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'] : ['SCRAM-SHA-256']
  return [...(scram === undefined ? [] : proofs), 'PLAIN', 'LOGIN']
}
