/** Every verb with the function that does it. A verb without a row does not compile. */
import {
  account,
  accounts,
  addAccount,
  address,
  addresses,
  changeAccount,
  domains,
  dropAccount,
  dropAddress,
  dropDomain,
  putAddress,
  putDomain,
} from './accounts.ts'
import { changeFlags, copy, expunge } from './changing.ts'
import { check, stats, tidy } from './check.ts'
import { deliver, replace } from './deliver.ts'
import { envelopes } from './envelopes.ts'
import type { House, Run, VerbName } from './house.ts'
import {
  addMailbox,
  dropMailbox,
  mailbox,
  mailboxes,
  renameMailbox,
  setMailbox,
  subscribe,
  subscriptions,
} from './mailboxes.ts'
import { changes, columns, messages, readMessage } from './messages.ts'
import { queue, queueMessages, readQueued } from './queue.ts'
import { settleQueue } from './queue-change.ts'
import { addReceipt, forget, recall, receipts, remember } from './receipts.ts'
import { metadata, rights, setMetadata, setRights, shared } from './rights.ts'
import { search } from './search.ts'
import { sort, thread } from './sort.ts'

const verbs: { readonly [K in VerbName]: Run<K> } = {
  ...{ addAccount, account, accounts, changeAccount, dropAccount },
  ...{ putDomain, dropDomain, domains, putAddress, dropAddress, address, addresses },
  ...{ mailboxes, mailbox, addMailbox, renameMailbox, dropMailbox, setMailbox, subscriptions, subscribe },
  ...{ deliver, replace, columns, envelopes, messages, readMessage, changes, search, sort, thread },
  ...{ settleQueue, queue, queueMessages, readQueued },
  ...{ changeFlags, copy, expunge, setRights, rights, shared, setMetadata, metadata },
  ...{ addReceipt, receipts, remember, recall, forget, tidy, check, stats },
}

/** Runs a verb with arguments that crossed a thread as plain data; store.ts types both ends of the crossing. */
export const runVerb = (house: House, verb: VerbName, args: unknown): unknown => {
  const run = verbs[verb] as (house: House, args: unknown) => unknown
  return run(house, args)
}
