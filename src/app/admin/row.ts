/** What a row of the admin verbs is: its words, checked by zod, and what it does. Each table of rows (verbs.ts and its neighbours) is written with these. */
import type * as z from 'zod'
import type { AccountId } from '../../base/ids.ts'
import type { Log } from '../../base/log.ts'
import type { Result } from '../../base/result.ts'
import { type Accounts, accountWords } from '../../post/accounts.ts'
import type { AppPasswords } from '../../post/app-passwords.ts'
import type { Jail } from '../../post/jail.ts'
import type { Teacher } from '../../post/learn.ts'
import type { Desk } from '../../post/queue/desk.ts'
import type { Signing } from '../../post/signing.ts'
import type { Store, StoreFault } from '../../store/store.ts'
import type { FirewallClient } from '../server/firewall-client.ts'
import type { Guarding } from '../server/guarding.ts'
import { storeWords } from '../server/store-words.ts'
import type { AdminAnswer } from './wire.ts'

export type AdminDeps = {
  /** The packet filter; undefined where the settings switch it off. */
  readonly firewall?: Pick<FirewallClient, 'ask' | 'isConnected'> | undefined
  readonly store: Store
  readonly accounts: Accounts
  readonly jail: Jail
  readonly appPasswords: AppPasswords
  /** Cuts the live sessions of an account, or those alone that used the app password of this id. @returns how many. */
  readonly cutAccount: (account: AccountId, key?: string) => number
  readonly signing: Signing
  /** Hears of what was moved; undefined where no server runs. */
  readonly teacher?: Pick<Teacher, 'moved'> | undefined
  readonly guarding: Pick<Guarding, 'warden'>
  readonly sending: { readonly desk: Desk }
  readonly now: () => number
  readonly log: Log
}

export type Row = { readonly words: z.ZodType; readonly run: (deps: AdminDeps, words: unknown) => Promise<AdminAnswer> }
/** @returns the row; words that zod refuses are told, and nothing is done. */
export const row = <T>(words: z.ZodType<T>, run: (deps: AdminDeps, words: T) => Promise<AdminAnswer>): Row => ({
  words,
  run: async (deps, given) => {
    const read = words.safeParse(given)
    return read.success ? run(deps, read.data) : { ok: false, says: read.error.issues[0]?.message ?? 'words missing' }
  },
})

export type Fault = StoreFault | keyof typeof accountWords
const isAccountWord = (fault: Fault): fault is keyof typeof accountWords => Object.hasOwn(accountWords, fault)
/** @returns a fault for the person at the command line. */
export const says = (fault: Fault): string => (isAccountWord(fault) ? accountWords[fault] : storeWords(fault))
/** @returns the answer for an outcome. */
export const told = <T>(result: Result<T, Fault>, value: (of: T) => unknown): AdminAnswer =>
  result.ok ? { ok: true, value: value(result.value) } : { ok: false, says: says(result.error) }
