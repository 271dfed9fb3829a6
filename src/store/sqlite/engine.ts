/**
 * One database with what its batches need, as the storage thread and the inline store both use it: open, adopt spool files, run
 * batches, count, close.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ok, type Result } from '../../base/result.ts'
import type { Body } from '../../base/spool.ts'
import { type Batch, type Call, type Complain, type Outcome, runBatch } from './batch.ts'
import { adoptFile } from './body.ts'
import { removeFile } from './check.ts'
import { fileNames, makeFolders, type OpenFault, openDatabase, sweepBodies, takeLock } from './database.ts'
import { openDoor } from './door.ts'
import { faultOf } from './fault.ts'
import type { House } from './house.ts'

export type Engine = {
  readonly run: (calls: readonly Call[]) => Batch
  readonly close: () => void
}
export type EngineOptions = {
  /** The data folder, or `:memory:`. */
  readonly folder: string
  readonly complain: Complain
}

/** The body in a verb's arguments that is a file; the two verbs that take one. */
const fileOf = (call: Call): Extract<Body, { readonly file: string }> | null => {
  if (call.verb !== 'deliver' && call.verb !== 'replace') return null
  const args = call.args
  if (typeof args !== 'object' || args === null || !('body' in args)) return null
  const body = args.body
  return typeof body === 'object' &&
    body !== null &&
    'file' in body &&
    typeof body.file === 'string' &&
    'size' in body &&
    typeof body.size === 'number'
    ? { file: body.file, size: body.size }
    : null
}

/** Whether a deliver or replace put its body anywhere. */
const kept = (outcome: Outcome | undefined): boolean =>
  outcome?.ok === true && (!Array.isArray(outcome.value) || outcome.value.some((one: { ok: boolean }) => one.ok))

/** Opens a folder's database (making it where there is none), or one in memory. */
export const openEngine = (options: EngineOptions): Result<Engine, OpenFault> => {
  const { folder } = options
  const inMemory = folder === ':memory:'
  if (!inMemory) makeFolders(folder)
  const lock = inMemory ? ok(new DatabaseSync(':memory:')) : takeLock(folder)
  if (!lock.ok) return lock
  const opened = openDatabase(folder)
  if (!opened.ok) {
    lock.value.close()
    return opened
  }
  const db = opened.value
  if (!inMemory) sweepBodies(db, folder)
  const bodies = inMemory ? null : join(folder, fileNames.bodies)
  const house: House = {
    tx: openDoor(db),
    bodies,
    rings: [],
    afterCommit: [],
    keywordSets: new Map(),
  }
  const counts = { commits: 0, verbs: 0 }
  return ok({
    run: (calls) => {
      counts.verbs += calls.length
      const { ready, adopted } = adopt(calls, bodies, options.complain)
      const batch = runBatch(
        db,
        house,
        ready.map(({ call }) => call),
        options.complain,
      )
      const outcomes = merge(calls, ready, batch)
      if (batch.wrote) counts.commits += 1
      for (const [at, file] of adopted) if (!kept(outcomes[at])) removeFile(file)
      return {
        ...batch,
        outcomes: outcomes.map((outcome, at) => (calls[at]?.verb === 'stats' ? withCounts(outcome, counts) : outcome)),
      }
    },
    close: () => {
      db.close()
      lock.value.close()
    },
  })
}

const withCounts = (outcome: Outcome, counts: { readonly commits: number; readonly verbs: number }): Outcome =>
  outcome.ok && typeof outcome.value === 'object' ? ok({ ...outcome.value, ...counts }) : outcome

type Ready = { readonly at: number; readonly call: Call }

/** Takes over the files of a batch before its transaction begins; a call whose file cannot be taken has its outcome already. */
const adopt = (
  calls: readonly Call[],
  bodies: string | null,
  complain: Complain,
): { readonly ready: readonly Ready[]; readonly adopted: ReadonlyMap<number, string> } => {
  const ready: Ready[] = []
  const adopted = new Map<number, string>()
  for (const [at, call] of calls.entries()) {
    const body = bodies === null ? null : fileOf(call)
    if (body === null || bodies === null) {
      ready.push({ at, call })
      continue
    }
    try {
      const file = join(bodies, adoptFile(bodies, body.file, randomUUID()))
      adopted.set(at, file)
      ready.push({ at, call: { verb: call.verb, args: { ...objectOf(call.args), body: { file, size: body.size } } } })
    } catch (error) {
      const fault = faultOf(error)
      if (fault === null) throw error
      complain(call.verb, fault, error instanceof Error ? error.message : String(error))
    }
  }
  return { ready, adopted }
}

const objectOf = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {})

const merge = (calls: readonly Call[], ready: readonly Ready[], batch: Batch): readonly Outcome[] => {
  const outcomes: Outcome[] = calls.map(() => ({ ok: false, error: 'disk-full' }))
  for (const [i, { at }] of ready.entries()) {
    const outcome = batch.outcomes[i]
    if (outcome !== undefined) outcomes[at] = outcome
  }
  return outcomes
}
