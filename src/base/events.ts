/**
 * Data: the closed table of log events (name, level, meaning). The manual prints it; a metric counts each. Add a row where an event is made.
 */
type Level = 'debug' | 'info' | 'warn' | 'error'
type EventRow = { readonly level: Level; readonly says: string }

export const events = {
  'server-starting': { level: 'info', says: 'the program starts, with its version and data folder' },
  'server-ready': { level: 'info', says: 'every listener answers' },
  'server-stopping': { level: 'info', says: 'a stop was asked for; open transactions are finished or refused' },
  'server-stopped': { level: 'info', says: 'everything is closed' },
  'settings-reloaded': { level: 'info', says: 'SIGHUP: settings and certificates were read again' },
  'settings-refused': { level: 'error', says: 'SIGHUP: the new settings have mistakes; the old ones stay in force' },
  'settings-unwise': { level: 'warn', says: 'the settings hold what is allowed and yet not wise' },
  'listener-failed': {
    level: 'error',
    says: 'a port could not be opened: another program holds it, or the privilege is missing',
  },
  'connection-opened': { level: 'debug', says: 'a peer connected' },
  'connection-closed': { level: 'debug', says: 'a connection ended, with why and how long it lasted' },
  'connection-barred': { level: 'info', says: 'a banned address was refused before the greeting' },
  'connection-limited': { level: 'warn', says: 'too many connections at once from one address or network, or in all' },
  'session-fault': {
    level: 'error',
    says: 'a session ended on a mistake of ours; the peer was told to try again later',
  },
  'tls-failed': { level: 'info', says: 'a TLS handshake failed' },
  'proxy-failed': { level: 'warn', says: 'a trusted proxy sent no sound PROXY header; its connection was closed' },
  'smtp-rcpt-refused': { level: 'info', says: 'a recipient was refused' },
  'smtp-offence': { level: 'info', says: 'a peer talked early, too slowly, or not SMTP' },
  'smtp-fault': { level: 'error', says: 'a part behind an SMTP session failed; the peer was told to try again later' },
  'message-accepted': { level: 'info', says: 'a message was stored; 250 was said after this' },
  'message-flagged': { level: 'info', says: 'a message was stored and filed as spam' },
  'message-rejected': { level: 'info', says: 'a message was refused after its data' },
  'message-judged': { level: 'info', says: 'another mail server was told what the filter thinks of a message' },
  'consult-failed': {
    level: 'warn',
    says: 'no verdict could be given to another mail server, which takes the message as it came',
  },
  'message-submitted': {
    level: 'info',
    says: 'a message of an account was taken: for people here, for the queue, or both',
  },
  'message-deferred': { level: 'warn', says: 'a message could not be taken now; the sender will try again' },
  'send-taken': { level: 'info', says: 'another server took a message; what it said' },
  'send-deferred': { level: 'info', says: 'a message could not leave now, and why; it is tried again' },
  'send-failed': { level: 'warn', says: 'a message cannot leave, and why; its sender was told' },
  'send-unsure': {
    level: 'warn',
    says: 'a message was sent and no answer came, or Postern ended before it was written down: it is tried again, and may arrive twice',
  },
  'send-untold': { level: 'warn', says: 'nobody could be told of a message that did not leave' },
  'send-changed': { level: 'info', says: 'the administrator held, released, retried or dropped what is queued' },
  'send-fault': {
    level: 'error',
    says: 'the queue could not read or write; nothing is lost, and it goes on by itself',
  },
  'login-good': { level: 'info', says: 'a login succeeded' },
  'login-failed': { level: 'info', says: 'a login failed' },
  'login-refused': { level: 'info', says: 'a login was refused before the password was looked at' },
  'login-new-network': {
    level: 'info',
    says: 'an account was used from a network (or a country) that it was never used from before: less may be sent from there for some hours',
  },
  'outgoing-held': { level: 'info', says: 'a message that somebody sends was taken and is held in the queue, and why' },
  'outgoing-refused': {
    level: 'warn',
    says: 'a message that somebody wanted to send was refused: spam by its score, or too much',
  },
  'outgoing-released': { level: 'info', says: 'held mail leaves by itself: there is room in the budget again' },
  'account-frozen': {
    level: 'warn',
    says: 'an account was frozen: nobody can log in, its mail is held, owner and administrator are told',
  },
  'account-thawed': { level: 'info', says: 'an account was opened again' },
  'freeze-unfinished': { level: 'error', says: 'a step of freezing an account failed; it is tried again every minute' },
  'ban-set': { level: 'info', says: 'the jail sentenced an address, a network or a sender' },
  'ban-spared': { level: 'info', says: 'a sentence was not passed, or fell on the sender, and why' },
  'ban-lifted': { level: 'info', says: 'a ban was pardoned' },
  'firewall-gone': {
    level: 'info',
    says: 'no firewall process answers; Postern refuses the banned itself, and tries the process again',
  },
  'firewall-ready': { level: 'info', says: 'bans go to the packet filter too; everything in force was told' },
  'firewall-fault': {
    level: 'warn',
    says: 'the firewall process refused, failed or ended: why; Postern refuses the banned itself',
  },
  'scan-late': {
    level: 'warn',
    says: 'a scan passed its deadline; the rule that ran is benched and the message went on without it',
  },
  'rules-missing': {
    level: 'error',
    says: 'a folder of spam.rules cannot be read: mail is judged without the rules in it',
  },
  'rule-fault': {
    level: 'warn',
    says: 'a line of a rule file is not in force: file, line and reason; the rest is',
  },
  'scan-failed': { level: 'error', says: 'a scan thread died; the message went on without it' },
  'imap-client': { level: 'debug', says: 'an IMAP client said its name' },
  'pop3-quit': { level: 'info', says: 'a POP3 session ended with QUIT: how many messages it retrieved and removed' },
  learned: { level: 'info', says: 'the filter learned from a message that was moved' },
  'learner-damaged': {
    level: 'error',
    says: 'the learner could not be read; it was set aside and the filter goes on with the prior',
  },
  'dns-unavailable': { level: 'warn', says: 'no DNS server answers; messages are judged without it' },
  'sts-policy-fetched': {
    level: 'info',
    says: "a domain's MTA-STS policy was fetched: its mode and how long it holds",
  },
  'sts-policy-failed': {
    level: 'warn',
    says: "a domain's MTA-STS policy could not be fetched or read; the old one, if there is one, stays in force",
  },
  'dnsbl-blocked': {
    level: 'warn',
    says: 'a blocklist refuses our resolver: use a resolver of your own; its answers are not counted',
  },
  'message-forwarded': { level: 'info', says: 'a received message goes on to addresses elsewhere' },
  'forward-withheld': {
    level: 'info',
    says: 'a received message did not go on elsewhere: it was flagged (who is here has it in Junk), or was sent on before',
  },
  'store-fault': { level: 'error', says: 'the store could not do a verb: the fault says why' },
  'store-slow': { level: 'warn', says: 'a commit took longer than a second' },
  'disk-full': { level: 'error', says: 'the disk is full: mail is deferred, not lost; make room' },
  'dkim-key': { level: 'info', says: 'a signing key was made, or came into another state of its life' },
  'dkim-rotating': { level: 'info', says: 'successors for the signing keys of a domain were asked for' },
  'dkim-record-wanted': {
    level: 'warn',
    says: 'a DNS record of a signing key is to be added, replaced or removed: `postern dkim records` has its text',
  },
  'dkim-published': {
    level: 'info',
    says: 'the publishing program put a record of a signing key into the DNS, or took it out',
  },
  'dkim-publish-failed': { level: 'error', says: 'the publishing program failed; it is called again in an hour' },
  'dkim-unsigned': { level: 'warn', says: 'a message went out without a signature, and why' },
  'report-received': {
    level: 'info',
    says: 'a report to us (DMARC, TLS, a complaint) was kept; `postern reports list` shows it',
  },
  'report-not-kept': { level: 'warn', says: 'a report to us could not be kept, and was delivered as mail' },
  'report-sent': { level: 'info', says: 'a report on DMARC or TLS was queued for a domain that asks for it' },
  'report-done': { level: 'debug', says: 'the aggregate reports of a domain and day are on their way' },
  'report-skipped': {
    level: 'info',
    says: 'a domain gets no report: it names nobody who agreed to have it, or the report is larger than it takes',
  },
  'report-failed': {
    level: 'info',
    says: 'a report could not be handed over by HTTPS; it is tried again for two days',
  },
  'rejected-released': {
    level: 'info',
    says: 'somebody took a note of refused mail out of Rejected: its sender is known to the account from now on',
  },
  tidied: { level: 'info', says: 'old tombstones, receipts and Junk were removed' },
  'admin-request': { level: 'info', says: 'a command came in over the admin socket' },
  'watch-started': {
    level: 'info',
    says: 'a log of another program is watched: by which filter, with how many patterns',
  },
  'watch-failure': { level: 'info', says: 'a line of a watched log names somebody who failed; the jail counts it' },
  'watch-moved': {
    level: 'info',
    says: 'a watched log was rotated or truncated, is read on after a restart, or a rotated half of it is read once',
  },
  'watch-failed': { level: 'warn', says: 'a watched log or the journal cannot be read; it is tried again' },
  'watch-fault': { level: 'error', says: 'a filter has a mistake: file, line, why; the rest of it is in force' },
  'watch-late': {
    level: 'error',
    says: 'the watch was lost on a line that took too long, or on a mistake; it goes on behind that line',
  },
} as const satisfies Readonly<Record<string, EventRow>>

export type EventName = keyof typeof events
