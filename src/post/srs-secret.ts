/** The secret of our return addresses (srs.ts): made once, kept in the store, so that an address outlives a restart. The store and chance are parameters. */
import { fail, ok, type Result } from '../base/result.ts'
import type { Store, StoreFault } from '../store/store.ts'
import type { SrsSecrets } from './srs.ts'

const SPACE = 'srs'
const SECRET_OCTETS = 32

/** @returns the secrets, the newest first; a fresh one where there was none. */
export const srsSecrets = async (deps: {
  readonly store: Pick<Store, 'recall' | 'remember'>
  readonly fresh: (octets: number) => Uint8Array
  readonly now: () => number
}): Promise<Result<SrsSecrets, StoreFault>> => {
  const kept = await deps.store.recall({ space: SPACE, now: deps.now() })
  if (!kept.ok) return fail(kept.error)
  // Keys are times of making: `1795600000000`.
  const known = kept.value.toSorted((a, b) => Number(b.key) - Number(a.key)).map(({ value }) => value)
  if (known.length > 0) return ok(known)
  const secret = deps.fresh(SECRET_OCTETS)
  const memos = [{ key: String(deps.now()), value: secret, expiresAt: null }]
  const made = await deps.store.remember({ space: SPACE, memos })
  return made.ok ? ok([secret]) : fail(made.error)
}
