/** What a POP3 session needs of the house; all that a test wants to decide is here. Types only. */
import type { Log } from '../../base/log.ts'
import type { Store } from '../../store/store.ts'
import type { MailboxViews } from '../imap/view.ts'
import type { Login, Scram } from '../login.ts'
import type { Pop3Limits } from './limits.ts'
import type { Maildrops } from './maildrops.ts'

export type Pop3Deps = {
  readonly store: Store
  /** The columns of open mailboxes, which IMAP keeps warm. */
  readonly views: MailboxViews
  /** Who holds which maildrop; one for all sessions of the process. */
  readonly maildrops: Maildrops
  readonly login: Login
  readonly scram?: Scram
  readonly now: () => number
  /** Lets other sessions have their turn. */
  readonly breathe: () => Promise<void>
  readonly log: Log
  readonly limits: Pop3Limits
  /** Whether this listener can upgrade to TLS. */
  readonly startTls: boolean
  /** Whether messages that were retrieved are marked as read at QUIT. */
  readonly markSeen: boolean
  /** After how long in the mailbox a message that was read goes at QUIT; null for never. Told as EXPIRE. */
  readonly expireMs: number | null
}
