/** A `Store` over one function that carries a verb's name and arguments to where it is done. */
import type { Store } from '../store.ts'
import type { Outcome } from './batch.ts'
import type { VerbName } from './house.ts'
import { verbKinds } from './names.ts'

type Rest = Pick<Store, 'listen' | 'close'>

/** @param call carries a verb; its outcome crosses as plain data. A mistake of ours rejects. */
export const storeOf = (call: (verb: VerbName, args: unknown) => Promise<Outcome>, rest: Rest): Store => {
  const settle = async (verb: VerbName, args: unknown): Promise<unknown> => {
    const outcome = await call(verb, args)
    if (!outcome.ok && 'mistake' in outcome) throw new Error(`store ${verb}: ${outcome.mistake}`)
    return outcome
  }
  const entries = Object.keys(verbKinds).map((verb) => [
    verb,
    (args: unknown) => settle(verb as VerbName, args), // a key of verbKinds
  ])
  // Every verb of Store is a key of verbKinds (a missing one does not compile), and each carries its own types on both ends.
  return { ...Object.fromEntries(entries), ...rest } as Store
}
