/** What of the settings the post office asks for, with the defaults. Types and data; pure. app/settings declares them for people. */
import type { JailSettings } from './jail.ts'
import type { Thresholds } from './verdict.ts'

export type PostSettings = {
  /** Our own name: in Received, and as the authserv-id of Authentication-Results (RFC 8601 section 2.5). */
  readonly host: string
  /** The login name of whom postmaster@ and abuse@ of every domain reach; the first account where it is not set. */
  readonly postmaster?: string | undefined
  /** What the scan threads do; with all of it false messages are taken as they are. */
  readonly scan: { readonly verify: boolean; readonly score: boolean; readonly summary: boolean }
  /** Asked about every peer. */
  readonly lookups: { readonly reverse: boolean; readonly dnsbl: boolean }
  /** A peer without a reverse name is an offender, as in the talk; false makes it a mere fact for the score. */
  readonly requireReverse: boolean
  /** `keepRejected`: the whole of what is refused is kept for whom it was for, not only a note. */
  readonly spam: Thresholds & { readonly honourDmarc: boolean; readonly keepRejected: boolean }
  /** Received fields beyond which a message is going in circles (RFC 5321 section 6.3). */
  readonly mostHops: number
  readonly submission: {
    /** Whether Received names the client's address. */
    readonly showClient: boolean
    /** Whether each member of an alias may send as it, or only the one whom it leads to alone. */
    readonly sharedAliases: boolean
    /** How long it is tried to send a message on. */
    readonly triesMs: number
  }
  /** What is flagged and leads elsewhere: refused (or kept by whoever is here), or sent on with its flags. */
  readonly forward: { readonly flagged: 'refuse' | 'forward' }
  /** Domains whose word for forwarded mail is taken, beside those that history and the list of providers trust. */
  readonly trustedSealers: readonly string[]
  readonly keepReceiptsMs: number
  readonly keepJunkMs: number
  /** How long what was refused stays visible to whom it was for; 0: not at all. */
  readonly keepRejectedMs: number
  readonly jail: JailSettings
  /** Addresses that reports come to beside the usual ones; lower case. */
  readonly reportAddresses?: readonly string[]
}

const DAY = 86_400_000

/** The defaults of everything that has one. */
export const postDefaults = {
  scan: { verify: true, score: true, summary: true },
  lookups: { reverse: true, dnsbl: true },
  requireReverse: true,
  spam: { flag: 5, reject: 10, honourDmarc: true, keepRejected: false },
  mostHops: 50,
  submission: { showClient: false, sharedAliases: false, triesMs: 5 * DAY },
  forward: { flagged: 'refuse' },
  trustedSealers: [],
  keepReceiptsMs: 30 * DAY,
  keepJunkMs: 30 * DAY,
  keepRejectedMs: 14 * DAY,
} as const satisfies Partial<PostSettings>
