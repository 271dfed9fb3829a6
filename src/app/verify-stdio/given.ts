/** What a case of `postern verify --stdio` gives, read: the same for every `op`. */
import type { Resolve } from '../../base/dns.ts'

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>
/** What a case says; what it leaves out is empty. */
export type Case = {
  /** All that was given. */
  readonly given: Json
  readonly ip: string
  readonly helo: string
  readonly mailFrom: string
  readonly message: Uint8Array
  readonly receiver: string
  readonly now: number
}

/** @returns the first of the names that has a text; empty without one. */
export const text = (given: Json, ...names: readonly string[]): string => {
  for (const name of names) {
    const value = given[name]
    if (typeof value === 'string') return value
  }
  return ''
}

/** Epoch ms from a date, from ms, or from seconds (numbers below 10^11). */
export const readNow = (given: unknown, byDefault: number): number => {
  const value = typeof given === 'string' ? Date.parse(given) : given
  if (typeof value !== 'number' || !Number.isFinite(value)) return byDefault
  return typeof given === 'number' && value < 1e11 ? value * 1000 : value
}

const readMessageOf = (given: Json): Uint8Array =>
  typeof given['message_base64'] === 'string'
    ? Buffer.from(given['message_base64'], 'base64')
    : Buffer.from(text(given, 'message'), 'utf8')

/** @param now epoch ms, for cases that bring no time. */
export const readCase = (given: Json, now: number): Case => ({
  given,
  ip: text(given, 'ip', 'host'),
  helo: text(given, 'helo'),
  mailFrom: text(given, 'mailfrom', 'mailFrom').replace(/^<(.*)>$/s, '$1'),
  message: readMessageOf(given),
  receiver: text(given, 'receiver') || 'unknown',
  now: readNow(given['now'], now),
})

/** Answers one case. `signal` ends its look-ups. */
export type Op = (one: Case, resolve: Resolve, signal: AbortSignal) => Promise<Json>
