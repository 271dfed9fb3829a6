/** Verbs: the queue of what leaves, read: entries chosen, messages whole or in slices; what `stats` and `check` say of it. */
import { type AccountId, accountId, blobId } from '../../base/ids.ts'
import type { QueueEntry } from '../store.ts'
import { readBody } from './body.ts'
import { Damaged, type List, num, numOrNull, octets, text } from './door.ts'
import { type House, Refused, type Run } from './house.ts'
import { bodyOf, headOf, joined, prefixOf } from './messages.ts'
import { states } from './queue-change.ts'

const MOST_ENTRIES_READ = 20_000 // in one answer, whatever was asked
const MOST_BYTES_READ = 64 * 2 ** 20

const columns = `id, message, blob, account, sender, recipient, domain, state, why, queued_at, next_at, expires_at, tries, size, options, last`
const also = `id > ?1 AND (?3 IS NULL OR message = ?3) AND (?4 IS NULL OR domain = ?4) AND (?5 IS NULL OR account = ?5) AND (?6 IS NULL OR state = ?6)`
const listSql = `SELECT ${columns} FROM queue WHERE ${also} ORDER BY id LIMIT ?2`
const dueSql = `SELECT ${columns} FROM queue INDEXED BY queue_due WHERE state = 0 AND next_at <= ?7 AND ${also} ORDER BY id LIMIT ?2`
const heldDueSql = `SELECT ${columns} FROM queue WHERE next_at <= ?7 AND ${also} ORDER BY id LIMIT ?2`
const oneSql = `SELECT ${columns} FROM queue WHERE id = ?`

const accountOf = (value: unknown): AccountId | null => {
  const number = numOrNull(value)
  return number === null ? null : accountId(number)
}

const readEntry = (row: List): QueueEntry => ({
  id: num(row[0]),
  message: text(row[1]),
  blob: blobId(num(row[2])),
  account: accountOf(row[3]),
  sender: text(row[4]),
  recipient: text(row[5]),
  domain: text(row[6]),
  state: states[num(row[7])] ?? 'held',
  why: text(row[8]),
  queuedAt: num(row[9]),
  nextAt: num(row[10]),
  expiresAt: num(row[11]),
  tries: num(row[12]),
  size: num(row[13]),
  options: text(row[14]),
  last: text(row[15]),
})

type Choice = Parameters<Run<'queue'>>[1]

const byIds = (house: House, a: Choice, most: number): readonly QueueEntry[] =>
  (a.ids ?? [])
    .toSorted((one, other) => one - other)
    .flatMap((id) => house.tx.lists(oneSql, id).map(readEntry))
    .filter(
      (entry) =>
        entry.id > (a.after ?? 0) &&
        (a.message === undefined || entry.message === a.message) &&
        (a.domain === undefined || entry.domain === a.domain) &&
        (a.account === undefined || entry.account === a.account) &&
        (a.state === undefined || entry.state === a.state) &&
        (a.dueBefore === undefined || entry.nextAt <= a.dueBefore),
    )
    .slice(0, most)

export const queue: Run<'queue'> = (house, a) => {
  const most = Math.min(Math.max(a.most, 1), MOST_ENTRIES_READ)
  if (a.ids !== undefined) return byIds(house, a, most)
  const values = [
    a.after ?? 0,
    most,
    a.message ?? null,
    a.domain ?? null,
    a.account ?? null,
    a.state === undefined ? null : states.indexOf(a.state),
  ]
  if (a.dueBefore === undefined) return house.tx.lists(listSql, ...values).map(readEntry)
  return house.tx.lists(a.state === 'waiting' ? dueSql : heldDueSql, ...values, a.dueBefore).map(readEntry)
}

type Found = { readonly blob: number; readonly variant: number; readonly size: number }

const find = (house: House, id: number): Found | null => {
  const row = house.tx.list('SELECT blob, variant, size FROM queue WHERE id = ?', id)
  return row === undefined ? null : { blob: num(row[0]), variant: num(row[1]), size: num(row[2]) }
}

/** The prefix and a reader of the body of what an entry points at. @throws Damaged when it is not there */
const open = (
  house: House,
  { blob, variant }: Found,
): { readonly prefix: string; readonly body: (slice?: { from: number; to: number }) => Uint8Array } => {
  if (blob > 0) {
    const head = headOf(house, blob)
    return {
      prefix: prefixOf(house, blob, variant, head.prefix),
      body: (slice) => bodyOf(house, blob, head.form, head, slice),
    }
  }
  const row = house.tx.list('SELECT kind, prefix, data FROM leaving WHERE id = ?', -blob)
  if (row === undefined) throw new Damaged(`body ${-blob} that leaves is not there`)
  const kept = { kind: num(row[0]), data: octets(row[2]) }
  return { prefix: text(row[1]), body: (slice) => readBody(kept, house.bodies, slice) }
}

export const queueMessages: Run<'queueMessages'> = (house, a) => {
  const rows: { id: number; message: Uint8Array }[] = []
  const most = Math.min(a.mostBytes, MOST_BYTES_READ)
  let bytes = 0
  for (const id of a.ids) {
    const found = find(house, id)
    if (found === null) continue
    bytes += found.size
    if (rows.length > 0 && bytes > most) break
    const { prefix, body } = open(house, found)
    rows.push({ id, message: joined(prefix, body()) })
  }
  return rows
}

export const readQueued: Run<'readQueued'> = (house, a) => {
  const found = find(house, a.id)
  if (found === null) throw new Refused('no-such-message')
  const from = Math.max(a.from, 0)
  const to = Math.min(a.to, found.size)
  if (from >= to) return new Uint8Array(0)
  const { prefix, body } = open(house, found)
  const end = prefix.length
  const part = to > end ? body({ from: Math.max(from - end, 0), to: to - end }) : new Uint8Array(0)
  return joined(prefix.slice(from, to), part)
}

/** What `stats` says of the queue. */
export const queueCounts = (
  house: House,
): { waiting: number; held: number; oldest: number | null; next: number | null } => {
  const counts = new Map(
    house.tx.lists('SELECT state, count(*) FROM queue GROUP BY state').map((row) => [num(row[0]), num(row[1])]),
  )
  const oldest = house.tx.list('SELECT queued_at FROM queue ORDER BY id LIMIT 1')?.[0]
  const next = house.tx.list('SELECT min(next_at) FROM queue WHERE state = 0')?.[0]
  return {
    ...{ waiting: counts.get(0) ?? 0, held: counts.get(1) ?? 0 },
    ...{ oldest: numOrNull(oldest ?? null), next: numOrNull(next ?? null) },
  }
}

/** Every body that only leaves is read. */
export const checkLeaving = (house: House, findings: string[]): void => {
  for (const row of house.tx.lists('SELECT id, size FROM leaving ORDER BY id')) {
    const [id, size] = [num(row[0]), num(row[1])]
    try {
      const got = open(house, { blob: -id, variant: 0, size }).body().length
      if (got !== size) findings.push(`body ${id} that leaves has ${got} octets, not ${size}`)
    } catch (error) {
      findings.push(`body ${id} that leaves cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}
