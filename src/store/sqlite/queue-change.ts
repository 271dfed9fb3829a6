/**
 * The queue of what leaves, changed: rows put in, settled, and taken out. A body that is in a mailbox too is the mailbox's blob; one that only leaves is kept as it
 * is in `leaving` (it is gone in seconds: neither compressing nor digesting it would pay) and goes with its last row.
 */
import { join } from 'node:path'
import type { NewQueueEntry, QueueChange } from '../store.ts'
import { bodyKinds } from './body.ts'
import { num, octets } from './door.ts'
import { removeFile } from './files.ts'
import type { House, Run } from './house.ts'

/** By their number in a row. */
export const states = ['waiting', 'held'] as const

/** What is put into the queue: the body as it is kept in a row, or the blob that a mailbox has already. */
export type Leaving = { readonly size: number; readonly prefix: string } & (
  | { readonly blob: number; readonly variant: number }
  | { readonly kind: number; readonly data: Uint8Array }
)

const insertSql = `INSERT INTO queue (state, next_at, blob, variant, size, message, account, sender, recipient, domain, why, queued_at, expires_at, options)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** Puts entries in, and the body where no mailbox has it. */
export const putQueue = (house: House, entries: readonly NewQueueEntry[], leaving: Leaving): void => {
  const { size, prefix } = leaving
  const blob =
    'blob' in leaving
      ? leaving.blob
      : -house.tx.run(
          'INSERT INTO leaving (size, kind, prefix, data) VALUES (?, ?, ?, ?)',
          size,
          leaving.kind,
          prefix,
          leaving.data,
        ).id
  for (const entry of entries)
    house.tx.run(
      insertSql,
      states.indexOf(entry.state),
      entry.nextAt,
      blob,
      'blob' in leaving ? leaving.variant : 0,
      size + prefix.length,
      entry.message,
      entry.account,
      entry.sender,
      entry.recipient,
      entry.domain,
      entry.why,
      entry.queuedAt,
      entry.expiresAt,
      entry.options,
    )
}

/** Takes an entry out, and what only it pointed at. */
const removeEntry = (house: House, id: number): void => {
  const row = house.tx.list('DELETE FROM queue WHERE id = ? RETURNING blob', id)
  if (row === undefined) return
  const blob = num(row[0])
  if (blob > 0) {
    house.tx.run('INSERT INTO loose (blob) VALUES (?) ON CONFLICT DO NOTHING', blob)
    return
  }
  if (house.tx.list('SELECT 1 FROM queue WHERE blob = ? LIMIT 1', blob) !== undefined) return
  const body = house.tx.list(
    'DELETE FROM leaving WHERE id = ? RETURNING kind, CASE kind WHEN ? THEN data END',
    -blob,
    bodyKinds.file,
  )
  const { bodies } = house
  if (body === undefined || num(body[0]) !== bodyKinds.file || bodies === null) return
  const file = join(bodies, Buffer.from(octets(body[1])).toString('latin1'))
  house.afterCommit.push(() => removeFile(file))
}

const changeSql = `UPDATE queue SET state = coalesce(?, state), why = coalesce(?, why), next_at = coalesce(?, next_at), expires_at = coalesce(?, expires_at),
  tries = coalesce(?, tries), last = coalesce(?, last), options = coalesce(?, options) WHERE id = ?`

/** Does what is said of each entry, in order. */
export const settle = (house: House, changes: readonly QueueChange[]): void => {
  for (const change of changes)
    if (change.remove === true) removeEntry(house, change.id)
    else
      house.tx.run(
        changeSql,
        change.state === undefined ? null : states.indexOf(change.state),
        change.why ?? null,
        change.nextAt ?? null,
        change.expiresAt ?? null,
        change.tries ?? null,
        change.last ?? null,
        change.options ?? null,
        change.id,
      )
}

export const settleQueue: Run<'settleQueue'> = (house, a) => {
  settle(house, a.changes)
  return null
}
