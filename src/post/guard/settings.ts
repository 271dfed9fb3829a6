/**
 * What outgoing mail may do: thresholds, budgets, growth, attention, freezing, with the defaults. Types and data; pure. app/settings declares them
 * for people, docs/decisions/0066 says why they are what they are.
 */
import type { Span } from './windows.ts'

export type Kind = 'messages' | 'recipients' | 'firstTime'
export const kinds = ['messages', 'recipients', 'firstTime'] as const satisfies readonly Kind[]
export type Amount = Readonly<Record<Kind, number>>
export type Limits = Readonly<Record<Span['name'], Amount>>

export type GuardSettings = {
  /** false: everything goes, and nothing is counted. */
  readonly enabled: boolean
  /** From this score on a message is noted; from a network that is new to the account it is held. */
  readonly flag: number
  /** From this score on a message is refused. */
  readonly reject: number
  /** A message that scores so much more than `reject` counts twice; from a new network it freezes the account at once. */
  readonly farBeyond: number
  /** So many refusals, or messages held from a new network… */
  readonly strikes: number
  /** …in so long freeze the account. */
  readonly strikesWithinMs: number
  /** What a new account may send. */
  readonly budget: Limits
  /** The budget of an old account is so many times that of a new one… */
  readonly growth: number
  /** …and it takes so long to grow. */
  readonly growMs: number
  /** A budget is never less than so many times what the account has sent in its busiest hour and day without a complaint… */
  readonly habit: number
  /** …but that makes the budget no greater than so many times the budget of a new account. */
  readonly mostHabit: number
  /** Attention: what may be sent from a network that is new to the account. */
  readonly attentionBudget: Limits
  /** Attention lowers both thresholds by so many points. */
  readonly attentionPoints: number
  /** A network is new for so long. */
  readonly attentionMs: number
  /** A network that was not seen for so long is new again. */
  readonly rememberMs: number
  /** Messages of one account that wait for its budget: more are refused. */
  readonly mostHeld: number
  /** The owner gets a mail when something is held, once a day at most. */
  readonly tellHeld: boolean
  /** The owner gets a mail when the account is used from a new network. */
  readonly tellNewNetwork: boolean
}

const HOUR = 3_600_000
const DAY = 24 * HOUR

export const guardDefaults: GuardSettings = {
  enabled: true,
  flag: 5,
  reject: 8,
  farBeyond: 10,
  strikes: 3,
  strikesWithinMs: HOUR,
  budget: {
    hour: { messages: 200, recipients: 300, firstTime: 30 },
    day: { messages: 500, recipients: 1000, firstTime: 80 },
  },
  growth: 3,
  growMs: 90 * DAY,
  habit: 2,
  mostHabit: 10,
  attentionBudget: {
    hour: { messages: 160, recipients: 200, firstTime: 10 },
    day: { messages: 300, recipients: 400, firstTime: 15 },
  },
  attentionPoints: 2,
  attentionMs: 12 * HOUR,
  rememberMs: 90 * DAY,
  mostHeld: 200,
  tellHeld: true,
  tellNewNetwork: false,
}
