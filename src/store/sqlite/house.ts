/**
 * What every verb of this folder works with: the door, the bodies' folder, and what is to be done once the commit is on disk. A verb
 * that cannot be done throws `Refused`, which never leaves the folder: batch.ts turns it into a fault and rolls the verb back.
 */
import type { AccountId, MailboxId, ModSeq } from '../../base/ids.ts'
import { modSeq } from '../../base/ids.ts'
import type { Bell, Store, StoreFault } from '../store.ts'
import { num, type Tx } from './door.ts'
import type { Remembered } from './raw-columns.ts'
import type { WordShelf } from './word-shelf.ts'

/** The private way out of a verb. */
export class Refused extends Error {
  readonly fault: StoreFault
  constructor(fault: StoreFault) {
    super(fault)
    this.fault = fault
  }
}

export type House = {
  readonly tx: Tx
  /** Where large bodies are files; null for a database in memory, which keeps every body itself. */
  readonly bodies: string | null
  /** What the running verb changed; emptied when it is rolled back. */
  readonly rings: Bell[]
  /** Run after the commit, never when the verb is rolled back: files to remove. */
  readonly afterCommit: (() => void)[]
  /** Keyword sets by id; emptied at every roll-back, since an id may then be given again. */
  readonly keywordSets: Map<number, readonly string[]>
  /** Columns of large mailboxes as they were read last; emptied when a batch is rolled back. */
  readonly columns: Map<MailboxId, Remembered>
  /** Words that searches have unpacked. */
  readonly words: WordShelf
  /** For tests: every search reads the messages themselves. */
  readonly withoutDigests?: boolean
}

export type VerbName = Exclude<keyof Store, 'listen' | 'close'>
type ValueOf<F> = F extends (...a: never[]) => Promise<infer R>
  ? R extends { readonly ok: true; readonly value: infer T }
    ? T
    : never
  : never
/** A verb as this folder writes it: plain, synchronous, throwing Refused. */
export type Run<K extends VerbName> = (house: House, ...args: Parameters<Store[K]>) => ValueOf<Store[K]>

/** Takes back what the running verb has written so far (batch.ts put a savepoint before it). Call it before any `ring`. */
export const undo = (house: House): void => {
  house.tx.run('ROLLBACK TO verb')
  house.keywordSets.clear()
}

/** Takes the account's next place in its change log. @throws Refused no-such-account */
export const takeModSeq = (house: House, account: AccountId): ModSeq => {
  const row = house.tx.get('UPDATE accounts SET mod_seq = mod_seq + 1 WHERE id = ? RETURNING mod_seq', account)
  if (row === undefined) throw new Refused('no-such-account')
  return modSeq(num(row['mod_seq']))
}

/** Notes that a verb changed messages of `mailboxes`, or (with `mailboxesChanged`) the list of mailboxes itself. */
export const ring = (
  house: House,
  account: AccountId,
  seq: ModSeq,
  mailboxes: readonly MailboxId[],
  mailboxesChanged = false,
): void => {
  house.rings.push({ account, modSeq: seq, mailboxes, mailboxesChanged })
}

/** Bells of a batch, one for each account. */
export const gatherBells = (bells: readonly Bell[]): readonly Bell[] => {
  const byAccount = new Map<AccountId, Bell>()
  for (const bell of bells) {
    const known = byAccount.get(bell.account)
    byAccount.set(
      bell.account,
      known === undefined
        ? bell
        : {
            account: bell.account,
            modSeq: modSeq(Math.max(known.modSeq, bell.modSeq)),
            mailboxes: [...new Set([...known.mailboxes, ...bell.mailboxes])],
            mailboxesChanged: known.mailboxesChanged || bell.mailboxesChanged,
          },
    )
  }
  return [...byAccount.values()]
}
