/**
 * IP addresses and prefixes as values. RFC 4291 section 2.2 (text forms), RFC 5952 (canonical text), RFC 4632 (prefixes).
 *
 * An address is 4 or 16 octets; an IPv4-mapped IPv6 address (::ffff:a.b.c.d) is read as the IPv4 address that it is, so that
 * one host has one identity whichever socket it came in on. Zone ids (fe80::1%eth0) are cut off: they are not part of it.
 */
import { fail, ok, type Result } from './result.ts'

export type Ip = { readonly version: 4 | 6; readonly octets: Uint8Array }
/** The first `bits` bits of `octets` count; the rest are zero. */
export type Prefix = { readonly version: 4 | 6; readonly octets: Uint8Array; readonly bits: number }

const readIp4 = (text: string): Uint8Array | undefined => {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255))
    return undefined
  return Uint8Array.from(parts, Number)
}

const readGroups = (text: string): readonly number[] | undefined => {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      const tail = index === parts.length - 1 ? readIp4(part) : undefined
      if (tail === undefined) return undefined
      groups.push(((tail[0] ?? 0) << 8) | (tail[1] ?? 0), ((tail[2] ?? 0) << 8) | (tail[3] ?? 0))
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined
      groups.push(Number.parseInt(part, 16))
    }
  }
  return groups
}

const readIp6 = (text: string): Uint8Array | undefined => {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = readGroups(halves[0] ?? '')
  const tail = halves.length === 2 ? readGroups(halves[1] ?? '') : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail]
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]))
}

const isMapped = (octets: Uint8Array): boolean =>
  octets.length === 16 &&
  octets.subarray(0, 10).every((octet) => octet === 0) &&
  octets[10] === 255 &&
  octets[11] === 255

/** @param text an address as people and sockets write it. @returns the address, or `not-an-address`. */
export const readIp = (text: string): Result<Ip, 'not-an-address'> => {
  const bare = text.includes('%') ? text.slice(0, text.indexOf('%')) : text
  const four = readIp4(bare)
  if (four !== undefined) return ok({ version: 4, octets: four })
  const six = bare.includes(':') ? readIp6(bare) : undefined
  if (six === undefined) return fail('not-an-address')
  return ok(isMapped(six) ? { version: 4, octets: six.slice(12) } : { version: 6, octets: six })
}

const writeIp6 = (octets: Uint8Array): string => {
  const groups = Array.from({ length: 8 }, (_, index) => ((octets[index * 2] ?? 0) << 8) | (octets[index * 2 + 1] ?? 0))
  let best = { at: -1, length: 1 }
  for (let at = 0; at < 8; at += 1) {
    let length = 0
    while (at + length < 8 && groups[at + length] === 0) length += 1
    if (length > best.length) best = { at, length }
  }
  const hex = groups.map((group) => group.toString(16))
  if (best.at < 0) return hex.join(':')
  return `${hex.slice(0, best.at).join(':')}::${hex.slice(best.at + best.length).join(':')}`
}

/** @returns the canonical text (RFC 5952): `192.0.2.1`, `2001:db8::1`. */
export const writeIp = (ip: Ip): string => (ip.version === 4 ? ip.octets.join('.') : writeIp6(ip.octets))

/** @returns the network of `bits` bits that holds `ip`; `bits` beyond the address's length means the address alone. */
export const prefixOf = (ip: Ip, bits: number): Prefix => {
  const most = ip.octets.length * 8
  const kept = Math.max(0, Math.min(bits, most))
  const octets = ip.octets.map((octet, index) => {
    const left = kept - index * 8
    return left >= 8 ? octet : left <= 0 ? 0 : octet & (0xff << (8 - left)) & 0xff
  })
  return { version: ip.version, octets, bits: kept }
}

/** @param text `192.0.2.0/24`, `2001:db8::/32`, or an address alone. Host bits are cleared. */
export const readPrefix = (text: string): Result<Prefix, 'not-a-prefix'> => {
  const [address = '', bits, ...rest] = text.split('/')
  const ip = readIp(address)
  if (!ip.ok || rest.length > 0) return fail('not-a-prefix')
  const most = ip.value.octets.length * 8
  if (bits === undefined) return ok(prefixOf(ip.value, most))
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > most) return fail('not-a-prefix')
  return ok(prefixOf(ip.value, Number(bits)))
}

/** @returns `192.0.2.0/24`; an address alone is written without its length. */
export const writePrefix = (prefix: Prefix): string => {
  const text = writeIp({ version: prefix.version, octets: prefix.octets })
  return prefix.bits === prefix.octets.length * 8 ? text : `${text}/${prefix.bits}`
}

/** Whether `ip` lies in `prefix`; addresses of the other version never do. */
export const within = (ip: Ip, prefix: Prefix): boolean => {
  if (ip.version !== prefix.version) return false
  const masked = prefixOf(ip, prefix.bits)
  return masked.octets.every((octet, index) => octet === prefix.octets[index])
}

/** @param ip in canonical text. @returns whether it is this machine talking to itself (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3). */
export const isLoopback = (ip: string): boolean => ip === '::1' || ip.startsWith('127.')
