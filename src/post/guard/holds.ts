/**
 * What of an account is held in the queue: shown, released, dropped, and released by itself when its budget has room again. Nothing leaves here but by
 * `drop`, which a person asks for by name.
 *
 * By itself goes what waits for a budget, oldest first, recipient by recipient, each charged like mail that is sent now. What was held because it came
 * from a network that was new waits until no network of the account is new any more; what a person or a freeze holds waits for a person.
 */
import type { AccountId } from '../../base/ids.ts'
import type { Log } from '../../base/log.ts'
import { ok, type Result } from '../../base/result.ts'
import type { QueueChange, QueueEntry, Store, StoreFault } from '../../store/store.ts'
import type { Amount } from './settings.ts'
import { readObject } from './state.ts'

const PAGE = 1_000
/** Of one account, in one answer. */
const MOST_SHOWN = 10_000
/** Entries that are looked at in one round: the rest waits for the next minute. */
const MOST_ROUND = 20_000

/** A held message, with all its recipients. */
export type HeldMessage = {
  readonly message: string
  readonly why: string
  readonly at: number
  readonly sender: string
  readonly recipients: readonly string[]
  readonly subject: string
  readonly size: number
}

export type HoldsDeps = {
  readonly store: Pick<Store, 'queue' | 'settleQueue'>
  readonly now: () => number
  readonly log: Log
  /** Something may leave. */
  readonly wake: () => void
}

export type Choice = 'all' | { readonly message: string }
export type Holds = {
  readonly list: (account: AccountId) => Promise<Result<readonly HeldMessage[], StoreFault>>
  /** @returns how many messages it did it to. */
  readonly release: (account: AccountId, which: Choice) => Promise<Result<number, StoreFault>>
  readonly drop: (account: AccountId, which: Choice) => Promise<Result<number, StoreFault>>
  /** Lets go what there is room for. */
  readonly round: (budget: RoundBudget) => Promise<void>
}

/** What a round asks of each message, and is answered in one breath. */
type RoundBudget = {
  /** Whether the account's mail may leave by itself: undefined for what is frozen or watched. */
  readonly mayLeave: (account: AccountId, why: 'budget' | 'suspicious') => Promise<boolean>
  readonly isFirstTime: (account: AccountId, recipient: string) => Promise<boolean>
  /** Charges it where it fits. @returns whether it did. */
  readonly take: (account: AccountId, amount: Amount) => Promise<boolean>
  /** The message to this recipient may leave now. */
  readonly left: (account: AccountId, recipient: string) => void
}

const subjectOf = (options: string): string => {
  const subject = readObject(Buffer.from(options, 'utf8'))?.['subject']
  return typeof subject === 'string' ? subject : ''
}

const released = (entry: QueueEntry, now: number): QueueChange => ({
  id: entry.id,
  state: 'waiting',
  why: '',
  // What was to leave later still does; the time that it was held is given back.
  nextAt: Math.max(entry.nextAt, now),
  expiresAt: Math.max(entry.expiresAt, now + (entry.expiresAt - entry.queuedAt)),
})

const byMessage = (entries: readonly QueueEntry[]): ReadonlyMap<string, readonly QueueEntry[]> =>
  Map.groupBy(entries, ({ message }) => message)

/** @returns the hands on what is held. */
export const openHolds = (deps: HoldsDeps): Holds => {
  const { store, now, log } = deps

  const heldOf = async (
    choice: { readonly account?: AccountId },
    most: number,
  ): Promise<Result<readonly QueueEntry[], StoreFault>> => {
    const all: QueueEntry[] = []
    let after = 0
    while (all.length < most) {
      const page = await store.queue({ ...choice, state: 'held', after, most: PAGE })
      if (!page.ok) return page
      all.push(...page.value)
      const last = page.value.at(-1)
      if (last === undefined || page.value.length < PAGE) break
      after = last.id
    }
    return ok(all)
  }

  const change = async (
    account: AccountId,
    which: Choice,
    to: (entry: QueueEntry) => QueueChange,
  ): Promise<Result<number, StoreFault>> => {
    const held = await heldOf({ account }, Number.POSITIVE_INFINITY)
    if (!held.ok) return held
    const chosen = held.value.filter(({ message, why }) =>
      which === 'all' ? why !== 'by-hand' : message === which.message,
    )
    for (let at = 0; at < chosen.length; at += PAGE) {
      const settled = await store.settleQueue({ changes: chosen.slice(at, at + PAGE).map(to) })
      if (!settled.ok) return settled
    }
    return ok(byMessage(chosen).size)
  }

  /** Lets go of one message what there is room for. @returns whether all of it went. */
  const letGo = async (account: AccountId, entries: readonly QueueEntry[], budget: RoundBudget): Promise<boolean> => {
    const going: QueueChange[] = []
    for (const entry of entries) {
      const firstTime = (await budget.isFirstTime(account, entry.recipient.toLowerCase())) ? 1 : 0
      const messages = going.length === 0 ? 1 : 0
      if (!(await budget.take(account, { messages, recipients: 1, firstTime }))) break
      going.push(released(entry, now()))
      budget.left(account, entry.recipient.toLowerCase())
    }
    if (going.length === 0) return false
    const settled = await store.settleQueue({ changes: going })
    if (settled.ok)
      log.event('outgoing-released', {
        account: String(account),
        id: entries[0]?.message ?? '',
        recipients: going.length,
      })
    return settled.ok && going.length === entries.length
  }

  const roundOf = async (account: AccountId, entries: readonly QueueEntry[], budget: RoundBudget): Promise<void> => {
    for (const [, own] of byMessage(entries)) {
      const why = own.some((entry) => entry.why === 'suspicious') ? 'suspicious' : 'budget'
      if (!(await budget.mayLeave(account, why))) continue
      if (!(await letGo(account, own, budget))) return
    }
  }

  return {
    list: async (account) => {
      const held = await heldOf({ account }, MOST_SHOWN)
      if (!held.ok) return held
      return ok(
        [...byMessage(held.value)].map(([message, entries]) => ({
          message,
          why: entries[0]?.why ?? '',
          at: entries[0]?.queuedAt ?? 0,
          sender: entries[0]?.sender ?? '',
          recipients: entries.map(({ recipient }) => recipient),
          subject: subjectOf(entries[0]?.options ?? ''),
          size: entries[0]?.size ?? 0,
        })),
      )
    },
    release: async (account, which) => {
      const changed = await change(account, which, (entry) => released(entry, now()))
      deps.wake()
      return changed
    },
    drop: (account, which) => change(account, which, ({ id }) => ({ id, remove: true })),
    round: async (budget) => {
      const held = await heldOf({}, MOST_ROUND)
      if (!held.ok) return
      const ours = held.value.filter(({ why }) => why === 'budget' || why === 'suspicious')
      for (const [account, entries] of Map.groupBy(ours, (entry) => entry.account))
        if (account !== null) await roundOf(account, entries, budget)
      if (ours.length > 0) deps.wake()
    },
  }
}
