/**
 * Small reads, done where they are asked for: the main thread has a connection of its own that only reads. A trip to another thread and back costs 25 to 60 µs on a
 * machine that rests and half a millisecond on a busy one, since two threads must be woken; a message of a few KB is read in some 50 µs. What may be large, or many, goes
 * to a reader as before: one client's command must not hold up the others (docs/decisions/0047).
 */
import { ok, type Result } from '../../base/result.ts'
import type { Complain, Outcome } from '../../store/sqlite/batch.ts'
import type { OpenFault } from '../../store/sqlite/database.ts'
import { openReader } from '../../store/sqlite/engine.ts'
import type { VerbName } from '../../store/sqlite/house.ts'

const FEW = 4 // messages
const SMALL = 65_536 // octets of messages
const CACHE_KIB = 2_048

/** Whether these arguments of a page verb name few messages, by ranges of UIDs. */
const namesFew = (uids: unknown): boolean => {
  if (!Array.isArray(uids)) return false
  let count = 0
  for (const range of uids) {
    if (!Array.isArray(range)) return false
    count += Number(range[1]) - Number(range[0]) + 1
  }
  return count <= FEW
}

type Asked = { readonly uids?: unknown; readonly mostBytes?: unknown; readonly want?: { readonly message?: unknown } }

/** Whether the answer to a verb is small, and soon found. */
const isSmall = (verb: VerbName, args: unknown): boolean => {
  if (verb === 'mailbox' || verb === 'account') return true
  if ((verb !== 'messages' && verb !== 'envelopes') || typeof args !== 'object' || args === null) return false
  const asked: Asked = args // plain data, as store.ts types it
  if (!namesFew(asked.uids)) return false
  return asked.want?.message !== true || (typeof asked.mostBytes === 'number' && asked.mostBytes <= SMALL)
}

export type AtHand = {
  /** @returns undefined where a thread is to be asked: it is no small read, or it failed. */
  readonly answer: (verb: VerbName, args: unknown) => Outcome | undefined
  readonly close: () => void
}

/** Opens the connection; the writer has made the database. */
export const openAtHand = (folder: string, complain: Complain): Result<AtHand, OpenFault> => {
  const opened = openReader({
    folder,
    complain,
    onOpen: (db) => db.exec(`PRAGMA cache_size = -${CACHE_KIB}`),
  })
  if (!opened.ok) return opened
  const engine = opened.value
  let open = true
  return ok({
    answer: (verb, args) => {
      if (!open || !isSmall(verb, args)) return undefined
      const outcome = engine.run([{ verb, args }]).outcomes[0]
      // Damage and a mistake of ours are told by the thread, in its log; what is not there is not there.
      return outcome?.ok === true ||
        (outcome !== undefined && 'error' in outcome && outcome.error.startsWith('no-such'))
        ? outcome
        : undefined
    },
    close: () => {
      if (open) engine.close()
      open = false
    },
  })
}
