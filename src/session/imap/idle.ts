/**
 * NOOP, CHECK and IDLE. RFC 9051 sections 6.1.2 and 6.3.13, RFC 2177. What they tell is told after every command, and in IDLE whenever the bell rings.
 */
import type { Running } from './row.ts'
import type { Reply, Talk } from './state.ts'

/** NOOP and CHECK: whatever is new is told with the answer. */
export const noop = async (): Promise<Reply> => ['', 'OK Done']

/** IDLE, until the line DONE. */
export async function* idle(talk: Talk): Running {
  const { limits } = talk.deps
  yield { act: 'patience', ms: limits.idleMs }
  yield '+ Tell me when you are done\r\n'
  talk.idling = true
  talk.ring()
  const line = yield { ask: true }
  talk.idling = false
  yield { act: 'patience', ms: limits.patienceMs }
  return line.trim().toUpperCase() === 'DONE' ? 'OK Done' : 'BAD IDLE is ended by DONE'
}
