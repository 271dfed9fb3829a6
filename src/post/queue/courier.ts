/** What the queue and an SMTP client say to each other: parcels one way, outcomes the other. Types only; pure. The client is session/smtp-client; tests have scripted ones. */
import type { Said } from '../bounce/said.ts'
import type { QueueOptions } from './options.ts'

/** One message to the recipients of one destination, as one transaction. */
export type Parcel = {
  readonly sender: string
  readonly recipients: readonly {
    readonly address: string
    readonly notify: QueueOptions['notify']
    readonly orcpt?: string
  }[]
  readonly options: Pick<QueueOptions, 'ret' | 'envid' | 'smtpUtf8' | 'body' | 'requireTls'>
  /** Octets of the content. */
  readonly size: number
  /** The whole message; or, where it is too large to be held, a reader of slices (undefined: the store could not). */
  readonly content: Uint8Array | ((from: number, to: number) => Promise<Uint8Array | undefined>)
}

export type Outcome = {
  /** For each recipient `taken`, or what was said. */
  readonly recipients: readonly ('taken' | Said)[]
  /** The reply that took the message. */
  readonly reply?: Said
  /** All of the message was sent and no answer came: the peer may have it. */
  readonly unsure: boolean
  /** The peer has DSN (RFC 3461): it was handed on what the sender wants to hear. */
  readonly dsn: boolean
}

export type Errand<P extends Parcel> = {
  /** @returns the next one, if it is here. */
  readonly next: () => P | undefined
  /** @returns whether to ask `next` again: false when there is nothing more. */
  readonly more: () => Promise<boolean>
  /** The content is about to go: from here on the peer may come to have it. */
  readonly begins: (parcel: P) => void
  readonly done: (parcel: P, outcome: Outcome) => void
  /** It was not begun, for no fault of its own: it wants another connection. */
  readonly back: (parcel: P) => void
}

export type Courier = {
  /** @returns undefined when there is nothing more, and the connection is good for another errand; otherwise why it is over. Never rejects. */
  readonly run: <P extends Parcel>(errand: Errand<P>) => Promise<Said | undefined>
  /** QUIT, without waiting long for the answer. */
  readonly quit: () => Promise<void>
}
