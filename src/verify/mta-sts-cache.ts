/**
 * MTA-STS over time: what is kept of a domain's policy, when it is fetched again, and what a fetch that failed changes (nothing, while the old policy is valid).
 * RFC 8461 section 3.3 (fetching), section 5 (applying), section 8.3 (a policy is lifted by `none`), section 10.2 (an attacker who hides the record or the
 * policy gains nothing while one is cached). Pure: times are parameters, epoch milliseconds.
 */
import type { StsPolicy } from './mta-sts.ts'

/** RFC 8461 section 3.3: a sender may wait for so long before it asks again for what could not be had. */
export const FETCH_PAUSE_MS = 5 * 60_000
/** A policy is fetched again after so long although its id is the same: an id that was not changed with the policy is the commonest mistake. */
export const REFRESH_MS = 24 * 3_600_000

/** What is remembered of a domain. */
export type StsMemory = {
  readonly policy: StsPolicy | undefined
  /** The id that the record had when the policy was fetched. */
  readonly id: string
  readonly fetchedAt: number
  /** The last try, good or bad. */
  readonly triedAt: number
}
export const noSts: StsMemory = { policy: undefined, id: '', fetchedAt: 0, triedAt: Number.NEGATIVE_INFINITY }

/** When a policy ends. */
export const stsEnd = (memory: StsMemory): number =>
  memory.policy === undefined ? 0 : memory.fetchedAt + memory.policy.maxAge * 1000

/** @returns the policy that is in force, if one is; `none` is as good as no policy. */
export const stsInForce = (memory: StsMemory, now: number): StsPolicy | undefined =>
  now < stsEnd(memory) && memory.policy?.mode !== 'none' ? memory.policy : undefined

/**
 * @param id of the TXT record; undefined where there is none, or no answer. @returns whether the policy must be fetched before mail goes out (`now`), may be
 * fetched beside it (`beside`), or need not be. A domain without a record is asked nothing: its old policy, if it has one, runs its time.
 */
export const stsFetch = (memory: StsMemory, id: string | undefined, now: number): 'now' | 'beside' | 'no' => {
  const failedLately = memory.triedAt !== memory.fetchedAt && now - memory.triedAt < FETCH_PAUSE_MS
  if (id === undefined || failedLately) return 'no'
  if (now >= stsEnd(memory) || id !== memory.id) return 'now'
  return now - memory.fetchedAt >= REFRESH_MS ? 'beside' : 'no'
}

/** @param policy what was fetched; undefined where it could not be had or read. @returns what is remembered now. */
export const stsFetched = (memory: StsMemory, id: string, policy: StsPolicy | undefined, now: number): StsMemory =>
  policy === undefined
    ? { ...(now < stsEnd(memory) ? memory : noSts), triedAt: now }
    : { policy, id, fetchedAt: now, triedAt: now }
