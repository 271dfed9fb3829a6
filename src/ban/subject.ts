/**
 * Who an address is to the jail: the keys under which records and bans are kept. RFC 4291 section 2.5.3 (loopback), RFC 6177 (one
 * site has a /64 at least, often a /48). Pure; made for the accept path, so that an IPv4 text is not taken apart.
 *
 * An IPv6 address is judged by its /64, because whoever has one has all of them.
 */
import { type Prefix, prefixOf, readIp, readPrefix, within, writePrefix } from '../base/ip.ts'

/** The keys of an address: itself (IPv6: its /64) and its network (/24, /48). */
export type Subjects = { readonly address: string; readonly network: string }

const MAPPED = '::ffff:'

/** @param ip as sockets write it. @returns undefined where the text is no address: such a peer is nobody, and is not banned. */
export const subjectsOf = (ip: string): Subjects | undefined => {
  const text = ip.startsWith(MAPPED) && ip.includes('.') ? ip.slice(MAPPED.length) : ip
  if (!text.includes(':')) {
    const dot = text.lastIndexOf('.')
    return dot > 0 ? { address: text, network: `${text.slice(0, dot)}.0/24` } : undefined
  }
  const read = readIp(text)
  if (!read.ok) return undefined
  return read.value.version === 4
    ? subjectsOf(writePrefix(prefixOf(read.value, 32)))
    : { address: writePrefix(prefixOf(read.value, 64)), network: writePrefix(prefixOf(read.value, 48)) }
}

/** @param domain lower case. @returns the key of everybody at a domain. */
export const domainSubject = (domain: string): string => `@${domain}`

/** Whether the key is a sender's name and no address of a machine. */
export const isSender = (subject: string): boolean => subject.includes('@')

/** 127.0.0.0/8 and ::1. */
export const isLoopback = (ip: string): boolean =>
  ip === '::1' || ip.startsWith('127.') || ip.startsWith(`${MAPPED}127.`)

const privateNetworks: readonly Prefix[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
].flatMap((text) => {
  const prefix = readPrefix(text)
  return prefix.ok ? [prefix.value] : []
})

/** An address of a network of one's own (RFC 1918, RFC 3927, RFC 4193, RFC 4291): the world has no reverse name for it. Loopback is none of these. */
export const isPrivate = (ip: string): boolean => listed(ip, privateNetworks)

/** Whether one of `prefixes` holds `ip`. */
export const listed = (ip: string, prefixes: readonly Prefix[]): boolean => {
  if (prefixes.length === 0) return false
  const read = readIp(ip)
  return read.ok && prefixes.some((prefix) => within(read.value, prefix))
}

/**
 * @param text what an administrator types: an address, a prefix, `@domain` or `local@domain`.
 * @returns the key of it; an IPv6 address alone means its /64. Undefined where it is none of these.
 */
export const readSubject = (text: string): string | undefined => {
  const bare = text.trim().toLowerCase()
  if (isSender(bare)) return /^[^\s@]*@[^\s@]+$/.test(bare) ? bare : undefined
  if (!bare.includes('/')) return readIp(bare).ok ? subjectsOf(bare)?.address : undefined
  const prefix = readPrefix(bare)
  return prefix.ok ? writePrefix(prefix.value) : undefined
}
