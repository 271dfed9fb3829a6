/**
 * What an account may still send: messages, recipients and first-time recipients, each in an hour and in a day, and how the limits grow with the
 * account's age and with what it has sent before without a complaint. Pure.
 *
 * A habit is learned slowly on purpose: a day becomes one only when SETTLE_DAYS have passed over it without a refusal. So whoever has the
 * password cannot raise the limits today by what he sends today.
 */
import { type Amount, type GuardSettings, type Kind, kinds, type Limits } from './settings.ts'
import {
  added,
  emptyWindow,
  moved,
  readWindow,
  roomAt,
  type Span,
  spans,
  spent,
  type Window,
  writeWindow,
} from './windows.ts'

const DAY = 86_400_000
const SETTLE_DAYS = 2
/** A habit that is not kept up loses half of itself in this time. */
const HABIT_HALF_LIFE_DAYS = 60

export type Spending = Readonly<Record<Span['name'], Readonly<Record<Kind, Window>>>>
/** The busiest hour and the whole of one day. */
type DayRecord = { readonly day: number; readonly hour: Amount; readonly total: Amount }
export type Habit = {
  /** Today and the days before it that are not settled yet, newest first. */
  readonly days: readonly DayRecord[]
  /** What was settled, as of `day`. */
  readonly kept: DayRecord
}

const none: Amount = { messages: 0, recipients: 0, firstTime: 0 }
const eachKind = (of: (kind: Kind) => number): Amount => ({
  messages: of('messages'),
  recipients: of('recipients'),
  firstTime: of('firstTime'),
})
const windowsOf = (of: (kind: Kind) => Window): Spending['hour'] => ({
  messages: of('messages'),
  recipients: of('recipients'),
  firstTime: of('firstTime'),
})

export const nothingSpent: Spending = { hour: windowsOf(() => emptyWindow), day: windowsOf(() => emptyWindow) }
export const noHabit: Habit = { days: [], kept: { day: 0, hour: none, total: none } }

/** @returns the spending as it is at `now`. */
export const spendingAt = (spending: Spending, now: number): Spending => ({
  hour: windowsOf((kind) => moved(spending.hour[kind], spans[0], now)),
  day: windowsOf((kind) => moved(spending.day[kind], spans[1], now)),
})

/** @param spending moved to now. */
export const spentOf = (spending: Spending): Limits => ({
  hour: eachKind((kind) => spent(spending.hour[kind])),
  day: eachKind((kind) => spent(spending.day[kind])),
})

/** @param spending moved to now. */
export const charged = (spending: Spending, amount: Amount): Spending => ({
  hour: windowsOf((kind) => added(spending.hour[kind], amount[kind])),
  day: windowsOf((kind) => added(spending.day[kind], amount[kind])),
})

/** Which budget a message does not fit into. */
export type Over = {
  readonly kind: Kind
  readonly span: Span['name']
  readonly spent: number
  readonly limit: number
  /** When it would fit; undefined where it never does as a whole. */
  readonly roomAt: number | undefined
}

const later = (a: Over, b: Over): Over =>
  (b.roomAt ?? Number.POSITIVE_INFINITY) > (a.roomAt ?? Number.POSITIVE_INFINITY) ? b : a

/**
 * @param spending moved to now.
 * @returns the budget that keeps it longest, first-time recipients before all; undefined where it fits into all of them.
 */
export const overOf = (spending: Spending, amount: Amount, limits: Limits): Over | undefined => {
  const overs = spans.flatMap((span) =>
    kinds.flatMap((kind): readonly Over[] => {
      const [window, limit] = [spending[span.name][kind], limits[span.name][kind]]
      const at = amount[kind] === 0 ? 0 : roomAt(window, span, amount[kind], limit)
      return at === 0 ? [] : [{ kind, span: span.name, spent: spent(window), limit, roomAt: at }]
    }),
  )
  const telling = overs.filter(({ kind }) => kind === 'firstTime')
  const [first, ...others] = telling.length > 0 ? telling : overs
  return first === undefined ? undefined : others.reduce(later, first)
}

const greater = (a: Amount, b: Amount): Amount => eachKind((kind) => Math.max(a[kind], b[kind]))

const keptAt = ({ kept }: Habit, day: number): DayRecord => {
  const factor = 0.5 ** (Math.max(0, day - kept.day) / HABIT_HALF_LIFE_DAYS)
  return {
    day: Math.max(day, kept.day),
    hour: eachKind((kind) => kept.hour[kind] * factor),
    total: eachKind((kind) => kept.total[kind] * factor),
  }
}

/** @returns the habit at `now`: days that stayed clean have become part of it. */
export const habitAt = (habit: Habit, now: number): Habit => {
  const today = Math.floor(now / DAY)
  const settled = habit.days.filter(({ day }) => day <= today - SETTLE_DAYS)
  // A day of the future is a mistake of the clock: it must be lived through once more.
  const days = habit.days.filter(({ day }) => day > today - SETTLE_DAYS && day <= today)
  if (settled.length === 0 && days.length === habit.days.length) return habit
  const kept = settled.reduce<DayRecord>(
    (so, one) => ({ day: so.day, hour: greater(so.hour, one.hour), total: greater(so.total, one.total) }),
    keptAt(habit, today),
  )
  return { days, kept }
}

/** @param spending with what was sent just now, moved to now. @returns the habit with today's numbers. */
export const habitWith = (habit: Habit, amount: Amount, spending: Spending, now: number): Habit => {
  const { days, kept } = habitAt(habit, now)
  const today = Math.floor(now / DAY)
  const before = days.find(({ day }) => day === today) ?? { day: today, hour: none, total: none }
  const record = {
    day: today,
    hour: greater(before.hour, spentOf(spending).hour),
    total: eachKind((kind) => before.total[kind] + amount[kind]),
  }
  return { days: [record, ...days.filter(({ day }) => day !== today)], kept }
}

/** After a refusal: the days that are not settled yet count for nothing. */
export const habitDoubted = (habit: Habit, now: number): Habit => ({ days: [], kept: habitAt(habit, now).kept })

export type Standing = {
  /** When the account was made, or was last thawed. */
  readonly cleanSince: number
  readonly habit: Habit
  /** The network that it writes from is new to it. */
  readonly attention: boolean
  /** The account's own limits, instead of what it has by its age and habit. */
  readonly own: { readonly [S in Span['name']]?: { readonly [K in Kind]?: number | undefined } }
}

const grownTo = (settings: GuardSettings, standing: Standing, now: number): number => {
  const age = settings.growMs === 0 ? 1 : Math.min(1, Math.max(0, now - standing.cleanSince) / settings.growMs)
  return 1 + Math.max(0, settings.growth - 1) * age
}

/** @returns the limits of an account at `now`, whole numbers. */
export const limitsOf = (settings: GuardSettings, standing: Standing, now: number): Limits => {
  const grown = grownTo(settings, standing, now)
  const kept = keptAt(habitAt(standing.habit, now), Math.floor(now / DAY))
  const limit = (span: Span['name'], kind: Kind): number => {
    const own = standing.own[span]?.[kind]
    const base = settings.budget[span][kind]
    const most = base * settings.mostHabit
    const usual = Math.min(span === 'hour' ? kept.hour[kind] : kept.total[kind], most)
    const plain = own ?? Math.max(base * grown, Math.min(settings.habit * usual, most))
    if (!standing.attention) return Math.floor(plain)
    // Under attention the account may do what it is used to; strangers are what a thief writes to, and no habit speaks for them.
    const watched = Math.max(settings.attentionBudget[span][kind], kind === 'firstTime' ? 0 : usual)
    return Math.floor(Math.min(plain, watched))
  }
  return { hour: eachKind((kind) => limit('hour', kind)), day: eachKind((kind) => limit('day', kind)) }
}

type Json = { readonly [name: string]: unknown }
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0

/** @returns the spending as plain data. */
export const writeSpending = (spending: Spending): unknown =>
  spans.map(({ name }) => kinds.map((kind) => writeWindow(spending[name][kind])))

/** @returns undefined for what is none. */
export const readSpending = (value: unknown): Spending | undefined => {
  const lists: readonly unknown[] = Array.isArray(value) ? value : []
  const windows = spans.map((span, index) => {
    const list: unknown = lists[index]
    return Array.isArray(list) ? kinds.map((_, kind) => readWindow(list[kind], span)) : []
  })
  const part = (index: number): Spending['hour'] | undefined => {
    const [messages, recipients, firstTime] = windows[index] ?? []
    return messages === undefined || recipients === undefined || firstTime === undefined
      ? undefined
      : { messages, recipients, firstTime }
  }
  const [hour, day] = [part(0), part(1)]
  return hour === undefined || day === undefined ? undefined : { hour, day }
}

const writeAmount = (amount: Amount): readonly number[] => kinds.map((kind) => amount[kind])
const readAmount = (value: unknown): Amount | undefined => {
  const [messages, recipients, firstTime]: readonly unknown[] = Array.isArray(value) ? value : []
  return isCount(messages) && isCount(recipients) && isCount(firstTime)
    ? { messages, recipients, firstTime }
    : undefined
}
const writeDay = ({ day, hour, total }: DayRecord): unknown => [day, writeAmount(hour), writeAmount(total)]
const readDay = (value: unknown): DayRecord | undefined => {
  const [day, ...amounts]: readonly unknown[] = Array.isArray(value) ? value : []
  const [hour, total] = amounts.map(readAmount)
  return isCount(day) && hour !== undefined && total !== undefined ? { day, hour, total } : undefined
}

/** @returns the habit as plain data. */
export const writeHabit = ({ days, kept }: Habit): unknown => ({ days: days.map(writeDay), kept: writeDay(kept) })

/** @returns undefined for what is none. */
export const readHabit = (value: unknown): Habit | undefined => {
  if (!isObject(value) || !Array.isArray(value['days']) || value['days'].length > SETTLE_DAYS + 1) return undefined
  const [kept, days] = [readDay(value['kept']), value['days'].map(readDay)]
  return kept !== undefined && days.every((day) => day !== undefined) ? { days, kept } : undefined
}
