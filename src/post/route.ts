/**
 * Where an address leads: mailbox, alias, forward, life-cycle state, or nowhere. RFC 5321 sections 3.9 (aliases), 4.5.1 (postmaster),
 * RFC 2142 (postmaster, abuse), RFC 5233 (subaddresses: `user+detail`). Pure but for the look-ups it is given.
 *
 * An alias that leads to itself ends there; more than MOST_STEPS look-ups for one recipient end as `unavailable`, which defers.
 */
import type { AccountId } from '../base/ids.ts'
import type { Result } from '../base/result.ts'
import type { Address, StoreFault } from '../store/store.ts'

const MOST_STEPS = 200 // an alias of two hundred members is a list, and lists have a room of their own

export type Destination = { readonly account: AccountId; readonly detail: string }
export type Route =
  | { readonly kind: 'deliver'; readonly to: readonly Destination[]; readonly forwards: readonly string[] }
  | { readonly kind: 'spamtrap' }
  | { readonly kind: 'blackhole' }
  | { readonly kind: 'reject'; readonly says: string }
  | { readonly kind: 'unknown' }
  /** The domain is not one of ours. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'unavailable' }

export type RouteLookups = {
  readonly isOurs: (domain: string) => boolean
  readonly address: (address: string) => Promise<Result<Address | null, StoreFault>>
  /** Who gets mail for postmaster@, abuse@ and reports where no address says so; undefined when there is no account at all. */
  readonly postmaster: () => AccountId | undefined
  readonly now: number
}

const roles = new Set(['postmaster', 'abuse', 'dmarc-reports', 'tls-reports'])

/** Whether a domain has this address without anybody having made it: RFC 2142, and where our DNS records send reports. @param local in any case. */
export const isRole = (local: string): boolean => roles.has(local.toLowerCase())

/** Whether the state holds at `now`. */
const inForce = (address: Address, now: number): boolean =>
  (address.from === undefined || address.from <= now) && (address.until === undefined || now < address.until)

type Found =
  | { readonly kind: 'found'; readonly address: Address; readonly detail: string }
  | { readonly kind: 'none' | 'fault' }

/** The row that answers for `local@domain`: itself, without its detail, or the domain's catch-all, in that order. */
const find = async (local: string, domain: string, lookups: RouteLookups): Promise<Found> => {
  const plus = local.indexOf('+')
  const candidates = [
    [`${local}@${domain}`, ''],
    ...(plus > 0 ? [[`${local.slice(0, plus)}@${domain}`, local.slice(plus + 1)] as const] : []),
    [`@${domain}`, ''],
  ] as const
  for (const [name, detail] of candidates) {
    const row = await lookups.address(name)
    if (!row.ok) return { kind: 'fault' }
    if (row.value !== null && inForce(row.value, lookups.now)) return { kind: 'found', address: row.value, detail }
  }
  return { kind: 'none' }
}

const split = (address: string): readonly [string, string] => {
  const at = address.lastIndexOf('@')
  return [address.slice(0, at).toLowerCase(), address.slice(at + 1).toLowerCase()]
}

/**
 * @param local the local part, in any case, unquoted.
 * @param domain a lower-case domain.
 * @returns the route; aliases are followed, and an alias's forwards to other domains are listed.
 */
export const route = async (local: string, domain: string, lookups: RouteLookups): Promise<Route> => {
  if (!lookups.isOurs(domain)) return { kind: 'elsewhere' }
  const to = new Map<AccountId, Destination>()
  const forwards = new Set<string>()
  const seen = new Set<string>()
  const pending: string[] = [`${local.toLowerCase()}@${domain}`]
  let ending: Route = { kind: 'unknown' }
  for (let steps = 0; pending.length > 0; steps += 1) {
    if (steps > MOST_STEPS) return { kind: 'unavailable' }
    const next = pending.shift() ?? ''
    if (seen.has(next)) continue
    seen.add(next)
    const [nextLocal, nextDomain] = split(next)
    if (!lookups.isOurs(nextDomain)) {
      forwards.add(next)
      continue
    }
    const found = await find(nextLocal, nextDomain, lookups)
    if (found.kind === 'fault') return { kind: 'unavailable' }
    const step = found.kind === 'found' ? follow(found.address, found.detail) : atRole(nextLocal, lookups)
    if (step.kind === 'pending') pending.push(...step.targets)
    else if (step.kind === 'account') to.set(step.account, { account: step.account, detail: step.detail })
    else if (steps === 0) ending = step
  }
  return to.size + forwards.size > 0 ? { kind: 'deliver', to: [...to.values()], forwards: [...forwards] } : ending
}

type Step =
  | { readonly kind: 'pending'; readonly targets: readonly string[] }
  | { readonly kind: 'account'; readonly account: AccountId; readonly detail: string }
  | Exclude<Route, { readonly kind: 'deliver' | 'elsewhere' | 'unavailable' }>

const follow = (address: Address, detail: string): Step => {
  if (address.state === 'mailbox') {
    return address.account === undefined ? { kind: 'unknown' } : { kind: 'account', account: address.account, detail }
  }
  if (address.state === 'reject') return { kind: 'reject', says: address.says ?? '' }
  if (address.state === 'spamtrap' || address.state === 'blackhole') return { kind: address.state }
  return address.targets === undefined || address.targets.length === 0
    ? { kind: 'unknown' }
    : { kind: 'pending', targets: address.targets.map((target) => target.toLowerCase()) }
}

const atRole = (local: string, lookups: RouteLookups): Step => {
  const account = isRole(local) ? lookups.postmaster() : undefined
  return account === undefined ? { kind: 'unknown' } : { kind: 'account', account, detail: '' }
}
