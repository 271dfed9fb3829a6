/**
 * What this server remembers of senders: standings by host, network, address and domain, and whom its people have written to. Kept in
 * memos, cached in memory, both bounded; written behind. Clock and store are parameters.
 *
 * History that cannot be read is history of a stranger: it changes a score a little, and loses no mail.
 */
import type { AccountId } from '../base/ids.ts'
import type { Log } from '../base/log.ts'
import type { Store } from '../store/store.ts'
import { type Acquaintance, Acquaintances } from './acquaintances.ts'
import { Recent } from './recent.ts'
import { counted, readStanding, type SenderKeys, type Standing, writeStanding } from './standing.ts'
import { WriteBehind } from './write-behind.ts'

const MOST_CACHED = 20_000
const KEEP_MS = 180 * 86_400_000
const CORRESPONDENT_MS = 3 * 365 * 86_400_000

export type Standings = { readonly [K in keyof SenderKeys]?: Standing | undefined }

export type SenderHistory = {
  /** The standings of these keys; a missing one is a stranger's. */
  readonly standings: (keys: SenderKeys) => Promise<Standings>
  /** The standing of a domain for which authentication speaks. */
  readonly domainStanding: (domain: string) => Promise<Standing | undefined>
  /** The standing of an address whose domain vouched for it. @param address lower case. */
  readonly addressStanding: (address: string) => Promise<Standing | undefined>
  /** One more message (or a part of one), under every key. */
  readonly note: (keys: SenderKeys, what: 'wanted' | 'unwanted', weight: number) => Promise<void>
  /** Whether `account` has written to this address. @param address lower case. */
  readonly knows: (account: AccountId, address: string) => Promise<boolean>
  /** `account` writes to this address, under this name. */
  readonly wrote: (account: AccountId, address: string, name?: string) => void
  /** Those whom `account` writes to and whom a sender resembles by name or domain; few. @param sender `name` is empty where it shows none; the address is lower case. */
  readonly alike: (
    account: AccountId,
    sender: { readonly name: string; readonly address: string },
  ) => Promise<readonly Acquaintance[]>
  /** Resolves when everything so far is written. */
  readonly flushed: () => Promise<void>
}

export type HistoryDeps = {
  readonly store: Pick<Store, 'remember' | 'recall' | 'forget'>
  readonly now: () => number
  readonly log: Log
}

/** @returns the history over a store. */
export const openHistory = (deps: HistoryDeps): SenderHistory => {
  const { store, now, log } = deps
  /** null: known to be a stranger. */
  const standings = new Recent<Standing | null>(MOST_CACHED)
  const correspondents = new Recent<boolean>(MOST_CACHED)
  const standingMemos = new WriteBehind('standings', store, log)
  const correspondentMemos = new WriteBehind('correspondents', store, log)
  const acquaintances = new Acquaintances(store, { now, log, keepMs: CORRESPONDENT_MS })

  const standingOf = async (key: string | undefined): Promise<Standing | undefined> => {
    if (key === undefined) return undefined
    const cached = standings.get(key)
    if (cached !== undefined) return cached ?? undefined
    const found = await store.recall({ space: 'standings', key, now: now() })
    if (!found.ok) return undefined
    const value = found.value[0]?.value
    const standing = value === undefined ? undefined : readStanding(value)
    standings.set(key, standing ?? null)
    return standing
  }

  const note: SenderHistory['note'] = async (keys, what, weight) => {
    for (const key of Object.values(keys)) {
      const before = await standingOf(key)
      // Another message's note may have come in while the store was asked.
      const standing = counted(standings.get(key) ?? before, what, now(), weight)
      standings.set(key, standing)
      standingMemos.put(key, writeStanding(standing), now() + KEEP_MS)
    }
  }

  const knows: SenderHistory['knows'] = async (account, address) => {
    const key = `${account} ${address}`
    const cached = correspondents.get(key)
    if (cached !== undefined) return cached
    const found = await store.recall({ space: 'correspondents', key, now: now() })
    if (!found.ok) return false
    correspondents.set(key, found.value.length > 0)
    return found.value.length > 0
  }

  return {
    standings: async (keys) => {
      const [host, network, address, domain] = await Promise.all(
        [keys.host, keys.network, keys.address, keys.domain].map(standingOf),
      )
      return { host, network, address, domain }
    },
    domainStanding: (domain) => standingOf(`d:${domain}`),
    addressStanding: (address) => standingOf(`a:${address}`),
    note,
    knows,
    alike: (account, sender) => acquaintances.alike(account, sender, () => correspondentMemos.flushed()),
    wrote: (account, address, name = '') => {
      const key = `${account} ${address}`
      correspondents.set(key, true)
      correspondentMemos.put(key, new Uint8Array(0), now() + CORRESPONDENT_MS)
      acquaintances.wrote(account, address, name)
    },
    flushed: async () => {
      await Promise.all([standingMemos.flushed(), correspondentMemos.flushed(), acquaintances.flushed()])
    },
  }
}
