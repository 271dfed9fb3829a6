/** Functions over Received fields. Mail::SpamAssassin::Plugin::RelayEval, and `check_mailfrom_matches_rcvd`. Pure. */

import { isPrivateText } from '../received-ip.ts'
import type { SaMail } from '../sa-mail.ts'
import type { Eval } from './call.ts'

const v4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/
const hostShape = /^\w+(?:[\w.-]+\.)+\w+$/

/** The last two labels, or three below short country codes. */
const domainOf = (host: string): string => {
  const parts = host.split('.')
  if (!/[a-zA-Z]/.test(host) || parts.length < 2) return host
  if (/\S{3,}|ie|fr|de/.test(parts.at(-1) ?? '')) return parts.slice(-2).join('.')
  return parts.length > 2 ? parts.slice(-3).join('.') : host
}

type Hop = { readonly by: string; from: string | undefined; readonly helo: string; readonly ip: string }
type Mismatches = { readonly from: number; readonly address: number }
const mismatches = (mail: SaMail): Mismatches => {
  const relays = mail.relays().untrusted.map(
    (relay): Hop => ({
      by: domainOf(relay.by.toLowerCase()),
      from: domainOf(relay.rdns.toLowerCase()),
      helo: domainOf(relay.helo.toLowerCase()),
      ip: relay.ip,
    }),
  )
  let [from, address] = [0, 0]
  for (const [index, relay] of relays.entries()) {
    if (!hostShape.test(relay.by)) continue
    if (/^localhost(?:\.localdomain)?$/.test(relay.from ?? '') && relay.ip === '127.0.0.1') relay.from = undefined
    const quad = /^\d+\.\d+\.\d+\.\d+$/
    if (quad.test(relay.helo) && quad.test(relay.ip) && relay.helo !== relay.ip) {
      const half = (text: string): string => text.split('.').slice(0, 2).join('.')
      if (half(relay.helo) !== half(relay.ip) && !isPrivateText(relay.helo)) address += 1
    }
    const before = index > 0 ? relays[index - 1]?.from : undefined
    const sisters = relay.by === 'msn.com' && before === 'hotmail.com'
    if (before !== undefined && hostShape.test(before) && relay.by !== before && !sisters) from += 1
  }
  return { from, address }
}

const webmail =
  /(?:\.|^)(?:lycos\.com|lycos\.co\.uk|hotmail\.com|localhost\.com|excite\.com|caramail\.com|cs\.com|aol\.com|msn\.com|yahoo\.com|drizzle\.com)$/i

export const relayEvals: Readonly<Record<string, Eval>> = {
  check_for_numeric_helo: ({ mail }) => {
    const helo = /\bhelo=((?:\d{1,3}\.){3}\d{1,3})(?=[\0- ,;[()<>]|$)/i.exec(mail.relays().asText('untrusted'))?.[1]
    return helo !== undefined && v4.test(helo) && !isPrivateText(helo)
  },
  check_for_illegal_ip: () => false,
  helo_ip_mismatch: ({ mail }) =>
    mail
      .relays()
      .untrusted.some(
        ({ helo, ip }) =>
          v4.test(helo) &&
          !isPrivateText(helo) &&
          v4.test(ip) &&
          !isPrivateText(ip) &&
          helo !== ip &&
          !ip.startsWith(helo.slice(0, helo.lastIndexOf('.') + 1)),
      ),
  check_all_trusted: ({ mail }) => {
    const { trusted, untrusted, unreadable } = mail.relays()
    return trusted.length > 0 && untrusted.length === 0 && unreadable === 0
  },
  check_no_relays: ({ mail }) => {
    const { trusted, untrusted, unreadable } = mail.relays()
    return trusted.length + untrusted.length + unreadable === 0
  },
  check_relays_unparseable: ({ mail }) => mail.relays().unreadable > 0,
  check_for_sender_no_reverse: ({ mail }) => {
    const last = mail.relays().untrusted.at(-1)
    return last?.rdns.includes('.') === true && !last.isPrivate
  },
  check_for_from_domain_in_received_headers: ({ mail }, [domain = '', desired = '']) => {
    if (!new RegExp(`\\b${domain.replaceAll('.', '\\.')}`, 'i').test(mail.text('From:addr'))) return false
    const relays = `${mail.relays().asText('trusted')}\n${mail.relays().asText('untrusted')}`
    const found = new RegExp(` rdns=\\S*\\b${domain} [^\\]]*by=\\S*\\b${domain} `).test(relays)
    return found === (desired === 'true')
  },
  check_for_no_rdns_dotcom_helo: ({ mail }) => {
    // The last public relay decides.
    const last = mail.relays().untrusted.findLast((relay) => !relay.isPrivate)
    return last !== undefined && webmail.test(last.helo) && last.noReverse
  },
  check_for_forged_received_trail: ({ mail }) => mismatches(mail).from > 1,
  check_for_forged_received_ip_helo: ({ mail }) => mismatches(mail).address > 0,
  check_mailfrom_matches_rcvd: ({ mail }) => {
    const domain = /@([^@]+\.[^@]+)$/.exec(mail.text('EnvelopeFrom:addr'))?.[1]
    if (domain === undefined) return false
    const { trusted, untrusted } = mail.relays()
    const own = mail.reading.domains.organisation(domain.toLowerCase())
    const relays = untrusted.length > 0 ? untrusted.slice(0, 1) : trusted
    return relays.some(({ rdns }) => rdns !== '' && mail.reading.domains.organisation(rdns.toLowerCase()) === own)
  },
}
