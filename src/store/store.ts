/**
 * The store's verbs: the only door of this room. Architecture section 6; RFC 9051 (mailboxes), 7162 (modseq), 8474 (ids),
 * 9208 (quota), 4314 (rights), 5464 (metadata), 5256 (sort, thread).
 *
 * Each verb is one transaction; arguments and answers are plain data, because they cross threads. No callback and no
 * transaction handle leaves the room. What a disk or a stranger can cause is a StoreFault; nothing rejects but a mistake of ours.
 * An answered write is on disk (synchronous=FULL) and visible to every later verb. Times are epoch milliseconds.
 */
import type { AccountId, BlobId, MailboxId, ModSeq, Uid } from '../base/ids.ts'
import type { Result } from '../base/result.ts'
import type { Body } from '../base/spool.ts'
import type { Summary } from '../mime/summary.ts'

/** Every reason a verb can give. Each protocol has one table that turns them into its own words. */
export type StoreFault =
  | 'no-such-account'
  | 'no-such-domain'
  | 'no-such-address'
  | 'no-such-mailbox'
  | 'no-such-message'
  | 'already-exists'
  | 'has-children' // a mailbox that cannot go while others are below it
  | 'bad-name'
  | 'over-quota'
  | 'too-many' // keywords, mailboxes, metadata entries: a limit of the store
  | 'disk-full' // try again later; nothing was changed
  | 'busy' // the inbox of the storage thread is full, or another process holds the file: try again later
  | 'damaged' // the file is not a sound database; the log says which page or table
  | 'closed'

export type Answer<T> = Promise<Result<T, StoreFault>>

// ---- Accounts, domains, addresses -------------------------------------------------------------------------------------

export type Account = {
  readonly id: AccountId
  /** The login name: an address in lower case. */
  readonly name: string
  /** A PHC string (argon2id), made and checked by post/accounts; never logged. */
  readonly passwordHash: string
  readonly state: 'active' | 'frozen' | 'disabled'
  /** Octets; 0 is no limit. */
  readonly quotaBytes: number
  readonly usedBytes: number
  readonly messages: number
  readonly createdAt: number
  readonly modSeq: ModSeq
  /** Settings of this account, JSON text that post/ reads and checks. */
  readonly settings: string
}
type Domain = { readonly name: string; readonly settings: string }
/** A life-cycle state of an address (the talk's current, forward, reject, blackhole, spamtrap), valid between two dates. */
export type Address = {
  /** `local@domain`, lower case; `@domain` catches all others of the domain. */
  readonly address: string
  readonly state: 'mailbox' | 'alias' | 'forward' | 'reject' | 'blackhole' | 'spamtrap' | 'list'
  readonly account?: AccountId
  /** alias and forward: where to. */
  readonly targets?: readonly string[]
  /** reject: what the peer is told. */
  readonly says?: string
  readonly from?: number
  readonly until?: number
}

// ---- Mailboxes and messages -------------------------------------------------------------------------------------------

export type SpecialUse = 'all' | 'archive' | 'drafts' | 'flagged' | 'important' | 'junk' | 'sent' | 'trash'
export type Mailbox = {
  readonly id: MailboxId
  readonly account: AccountId
  /** UTF-8, levels separated by `/`; `INBOX` in capitals; never empty. */
  readonly name: string
  readonly uidValidity: number
  readonly uidNext: Uid
  readonly specialUse?: SpecialUse
  readonly subscribed: boolean
  readonly highestModSeq: ModSeq
  readonly messages: number
  readonly unseen: number
  readonly deleted: number
  readonly size: number
  /** RFC 8474 MAILBOXID. */
  readonly mailboxId: string
}

/** Bits of the `flags` column; keywords are in a column of their own. */
export const flagBits = { answered: 1, flagged: 2, deleted: 4, draft: 8, seen: 16 } as const

/** The messages of a mailbox in UID order, as columns (typed arrays cross threads twelve times cheaper than rows). */
export type MessageColumns = {
  readonly uids: Uint32Array
  readonly flags: Uint8Array
  /** An index into `keywordSets`; set 0 is always the empty one. */
  readonly keywords: Uint16Array
  readonly keywordSets: readonly (readonly string[])[]
  readonly modSeqs: Float64Array
  /** Whole octets: prefix and body. */
  readonly sizes: Float64Array
  readonly internalDates: Float64Array
  readonly savedDates: Float64Array
  readonly blobs: Float64Array
}

/** What FETCH and JMAP may ask of a message beyond its columns; only what `want` names is there. */
export type MessageDetail = {
  readonly uid: Uid
  readonly blob: BlobId
  /** Header fields added at delivery (latin1 text of the octets), before the stored body's first octet. */
  readonly prefix: string
  readonly emailId: string
  readonly threadId: string
  readonly summary?: Summary
  /** Prefix and body together. */
  readonly message?: Uint8Array
}

/** Which messages of a mailbox: UID ranges, inclusive, ascending, not overlapping. */
export type UidRanges = readonly (readonly [first: number, last: number])[]

export type Place = {
  readonly account: AccountId
  /** An id, or a name that is made (and subscribed) when it is not there. */
  readonly mailbox: MailboxId | { readonly name: string; readonly specialUse?: SpecialUse }
  /** System flags as `\Seen`, keywords as they are. */
  readonly flags: readonly string[]
  /** Header fields for this recipient only, each ending in CRLF, as latin1 text of the octets; part of the message for every reader. */
  readonly prefix: string
  readonly internalDate: number
  /** false where the room was promised at RCPT: a message is not lost for the octets that came in meanwhile. */
  readonly enforceQuota: boolean
}
export type Placed = {
  readonly account: AccountId
  readonly mailbox: MailboxId
  readonly uidValidity: number
  readonly uid: Uid
  readonly modSeq: ModSeq
  readonly emailId: string
}

/** How a received (or refused) message was judged: what `postern why` and the dashboard print. Kept `keepUntil`. */
export type Receipt = {
  readonly at: number
  readonly keepUntil: number
  readonly session: string
  readonly ip: string
  readonly helo: string
  readonly mailFrom: string
  readonly recipients: readonly string[]
  readonly messageId: string
  readonly subject: string
  readonly fromHeader: string
  readonly size: number
  readonly verdict: 'accept' | 'flag' | 'reject' | 'defer'
  readonly score: number
  /** JSON: facts, hits and reasons in the order they were found. */
  readonly story: string
}

/** A change of flags. `unchangedSince` is CONDSTORE's (RFC 7162 section 3.1.3): messages changed later are left alone and named. */
type FlagChange = {
  readonly mailbox: MailboxId
  readonly uids: UidRanges
  readonly how: 'add' | 'remove' | 'replace'
  readonly flags: readonly string[]
  readonly unchangedSince?: number
}
export type FlagsChanged = { readonly modSeq: ModSeq; readonly changed: MessageColumns; readonly modified: Uint32Array }

type Copied = {
  readonly uidValidity: number
  /** Pairs, in UID order of the source. */
  readonly from: Uint32Array
  readonly to: Uint32Array
  readonly modSeq: ModSeq
}

/** What happened in a mailbox after `since`. `complete` is false when tombstones that old are gone: `vanished` is then all known UIDs that are no more, or the caller reads anew. */
type Changes = {
  readonly highestModSeq: ModSeq
  readonly uidNext: Uid
  readonly changed: MessageColumns
  readonly vanished: Uint32Array
  readonly complete: boolean
}

/** Rung after each commit that changed an account; carries no content. A listener asks `changes`, so that a slow one loses nothing. */
export type Bell = {
  readonly account: AccountId
  readonly modSeq: ModSeq
  readonly mailboxes: readonly MailboxId[]
  readonly mailboxesChanged: boolean
}

// ---- Search -----------------------------------------------------------------------------------------------------------

/** A search as a tree. Text matches are substrings without case (i;unicode-casemap), as RFC 9051 section 6.4.4 says. */
export type SearchTree =
  | { readonly all: true }
  | { readonly and: readonly SearchTree[] }
  | { readonly or: readonly SearchTree[] }
  | { readonly not: SearchTree }
  | { readonly uids: UidRanges }
  | { readonly flag: string }
  | { readonly modSeqFrom: number }
  | { readonly larger: number }
  | { readonly smaller: number }
  /** Days as `YYYY-MM-DD`; internal and saved dates in UTC, sent in the header's own zone. */
  | { readonly date: 'internal' | 'sent' | 'saved'; readonly is: 'before' | 'on' | 'since'; readonly day: string }
  /** WITHIN (RFC 5032): seconds before `now`. */
  | { readonly age: 'older' | 'younger'; readonly seconds: number; readonly now: number }
  | { readonly header: string; readonly contains: string }
  | { readonly body: string }
  | { readonly text: string }
  | { readonly emailId: string }
  | { readonly threadId: string }
  /** RFC 6203: words that need not match to the letter. */
  | { readonly fuzzy: SearchTree }
  | { readonly savedDateSupported: true }

export type SortKey =
  | 'arrival'
  | 'cc'
  | 'date'
  | 'from'
  | 'size'
  | 'subject'
  | 'to'
  | 'displayfrom'
  | 'displayto'
  | 'relevancy'
export type SortRule = { readonly key: SortKey; readonly reverse: boolean }
/** A thread as RFC 5256 section 4 nests it: a UID (0 for a missing parent) and what hangs below it. */
export type Thread = { readonly uid: number; readonly children: readonly Thread[] }

// ---- The queue of what leaves -----------------------------------------------------------------------------------------

/** A message to one recipient that is to leave. */
export type QueueEntry = {
  /** Never used twice. */
  readonly id: number
  /** Our id of the message (32 hex digits): entries of one message share it. */
  readonly message: string
  /** Where the body is; negative for one that is in no mailbox and goes with its last entry. */
  readonly blob: BlobId
  /** Who sent it; null is the house itself (bounces, reports, forwards). The account may be gone meanwhile. */
  readonly account: AccountId | null
  /** Envelope sender as between the angle brackets; '' is the null sender. */
  readonly sender: string
  readonly recipient: string
  /** The recipient's domain, lower-case A-labels, or an address literal in brackets. */
  readonly domain: string
  readonly state: 'waiting' | 'held'
  /** held: why, a word: 'by-hand' | 'frozen' | 'budget' | 'later' … '' otherwise. */
  readonly why: string
  readonly queuedAt: number
  /** Not tried before this time. */
  readonly nextAt: number
  readonly expiresAt: number
  readonly tries: number
  /** Octets of prefix and body. */
  readonly size: number
  /** JSON text that post/ reads and checks: QueueOptions of post/queue/options.ts. */
  readonly options: string
  /** JSON text: what the last try came to, '' before the first. */
  readonly last: string
}
export type NewQueueEntry = Omit<QueueEntry, 'id' | 'blob' | 'tries' | 'size' | 'last'>
/** What becomes of an entry. One that is not there any more is passed over. `remove` ends it: delivered, bounced, dropped. */
export type QueueChange =
  | { readonly id: number; readonly remove: true }
  | {
      readonly id: number
      readonly remove?: false
      readonly state?: QueueEntry['state']
      readonly why?: string
      readonly nextAt?: number
      readonly expiresAt?: number
      readonly tries?: number
      readonly last?: string
      readonly options?: string
    }

// ---- Small state ------------------------------------------------------------------------------------------------------

/** A row of small state: bans, reputation, learner snapshots, greylist, app passwords… by space and key. */
export type Memo = { readonly key: string; readonly value: Uint8Array; readonly expiresAt: number | null }

export type Store = {
  // Accounts, domains, addresses
  readonly addAccount: (a: {
    name: string
    passwordHash: string
    quotaBytes: number
    settings: string
    now: number
  }) => Answer<Account>
  readonly account: (a: { id: AccountId } | { name: string }) => Answer<Account>
  readonly accounts: () => Answer<readonly Account[]>
  readonly changeAccount: (a: {
    id: AccountId
    passwordHash?: string
    state?: Account['state']
    quotaBytes?: number
    settings?: string
  }) => Answer<Account>
  readonly dropAccount: (a: { id: AccountId }) => Answer<null>
  readonly putDomain: (a: Domain) => Answer<null>
  readonly dropDomain: (a: { name: string }) => Answer<null>
  readonly domains: () => Answer<readonly Domain[]>
  readonly putAddress: (a: Address) => Answer<null>
  readonly dropAddress: (a: { address: string }) => Answer<null>
  readonly address: (a: { address: string }) => Answer<Address | null>
  readonly addresses: (a: { domain?: string; account?: AccountId }) => Answer<readonly Address[]>

  // Mailboxes
  readonly mailboxes: (a: { account: AccountId }) => Answer<readonly Mailbox[]>
  readonly mailbox: (a: { account: AccountId; name: string } | { id: MailboxId }) => Answer<Mailbox>
  readonly addMailbox: (a: {
    account: AccountId
    name: string
    specialUse?: SpecialUse
    now: number
  }) => Answer<Mailbox>
  /** Renames the levels below it too; INBOX's messages move and INBOX stays (RFC 9051 section 6.3.6). */
  readonly renameMailbox: (a: { account: AccountId; from: string; to: string; now: number }) => Answer<null>
  /** With others below it it goes only where `evenAbove` says so: then its name is a mere level. */
  readonly dropMailbox: (a: { id: MailboxId; evenAbove?: boolean }) => Answer<null>
  readonly setMailbox: (a: { id: MailboxId; subscribed?: boolean; specialUse?: SpecialUse | null }) => Answer<null>
  /** Names subscribed to, also of mailboxes that are gone (RFC 9051 section 6.3.7). */
  readonly subscriptions: (a: { account: AccountId }) => Answer<readonly string[]>
  readonly subscribe: (a: { account: AccountId; name: string; on: boolean }) => Answer<null>

  // Messages in
  /** One body into many places, body and rows in one transaction; the summary is made here when it is not given. A fault for each place; all the others are delivered. */
  readonly deliver: (a: {
    body: Body
    summary?: Summary
    places: readonly Place[]
    receipt?: Receipt
    now: number
    /** The body leaves as well, whatever the places say. `prefix` as in Place. */
    queue?: { readonly prefix: string; readonly entries: readonly NewQueueEntry[] }
    /** In the same transaction; not done when places were named, all of them refused, and nothing was queued. */
    settle?: readonly QueueChange[]
  }) => Answer<readonly Result<Placed, StoreFault>[]>

  // Messages out
  readonly columns: (a: { mailbox: MailboxId; uids?: UidRanges }) => Answer<MessageColumns>
  /** At most a page: the answer holds the first messages of `uids` up to `most` messages or `mostBytes` octets; `next` is the UID to go on from, null at the end. */
  readonly messages: (a: {
    mailbox: MailboxId
    uids: UidRanges
    want: { readonly summary?: boolean; readonly message?: boolean }
    most: number
    mostBytes: number
  }) => Answer<{ readonly rows: readonly MessageDetail[]; readonly next: number | null }>
  /** ENVELOPEs of a page, the octets side by side: each ends at its place in `ends`. `next` is the UID to go on from, null at the end. */
  readonly envelopes: (a: { mailbox: MailboxId; uids: UidRanges; most: number }) => Answer<{
    readonly uids: Uint32Array
    readonly ends: Uint32Array
    readonly octets: Uint8Array
    readonly next: number | null
  }>
  /** A slice of prefix and body together, for partial fetches of large messages. */
  readonly readMessage: (a: { mailbox: MailboxId; uid: Uid; from: number; to: number }) => Answer<Uint8Array>
  readonly changes: (a: { mailbox: MailboxId; since: number }) => Answer<Changes>
  readonly search: (a: { mailbox: MailboxId; tree: SearchTree }) => Answer<Uint32Array>
  /** RFC 5256 section 3; `uids` in the order asked for. */
  /** `scores`: how relevant each of `uids` is, for the rule `relevancy`. */
  readonly sort: (a: {
    mailbox: MailboxId
    uids: Uint32Array
    rules: readonly SortRule[]
    scores?: Uint8Array
  }) => Answer<Uint32Array>
  readonly thread: (a: {
    mailbox: MailboxId
    uids: Uint32Array
    by: 'orderedsubject' | 'references' | 'refs'
  }) => Answer<readonly Thread[]>

  // Messages changed
  readonly changeFlags: (a: FlagChange) => Answer<FlagsChanged>
  readonly copy: (a: { from: MailboxId; uids: UidRanges; to: MailboxId; now: number; move: boolean }) => Answer<Copied>
  /** Removes those of `uids` that have \Deleted, or all of them when `evenUndeleted` (POP3, purge). */
  readonly expunge: (a: {
    mailbox: MailboxId
    uids: UidRanges
    evenUndeleted: boolean
    now: number
  }) => Answer<{ readonly uids: Uint32Array; readonly modSeq: ModSeq }>
  /** REPLACE (RFC 8508): puts the body in and takes `uid` out, in one transaction. */
  readonly replace: (a: { mailbox: MailboxId; uid: Uid; body: Body; place: Place; now: number }) => Answer<Placed>

  // The queue of what leaves
  readonly settleQueue: (a: { changes: readonly QueueChange[] }) => Answer<null>
  /** Entries by id, those of which everything named is true, up to `most`. */
  readonly queue: (a: {
    ids?: readonly number[]
    message?: string
    domain?: string
    account?: AccountId
    state?: QueueEntry['state']
    /** Those whose `nextAt` has come. */
    dueBefore?: number
    after?: number
    most: number
  }) => Answer<readonly QueueEntry[]>
  /** Whole messages (prefix and body) in the order asked for, up to `mostBytes`, but at least one; entries that are gone are left out. */
  readonly queueMessages: (a: {
    ids: readonly number[]
    mostBytes: number
  }) => Answer<readonly { readonly id: number; readonly message: Uint8Array }[]>
  /** A slice of prefix and body together, for what is too large to be held whole. */
  readonly readQueued: (a: { id: number; from: number; to: number }) => Answer<Uint8Array>

  // Rights and metadata
  readonly setRights: (a: { mailbox: MailboxId; who: string; rights: string }) => Answer<null>
  readonly rights: (a: { mailbox: MailboxId }) => Answer<readonly { readonly who: string; readonly rights: string }[]>
  /** Mailboxes of others that `who` has any right on. */
  readonly shared: (a: {
    who: string
  }) => Answer<readonly { readonly mailbox: Mailbox; readonly owner: string; readonly rights: string }[]>
  /** `mailbox` null is the server's (account's) own metadata; a null value removes. */
  readonly setMetadata: (a: {
    account: AccountId
    mailbox: MailboxId | null
    entries: readonly { readonly name: string; readonly value: Uint8Array | null }[]
  }) => Answer<null>
  readonly metadata: (a: {
    account: AccountId
    mailbox: MailboxId | null
  }) => Answer<readonly { readonly name: string; readonly value: Uint8Array }[]>

  // Receipts and small state
  readonly addReceipt: (a: Receipt) => Answer<null>
  readonly receipts: (a: {
    since: number
    match?: string
    verdict?: Receipt['verdict']
    most: number
  }) => Answer<readonly Receipt[]>
  readonly remember: (a: { space: string; memos: readonly Memo[] }) => Answer<null>
  readonly recall: (a: { space: string; key?: string; startsWith?: string; now: number }) => Answer<readonly Memo[]>
  readonly forget: (a: { space: string; keys: readonly string[] }) => Answer<null>

  // The house
  /** Old tombstones, expired memos and receipts, bodies nobody points at: a bounded piece of work; `more` says whether to call again. */
  readonly tidy: (a: { now: number }) => Answer<{ readonly removed: number; readonly more: boolean }>
  /** Every invariant (order, counts, references, quota, index): the findings, none when sound. */
  readonly check: () => Answer<readonly string[]>
  readonly stats: () => Answer<{
    readonly fileBytes: number
    readonly messages: number
    readonly accounts: number
    readonly commits: number
    readonly verbs: number
    /** Messages that are in no digest yet: lists and searches read them one by one. */
    readonly undigested: number
    /** The queue: entries by state, when the oldest was queued, and when the next that waits is due. */
    readonly queue: {
      readonly waiting: number
      readonly held: number
      readonly oldest: number | null
      readonly next: number | null
    }
  }>
  /** @returns a function that takes the listener away. */
  readonly listen: (listener: (bell: Bell) => void) => () => void
  readonly close: () => Promise<void>
}
