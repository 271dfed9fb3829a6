/**
 * Time as this room takes it: a parameter, so that tests turn the clock themselves. `now` never goes back, whatever the wall clock does.
 */
import { performance } from 'node:perf_hooks'

export type Clock = {
  /** Milliseconds since some start; only differences mean anything. */
  readonly now: () => number
  /** Runs once after `ms`. @returns what cancels it. */
  readonly after: (ms: number, run: () => void) => () => void
  /** Runs every `ms`; does not keep the process alive. @returns what stops it. */
  readonly every: (ms: number, run: () => void) => () => void
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  every: (ms, run) => {
    const timer = setInterval(run, ms)
    timer.unref()
    return () => clearInterval(timer)
  },
}
