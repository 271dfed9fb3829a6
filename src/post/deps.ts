/** What the post office needs of the house: everything that a test wants to decide is here. Types only; pure. */
import type { Log } from '../base/log.ts'
import type { NewQueueEntry, Store } from '../store/store.ts'
import type { Lookups, Peers } from './gather.ts'
import type { SenderHistory } from './history.ts'
import type { Jail } from './jail.ts'
import type { Decision, Known, Mail } from './mail.ts'
import type { RejectedCounts } from './rejected.ts'
import type { Reports } from './reports/reports.ts'
import type { Learn, Scan } from './scan-port.ts'
import type { PostSettings } from './settings.ts'
import type { SpoolFiles } from './spool-files.ts'
import type { Returned } from './srs.ts'
import type { SendingPorts } from './submit-ports.ts'

/** What of a received message goes on elsewhere: the fields to put before it (latin1), and the entries of the queue. */
export type Onward = { readonly prefix: string; readonly entries: readonly NewQueueEntry[] }
/**
 * Sends a received message on to `mail.forwards`. What it puts into the queue is one transaction with the copies here. Never rejects.
 * @returns undefined where nothing is to leave.
 */
type SendOn = (a: {
  readonly settings: PostSettings
  readonly mail: Mail
  readonly known: Known
  readonly decision: Decision
}) => Promise<Onward | undefined>

export type PostDeps = {
  readonly store: Store
  readonly scan: Scan
  readonly learn?: Learn
  readonly lookups: Lookups
  readonly jail: Pick<Jail, 'barred' | 'barredSender' | 'offence'>
  readonly history: SenderHistory
  readonly settings: () => PostSettings
  readonly now: () => number
  /** That many fresh random octets. */
  readonly fresh: (octets: number) => Uint8Array
  /** Runs `work` after what is being answered now went out (setImmediate): a ban cuts the line that its reason is said on. */
  readonly soon: (work: () => void) => void
  /** `spoolFilesOver(node:fs/promises)`; without it nothing is read of large messages, and refused ones stay on the disk until the next start. */
  readonly files?: SpoolFiles
  /** Aggregate reports; without it nobody is told how their mail fared. */
  readonly reports?: Reports
  readonly log: Log
  /** Where mail can be sent on. */
  readonly sending?: SendingPorts
  /** Where received mail can be sent on; without it addresses that lead elsewhere are refused at RCPT. */
  readonly forward?: SendOn
  /** What an address at a domain of ours leads back to, if it is a return address that we made (srs.ts). */
  readonly returnTo?: (local: string) => Returned | undefined
}
/** With what the office keeps for itself. */
export type OfficeDeps = PostDeps & { readonly peers: Peers; readonly rejected: RejectedCounts }
