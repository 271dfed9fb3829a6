/**
 * A store whose named verbs fail: how other rooms see what they do with a full disk or a damaged file, without one.
 * The other verbs are those of the store that is given.
 */
import { fail } from '../base/result.ts'
import type { Store, StoreFault } from './store.ts'

type VerbName = Exclude<keyof Store, 'listen' | 'close'>

/** @param on the verbs that answer `fault`, whatever they are asked; an empty list is all of them */
export const failingStore = (store: Store, fault: StoreFault, on: readonly VerbName[]): Store => {
  const refuse = async (): Promise<{ readonly ok: false; readonly error: StoreFault }> => fail(fault)
  const names = on.length > 0 ? on : Object.keys(store).filter((name) => name !== 'listen' && name !== 'close')
  return { ...store, ...Object.fromEntries(names.map((name) => [name, refuse])) }
}
