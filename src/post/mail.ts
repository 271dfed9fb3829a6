/** A message on its way through the post office, and what became known of it. Types only; pure. */
import type { SenderIdentity } from '../ban/offence.ts'
import type { Body } from '../base/spool.ts'
import type { ScanOutput } from '../spam/facts.ts'
import type { Account } from '../store/store.ts'
import type { Head } from './head.ts'
import type { Envelope, Recipient } from './ports.ts'
import type { EarlyFacts, ScanOutcome, Verified } from './scan-port.ts'
import type { SenderKeys } from './standing.ts'
import type { Verdict } from './verdict.ts'

/** What was promised to a recipient at RCPT. */
export type Taken =
  /** `forwards`: addresses elsewhere that the address leads to as well, or alone. */
  | { readonly kind: 'mailboxes'; readonly takers: readonly Taker[]; readonly forwards: readonly string[] }
  /** Of a submission: it leaves. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'spamtrap' | 'blackhole' }
export type Taker = { readonly account: Account; readonly detail: string }

export type Mail = {
  /** What the peer is told, and what Received and the receipt say. */
  readonly id: string
  readonly at: number
  readonly envelope: Envelope
  /** As received: what the scan reads. */
  readonly body: Body & { readonly size: number }
  readonly head: Head
  /** One for each account. */
  readonly takers: readonly Taker[]
  readonly trapped: boolean
  /** Addresses elsewhere that recipients here lead to. */
  readonly forwards: readonly Forward[]
}

/** A recipient that leads on to an address elsewhere. */
export type Forward = { readonly recipient: Recipient; readonly to: string }

/** What the scan and history make of it together. */
export type Known = {
  readonly facts: EarlyFacts
  readonly scan: ScanOutcome['kind']
  readonly wire: Verified | undefined
  readonly output: ScanOutput | undefined
  readonly authResults: string
  readonly keys: SenderKeys
  readonly sender: SenderIdentity
  readonly hostTrusted: boolean
  readonly networkTrusted: boolean
  readonly trustedForwarder: boolean
  /** The sender's proven name has a sentence on it. */
  readonly barred: boolean
}

export type Decision = {
  /** One for each taker, by their own thresholds. */
  readonly verdicts: readonly Verdict[]
  /** What the peer is told: the mildest of them. */
  readonly answer: Verdict
  /** By the server's own thresholds: nobody is banned for the taste of one account. */
  readonly server: Verdict
}
