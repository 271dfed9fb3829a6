/**
 * Data: every setting, declared once: its type, default, check and sentence. The manual, the file that `quickstart` writes and `config describe` are printed
 * from here. Defaults come from the rooms' own tables.
 */
import * as z from 'zod'
import { talkSentences } from '../../ban/sentences.ts'
import { defaultLimits } from '../../net/listen.ts'
import { postDefaults } from '../../post/settings.ts'
import { imapLimits } from '../../session/imap/deps.ts'
import { pop3LimitRows, pop3Limits } from '../../session/pop3/limits.ts'
import { smtpLimitRows, smtpLimits } from '../../session/smtp/limits.ts'
import { thresholds } from '../../spam/table.ts'
import { defaultZones } from '../../verify/dnsbl.ts'
import { bansSection } from './bans.ts'
import { dkimSection } from './dkim.ts'
import { firewallSection } from './firewall.ts'
import { forwardSection } from './forward.ts'
import {
  count,
  duration,
  durationOr,
  endpoint,
  endpoints,
  hostName,
  names,
  networks,
  oneOf,
  path,
  points,
  size,
  writeDuration,
  yes,
} from './kinds.ts'
import { limitsOf, rowsOf } from './limits.ts'
import { mtaStsSection } from './mta-sts.ts'
import { outgoingSection } from './outgoing.ts'
import { relaysSection } from './relay.ts'
import { reportsSection } from './reports.ts'
import { sendSection } from './send.ts'
import { spamdSection } from './spamd.ts'
import { submissionSection } from './submission.ts'
import { watchSection } from './watch.ts'

const listenSection = z
  .strictObject({
    smtp: endpoints(['0.0.0.0:25', '[::]:25'], 'Receives mail from other servers; STARTTLS is offered.'),
    submissions: endpoints(
      ['0.0.0.0:465', '[::]:465'],
      'Mail programs send here, encrypted from the first octet; only after a login.',
    ),
    submission: endpoints(
      ['0.0.0.0:587', '[::]:587'],
      'Mail programs send here after STARTTLS and a login; no password is taken before TLS.',
    ),
    imaps: endpoints(['0.0.0.0:993', '[::]:993'], 'Mail programs read here, encrypted from the first octet.'),
    imap: endpoints(
      ['0.0.0.0:143', '[::]:143'],
      'Mail programs read here after STARTTLS; no password is taken before it.',
    ),
    pop3s: endpoints(['0.0.0.0:995', '[::]:995'], 'Mail programs that speak POP3, encrypted from the first octet.'),
    pop3: endpoints(
      ['0.0.0.0:110', '[::]:110'],
      'Mail programs that speak POP3, after STLS; no password is taken before it.',
    ),
    spamd: endpoints(
      [],
      'Answers SpamAssassin\'s spamc and Exim\'s spam condition (the spamd protocol), as in ["127.0.0.1:783"]: plain text, no passwords, so on loopback only; see [spamd].',
    ),
    https: endpoints(
      [],
      'Serves the MTA-STS policy at https://mta-sts.DOMAIN/.well-known/mta-sts.txt, as in ["0.0.0.0:443", "[::]:443"]; the certificate must name mta-sts.DOMAIN too.',
    ),
    metrics: endpoints(['127.0.0.1:9125'], 'Prometheus reads /metrics here, and /health says whether all is well.'),
    proxies: networks(
      [],
      'Networks whose connections begin with a PROXY header (version 1 or 2); nobody else may send one.',
    ),
  })
  .prefault({})
  .describe('Where Postern listens; an empty list switches a service off.')

const tlsSection = z
  .strictObject({
    certificate: path(
      '',
      'The certificate and its chain, PEM. Without one Postern makes an authority of its own, which no mail program trusts by itself.',
    ),
    key: path('', 'The private key, PEM. SIGHUP reads both files again.'),
    'next-key': path(
      '',
      'The key that the next certificate will have, PEM: `postern dns` prints its TLSA record too, so that it is in the DNS before the key is used.',
    ),
  })
  .prefault({})
  .describe('The certificate for all services.')

const connectionsSection = limitsOf(defaultLimits, {
  most: ['count', 'Connections at once, for each address and port that is listened on.'],
  mostPerIp: ['count', 'From one address.'],
  mostPerNet: ['count', 'From one network (/24, or /48 of IPv6).'],
  unreadMs: ['duration', 'A peer that does not read for so long is cut.'],
  slowWindowMs: ['duration', 'In a window of so long…'],
  slowOctets: ['count', '…a peer in the middle of a message must send at least so many octets.'],
  handshakeMs: ['duration', 'A TLS handshake takes at most so long.'],
}).describe('Bounds of every connection, whatever it speaks.')

const smtpSection = z
  .strictObject({
    'bare-lf': oneOf(
      ['refuse', 'rewrite'],
      'refuse',
      'A line feed without a carriage return in a message: refuse the message (somebody may be smuggling one), or rewrite it to CRLF.',
    ),
    early: oneOf(
      ['refuse', 'allow'],
      'refuse',
      'A peer that talks on where it must wait for an answer is cut, or borne with.',
    ),
    limits: limitsOf(smtpLimits, rowsOf(smtpLimitRows)).describe('Bounds of one connection on port 25.'),
  })
  .prefault({})
  .describe('Receiving.')

const imapSection = limitsOf(imapLimits, {
  append: ['size', 'The largest message that a mail program may store.'],
  command: ['size', 'What one command may hold in memory.'],
  bad: ['count', 'Commands that cannot be read, before the connection ends.'],
  logins: ['count', 'Failed logins, before the connection ends.'],
  failedLoginMs: ['duration', 'How long a failed login waits for its answer.'],
  patienceMs: ['duration', 'How long a mail program may be silent (RFC 9051 wants at least 30 minutes).'],
  patienceBeforeLoginMs: ['duration', 'How long it may be silent before it logged in.'],
}).describe('Bounds of one IMAP connection.')

const pop3Section = z
  .strictObject({
    expire: durationOr(
      'never',
      'never',
      'A message that was read, is not flagged, and came into the inbox so long ago is removed when a POP3 session ends with QUIT; mail programs are told (EXPIRE, in whole days). "0 d": what was fetched is not kept.',
    ),
    'mark-seen': yes(true, 'What a mail program fetched by POP3 is marked as read for those that use IMAP.'),
    limits: limitsOf(pop3Limits, rowsOf(pop3LimitRows)).describe('Bounds of one POP3 connection.'),
  })
  .prefault({})
  .describe('Reading by POP3.')

const dnsSection = z
  .strictObject({
    servers: z
      .array(endpoint('"127.0.0.1:53"'))
      .max(10)
      .default([])
      .describe(
        'Resolvers, as "127.0.0.1:53". Empty: those of /etc/resolv.conf. Blocklists refuse public resolvers: run one of your own (unbound).',
      ),
    'trust-ad': yes(false, 'Believe the AD bit (DNSSEC) of resolvers that are not on loopback.'),
    timeout: duration('5 s', 'One look-up takes at most so long; without an answer mail is judged without it.'),
  })
  .prefault({})
  .describe('Looking up names.')

const spamSection = z
  .strictObject({
    scan: yes(true, 'Judge what comes in. false takes every message as it is.'),
    verify: yes(true, 'Check SPF, DKIM and DMARC.'),
    flag: points(thresholds.flag, 'From this score on a message is filed as Junk.'),
    reject: points(thresholds.reject, 'From this score on it is refused.'),
    'honour-dmarc': yes(postDefaults.spam.honourDmarc, "Do what the author's domain asks for mail that fails DMARC."),
    'keep-rejected': yes(
      postDefaults.spam.keepRejected,
      'Keep the whole of a refused message in Rejected, not only a note of who wrote, the subject and why.',
    ),
    rules: z
      .array(z.string({ error: 'must be the path of a folder, in quotes' }).min(1).max(4096))
      .max(10)
      .default([])
      .describe(
        'Folders of SpamAssassin\'s rule files (*.cf), whose points count beside ours: "/usr/share/spamassassin", a folder of sa-update, one with your local.cf. Read at the start; a later folder wins.',
      ),
    'trusted-sealers': names(
      [],
      'Forwarders and lists whose word (ARC) is taken for mail that they changed or sent on, beside the large providers and those that have brought wanted mail.',
    ),
    threads: count(0, 0, 64, 'Scan threads; 0: one less than there are cores, at least one.'),
    deadline: duration('5 s', 'A scan that computes for longer is ended, and the message goes on without it.'),
  })
  .prefault({})
  .describe('The filter.')

const blocklist = z.strictObject({
  zone: z.string({ error: 'must be a domain name, in quotes' }).min(3).max(200).describe('Where the list is asked.'),
  weight: points(2, 'Points for a listed address, where the list says nothing finer.'),
})

const keepSection = z
  .strictObject({
    junk: duration(writeDuration(postDefaults.keepJunkMs), 'Messages in Junk are removed after so long.'),
    'junk-room': size(
      '1 GB',
      'What the Junk of one account may hold; the oldest messages go first. Messages marked by their owner stay. "0 B" is no limit.',
    ),
    rejected: duration(
      writeDuration(postDefaults.keepRejectedMs),
      'How long what was refused stays visible in the mailbox Rejected of whom it was for; "0 s" shows nothing there.',
    ),
    receipts: duration(
      writeDuration(postDefaults.keepReceiptsMs),
      'How long it is remembered how each message was judged.',
    ),
  })
  .prefault({})
  .describe('How long things are kept.')

export const settingsSchema = z.strictObject({
  host: hostName("This server's own name: what MX records name and the reverse look-up of its address says."),
  data: path('postern-data', 'The folder of the mail store; made when it is not there.'),
  postmaster: z
    .string()
    .max(320)
    .default('')
    .describe('The account that gets mail for postmaster@ and abuse@. Empty: the first account.'),
  quota: size('10 GB', 'Room for the mail of a new account; "0 B" is no limit.'),
  listen: listenSection,
  tls: tlsSection,
  connections: connectionsSection,
  smtp: smtpSection,
  submission: submissionSection,
  imap: imapSection,
  pop3: pop3Section,
  spamd: spamdSection,
  dns: dnsSection,
  'mta-sts': mtaStsSection,
  spam: spamSection,
  forward: forwardSection,
  send: sendSection,
  relay: relaysSection,
  blocklists: z
    .array(blocklist)
    .max(20)
    .default(defaultZones.map(({ zone, weight }) => ({ zone, weight })))
    .describe(
      'DNS blocklists that are asked about every peer; read their terms of use. Writing one replaces the list that Postern starts with (zen.spamhaus.org, b.barracudacentral.org).',
    ),
  outgoing: outgoingSection,
  bans: bansSection(talkSentences),
  firewall: firewallSection,
  watch: watchSection,
  keep: keepSection,
  dkim: dkimSection,
  reports: reportsSection,
  log: z
    .strictObject({
      level: oneOf(['debug', 'info', 'warn', 'error'], 'info', 'The least level that is written.'),
      format: oneOf(['json', 'text'], 'json', 'One JSON object a line, or text for people.'),
    })
    .prefault({})
    .describe('The log, on standard error.'),
  dangerous: z
    .strictObject({
      'passwords-without-encryption-from-loopback': yes(
        false,
        'For test tools only: takes passwords without TLS from programs on this machine.',
      ),
    })
    .prefault({})
    .describe('What nobody should need.'),
})
export type Settings = z.output<typeof settingsSchema>
