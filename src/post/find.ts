/**
 * What an address here, or elsewhere, is to a sender: the mailboxes that it leads to, what is refused about it. The domains that are served and whom postmaster@ reaches
 * are asked of the store. RFC 5321 sections 3.6 and 4.5.1, RFC 2142.
 *
 * Refused on purpose: addresses that lead elsewhere where nothing can be sent on, also when they lead here too: half a delivery is a loss.
 */
import type { AccountId } from '../base/ids.ts'
import type { Account, Store } from '../store/store.ts'
import type { PostDeps } from './deps.ts'
import { accountName } from './login.ts'
import type { Taken, Taker } from './mail.ts'
import type { RcptOutcome, RcptReason, Recipient, Sender } from './ports.ts'
import { type Destination, isRole, type Route, type RouteLookups, route } from './route.ts'
import type { Returned } from './srs.ts'

const DOMAINS_MS = 2_000
const NOT_ON = 'This address leads to another server, and this one does not send mail on'

/** @returns a refusal of a recipient or sender. @param text says it in other words than the reason's own. */
export const refuse = (reason: RcptReason, text?: string): RcptOutcome => ({
  kind: 'refuse',
  reason,
  ...(text === undefined || text === '' ? {} : { text }),
})

/** What a recipient is found to be; `unknown` where nobody ever had the address. */
export type Found = { readonly taken: Taken } | { readonly refused: RcptOutcome; readonly unknown: boolean }

/** The domains that are served here, asked of the store every DOMAINS_MS at most. */
class Domains {
  readonly #store: Store
  readonly #now: () => number
  #names: ReadonlySet<string> = new Set()
  #readAt: number | undefined

  constructor(store: Store, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** @returns the names; those of before when the store does not answer, undefined when it never did. */
  async names(): Promise<ReadonlySet<string> | undefined> {
    if (this.#readAt !== undefined && Math.abs(this.#now() - this.#readAt) < DOMAINS_MS) return this.#names
    const read = await this.#store.domains()
    if (read.ok) {
      this.#names = new Set(read.value.map(({ name }) => name))
      this.#readAt = this.#now()
    }
    return this.#readAt === undefined ? undefined : this.#names
  }
}

/** Finds what addresses are. */
export class Addresses {
  readonly #deps: Pick<PostDeps, 'store' | 'now' | 'settings' | 'sending' | 'forward' | 'returnTo'>
  readonly #domains: Domains

  constructor(deps: Pick<PostDeps, 'store' | 'now' | 'settings' | 'sending' | 'forward' | 'returnTo'>) {
    this.#deps = deps
    this.#domains = new Domains(deps.store, deps.now)
  }

  /** @returns the domains that are served here; undefined when the store never answered. */
  domains(): Promise<ReadonlySet<string> | undefined> {
    return this.#domains.names()
  }

  /** @param local of the address that is to be looked up. @returns undefined when the store does not answer. */
  async lookups(local: string): Promise<RouteLookups | undefined> {
    const domains = await this.domains()
    return domains === undefined ? undefined : this.#lookups(domains, local)
  }

  /** @param sender who names the recipient: somebody who logged in, or a stranger. @returns what is promised to it, or why it is refused. */
  async find(recipient: Recipient, declaredSize: number, sender: Pick<Sender, 'account' | 'mailFrom'>): Promise<Found> {
    const submitted = sender.account !== undefined
    const refused = (outcome: RcptOutcome, unknown = false): Found => ({ refused: outcome, unknown })
    const domains = await this.domains()
    if (domains === undefined) return refused(refuse('unavailable'))
    const { local } = recipient.address
    // RFC 5321 section 4.5.1: <postmaster> without a domain is the one of this host.
    const domain = recipient.address.domain === '' ? ([...domains][0] ?? '') : recipient.address.domain
    // RFC 6409 section 8.7: a name without a domain would be somebody else's on the way.
    if (submitted && recipient.address.domain === '') return refused(refuse('bad-destination'))
    const back = domains.has(domain) ? this.#deps.returnTo?.(local) : undefined
    if (back !== undefined) return returnsTo(back, sender)
    const where = await route(local, domain, await this.#lookups(domains, local))
    if (where.kind === 'elsewhere' && submitted) return this.#leaves(domain)
    if (where.kind !== 'deliver') return foundOf(where)
    if (where.forwards.length > 0 && !this.#sendsOn(submitted)) return refused(refuse('relay-denied', NOT_ON))
    return this.#takers(where.to, where.forwards, declaredSize)
  }

  /** Whether what leads elsewhere can go there. */
  #sendsOn(submitted: boolean): boolean {
    const { sending, forward } = this.#deps
    return sending !== undefined && (submitted || forward !== undefined)
  }

  /** A recipient of a submission at a domain of others. */
  #leaves(domain: string): Found {
    if (this.#deps.sending === undefined) return { refused: refuse('relay-denied', NOT_ON), unknown: false }
    // A name without a dot is a name within somebody's own network: nothing that mail can be sent to.
    if (!domain.startsWith('[') && !domain.includes('.')) return { refused: refuse('bad-destination'), unknown: false }
    return { taken: { kind: 'elsewhere' } }
  }

  async #lookups(domains: ReadonlySet<string>, local: string): Promise<RouteLookups> {
    const postmaster = await this.#postmaster(local)
    return {
      isOurs: (name) => domains.has(name),
      address: (address) => this.#deps.store.address({ address }),
      postmaster: () => postmaster,
      now: this.#deps.now(),
    }
  }

  async #takers(to: readonly Destination[], forwards: readonly string[], declaredSize: number): Promise<Found> {
    const takers: Taker[] = []
    for (const { account: id, detail } of to) {
      const account = await this.#deps.store.account({ id })
      if (!account.ok)
        return { refused: refuse(account.error === 'no-such-account' ? 'unknown-user' : 'unavailable'), unknown: false }
      if (account.value.state === 'disabled') return { refused: refuse('disabled'), unknown: false }
      const { quotaBytes, usedBytes } = account.value
      if (quotaBytes > 0 && usedBytes + declaredSize > quotaBytes)
        return { refused: refuse('over-quota'), unknown: false }
      takers.push({ account: account.value, detail })
    }
    return { taken: { kind: 'mailboxes', takers, forwards } }
  }

  async #postmaster(local: string): Promise<AccountId | undefined> {
    if (!isRole(local)) return undefined
    const { postmaster } = this.#deps.settings()
    const { store } = this.#deps
    if (postmaster !== undefined) {
      const account = await store.account({ name: accountName(postmaster) })
      if (account.ok) return account.value.id
    }
    const accounts = await store.accounts()
    return accounts.ok ? oldest(accounts.value)?.id : undefined
  }
}

const oldest = (accounts: readonly Account[]): Account | undefined =>
  accounts.reduce<Account | undefined>(
    (first, next) => (first === undefined || next.id < first.id ? next : first),
    undefined,
  )

const foundOf = (where: Exclude<Route, { readonly kind: 'deliver' }>): Found => {
  if (where.kind === 'spamtrap' || where.kind === 'blackhole') return { taken: { kind: where.kind } }
  if (where.kind === 'unknown') return { refused: refuse('unknown-user'), unknown: true }
  if (where.kind === 'elsewhere') return { refused: refuse('relay-denied'), unknown: false }
  if (where.kind === 'reject') return { refused: refuse('disabled', where.says), unknown: false }
  return { refused: refuse('unavailable'), unknown: false }
}

/** Mail to a return address that we wrote: a report of failure for whoever sent what we sent on, and nothing else. */
const returnsTo = (back: Returned, sender: Pick<Sender, 'account' | 'mailFrom'>): Found => {
  const refused = (text: string): Found => ({ refused: refuse('unknown-user', text), unknown: back.kind === 'forged' })
  if (back.kind !== 'to') return refused(back.kind === 'expired' ? 'This return address is too old' : '')
  if (sender.mailFrom !== null || sender.account !== undefined)
    return refused('Only reports of failure can be sent to this address')
  return { taken: { kind: 'mailboxes', takers: [], forwards: [back.address] } }
}
