/**
 * The states of accounts that send, by account: in memory those that sent lately (MOST_CACHED), all in the store's memos. Each change is written through:
 * who must have it on the disk first asks `written`.
 */
import type { AccountId } from '../../base/ids.ts'
import type { Result } from '../../base/result.ts'
import type { Store, StoreFault } from '../../store/store.ts'
import { Recent } from '../recent.ts'
import { freshState, type GuardState, readState, stateAt, writeState } from './state.ts'
import { WriteThrough } from './write-through.ts'

const SPACE = 'guard'
/** Some 2 KB each, 12 KB where somebody tries to make them large. */
const MOST_CACHED = 2_000
const KEEP_MS = 400 * 86_400_000

export type Ledger = {
  /** Resolves when the state is in memory, where `at` finds it in the same breath. */
  readonly load: (account: AccountId, now: number) => Promise<void>
  /** The state at `now`; a fresh one where the store did not give it. */
  readonly at: (account: AccountId, now: number) => GuardState
  readonly put: (account: AccountId, state: GuardState, now: number) => void
  /** Resolves when the newest state is on the disk, or the store refused it. */
  readonly written: (account: AccountId) => Promise<Result<null, StoreFault>>
  readonly flushed: () => Promise<void>
}

/** @returns the ledger over a store. */
export const openLedger = (store: Pick<Store, 'remember' | 'recall'>): Ledger => {
  const cached = new Recent<GuardState>(MOST_CACHED)
  const memos = new WriteThrough(SPACE, store)
  const asking = new Map<string, Promise<void>>()

  const ask = async (key: string, now: number): Promise<void> => {
    const unwritten = memos.unwritten(key)
    const found = unwritten === undefined ? await store.recall({ space: SPACE, key, now }) : undefined
    const value = unwritten ?? (found?.ok === true ? found.value[0]?.value : undefined)
    // What was put meanwhile is newer.
    if (cached.get(key) === undefined)
      cached.set(key, (value === undefined ? undefined : readState(value)) ?? freshState)
  }

  return {
    load: async (account, now) => {
      const key = String(account)
      if (cached.get(key) !== undefined) return
      const asked = asking.get(key) ?? ask(key, now).finally(() => asking.delete(key))
      asking.set(key, asked)
      await asked
    },
    at: (account, now) => stateAt(cached.get(String(account)) ?? freshState, now),
    put: (account, state, now) => {
      cached.set(String(account), state)
      memos.put(String(account), writeState(state), now + KEEP_MS)
    },
    written: (account) => memos.written(String(account)),
    flushed: () => memos.flushed(),
  }
}
