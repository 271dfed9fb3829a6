/**
 * A small authoritative DNS server over UDP and TCP for the demo and for tests: what it knows is a function of name and type, or a table.
 * RFC 1035 sections 4.2.1, 4.2.2 and 4.3.2 (aliases, wildcards), RFC 2308 (SOA with a no), RFC 6891 (payload size). It can also say
 * SERVFAIL and REFUSED, keep silent, and set the AD bit, so that every path of a resolver can be walked. It is not for the public.
 */
import { createSocket, type RemoteInfo } from 'node:dgram'
import { createServer, type Socket } from 'node:net'
import * as dns from 'dns-packet'
import type { DnsRecords, DnsType } from '../../base/dns.ts'
import { fail, ok, type Result } from '../../base/result.ts'

type ZoneRecords = { readonly [T in DnsType]?: readonly DnsRecords[T][] }
type ZoneTrouble = 'nxdomain' | 'servfail' | 'refused' | 'timeout'
/** What stands at a name: its records by type (none of a type: no data), or what goes wrong there. */
export type ZoneNode = ZoneRecords | ZoneTrouble
/** @param name lower case, no last dot. */
export type Zone = (name: string, type: string) => ZoneNode
export type DnsServerOptions = {
  readonly host: string
  /** 0: any that is free; UDP and TCP get the same. */
  readonly port: number
  readonly zone: Zone
  /** Seconds. */
  readonly ttl?: number
  /** Sets the AD bit for the names it says yes to. */
  readonly secure?: (name: string) => boolean
  /** Answers over UDP are cut to this, whatever the asker could take. */
  readonly mostUdp?: number
  /** Sees every question; for tests and the demo's log. */
  readonly heard?: (name: string, type: string, over: 'udp' | 'tcp') => void
}
export type DnsServerHandle = { readonly ip: string; readonly port: number; readonly close: () => Promise<void> }

const MOST_ALIASES = 12
const MOST_TCP = 64
const TCP_IDLE_MS = 10_000
const rcodes = { nxdomain: 3, servfail: 2, refused: 5 } as const

/**
 * @param table by name; `*.example.org` answers for every name below that has no node of its own. A name that is not there is NXDOMAIN,
 * unless another name lies below it.
 */
export const newZone = (table: Readonly<Record<string, ZoneNode>>): Zone => {
  const nodes = new Map(Object.entries(table).map(([name, node]) => [name.toLowerCase(), node] as const))
  const inner = new Set<string>()
  for (const name of nodes.keys())
    for (let at = name.indexOf('.'); at >= 0; at = name.indexOf('.', at + 1)) inner.add(name.slice(at + 1))
  return (name) => {
    const exact = nodes.get(name)
    if (exact !== undefined) return exact
    if (inner.has(name)) return {}
    for (let at = name.indexOf('.'); at >= 0; at = name.indexOf('.', at + 1)) {
      const parent = name.slice(at + 1)
      const wild = nodes.get(`*.${parent}`)
      if (wild !== undefined) return wild
      if (nodes.has(parent) || inner.has(parent)) return 'nxdomain'
    }
    return 'nxdomain'
  }
}

const strings = (text: string): Buffer[] => {
  const octets = Buffer.from(text, 'latin1')
  const parts: Buffer[] = []
  for (let at = 0; at < octets.length || at === 0; at += 255) parts.push(octets.subarray(at, at + 255))
  return parts
}

type Writers = { readonly [T in DnsType]: (name: string, ttl: number, record: DnsRecords[T]) => dns.Answer }
const writers: Writers = {
  A: (name, ttl, data) => ({ type: 'A', name, ttl, data }),
  AAAA: (name, ttl, data) => ({ type: 'AAAA', name, ttl, data }),
  CNAME: (name, ttl, data) => ({ type: 'CNAME', name, ttl, data }),
  NS: (name, ttl, data) => ({ type: 'NS', name, ttl, data }),
  PTR: (name, ttl, data) => ({ type: 'PTR', name, ttl, data }),
  TXT: (name, ttl, data) => ({ type: 'TXT', name, ttl, data: strings(data) }),
  MX: (name, ttl, data) => ({
    type: 'MX',
    name,
    ttl,
    data: { preference: data.preference, exchange: data.exchange === '' ? '.' : data.exchange },
  }),
  TLSA: (name, ttl, data) => ({
    type: 'TLSA',
    name,
    ttl,
    data: {
      usage: data.usage,
      selector: data.selector,
      matchingType: data.matching,
      certificate: Buffer.from(data.data),
    },
  }),
}
const isType = (type: string): type is DnsType => type in writers
const answersOf = <T extends DnsType>(name: string, ttl: number, type: T, node: ZoneRecords): readonly dns.Answer[] => {
  const records: readonly DnsRecords[T][] = node[type] ?? []
  return records.map((record) => writers[type](name, ttl, record))
}

type Said = { readonly rcode: number; readonly answers: readonly dns.Answer[]; readonly last: string } | 'timeout'

/** Walks the aliases. */
const say = (zone: Zone, asked: string, type: string, ttl: number): Said => {
  const answers: dns.Answer[] = []
  let name = asked
  for (let step = 0; step < MOST_ALIASES; step += 1) {
    const node = zone(name, type)
    if (node === 'timeout') return 'timeout'
    if (typeof node === 'string') return { rcode: rcodes[node], answers, last: name }
    if (isType(type)) answers.push(...answersOf(name, ttl, type, node))
    const alias = type === 'CNAME' ? undefined : node.CNAME?.[0]
    if (alias === undefined) return { rcode: 0, answers, last: name }
    answers.push(...answersOf(name, ttl, 'CNAME', node))
    name = alias.toLowerCase()
  }
  return { rcode: 2, answers: [], last: name }
}

const soa = (name: string, ttl: number): dns.Answer => ({
  type: 'SOA',
  name: name.split('.').slice(-2).join('.'),
  ttl,
  data: { mname: 'ns.invalid', rname: 'admin.invalid', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: ttl },
})

/** @returns the response to a message; undefined to keep silent. Never throws. */
const respond = (options: DnsServerOptions, message: Buffer, over: 'udp' | 'tcp'): Buffer | undefined => {
  let query: dns.Packet
  try {
    query = dns.decode(message)
  } catch (error) {
    if (error instanceof Error) return undefined // not DNS
    throw error
  }
  const [question] = query.questions ?? []
  if (query.type !== 'query' || question === undefined) return undefined
  const name = question.name.toLowerCase()
  options.heard?.(name, question.type, over)
  const ttl = options.ttl ?? 60
  const said = say(options.zone, name, question.type, ttl)
  if (said === 'timeout') return undefined
  const edns = query.additionals?.find((record) => record.type === 'OPT')
  const flags =
    dns.AUTHORITATIVE_ANSWER |
    dns.RECURSION_AVAILABLE |
    ((query.flags ?? 0) & dns.RECURSION_DESIRED) |
    (options.secure?.(name) === true ? dns.AUTHENTIC_DATA : 0) |
    said.rcode
  const no = said.rcode === 3 || (said.rcode === 0 && !said.answers.some((answer) => answer.type === question.type))
  const head = { type: 'response' as const, id: query.id ?? 0, questions: [question] }
  const bytes = dns.encode({ ...head, flags, answers: [...said.answers], authorities: no ? [soa(said.last, ttl)] : [] })
  const room = Math.min(edns?.udpPayloadSize ?? 512, options.mostUdp ?? 65_535)
  if (over === 'tcp' || bytes.length <= Math.max(room, 512)) return bytes
  return dns.encode({ ...head, flags: flags | dns.TRUNCATED_RESPONSE })
}

const serveTcp = (options: DnsServerOptions, socket: Socket): void => {
  let got: Buffer = Buffer.alloc(0)
  socket.setTimeout(TCP_IDLE_MS, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    got = Buffer.concat([got, chunk])
    while (got.length >= 2 && got.length >= 2 + got.readUInt16BE(0)) {
      const message = got.subarray(2, 2 + got.readUInt16BE(0))
      got = got.subarray(2 + message.length)
      const response = respond(options, message, 'tcp')
      if (response === undefined) continue
      socket.write(Buffer.concat([Buffer.from([response.length >> 8, response.length & 255]), response]))
    }
  })
}

/** @returns the server when both sockets answer, or the system's code for why not. */
export const serveDns = async (options: DnsServerOptions): Promise<Result<DnsServerHandle, string>> => {
  const tcp = createServer((socket) => serveTcp(options, socket))
  tcp.maxConnections = MOST_TCP
  const udp = createSocket(options.host.includes(':') ? 'udp6' : 'udp4')
  const answer = (message: Buffer, from: RemoteInfo): void => {
    const response = respond(options, message, 'udp')
    if (response !== undefined) udp.send(response, from.port, from.address)
  }
  udp.on('message', answer)
  try {
    await new Promise<void>((resolve, reject) => {
      tcp.once('error', reject)
      tcp.listen(options.port, options.host, resolve)
    })
    const at = tcp.address()
    const port = at !== null && typeof at === 'object' ? at.port : options.port
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject)
      udp.bind(port, options.host, resolve)
    })
    udp.on('error', () => undefined) // an ICMP error of some asker
    const close = async (): Promise<void> => {
      await new Promise<void>((resolve) => udp.close(resolve))
      await new Promise<void>((resolve) => tcp.close(() => resolve()))
    }
    return ok({ ip: options.host, port, close })
  } catch (error) {
    tcp.close()
    return fail(error instanceof Error && 'code' in error ? String(error.code) : 'unknown')
  }
}
