/**
 * The seam between the SMTP session and the post office: envelopes, and what may be said to a recipient or a message.
 * Every reason is closed; session/smtp has the one table that turns them into replies (RFC 5321, RFC 3463).
 */
import type { Body } from '../base/spool.ts'

/** A path of the envelope as it was given: `local` keeps its case and is unquoted, `domain` is lower-case A-labels or a literal in brackets. `text` is `local@domain` for people. */
export type EnvelopeAddress = { readonly local: string; readonly domain: string; readonly text: string }

type DsnNotify = 'never' | 'success' | 'failure' | 'delay'
export type Recipient = {
  readonly address: EnvelopeAddress
  /** RFC 3461; empty when the sender left it to us. */
  readonly notify: readonly DsnNotify[]
  readonly orcpt?: string
}

export type Envelope = {
  readonly session: string
  /** When MAIL was taken. */
  readonly at: number
  readonly ip: string
  readonly port: number
  readonly helo: string
  /** RFC 3848 and 6531: SMTP, ESMTP, ESMTPS, ESMTPSA, UTF8SMTPS… */
  readonly protocol: string
  readonly tls: { readonly version: string; readonly cipher: string } | null
  /** null is the null sender `<>`. */
  readonly mailFrom: EnvelopeAddress | null
  readonly recipients: readonly Recipient[]
  readonly body: '7bit' | '8bitmime' | 'binarymime'
  readonly smtpUtf8: boolean
  readonly requireTls: boolean
  readonly ret?: 'full' | 'hdrs'
  readonly envid?: string
  /** Set on submission: the name of the account that logged in. */
  readonly account?: string
  /** FUTURERELEASE (RFC 4865): not before this time. */
  readonly holdUntil?: number
}

/** The parts of an envelope that are known before the first RCPT. */
export type Sender = Omit<Envelope, 'recipients'>

export type RcptReason =
  | 'unknown-user' // 550 5.1.1
  | 'relay-denied' // 550 5.7.1
  | 'over-quota' // 452 4.2.2
  | 'disabled' // 550 5.2.1
  | 'sender-banned' // 550 5.7.1
  | 'greylisted' // 451 4.7.1
  | 'unavailable' // 451 4.3.0: the store or a look-up did not answer
  | 'null-sender-many' // 550 5.5.3: a bounce has one recipient
  | 'not-your-address' // 550 5.7.1: on submission
  | 'frozen' // 451 4.7.0: on submission: the account was frozen since the login
  | 'bad-destination' // 550 5.1.2: on submission: a domain that no mail can go to
export type RcptOutcome =
  | { readonly kind: 'ok' }
  | { readonly kind: 'refuse'; readonly reason: RcptReason; readonly text?: string }

export type RejectReason =
  | 'spam'
  | 'dmarc'
  | 'policy'
  | 'loop'
  | 'too-large'
  | 'malformed'
  | 'over-quota'
  | 'not-your-address'
  | 'frozen'
  | 'budget'
export type DeferReason = 'disk-full' | 'busy' | 'damaged' | 'internal' | 'over-quota' | 'frozen'
export type ReceiveOutcome =
  | { readonly kind: 'accepted'; readonly id: string }
  | { readonly kind: 'rejected'; readonly reason: RejectReason; readonly text?: string }
  | { readonly kind: 'deferred'; readonly reason: DeferReason }

/** What a peer can do that the jail should hear of; RCPT and message verdicts are told by the post office itself. */
export type SessionOffence = 'early-talker' | 'protocol-abuse' | 'too-slow' | 'too-many-connections' | 'smuggling'

export type OffendingPeer = { readonly ip: string; readonly session: string; readonly service?: 'mail' | 'login' }

/** What session/smtp needs of the post office. */
export type PostOffice = {
  /** Whether this sender may go on (banned sending domain); null sender included. */
  readonly sender: (sender: Sender) => Promise<RcptOutcome>
  readonly route: (
    sender: Sender,
    recipient: Recipient,
    so: { readonly accepted: number; readonly declaredSize: number },
  ) => Promise<RcptOutcome>
  /** Judges and delivers; resolves only when the message is on disk and visible, or refused. */
  readonly receive: (envelope: Envelope, body: Body & { readonly size: number }) => Promise<ReceiveOutcome>
  /** `service` is the one that is closed to the peer; `mail` unless it is said. */
  readonly offence: (kind: SessionOffence, peer: OffendingPeer) => void
}
