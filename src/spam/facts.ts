/**
 * The seam of the spam engine: what goes in (a message, its envelope, what the network and our own history say) and what comes
 * out (hits, a score, the learner's opinion). Plain data, because it crosses threads. Types only; pure.
 *
 * `WireVerdicts` has the shape of what verify/ finds, named here because this room does not know that one.
 */

/** The outcome words of SPF, DKIM, DMARC, ARC and iprev (RFC 8601 section 2.7), all in one type: readers compare with the words they know. */
type Outcome = string

export type WireVerdicts = {
  readonly iprev?: { readonly result: Outcome; readonly name?: string | undefined } | undefined
  readonly spf?: { readonly result: Outcome; readonly domain?: string | undefined } | undefined
  readonly heloSpf?: { readonly result: Outcome; readonly domain?: string | undefined } | undefined
  readonly dkim?: readonly { readonly result: Outcome; readonly domain?: string | undefined }[] | undefined
  readonly dmarc?:
    | {
        readonly result: Outcome
        readonly policy?: string | undefined
        readonly domain?: string | undefined
      }
    | undefined
  readonly arc?: { readonly cv?: Outcome | undefined; readonly result?: Outcome | undefined } | undefined
  readonly dnsbl?:
    | readonly { readonly zone: string; readonly weight: number; readonly says?: string | undefined }[]
    | undefined
}

/** What our own history says. Scores are those of post's standings: −4 (always wanted) to 4 (always unwanted), 0 for strangers. */
export type History = {
  /** Nothing from this address was ever taken here. */
  readonly firstTimeSender: boolean
  /** Somebody here has written to this address. */
  readonly knownCorrespondent: boolean
  readonly senderScore: number
  readonly networkScore: number
  /** Two letters (ISO 3166), when known. */
  readonly country?: string | undefined
  /** Names and addresses of people the recipient writes to, for look-alikes; few. */
  readonly correspondents?: readonly { readonly name: string; readonly address: string }[] | undefined
  /** Domains that are served here. */
  readonly ownDomains?: readonly string[] | undefined
}

export type ScanEnvelope = {
  readonly ip: string
  readonly helo: string
  /** `local@domain`, or empty for the null sender. */
  readonly mailFrom: string
  readonly recipients: readonly string[]
  readonly reverseName?: string | undefined
  readonly authenticated: boolean
  readonly tls: boolean
}

export type ScanInput = {
  /** As received: CRLF or LF line ends, without our own trace fields. */
  readonly message: Uint8Array
  /** Absent where only the message is known (a file on disk). */
  readonly envelope?: ScanEnvelope | undefined
  readonly wire?: WireVerdicts | undefined
  readonly history?: History | undefined
  /** Whose training counts besides the shared one. */
  readonly account?: string | undefined
  /** Milliseconds since 1970. */
  readonly receivedAt: number
}

/** A test that fired. */
export type Hit = { readonly name: string; readonly says: string; readonly score: number }

/** A token and how spammy the learner holds it to be: log-odds, positive is spam. */
export type Evidence = { readonly token: string; readonly weight: number }

export type Opinion = {
  /** 0 (wanted) to 1 (spam). */
  readonly probability: number
  /** Messages learned from, the shared training and the account's together. */
  readonly seen: number
  /** The most telling tokens, strongest first; few. */
  readonly evidence: readonly Evidence[]
}

export type ScanOutput = {
  readonly hits: readonly Hit[]
  /** The sum of all hits, the learner's among them. */
  readonly score: number
  readonly opinion?: Opinion | undefined
  /** The message's features, hashed; what `train` takes later. */
  readonly tokens: Uint32Array
}

/** A message whose class is now known. */
export type Training = {
  readonly tokens: Uint32Array
  readonly spam: boolean
  readonly account?: string | undefined
  /** 1 for a person's own decision; less for what the filter concluded by itself. */
  readonly weight: number
}
