/**
 * What is done by the clock: bans end, old Junk and receipts go, signing keys are made and rotated, reports are sent, MTA-STS policies of others are refreshed, the
 * learner is written down. Each is a bounded piece of work, and none stands in the way of mail.
 */
import type { Log } from '../../base/log.ts'
import { tidyHouse } from '../../post/tidy.ts'
import type { Settings } from '../settings/schema.ts'
import type { House } from './house.ts'
import { writeLearner } from './learner-file.ts'

const MINUTE = 60_000
const LEARNER_EVERY = 5 * MINUTE
const TIDY_EVERY = 60 * MINUTE
const FIRST_TIDY = 2 * MINUTE
const REPORTS_EVERY = 10 * MINUTE
const KEYS_EVERY = 5 * MINUTE
const POLICIES_EVERY = 24 * 60 * MINUTE

export type Keeping = { readonly stop: () => Promise<void> }

/** Starts the timers. @returns their end, after which everything is written. */
export const startKeeping = (
  house: House,
  folder: string,
  settings: () => Settings,
  so: { readonly now: () => number; readonly log: Log },
): Keeping => {
  let written = house.pool.lessons()
  let busy: Promise<void> = Promise.resolve()

  const keepLearner = async (): Promise<void> => {
    const lessons = house.pool.lessons()
    if (lessons === written) return
    try {
      await writeLearner(folder, house.pool.snapshot())
      written = lessons
    } catch (error) {
      so.log.event('store-fault', { verb: 'learner', fault: error instanceof Error ? error.message : 'unknown' })
    }
  }
  const tidy = async (): Promise<void> => {
    const { junk, 'junk-room': junkRoom, rejected } = settings().keep
    await tidyHouse({
      ...{ store: house.store, log: so.log, now: so.now },
      ...{ keepJunkMs: junk, junkRoom, keepRejectedMs: rejected },
    })
  }
  const tendKeys = async (): Promise<void> => {
    const tended = await house.signing.tend()
    if (!tended.ok) so.log.event('store-fault', { verb: 'dkim', fault: tended.error })
  }
  const stopping = new AbortController()
  const sendReports = (): Promise<void> => house.reports.run(stopping.signal)
  /** One piece of work at a time. */
  const then = (work: () => Promise<void>): void => {
    busy = busy.then(work)
  }
  const timers = [
    setInterval(() => house.jail.sweep(), MINUTE),
    setInterval(() => then(house.guarding.guard.round), MINUTE),
    setInterval(() => then(keepLearner), LEARNER_EVERY),
    setInterval(() => then(tidy), TIDY_EVERY),
    setTimeout(() => then(tidy), FIRST_TIDY),
    setInterval(() => then(tendKeys), KEYS_EVERY),
    setInterval(() => void house.security.refresh(), POLICIES_EVERY),
    setInterval(() => then(sendReports), REPORTS_EVERY),
  ]
  // What a crash left unfinished of a freeze is done at once.
  then(house.guarding.guard.round)
  for (const timer of timers) timer.unref()
  then(tendKeys)
  return {
    stop: async () => {
      for (const timer of timers) clearInterval(timer)
      stopping.abort()
      await busy
      await keepLearner()
    },
  }
}
