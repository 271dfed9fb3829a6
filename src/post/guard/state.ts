/**
 * What is kept of an account that sends, as one memo: what it has spent, its habit, its strikes, its networks, what of it is held. Pure; octets that
 * are none read as undefined, and the account is then as one that nothing is known of.
 */
import {
  type Habit,
  habitDoubted,
  noHabit,
  nothingSpent,
  readHabit,
  readSpending,
  type Spending,
  spendingAt,
  writeHabit,
  writeSpending,
} from './budget.ts'
import { readStrikes, type Strikes, writeStrikes } from './judge.ts'
import { type Networks, readNetworks, writeNetworks } from './networks.ts'
import { emptyWindow, moved, readWindow, spans, type Window, writeWindow } from './windows.ts'

export type GuardState = {
  readonly spending: Spending
  readonly habit: Habit
  readonly strikes: Strikes
  /** undefined: nobody has logged in yet. */
  readonly networks: Networks | undefined
  /** When the account was made, or was last thawed; 0 where the account's row says it. */
  readonly cleanSince: number
  /** Messages held in the last day. */
  readonly held: Window
  /** When the owner was last told that something is held. */
  readonly toldAt: number
}

export const freshState: GuardState = {
  spending: nothingSpent,
  habit: noHabit,
  strikes: [],
  networks: undefined,
  cleanSince: 0,
  held: emptyWindow,
  toldAt: 0,
}
const [, day] = spans

/** @returns the state as it is at `now`. */
export const stateAt = (state: GuardState, now: number): GuardState => ({
  ...state,
  spending: spendingAt(state.spending, now),
  held: moved(state.held, day, now),
})

/**
 * The state with which a thawed account begins again: no count is left, its age begins anew, and the networks that the thief came from are strangers.
 * @param doubted networks.
 */
export const thawedState = (state: GuardState, doubted: readonly string[], now: number): GuardState => ({
  ...freshState,
  habit: habitDoubted(state.habit, now),
  networks: state.networks?.filter(({ network }) => !doubted.includes(network)),
  cleanSince: now,
  toldAt: state.toldAt,
})

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0

/** @returns the memo. */
export const writeState = (state: GuardState): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      spending: writeSpending(state.spending),
      habit: writeHabit(state.habit),
      strikes: writeStrikes(state.strikes),
      ...(state.networks === undefined ? {} : { networks: writeNetworks(state.networks) }),
      cleanSince: state.cleanSince,
      held: writeWindow(state.held),
      toldAt: state.toldAt,
    }),
    'utf8',
  )

const readJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** @returns the object that the octets hold as JSON; undefined for anything else. */
export const readObject = (bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined => {
  const value = readJson(bytes)
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : undefined
}

/** @returns undefined for octets that are no state. */
export const readState = (bytes: Uint8Array): GuardState | undefined => {
  const given = readObject(bytes)
  if (given === undefined) return undefined
  const [spending, habit] = [readSpending(given['spending']), readHabit(given['habit'])]
  const [strikes, held] = [readStrikes(given['strikes']), readWindow(given['held'], day)]
  const networks = given['networks'] === undefined ? undefined : readNetworks(given['networks'])
  const { cleanSince, toldAt } = given
  if (spending === undefined || habit === undefined || strikes === undefined || held === undefined) return undefined
  if (!isTime(cleanSince) || !isTime(toldAt)) return undefined
  return { spending, habit, strikes, networks, cleanSince, held, toldAt }
}
