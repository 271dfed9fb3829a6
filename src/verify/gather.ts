/**
 * Everything the wire says about one message, in one plain object: reverse name, SPF of both identities, DKIM. RFC 8601 section 2.7
 * (the words). Pure: look-ups, time and deadline are parameters, and each part fails to `temperror` by itself; nothing here rejects.
 */
import type { Resolve } from '../base/dns.ts'
import { type DkimVerdict, verifyDkim } from './dkim.ts'
import { readMessage } from './fields.ts'
import { checkIprev, type IprevVerdict } from './iprev.ts'
import { boundedResolve } from './lookup.ts'
import { checkSpf, type SpfVerdict } from './spf.ts'

export type Peer = {
  readonly ip: string
  readonly helo: string
}
export type VerifyInput = Peer & {
  /** `local@domain`, or empty for the null sender. */
  readonly mailFrom: string
  /** As received, without our own trace fields. */
  readonly message: Uint8Array
}
export type VerifyOptions = {
  /** Our own name. */
  readonly host: string
  /** Epoch ms. */
  readonly now: number
  /** The deadline of all look-ups together: when it fires, what is not known yet is a temperror. */
  readonly signal?: AbortSignal
}

/** What can be known of a client before it sends a message. */
export type PeerVerdicts = {
  readonly iprev: IprevVerdict
  /** SPF of the HELO name (RFC 7208 section 2.3). */
  readonly heloSpf: SpfVerdict
}
export type Verdicts = PeerVerdicts & {
  readonly spf: SpfVerdict
  readonly dkim: readonly DkimVerdict[]
}

/** What a client's address and name say; needs no message. @param resolve look-ups. */
export const verifyPeer = async (peer: Peer, resolve: Resolve, options: VerifyOptions): Promise<PeerVerdicts> => {
  const ask = boundedResolve(resolve, options.signal)
  const so = { receiver: options.host, now: options.now }
  const [iprev, heloSpf] = await Promise.all([
    checkIprev(peer.ip, ask),
    checkSpf({ ip: peer.ip, helo: peer.helo, mailFrom: '' }, ask, so),
  ])
  return { iprev, heloSpf }
}

/**
 * All verdicts of one message. @param resolve look-ups, which may cross a thread. @param known what `verifyPeer` found for this client, so
 * that it is not asked again.
 */
export const verifyMessage = async (
  input: VerifyInput,
  resolve: Resolve,
  options: VerifyOptions,
  known?: PeerVerdicts,
): Promise<Verdicts> => {
  const ask = boundedResolve(resolve, options.signal)
  const so = { receiver: options.host, now: options.now }
  const message = readMessage(input.message)
  const [peer, spf, dkim] = await Promise.all([
    known ?? verifyPeer(input, ask, options),
    checkSpf(input, ask, so),
    verifyDkim(message, ask, { now: options.now }),
  ])
  return { ...peer, spf, dkim }
}
