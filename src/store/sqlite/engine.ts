/**
 * One database with what its batches need, as the storage thread and the inline store both use it: open, run batches, count, keep
 * the write-ahead log short, close. A reader is a second connection that only reads.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ok, type Result } from '../../base/result.ts'
import { queues, spooled } from './adopt.ts'
import { type Batch, type Call, type Complain, type Outcome, runBatch } from './batch.ts'
import { fileNames, makeFolders, type OpenFault, openDatabase, sweepBodies, syncPath, takeLock } from './database.ts'
import { DIGEST_BLOBS, digestDue, type Made, nextDigest } from './digest-make.ts'
import { num, openDoor } from './door.ts'
import { faultOf } from './fault.ts'
import { removeFile } from './files.ts'
import type { House } from './house.ts'
import { verbKinds } from './names.ts'
import { WordShelf } from './word-shelf.ts'

export type Engine = {
  /** Files in the calls were adopted (adopt.ts); one that no row came to name is removed. */
  readonly run: (calls: readonly Call[], made?: Made) => Batch
  /** Whether a digest is to be made: enough blobs are in none, or one holds what is gone. */
  readonly digestDue: () => boolean
  /** Makes the next digest that is due, for `run` of the writer. @returns null when none is, or when what it would hold cannot be read */
  readonly makeDigest: () => Made | null
  /** Whether commits were answered that a power failure could still undo: those that changed only flags. */
  readonly owesSync: () => boolean
  /** Puts on disk what `owesSync` tells of. */
  readonly sync: () => void
  /** Moves what it can from the write-ahead log into the database, without waiting for anyone. @returns pages in the log that are not moved yet */
  readonly checkpoint: () => number
  /** Pages in the write-ahead log. */
  readonly logPages: () => number
  /** Lets go of what was kept for the next search. */
  readonly forget: () => void
  readonly close: () => void
}
export type EngineOptions = {
  /** The data folder, or `:memory:`. */
  readonly folder: string
  readonly complain: Complain
  /** Blobs in a digest; fewer in tests. */
  readonly digestBlobs?: number
  /** What is set on the connection first. */
  readonly onOpen?: (db: DatabaseSync) => void
}

const houseOf = (db: DatabaseSync, folder: string): House => ({
  tx: openDoor(db),
  bodies: folder === ':memory:' ? null : join(folder, fileNames.bodies),
  rings: [],
  afterCommit: [],
  keywordSets: new Map(),
  columns: new Map(),
  words: new WordShelf(),
})

/** Whether a deliver or replace put its body anywhere. */
const kept = (call: Call, outcome: Outcome | undefined): boolean =>
  outcome?.ok === true &&
  (queues(call) || !Array.isArray(outcome.value) || outcome.value.some((one: { ok: boolean }) => one.ok))

const withCounts = (outcome: Outcome, counts: { readonly commits: number; readonly verbs: number }): Outcome =>
  outcome.ok && typeof outcome.value === 'object' ? ok({ ...outcome.value, ...counts }) : outcome

/** Opens a folder's database (making it where there is none) for writing, or one in memory. */
export const openEngine = (options: EngineOptions): Result<Engine, OpenFault> => {
  const { folder, complain } = options
  const inMemory = folder === ':memory:'
  if (!inMemory) makeFolders(folder)
  const lock = inMemory ? ok(new DatabaseSync(':memory:')) : takeLock(folder)
  if (!lock.ok) return lock
  const wasCut = !inMemory && existsSync(join(folder, fileNames.log))
  const opened = openDatabase(folder)
  if (!opened.ok) {
    lock.value.close()
    return opened
  }
  const db = opened.value
  if (wasCut) leaveGap(db)
  if (!inMemory) sweepBodies(db, folder)
  options.onOpen?.(db)
  const house = houseOf(db, folder)
  const counts = { commits: 0, verbs: 0 }
  const durable = durability(db, inMemory ? null : join(folder, fileNames.log), complain)
  return ok({
    run: (calls, made) => {
      counts.verbs += calls.length
      const writes = calls.filter(({ verb }) => verbKinds[verb] === 'write')
      const light = made === undefined && writes.every(({ verb }) => verb === 'changeFlags')
      if (writes.length > 0 || made !== undefined) durable.before(light)
      const batch = runBatch(db, house, calls, complain, made)
      if (batch.wrote) {
        counts.commits += 1
        durable.wrote(light)
      }
      for (const [at, call] of calls.entries()) {
        const body = spooled(call)
        if (body !== null && !inMemory && !kept(call, batch.outcomes[at])) removeFile(body.file)
      }
      const outcomes = batch.outcomes.map((outcome, at) =>
        calls[at]?.verb === 'stats' ? withCounts(outcome, counts) : outcome,
      )
      return { ...batch, outcomes }
    },
    ...digesting(house, options),
    ...checkpointing(house, inMemory, complain),
    owesSync: durable.owes,
    sync: durable.sync,
    forget: () => house.words.clear(),
    close: () => {
      durable.sync()
      db.close()
      lock.value.close()
    },
  })
}

const digesting = (
  house: House,
  { digestBlobs = DIGEST_BLOBS, complain }: EngineOptions,
): Pick<Engine, 'digestDue' | 'makeDigest'> => ({
  digestDue: () => digestDue(house, digestBlobs),
  makeDigest: () => {
    try {
      return nextDigest(house, digestBlobs)
    } catch (error) {
      // Searches read the messages themselves, as before.
      const fault = faultOf(error)
      if (fault === null) throw error
      complain('digest', fault, error instanceof Error ? error.message : String(error))
      return null
    }
  },
})

const checkpointing = (
  house: House,
  inMemory: boolean,
  complain: Complain,
): Pick<Engine, 'checkpoint' | 'logPages'> => {
  const ask = (mode: 'PASSIVE' | 'NOOP'): readonly unknown[] => {
    try {
      return house.tx.list(`PRAGMA wal_checkpoint(${mode})`) ?? []
    } catch (error) {
      // The log stays as it is, and everything in it is safe.
      const fault = faultOf(error)
      if (fault === null) throw error
      complain('checkpoint', fault, error instanceof Error ? error.message : String(error))
      return [0, 0, 0]
    }
  }
  return {
    checkpoint: () => {
      if (inMemory) return 0
      const row = ask('PASSIVE')
      return num(row[1]) - num(row[2])
    },
    logPages: () => (inMemory ? 0 : num(ask('NOOP')[1])),
  }
}

/** More changes than an account sees in the time that flags may wait for the disk. */
const GAP = 1_000_000

/**
 * After an end that was no stop, places in the change log may have been told to clients that a power failure has undone (decision 0047). None of them is given out again: a
 * client that knows one of them hears of everything that comes after it. RFC 7162 section 3.1 (mod-sequences only rise).
 */
const leaveGap = (db: DatabaseSync): void => {
  db.exec(`UPDATE accounts SET mod_seq = mod_seq + ${GAP}`)
}

type Durability = {
  /** Before a batch. @param light whether it may be answered before it is on disk. */
  readonly before: (light: boolean) => void
  readonly wrote: (light: boolean) => void
  readonly owes: () => boolean
  readonly sync: () => void
}

/**
 * Every commit is on disk before it is answered, but for those that change only flags: they are answered when they are in the log, and put on disk by the next commit of
 * anything else, or by `sync`. @param log the write-ahead log's file; null in memory
 */
const durability = (db: DatabaseSync, log: string | null, complain: Complain): Durability => {
  let full = true
  let owes = false
  return {
    before: (light) => {
      if (log === null || full === !light) return
      full = !light
      db.exec(`PRAGMA synchronous = ${full ? 'FULL' : 'NORMAL'}`)
    },
    wrote: (light) => {
      // A commit that is synced takes the whole log before it along.
      owes = light && log !== null
    },
    owes: () => owes,
    sync: () => {
      if (!owes || log === null) return
      try {
        syncPath(log)
        owes = false
      } catch (error) {
        // The next commit of anything else says so to its caller.
        const fault = faultOf(error)
        if (fault === null) throw error
        complain('sync', fault, error instanceof Error ? error.message : String(error))
      }
    },
  }
}

/** Opens a second connection that only reads (and may checkpoint); the writer has made the database. */
export const openReader = (options: EngineOptions): Result<Engine, OpenFault> => {
  const opened = openDatabase(options.folder)
  if (!opened.ok) return opened
  const db = opened.value
  db.exec('PRAGMA query_only = ON')
  options.onOpen?.(db)
  const house = houseOf(db, options.folder)
  return ok({
    run: (calls) => {
      // One view of the database for a verb that asks many questions.
      house.tx.run('BEGIN')
      try {
        return runBatch(db, house, calls, options.complain)
      } finally {
        if (db.isTransaction) house.tx.run('COMMIT')
        // What a later view says of a set's number may differ: a set is made once, but its number may come again after a roll-back.
        house.keywordSets.clear()
      }
    },
    ...digesting(house, options),
    ...checkpointing(house, false, options.complain),
    owesSync: () => false,
    sync: () => undefined,
    forget: () => house.words.clear(),
    close: () => db.close(),
  })
}
