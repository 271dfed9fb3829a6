/**
 * Freezing and thawing an account. The record is written first, then the steps are done one by one, each noted when it is done: whatever breaks off in between
 * leaves the account frozen, and the rest is done a minute later or at the next start. Nothing of its mail is lost: what waits to leave is held.
 *
 * From the moment of the decision the account is frozen in memory too, so that a message on its way meets it whatever the disk is doing.
 */
import type { AccountId } from '../../base/ids.ts'
import type { Log } from '../../base/log.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import type { Account, Store, StoreFault } from '../../store/store.ts'
import { secondAddressOf } from '../account-settings.ts'
import type { Letters } from './letters.ts'
import { type FreezeRecord, type FreezeStep, readFreeze, stepsLeft, writeFreeze } from './record.ts'
import { adminLetter, ownerLetter } from './words.ts'

const SPACE = 'frozen'
const PAGE = 1_000

export type FreezerDeps = {
  readonly store: Pick<Store, 'remember' | 'recall' | 'forget' | 'account' | 'changeAccount' | 'queue' | 'settleQueue'>
  readonly now: () => number
  readonly log: Log
  readonly letters: Letters
  /** Cuts the live sessions of an account. @returns how many. */
  readonly cut: (account: AccountId) => number
  /** Revokes all app passwords of an account. */
  readonly revoke: (account: AccountId) => Promise<Result<unknown, StoreFault>>
  /** Runs `work` after what is being answered now went out. */
  readonly soon: (work: () => void) => void
}

export type ThawFault = StoreFault | 'same-password' | 'not-frozen'

export type Freezer = {
  readonly of: (account: AccountId) => FreezeRecord | undefined
  readonly list: () => readonly FreezeRecord[]
  /** Resolves when the account cannot log in any more; the rest follows. @returns the record; the one there is where it was frozen already. */
  readonly freeze: (
    account: Account,
    record: Omit<FreezeRecord, 'account' | 'name' | 'at' | 'passwordHash' | 'done'>,
  ) => Promise<FreezeRecord>
  /** @param anyPassword thaws also with the password of then. */
  readonly thaw: (account: Account, anyPassword: boolean) => Promise<Result<FreezeRecord | undefined, ThawFault>>
  /** Holds what of a frozen account came into the queue after all. */
  readonly holdAgain: (account: AccountId) => void
  /** Reads the records back; before the first listener opens. @returns how many accounts are frozen. */
  readonly restore: () => Promise<number>
  /** Does what is still to be done of every freeze. */
  readonly finish: () => void
  /** Resolves when nothing is being done. */
  readonly settled: () => Promise<void>
}

/** @returns a freezer; call `restore` before the listeners open. */
export const openFreezer = (deps: FreezerDeps): Freezer => {
  const { store, log, now } = deps
  const frozen = new Map<AccountId, FreezeRecord>()
  /** One piece of work at a time for each account. */
  const working = new Map<AccountId, Promise<void>>()

  const keep = async (record: FreezeRecord): Promise<boolean> => {
    frozen.set(record.account, record)
    const memos = [{ key: String(record.account), value: writeFreeze(record), expiresAt: null }]
    const kept = await store.remember({ space: SPACE, memos })
    if (!kept.ok) log.event('store-fault', { verb: 'remember', space: SPACE, fault: kept.error })
    return kept.ok
  }

  /** Holds everything of the account but what somebody holds by hand. @returns how many messages are held then. */
  const hold = async (account: AccountId): Promise<Result<number, StoreFault>> => {
    const messages = new Set<string>()
    let after = 0
    for (;;) {
      const page = await store.queue({ account, after, most: PAGE })
      if (!page.ok) return page
      const changes = page.value
        .filter(({ state, why }) => state === 'waiting' || (why !== 'by-hand' && why !== 'frozen'))
        .map(({ id }) => ({ id, state: 'held' as const, why: 'frozen' }))
      const settled = changes.length === 0 ? ok(null) : await store.settleQueue({ changes })
      if (!settled.ok) return settled
      for (const { message } of page.value) messages.add(message)
      const last = page.value.at(-1)
      if (last === undefined || page.value.length < PAGE) return ok(messages.size)
      after = last.id
    }
  }

  const tellOwner = async (record: FreezeRecord, account: Account): Promise<Result<unknown, StoreFault>> => {
    const held = await hold(account.id)
    if (!held.ok) return held
    const letter = ownerLetter(record, held.value)
    const second = secondAddressOf(account.settings)
    const told = second === undefined ? ok(null) : await deps.letters.toAddress(second, account, letter)
    return told.ok ? deps.letters.toAccount(account, letter) : told
  }

  const tellAdmin = async (record: FreezeRecord, account: Account): Promise<Result<unknown, StoreFault>> => {
    const [held, admin] = [await hold(account.id), await deps.letters.admin()]
    if (!held.ok || admin === undefined) return held
    return deps.letters.toAccount(admin, adminLetter(record, held.value, secondAddressOf(account.settings)))
  }

  const steps: Readonly<
    Record<FreezeStep, (record: FreezeRecord, account: Account) => Promise<Result<unknown, StoreFault>>>
  > = {
    state: async ({ account: id }) => store.changeAccount({ id, state: 'frozen' }),
    queue: async ({ account }) => hold(account),
    sessions: async ({ account }) => ok(deps.cut(account)),
    'app-passwords': async ({ account, stolen }) => (stolen ? deps.revoke(account) : ok(null)),
    owner: tellOwner,
    admin: tellAdmin,
  }

  /** Does the steps that are left, up to `last`. A step that fails is tried again at the next `finish`. */
  const work = async (id: AccountId, last?: FreezeStep): Promise<void> => {
    for (;;) {
      const record = frozen.get(id)
      const [step] = record === undefined ? [] : stepsLeft(record)
      if (record === undefined || step === undefined) return
      const account = await store.account({ id })
      if (!account.ok && account.error === 'no-such-account') {
        frozen.delete(id)
        await store.forget({ space: SPACE, keys: [String(id)] })
        return
      }
      const done = account.ok ? await steps[step](record, account.value) : account
      if (!done.ok) {
        log.event('freeze-unfinished', { account: record.name, step, fault: done.error })
        return
      }
      const newest = frozen.get(id)
      if (newest !== undefined) await keep({ ...newest, done: [...newest.done, step] })
      if (step === last) return
    }
  }

  const then = (id: AccountId, what: () => Promise<void>): Promise<void> => {
    const next = (working.get(id) ?? Promise.resolve()).then(what).finally(() => {
      if (working.get(id) === next) working.delete(id)
    })
    working.set(id, next)
    return next
  }

  const freeze: Freezer['freeze'] = async (account, given) => {
    const before = frozen.get(account.id)
    if (before !== undefined) return before
    const { id, name, passwordHash } = account
    const record: FreezeRecord = { ...given, account: id, name, at: now(), passwordHash, done: [] }
    frozen.set(id, record)
    const { why, evidence, note } = record
    log.event('account-frozen', { account: name, why, ip: evidence.ip, newNetwork: evidence.newNetwork, note })
    await then(id, async () => {
      await keep(record)
      await work(id, 'state')
    })
    void then(id, async () => {
      await new Promise<void>((resolve) => deps.soon(resolve))
      await work(id)
    })
    return record
  }

  const thawNow: Freezer['thaw'] = async ({ id }, anyPassword) => {
    const account = await store.account({ id })
    if (!account.ok) return account
    const record = frozen.get(id)
    if (record === undefined && account.value.state !== 'frozen') return fail('not-frozen')
    if (record?.stolen === true && !anyPassword && record.passwordHash === account.value.passwordHash)
      return fail('same-password')
    // A crash between the two is seen at the start: the record says that the state was set, and it is not.
    const changed = await store.changeAccount({ id, state: 'active' })
    if (!changed.ok) return changed
    frozen.delete(id)
    const forgotten = await store.forget({ space: SPACE, keys: [String(id)] })
    if (!forgotten.ok) log.event('store-fault', { verb: 'forget', space: SPACE, fault: forgotten.error })
    log.event('account-thawed', { account: account.value.name })
    return ok(record)
  }

  const thaw: Freezer['thaw'] = async (account, anyPassword) => {
    let outcome: Awaited<ReturnType<Freezer['thaw']>> = fail('not-frozen')
    await then(account.id, async () => {
      outcome = await thawNow(account, anyPassword)
    })
    return outcome
  }

  const restore = async (): Promise<number> => {
    const found = await store.recall({ space: SPACE, now: now() })
    if (!found.ok) log.event('store-fault', { verb: 'recall', space: SPACE, fault: found.error })
    for (const { value, key } of found.ok ? found.value : []) {
      const record = readFreeze(value)
      if (record === undefined) continue
      const account = await store.account({ id: record.account })
      if (account.ok && account.value.state !== 'frozen' && record.done.includes('state'))
        await store.forget({ space: SPACE, keys: [key] })
      else frozen.set(record.account, record)
    }
    return frozen.size
  }

  return {
    of: (account) => frozen.get(account),
    list: () => [...frozen.values()].toSorted((one, other) => one.at - other.at),
    freeze,
    thaw,
    holdAgain: (account) =>
      void then(account, async () => {
        const held = await hold(account)
        if (!held.ok) log.event('freeze-unfinished', { account: String(account), step: 'queue', fault: held.error })
      }),
    restore,
    finish: () => {
      for (const record of frozen.values())
        if (stepsLeft(record).length > 0) void then(record.account, () => work(record.account))
    },
    settled: async () => {
      await Promise.all(working.values())
    },
  }
}
