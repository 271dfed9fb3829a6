/**
 * Trust on the wire, tied to what it needs of the machine: policies fetched over HTTPS by names of our own resolver, and our own policy as we serve it.
 * RFC 8461 sections 3.2 and 3.3. Composition.
 */
import { createHash } from 'node:crypto'
import type { Resolve } from '../../base/dns.ts'
import type { Log } from '../../base/log.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import type { HttpOptions } from '../../net/http.ts'
import { getHttps } from '../../net/https-get.ts'
import { type OpenSecurity, openTransportSecurity } from '../../post/transport/security.ts'
import type { FetchFault } from '../../post/transport/sts-policies.ts'
import type { Store } from '../../store/store.ts'
import { MOST_POLICY, type StsPolicy, writeStsPolicy } from '../../verify/mta-sts.ts'
import type { Settings } from '../settings/schema.ts'

export const POLICY_PATH = '/.well-known/mta-sts.txt'
const FETCH_MS = 30_000
const GREATEST_AGE_MS = 31_557_600_000

const fetchFailed = (failure: FetchFault['failure'], detail: string): Result<string, FetchFault> =>
  fail({ failure, detail })

/** @returns the fetch of a domain's policy. */
const fetcher =
  (resolve: Resolve, port: number) =>
  async (domain: string): Promise<Result<string, FetchFault>> => {
    const host = `mta-sts.${domain}`
    const answers = await Promise.all([resolve(host, 'AAAA'), resolve(host, 'A')])
    const addresses = answers.flatMap((answer) => (answer.kind === 'found' ? answer.records.slice(0, 2) : []))
    if (addresses.length === 0) return fetchFailed('sts-policy-fetch-error', `${host} has no address`)
    const got = await getHttps({
      ...{ host, addresses, port, path: POLICY_PATH },
      mostOctets: MOST_POLICY,
      totalMs: FETCH_MS,
    })
    if (!got.ok) {
      const { kind, why } = got.error
      return fetchFailed(kind === 'certificate' ? 'sts-webpki-invalid' : 'sts-policy-fetch-error', why)
    }
    const { status, type, body } = got.value
    if (status !== 200) return fetchFailed('sts-policy-fetch-error', `HTTP ${status}`)
    if (type !== 'text/plain') return fetchFailed('sts-policy-fetch-error', `the policy is ${type.slice(0, 60)}`)
    return ok(Buffer.from(body).toString())
  }

/** @returns the trust of mail that leaves. */
export const openTrust = (house: {
  readonly resolve: Resolve
  readonly store: Store
  readonly now: () => number
  readonly log: Log
}): OpenSecurity => openTransportSecurity({ ...house, fetchPolicy: fetcher(house.resolve, 443) })

/** @returns the policy of our own domains. */
export const ownPolicy = (settings: Settings): StsPolicy => ({
  mode: settings['mta-sts'].mode,
  maxAge: Math.round(Math.min(settings['mta-sts']['max-age'], GREATEST_AGE_MS) / 1000),
  mx: [...new Set([settings.host, ...settings['mta-sts'].mx])],
})

/** @returns an id that is another one for another policy. */
export const policyId = (policy: StsPolicy): string =>
  createHash('sha256').update(writeStsPolicy(policy)).digest('hex').slice(0, 16)

/** @returns the routes of the HTTPS listener: the policy, for the host `mta-sts.` of each of our domains. */
export const policyRoutes = (store: Pick<Store, 'domains'>, settings: () => Settings): HttpOptions['routes'] => ({
  [POLICY_PATH]: async (host) => {
    const domains = await store.domains()
    if (!domains.ok) return { status: 503, type: 'text/plain', body: 'try again later\n' }
    const ours = domains.value.some(({ name }) => host === `mta-sts.${name}`)
    return ours ? { status: 200, type: 'text/plain', body: writeStsPolicy(ownPolicy(settings())) } : undefined
  },
})
