/**
 * What an administrator does with accounts that send: freezes and thaws them, looks through what is held, lets it go or throws it away, sees and sets
 * their budgets. Each by the account's name.
 */
import { fail, ok, type Result } from '../../base/result.ts'
import type { Account, Store, StoreFault } from '../../store/store.ts'
import { withSetting } from '../account-settings.ts'
import { readAddress } from '../accounts.ts'
import { accountName } from '../login.ts'
import type { Freezer, ThawFault } from './freezer.ts'
import type { AccountStanding, Guard } from './guard.ts'
import type { Choice, HeldMessage, Holds } from './holds.ts'
import { type FreezeRecord, noEvidence } from './record.ts'
import { type Kind, kinds, type Limits } from './settings.ts'

/** Letters of a message's id that are enough to name it. */
const LEAST_ID = 4

export type WardenFault = ThawFault | 'no-such-held' | 'which-held' | 'short-id' | 'bad-address'
/** For the person at the command line. */
export const wardenWords = {
  'same-password':
    'The password is still the one that the account was frozen with, and a thief may know it: give it another first (`postern account password`), or say --same-password if you are sure',
  'not-frozen': 'The account is not frozen',
  'no-such-held': 'Nothing with that id is held; `--list` shows what is',
  'which-held': 'Several held messages begin with that id: write more of it',
  'short-id': `Write at least ${LEAST_ID} letters of the id, or "all"`,
} as const satisfies Partial<Record<WardenFault, string>>

type Thawed = {
  /** undefined where it was frozen before there were records, or was not frozen. */
  readonly record: FreezeRecord | undefined
  readonly thawed: boolean
  readonly released: number
  readonly dropped: number
  /** What is still held. */
  readonly held: readonly HeldMessage[]
}

export type Warden = {
  readonly freeze: (
    name: string,
    a: { readonly note: string; readonly stolen: boolean },
  ) => Promise<Result<{ readonly record: FreezeRecord; readonly held: number }, WardenFault>>
  /** @param a.release what to let go, "all" or the beginning of an id. A choice on an account that is not frozen is done alone. */
  readonly thaw: (
    name: string,
    a: { readonly samePassword: boolean; readonly release?: string | undefined; readonly drop?: string | undefined },
  ) => Promise<Result<Thawed, WardenFault>>
  readonly held: (name: string) => Promise<Result<readonly HeldMessage[], WardenFault>>
  readonly frozen: () => Promise<readonly { readonly record: FreezeRecord; readonly held: number }[]>
  readonly standing: (name: string) => Promise<Result<AccountStanding, WardenFault>>
  /** @param address undefined: none. */
  readonly secondAddress: (name: string, address: string | undefined) => Promise<Result<Account, WardenFault>>
  /** @param a null takes a limit of its own away. */
  readonly setSending: (name: string, a: OwnSettings) => Promise<Result<Account, WardenFault>>
}

type OwnSettings = {
  readonly flag?: number | null | undefined
  readonly reject?: number | null | undefined
  readonly limits: { readonly [S in keyof Limits]?: { readonly [K in Kind]?: number | null | undefined } }
}

export type WardenDeps = {
  readonly store: Pick<Store, 'account' | 'changeAccount'>
  readonly freezer: Freezer
  readonly guard: Guard
  readonly holds: Holds
}

const settingNames = { messages: 'messages', recipients: 'recipients', firstTime: 'first-time' } as const

/** @returns the warden. */
export const openWarden = (deps: WardenDeps): Warden => {
  const { store, freezer, guard, holds } = deps
  const find = (name: string): ReturnType<Store['account']> => store.account({ name: accountName(name) })

  const choose = async (account: Account, id: string): Promise<Result<Choice, WardenFault>> => {
    if (id === 'all') return ok('all')
    if (id.length < LEAST_ID) return fail('short-id')
    const held = await holds.list(account.id)
    if (!held.ok) return held
    const found = held.value.filter(({ message }) => message.startsWith(id.toLowerCase()))
    const [only, ...more] = found
    if (only === undefined) return fail('no-such-held')
    return more.length > 0 ? fail('which-held') : ok({ message: only.message })
  }

  const chosen = async (account: Account, id: string | undefined): Promise<Result<Choice | undefined, WardenFault>> =>
    id === undefined ? ok(undefined) : choose(account, id)

  const thaw: Warden['thaw'] = async (name, { samePassword, release, drop }) => {
    const account = await find(name)
    if (!account.ok) return account
    // What is named must be there before anything is done.
    const [going, gone] = [await chosen(account.value, release), await chosen(account.value, drop)]
    if (!going.ok) return going
    if (!gone.ok) return gone
    const thawed = await freezer.thaw(account.value, samePassword)
    const isDone = thawed.ok || (thawed.error === 'not-frozen' && (release ?? drop) !== undefined)
    if (!thawed.ok && !isDone) return thawed
    const record = thawed.ok ? thawed.value : undefined
    if (thawed.ok) await guard.begunAgain(account.value.id, record === undefined ? [] : doubtedOf(record))
    const { id } = account.value
    const dropped: Result<number, StoreFault> = gone.value === undefined ? ok(0) : await holds.drop(id, gone.value)
    if (!dropped.ok) return dropped
    const released: Result<number, StoreFault> =
      going.value === undefined ? ok(0) : await holds.release(id, going.value)
    if (!released.ok) return released
    const held = await holds.list(id)
    return held.ok
      ? ok({ record, thawed: thawed.ok, released: released.value, dropped: dropped.value, held: held.value })
      : held
  }

  const change = async (name: string, to: (settings: string) => string): Promise<Result<Account, WardenFault>> => {
    const account = await find(name)
    return account.ok ? store.changeAccount({ id: account.value.id, settings: to(account.value.settings) }) : account
  }

  const heldOf = async (record: FreezeRecord): Promise<{ readonly record: FreezeRecord; readonly held: number }> => {
    const held = await holds.list(record.account)
    return { record, held: held.ok ? held.value.length : 0 }
  }

  return {
    thaw,
    freeze: async (name, { note, stolen }) => {
      const account = await find(name)
      if (!account.ok) return account
      const record = await freezer.freeze(account.value, { why: 'by-hand', note, stolen, evidence: noEvidence })
      await freezer.settled()
      return ok(await heldOf(record))
    },
    held: async (name) => {
      const account = await find(name)
      return account.ok ? holds.list(account.value.id) : account
    },
    frozen: () => Promise.all(freezer.list().map(heldOf)),
    standing: async (name) => {
      const account = await find(name)
      return account.ok ? ok(await guard.standing(account.value)) : account
    },
    secondAddress: async (name, text) => {
      const address = text === undefined ? null : readAddress(text)
      return address === undefined
        ? fail('bad-address')
        : change(name, (all) => withSetting(all, ['second-address'], address))
    },
    setSending: (name, { flag, reject, limits }) =>
      change(name, (all) => {
        const own = [
          { path: ['flag'], value: flag },
          { path: ['reject'], value: reject },
          ...(['hour', 'day'] as const).flatMap((span) =>
            kinds.map((kind) => ({ path: [span, settingNames[kind]], value: limits[span]?.[kind] })),
          ),
        ]
        return own.reduce(
          (so, { path, value }) => (value === undefined ? so : withSetting(so, ['sending', ...path], value)),
          all,
        )
      }),
  }
}

/** The networks that are not to be believed any more: where the last message came from, and what led to the freeze. */
const doubtedOf = ({ evidence }: FreezeRecord): readonly string[] => (evidence.network === '' ? [] : [evidence.network])
