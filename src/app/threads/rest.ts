/**
 * Gives memory back when a thread comes to rest. V8 keeps the room that a burst of work made it take (the young generation alone up to 48 MB a thread) until its
 * next full collection, and a thread without work never collects. So every thread looks now and then whether it has worked and has stopped, and collects
 * once. Needs `--expose-gc`, which the launcher gives; without it nothing happens. Measured: docs/decisions/0051.
 */
import { performance } from 'node:perf_hooks'

const LOOK_MS = 4_000
const QUIET = 0.03 // share of the time since the last look
const WORKED_MS = 150 // less work than this leaves nothing worth the pause

export type Rest = {
  /** Milliseconds worked, and the share of time, since the last look. */
  readonly active: () => { readonly ms: number; readonly share: number }
  readonly collect: () => void
}

/** @returns what is done at each look: collects when there was work since the last collection, and now there is none. */
export const restLook = ({ active, collect }: Rest): (() => void) => {
  let worked = Number.POSITIVE_INFINITY // starting up is work
  return () => {
    const { ms, share } = active()
    worked += ms
    if (share > QUIET || worked < WORKED_MS) return
    collect()
    worked = 0
    active() // the collection itself is no work
  }
}

/** Collects in the thread that calls it. The last resort also gives back the pages that V8 would keep for its next burst. */
export const collectNow = (): void => void globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })

/** Lets the thread that calls it collect when it comes to rest. Keeps no program alive. */
export const collectAtRest = (): void => {
  if (globalThis.gc === undefined) return
  let last = performance.eventLoopUtilization()
  const active = (): { readonly ms: number; readonly share: number } => {
    const now = performance.eventLoopUtilization()
    const { active: ms, utilization: share } = performance.eventLoopUtilization(now, last)
    last = now
    return { ms, share }
  }
  const look = restLook({ active, collect: collectNow })
  setInterval(look, LOOK_MS).unref()
}
