/**
 * What the firewall process is asked, a line of JSON each, read strictly: it runs with a privilege, and whoever can write to its socket may be a server that was taken
 * over. All it can be made to do is to close our own ports to addresses, for a time. Pure.
 */
import { type Prefix, readPrefix } from '../base/ip.ts'
import { fail, ok, type Result } from '../base/result.ts'

/** `mail`: the ports where other servers hand in; `login`: those where people log in. */
export type Gate = 'mail' | 'login'
/** Milliseconds; `gates` that are closed to it. */
export type Closing = { readonly prefix: Prefix; readonly ms: number; readonly gates: readonly Gate[] }
export type Request =
  /** First: which ports the gates have, and who is never kept out. */
  | {
      readonly do: 'hello'
      readonly ports: Readonly<Record<Gate, readonly number[]>>
      readonly allow: readonly Prefix[]
    }
  | { readonly do: 'ban'; readonly bans: readonly Closing[] }
  /** Takes the place of everything that is in force; `first` empties. */
  | { readonly do: 'restore'; readonly first: boolean; readonly bans: readonly Closing[] }
  | { readonly do: 'unban'; readonly prefixes: readonly Prefix[] }
  | { readonly do: 'flush' | 'status' | 'print' }
export type Asked = { readonly id: number; readonly request: Request }

const MOST_BANS_A_LINE = 2000
export const MOST_LINE = 512 * 1024
const MOST_MS = 366 * 86_400_000
const MOST_PORTS = 32
const MOST_ALLOWED = 1000
/** Shorter prefixes would close the ports to a continent. */
const LEAST_BITS = { 4: 8, 6: 16 } as const

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const gatesOf = (value: unknown): readonly Gate[] | undefined => {
  if (value === 'mail' || value === 'login') return [value]
  return value === 'all' ? ['mail', 'login'] : undefined
}

const prefixOf = (value: unknown): Prefix | undefined => {
  const read = typeof value === 'string' && value.length <= 64 ? readPrefix(value) : undefined
  return read?.ok === true && read.value.bits >= LEAST_BITS[read.value.version] ? read.value : undefined
}

const closingOf = (value: unknown): Closing | undefined => {
  if (!Array.isArray(value) || value.length !== 3) return undefined
  const [prefix, gates] = [prefixOf(value[0]), gatesOf(value[2])]
  const ms: unknown = value[1]
  if (prefix === undefined || gates === undefined || typeof ms !== 'number' || !Number.isFinite(ms) || ms < 1)
    return undefined
  return { prefix, gates, ms: Math.min(MOST_MS, Math.ceil(ms)) }
}

const all = <T>(value: unknown, most: number, read: (one: unknown) => T | undefined): readonly T[] | undefined => {
  if (!Array.isArray(value) || value.length > most) return undefined
  const out = value.map(read).filter((one) => one !== undefined)
  return out.length === value.length ? out : undefined
}

const portOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536 ? value : undefined

const requestOf = (fields: Fields): Request | undefined => {
  switch (fields['do']) {
    case 'hello': {
      const ports = isFields(fields['ports']) ? fields['ports'] : {}
      const [mail, login] = [all(ports['mail'], MOST_PORTS, portOf), all(ports['login'], MOST_PORTS, portOf)]
      const allow = all(fields['allow'], MOST_ALLOWED, (one) => {
        const read = typeof one === 'string' ? readPrefix(one) : undefined
        return read?.ok === true ? read.value : undefined
      })
      return mail === undefined || login === undefined || allow === undefined
        ? undefined
        : { do: 'hello', ports: { mail, login }, allow }
    }
    case 'ban': {
      const bans = all(fields['bans'], MOST_BANS_A_LINE, closingOf)
      return bans === undefined ? undefined : { do: 'ban', bans }
    }
    case 'restore': {
      const bans = all(fields['bans'], MOST_BANS_A_LINE, closingOf)
      return bans === undefined ? undefined : { do: 'restore', first: fields['first'] === true, bans }
    }
    case 'unban': {
      const prefixes = all(fields['prefixes'], MOST_BANS_A_LINE, prefixOf)
      return prefixes === undefined ? undefined : { do: 'unban', prefixes }
    }
    case 'flush':
      return { do: 'flush' }
    case 'status':
      return { do: 'status' }
    case 'print':
      return { do: 'print' }
    default:
      return undefined
  }
}

/** @returns the request, or why the line is none. */
export const readRequest = (line: string): Result<Asked, string> => {
  if (line.length > MOST_LINE) return fail('the line is too long')
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) return fail('the line is not JSON')
    throw error
  }
  if (!isFields(value) || typeof value['id'] !== 'number' || !Number.isSafeInteger(value['id']))
    return fail('a request has a number as its id')
  const request = requestOf(value)
  return request === undefined ? fail('the request is not understood') : ok({ id: value['id'], request })
}
