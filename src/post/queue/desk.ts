/**
 * What the administrator can do with the queue: look at it, hold, release, retry and drop what is in it, and ask where mail for a domain would go. Entries are chosen by ids, recipients' domain,
 * account, state, or all of them. It works on the store alone; where a server runs, its runner hears of what was done. Pure.
 */
import type { AccountId } from '../../base/ids.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import type { QueueChange, QueueEntry, Store, StoreFault } from '../../store/store.ts'
import type { TransportSecurity } from '../transport/policy.ts'
import { findHosts, type HostsDeps } from './hosts.ts'
import type { Notices } from './notices.ts'
import type { Relay } from './reach.ts'
import type { DestinationStats, QueueRunner } from './runner.ts'
import { ours } from './said.ts'

export type Choice = {
  readonly ids?: readonly number[]
  readonly domain?: string
  readonly account?: AccountId
  readonly state?: QueueEntry['state']
}
type Act = 'hold' | 'release' | 'retry' | 'drop'

const PAGE = 1000
const MOST_HEAD = 16_384 // octets of a header that are shown

export type DeskDeps = {
  readonly store: Pick<Store, 'queue' | 'settleQueue' | 'readQueued'>
  readonly notices: Notices
  readonly now: () => number
  readonly runner?: Pick<QueueRunner, 'rush' | 'destinations' | 'isBad'>
  readonly ways?: Ways
}
/** How mail finds its way; where a server runs. */
export type Ways = Pick<HostsDeps, 'resolve' | 'isUs'> & {
  readonly security: TransportSecurity
  readonly relayFor: (a: {
    readonly sender: string
    readonly domain: string
    readonly tries: number
  }) => Relay | undefined
}
/** Where mail for a domain would go, in words and data. */
type Way = {
  readonly domain: string
  readonly relay?: { readonly host: string; readonly port: number; readonly tls: string }
  readonly sts?: string
  /** Why there is none. */
  readonly problem?: { readonly permanent: boolean; readonly says: string }
  readonly hosts: readonly {
    readonly name: string
    readonly preference: number
    readonly addresses: readonly { readonly ip: string; readonly failedLately: boolean }[]
    readonly tls: string
  }[]
  readonly destinations: readonly DestinationStats[]
}

export type Desk = {
  readonly list: (choice: Choice, most: number) => Promise<Result<readonly QueueEntry[], StoreFault>>
  /** An entry and the head of its message. */
  readonly show: (id: number) => Promise<Result<{ readonly entry: QueueEntry; readonly head: string }, StoreFault>>
  /** @param bounce of `drop`: the sender is told. @returns how many entries it was done to. */
  readonly change: (choice: Choice, act: Act, bounce: boolean) => Promise<Result<number, StoreFault>>
  /** @returns undefined where no server runs. */
  readonly route: (domain: string, sender: string) => Promise<Way | undefined>
}

/** What an act makes of an entry; undefined where there is nothing to do. */
const changeOf = (entry: QueueEntry, act: Act, now: number): QueueChange | undefined => {
  const { id, state } = entry
  if (act === 'drop') return { id, remove: true }
  if (act === 'hold') return state === 'held' ? undefined : { id, state: 'held', why: 'by-hand' }
  // The time that it was held is given back.
  const expiresAt = Math.max(entry.expiresAt, now + (entry.expiresAt - entry.queuedAt))
  if (act === 'release') return state === 'held' ? { id, state: 'waiting', why: '', nextAt: now, expiresAt } : undefined
  return state === 'waiting' ? { id, nextAt: now } : undefined
}

const dropped = ours('5.7.0', 'policy', 'the administrator of this server took the message out of the queue')

/** @returns the desk. */
export const openDesk = (deps: DeskDeps): Desk => {
  const { store, now, runner, notices } = deps

  const chosen = async (choice: Choice, most: number): Promise<Result<readonly QueueEntry[], StoreFault>> => {
    const found: QueueEntry[] = []
    for (let after = 0; found.length < most; ) {
      const page = await store.queue({ ...choice, after, most: Math.min(PAGE, most - found.length) })
      if (!page.ok) return page
      found.push(...page.value)
      const last = page.value.at(-1)
      if (last === undefined) break
      after = last.id
    }
    return ok(found)
  }
  const tell = async (entries: readonly QueueEntry[]): Promise<Result<null, StoreFault>> => {
    for (const group of Map.groupBy(entries, ({ message }) => message).values()) {
      const told = group.map((entry) => ({ entry, said: dropped, change: { id: entry.id, remove: true } as const }))
      const done = await notices.failed(told, false)
      if (!done.ok) return done
    }
    return ok(null)
  }
  const change: Desk['change'] = async (choice, act, bounce) => {
    const entries = await chosen(choice, Number.MAX_SAFE_INTEGER)
    if (!entries.ok) return entries
    const done = entries.value.flatMap((entry) => {
      const one = changeOf(entry, act, now())
      return one === undefined ? [] : [{ entry, change: one }]
    })
    for (let from = 0; from < done.length; from += PAGE) {
      const some = done.slice(from, from + PAGE)
      if (act === 'drop' && bounce) {
        // Held first: nothing of it leaves while its sender is being told.
        const held = some.map(({ entry }) => ({ id: entry.id, state: 'held', why: 'by-hand' }) as const)
        const [quiet, told] = [await store.settleQueue({ changes: held }), await tell(some.map(({ entry }) => entry))]
        if (!quiet.ok || !told.ok) return quiet.ok ? (told.ok ? fail('busy') : told) : quiet
        continue
      }
      const settled = await store.settleQueue({ changes: some.map((one) => one.change) })
      if (!settled.ok) return settled
    }
    if (act === 'retry') for (const domain of new Set(done.map(({ entry }) => entry.domain))) runner?.rush(domain)
    return ok(done.length)
  }

  return {
    list: chosen,
    show: async (id) => {
      const found = await store.queue({ ids: [id], most: 1 })
      if (!found.ok) return found
      const [entry] = found.value
      if (entry === undefined) return fail('no-such-message')
      const read = await store.readQueued({ id, from: 0, to: MOST_HEAD })
      if (!read.ok) return read
      const text = Buffer.from(read.value).toString('utf8')
      const end = text.indexOf('\r\n\r\n')
      return ok({ entry, head: end < 0 ? text : text.slice(0, end + 2) })
    },
    change,
    route: async (domain, sender) => {
      const { ways } = deps
      if (ways === undefined || runner === undefined) return undefined
      return routeOf(domain, sender, ways, runner)
    },
  }
}

const routeOf = async (
  domain: string,
  sender: string,
  ways: Ways,
  runner: NonNullable<DeskDeps['runner']>,
): Promise<Way> => {
  const relay = ways.relayFor({ sender, domain, tries: 0 })
  const ofKey = (key: string): readonly DestinationStats[] =>
    runner.destinations().filter((one) => one.key.startsWith(key))
  if (relay !== undefined) {
    const { host, port, tls } = relay
    return { domain, relay: { host, port, tls }, hosts: [], destinations: ofKey(`relay ${host}:${port}`) }
  }
  const policy = await ways.security.forDomain({ domain, requireTls: false })
  const found = await findHosts(domain, { ...ways, chance: () => 0, allowsMx: policy.allowsMx })
  const destinations = ofKey(domain)
  if (found.kind !== 'hosts') {
    const problem = { permanent: found.kind === 'never', says: found.said.text }
    return { domain, sts: policy.sts, problem, hosts: [], destinations }
  }
  const hosts = await Promise.all(
    found.hosts.map(async (host) => {
      const tls = await policy.forHost(host)
      return {
        ...{ name: host.name, preference: host.preference },
        addresses: host.addresses.map((ip) => ({ ip, failedLately: runner.isBad(ip) })),
        tls: tls.kind === 'defer' ? `not now: ${tls.why}` : tls.kind,
      }
    }),
  )
  return { domain, sts: policy.sts, hosts, destinations }
}
