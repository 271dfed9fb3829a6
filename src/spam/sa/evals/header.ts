/** Functions over header fields. Mail::SpamAssassin::Plugin::HeaderEval. Pure. */
import { readMailDate } from '../dates.ts'
import { ipSource } from '../received-ip.ts'
import type { SaMail } from '../sa-mail.ts'
import type { Eval } from './call.ts'

const ip = new RegExp(ipSource)
const ipPattern = (text: string, flags = ''): RegExp => new RegExp(text.replaceAll('«IP»', ipSource), flags)
const squeezed = (text: string): string => text.replaceAll(/[\t-\r ]+/g, ' ')
/** Charsets whose capitals say nothing. */
export const shoutingCharsets =
  '[-_a-z0-9]*(?:koi|jp|jis|euc|gb|big5|isoir|cp1251|windows-1251|georgianps|pt154|tis)[-_a-z0-9]*'

const isUtf8 = (octets: string): boolean => Buffer.from(octets, 'latin1').toString('utf8').indexOf('�') < 0

/** Lists whose server takes the Received fields out. */
const gated = (mail: SaMail): boolean => {
  const list = mail.text('Mailing-List')
  const received = mail.text('Received')
  if (
    /^contact \S+@\S+; run by ezmlm$/m.test(list) &&
    /^mailing list \S+@\S+/m.test(mail.text('Delivered-To')) &&
    /qmail \d+ invoked (?:from network|by .{3,20})\); \d+ ... \d+/.test(received)
  )
    return true
  return mail.get('Received').length === 0 || /from groups\.msn\.com \(\S+\.msn\.com /.test(received)
}

const isMsnGroup = (mail: SaMail): boolean => {
  const list = /<(\S+)@groups\.msn\.com>/i.exec(mail.text('To'))?.[1]
  const server = /from mail pickup service by ((?:p\d\d\.)groups\.msn\.com)\b/.exec(mail.text('Received'))?.[1]
  if (list === undefined || server === undefined) return false
  const id = mail.text('Message-Id')
  if (list === 'notifications') return /^<\S+@/.test(id) && id.includes(`@${server}`)
  return (
    id.startsWith(`<${list}-`) &&
    /@groups\.msn\.com>/.test(id) &&
    mail.text('EnvelopeFrom:addr').includes(`${list}-bounce@groups.msn.com`)
  )
}

type Hotmail = 'forged' | 'absent' | 'fine'
const hotmail = (mail: SaMail): Hotmail => {
  const received = squeezed(mail.text('Received'))
  if (
    /from mail pickup service by hotmail\.com with Microsoft SMTPSVC;/.test(received) ||
    isMsnGroup(mail) ||
    gated(mail)
  )
    return 'fine'
  const origin = ip.test(mail.text('X-Originating-Ip'))
  const organisation = /hotmail\.com|msonline-outlook/.test(mail.text('X-OriginatorOrg'))
  const known =
    (origin &&
      [
        /from (?:\S*\.)?hotmail.com \(\S+\.hotmail(?:\.msn)?\.com[ )]/,
        ipPattern('from \\S*\\.hotmail.com \\(\\[«IP»\\][ ):]'),
        /from \S+ by \S+\.hotmail(?:\.msn)?\.com with HTTP;/,
        /from \[66\.218.\S+\] by \S+\.yahoo\.com/,
      ].some((one) => one.test(received))) ||
    (organisation &&
      [
        /from \S*\.outbound\.protection\.outlook\.com \(\S+\.outbound\.protection\.outlook\.com[ )]/,
        ipPattern('from \\S*\\.(?:eur|nam)prd\\d+\\.prod\\.outlook\\.com \\(«IP»\\)'),
      ].some((one) => one.test(received)))
  if (known) return 'fine'
  if (/(?:from |HELO |helo=)\S*hotmail\.com\b/.test(received)) return 'forged'
  return /\bhotmail\.com$/i.test(mail.text('From:addr')) ? 'absent' : 'fine'
}

const isForgedYahoo = (mail: SaMail): boolean => {
  const from = mail.text('From:addr')
  if (!/\byahoo\.com$/i.test(from)) return false
  const resent = mail.text('Resent-From') !== '' && mail.text('Resent-To') !== '' ? mail.text('X-Received') : ''
  const received = squeezed(resent === '' ? mail.text('Received') : resent)
  if (gated(mail)) return false
  const relays = mail.relays()
  if (/ rdns=\S+\.yahoo\.com /.test(relays.asText('trusted'))) return false
  if (/^[^\]]+ rdns=\S+\.yahoo\.com /.test(relays.asText('untrusted'))) return false
  if (/\bmailer\d+\.bulk\.scd\.yahoo\.com\b/.test(received) && /@reply\.yahoo\.com$/i.test(from)) return false
  return ![
    /by web\S+\.mail\S*\.yahoo\.com via HTTP/,
    /by sonic\S+\.consmr\.mail\S*\.yahoo\.com with HTTP/,
    /by smtp\S+\.yahoo\.com with SMTP/,
    ipPattern('from \\[«IP»\\] by \\S+\\.(?:groups|scd|dcn)\\.yahoo\\.com with NNFMP'),
    /by \w+\.\w+\.yahoo\.com \(\d+\.\d+\.\d+\/\d+\.\d+\.\d+\)(?: with ESMTP)? id \w+/,
  ].some((one) => one.test(received))
}

const isForgedJuno = (mail: SaMail): boolean => {
  if (!/\bjuno\.com$/i.test(mail.text('From:addr')) || gated(mail)) return false
  const origin = mail.text('X-Originating-IP')
  const mailer = mail.text('X-Mailer')
  const received = mail.text('Received')
  if (origin !== '') {
    const named =
      ipPattern('from.*\\b(?:juno|untd)\\.com.*[\\[(]«IP»[\\])].*by').test(received) ||
      / cookie\.(?:juno|untd)\.com /.test(received)
    return !named || !mailer.includes('Juno ')
  }
  if (ipPattern('from.*\\bmail\\.com.*\\[«IP»\\].*by').test(received))
    return !/\bmail\.com/.test(mailer) || !ip.test(origin)
  if (ipPattern('from (webmail\\S+\\.untd\\.com) \\(\\1 \\[«IP»\\]\\) by').test(received))
    return !/^Webmail Version \d/.test(mailer) || !ip.test(origin)
  return true
}

const isForgedGmail = (mail: SaMail): boolean => {
  if (!/\bgmail\.com$/i.test(mail.text('From:addr'))) return false
  const received = mail.text('X-Received')
  if (/by 10\.\S+ with SMTP id \S+/.test(received) || /by 2002:a\d\d:\w+:\S+ with SMTP id \S+/.test(received))
    return false
  if (/by smtp\.googlemail\.com with ESMTPSA id \S+/.test(mail.text('Received'))) return false
  return mail.text('X-Gm-Message-State').length < 60 || mail.text('X-Google-Smtp-Source').length < 60
}

const recipientsOf = (mail: SaMail): readonly string[] => {
  const named = mail.get('ToCc:addr')
  const all = named.length >= 5 ? named : [...named, ...mail.get('Bcc:addr')]
  const out: string[] = []
  for (const one of all) if (out.length < 256 && one.toLowerCase() !== (out.at(-1) ?? '').toLowerCase()) out.push(one)
  return out
}

/** How alike recipients are: pairs that share the beginning of the user or of the host, by all pairs. */
const similarity = (addresses: readonly string[]): number => {
  if (addresses.length < 5) return 0
  const users = addresses.map((one) => one.slice(0, 2))
  const hosts = addresses.map((one) => one.slice(one.lastIndexOf('@') < 0 ? one.length : one.indexOf('@') + 1))
  let hits = 0
  let pairs = 0
  for (let first = 0; first < addresses.length; first += 1)
    for (let second = first + 1; second < addresses.length; second += 1) {
      if (users[first] === users[second]) hits += 1
      if (hosts[first]?.slice(0, 2) === hosts[second]?.slice(0, 2) && hosts[first] !== hosts[second]) hits += 1
      pairs += 1
    }
  return hits / pairs
}

const receivedTimes = (mail: SaMail): readonly number[] => {
  let lines = mail
    .text('Received')
    .split('\n')
    .filter((line) => /\S/.test(line))
  const local: string[] = []
  const [first] = lines
  if (first === undefined) return []
  if (
    /\bfrom (?:localhost\s|(?:\S+ ){1,2}\S*\b127\.0\.0\.1\b)/.test(first) ||
    /qmail \d+ invoked by uid \d+/.test(first)
  ) {
    local.push(first)
    lines = lines.slice(1)
  }
  if (lines[0] !== undefined && /\bby localhost with \w+ \(fetchmail-[\d.]+/.test(lines[0])) lines = lines.slice(1)
  else if (local.length > 0) lines = [...local, ...lines]
  return lines.flatMap((line) => {
    const date = /(\s.?\d+ \S\S\S \d+ \d+:\d+:\d+ \S+)/.exec(line)?.[1]
    const time = date === undefined ? undefined : readMailDate(date)
    return time === undefined ? [] : [time]
  })
}

const headerTime = (mail: SaMail): number | undefined => {
  for (const name of ['Resent-Date', 'Date'])
    for (const value of mail.get(name)) {
      const time = readMailDate(value)
      if (time !== undefined) return time
    }
  return undefined
}

const known = new WeakMap<SaMail, number>()
/** Seconds that Date is ahead of the Received field nearest to it. */
const dateDifference = (mail: SaMail): number => {
  const before = known.get(mail)
  if (before !== undefined) return before
  const time = headerTime(mail)
  const times = time === undefined ? [] : receivedTimes(mail)
  const differences = times.map((one) => (time ?? 0) - one)
  if (differences.length > 1 && differences.at(-1) === 0) differences.pop()
  const nearest = [...differences].sort((a, b) => Math.abs(a) - Math.abs(b))[0] ?? 0
  known.set(mail, nearest)
  return nearest
}

const within = (value: number, least: string | undefined, most: string | undefined): boolean =>
  (least === undefined || least === 'undef' || value >= Number(least)) &&
  (most === undefined || most === 'undef' || value < Number(most))

const isAllCaps = (mail: SaMail): boolean => {
  const subject = mail
    .text('Subject')
    .trim()
    .replace(/^(?:(?:Re|Fwd|Fw|Aw|Antwort|WG|SV|VB|VS|VL):\s*)+/i, '')
  if (!/\s/.test(subject) || subject.length < 10) return false
  if (new RegExp(`=\\?${shoutingCharsets}\\?`, 'i').test(mail.text('Subject:raw'))) return false
  const letters = subject.replaceAll(/[^a-zA-Z]/g, '')
  return letters !== '' && letters === letters.toUpperCase()
}

const escaped = (text: string): string =>
  text.replaceAll(/[^\w]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)

const isToInSubject = (mail: SaMail, what: string): boolean => {
  const to = mail.text('To:addr')
  const subject = mail.text('Subject')
  if (to === '') return false
  if (what === 'address') return new RegExp(`\\b${escaped(to)}\\b`, 'i').test(subject)
  if (what !== 'user') return false
  const user = escaped(to.replace(/@.*/s, ''))
  return (
    new RegExp(`^(?:re|fw):\\s*(?:\\w+\\s+)?${user}\\n?$`, 'i').test(subject) ||
    new RegExp(`^${user}\\s*[,:;!?-](?:\\n?$|\\s)`).test(subject) ||
    new RegExp(`^(?:${user}\\n?$|,\\s*${user}[,:;!?-]\\n?$)`, 'i').test(subject)
  )
}

const outlookToken = (seconds: number): number => Math.trunc(seconds * 0.0023283064365387 + 27111902.8329849)
const isForgedOutlookId = (mail: SaMail): boolean => {
  const token = /^<[0-9a-f]{4}([0-9a-f]{8})\$[0-9a-f]{8}\$[0-9a-f]{8}@/.exec(mail.text('MESSAGEID'))?.[1]
  if (token === undefined) return false
  const said = Number.parseInt(token, 16)
  if (Math.abs(said - outlookToken(readMailDate(mail.text('Date')) ?? 0)) < 250) return false
  const received = /(\s.?\d+ \S\S\S \d+ \d+:\d+:\d+ \S+)/.exec(mail.text('Received'))?.[1] ?? ''
  return Math.abs(said - outlookToken(readMailDate(received) ?? 0)) >= 250
}

const lastTwo = (address: string): string => {
  const domain = /@([^@]*)$/.exec(address)?.[1] ?? ''
  return domain.replace(/^.+\.([^.]+\.[^.]+)$/, '$1').toLowerCase()
}

const unchecked =
  /^(?:X-VMS-To|X-UIDL|X-Face|To|Cc|From|Subject|References|In-Reply-To|(?:X-|Resent-|X-Original-)?Message-Id):/i

export const headerEvals: Readonly<Record<string, Eval>> = {
  check_for_fake_aol_relay_in_rcvd: ({ mail }) => {
    const received = squeezed(mail.text('Received'))
    if (!/ rly-[a-z][a-z]\d\d\./i.test(received)) return false
    return !/\/AOL-\d+\.\d+\.\d+\)/.test(received) && !/ESMTP id (?:RELAY|MAILRELAY|MAILIN)/.test(received)
  },
  check_for_faraway_charset_in_headers: () => false,
  check_for_unique_subject_id: () => false,
  check_illegal_chars: ({ mail }, [name = '', least = '0', count = '0']) => {
    const request = name.endsWith(':raw') ? name : `${name}:raw`
    const text = mail.text(request)
    if (!/\S/.test(text)) return false
    if (/[^\x00-\x7f]/.test(text) && isUtf8(text) && !/[\x00-\x08\x0b\x0c\x0e-\x1f]/.test(text)) return false
    let illegal = (text.match(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xff]/g) ?? []).length
    if (illegal > 0 && request.toLowerCase() === 'subject:raw' && (text.match(/[\xa2\xa3\xae]/g) ?? []).length === 1)
      illegal -= 1
    return illegal / text.length >= Number(least) && illegal >= Number(count)
  },
  gated_through_received_hdr_remover: ({ mail }) => gated(mail),
  check_for_forged_hotmail_received_headers: ({ mail }) => hotmail(mail) === 'forged',
  check_for_no_hotmail_received_headers: ({ mail }) => hotmail(mail) === 'absent',
  check_for_msn_groups_headers: ({ mail }) => isMsnGroup(mail),
  check_for_forged_eudoramail_received_headers: ({ mail }) => {
    if (!/\beudoramail\.com$/i.test(mail.text('From:addr')) || gated(mail)) return false
    return !(/by \S*whowhere.com;/.test(squeezed(mail.text('Received'))) && ip.test(mail.text('X-Sender-Ip')))
  },
  check_for_forged_yahoo_received_headers: ({ mail }) => isForgedYahoo(mail),
  check_for_forged_juno_received_headers: ({ mail }) => isForgedJuno(mail),
  check_for_forged_gmail_received_headers: ({ mail }) => isForgedGmail(mail),
  check_for_matching_env_and_hdr_from: ({ mail }) =>
    mail.text('EnvelopeFrom:addr').toLowerCase() === mail.text('From:addr').toLowerCase(),
  sorted_recipients: ({ mail }) => {
    const all = recipientsOf(mail)
    return all.length >= 7 && all.join(',') === [...all].sort().join(',')
  },
  similar_recipients: ({ mail }, [least, most]) => within(similarity(recipientsOf(mail)), least, most),
  check_for_missing_to_header: ({ mail }) => mail.text('To') === '' && mail.text('Apparently-To') === '',
  check_for_forged_gw05_received_headers: ({ mail }) => {
    const found =
      /\nfrom\s(\S+)\sby\s(\S+)\swith\sESMTP;\s+\S\S\S,\s+\d+\s+\S\S\S\s+\d{4}\s+\d\d:\d\d:\d\d\s+[-+]*\d{4}\n$/.exec(
        mail.text('Received'),
      )
    return found?.[2]?.includes('.') === false
  },
  check_for_shifted_date: ({ mail }, [least, most]) => within(dateDifference(mail) / 3600, least, most),
  subject_is_all_caps: ({ mail }) => isAllCaps(mail),
  check_for_to_in_subject: ({ mail }, [what = '']) => isToInSubject(mail, what),
  check_outlook_message_id: ({ mail }) => isForgedOutlookId(mail),
  check_messageid_not_usable: ({ mail }) =>
    /<mailto:(?:leave-\S+|\S+-unsubscribe)@\S+>\n?$/i.test(mail.text('List-Unsubscribe')) ||
    gated(mail) ||
    /\/CWT\/DCE\)|iPlanet Messaging Server/.test(mail.text('Received')),
  check_header_count_range: ({ mail }, [name = '', least = '0', most = '0']) => {
    const count = new Set(mail.get(name)).size
    return count >= Number(least) && count <= Number(most)
  },
  check_unresolved_template: ({ mail }) =>
    mail
      .text('ALL')
      .split('\n')
      .some((line) => /%[A-Z][A-Z_-]/.test(line) && !unchecked.test(line)),
  check_ratware_name_id: ({ mail }) => {
    const name = /<[A-Z]{28}\.([^>]+?)>/.exec(mail.text('MESSAGEID'))?.[1]
    return name !== undefined && new RegExp(`"[^"]+"\\s*<${escaped(name)}>`).test(mail.text('From'))
  },
  check_ratware_envelope_from: ({ mail }) => {
    const to = /^([^@]+)@(.+)$/.exec(mail.text('To:addr'))
    const from = mail.text('EnvelopeFrom:addr')
    if (to === null || from === '' || /^SRS\d[=+-]/i.test(from)) return false
    const { domains } = mail.reading
    const domain = domains.organisation(to[2] ?? '')
    return domains.isListed(domain) && new RegExp(`\\b${escaped(domain)}.${escaped(to[1] ?? '')}@`, 'i').test(from)
  },
  check_equal_from_domains: ({ mail }) => {
    const from = lastTwo(mail.text('From:addr'))
    const envelope = lastTwo(mail.text('EnvelopeFrom:addr'))
    return from !== '' && envelope !== '' && from !== envelope
  },
}
