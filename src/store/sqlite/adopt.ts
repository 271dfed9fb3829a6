/** The step before the batch: a verb whose body is a spool file gets it taken over, or its fault. */
import { randomUUID } from 'node:crypto'
import { fail, ok, type Result } from '../../base/result.ts'
import type { StoreFault } from '../store.ts'
import type { Call, Complain } from './batch.ts'
import { faultOf } from './fault.ts'
import { adoptFile } from './files.ts'

/** The spool file in a call's arguments, of the two verbs that take one. */
export const spooled = (call: Call): { readonly file: string; readonly size: number } | null => {
  if (call.verb !== 'deliver' && call.verb !== 'replace') return null
  const { args } = call
  if (typeof args !== 'object' || args === null || !('body' in args)) return null
  const { body } = args
  if (typeof body !== 'object' || body === null || !('file' in body) || !('size' in body)) return null
  return typeof body.file === 'string' && typeof body.size === 'number' ? { file: body.file, size: body.size } : null
}

/** Whether a deliver's body is to leave: then it is kept whatever its places say. */
export const queues = (call: Call): boolean => {
  const { args } = call
  if (call.verb !== 'deliver' || typeof args !== 'object' || args === null || !('queue' in args)) return false
  const { queue } = args
  return (
    typeof queue === 'object' &&
    queue !== null &&
    'entries' in queue &&
    Array.isArray(queue.entries) &&
    queue.entries.length > 0
  )
}

/** @param bodies the folder of large bodies. @returns the call with its file in its new place; a fault when the disk refuses */
export const adopt = async (bodies: string, call: Call, complain: Complain): Promise<Result<Call, StoreFault>> => {
  const body = spooled(call)
  if (body === null || typeof call.args !== 'object') return ok(call)
  try {
    const file = await adoptFile(bodies, body.file, randomUUID())
    return ok({ verb: call.verb, args: { ...call.args, body: { file, size: body.size } } })
  } catch (error) {
    const fault = faultOf(error)
    if (fault === null) throw error
    complain(call.verb, fault, error instanceof Error ? error.message : String(error))
    return fail(fault)
  }
}
