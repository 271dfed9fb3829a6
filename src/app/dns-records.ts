/**
 * The DNS records that a domain and its server need. RFC 5321 section 5 (MX), RFC 7208 (SPF), RFC 9989 (DMARC), RFC 6186 and 8314 (SRV for mail
 * programs). Pure.
 */
export type DnsRow = { readonly name: string; readonly type: string; readonly value: string; readonly why: string }

const LONGEST_STRING = 255 // octets of one string of a TXT record (RFC 1035 section 3.3)

/** @returns a TXT value as zone files have it: in quotes, cut into strings where it is long; who reads it joins them (RFC 6376 section 3.6.2.2). */
const quoted = (value: string): string =>
  (value.match(new RegExp(`.{1,${LONGEST_STRING}}`, 'g')) ?? ['']).map((piece) => `"${piece}"`).join(' ')

/** @param name without its last dot. @returns the row of a TXT record. */
export const txtRow = (name: string, value: string, why: string): DnsRow => ({
  name: `${name}.`,
  type: 'TXT',
  value: quoted(value),
  why,
})

/** @param host the server's own name. @param more rows of the domain that are not the same for everybody: its signing keys. @returns the records, the most needed first. */
export const dnsRecords = (host: string, domain: string, more: readonly DnsRow[] = []): readonly DnsRow[] => [
  { name: `${host}.`, type: 'A', value: '(the address of this server)', why: 'where the server is' },
  { name: `${host}.`, type: 'AAAA', value: '(its IPv6 address, if it has one)', why: 'the same, for IPv6' },
  { name: `${domain}.`, type: 'MX', value: `10 ${host}.`, why: 'where mail for the domain goes' },
  { name: `${domain}.`, type: 'TXT', value: '"v=spf1 mx -all"', why: 'only this server sends for the domain' },
  {
    name: `${host}.`,
    type: 'TXT',
    value: '"v=spf1 a -all"',
    why: 'the same for bounces, which come from the server itself',
  },
  {
    name: `_dmarc.${domain}.`,
    type: 'TXT',
    value: `"v=DMARC1; p=quarantine; rua=mailto:dmarc-reports@${domain}"`,
    why: 'what others do with forged mail, and whom they tell',
  },
  ...more,
  {
    name: `_submissions._tcp.${domain}.`,
    type: 'SRV',
    value: `0 1 465 ${host}.`,
    why: 'mail programs find where to send',
  },
  { name: `_imaps._tcp.${domain}.`, type: 'SRV', value: `0 1 993 ${host}.`, why: 'mail programs find the server' },
  {
    name: `_pop3s._tcp.${domain}.`,
    type: 'SRV',
    value: `10 1 995 ${host}.`,
    why: 'the same for those that speak POP3',
  },
]

const MOST_WIDE = 70 // columns; a key's record is longer, and the others need not be

/** @returns the records as a zone file has them, with their reasons as comments. */
export const writeRecords = (rows: readonly DnsRow[]): string => {
  const [names, types, values] = (['name', 'type', 'value'] as const).map((key) =>
    Math.min(MOST_WIDE, Math.max(...rows.map((row) => row[key].length))),
  )
  return rows
    .map(
      ({ name, type, value, why }) =>
        `  ${name.padEnd(names ?? 0)}  ${type.padEnd(types ?? 0)}  ${value.padEnd(values ?? 0)}  ; ${why}\n`,
    )
    .join('')
}
