/**
 * Which hosts take the mail of a domain, in which order. RFC 5321 section 5.1 (MX, implicit MX, what to do when we are in the list), section 4.1.3 (address literals), RFC 7505 (null MX), RFC 3974
 * (both families). Look-ups, chance and who we are arrive as parameters; a look-up without an answer defers, and never bounces. Lenient where the world is: an MX that is a CNAME is followed.
 */
import type { DnsAnswer, Resolve } from '../../base/dns.ts'
import { readIp, writeIp } from '../../base/ip.ts'
import type { Said } from '../bounce/said.ts'
import { ours } from './said.ts'

const MOST_MX = 10 // hosts looked up of a list; the others are worse ones
const MOST_ADDRESSES = 8 // of one host

type Host = {
  readonly name: string
  readonly preference: number
  /** IPv6 before IPv4. */
  readonly addresses: readonly string[]
  /** The MX answer, and both address answers, had the AD bit. */
  readonly mxSecure: boolean
  readonly addressSecure: boolean
}
export type Hosts =
  | {
      readonly kind: 'hosts'
      /** The best first; never empty, and each has an address. */
      readonly hosts: readonly Host[]
      /** `literal`: an address in brackets; `implicit`: the domain's own address (there is no MX). */
      readonly by: 'mx' | 'implicit' | 'literal'
    }
  | { readonly kind: 'never'; readonly said: Said }
  | { readonly kind: 'later'; readonly said: Said }

export type HostsDeps = {
  readonly resolve: Resolve
  /** 0 to 1. */
  readonly chance: () => number
  /** Whether a host is this server: its name, or one of its addresses. */
  readonly isUs: (name: string, addresses: readonly string[]) => boolean
  /** MTA-STS (RFC 8461 section 4.1): a policy in force may not name a host. */
  readonly allowsMx: (name: string) => boolean
}

const never = (said: Said): Hosts => ({ kind: 'never', said })
const later = (said: Said): Hosts => ({ kind: 'later', said })
const noAnswer = (name: string, why: string): Hosts =>
  later(ours('4.4.3', 'dns', `the look-up of ${name} had no answer (${why})`))

/** Equals in any order (RFC 5321 section 5.1 asks for it, to spread the load), the lower preference first. */
const inOrder = <T extends { readonly preference: number }>(list: readonly T[], chance: () => number): readonly T[] =>
  list
    .map((one) => ({ one, lot: chance() }))
    .sort((a, b) => a.one.preference - b.one.preference || a.lot - b.lot)
    .map(({ one }) => one)

type Found = { readonly addresses: readonly string[]; readonly secure: boolean; readonly failed: string | undefined }

/** Both families of a name. */
const addressesOf = async (name: string, resolve: Resolve): Promise<Found> => {
  const answers: readonly DnsAnswer<'A' | 'AAAA'>[] = await Promise.all([resolve(name, 'AAAA'), resolve(name, 'A')])
  const addresses = answers.flatMap((answer) => (answer.kind === 'found' ? answer.records : []))
  const failed = answers.flatMap((answer) => (answer.kind === 'failed' ? [answer.why] : []))
  return {
    addresses: addresses.slice(0, MOST_ADDRESSES),
    // A family without an answer makes nothing insecure: whoever can drop answers must not switch DANE off.
    secure: answers.every((answer) => answer.kind === 'failed' || answer.secure),
    failed: failed[0],
  }
}

/** A literal in brackets: the address itself. */
const ofLiteral = (domain: string, deps: HostsDeps): Hosts => {
  const inner = domain.slice(1, -1).replace(/^ipv6:/i, '')
  const ip = readIp(inner)
  if (!domain.endsWith(']') || !ip.ok) return never(ours('5.1.2', 'dns', `${domain} is no address`))
  const address = writeIp(ip.value)
  if (deps.isUs(domain, [address])) return never(ours('5.4.6', 'dns', `${domain} is this server itself`))
  const host = { name: domain, preference: 0, addresses: [address], mxSecure: false, addressSecure: false }
  return { kind: 'hosts', hosts: [host], by: 'literal' }
}

type Named = { readonly name: string; readonly preference: number }

/** The hosts of a list with their addresses; we ourselves and what is no better than we are cut (RFC 5321 section 5.1). */
const reached = async (
  domain: string,
  list: readonly Named[],
  so: { readonly secure: boolean; readonly by: 'mx' | 'implicit' },
  deps: HostsDeps,
): Promise<Hosts> => {
  const allowed = list.filter(({ name }) => deps.allowsMx(name))
  if (allowed.length === 0)
    return later(ours('4.7.5', 'policy', `the policy of ${domain} (MTA-STS) allows none of its hosts`))
  const ordered = inOrder(allowed, deps.chance).slice(0, MOST_MX)
  const found = await Promise.all(
    ordered.map(async (one) => ({ ...one, ...(await addressesOf(one.name, deps.resolve)) })),
  )
  const own = found.filter(({ name, addresses }) => deps.isUs(name, addresses))
  const bar = Math.min(...own.map(({ preference }) => preference))
  const others = found.filter(({ preference }) => preference < bar)
  if (others.length === 0 && own.length > 0)
    return never(ours('5.4.6', 'dns', `the mail of ${domain} is to come to this server, which does not serve it`))
  const hosts = others
    .filter(({ addresses }) => addresses.length > 0)
    .map(({ name, preference, addresses, secure }) => ({
      ...{ name, preference, addresses, mxSecure: so.secure, addressSecure: secure },
    }))
  if (hosts.length > 0) return { kind: 'hosts', hosts, by: so.by }
  const failed = others.find((one) => one.failed !== undefined)
  if (failed !== undefined) return noAnswer(failed.name, failed.failed ?? '')
  return so.by === 'implicit'
    ? never(ours('5.1.2', 'dns', `${domain} takes no mail: it has neither an MX nor an address`))
    : never(ours('5.4.4', 'dns', `no mail server of ${domain} has an address`))
}

/** @param domain lower-case A-labels, or an address literal in brackets. @returns its hosts, or why there are none. Never rejects. */
export const findHosts = async (domain: string, deps: HostsDeps): Promise<Hosts> => {
  if (domain.startsWith('[')) return ofLiteral(domain, deps)
  const answer = await deps.resolve(domain, 'MX')
  if (answer.kind === 'failed') return noAnswer(domain, answer.why)
  if (answer.kind === 'none') {
    if (answer.why === 'nxdomain') return never(ours('5.1.2', 'dns', `there is no domain ${domain}`))
    return reached(domain, [{ name: domain, preference: 0 }], { secure: answer.secure, by: 'implicit' }, deps)
  }
  const list = answer.records
    .map(({ exchange, preference }) => ({ name: exchange.toLowerCase().replace(/\.$/, ''), preference }))
    .filter(({ name }) => name !== '')
  if (list.length === 0) return never(ours('5.1.10', 'dns', `${domain} takes no mail and says so (null MX, RFC 7505)`))
  return reached(domain, list, { secure: answer.secure, by: 'mx' }, deps)
}
