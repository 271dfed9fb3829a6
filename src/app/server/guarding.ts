/** The guard of outgoing mail, tied to the store, the clock and what it does to others: cutting sessions, revoking app passwords, sending letters. Composition. */
import type { AccountId } from '../../base/ids.ts'
import type { Log } from '../../base/log.ts'
import type { Result } from '../../base/result.ts'
import { type Freezer, openFreezer } from '../../post/guard/freezer.ts'
import { type Guard, openGuard } from '../../post/guard/guard.ts'
import { openHolds } from '../../post/guard/holds.ts'
import { openLetters } from '../../post/guard/letters.ts'
import { openWarden, type Warden } from '../../post/guard/warden.ts'
import type { SenderHistory } from '../../post/history.ts'
import type { Signing } from '../../post/signing.ts'
import type { Store, StoreFault } from '../../store/store.ts'
import type { Settings } from '../settings/schema.ts'

export type GuardingDeps = {
  readonly store: Store
  readonly settings: () => Settings
  readonly history: Pick<SenderHistory, 'knows' | 'addressStanding' | 'wrote'>
  readonly signing: Pick<Signing, 'sign'>
  readonly now: () => number
  readonly log: Log
  readonly fresh: (octets: number) => Uint8Array
  /** Cuts the live sessions of an account. @returns how many. */
  readonly cut: (account: AccountId) => number
  readonly revoke: (account: AccountId) => Promise<Result<unknown, StoreFault>>
  /** Something was queued or may leave. */
  readonly wake: () => void
}

export type Guarding = {
  readonly guard: Guard
  readonly freezer: Freezer
  readonly warden: Warden
  /** Resolves when everything so far is done and written. */
  readonly settled: () => Promise<void>
}

/** @returns the hash of the password that a stolen account was frozen with; undefined for every other. */
export const frozenWith =
  ({ freezer }: Pick<Guarding, 'freezer'>) =>
  (account: AccountId): string | undefined => {
    const record = freezer.of(account)
    return record?.stolen === true ? record.passwordHash : undefined
  }

/** @returns the guard, with what is frozen restored. */
export const openGuarding = async (deps: GuardingDeps): Promise<Guarding> => {
  const { store, settings, now, log, wake } = deps
  const letters = openLetters({
    store,
    now,
    fresh: deps.fresh,
    host: () => settings().host,
    postmaster: () => (settings().postmaster === '' ? undefined : settings().postmaster),
    sign: deps.signing.sign,
    wake,
  })
  const { cut, revoke } = deps
  const freezer = openFreezer({ store, now, log, letters, cut, revoke, soon: (work) => setImmediate(work) })
  await freezer.restore()
  const holds = openHolds({ store, now, log, wake })
  const guard = openGuard({
    store,
    settings: () => settings().outgoing,
    history: deps.history,
    freezer,
    holds,
    letters,
    now,
    log,
  })
  return {
    guard,
    freezer,
    warden: openWarden({ store, freezer, guard, holds }),
    settled: async () => {
      await freezer.settled()
      await guard.flushed()
    },
  }
}
