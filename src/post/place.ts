/**
 * Where a message goes in each account: INBOX; Junk (whichever mailbox has that special use, RFC 6154) when it is flagged; the mailbox that the
 * detail of `user+detail` names, where there is one already (RFC 5233): a stranger makes no mailboxes. Pure but for the list of mailboxes.
 */
import type { Mailbox, Place, Store } from '../store/store.ts'
import type { Decision, Mail, Taker } from './mail.ts'

export type Chosen = { readonly mailbox: Place['mailbox']; readonly name: string; readonly flags: readonly string[] }

const inbox: Chosen = { mailbox: { name: 'INBOX' }, name: 'INBOX', flags: [] }
const junk: Chosen = { mailbox: { name: 'Junk', specialUse: 'junk' }, name: 'Junk', flags: ['$Junk'] }

/** Special uses that nobody outside may file into. */
const closed: ReadonlySet<string> = new Set(['drafts', 'sent', 'trash', 'junk', 'all', 'flagged', 'important'])

/** @returns the place in an account whose mailboxes are known. Pure. */
export const choose = (flagged: boolean, detail: string, mailboxes: readonly Mailbox[]): Chosen => {
  if (flagged) {
    const found = mailboxes.find(({ specialUse }) => specialUse === 'junk')
    return found === undefined ? junk : { ...junk, mailbox: found.id, name: found.name }
  }
  const wanted = detail.normalize('NFC').toLowerCase()
  const found = mailboxes.find(
    ({ name, specialUse }) => name.toLowerCase() === wanted && (specialUse === undefined || !closed.has(specialUse)),
  )
  return found === undefined ? inbox : { mailbox: found.id, name: found.name, flags: [] }
}

/** @returns the place in an account; INBOX where the store does not answer. */
export const placeFor = async (store: Pick<Store, 'mailboxes'>, taker: Taker, flagged: boolean): Promise<Chosen> => {
  if (!flagged && taker.detail === '') return inbox
  const mailboxes = await store.mailboxes({ account: taker.account.id })
  return choose(flagged, taker.detail, mailboxes.ok ? mailboxes.value : [])
}

/** @returns one place for each taker, in order. A recipient whose own verdict is harsher than the answer finds it in Junk. */
export const place = (store: Pick<Store, 'mailboxes'>, mail: Mail, decision: Decision): Promise<readonly Chosen[]> =>
  Promise.all(mail.takers.map((taker, index) => placeFor(store, taker, decision.verdicts[index]?.kind !== 'accept')))
