/**
 * What a peer said of a message on its way out, and what it comes to. Types only; pure. RFC 5321 section 4.2 (replies), RFC 3463 (enhanced
 * codes). classify.ts makes the one into the other, sentences.ts makes words for people of it.
 */

/** How far the talk had come; `dns`, `connect`, `tls` and `policy` are failures of our own, before or beside what a peer says. */
export type Stage = 'dns' | 'connect' | 'tls' | 'greeting' | 'mail' | 'rcpt' | 'data' | 'message' | 'policy'

export type Said = {
  /** The reply code; 0 where nobody replied (then the class of `enhanced` says whether it is for good). */
  readonly code: number
  /** `5.7.26`, or empty. */
  readonly enhanced: string
  /** The lines joined by a space, without code and enhanced code; printable. */
  readonly text: string
  /** The peer's name, or what was looked up. */
  readonly host: string
  readonly stage: Stage
}

export type BounceClass =
  | 'unknown-user'
  | 'full'
  | 'policy'
  | 'reputation'
  | 'authentication'
  | 'greylisted'
  | 'rate'
  | 'tls'
  | 'no-such-domain'
  | 'no-mail'
  | 'too-large'
  | 'content'
  | 'connection'
  | 'other'

/** What is known more exactly than the class. Each has its own sentences for people. */
export type BounceDetail =
  | 'attachment'
  | 'certificate'
  | 'dane'
  | 'disabled'
  | 'dkim'
  | 'dmarc'
  | 'dns-trouble'
  | 'dynamic-address'
  | 'expired'
  | 'greeting-name'
  | 'header'
  | 'international'
  | 'listed'
  | 'login-wanted'
  | 'loop'
  | 'members-only'
  | 'moved'
  | 'mta-sts'
  | 'no-starttls'
  | 'receives-too-much'
  | 'relay-denied'
  | 'require-tls'
  | 'reverse-name'
  | 'sender-address'
  | 'spam-like'
  | 'spf'
  | 'too-many-connections'
  | 'too-many-recipients'
  | 'trouble-there'
  | 'virus'

export type Classified = {
  readonly class: BounceClass
  /** It will not be better at another try. */
  readonly permanent: boolean
  /** Whose matter it is: the address or mailbox, the other server, our own name and address, or the message. */
  readonly blame: 'recipient' | 'peer' | 'us' | 'sender'
  /** Back off for the whole destination, not for this recipient alone. */
  readonly destination: boolean
  readonly detail?: BounceDetail
}
