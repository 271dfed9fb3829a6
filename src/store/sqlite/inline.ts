/** A store without a thread, for tests and tools: the same verbs over the same engine, a batch a call. */
import { join } from 'node:path'
import { fail, ok, type Result } from '../../base/result.ts'
import type { Bell, Store } from '../store.ts'
import { adopt, spooled } from './adopt.ts'
import type { Complain, Outcome } from './batch.ts'
import { fileNames, type OpenFault } from './database.ts'
import { openEngine } from './engine.ts'
import type { VerbName } from './house.ts'
import { storeOf } from './store-of.ts'

const quiet: Complain = () => undefined

/** Opens the store in `folder`, or one in memory (`:memory:`). */
export const openInline = (options: {
  readonly folder: string
  /** Blobs in a digest; 0 makes none. */
  readonly digestBlobs?: number
}): Result<Store, OpenFault> => {
  const { folder, digestBlobs } = options
  const engine = openEngine({ folder, complain: quiet, ...(digestBlobs === undefined ? {} : { digestBlobs }) })
  if (!engine.ok) return engine
  const listeners = new Set<(bell: Bell) => void>()
  let open = true
  const bodies = join(options.folder, fileNames.bodies)
  const call = async (verb: VerbName, args: unknown): Promise<Outcome> => {
    if (!open) return fail('closed')
    const asked = spooled({ verb, args }) === null ? ok({ verb, args }) : await adopt(bodies, { verb, args }, quiet)
    if (!asked.ok) return asked
    const batch = engine.value.run([asked.value])
    engine.value.sync()
    for (const bell of batch.bells) for (const listener of listeners) listener(bell)
    while (batch.wrote && digestBlobs !== 0 && engine.value.digestDue()) {
      const made = engine.value.makeDigest()
      if (made === null) break
      engine.value.run([], made)
    }
    return batch.outcomes[0] ?? fail('closed')
  }
  return ok(
    storeOf(call, {
      listen: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      close: async () => {
        if (open) engine.value.close()
        open = false
      },
    }),
  )
}
