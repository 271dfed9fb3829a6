/**
 * What the outgoing policy (submit.ts) asks of others: who watches over an account's sending, who signs, who wakes the queue. Types, and what stands in
 * their place where a house has none of them. Pure.
 */
import type { Body } from '../base/spool.ts'
import type { Account } from '../store/store.ts'

/** What is known of a message before it is scanned. */
export type Sending = {
  readonly account: Account
  /** All of them, lower case. */
  readonly recipients: readonly string[]
  /** Of those, whom the account never wrote to nor had mail from. */
  readonly firstTime: readonly string[]
  readonly ip: string
  readonly at: number
  readonly size: number
}

export type GuardAnswer =
  | { readonly kind: 'go' }
  /** Taken with 250 and held in the queue; the owner is told. */
  | { readonly kind: 'hold'; readonly why: 'budget' | 'frozen' | 'suspicious' }
  | { readonly kind: 'refuse'; readonly why: 'spam' | 'frozen' | 'budget'; readonly says: string }

/** Watches over what accounts send. */
export type Guard = {
  /** Before the message is scanned or queued: budget and state. */
  readonly ask: (a: Sending) => Promise<GuardAnswer>
  /** After the scan. */
  readonly judged: (a: {
    readonly account: Account
    readonly score: number
    readonly ip: string
    readonly at: number
    readonly id: string
    readonly recipients: number
    /** What makes two tries the same message. */
    readonly same: string
  }) => Promise<GuardAnswer>
  /** After it was queued. */
  readonly sent: (a: Sending) => void
}

/** What is needed to send mail on; a house without it takes mail for its own people only. */
export type SendingPorts = {
  readonly guard: Guard
  /** @returns the DKIM-Signature fields to put before the message, latin1; empty where the domain has no key. */
  readonly sign: (a: {
    readonly domain: string
    readonly message: Body & { readonly size: number }
    readonly prefix: string
  }) => Promise<string>
  /** Something was queued. */
  readonly wake: () => void
}

/** Lets everything go. */
export const openGuard: Guard = {
  ask: async () => ({ kind: 'go' }),
  judged: async () => ({ kind: 'go' }),
  sent: () => undefined,
}
