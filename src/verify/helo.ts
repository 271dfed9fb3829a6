/**
 * What a client's HELO name is worth. RFC 5321 section 4.1.1.1 (a name or an address literal), section 4.1.3 (literals), section 4.1.4 (a
 * server must not refuse mail for a HELO that does not check out: these are facts for the score). Pure but for the look-ups.
 */
import type { Resolve } from '../base/dns.ts'
import { type Ip, readIp } from '../base/ip.ts'
import { addressesOf, isDomain, sameIp, toAscii } from './lookup.ts'

type HeloKind = 'name' | 'single-label' | 'literal' | 'bare-address' | 'malformed' | 'empty'
export type HeloVerdict = {
  readonly kind: HeloKind
  /** It has an address; `unknown` when DNS did not answer. A literal needs none. */
  readonly resolves: 'yes' | 'no' | 'unknown'
  /** One of its addresses, or the literal, is the client's. */
  readonly leadsToPeer: boolean
  /** It is the client's confirmed reverse name. */
  readonly isReverseName: boolean
  /** It is a name of ours: no stranger may call itself that. */
  readonly claimsOurs: boolean
}
export type HeloOptions = {
  readonly reverseName?: string
  /** Our names and addresses, lower case. */
  readonly ours?: readonly string[]
}

const literalOf = (helo: string): Ip | undefined => {
  const inner = /^\[(?:IPv6:)?([0-9A-Fa-f:.]+)\]$/i.exec(helo)?.[1]
  const ip = inner === undefined ? undefined : readIp(inner)
  return ip?.ok === true ? ip.value : undefined
}

/** @returns what sort of HELO name it is; look-ups are not needed for that. */
const kindOfHelo = (helo: string): HeloKind => {
  if (helo === '') return 'empty'
  if (literalOf(helo) !== undefined) return 'literal'
  if (readIp(helo).ok) return 'bare-address'
  const name = toAscii(helo)
  if (isDomain(name)) return /[a-z]/.test(name.slice(name.lastIndexOf('.'))) ? 'name' : 'malformed'
  return /^[a-z0-9_-]{1,63}$/.test(name) ? 'single-label' : 'malformed'
}

/** @param ip the client's address, as text. @returns the facts about its HELO name. */
export const checkHelo = async (
  helo: string,
  ip: string,
  resolve: Resolve,
  options: HeloOptions = {},
): Promise<HeloVerdict> => {
  const kind = kindOfHelo(helo)
  const name = kind === 'name' ? toAscii(helo) : helo.toLowerCase()
  const peer = readIp(ip)
  const literal = literalOf(helo)
  const facts = {
    kind,
    isReverseName: options.reverseName !== undefined && options.reverseName.toLowerCase() === name,
    claimsOurs: (options.ours ?? []).includes(name.replaceAll(/^\[(?:ipv6:)?|\]$/g, '')),
  }
  if (literal !== undefined) return { ...facts, resolves: 'yes', leadsToPeer: peer.ok && sameIp(literal, peer.value) }
  if (kind !== 'name' || !peer.ok) return { ...facts, resolves: 'no', leadsToPeer: false }
  const found = await Promise.all([addressesOf(resolve, name, 4), addressesOf(resolve, name, 6)])
  const some = found.some((one) => one.kind === 'found')
  return {
    ...facts,
    resolves: some ? 'yes' : found.some((one) => one.kind === 'failed') ? 'unknown' : 'no',
    leadsToPeer: found.some((one) => one.addresses.some((address) => sameIp(address, peer.value))),
  }
}
