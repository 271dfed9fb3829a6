/**
 * The header by which a proxy in front of us says whom it speaks for: the PROXY protocol of HAProxy, versions 1 (text, section 2.1 of
 * its document) and 2 (binary, section 2.2). Pure. TLVs of version 2 are skipped. `LOCAL`, `UNKNOWN`, `UNSPEC` and UNIX sockets name
 * nobody: the connection then stands for itself. Refused on purpose: datagram transports, and headers over MOST_HEADER octets.
 */
import { readIp, writeIp } from '../base/ip.ts'

export const MOST_HEADER = 4096 // sixteen octets, two addresses, and TLVs: a certificate's names, not a certificate
const MOST_LINE = 107 // section 2.1: the longest line of version 1, CRLF included

export type Ends = {
  readonly sourceIp: string
  readonly sourcePort: number
  readonly targetIp: string
  readonly targetPort: number
}
/** `more`: not whole yet. `bad`: no octets that follow could make it right. `length`: where the peer's own octets begin. */
export type ProxyReading =
  | { readonly kind: 'more' }
  | { readonly kind: 'bad' }
  | { readonly kind: 'header'; readonly length: number; readonly ends: Ends | null }

const more: ProxyReading = { kind: 'more' }
const bad: ProxyReading = { kind: 'bad' }
const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)
const WORD = new TextEncoder().encode('PROXY ')

const beginsWith = (bytes: Uint8Array, start: Uint8Array): boolean => {
  const length = Math.min(bytes.length, start.length)
  for (let index = 0; index < length; index += 1) if (bytes[index] !== start[index]) return false
  return true
}

const readPort = (text: string): number | undefined =>
  /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined

const readTextEnds = (line: string): Ends | null | undefined => {
  const [, family, source = '', target = '', sourcePort = '', targetPort = '', ...rest] = line.split(' ')
  if (family === 'UNKNOWN') return null
  if ((family !== 'TCP4' && family !== 'TCP6') || rest.length > 0) return undefined
  const colons = family === 'TCP6'
  if (source.includes(':') !== colons || target.includes(':') !== colons) return undefined
  const from = readIp(source)
  const to = readIp(target)
  const fromPort = readPort(sourcePort)
  const toPort = readPort(targetPort)
  if (!from.ok || !to.ok || fromPort === undefined || toPort === undefined) return undefined
  return { sourceIp: writeIp(from.value), sourcePort: fromPort, targetIp: writeIp(to.value), targetPort: toPort }
}

const readLine = (bytes: Uint8Array): ProxyReading => {
  const end = bytes.subarray(0, MOST_LINE).indexOf(0x0a)
  if (end < 0) return bytes.length >= MOST_LINE ? bad : more
  if (bytes[end - 1] !== 0x0d) return bad
  const line = String.fromCharCode(...bytes.subarray(0, end - 1))
  const ends = readTextEnds(line)
  return ends === undefined ? bad : { kind: 'header', length: end + 1, ends }
}

const address = (octets: Uint8Array): string => {
  const text = octets.length === 4 ? octets.join('.') : writeIp({ version: 6, octets })
  const ip = readIp(text) // once more, so that ::ffff:a.b.c.d becomes the IPv4 address that it is
  return ip.ok ? writeIp(ip.value) : text
}

const readBinary = (bytes: Uint8Array): ProxyReading => {
  const command = bytes[12]
  const family = bytes[13]
  if (command !== undefined && command !== 0x20 && command !== 0x21) return bad
  if (family !== undefined && family !== 0x00 && family !== 0x11 && family !== 0x21 && family !== 0x31) return bad
  if (bytes.length < 16) return more
  const size = ((bytes[14] ?? 0) << 8) | (bytes[15] ?? 0)
  const length = 16 + size
  if (length > MOST_HEADER) return bad
  const width = family === 0x11 ? 4 : family === 0x21 ? 16 : 0
  const told = command === 0x21 && width > 0
  if (told && size < width * 2 + 4) return bad
  if (bytes.length < length) return more
  if (!told) return { kind: 'header', length, ends: null }
  const ports = 16 + width * 2
  const port = (at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  const ends = {
    sourceIp: address(bytes.slice(16, 16 + width)),
    sourcePort: port(ports),
    targetIp: address(bytes.slice(16 + width, ports)),
    targetPort: port(ports + 2),
  }
  return { kind: 'header', length, ends }
}

/** @param bytes all that has come so far. The answer does not depend on how it was cut up. Never throws. */
export const readProxy = (bytes: Uint8Array): ProxyReading => {
  if (bytes.length === 0) return more
  if (beginsWith(bytes, SIGNATURE)) return bytes.length < SIGNATURE.length ? more : readBinary(bytes)
  if (!beginsWith(bytes, WORD)) return bad
  return bytes.length < WORD.length ? more : readLine(bytes)
}

/** @returns the header of version 1 or 2 that a proxy sends for `ends`; for tests and for whoever stands behind us. Both addresses of one version. */
export const writeProxy = (ends: Ends, version: 1 | 2): Uint8Array => {
  const source = readIp(ends.sourceIp)
  const target = readIp(ends.targetIp)
  if (!source.ok || !target.ok || source.value.version !== target.value.version)
    throw new TypeError('two addresses of one version')
  const four = source.value.version === 4
  if (version === 1) {
    const words = ['PROXY', four ? 'TCP4' : 'TCP6', ends.sourceIp, ends.targetIp, ends.sourcePort, ends.targetPort]
    return new TextEncoder().encode(`${words.join(' ')}\r\n`)
  }
  const two = (value: number): readonly number[] => [value >> 8, value & 255]
  const body = [...source.value.octets, ...target.value.octets, ...two(ends.sourcePort), ...two(ends.targetPort)]
  return Uint8Array.of(...SIGNATURE, 0x21, four ? 0x11 : 0x21, ...two(body.length), ...body)
}
