/**
 * Data: what a POP3 session says. RFC 2449 section 8 (response codes), RFC 3206 (SYS/TEMP, SYS/PERM, AUTH). Nothing that a client said stands in
 * an answer, so that nobody can make us say it to somebody else.
 */
import type { StoreFault } from '../../store/store.ts'
import type { Pop3Misread } from '../../wire/pop3/command.ts'
import type { Pop3LineFault } from '../../wire/pop3/reader.ts'
import type { LoginOutcome } from '../login.ts'
import type { SaslFault } from '../sasl-exchange.ts'

const later = '-ERR [SYS/TEMP] The mail cannot be read now; try again later'
const broken = '-ERR [SYS/PERM] The mail cannot be read; ask the administrator'

const faultWords = {
  'no-such-account': broken,
  'no-such-domain': broken,
  'no-such-address': broken,
  'no-such-mailbox': later, // it is gone since the login
  'no-such-message': '-ERR The message is gone: another program removed it',
  'already-exists': broken,
  'has-children': broken,
  'bad-name': broken,
  'over-quota': later,
  'too-many': later,
  'disk-full': '-ERR [SYS/TEMP] The server has no room; try again later',
  busy: '-ERR [SYS/TEMP] The server is busy; try again later',
  damaged: broken,
  closed: '-ERR [SYS/TEMP] The server stops; try again later',
} as const satisfies Readonly<Record<StoreFault, string>>

/** @returns the answer for a fault of the store. */
export const wordsFor = (fault: StoreFault): string => faultWords[fault]

export const loginWords = {
  'bad-credentials': '-ERR [AUTH] The name or the password is wrong',
  frozen: '-ERR [SYS/PERM] The account is frozen; ask the administrator',
  barred: '-ERR [SYS/TEMP] Too many logins failed; try again later',
  'try-later': '-ERR [SYS/TEMP] Logins cannot be checked now; try again later',
} as const satisfies Readonly<Record<Exclude<LoginOutcome['kind'], 'ok'>, string>>

export const saslWords = {
  'no-mechanism': '-ERR There is no such mechanism',
  cancelled: '-ERR The exchange was cancelled',
  'not-base64': '-ERR That is not base64',
  endless: '-ERR The exchange has no end',
} as const satisfies Readonly<Record<SaslFault, string>>

export const lineWords = {
  control: '-ERR A control character in a command',
  'not-utf8': '-ERR That is not UTF-8',
  'too-long': '-ERR The line is too long',
} as const satisfies Readonly<Record<Pop3LineFault, string>>

export const misreadWords = {
  'unknown-command': '-ERR There is no such command',
  foreign: '-ERR This is a mail server and speaks POP3 only',
  'bad-argument': '-ERR The argument is wrong',
  'bad-number': '-ERR That is no message number',
} as const satisfies Readonly<Record<Pop3Misread, string>>

export const pop3Words = {
  hello: '+OK Postern is ready',
  ok: '+OK',
  'tls-ready': '+OK Begin TLS now',
  'no-tls': '-ERR There is no STLS here',
  'tls-already': '-ERR TLS runs already',
  'tls-after-utf8': '-ERR STLS comes before UTF8',
  'utf8-on': '+OK Headers and names are UTF-8',
  'tls-first': '-ERR Use TLS first',
  'log-in-first': '-ERR Log in first',
  'before-login': '-ERR That is for before the login',
  'password-now': '+OK Now the password',
  'user-first': '-ERR USER comes before PASS',
  'no-apop': '-ERR APOP needs passwords that can be read; use AUTH or USER',
  'in-use': '-ERR [IN-USE] Another session holds the maildrop',
  'login-delay': '-ERR [LOGIN-DELAY] You were here a moment ago; come again later',
  'no-such-message': '-ERR There is no such message',
  'is-deleted': '-ERR The message is deleted',
  deleted: '+OK Deleted at QUIT',
  bye: '+OK Good bye',
  'not-deleted': '-ERR [SYS/TEMP] The deleted messages could not be removed; they are still there',
  'too-many-bad': '-ERR Too many wrong commands',
  'not-pop3': '-ERR TLS begins with STLS on this port',
  endless: '-ERR That does not end',
  stopping: '-ERR [SYS/TEMP] The server stops; try again later',
  'not-welcome': '-ERR [SYS/TEMP] You are not welcome for now',
  revoked: '-ERR [AUTH] Your login does not hold any longer; log in again',
} as const satisfies Readonly<Record<string, string>>
