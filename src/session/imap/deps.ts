/**
 * What an IMAP session needs of the house, and the limits it keeps. Everything that a test wants to decide (clock, random,
 * disk, passwords) is here. Types only, and the defaults of the limits.
 */
import type { AccountId, MailboxId } from '../../base/ids.ts'
import type { Log } from '../../base/log.ts'
import type { Spool } from '../../base/spool.ts'
import type { Store } from '../../store/store.ts'
import type { Login, Scram } from '../login.ts'
import type { MailboxViews } from './view.ts'

/** Octets, counts and milliseconds. */
export type ImapLimits = {
  /** A line between two literals. */
  readonly line: number
  /** What one command may hold in memory, before and after login. */
  readonly commandBeforeLogin: number
  readonly command: number
  /** The largest message that APPEND takes. */
  readonly append: number
  /** Messages of one APPEND. */
  readonly appends: number
  /** Octets of an unwanted non-synchronizing literal that are read over; more ends the connection. */
  readonly skip: number
  /** Commands that cannot be read, before the connection ends. */
  readonly bad: number
  /** Failed logins, before the connection ends. */
  readonly logins: number
  /** Silence before login, after it, and in IDLE. */
  readonly patienceBeforeLoginMs: number
  readonly patienceMs: number
  readonly idleMs: number
  /** How long a failed login waits for its answer. */
  readonly failedLoginMs: number
  /** Messages and octets of a page of FETCH. */
  readonly page: number
  readonly pageBytes: number
  /** Live searches (CONTEXT) of a session. */
  readonly contexts: number
  /** Octets of a metadata value, and entries of a mailbox. */
  readonly metadataBytes: number
  readonly metadataEntries: number
}

/** The defaults; each is a setting. */
export const imapLimits: ImapLimits = {
  line: 65_536,
  commandBeforeLogin: 8_192,
  command: 1_048_576,
  append: 52_428_800,
  appends: 50,
  skip: 1_048_576,
  bad: 20,
  logins: 3,
  patienceBeforeLoginMs: 60_000,
  patienceMs: 1_860_000,
  idleMs: 1_860_000,
  failedLoginMs: 2_000,
  page: 500,
  pageBytes: 4_194_304,
  contexts: 8,
  metadataBytes: 65_536,
  metadataEntries: 100,
}

export type ImapDeps = {
  readonly store: Store
  readonly views: MailboxViews
  readonly login: Login
  readonly scram?: Scram
  readonly now: () => number
  /** Lets other sessions have their turn. */
  readonly breathe: () => Promise<void>
  /** Waits for work, at most so long; what becomes of it is not told. @returns whether it has ended */
  readonly within: (work: Promise<unknown>, ms: number) => Promise<boolean>
  readonly log: Log
  readonly limits: ImapLimits
  readonly newSpool: () => Spool
  /** Whether this listener can upgrade to TLS. */
  readonly startTls: boolean
  /** Fields of the answer to ID. */
  readonly id: readonly (readonly [name: string, value: string])[]
  /** The learner hears of messages that went into or out of Junk. */
  readonly moved?: (move: {
    readonly account: AccountId
    readonly from: MailboxId
    readonly to: MailboxId
    readonly uids: Uint32Array
    readonly newUids: Uint32Array
  }) => void
  /** Where JMAP is (RFC 9698), when it is there. */
  readonly jmap?: string
}
