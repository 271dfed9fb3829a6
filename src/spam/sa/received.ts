/**
 * Received fields as SpamAssassin's rules see them: who handed the message to whom (`X-Spam-Relays-External` and its sisters). RFC 5321 section 4.4 leaves the
 * `from` clause to each program; the table of forms is what the programs write. Pure; linear in the field's length.
 */
import { ipSource, isPrivateText, localhost } from './received-ip.ts'

export type Relay = {
  readonly ip: string
  readonly rdns: string
  readonly helo: string
  readonly by: string
  readonly ident: string
  readonly envfrom: string | undefined
  readonly id: string
  readonly auth: string
  readonly isPrivate: boolean
  /** The program looks names up, and there was none. */
  readonly noReverse: boolean
}
/** `skip`: no hand-over between hosts; `fetched`: a program that fetches mail began anew here. */
export type ReadReceived = Relay | 'skip' | 'fetched' | 'unreadable'

type Form = {
  readonly form: RegExp
  /** Only where this stands in the field too. */
  readonly when?: RegExp
  readonly unless?: RegExp
  /** The program always looks the name up: none is none. `named`: but "unknown" says that it did not. */
  readonly looksUp?: boolean | 'named'
  /** `helo` and `rdns` are the same word. */
  readonly both?: boolean
  readonly skip?: boolean
  readonly fetched?: boolean
  /** Inner text (`sub`) may hold `helo=` and `ident=`. */
  readonly sub?: boolean
  /** Without an address the next form is tried. */
  readonly id?: string
}

/** Words of the table: H, R, I, B, D stand for HELO, reverse name, address, receiver, ident. */
const form = (text: string, flags = ''): RegExp =>
  new RegExp(
    text
      .replaceAll('«H»', '(?<helo>\\S+)')
      .replaceAll('«H?»', '(?<helo>\\S*)')
      .replaceAll('«R»', '(?<rdns>\\S+)')
      .replaceAll('«I»', `(?<ip>${ipSource})`)
      .replaceAll('«IP»', ipSource)
      .replaceAll('«B»', '(?<by>\\S+)')
      .replaceAll('«L»', localhost),
    flags,
  )

/** Tried in this order; the first that fits counts. */
const forms: readonly Form[] = [
  { when: / \((?:SquirrelMail|NaSMail) authenticated user /, form: form('«I»\\b(?![.-]).{10,80}by «B» with HTTP') },
  {
    when: /aol\.com.*with HTTP \(WebMailUI\)|with HTTP \(WebMailUI\).*aol\.com/,
    form: form('«I» by «B» \\(«IP»\\) with HTTP \\(WebMailUI\\)'),
  },
  { when: / SMTPSVC/, form: form('^«H?» \\(\\[«I»\\][^)]{0,40}\\) by «B» with Microsoft SMTPSVC') },
  { when: / SMTPSVC/, form: /^mail pickup service by \S+ with Microsoft SMTPSVC$/, skip: true },
  {
    when: / with (?:Microsoft SMTP Server|mapi id) (?:\([^)]+\) )?\d+\.\d+\.\d+\.\d+(?:$| )/,
    unless: / SMTPSVC/,
    form: form('^«H» \\(\\[?«I»(?:%[A-Z0-9._~-]*)?\\]?\\) by «B» '),
    id: '',
  },
  { when: /\[XMail /, form: form('^«H» \\((?<ip>\\[?«IP»\\]?)(?::\\d+)\\) by «B»(?: \\(\\S+\\))? with \\[XMail') },
  { when: /\(ecelerity\b/, form: form('^\\(\\[«I»:\\d+\\] helo=«H»\\) by «B» ') },
  { when: /\(ecelerity\b/, form: form('^\\S+ \\(\\[«I»:\\d+\\]\\) by «B» ') },
  { when: /Exim/, form: /\bwith local(?:-\S+)? /, skip: true },
  { when: /Exim/, form: form('^\\[«I»\\] \\((?<sub>.*?)\\) by «B» '), sub: true },
  { when: /Exim/, form: form('^«R» \\(\\[«I»\\](?<sub>.*?)\\) by «B» '), sub: true, both: true },
  { when: /Exim/, form: form('^«R» \\[«I»\\](?::\\d+)? by «B» '), both: true },
  { when: /Exim/, form: form('^«R» (?=(?:.* )?\\((?<helo>\\S+)\\) )?(?=.* \\[«I»(?:\\.\\d+)?\\] ).*?by «B» ') },
  { when: / \(Postfix\) with/, unless: /Exim/, form: form('^«H» \\(«R» \\[«I»\\]\\) by «B» '), looksUp: true },
  { when: / \(Postfix\) with/, unless: /Exim/, form: form('^«H» \\(«R»\\[«I»\\]\\) by «B» '), looksUp: true },
  { when: /\(Scalix SMTP Relay/, form: form('^«H» \\( ?«I»\\) by «B»') },
  { when: / \(Lotus Domino /, form: form('^«H» \\(\\[«I»\\]\\) by «B» \\(Lotus') },
  { when: /\bwith HTTP\b/, form: form('^«I» \\(\\[«IP»\\]\\) by «B»') },
  {
    unless: / by \S+ \(qmail-\S+\) with /,
    form: form('^«H» \\((?:IDENT:(?<ident>[^@]*)@)?«R» \\[«I»\\].*\\) by «B» \\('),
    looksUp: true,
  },
  { form: form('^«H» \\(«R» \\[«I»\\]\\) by «B» with \\S+ \\('), looksUp: true },
  { form: form('^«R» \\(\\[«I»\\] helo=«H»\\) by «B» with ') },
  { form: form('^«H» \\(<unknown\\S*>\\[«I»\\]\\) by «B» ') },
  { form: form('^«H» \\((?<rdns>\\S+\\.\\S+)\\[«I»\\]\\) by «B» '), looksUp: true },
  { form: form('^«H» \\((?<ident>\\S*)@\\[«I»\\].*\\) by «B» \\('), looksUp: true },
  { form: form('^«I» .*by (?<by>\\S+\\.hotmail\\.msn\\.com) ') },
  { form: form('^«R» \\((?:HELO|EHLO) «H?»\\) \\(«I»\\) by «B» \\(qpsmtpd/\\S+\\) with E?SMTP') },
  { form: form('^«R» \\(LHLO «H?»\\) \\(«I»\\) by «B» with LMTP') },
  { form: form('^«R» \\((?:HELO|EHLO) «H?»\\) \\[«I»\\] by «B» \\([^)]+\\) with E?SMTP') },
  { form: form('^«H» \\(\\[«I»\\]\\) by «B» via smtpd \\(for \\S+\\) with SMTP\\(') },
  ...(['(?<ident>\\S*)@', ''] as const).flatMap((ident): readonly Form[] => {
    const when = form(
      '^\\S+( \\((?:HELO|EHLO) \\S*\\))? \\((\\S+@)?\\[?«IP»\\]?\\)( \\(envelope-sender <\\S+>\\))? by \\S+( \\(.+\\))* with (.* )?(SMTP|QMQP)(?! id )',
    )
    const tail = `${ident}\\[?«I»\\]?\\)(?: \\(envelope-sender <\\S+>\\))? by «B»`
    return [
      { when, form: form(`^«R» \\((?:HELO|EHLO) (?<helo>[^ ()]*)\\) \\(${tail}`), looksUp: 'named' },
      { when, form: form(`^«R» \\(${tail}`), looksUp: 'named', both: true },
    ]
  }),
  { form: form('^\\[«I»\\] by «B» via HTTP$') },
  { form: form('^\\S+ \\( \\[«I»\\]\\).*? by «B» ') },
  { form: form('^\\(«H» \\[«I»\\]\\) by «B» ') },
  { form: form('^\\[«I»\\] by «B» ') },
  { form: form('^\\(\\[?«I»\\]?\\) by «B» ') },
  { form: form('^«H» \\[«I»\\] by «B» \\[«IP»\\] with '), looksUp: true },
  { form: form('^«H» \\[\\(«I»\\)\\] by «B» \\(«IP»\\) ') },
  { form: form('^«H» \\(\\[«I»\\]\\) by «B» \\('), looksUp: true },
  { form: form('^«H» \\(softdnserr \\[«I»\\]\\).*? by «B»\\b') },
  { form: form('^«H» \\(«R» \\[«I»\\]\\).*? by «B»\\b'), looksUp: true },
  { form: form('^«H» \\(\\[«I»(?:[.:]\\d+)?\\]\\).*? by «B» '), looksUp: true },
  { form: /with (?:POP3|IMAP)/, fetched: true },
  {
    form: form('^«R» \\((?:HELO|EHLO) (?<helo>[^)]*)\\) \\((?:(?<ident>\\S*)@)?\\[?«I»\\]?\\).* by «B» '),
    looksUp: true,
  },
  { form: form('^«R» \\((?:(?<ident>\\S*)@)?\\[?«I»\\]?\\).* by «B» '), looksUp: true, both: true },
  { form: form('^\\[«I»\\] by «B» with http for ') },
  { form: form('^«R»\\(«I»\\) by «B» via smap '), looksUp: true },
  { form: form('^«R»\\(«I», (?:HELO|EHLO) «H?»\\) by «B» via smap '), looksUp: true },
  { form: form('^«I» by «B» \\((?:SMTPL|InterScan)\\b') },
  { form: /^\S+ by \S+ with BSMTP/, skip: true },
  { form: form('^«R» \\((?:HELO|EHLO) «H?»\\) \\((?:(?<ident>\\S+)@)?«I».*?\\) by «B» with '), looksUp: true },
  { form: form('^\\[«I»\\] \\((?:account \\S+ )?(?:HELO|EHLO) «H?»\\) by «B» \\(') },
  { when: / \(CommuniGate Pro/, form: form('^«R» \\(\\[«I»\\] verified\\) by «B» \\('), looksUp: true, both: true },
  { form: form('^\\(\\[«I»\\]\\) by «B» with ') },
  { form: form('^(?<helo>[^\\d]\\S+) \\(«I»\\) by «B» ') },
  { form: /^\S+ \(\S+\) by \S+ \(Content Technologies /, skip: true },
  { form: form('^«H» \\(\\[«I»\\] \\[\\S+\\]\\) by «B» with ') },
  { form: form('^«I» by «B» with ') },
  { form: form('^«H» \\(«R»\\[«I»\\]\\) by «B» '), looksUp: true },
  { form: form('^\\[«I»\\]\\S+ \\((?:HELO|EHLO) «H?»\\) by «B» ') },
  { form: form('^«I» \\((?:HELO|EHLO) «H?»\\) by «B» ') },
  { form: form('^«H» \\[«I»\\] by «B» ') },
  { form: form('^«R»\\(«I»\\) by «B» ') },
  { form: form('^«H» \\(unverified \\[«I»\\]\\) by «B» ') },
  { form: form('^«I» \\([A-Za-z][^)]+\\) by «B» with ') },
  { form: form('^\\[«I»\\] \\((?<sub>[^)]+)\\) by «B» '), sub: true },
  { form: form('^«R» \\((?:\\S+@)?«I»\\) by «B» with ') },
  { form: form('^«R»\\(«I»\\)(?:, claiming to be "(?<helo>\\S+)")? via \\S+ by «B»,') },
  { form: form('^«H» \\(\\S+@«I» with login\\) by (?<by>\\S+\\.yahoo\\.com) with SMTP') },
  { form: form('^X-Originating-IP: «I»$') },
  ...[
    '^\\S+ \\([^\\s@]+@«L»\\) by \\S+ \\(',
    '^\\S+ \\S+ by \\S+ with local-e?smtp ',
    '^127\\.0\\.0\\.1 \\(AVG SMTP \\S+ \\[\\S+\\]\\)',
    '^\\S+@\\S+ by \\S+ ',
    '^Unknown/Local \\(',
    '^«L» \\((?:\\S+@)?«L»[)\\[]',
    '^\\S+ \\((?:\\S+@)?«L»\\) ',
    '^\\S+ \\(\\S+@\\S+ \\[«L»\\]\\) ',
    '^\\(AUTH: \\S+\\) by \\S+ with ',
    '^localhost \\(localhost \\[\\[UNIX: localhost\\]\\]\\) by ',
    '^\\S+\\.amazon\\.com by \\S+\\.amazon\\.com with ESMTP \\(peer crosscheck: ',
    '^[^.]+ by \\S+ with Novell_GroupWise',
    '^no\\.name\\.available by \\S+ via smtpd \\(for ',
    '^\\S+ by \\S+ \\(.{0,100}\\) with qmail-scanner',
    '^\\S+ by \\S+ with local',
    '^\\S+ \\(\\[unix socket\\]\\) by \\S+ \\(Cyrus v\\d*\\.\\d*\\.\\d*\\) with LMTPA',
    '^\\S+ by \\S+ (?:with|via|for|\\()',
    '^\\S+ (?:(?:with|via|for) \\S+|\\(unverified\\)) by\\b',
    '^\\S+ \\(unknown\\) by \\S+ \\(SG\\) with \\b',
    '^\\S+ \\(\\S+ \\[local\\]\\) by \\S+ \\(OpenSMTPD\\) with \\b',
    '\\(LSMTP for',
    '^\\(\\[«L»\\]\\) with MailEnable ',
    '^facebook\\.com \\([^)]+\\) by facebook\\.com with Thrift id \\S+$',
    '^\\S+ named \\S+ by gmailapi\\.google\\.com with HTTPREST$',
    '^\\S+ id \\S+$',
    '^\\[<.*? \\(Jetsend',
  ].map((text) => ({ form: form(text), skip: true })),
]

/** Signs that the sender logged in, and what is said of it. */
const logins: readonly {
  readonly form: RegExp
  readonly says: (found: RegExpExecArray) => string
  readonly also?: RegExp
}[] = [
  {
    form: / with ((?:ES|L|UTF8S|UTF8L)MTPS?A|ASMTP|HTTP[SU]?)(?: |;|$)/i,
    also: / by /,
    says: (found) => found[1] ?? '',
  },
  {
    form: /\(version=([^ ]+) cipher=([^)]+)\)/,
    also: / by mx\.google\.com with ESMTPS id [a-z0-9]{1,4}sm\d{2,9}[a-z]{3}\.\d{1,3}\.\d{4}\.(?:[0-6]\d\.){4}[0-6]\d/,
    says: (found) => `GMail - transport=${found[1]} cipher=${found[2]}`,
  },
  {
    form: /^from .*?(?:\]\)|\)\]) \(AUTH: (LOGIN|PLAIN|DIGEST-MD5|CRAM-MD5) \S+(?:, .*?)?\) by /,
    says: (found) => found[1] ?? '',
  },
  { form: /^from .*?(?:\](?: \([^)]*\))?\)|\)\]) .*?\(.*?authenticated.*?\).*? by/, says: () => 'Sendmail' },
  {
    form: form(
      'from \\S* \\((?:HELO|EHLO) (\\S*)\\) \\[(«IP»)\\] by (mail\\.gmx\\.(?:net|com)) \\([^)]+\\) with (E?SMTP)',
    ),
    says: (found) => `GMX (${found[4]} / ${found[3]})`,
  },
  {
    form: /\) by .+ \(\d{1,2}\.\d\.\d{3}(?:\.\d{1,3})?\) \(authenticated as .+\) id /,
    says: () => 'CriticalPath',
  },
  {
    form: /\) \(Authenticated sender: \S+\) by \S+ \(([^)]+)\) with /,
    says: (found) => (found[1] === 'Postfix' ? 'Postfix' : `Postfix (${found[1]})`),
  },
  { form: /CommuniGate Pro (HTTP|SMTP|XIMSS|IMAP)/, also: / \(account /, says: () => 'Communigate' },
  { form: / with Microsoft Exchange Server HTTP-DAV\b/, says: () => 'HTTP-DAV' },
  { form: / \(via (HTTP.?)\)(?: |;|$)/i, also: / by /, says: (found) => found[1] ?? '' },
]

const lastDate =
  /[\s;]+(?:(?:Mon|T(?:ue|hu)|Wed|Fri|S(?:at|un)), )?\d+ (?:J(?:an|u[nl])|Feb|Ma[ry]|A(?:pr|ug)|Sep|Oct|Nov|Dec) \d+ \d+:\d+(?::\d+)? \S+$/
const name = '[-A-Za-z0-9.^+_&:=?!@%*$\\\\/]'
const heloWords = [
  new RegExp(`\\bhelo=(${name}+)(?:(?!${name})[^]|$)`),
  new RegExp(`\\b(?:HELO|EHLO) (${name}+)(?:(?!${name})[^]|$)`),
]

type Found = {
  ip: string
  rdns: string
  helo: string
  by: string
  ident: string
  envfrom: string | undefined
  id: string
}

const cleaned = (text: string): string => text.replaceAll(/[\s\0#[\]()<>|]/g, '!')

const relayOf = (found: Found, auth: string, looksUp: boolean): Relay => {
  const rdns = found.rdns.replace(/\.+$/, '')
  const ip = found.ip
    .replace(/^ipv6:/i, '')
    .replace(/^\[/, '')
    .replace(/\]$/, '')
    .replace(/%[A-Z0-9._~-]*$/i, '')
    .replace(/^0*:0*:(?:0*:)*ffff:(\d+\.\d+\.\d+\.\d+)$/i, '$1')
  const known = /^unknown$/i.test(rdns) || rdns.startsWith('[') ? '' : cleaned(rdns)
  const envfrom = found.envfrom?.replace(/^\s*<*/, '').replace(/>*\s*$/, '')
  return {
    ip: cleaned(ip),
    rdns: known,
    helo: cleaned(found.helo),
    by: cleaned(found.by.replace(/;$/, '')),
    ident: cleaned(found.ident),
    envfrom: envfrom === undefined ? undefined : cleaned(envfrom),
    id: found.id,
    auth,
    isPrivate: isPrivateText(ip),
    noReverse: known === '' && looksUp,
  }
}

const filled = (found: Found, one: Form, groups: Readonly<Record<string, string | undefined>>): void => {
  for (const key of ['ip', 'rdns', 'helo', 'by', 'ident'] as const) {
    const value = groups[key]
    if (value !== undefined) found[key] = value
  }
  if (one.both === true) found.helo = found.rdns
  if (one.id !== undefined) found.id = one.id
  if (one.sub === true) {
    const sub = groups['sub'] ?? ''
    found.helo = /helo=(\S+)/.exec(sub)?.[1] ?? found.helo
    found.ident = /ident=(\S*)/.exec(sub)?.[1] ?? found.ident
  }
  const ident = /^([^@]*)@/.exec(found.rdns)
  if (ident !== null && one.looksUp !== undefined) {
    found.ident = ident[1] ?? ''
    found.rdns = found.rdns.slice(ident[0].length)
  }
}

/** What follows a lower-case `from `. */
const readFrom = (text: string, found: Found, auth: string): ReadReceived | undefined => {
  found.envfrom = /(?:return-path:? |envelope-(?:sender|from)[ =])(\S+)\b/i.exec(text)?.[1]
  for (const one of forms) {
    if (one.when?.test(text) === false || one.unless?.test(text) === true) continue
    const match = one.form.exec(text)
    if (match === null) continue
    if (one.skip === true) return 'skip'
    if (one.fetched === true) return 'fetched'
    filled(found, one, match.groups ?? {})
    if (one.when?.source.includes('XMail') === true) {
      found.id = / id <(\S+)>/.exec(text)?.[1] ?? found.id
      found.envfrom = / from <(\S+)>/.exec(text)?.[1] ?? found.envfrom
    }
    return relayOf(found, auth, one.looksUp === true || (one.looksUp === 'named' && found.rdns !== 'unknown'))
  }
  if (found.helo === '') found.helo = /^(\S+)[^-A-Za-z0-9.]/.exec(text)?.[1] ?? ''
  return undefined
}

const upper = form('^«H» \\(«R» \\[«I»\\]\\) BY «B» (?:\\([^)]+\\) WITH SMTP )?ID <?(?<id>\\S+?)>?(?: FOR <[^>]+>)?$')
const norton = form('^«H?» \\[«I»\\]\\) by «B» \\(NAVGW .*?\\) with ')

/** @param field the value of one Received field, unfolded or not. */
export const readReceived = (field: string): ReadReceived => {
  let text = field
    .replaceAll(/[\t-\r ]+/g, ' ')
    .replace(/^ /, '')
    .replace(/ $/, '')
  while (/ ?;$/.test(text)) text = text.replace(/ ?;$/, '')
  if (!/^\(?from /i.test(text) || /\bwith local for\b/.test(text)) return 'skip'
  const bare = /^from (\S+) by [^\s;]+ ?;/i.exec(text)
  if (bare !== null && !/^\[[\d.]+\]$/.test(bare[1] ?? '')) return 'skip'
  text = text.replace(lastDate, '').replace(')by ', ') by ')
  const found: Found = {
    ip: '',
    rdns: '',
    helo: heloWords[0]?.exec(text)?.[1] ?? heloWords[1]?.exec(text)?.[1] ?? '',
    by: / by (\S+)(?:[^-A-Za-z0-9;.]|$)/.exec(text)?.[1] ?? '',
    ident: '',
    envfrom: undefined,
    id: / id <?([^\s<>;]{3,})/.exec(text)?.[1] ?? '',
  }
  let auth = ''
  for (const login of logins) {
    const match = login.also?.test(text) === false ? null : login.form.exec(text)
    if (match === null) continue
    auth = login.says(match)
    break
  }
  if (text.startsWith('from ')) {
    const read = readFrom(text.slice(5), found, auth)
    if (read !== undefined) return read
    text = text.slice(5)
  } else if (text.startsWith('FROM ')) {
    text = text.slice(5)
    const match = upper.exec(text)
    if (match?.groups !== undefined) {
      const { rdns } = match.groups
      return relayOf({ ...found, ...match.groups, rdns: rdns === 'unverified' ? '' : (rdns ?? '') }, auth, true)
    }
  } else if (text.startsWith('(from ')) {
    text = text.slice(6)
    const match = norton.exec(text)
    if (match?.groups !== undefined) return relayOf({ ...found, ...match.groups }, auth, false)
    if (/^\S+@localhost\) by \S+ /.test(text) || /^[^\s@]+@[^)]+\) by \S+\(jqueuemail\) id [^\s;]+/.test(text))
      return 'skip'
  }
  if (found.ip === '') found.ip = form('\\[«I»\\]').exec(text)?.groups?.['ip'] ?? ''
  return found.ip !== '' && found.by !== '' ? relayOf(found, auth, false) : 'unreadable'
}

export type Relays = {
  readonly trusted: readonly Relay[]
  readonly untrusted: readonly Relay[]
  readonly internal: readonly Relay[]
  readonly external: readonly Relay[]
  readonly unreadable: number
  /** Index of the last Received field, from the top, that we believe; −1 for none. */
  readonly lastTrusted: number
  readonly lastInternal: number
  readonly asText: (which: 'trusted' | 'untrusted' | 'internal' | 'external') => string
}

/** @param fields Received fields, the newest first. @param trusts whether an address is one of ours; without it the border is where the first public address stands. */
export const readRelays = (
  fields: readonly string[],
  trusts?: {
    readonly trusted: (ip: string) => boolean
    readonly internal: (ip: string) => boolean
    readonly msa: (ip: string) => boolean
  },
): Relays => {
  const lists = { trusted: [] as Relay[], untrusted: [] as Relay[], internal: [] as Relay[], external: [] as Relay[] }
  const own = new Map<Relay, boolean>()
  const msas = new Set<Relay>()
  let inTrusted = true
  let inInternal = true
  let foundMsa = false
  let mayFetch = true
  let unreadable = 0
  let lastTrusted = -1
  let lastInternal = -1
  for (const field of fields) {
    const relay = readReceived(field)
    if (typeof relay === 'string') {
      if (relay === 'unreadable') unreadable += 1
      if (relay === 'fetched' && mayFetch)
        for (const key of ['trusted', 'internal', 'external'] as const) lists[key] = []
      if (inTrusted) lastTrusted += 1
      if (inInternal) lastInternal += 1
      continue
    }
    if (inTrusted && !foundMsa) {
      if (trusts === undefined) {
        if (!relay.isPrivate && relay.auth === '') {
          inTrusted = false
          inInternal = false
        }
      } else if (relay.auth === '' && !trusts.trusted(relay.ip)) {
        inTrusted = false
        inInternal = false
      } else {
        if (inInternal && relay.auth === '' && !trusts.internal(relay.ip)) inInternal = false
        if (trusts.msa(relay.ip)) {
          foundMsa = true
          msas.add(relay)
        }
      }
    }
    own.set(relay, inInternal)
    lists[inTrusted ? 'trusted' : 'untrusted'].push(relay)
    mayFetch = inTrusted
    lists[inInternal ? 'internal' : 'external'].push(relay)
    if (inTrusted) lastTrusted += 1
    if (inInternal) lastInternal += 1
  }
  const asText = (relay: Relay): string =>
    `[ ip=${relay.ip} rdns=${relay.rdns} helo=${relay.helo} by=${relay.by} ident=${relay.ident} envfrom=${relay.envfrom ?? ''} intl=${own.get(relay) === true ? 1 : 0} id=${relay.id} auth=${relay.auth} msa=${msas.has(relay) ? 1 : 0} ]`
  return {
    ...lists,
    unreadable,
    lastTrusted,
    lastInternal,
    asText: (which) => lists[which].map(asText).join(' '),
  }
}
