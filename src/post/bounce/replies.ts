/**
 * Data: the words that mail servers are known to refuse with, each row with where it is recorded. Read from the top: the first row that fits
 * decides. Before the registry of enhanced codes (status.ts) stand the rows that know better than a code, because large providers gave
 * codes a meaning of their own (Gmail's 5.7.27, Microsoft's 5.7.1xx to 5.7.9xx) or hide a blocklist behind 5.1.1 or 5.2.1.
 *
 * `text` is matched against lower-case text. A row says `permanent` only where the reply code says otherwise than what is true.
 */
import type { BounceClass, BounceDetail, Classified, Stage } from './said.ts'

export type Meaning = {
  readonly class: BounceClass
  readonly blame: Classified['blame']
  readonly destination?: boolean
  readonly permanent?: boolean
  readonly detail?: BounceDetail
}
type Provider = 'google' | 'microsoft' | 'yahoo' | 'apple' | 'united' | 'telekom'
export type ReplyRow = {
  /** Who says so, and where that is recorded. */
  readonly source: string
  /** Only where the peer is this provider's. */
  readonly from?: Provider
  readonly stage?: readonly Stage[]
  readonly code?: readonly number[]
  readonly enhanced?: RegExp
  readonly text?: RegExp
  readonly is: Meaning
}

const meaning = (
  kind: BounceClass,
  blame: Classified['blame'],
  detail?: BounceDetail,
  more: Pick<Meaning, 'destination' | 'permanent'> = {},
): Meaning => ({ class: kind, blame, ...(detail === undefined ? {} : { detail }), ...more })

const all = { destination: true }

/** The meanings that rows share. */
export const meanings = {
  unknownUser: meaning('unknown-user', 'recipient'),
  disabled: meaning('unknown-user', 'recipient', 'disabled'),
  moved: meaning('unknown-user', 'recipient', 'moved'),
  full: meaning('full', 'recipient'),
  policy: meaning('policy', 'peer'),
  membersOnly: meaning('policy', 'peer', 'members-only'),
  relayDenied: meaning('policy', 'peer', 'relay-denied'),
  loginWanted: meaning('policy', 'us', 'login-wanted', all),
  reputation: meaning('reputation', 'us', undefined, all),
  listed: meaning('reputation', 'us', 'listed', all),
  dynamicAddress: meaning('reputation', 'us', 'dynamic-address', all),
  authentication: meaning('authentication', 'us'),
  spf: meaning('authentication', 'us', 'spf'),
  dkim: meaning('authentication', 'us', 'dkim'),
  dmarc: meaning('authentication', 'us', 'dmarc'),
  reverseName: meaning('authentication', 'us', 'reverse-name', all),
  greetingName: meaning('authentication', 'us', 'greeting-name', all),
  senderAddress: meaning('authentication', 'us', 'sender-address'),
  greylisted: meaning('greylisted', 'peer'),
  rate: meaning('rate', 'us', undefined, all),
  connections: meaning('rate', 'us', 'too-many-connections', all),
  recipients: meaning('rate', 'us', 'too-many-recipients'),
  receivesTooMuch: meaning('rate', 'recipient', 'receives-too-much'),
  tls: meaning('tls', 'peer', undefined, all),
  noStartTls: meaning('tls', 'peer', 'no-starttls', all),
  certificate: meaning('tls', 'peer', 'certificate', all),
  dane: meaning('tls', 'peer', 'dane', all),
  mtaSts: meaning('tls', 'peer', 'mta-sts', all),
  requireTls: meaning('tls', 'peer', 'require-tls', all),
  noSuchDomain: meaning('no-such-domain', 'recipient', undefined, all),
  noMail: meaning('no-mail', 'recipient', undefined, all),
  tooLarge: meaning('too-large', 'sender'),
  content: meaning('content', 'sender'),
  spamLike: meaning('content', 'sender', 'spam-like'),
  attachment: meaning('content', 'sender', 'attachment'),
  virus: meaning('content', 'sender', 'virus'),
  header: meaning('content', 'sender', 'header'),
  international: meaning('content', 'peer', 'international'),
  connection: meaning('connection', 'peer', undefined, all),
  dnsTrouble: meaning('connection', 'peer', 'dns-trouble', all),
  expired: meaning('connection', 'peer', 'expired', all),
  loop: meaning('other', 'peer', 'loop'),
  trouble: meaning('other', 'peer', 'trouble-there'),
  other: meaning('other', 'peer'),
} as const satisfies Readonly<Record<string, Meaning>>

const m = meanings
const later = <T extends Meaning>(of: T) => ({ ...of, permanent: false })
const forGood = <T extends Meaning>(of: T) => ({ ...of, permanent: true })

/** How a provider is known: by the name of its server, or by what all its replies hold. */
export const providers: readonly { readonly name: Provider; readonly host: RegExp; readonly text?: RegExp }[] = [
  { name: 'google', host: /(?:^|\.)(?:google|googlemail|gmail)\.com$/, text: /- gsmtp|support\.google\.com/ },
  {
    name: 'microsoft',
    host: /(?:^|\.)(?:outlook\.com|hotmail\.com|office365\.us|mail\.protection\.partner\.outlook\.cn|mx\.microsoft)$/,
    text: /protection\.outlook\.com|\bas\(\d+\)|\(as\d{3,}\)|go\.microsoft\.com|postmaster\.live\.com/,
  },
  {
    name: 'yahoo',
    host: /(?:^|\.)(?:yahoodns\.net|yahoo\.com|aol\.com)$/,
    text: /postmaster\.(?:yahoo|aol)|yahooinc\.com/,
  },
  { name: 'apple', host: /(?:^|\.)(?:icloud|apple|me|mac)\.com$/, text: /support\.apple\.com/ },
  {
    name: 'united',
    host: /(?:^|\.)(?:gmx\.(?:net|com|de|at|ch)|web\.de|mail\.com|kundenserver\.de|ionos\.(?:com|de|co\.uk|es|fr))$/,
    text: /postmaster\.(?:gmx|web|mail|1and1|1und1|ionos)|nemesis esmtp/,
  },
  { name: 'telekom', host: /(?:^|\.)t-online\.de$/, text: /rx\.t-online\.de/ },
]

const RFC_5321 = 'RFC 5321'
const google = 'Google: support.google.com/a/answer/3726730'
const microsoft = 'Microsoft: learn.microsoft.com, non-delivery reports in Exchange Online'
const outlook = 'Microsoft: Outlook.com postmaster page, troubleshooting'
const yahoo = 'Yahoo: senders.yahooinc.com/smtp-error-codes'
const aol = 'AOL: postmaster.aol.com/error-codes, as its servers still say them'
const apple = 'Apple: support.apple.com/102322, and servers of mail.icloud.com'
const united = 'GMX, WEB.DE, mail.com, IONOS: postmaster.gmx.net, error messages'
const telekom = 'Telekom: postmaster.t-online.de, sections 4.6 and 4.7'
const lists = 'Blocklists as servers name them: Spamhaus, Barracuda, Postfix reject_rbl_client, Exim dnslists'
const postfix = 'Postfix: smtpd(8), postconf(5)'
const exim = 'Exim: specification, chapters on ACLs and routers'
const exchange = 'Microsoft Exchange Server: non-delivery reports'
const grey = 'Greylisting: postgrey, milter-greylist, greylistd, sqlgrey, rspamd'
const various = 'Replies of various servers, as kept in public bounce collections'

/** What happened to us before or beside a reply. */
const ownRows: readonly ReplyRow[] = [
  { source: 'RFC 7505 section 3', stage: ['dns'], enhanced: /^5\.1\.10$/, is: m.noMail },
  { source: 'RFC 3463 section 3.5', stage: ['dns'], enhanced: /^[45]\.4\.6$/, is: m.loop },
  { source: 'RFC 7505', stage: ['dns'], text: /null mx|does not accept (?:e-?)?mail/, is: m.noMail },
  { source: 'RFC 3463 section 3.2', stage: ['dns'], enhanced: /^5\.(?:1\.[23]|4\.4)$/, is: m.noSuchDomain },
  { source: 'RFC 3463 section 3.5', stage: ['dns'], enhanced: /^4\./, is: m.dnsTrouble },
  {
    source: 'RFC 1035 section 4.1.1',
    stage: ['dns'],
    text: /nxdomain|no such (?:domain|host|name)|does not exist|not found/,
    is: m.noSuchDomain,
  },
  { source: RFC_5321, stage: ['dns'], is: m.dnsTrouble },
  { source: 'RFC 4954 section 6', stage: ['policy'], text: /\blogin\b/, is: m.loginWanted },
  { source: 'RFC 7672', stage: ['tls', 'policy'], text: /\bdane\b|tlsa|dnssec/, is: m.dane },
  { source: 'RFC 8461', stage: ['tls', 'policy'], text: /mta-?sts|\bsts\b/, is: m.mtaSts },
  { source: 'RFC 8689', stage: ['tls', 'policy', 'mail'], text: /requiretls/, is: m.requireTls },
  { source: 'RFC 8689', stage: ['policy'], enhanced: /^[45]\.7\.30$/, is: m.requireTls },
  { source: 'RFC 3207', stage: ['tls', 'policy'], text: /starttls|not offer/, is: m.noStartTls },
  {
    source: 'RFC 8314',
    stage: ['tls', 'policy'],
    text: /certificate|expired|self.signed|hostname|altname|trust/,
    is: m.certificate,
  },
  { source: 'RFC 3207', stage: ['tls', 'policy'], is: m.tls },
  { source: 'RFC 3463 section 3.5', stage: ['connect'], enhanced: /^[45]\.4\.7$/, is: m.expired },
  { source: RFC_5321, stage: ['connect'], is: m.connection },
  { source: 'RFC 3463 section 3.5', code: [0], enhanced: /^[45]\.4\.7$/, is: m.expired },
  { source: 'RFC 6531 section 3.2', code: [0], enhanced: /^5\.6\.[79]$/, is: m.international },
]

/** Come back later, whatever code stands before it. */
const greyRows: readonly ReplyRow[] = [
  // "grey.rbl - Greylisting in action", "Greylisted for 5 minutes", "You have been greylisted", "gray listed".
  {
    source: grey,
    code: [421, 450, 451, 452, 454],
    text: /gr[ae]y-?\s?list|grey-?list|graylist|deferred for spam checking/,
    is: m.greylisted,
  },
  {
    source: grey,
    code: [450, 451],
    text: /(?:first|new) (?:time|triplet|contact|sender).{0,60}(?:later|wait|retry|again)/,
    is: m.greylisted,
  },
  {
    source: grey,
    code: [450, 451, 421],
    text: /temporar(?:y|ily) (?:deferred|delayed|rejected).{0,40}(?:anti-?spam|prove|grey)/,
    is: m.greylisted,
  },
  // A few greylisters of the first hour said 5xx and meant it as a test; only with both words, for a "greylist" alone may be a hard refusal.
  {
    source: grey,
    code: [550, 554],
    text: /gr[ae]y-?\s?list.{0,120}(?:try again|retry|later|come back|minutes|seconds)/,
    is: later(m.greylisted),
  },
]

/** Gmail and Google Workspace. */
const googleRows: readonly ReplyRow[] = (
  [
    { text: /dmarc/, enhanced: /^[45]\.7\./, is: m.dmarc },
    { text: /too many recipients|multiple destination domains|domain policy size/, is: m.recipients },
    {
      text: /hard fail policy|spf record of the sending domain|with spf[ .]|authenticate (?:their email )?with spf/,
      is: m.spf,
    },
    { text: /with dkim\b(?!.*spf)|dkim does not pass|dkim authentication didn't pass/, is: m.dkim },
    {
      text: /either spf or dkim|authentication (?:information|checks)|unauthenticated|isn't aligned|not aligned/,
      is: m.authentication,
    },
    { text: /ptr record|reverse dns|ipv6 sending guidelines/, is: m.reverseName },
    { text: /helo\/ehlo argument/, is: m.greetingName },
    { enhanced: /^[45]\.7\.27$/, is: m.spf },
    { enhanced: /^[45]\.7\.30$/, is: m.dkim },
    { enhanced: /^[45]\.7\.(?:26|32|40)$/, is: m.authentication },
    { enhanced: /^[45]\.7\.29$/, is: m.tls },
    { text: /tls required|use tls\/ssl|must issue a starttls/, is: m.tls },
    { text: /very low reputation|blocked using|blacklist/, is: m.reputation },
    { text: /not authorized to send email directly/, is: m.dynamicAddress },
    { text: /not in whitelist/, is: m.policy },
    { text: /same message-id/, is: m.content },
    { code: [550, 554], text: /unusual rate of (?:unsolicited )?mail/, is: m.reputation },
    { text: /unusual rate of|rate limited|sending (?:quota|limit)|relay (?:sending )?limit/, is: m.rate },
    { enhanced: /^[45]\.7\.28$/, is: m.rate },
    { text: /likely unsolicited mail|nature of the content|message is suspicious/, is: m.spamLike },
    { text: /receiving mail (?:too quickly|at a rate)|receivingrate/, is: m.receivesTooMuch },
    { text: /out of storage space|over quota|overquota/, is: m.full },
    { text: /account that you tried to reach is (?:disabled|inactive)|disableduser|inactiveuser/, is: m.disabled },
    { text: /does not exist|nosuchuser/, is: m.unknownUser },
    { text: /illegal attachment|potential security issue|blockedmessage/, is: m.attachment },
    {
      text: /rfc 5322 compliant|rfcmessagenoncompliant|from: header|message-id: header|encoded-word|disallowed header|malformed/,
      is: m.header,
    },
    { text: /policy that prohibited|violates .{1,100} email policy|gcdp/, is: m.policy },
    { text: /number of attachments|header (?:size|value|name)/, is: m.content },
    { text: /message size limit/, is: m.tooLarge },
    { text: /exceeded 50 hops|mail loop/, is: m.loop },
    { text: /relay denied|credentials for relay|sending denied|authentication required/, is: m.relayDenied },
    { text: /connection expired|timeout|server busy|temporary system problem|try again later/, is: m.trouble },
  ] as const satisfies readonly Omit<ReplyRow, 'source' | 'from'>[]
).map((row) => ({ ...row, source: google, from: 'google' }))

/** Exchange Online, Outlook.com, Hotmail; on-premises Exchange is in the general rows. */
const microsoftRows: readonly ReplyRow[] = [
  { source: outlook, text: /\(s3140\)|\(s3150\)|\(s3114\)|\(s3115\)|\(s3120\)|\(s844\)|\(s8446\)/, is: m.reputation },
  { source: outlook, text: /network is on our block ?list/, is: m.reputation },
  { source: outlook, text: /\(s77[57]\)|\(s77714\)|rate limited due to ip reputation/, is: m.rate },
  { source: outlook, text: /\brp-00[1-3]\b/, is: m.rate },
  { source: outlook, text: /\bdy-00[12]\b/, is: m.dynamicAddress },
  { source: outlook, text: /\bou-00[12]\b/, is: m.reputation },
  { source: outlook, text: /\bsc-00[1-4]\b/, is: m.reputation },
  {
    source: outlook,
    text: /mailbox unavailable.{0,80}\(s0208|requested action not taken: mailbox unavailable/,
    is: m.unknownUser,
  },
  ...(
    [
      { enhanced: /^5\.7\.(?:509|515)$/, is: m.dmarc },
      { enhanced: /^[45]\.7\.(?:23|503)$/, text: /spf|sender policy framework/, is: m.spf },
      { enhanced: /^[45]\.7\.26$/, is: m.authentication },
      { enhanced: /^[45]\.7\.25$/, is: m.reverseName },
      { enhanced: /^5\.7\.506$/, is: m.greetingName },
      { enhanced: /^5\.7\.(?:51[13]|60[6-9]|6[1-4]\d)$/, is: m.listed },
      { enhanced: /^5\.7\.507$/, is: m.policy },
      { enhanced: /^5\.7\.508$/, is: m.rate },
      { enhanced: /^5\.7\.510$/, is: m.policy },
      { enhanced: /^5\.7\.512$/, is: m.header },
      { enhanced: /^5\.7\.50[12]$/, is: m.reputation },
      { enhanced: /^5\.7\.50[45]$/, is: m.unknownUser },
      { enhanced: /^5\.7\.5(?:3\d|50)$/, is: m.policy },
      { enhanced: /^4\.7\.(?:5\d\d|6\d\d|7\d\d|8[5-9]\d)$/, is: m.rate },
      { enhanced: /^5\.7\.(?:7\d\d)$/, is: m.reputation },
      { enhanced: /^5\.7\.9\d\d$/, is: m.policy },
      { enhanced: /^[45]\.7\.32[1-5]$/, text: /dane|tlsa|dnssec/, is: m.dane },
      { enhanced: /^[45]\.[47]\.3(?:17|21)$/, is: m.noStartTls },
      { enhanced: /^[45]\.7\.32[25]$/, is: m.certificate },
      { enhanced: /^5\.7\.1(?:2|2[0-9]|3[0-9])$/, is: m.membersOnly },
      { enhanced: /^5\.7\.(?:57|64)$/, is: m.relayDenied },
      { enhanced: /^5\.4\.1$/, text: /recipient address rejected|access denied/, is: m.unknownUser },
      { enhanced: /^5\.1\.10$/, is: m.unknownUser },
      { enhanced: /^5\.1\.(?:1|20|351)$/, is: m.unknownUser },
      // "The automated mailer or sender should try again later": Microsoft counts by the hour and says 5xx all the same.
      { enhanced: /^5\.2\.12[12]$/, is: later(m.receivesTooMuch) },
      { enhanced: /^[45]\.3\.2$/, text: /recipient thread limit/, is: m.receivesTooMuch },
      { enhanced: /^5\.4\.(?:6|14)$/, is: m.loop },
      { enhanced: /^5\.4\.310$/, is: m.noSuchDomain },
      { enhanced: /^[45]\.4\.31[568]$/, is: m.connection },
      { enhanced: /^5\.6\.11$/, is: m.header },
      { enhanced: /^5\.2\.3$/, is: m.tooLarge },
      { enhanced: /^5\.0\.350$/, is: m.content },
      { text: /hop count exceeded/, is: m.loop },
    ] as const satisfies readonly Omit<ReplyRow, 'source' | 'from'>[]
  ).map((row): ReplyRow => ({ ...row, source: microsoft, from: 'microsoft' })),
]

/** Yahoo and AOL, which share their servers and say each other's old words. */
const yahooRows: readonly ReplyRow[] = [
  // "Retrying will NOT succeed", said with 421 too.
  { source: yahoo, text: /permanently deferred/, is: forGood(m.reputation) },
  {
    source: yahoo,
    text: /\[tss?0[1-46]\]|\[ipts0\d\]|unexpected volume or user complaints|due to user complaints/,
    is: m.rate,
  },
  { source: yahoo, text: /\[tss?\d+\]/, is: m.reputation },
  { source: yahoo, text: /\[bl\d+\]/, is: m.listed },
  { source: yahoo, text: /\[ph01\]/, is: m.spamLike },
  { source: yahoo, text: /\(au01\)|\[au01\]/, is: m.dkim },
  { source: yahoo, text: /\bvs1-ip\b|excessive unknown recipients/, is: m.reputation },
  { source: yahoo, text: /\bvs1-mf\b/, is: m.senderAddress },
  { source: yahoo, from: 'yahoo', text: /dmarc/, is: m.dmarc },
  {
    source: yahoo,
    from: 'yahoo',
    text: /requires all senders to authenticate|failed? (?:spf|dkim)|authentication checks/,
    is: m.authentication,
  },
  { source: yahoo, from: 'yahoo', text: /unresolvable rfc\.?5321/, is: m.senderAddress },
  { source: yahoo, from: 'yahoo', text: /unresolvable|headers are not rfc compliant/, is: m.header },
  { source: yahoo, text: /this user doesn'?t have a .{1,60} account/, is: m.unknownUser },
  {
    source: yahoo,
    text: /mailbox is disabled|\bdd .{0,80}(?:no longer valid|disabled or discontinued)/,
    is: m.disabled,
  },
  { source: yahoo, from: 'yahoo', text: /mailbox not found/, is: m.unknownUser },
  { source: yahoo, from: 'yahoo', text: /receiving mail too quickly/, is: m.receivesTooMuch },
  { source: yahoo, from: 'yahoo', text: /max message per connection/, is: m.connections },
  {
    source: yahoo,
    from: 'yahoo',
    text: /resources temporarily|temporary domain failure|internal server error/,
    is: m.trouble,
  },
  {
    source: yahoo,
    from: 'yahoo',
    text: /(?:not accepted|message not allowed) for policy reasons|policy reasons/,
    is: m.reputation,
  },
  { source: aol, text: /\b(?:rtr|rly):(?:bb|du|ir)\b/, is: m.dynamicAddress },
  { source: aol, text: /\brtr:rd\b/, is: m.reverseName },
  { source: aol, text: /\b(?:rtr:(?:sc|bl|ge)|rly:(?:b[dl2]?|nw)|con:b1)\b/, is: m.reputation },
  { source: aol, text: /\bhvu:b\d?|\bhvu:/, is: m.spamLike },
  { source: aol, text: /\b(?:rly|rtr):ch\d*/, is: m.spamLike },
  { source: aol, text: /\b(?:dyn:t\d|rly:b1|rly:b3)\b/, is: m.rate },
  { source: aol, text: /\brly:sn\b/, is: m.senderAddress },
]

const appleRows: readonly ReplyRow[] = [
  { source: apple, text: /\[hme1\]|failing both spf and dkim/, is: m.authentication },
  { source: apple, text: /\[(?:cs0[12]|hm0[789]|hme\d?)\]/, is: m.spamLike },
  { source: apple, from: 'apple', text: /dmarc policy/, is: m.dmarc },
  { source: apple, from: 'apple', text: /excessive volume|too many errors/, is: m.rate },
  { source: apple, from: 'apple', text: /due to local policy/, is: m.spamLike },
  { source: apple, from: 'apple', text: /inactive email address/, is: m.disabled },
  { source: apple, from: 'apple', text: /no longer on server/, is: m.moved },
]

const germanRows: readonly ReplyRow[] = [
  { source: telekom, text: /none\/bad reputation|\(nowl\)/, is: m.reputation },
  { source: telekom, text: /dialup\/transient ip|\(dial\)/, is: m.dynamicAddress },
  { source: telekom, from: 'telekom', text: /\(bl\)|a problem occurred/, is: m.reputation },
  { source: telekom, from: 'telekom', text: /too many (?:connections|recipients)|rate/, is: m.rate },
  { source: telekom, from: 'telekom', text: /dkim/, is: m.dkim },
  { source: telekom, text: /message (?:considered|classified) as spam|\(spam\)/, is: m.spamLike },
  { source: united, from: 'united', text: /block ?listed|black ?listed/, is: m.listed },
  { source: united, from: 'united', text: /spf policy|originating ip of the message is not permitted/, is: m.spf },
  { source: united, from: 'united', text: /dmarc/, is: m.dmarc },
  { source: united, from: 'united', text: /ptr resource record|reverse dns|invalid dns ptr|no ptr/, is: m.reverseName },
  {
    source: united,
    from: 'united',
    text: /mailbox unavailable|unknown local part|benutzer nicht bekannt/,
    is: m.unknownUser,
  },
  {
    source: united,
    from: 'united',
    text: /rate limit|too many (?:connections|recipients)|mail(?:box)? rate/,
    is: m.rate,
  },
  { source: united, from: 'united', text: /syntax error in parameters|helo|invalid/, is: m.greetingName },
  {
    source: united,
    from: 'united',
    text: /no smtp service|policy (?:restrictions|violations?|reasons)|bad reputation/,
    is: m.reputation,
  },
]

/** A blocklist, or a reputation by which a server goes. They come before any code: the same words are said with 5.1.1, 5.2.1 and none. */
const listRows: readonly ReplyRow[] = [
  {
    source: lists,
    text: /(?:sender|from|url|uri|domain|link).{0,80}(?:\bdbl\.|dbl listing|\bdbl\b|surbl|uribl)|uribl\.com|surbl\.org/,
    is: m.spamLike,
  },
  {
    source: lists,
    text: /spamhaus|\bxbl\b|\bsbl\b|\bpbl\b|barracuda(?:central)?.{0,40}(?:reputation|rbl|block|lookup)|barracudacentral|b\.barracuda/,
    is: m.listed,
  },
  {
    source: lists,
    text: /spamcop|sorbs|uceprotect|psbl|mailspike|invaluement|backscatterer|hostkarma|spamrats|\bmanitu\b|nixspam|truncate\.gbudb|abusix|0spam|dnswl|spamrl|trend ?micro|mail-abuse\.com/,
    is: m.listed,
  },
  {
    source: lists,
    text: /blocked (?:using|by) [a-z0-9.-]+\.[a-z]{2,}|\brbl\b|\bdnsbl|dns ?(?:black|block) ?list|realtime block ?list/,
    is: m.listed,
  },
  {
    source: lists,
    text: /(?:ip|host|client|address|server|sender|you|mta)\b.{0,80}(?:black|block|deny|banned|bad) ?-?list(?:ed|s)?\b/,
    is: m.listed,
  },
  {
    source: lists,
    text: /(?:black|block)listed (?:at|by|in|on|using)|is (?:black|block)listed|listed (?:at|in|on|by) /,
    is: m.listed,
  },
  {
    source: various,
    text: /cloudmark|csi\.mimecast|senderscore|talos|senderbase|poor reputation|bad reputation|low reputation|(?:ip|sender|mta'?s?) (?:poor )?reputation/,
    is: m.reputation,
  },
  {
    source: various,
    text: /(?:dynamic|dial-?up|residential|generic).{0,30}(?:ip|address|host|range|pool|ptr|rdns|reverse)/,
    is: m.dynamicAddress,
  },
  {
    source: various,
    text: /banned sending ip|your ip (?:is|has been) (?:banned|blocked)|ip (?:address )?(?:is |has been )?(?:blocked|banned|rejected)/,
    is: m.reputation,
  },
]

/** What is wrong with our name, address or signature. */
const identityRows: readonly ReplyRow[] = [
  { source: various, text: /dmarc/, is: m.dmarc },
  {
    source: various,
    text: /reverse (?:dns|host ?name|lookup|mapping|name)|\bptr\b|\brdns\b|cannot find your (?:reverse )?hostname|does not resolve|no proper reverse/,
    is: m.reverseName,
  },
  { source: various, text: /\bspf\b|sender policy framework|openspf/, is: m.spf },
  { source: various, text: /\bdkim\b|domainkeys/, is: m.dkim },
  {
    source: postfix,
    text: /helo command rejected|(?:helo|ehlo).{0,40}(?:invalid|reject|resolv|argument|bad|fqdn|fully)|bad helo/,
    is: m.greetingName,
  },
  {
    source: postfix,
    text: /sender address rejected|sender domain (?:must|does not)|domain of sender|sender verif(?:y|ication) fail|cannot verify sender|invalid sender|sender (?:is )?unknown|unresolvable sender/,
    is: m.senderAddress,
  },
  { source: postfix, text: /need fully-qualified|client host rejected/, is: m.policy },
  {
    source: various,
    text: /unauthenticated|must be authenticated|authentication (?:checks|results) fail/,
    is: m.authentication,
  },
]

/** Words that say what code and enhanced code say vaguely (5.0.0, 5.7.1, a bare 550 or 554). */
const wordRows: readonly ReplyRow[] = [
  {
    source: postfix,
    text: /must issue a starttls|encryption (?:is )?(?:required|needed)|tls (?:is )?required|requires? (?:starttls|tls|encryption)/,
    is: m.tls,
  },
  { source: 'RFC 8689', text: /requiretls/, is: m.requireTls },
  { source: various, text: /virus|malware|infected|trojan|phish/, is: m.virus },
  {
    source: various,
    text: /attachment|file (?:type|extension|name).{0,30}(?:not allowed|blocked|prohibited|rejected|banned)|banned (?:file|content)|executable/,
    is: m.attachment,
  },
  {
    source: exim,
    text: /mailbox (?:is )?full|mailbox.{0,30}(?:over|exceed).{0,10}quota|over ?quota|quota (?:exceeded|full)|exceed(?:s|ed|ing)? .{0,30}quota|out of storage|storage (?:space|full|quota|allocation)|disk quota|speicherplatz|speichervolumen|zu viele mails|voll\b|casella piena|bo[iî]te pleine|buz[oó]n lleno|mailbox size limit|user has too many messages/,
    is: m.full,
  },
  {
    source: exim,
    text: /message (?:is )?(?:size|too (?:large|big|long))|size limit|too large|too big|exceeds? .{0,30}(?:size|maximum)|maximum (?:message )?size/,
    is: m.tooLarge,
  },
  {
    source: 'RFC 5321 section 4.5.3.1.10',
    code: [552],
    stage: ['rcpt'],
    text: /too many recipients/,
    is: later(m.recipients),
  },
  {
    source: exim,
    text: /too many recipients|recipients? (?:limit|per (?:message|session))|maximum number of recipients/,
    is: m.recipients,
  },
  {
    source: postfix,
    text: /too many (?:concurrent |simultaneous )?(?:smtp )?(?:connections|sessions)|connection (?:rate|limit)|(?:max|too many) (?:messages?|mails?) (?:per|in|this)|concurrent/,
    is: m.connections,
  },
  {
    source: postfix,
    text: /recipient.{0,30}receiv(?:ing|ed) .{0,30}(?:too (?:many|much|quickly)|rate)|mailbox received too (?:much|many)/,
    is: m.receivesTooMuch,
  },
  {
    source: various,
    text: /rate ?-?limit|limit(?:ed)? .{0,20}rate|throttl|too (?:many|much) (?:mail|messages|emails|errors)|(?:sending|message) (?:rate|limit|quota)|slow down|excessive (?:volume|rate)|exceeded.{0,30}(?:per hour|per day|hourly|daily)|unusual rate|frequency/,
    is: m.rate,
  },
  {
    source: exim,
    text: /relay(?:ing)? (?:access )?(?:denied|not (?:permitted|allowed)|prohibited)|unable to relay|not (?:permitted|allowed) to relay|does not relay|no relay|administrative prohibition|not (?:one of )?our (?:domain|customer)|we do not relay|relay not permitted/,
    is: m.relayDenied,
  },
  {
    source: various,
    text: /authentication (?:is )?required|must (?:log|login|authenticate)|client was not authenticated|smtp auth/,
    is: m.loginWanted,
  },
  {
    source: postfix,
    text: /account (?:is |has been )?(?:disabled|inactive|suspended|closed|locked|expired|deactivated|blocked)|mailbox (?:is |has been |currently )?(?:disabled|inactive|suspended|closed|locked|expired|blocked)|user (?:is |account )?(?:disabled|inactive|suspended)|disabled (?:user|account|mailbox)|inactive (?:user|account|mailbox|recipient)|no longer (?:accepts|active|available|in use|valid|with)|deaktiviert|gesperrt|recipient (?:is )?(?:disabled|suspended)/,
    is: m.disabled,
  },
  { source: RFC_5321, text: /user (?:has )?moved|has moved|new address|please try </, is: m.moved },
  {
    source: postfix,
    text: /(?:user|recipient|mailbox|address|account|alias|destination|local ?part|addressee|person)s?\b.{0,60}(?:unknown|not (?:be )?(?:found|known|exist|valid|listed|recogni[sz]ed|a valid|defined|our customer)|does(?:n'?t| not) exist|doesn't have|invalid|no such|non-?exist|unavailable|not available|rejected|illegal|undeliverable|unroute?able|bad)/,
    is: m.unknownUser,
  },
  {
    source: exim,
    text: /(?:unknown|invalid|no such|non-?existent|bad|illegal|unroute?able|not a known|no valid|undeliverable).{0,30}(?:user|recipient|mailbox|address|account|alias|local part|person|destination)/,
    is: m.unknownUser,
  },
  {
    source: various,
    text: /no mailbox (?:here|by that name)|mailbox not found|no such (?:user|person)|not listed in (?:domino directory|public)|verify recipient|recipnotfound|callout|all recipients (?:refused|rejected|were invalid)/,
    is: m.unknownUser,
  },
  {
    source: various,
    text: /(?:benutzer|empf[aä]nger|adresse|postfach|mailbox).{0,40}(?:nicht|unbekannt|existiert)|destinatario.{0,40}(?:sconosciuto|desconocido|inesistente|no existe)|indirizzo inesistente|(?:utilisateur|destinataire|adresse|bo[iî]te).{0,40}(?:inconnu|introuvable|n'existe|invalide)|usu[aá]rio .{0,30}(?:n[aã]o|desconhecido)|nie (?:istnieje|ma takiego)|casella inesistente|onbekend/,
    is: m.unknownUser,
  },
  {
    source: various,
    text: /only (?:members|subscribers|accepts)|not (?:a )?(?:member|subscriber)|not (?:allowed|authori[sz]ed|permitted) to (?:send|post|mail)|restricted|allowed.senders|sender not (?:allowed|authori[sz]ed)|recipient (?:refuses|does not (?:accept|want))|sender (?:is )?(?:blocked|denied|rejected)|resolver\.rst\.(?:notauthorized|authrequired)/,
    is: m.membersOnly,
  },
  {
    source: various,
    text: /spam|junk|unsolicited|bulk mail|\bube\b|\buce\b|content (?:rejected|filter|not accepted|denied)|message (?:content )?(?:rejected|refused|blocked|denied)|high probability|not accept(?:ed|able).{0,40}content|score/,
    is: m.spamLike,
  },
  {
    source: various,
    text: /header|rfc ?[258]?822|rfc ?5322|message-id|malformed|invalid (?:date|from)|bare (?:lf|line ?feed|cr)|not rfc|line (?:is )?too long|line length|8-?bit|bad (?:date|character)/,
    is: m.header,
  },
  {
    source: exim,
    text: /mail loop|loop(?:s|ing)?\b|too many hops|hop count|received: headers|routing loop|delivered-to/,
    is: m.loop,
  },
  { source: 'RFC 6531', text: /smtputf8|internationali[sz]ed|non-ascii/, is: m.international },
  {
    source: 'RFC 7504',
    text: /(?:host|domain|server|system).{0,30}(?:does not|doesn't) accept (?:any )?(?:e-?)?mail|no smtp service|not accepting mail|null mx/,
    is: m.noMail,
  },
  {
    source: postfix,
    text: /domain (?:name )?not found|host (?:or domain name )?(?:not found|unknown)|unknown (?:host|domain)|no (?:such|mx) (?:domain|record|host)|domain does not exist|bad destination system/,
    is: m.noSuchDomain,
  },
  {
    source: postfix,
    text: /queue file|disk (?:is )?full|insufficient (?:system )?(?:storage|resources|disk|memory)|system (?:storage|load|resources)|load (?:too )?high|out of (?:memory|resources)|internal (?:server )?error|server (?:error|busy|configuration)|local (?:error|problem)|temporar(?:y|ily)|try (?:again|later)|unavailable|maintenance|over(?:load|whelm)|lookup fail|service (?:not available|shutting)|cannot (?:open|write|process)|please retry|resources|busy/,
    is: m.trouble,
  },
  {
    source: postfix,
    text: /connection (?:timed out|lost|refused|reset|closed)|timeout|timed out|lost connection|network (?:is )?unreachable|no route/,
    is: m.connection,
  },
  {
    source: postfix,
    text: /polic(?:y|ies)|access denied|not allowed|not permitted|denied|prohibited|refused|reject|blocked|forbidden|unauthori[sz]ed|not accepted/,
    is: m.policy,
  },
]

/** The rows that are asked before the enhanced code. */
export const sureRows: readonly ReplyRow[] = [
  ...ownRows,
  ...greyRows,
  ...googleRows,
  ...microsoftRows,
  ...yahooRows,
  ...appleRows,
  ...germanRows,
  ...listRows,
  // RFC 7504: 521 before EHLO is a server that takes no mail; 556 tells of a domain with a null MX.
  { source: 'RFC 7504 sections 2 and 3', code: [521, 556], is: m.noMail },
  {
    source: 'RFC 5321 section 4.5.3.1.10',
    code: [552],
    stage: ['rcpt'],
    text: /too many recipients/,
    is: later(m.recipients),
  },
  { source: exchange, enhanced: /^5\.7\.1$/, text: /resolver\.rst\.|delivery not authorized/, is: m.membersOnly },
  { source: exchange, text: /recipsizelimit/, is: m.tooLarge },
]

/** The rows that are asked where the enhanced code says little or there is none. */
export const vagueRows: readonly ReplyRow[] = [...identityRows, ...wordRows]
