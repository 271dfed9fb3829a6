/**
 * Data: what a fault of the store is called in IMAP. RFC 5530 and RFC 9051 section 7.1 (response codes), RFC 9208 (OVERQUOTA).
 */
import type { StoreFault } from '../../store/store.ts'

const words = {
  'no-such-account': 'NO [SERVERBUG] There is no such account',
  'no-such-domain': 'NO [SERVERBUG] There is no such domain',
  'no-such-address': 'NO [NONEXISTENT] There is no such address',
  'no-such-mailbox': 'NO [NONEXISTENT] There is no such mailbox',
  'no-such-message': 'NO [EXPUNGEISSUED] The message is gone',
  'already-exists': 'NO [ALREADYEXISTS] There is a mailbox of that name',
  'has-children': 'NO [HASCHILDREN] There are mailboxes below it',
  'bad-name': 'NO [CANNOT] A mailbox cannot have that name',
  'over-quota': 'NO [OVERQUOTA] The account is full',
  'too-many': 'NO [LIMIT] There are too many of them',
  'disk-full': 'NO [UNAVAILABLE] The server has no room; try again later',
  busy: 'NO [UNAVAILABLE] The server is busy; try again later',
  damaged: 'NO [CORRUPTION] The store is damaged',
  closed: 'NO [UNAVAILABLE] The server stops',
} as const satisfies Readonly<Record<StoreFault, string>>

/** @returns the tagged answer for a fault, without its tag. */
export const wordsFor = (fault: StoreFault): string => words[fault]

/** The answer where the target of APPEND, COPY or MOVE is not there (RFC 9051 section 6.3.12). */
export const TRY_CREATE = 'NO [TRYCREATE] There is no such mailbox'
