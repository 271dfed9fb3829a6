/**
 * What TLS with other servers must be: MTA-STS, DANE and REQUIRETLS in one answer for each host. RFC 8461 section 2 (DANE that fails is not mended by
 * MTA-STS), RFC 7672 section 2.2, RFC 8689 section 4.2.1 (REQUIRETLS: an MX that is vouched for, and a certificate). Opportunistic where nobody asks for more.
 * What a session came to goes into the counts of src/post/transport/tls-counts.ts.
 */
import type { Resolve } from '../../base/dns.ts'
import type { TlsFailure } from '../../base/tls.ts'
import { type DaneVerdict, daneVerdict, type Tlsa } from '../../verify/dane.ts'
import { checkDaneChain } from '../../verify/dane-chain.ts'
import { namesMx, type StsPolicy, writeStsPolicy } from '../../verify/mta-sts.ts'
import type { DomainPolicy, HostFacts, HostPolicy, TlsOutcome, TransportSecurity } from './policy.ts'
import { openStsPolicies, type StsDeps } from './sts-policies.ts'
import { openTlsCounts, type TlsCounts, type TlsUnder } from './tls-counts.ts'

export type SecurityDeps = Omit<StsDeps, 'failed'> & {
  /** The port that mail goes to: 25, but for tests. */
  readonly port?: number
}
export type OpenSecurity = TransportSecurity & {
  readonly counts: TlsCounts
  /** Once a day: policies that may have changed. */
  readonly refresh: () => Promise<void>
  /** Resolves when no policy is being fetched. */
  readonly settled: () => Promise<void>
  /** Resolves when all that is known is written. */
  readonly flushed: () => Promise<void>
}

const MOST_LINES = 16 // of a policy in a report
const noPolicy: TlsUnder = { kind: 'no-policy-found', lines: [], mx: [] }

const underSts = (policy: StsPolicy): TlsUnder => ({
  kind: 'sts',
  lines: writeStsPolicy(policy).trimEnd().split('\r\n').slice(0, MOST_LINES),
  mx: policy.mx.slice(0, MOST_LINES),
})
const writeTlsa = ({ usage, selector, matching, data }: Tlsa): string =>
  `${usage} ${selector} ${matching} ${Buffer.from(data).toString('hex').slice(0, 200)}`
const underDane = (verdict: DaneVerdict): TlsUnder => ({
  kind: 'tlsa',
  lines: verdict.kind === 'match' ? verdict.records.slice(0, MOST_LINES).map(writeTlsa) : [],
  mx: [],
})

/** What a failure is called in a report that was found where only opportunistic TLS was asked for: a certificate that does not hold is no failure then. */
const counts = (result: TlsOutcome['result'], under: TlsUnder): 'ok' | TlsFailure =>
  under.kind === 'no-policy-found' && result !== 'starttls-not-supported' ? 'ok' : result

const lowerName = (name: string): string => (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase()

type Domain = {
  readonly domain: string
  readonly requireTls: boolean
  readonly policy: StsPolicy | undefined
  readonly resolve: Resolve
  readonly port: number
  readonly now: () => number
  readonly counts: TlsCounts
}

class OneDomain {
  readonly #so: Domain
  /** Under which policy each host was told to be reached. */
  readonly #under = new Map<string, TlsUnder>()
  /** Hosts whose refusal was counted. */
  readonly #refused = new Set<string>()

  constructor(so: Domain) {
    this.#so = so
  }

  allowsMx(mx: string): boolean {
    const { policy, domain } = this.#so
    const name = lowerName(mx)
    if (policy === undefined || namesMx(policy, name)) return true
    if (!this.#refused.has(name)) {
      this.#refused.add(name)
      const failure = {
        mx: name,
        ip: '',
        result: 'validation-failure',
        detail: 'the policy does not name this MX',
      } as const
      this.#so.counts.note(domain, underSts(policy), failure)
    }
    return policy.mode !== 'enforce'
  }

  async forHost(host: HostFacts): Promise<HostPolicy> {
    const { resolve, port, domain, policy, requireTls } = this.#so
    const name = lowerName(host.name)
    const verdict = await daneVerdict({ ...host, name, port }, resolve)
    this.#under.set(
      name,
      verdict.kind !== 'none' ? underDane(verdict) : policy === undefined ? noPolicy : underSts(policy),
    )
    if (verdict.kind === 'unknown') {
      this.#so.counts.note(domain, underDane(verdict), {
        mx: name,
        ip: '',
        result: 'dnssec-invalid',
        detail: verdict.why,
      })
      return { kind: 'defer', why: verdict.why }
    }
    if (requireTls && !host.mxSecure && policy?.mode !== 'enforce')
      return {
        kind: 'defer',
        why: `REQUIRETLS: neither DNSSEC nor an MTA-STS policy vouches for the MX of ${domain}`,
        permanent: true,
      }
    if (verdict.kind === 'match') return this.#dane(name, verdict.base, verdict.records)
    if (requireTls || policy?.mode === 'enforce') return { kind: 'pkix', name }
    return { kind: verdict.kind === 'encrypted' ? 'encrypted' : 'opportunistic' }
  }

  /** The MX was found by a secure look-up, so that a certificate for the domain itself will do too. RFC 7672 section 3.2.2. */
  #dane(mx: string, base: string, records: readonly Tlsa[]): HostPolicy {
    const names = [...new Set([base, mx, this.#so.domain])]
    return {
      kind: 'dane',
      name: base,
      check: (chain) => checkDaneChain(records, { chain, names, now: this.#so.now() }),
    }
  }

  told(outcome: TlsOutcome): void {
    const { domain, policy } = this.#so
    const mx = lowerName(outcome.mx)
    if (this.#refused.has(mx)) return // counted already
    const under = this.#under.get(mx) ?? (policy === undefined ? noPolicy : underSts(policy))
    this.#so.counts.note(domain, under, { ...outcome, mx, result: counts(outcome.result, under) })
  }
}

/** @returns the trust that mail to other servers needs. */
export const openTransportSecurity = (deps: SecurityDeps): OpenSecurity => {
  const { resolve, now, port = 25 } = deps
  const tlsCounts = openTlsCounts(deps)
  const policies = openStsPolicies({
    ...deps,
    failed: (domain, result, detail) =>
      tlsCounts.note(domain, { kind: 'sts', lines: [], mx: [] }, { mx: '', ip: '', result, detail }),
  })
  const forDomain: TransportSecurity['forDomain'] = async (a) => {
    const domain = lowerName(a.domain)
    const policy = domain.startsWith('[') ? undefined : await policies.forDomain(domain)
    const one = new OneDomain({ domain, requireTls: a.requireTls, policy, resolve, port, now, counts: tlsCounts })
    return {
      sts: policy?.mode ?? 'none',
      allowsMx: (name) => one.allowsMx(name),
      forHost: (host) => one.forHost(host),
      told: (outcome) => one.told(outcome),
    } satisfies DomainPolicy
  }
  return {
    forDomain,
    counts: tlsCounts,
    refresh: () => policies.refresh(),
    settled: () => policies.settled(),
    flushed: async () => {
      await policies.flushed()
      await tlsCounts.flushed()
    },
  }
}
