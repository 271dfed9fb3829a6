/**
 * Data: what a POP3 session bears, each limit with its default and its meaning; the settings and the manual are made from it. RFC 1939 section 3
 * (ten minutes of patience, at least), RFC 2449 section 4 (lines).
 */
type LimitRow = { readonly value: number; readonly unit: 'octets' | 'count' | 'ms'; readonly says: string }

export const pop3LimitRows = {
  line: { value: 4_096, unit: 'octets', says: 'a command line, or a line of a login' },
  skippedLine: {
    value: 65_536,
    unit: 'octets',
    says: 'how much of a too long line is read over before the connection is cut',
  },
  bad: { value: 20, unit: 'count', says: 'wrong commands, before the connection ends' },
  logins: { value: 3, unit: 'count', says: 'failed logins, before the connection ends' },
  failedLoginMs: { value: 2_000, unit: 'ms', says: 'how long a failed login waits for its answer' },
  patienceBeforeLoginMs: {
    value: 60_000,
    unit: 'ms',
    says: 'how long a mail program may be silent before it logged in',
  },
  patienceMs: {
    value: 600_000,
    unit: 'ms',
    says: 'how long it may be silent after that (RFC 1939 wants at least 10 minutes); then its deletions are forgotten',
  },
  loginDelayMs: {
    value: 0,
    unit: 'ms',
    says: 'how long an account waits from one login to the next; mail programs are told (LOGIN-DELAY). 0 for none',
  },
  lockWaitMs: {
    value: 3_000,
    unit: 'ms',
    says: 'how long a login waits for an earlier session of the same account to end, before it is refused',
  },
  ahead: {
    value: 262_144,
    unit: 'octets',
    says: 'what is read ahead for a mail program that fetches message after message',
  },
} as const satisfies Readonly<Record<string, LimitRow>>

export type Pop3Limits = { readonly [Name in keyof typeof pop3LimitRows]: number }

const value = (name: keyof Pop3Limits): number => pop3LimitRows[name].value

/** The defaults. */
export const pop3Limits: Pop3Limits = {
  line: value('line'),
  skippedLine: value('skippedLine'),
  bad: value('bad'),
  logins: value('logins'),
  failedLoginMs: value('failedLoginMs'),
  patienceBeforeLoginMs: value('patienceBeforeLoginMs'),
  patienceMs: value('patienceMs'),
  loginDelayMs: value('loginDelayMs'),
  lockWaitMs: value('lockWaitMs'),
  ahead: value('ahead'),
}
