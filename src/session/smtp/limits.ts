/**
 * Data: what a receiving session bears from a stranger: each limit with its default and its meaning; the settings and the manual are
 * made from it. RFC 5321 sections 4.5.3.1 (sizes, counts) and 4.5.3.2 (timeouts), RFC 9422 (LIMITS tells two of them).
 */
type LimitRow = { readonly value: number; readonly unit: 'octets' | 'count' | 'ms'; readonly says: string }

export const smtpLimitRows = {
  messageSize: {
    value: 52_428_800,
    unit: 'octets',
    says: 'the largest message; SIZE tells it, MAIL and DATA hold to it',
  },
  commandLine: {
    value: 2_048,
    unit: 'octets',
    says: 'a command line with the parameters of all extensions; commands without parameters have 512',
  },
  skippedLine: {
    value: 65_536,
    unit: 'octets',
    says: 'how much of a too long line is read over before the connection is cut',
  },
  recipients: {
    value: 100,
    unit: 'count',
    says: 'recipients of one message; the next are told to come with another (452)',
  },
  recipientsOver: {
    value: 1_000,
    unit: 'count',
    says: 'recipients beyond that limit, in one message, before the connection is cut',
  },
  messages: { value: 100, unit: 'count', says: 'messages of one session; then the peer is asked to connect anew' },
  errors: { value: 10, unit: 'count', says: 'wrong commands of one session before it is cut as abuse' },
  refusals: {
    value: 10,
    unit: 'count',
    says: 'recipients of one session that do not exist or are not ours, before it is cut as a search for addresses',
  },
  patientErrors: { value: 3, unit: 'count', says: 'errors and refusals that are answered at once; later ones wait' },
  errorDelayMs: { value: 1_000, unit: 'ms', says: 'how long each later error or refusal waits for its answer' },
  idleCommands: {
    value: 100,
    unit: 'count',
    says: 'commands that carry no mail (NOOP, RSET, VRFY, HELP, EHLO again) between two messages, before it is abuse',
  },
  greetPauseMs: {
    value: 2_000,
    unit: 'ms',
    says: 'how long we are silent before the greeting; who talks into it is no mail server. 0 for none',
  },
  helloMs: { value: 60_000, unit: 'ms', says: 'how long a peer may be silent before EHLO' },
  commandMs: { value: 300_000, unit: 'ms', says: 'how long a peer may be silent between commands' },
  dataMs: { value: 180_000, unit: 'ms', says: 'how long a peer may be silent within a message' },
  messageMs: { value: 3_600_000, unit: 'ms', says: 'how long one message may take from 354 to its end' },
  sessionMs: { value: 3_600_000, unit: 'ms', says: 'how long a session may last before its next command is refused' },
} as const satisfies Readonly<Record<string, LimitRow>>

export type SmtpLimits = { readonly [Name in keyof typeof smtpLimitRows]: number }

const value = (name: keyof SmtpLimits): number => smtpLimitRows[name].value

/** Data: what a submission session bears beside that, and what it offers. RFC 4954 section 4, RFC 4865 section 4. */
export const submissionLimitRows = {
  logins: { value: 3, unit: 'count', says: 'failed logins, before the connection ends' },
  failedLoginMs: { value: 2_000, unit: 'ms', says: 'how long a failed login waits for its answer' },
  holdMs: {
    value: 30 * 86_400_000,
    unit: 'ms',
    says: 'how far ahead a mail program may have its message sent (FUTURERELEASE)',
  },
} as const satisfies Readonly<Record<string, LimitRow>>
export type SubmissionLimits = { readonly [Name in keyof typeof submissionLimitRows]: number }

/** The defaults. */
export const submissionLimits: SubmissionLimits = {
  logins: submissionLimitRows.logins.value,
  failedLoginMs: submissionLimitRows.failedLoginMs.value,
  holdMs: submissionLimitRows.holdMs.value,
}

/** The defaults. */
export const smtpLimits: SmtpLimits = {
  messageSize: value('messageSize'),
  commandLine: value('commandLine'),
  skippedLine: value('skippedLine'),
  recipients: value('recipients'),
  recipientsOver: value('recipientsOver'),
  messages: value('messages'),
  errors: value('errors'),
  refusals: value('refusals'),
  patientErrors: value('patientErrors'),
  errorDelayMs: value('errorDelayMs'),
  idleCommands: value('idleCommands'),
  greetPauseMs: value('greetPauseMs'),
  helloMs: value('helloMs'),
  commandMs: value('commandMs'),
  dataMs: value('dataMs'),
  messageMs: value('messageMs'),
  sessionMs: value('sessionMs'),
}

/** What differs where people log in: their mail programs wait for no pause, send to more at once, and mistype. */
export const submitLimits: SmtpLimits = {
  ...smtpLimits,
  recipients: 500,
  refusals: 50,
  greetPauseMs: 0,
}
