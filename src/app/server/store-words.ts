/** The store's faults as sentences for the operator: what it is and what to do. */
import type { OpenFault } from '../../store/sqlite/database.ts'

const words: Readonly<Record<OpenFault, string>> = {
  'no-such-account': 'there is no such account; `postern account list` shows them',
  'no-such-domain': 'that domain is not served here; `postern domain add` takes it on',
  'no-such-address': 'there is no such address; `postern alias list` shows them',
  'no-such-mailbox': 'there is no such mailbox',
  'no-such-message': 'there is no such message',
  'already-exists': 'it is there already',
  'has-children': 'there are mailboxes below it',
  'bad-name': 'that name cannot be used',
  'over-quota': 'there is no room left in that account; raise its quota or remove mail',
  'too-many': 'that is more than the store keeps of them',
  'disk-full': 'the disk is full: make room, then try again; nothing was changed',
  busy: 'the store is busy; try again',
  damaged: 'the database is damaged: stop the server, keep a copy of the data folder, and run `postern check`',
  closed: 'the store is closed',
  locked: 'another Postern has this data folder open; stop it first, or use another folder',
  'newer-version': 'the data was written by a newer Postern; install that version',
  'not-ours': 'the files there are not of Postern; choose an empty folder',
}

/** @returns the sentence, with the folder where it helps. */
export const storeWords = (fault: OpenFault, folder?: string): string =>
  folder === undefined ? words[fault] : `cannot open the store in ${folder}: ${words[fault]}`
