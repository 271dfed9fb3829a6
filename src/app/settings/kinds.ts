/**
 * The kinds of values that settings have, as zod types that read what people write: `6 h`, `50 MB`, `6 h - 10 h`, `192.0.2.0/24`, `[::]:25`. Each says
 * in one sentence what is wrong with a value. Pure.
 */
import * as z from 'zod'
import { type Prefix, readIp, readPrefix } from '../../base/ip.ts'

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
const sizes: Readonly<Record<string, number>> = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 }

const readQuantity = (text: string, table: Readonly<Record<string, number>>): number | undefined => {
  const found = /^(\d{1,12}(?:\.\d{1,6})?)\s*([A-Za-z]{1,3})$/.exec(text.trim())
  const unit = Object.entries(table).find(([name]) => name.toLowerCase() === found?.[2]?.toLowerCase())
  return found === null || unit === undefined ? undefined : Math.round(Number(found[1]) * unit[1])
}

/** @returns milliseconds of `90 s`, `6 h`, `30 d`; undefined where it is none. */
export const readDuration = (text: string): number | undefined => readQuantity(text, units)

/** @returns octets of `50 MB`; undefined where it is none. */
export const readSize = (text: string): number | undefined => readQuantity(text, sizes)

/** @returns the shortest way to write a duration: `6 h`. */
export const writeDuration = (ms: number): string => {
  const [name, unit] = Object.entries(units).findLast(([, size]) => ms >= size && ms % size === 0) ?? ['ms', 1]
  return `${ms / unit} ${name}`
}

/** @returns the shortest exact way to write a number of octets: `50 MB`. */
export const writeSize = (octets: number): string => {
  const [name, unit] = Object.entries(sizes).findLast(([, size]) => octets >= size && octets % size === 0) ?? ['B', 1]
  return `${octets / unit} ${name}`
}

const reading = <T>(read: (text: string) => T | undefined, wrong: string) =>
  z.string({ error: `must be text: ${wrong}` }).transform((text, context): T => {
    const value = read(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: `"${text.slice(0, 60)}" is no such value: ${wrong}` })
    return z.NEVER
  })

/** Milliseconds. @param byDefault as people write it. */
export const duration = (byDefault: string, says: string) =>
  reading(readDuration, 'write a number and ms, s, min, h, d or w, as in "6 h"').prefault(byDefault).describe(says)

/** Milliseconds, or null for `word`. */
export const durationOr = (word: string, byDefault: string, says: string) =>
  reading(
    (text): number | null | undefined => (text === word ? null : readDuration(text)),
    `write "${word}", or a number and ms, s, min, h, d or w, as in "30 d"`,
  )
    .prefault(byDefault)
    .describe(says)

/** Octets. */
export const size = (byDefault: string, says: string) =>
  reading(readSize, 'write a number and B, KB, MB, GB or TB, as in "50 MB"').prefault(byDefault).describe(says)

/** A whole number. */
export const count = (byDefault: number, least: number, most: number, says: string) =>
  z
    .int({ error: 'must be a whole number' })
    .min(least, { error: `must be at least ${least}` })
    .max(most, { error: `must be at most ${most}` })
    .default(byDefault)
    .describe(says)

/** Points of the spam score. */
export const points = (byDefault: number, says: string) =>
  z
    .number({ error: 'must be a number' })
    .min(-1000, { error: 'must be at least -1000' })
    .max(1000, { error: 'must be at most 1000' })
    .default(byDefault)
    .describe(says)

/** Yes or no. */
export const yes = (byDefault: boolean, says: string) =>
  z.boolean({ error: 'must be true or false, without quotes' }).default(byDefault).describe(says)

/** One of a closed choice. */
export const oneOf = <const T extends readonly [string, ...string[]]>(
  choices: T,
  byDefault: NoInfer<T[number]>,
  says: string,
) =>
  reading(
    (text): T[number] | undefined => choices.find((choice) => choice === text),
    `write one of ${choices.map((choice) => `"${choice}"`).join(', ')}`,
  )
    .prefault(byDefault)
    .describe(says)

export type DurationRange = { readonly leastMs: number; readonly mostMs: number }

/** A length of time drawn between two: `6 h - 10 h`. */
export const durationRange = (byDefault: string, says: string) =>
  reading((text): DurationRange | undefined => {
    const [from = '', to = from, ...more] = text.split(' - ')
    const [leastMs, mostMs] = [readDuration(from), readDuration(to)]
    if (more.length > 0 || leastMs === undefined || mostMs === undefined || leastMs > mostMs) return undefined
    return { leastMs, mostMs }
  }, 'write two lengths of time, the shorter first, as in "6 h - 10 h"')
    .prefault(byDefault)
    .describe(says)

export type Endpoint = { readonly host: string; readonly port: number }
/** @returns host and port of `0.0.0.0:25` or `[::]:25`. */
const readEndpoint = (text: string): Endpoint | undefined => {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([\d.]+)):(\d{1,5})$/.exec(text)
  const host = found?.[1] ?? found?.[2] ?? ''
  const port = Number(found?.[3] ?? -1)
  return readIp(host).ok && port >= 0 && port <= 65_535 ? { host, port } : undefined
}

const listOf = <T>(read: (text: string) => T | undefined, wrong: string, byDefault: readonly string[], says: string) =>
  z
    .array(reading(read, wrong), { error: `must be a list: ["…"]` })
    .max(1000, { error: 'must have at most 1,000 entries' })
    .prefault([...byDefault])
    .describe(says)

/** One address and port. */
export const endpoint = (example: string) => reading(readEndpoint, `write an address and a port, as in ${example}`)

/** Addresses and ports to listen on; none switches the service off. */
export const endpoints = (byDefault: readonly string[], says: string) =>
  listOf(readEndpoint, 'write an address and a port, as in "0.0.0.0:25" or "[::]:25"', byDefault, says)

/** Networks: `192.0.2.0/24`, `2001:db8::/32`, or an address alone. */
export const networks = (byDefault: readonly string[], says: string) =>
  listOf(
    (text): Prefix | undefined => {
      const read = readPrefix(text)
      return read.ok ? read.value : undefined
    },
    'write a network, as in "192.0.2.0/24" or "2001:db8::/32"',
    byDefault,
    says,
  )

const isHostName = (text: string): boolean =>
  text.length <= 253 &&
  /^(?=.)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i.test(text)

/** Names of hosts, domains or zones. */
export const names = (byDefault: readonly string[], says: string) =>
  listOf((text) => (isHostName(text) ? text.toLowerCase() : undefined), 'write a domain name', byDefault, says)

/** A host's name. */
export const hostName = (says: string) =>
  reading(
    (text) => (isHostName(text) && text.includes('.') ? text.toLowerCase() : undefined),
    'write a whole host name, as in "mail.example.org"',
  ).describe(says)

/** A path; relative ones start at the folder of the configuration. Empty where it may be left out. */
export const path = (byDefault: string, says: string) =>
  z.string({ error: 'must be a path, in quotes' }).max(4096).default(byDefault).describe(says)
