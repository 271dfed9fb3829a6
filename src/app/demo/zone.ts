/**
 * What the demo's DNS says: names and addresses of the demo's senders, their SPF records and DKIM keys, our own MX, and a blocklist. RFC 7208 (SPF), RFC 6376
 * section 3.6.2 (keys), RFC 5782 (the blocklist, with its test entry). Everything else is not there. Pure.
 */
import type { DnsRecords, DnsType } from '../../base/dns.ts'
import { readIp } from '../../base/ip.ts'
import { type DemoSender, demoDomain } from './senders.ts'

export const demoHost = `mail.${demoDomain}`
export const demoBlocklist = 'dnsbl.demo.test'
export const demoSelector = 'demo'

const reversed = (ip: string): string => {
  const read = readIp(ip)
  return read.ok && read.value.version === 4 ? [...read.value.octets].reverse().join('.') : ''
}

type Node = { [T in DnsType]?: DnsRecords[T][] }
type Zone = Map<string, Node>
const put = <T extends DnsType>(zone: Zone, name: string, type: T, record: DnsRecords[T]): void => {
  const node = zone.get(name) ?? {}
  const records: DnsRecords[T][] = node[type] ?? []
  records.push(record)
  Object.assign(node, { [type]: records })
  zone.set(name, node)
}

const addSender = (zone: Zone, sender: DemoSender, publicKey: string): void => {
  const { ip, host, domain } = sender
  put(zone, host, 'A', ip)
  put(zone, domain, 'A', ip)
  put(zone, domain, 'MX', { preference: 10, exchange: host })
  if (!sender.nameless) put(zone, `${reversed(ip)}.in-addr.arpa`, 'PTR', host)
  if (sender.listed) {
    put(zone, `${reversed(ip)}.${demoBlocklist}`, 'A', '127.0.0.2')
    put(zone, `${reversed(ip)}.${demoBlocklist}`, 'TXT', 'listed by the demo')
  }
  if (sender.spf !== 'none') put(zone, domain, 'TXT', `v=spf1 ip4:${sender.spf === 'pass' ? ip : '192.0.2.1'} -all`)
  if (sender.signs) put(zone, `${demoSelector}._domainkey.${domain}`, 'TXT', `v=DKIM1; k=ed25519; p=${publicKey}`)
}

/**
 * @param senders each sending host once or more often. @param publicKey of the demo's senders, base64 of the raw Ed25519 key.
 * @returns records by name and type.
 */
export const demoZone = (senders: readonly DemoSender[], publicKey: string): Readonly<Record<string, Node>> => {
  const zone: Zone = new Map()
  put(zone, demoHost, 'A', '127.0.0.1')
  put(zone, demoDomain, 'MX', { preference: 10, exchange: demoHost })
  put(zone, demoDomain, 'TXT', `v=spf1 mx -all`)
  put(zone, `2.0.0.127.${demoBlocklist}`, 'A', '127.0.0.2') // the test entry: a blocklist that works lists it
  put(zone, '1.0.0.127.in-addr.arpa', 'PTR', 'client.demo.test')
  put(zone, 'client.demo.test', 'A', '127.0.0.1')
  for (const sender of new Map(senders.map((one) => [one.domain, one])).values()) addSender(zone, sender, publicKey)
  return Object.fromEntries(zone)
}
