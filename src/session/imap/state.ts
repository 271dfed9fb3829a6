/**
 * The state of one IMAP session, as types: what the commands read and change, one at a time. RFC 9051 section 3. Types only, so that no file of this room
 * needs another one's code for them.
 */
import type { Peer } from '../../base/act.ts'
import type { MailboxId } from '../../base/ids.ts'
import type { Spool } from '../../base/spool.ts'
import type { Account, Mailbox, SearchTree, SortRule } from '../../store/store.ts'
import type { EventGroup } from '../../wire/imap/extras.ts'
import type { ImapReader } from '../../wire/imap/reader.ts'
import type { Ranges } from '../../wire/imap/set.ts'
import type { ImapDeps } from './deps.ts'
import type { MailboxView } from './mailbox-view.ts'
import type { MetadataChange } from './view.ts'

/** Untagged text, and the tagged answer without its tag. */
export type Reply = readonly [untagged: string, tagged: string]

/** What the client has enabled (RFC 5161). */
export type Enabled = {
  condstore: boolean
  qresync: boolean
  utf8: boolean
  rev2: boolean
  uidOnly: boolean
}

/** A mailbox as this account sees it: under which name, with which rights. */
export type Seen = { readonly mailbox: Mailbox; readonly name: string; readonly rights: string; readonly mine: boolean }

/** `usesModSeq`: the answer tells the highest mod-sequence; `usesNumbers`: what it finds depends on sequence numbers. */
export type Searched = { readonly tree: SearchTree; readonly usesModSeq: boolean }

/** A live search and what the client was told of it, in its order. */
export type Context = {
  readonly byUid: boolean
  readonly searched: Searched
  readonly rules: readonly SortRule[] | undefined
  readonly uids: Uint32Array
}

/** The state of a selected mailbox; changed by the commands of its session only. */
export type Selected = {
  readonly mailbox: Mailbox
  /** The name that the client knows it by. */
  readonly name: string
  readonly readOnly: boolean
  readonly rights: string
  readonly view: MailboxView
  /** The UIDs of the messages 1, 2, 3…, as the client knows them. */
  uids: Uint32Array
  /** Changes up to here were told. */
  told: number
  removals: number
  /** The keywords that were told. */
  keywords: readonly string[]
  /** Changes that the client made silently: by UID, the mod-sequence that it need not hear of. */
  readonly own: Map<number, number>
  /** The saved result of a search (RFC 5182), ascending. */
  saved: Uint32Array
  /** UIDs that are recent in this session: from here, up to there. */
  recent: Ranges
  readonly contexts: Map<string, Context>
  readonly quiet: () => void
}

/** An APPEND or REPLACE that is under way: the spools of the messages that are whole, and of the one that grows. */
export type Appending = {
  readonly target: Seen
  readonly whole: { readonly spool: Spool; readonly size: number; readonly nul: boolean }[]
  spool: Spool | undefined
  size: number
  /** Whether the growing message has a NUL. */
  nul: boolean
  /** Parts of the growing message that are in the spool. */
  parts: number
  /** Why nothing more is written: the tagged answer. */
  stuck: string | undefined
}

/** The state of a session's NOTIFY. */
export type Notify = {
  readonly groups: readonly EventGroup[]
  /** What the client knows, by mailbox. */
  known: ReadonlyMap<MailboxId, Mailbox>
  readonly metadata: MetadataChange[]
  dirty: boolean
  readonly stop: () => void
}

/** The session's own state; the commands change it, one at a time. */
export type Talk = {
  readonly deps: ImapDeps
  readonly reader: ImapReader
  peer: Peer
  account: Account | undefined
  /** The id of the app password that was used, if one was. */
  key: string | undefined
  enabled: Enabled
  selected: Selected | undefined
  notify: Notify | undefined
  /** An APPEND whose literals are under way. */
  appending: Appending | undefined
  compressed: boolean
  idling: boolean
  /** The tag of the command that runs. */
  tag: string
  failedLogins: number
  closing: boolean
  /** Rings the pump; set once it listens. */
  ring: () => void
}
