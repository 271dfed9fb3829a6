/**
 * Data: everything an SMTP session says after its greeting, a row a reason. RFC 5321 section 4.2.2 (codes), RFC 3463 (enhanced codes),
 * RFC 3461, 3030, 1870, 6531, 7372 and 7505 for the codes of their own. A new reason without words does not compile.
 */
import type { DeferReason, RcptReason, RejectReason } from '../../post/ports.ts'
import type { SmtpMisread } from '../../wire/smtp/command.ts'
import type { ContentFault } from '../../wire/smtp/content.ts'
import type { ParameterMisread } from '../../wire/smtp/parameters.ts'
import type { SmtpLineFault } from '../../wire/smtp/reader.ts'

export const rcptWords = {
  'unknown-user': '550 5.1.1 No such user here',
  'relay-denied': '550 5.7.1 We do not relay',
  'over-quota': '452 4.2.2 The mailbox is full',
  disabled: '550 5.2.1 The mailbox is closed',
  'sender-banned': '550 5.7.1 Mail from this sender is not taken',
  greylisted: '451 4.7.1 Not yet: try again in some minutes',
  unavailable: '451 4.3.0 We cannot tell now: try again later',
  'null-sender-many': '550 5.5.3 A bounce has one recipient',
  'not-your-address': '550 5.7.1 That is not an address of yours',
  frozen: '451 4.7.0 The account is frozen and its mail held: ask its administrator',
  'bad-destination': '550 5.1.2 There is no such domain',
} as const satisfies Readonly<Record<RcptReason, string>>

export const rejectWords = {
  spam: '550 5.7.1 This message looks like spam',
  dmarc: '550 5.7.26 The author domain asks us to refuse this message (DMARC)',
  policy: '550 5.7.1 Refused by the rules of this server',
  loop: '554 5.4.6 The message has been here too often: a loop',
  'too-large': '552 5.3.4 The message is too large',
  malformed: '550 5.6.0 The message cannot be read',
  'over-quota': '552 5.2.2 The mailbox is full',
  'not-your-address': '550 5.7.1 The sender address is not yours',
  frozen: '550 5.7.1 The account is frozen and its mail held: ask its administrator',
  budget: '550 5.7.1 The account has sent enough for now: try again later',
} as const satisfies Readonly<Record<RejectReason, string>>

export const deferWords = {
  'disk-full': '452 4.3.1 No room now: try again later',
  busy: '451 4.3.2 Too busy now: try again later',
  damaged: '451 4.3.0 We cannot store mail now: try again later',
  internal: '451 4.3.0 Something failed here: try again later',
  'over-quota': '452 4.2.2 The mailbox is full',
  frozen: '451 4.7.0 The account is frozen and its mail held: ask its administrator',
} as const satisfies Readonly<Record<DeferReason, string>>

export const contentWords = {
  'bare-cr': '550 5.6.0 A CR stands alone in the message: lines end with CRLF',
  'bare-lf': '550 5.6.0 An LF stands alone in the message: lines end with CRLF',
  nul: '550 5.6.0 The message holds a NUL',
} as const satisfies Readonly<Record<ContentFault, string>>

export const lineWords = {
  'bare-lf': '500 5.5.2 Command lines end with CRLF',
  control: '500 5.5.2 A control character in a command',
  'not-utf8': '500 5.5.2 That is not UTF-8',
  'too-long': '500 5.5.6 The line is too long',
} as const satisfies Readonly<Record<SmtpLineFault, string>>

export const misreadWords = {
  'unknown-command': '500 5.5.1 No such command',
  'old-command': '502 5.5.1 That command is not offered',
  foreign: '554 5.5.0 This is a mail server and speaks SMTP only',
  'too-long': '500 5.5.6 The line is too long',
  'bad-name': '501 5.5.2 That is no host name',
  'bad-sender': '501 5.1.7 That is no sender address',
  'bad-recipient': '501 5.1.3 That is no recipient address',
  'bad-parameter': '501 5.5.4 A parameter is wrong',
  'unknown-parameter': '555 5.5.4 That parameter is not offered',
  'bad-argument': '501 5.5.4 The argument is wrong',
  'bad-chunk': '501 5.5.4 BDAT says how many octets come',
} as const satisfies Readonly<Record<SmtpMisread | ParameterMisread, string>>

export const smtpWords = {
  ok: '250 2.0.0 OK',
  'sender-ok': '250 2.1.0 OK',
  'recipient-ok': '250 2.1.5 OK',
  'send-data': '354 End with a dot on a line of its own',
  'tls-ready': '220 2.0.0 Begin TLS',
  bye: '221 2.0.0 Bye',
  help: '214 2.0.0 EHLO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY STARTTLS: see RFC 5321',
  'cannot-vrfy': '252 2.5.0 We do not tell; send the mail and see',
  'no-expn': '502 5.5.1 Lists are not shown',
  'no-auth': '503 5.5.1 There is no login on this port; submission is on 465 and 587',
  'no-tls': '502 5.5.1 TLS is not offered here',
  'tls-already': '503 5.5.1 TLS runs already',
  'say-ehlo': '503 5.5.1 EHLO first',
  'mail-open': '503 5.5.1 A sender was named already: RSET first',
  'mail-first': '503 5.5.1 MAIL first',
  'rcpt-first': '503 5.5.1 RCPT first',
  'no-recipient': '554 5.5.1 No recipient was taken',
  'binary-by-bdat': '503 5.5.1 BINARYMIME goes by BDAT',
  'chunks-open': '503 5.5.1 The message comes by BDAT: go on with it, or RSET',
  'needs-utf8': '553 5.6.7 Such an address needs SMTPUTF8',
  'too-large': '552 5.3.4 The message is too large',
  'too-many-recipients': '452 4.5.3 Too many recipients: send another message to the rest',
  'too-many-recipients-cut': '421 4.5.3 Far too many recipients',
  'too-many-messages': '421 4.5.3 Enough messages for one session: connect again',
  'too-many-errors': '421 4.7.0 Too many errors',
  'too-many-refusals': '421 4.7.0 Too many addresses that are not here',
  'too-many-idle': '421 4.7.0 Too many commands without mail',
  'too-long-session': '421 4.4.2 The session took too long: connect again',
  'too-slow': '421 4.4.2 Too slow',
  silent: '421 4.4.2 You have been silent for too long',
  stopping: '421 4.3.2 The server stops: try again later',
  barred: '421 4.7.0 You are not welcome for now',
  'early-talker': '554 5.5.0 A mail server waits for the greeting',
  unpipelined: '554 5.5.0 You did not wait for the answer (RFC 2920)',
  endless: '500 5.5.6 That does not end',
  'not-smtp': '554 5.5.0 TLS begins with STARTTLS on this port',
} as const satisfies Readonly<Record<string, string>>

/** AUTH and what goes with it. RFC 4954 sections 4 and 6; X.7.13: RFC 5248. */
export const authWords = {
  ok: '235 2.7.0 Logged in',
  'bad-credentials': '535 5.7.8 The name or the password is wrong',
  frozen: '535 5.7.13 The account is frozen: ask its administrator',
  barred: '454 4.7.0 Too many logins failed: try again later',
  'try-later': '454 4.7.0 Logins cannot be checked now: try again later',
  'no-mechanism': '504 5.5.4 There is no such mechanism',
  cancelled: '501 5.7.0 The login was cancelled',
  'not-base64': '501 5.5.2 That is not base64',
  endless: '500 5.5.6 The login has no end',
  'tls-for-auth': '538 5.7.11 Say STARTTLS first: no password is taken before it',
  'tls-first': '530 5.7.0 Say STARTTLS first, then AUTH',
  'login-first': '530 5.7.0 Log in first',
  'logged-in': '503 5.5.1 You are logged in already',
  'within-mail': '503 5.5.1 A message was begun: no login now',
  'too-many': '421 4.7.0 Too many logins failed',
  revoked: '421 4.7.0 Your login does not hold any longer: log in again',
  help: '214 2.0.0 EHLO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY: see RFC 6409',
} as const satisfies Readonly<Record<string, string>>

const MOST_TEXT = 400

/**
 * @param words a row of a table above. @param text says it instead, when the office has something better to say.
 * @returns a reply with its line end; nothing but printable ASCII gets in.
 */
export const saying = (words: string, text?: string): string => {
  if (text === undefined || text === '') return `${words}\r\n`
  const codes = /^\d{3} \d\.\d{1,3}\.\d{1,3}/.exec(words)?.[0] ?? words.slice(0, 3)
  return `${codes} ${text.slice(0, MOST_TEXT).replaceAll(/[^\x20-\x7e]/g, '?')}\r\n`
}
