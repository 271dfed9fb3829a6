/**
 * Reaching a destination: its hosts and their addresses in turn, the best first, until one opens a session. RFC 5321 section 5.1; RFC 7672 and 8461 by way of what TLS must be with each host;
 * RFC 7435 (opportunistic: a handshake that fails is tried again without TLS, where nobody asks for more). An address that failed lately is tried last. Pure: look-ups, dialling and time are parameters.
 */
import type { Resolve } from '../../base/dns.ts'
import { readIp } from '../../base/ip.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import type { TlsFailure } from '../../base/tls.ts'
import type { Said } from '../bounce/said.ts'
import type { DomainPolicy, HostPolicy, TransportSecurity } from '../transport/policy.ts'
import type { Courier } from './courier.ts'
import { findHosts, type HostsDeps } from './hosts.ts'
import { ours } from './said.ts'

/** A relay that takes mail for others. */
export type Relay = {
  readonly host: string
  readonly port: number
  readonly tls: 'implicit' | 'required' | 'if-offered'
  /** Its certificate must hold for its name. */
  readonly verify: boolean
  readonly user?: string
  readonly password?: string
}
/** Where the mail of a group goes: the hosts of a domain, or a relay. */
export type Hop =
  /** Mailboxes of our own, for mail that was held or waited for its time. */
  | { readonly kind: 'here' }
  | { readonly kind: 'domain'; readonly domain: string; readonly requireTls: boolean }
  | { readonly kind: 'relay'; readonly relay: Relay }

/** A session that is open. */
export type OpenCourier = Courier & {
  readonly isTls: boolean
  /** What pkix says of its certificate; undefined where it holds, or where there is no TLS. */
  readonly problem: TlsFailure | undefined
  readonly localIp: string
  /** Ends the connection at once. */
  readonly close: () => void
}
export type Target = {
  /** The host's name, or an address in brackets. */
  readonly host: string
  readonly ip: string
  readonly port: number
  readonly tls: 'implicit' | 'required' | 'if-offered' | 'never'
  readonly policy: HostPolicy
  readonly login?: { readonly user: string; readonly password: string }
}
/** `failure`: what TLS-RPT calls it. */
export type DialFault = { readonly said: Said; readonly failure?: TlsFailure }

export type ReachDeps = {
  readonly resolve: Resolve
  readonly security: TransportSecurity
  readonly chance: () => number
  readonly isUs: HostsDeps['isUs']
  readonly dial: (target: Target) => Promise<Result<OpenCourier, DialFault>>
  /** What takes mail for people here. */
  readonly here: () => OpenCourier
  readonly now: () => number
  /** 25, but for tests. */
  readonly port: number
}

const MOST_ATTEMPTS = 8 // connections for one try
const BAD_MS = 900_000 // an address that failed is tried last for so long
const MOST_REMEMBERED = 1000 // addresses

/** Addresses that failed lately, until when. */
export class Memory {
  readonly #bad = new Map<string, number>()

  failed(ip: string, now: number): void {
    this.#bad.delete(ip)
    this.#bad.set(ip, now + BAD_MS)
    const oldest = this.#bad.size > MOST_REMEMBERED ? this.#bad.keys().next().value : undefined
    if (oldest !== undefined) this.#bad.delete(oldest)
  }

  worked(ip: string): void {
    this.#bad.delete(ip)
  }

  isBad(ip: string, now: number): boolean {
    return (this.#bad.get(ip) ?? 0) > now
  }
}

/** A host with what TLS must be with it. */
type Candidate = {
  readonly host: string
  readonly ips: readonly string[]
  readonly port: number
  readonly tls: Target['tls']
  readonly policy: HostPolicy
  readonly login?: { readonly user: string; readonly password: string }
}
type Plan = {
  readonly candidates: readonly Candidate[]
  /** Why hosts were left out, where some were. */
  readonly left: Said | undefined
  readonly told: DomainPolicy['told']
}

const deferred = (policy: Extract<HostPolicy, { kind: 'defer' }>, host: string): Said =>
  policy.permanent === true ? ours('5.7.30', 'policy', policy.why, host) : ours('4.7.5', 'policy', policy.why, host)

/** The hosts of a domain. */
const ofDomain = async (hop: Extract<Hop, { kind: 'domain' }>, deps: ReachDeps): Promise<Result<Plan, Said>> => {
  const domain = await deps.security.forDomain(hop)
  const found = await findHosts(hop.domain, { ...deps, allowsMx: domain.allowsMx })
  if (found.kind !== 'hosts') return fail(found.said)
  const policies = await Promise.all(found.hosts.map((host) => domain.forHost(host)))
  const candidates: Candidate[] = []
  let left: Said | undefined
  for (const [at, { name, addresses }] of found.hosts.entries()) {
    const policy = policies[at] ?? { kind: 'defer', why: 'nothing is known of its TLS' }
    if (policy.kind === 'defer') left ??= deferred(policy, name)
    else {
      const tls = policy.kind === 'opportunistic' ? 'if-offered' : 'required'
      candidates.push({ host: name, ips: addresses, port: deps.port, tls, policy })
    }
  }
  return ok({ candidates, left, told: domain.told })
}

/** A relay's addresses; its name is looked up as any. */
const ofRelay = async (
  { host, port, tls, verify, user, password }: Relay,
  deps: ReachDeps,
): Promise<Result<Plan, Said>> => {
  const ip = readIp(host)
  const answers = ip.ok ? [] : await Promise.all([deps.resolve(host, 'AAAA'), deps.resolve(host, 'A')])
  const ips = ip.ok
    ? [host]
    : answers.flatMap((answer): readonly string[] => (answer.kind === 'found' ? answer.records : []))
  if (ips.length === 0)
    return fail(ours('4.4.3', 'dns', `the relay ${host} has no address, or its look-up had no answer`, host))
  const policy: HostPolicy = verify
    ? { kind: 'pkix', name: host }
    : { kind: tls === 'if-offered' ? 'opportunistic' : 'encrypted' }
  const login = user === undefined || user === '' ? {} : { login: { user, password: password ?? '' } }
  return ok({
    candidates: [{ host, ips, port, tls: verify && tls === 'if-offered' ? 'required' : tls, policy, ...login }],
    left: undefined,
    told: () => undefined,
  })
}

/** One address: with TLS as it must be; where nothing must be, without it when the handshake fails. */
const attempt = async (
  candidate: Candidate,
  ip: string,
  plan: Plan,
  deps: ReachDeps,
): Promise<Result<OpenCourier, DialFault>> => {
  const { ips: _, ...target } = candidate
  const opened = await deps.dial({ ...target, ip })
  const told = (result: 'ok' | TlsFailure, localIp?: string, detail?: string): void =>
    plan.told({
      ...{ mx: candidate.host, ip, result },
      ...(localIp === undefined ? {} : { localIp }),
      ...(detail === undefined ? {} : { detail }),
    })
  if (opened.ok) {
    told(opened.value.isTls ? (opened.value.problem ?? 'ok') : 'starttls-not-supported', opened.value.localIp)
    return opened
  }
  const { failure, said } = opened.error
  if (failure !== undefined) told(failure, undefined, said.text)
  if (said.stage !== 'tls' || candidate.tls !== 'if-offered') return opened
  return deps.dial({ ...target, ip, tls: 'never' })
}

/** What is told where nothing opened: what a server said, before that it was silent. */
const worse = (one: Said | undefined, other: Said): Said =>
  one !== undefined && (one.code > 0 || other.code === 0) ? one : other

/** @returns a session with the first host that opens one; or why none did. Never rejects. */
export const reach = async (
  hop: Hop,
  memory: Memory,
  deps: ReachDeps,
): Promise<Result<{ readonly courier: OpenCourier; readonly host: string; readonly ip: string }, Said>> => {
  if (hop.kind === 'here') return ok({ courier: deps.here(), host: '', ip: '' })
  const planned = await (hop.kind === 'relay' ? ofRelay(hop.relay, deps) : ofDomain(hop, deps))
  if (!planned.ok) return planned
  const plan = planned.value
  let said = plan.left
  let attempts = 0
  const good = plan.candidates.flatMap((one) =>
    one.ips.filter((ip) => !memory.isBad(ip, deps.now())).map((ip) => ({ one, ip })),
  )
  const bad = plan.candidates.flatMap((one) =>
    one.ips.filter((ip) => memory.isBad(ip, deps.now())).map((ip) => ({ one, ip })),
  )
  for (const { one, ip } of [...good, ...bad].slice(0, MOST_ATTEMPTS)) {
    attempts += 1
    const opened = await attempt(one, ip, plan, deps)
    if (opened.ok) {
      memory.worked(ip)
      return ok({ courier: opened.value, host: one.host, ip })
    }
    memory.failed(ip, deps.now())
    said = attempts === 1 ? opened.error.said : worse(said, opened.error.said)
  }
  return fail(said ?? ours('4.4.4', 'dns', 'there is no host to send to'))
}
