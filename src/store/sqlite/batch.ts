/**
 * Group commit: the verbs that wait are run in one transaction, each in a savepoint, and are answered after the one commit. Reads
 * see the writes before them. When the commit (or the disk under it) fails, no write of the batch happened and each says so;
 * the reads are done again without them.
 */
import type { DatabaseSync } from 'node:sqlite'
import { fail, ok, type Result } from '../../base/result.ts'
import type { Bell, StoreFault } from '../store.ts'
import { type Made, putDigest } from './digest-make.ts'
import { faultOf } from './fault.ts'
import { gatherBells, type House, Refused, undo, type VerbName } from './house.ts'
import { verbKinds } from './names.ts'
import { runVerb } from './verbs.ts'

export type Call = { readonly verb: VerbName; readonly args: unknown }
/** A fault is for the caller; a mistake is ours, and makes the caller's promise reject. */
export type Outcome = Result<unknown, StoreFault> | { readonly ok: false; readonly mistake: string }
export type Batch = { readonly outcomes: readonly Outcome[]; readonly bells: readonly Bell[]; readonly wrote: boolean }
/** What went wrong below a verb, for the log. */
export type Complain = (verb: string, fault: StoreFault, why: string) => void

const isWrite = (call: Call): boolean => verbKinds[call.verb] === 'write'

const runOne = (db: DatabaseSync, house: House, call: Call, complain: Complain): Outcome => {
  const writes = isWrite(call)
  const [rings, files] = [house.rings.length, house.afterCommit.length]
  if (writes) house.tx.run('SAVEPOINT verb')
  try {
    const value = runVerb(house, call.verb, call.args)
    if (writes) house.tx.run('RELEASE verb')
    return ok(value)
  } catch (error) {
    house.rings.length = rings
    house.afterCommit.length = files
    house.keywordSets.clear()
    if (writes && db.isTransaction) {
      undo(house)
      house.tx.run('RELEASE verb')
    }
    if (error instanceof Refused) return fail(error.fault)
    const fault = faultOf(error)
    if (fault === null)
      return { ok: false, mistake: error instanceof Error ? (error.stack ?? error.message) : 'unknown' }
    complain(call.verb, fault, error instanceof Error ? error.message : String(error))
    return fail(fault)
  }
}

/** Runs the calls in order, and puts a digest in with them; throws only what is a mistake of ours outside of any verb. */
export const runBatch = (
  db: DatabaseSync,
  house: House,
  calls: readonly Call[],
  complain: Complain,
  made?: Made,
): Batch => {
  house.rings.length = 0
  house.afterCommit.length = 0
  if (made === undefined && !calls.some(isWrite))
    return { outcomes: calls.map((call) => runOne(db, house, call, complain)), bells: [], wrote: false }
  try {
    house.tx.run('BEGIN IMMEDIATE')
    const outcomes: Outcome[] = []
    for (const call of calls) {
      const outcome = runOne(db, house, call, complain)
      // SQLite ends the whole transaction when the disk is full or fails: then nothing before it happened either.
      if (!db.isTransaction) {
        const fault = !outcome.ok && 'error' in outcome ? outcome.error : 'damaged'
        return abandoned(db, house, calls, fault, complain)
      }
      outcomes.push(outcome)
    }
    if (made !== undefined) putDigest(house, made)
    house.tx.run('COMMIT')
    for (const act of house.afterCommit) act()
    return { outcomes, bells: gatherBells(house.rings), wrote: true }
  } catch (error) {
    if (db.isTransaction) house.tx.run('ROLLBACK')
    const fault = faultOf(error)
    if (fault === null) throw error
    complain('commit', fault, error instanceof Error ? error.message : String(error))
    return abandoned(db, house, calls, fault, complain)
  }
}

/** The answer when no write of the batch happened. */
const abandoned = (
  db: DatabaseSync,
  house: House,
  calls: readonly Call[],
  fault: StoreFault,
  complain: Complain,
): Batch => {
  house.rings.length = 0
  house.afterCommit.length = 0
  house.keywordSets.clear()
  house.columns.clear()
  const outcomes = calls.map((call) => (isWrite(call) ? fail(fault) : runOne(db, house, call, complain)))
  return { outcomes, bells: [], wrote: false }
}
