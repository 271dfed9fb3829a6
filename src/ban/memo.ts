/**
 * Bans and records as octets for the store's memos: JSON, versioned by shape. Pure; octets that are none read as undefined, and then a
 * ban or a record is lost, never mail.
 */
import type { Ban, OffenceKind, Scope } from './offence.ts'
import type { OffenceRecord } from './record.ts'
import { talkSentences } from './sentences.ts'

const kinds: ReadonlySet<string> = new Set<string>([...talkSentences.rows.map((row) => row.offence), 'by-hand'])
/** Whether a value names an offence. */
export const isOffenceKind = (value: unknown): value is OffenceKind => typeof value === 'string' && kinds.has(value)
const isScope = (value: unknown): value is Scope => value === 'mail' || value === 'login' || value === 'all'
const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0

/** @returns the array that the octets hold, or undefined. */
const readArray = (bytes: Uint8Array): readonly unknown[] | undefined => {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return Array.isArray(value) ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
const bytesOf = (value: readonly unknown[]): Uint8Array => Buffer.from(JSON.stringify(value), 'utf8')

/** @returns the memo of a ban. */
export const writeBan = (ban: Ban): Uint8Array =>
  bytesOf([ban.subject, ban.scope, ban.offence, ban.from, ban.until, ban.times, ban.note])

/** @returns the ban, or undefined for other octets. */
export const readBan = (bytes: Uint8Array): Ban | undefined => {
  const [subject, scope, offence, from, until, times, note] = readArray(bytes) ?? []
  if (typeof subject !== 'string' || typeof note !== 'string' || !isScope(scope) || !isOffenceKind(offence))
    return undefined
  if (!isTime(from) || !isTime(until) || !isTime(times) || until < from) return undefined
  return { subject, scope, offence, from, until, times, note }
}

/** @returns the memo of a record. */
export const writeRecord = (record: OffenceRecord): Uint8Array =>
  bytesOf([
    record.bans,
    record.bannedAt,
    record.until,
    record.counts.map(({ kind, at, weight, same }) => [kind, at, weight, same]),
  ])

const readCount = (value: unknown): OffenceRecord['counts'][number] | undefined => {
  const [kind, at, weight, same]: readonly unknown[] = Array.isArray(value) ? value : []
  return isOffenceKind(kind) && isTime(at) && isTime(weight) && typeof same === 'string'
    ? { kind, at, weight, same }
    : undefined
}

/** @returns the record, or undefined for other octets. */
export const readRecord = (bytes: Uint8Array): OffenceRecord | undefined => {
  const [bans, bannedAt, until, list] = readArray(bytes) ?? []
  if (!isTime(bans) || !isTime(bannedAt) || !isTime(until) || !Array.isArray(list)) return undefined
  const counts = list.map(readCount)
  return counts.every((count) => count !== undefined) ? { counts, bans, bannedAt, until } : undefined
}
