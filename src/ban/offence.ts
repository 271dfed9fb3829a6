/**
 * What can be held against a peer, and what a sentence is: the vocabulary of the ban room. Types only; pure.
 *
 * An offence names who did it and what speaks for them; it holds no message and no password. Who is spared and why is decided in
 * judge.ts, from these facts alone.
 */

/** The closed list of offences; sentences.ts has the terms. */
export type OffenceKind =
  | 'login-failed'
  | 'spam-rejected'
  | 'spam-flagged'
  | 'no-reverse'
  | 'unknown-recipient'
  | 'spamtrap'
  | 'early-talker'
  | 'protocol-abuse'
  | 'too-slow'
  | 'too-many-connections'
  | 'smuggling'
  /** Set by hand. */
  | 'by-hand'

/** `mail` is port 25; `login` is every port where a password is asked (465, 587, 993, 143, 995, 4190, 443). */
export type Service = 'mail' | 'login'
/** What a ban closes. */
export type Scope = Service | 'all'

/** What an offender can be: an address (IPv6: its /64), its network (IPv4: /24, IPv6: /48), or a sender by name. */
export type Who = 'address' | 'network' | 'sender'

/** A sender's name as authentication vouches for it; nothing that anybody could have written. */
export type SenderIdentity = {
  readonly domain?: string | undefined
  readonly address?: string | undefined
  /** Others of the domain send wanted mail here: then the address is to blame, not the domain. */
  readonly domainTrusted: boolean
  readonly addressTrusted: boolean
}

export type Offence = {
  readonly kind: OffenceKind
  readonly ip: string
  /** Where it happened. */
  readonly service: Service
  /** How much it counts against the number of its sentence; 1 unless the facts make it plainer. */
  readonly weight?: number
  /** What makes two offences the same one (a hash of login and password, of a recipient): counted once in a window. */
  readonly sameAs?: string
  /** The peer's own history: it delivers wanted mail, so one customer's spam is not its doing. */
  readonly hostTrusted?: boolean
  /** The same of its /24 or /48. */
  readonly networkTrusted?: boolean
  readonly sender?: SenderIdentity
  /** Logins: this address had a good login within the last 30 days. */
  readonly goodLogin?: boolean
  /** For the log and `postern bans`: which session, which message. */
  readonly note?: string
}

/** A sentence in force. Times are epoch milliseconds. */
export type Ban = {
  /** `192.0.2.7`, `192.0.2.0/24`, `2001:db8:1:2::/64`, `@example.org`, `sales@example.org`: see subject.ts. */
  readonly subject: string
  readonly scope: Scope
  readonly offence: OffenceKind
  readonly from: number
  readonly until: number
  /** Which ban in a row this is, 1 for the first. */
  readonly times: number
  readonly note: string
}
