/**
 * What a session's commands write, gathered: text and octets go out in few writes, in order with the other acts. Pure.
 */
import type { Act } from '../base/act.ts'

/** What a command writes while it runs: latin1 text (an octet a character), octets, or an act of the transport. */
export type Out = string | Uint8Array | Act

/** Octets that are gathered before they are written. */
const FULL = 32_768

/** @returns the acts, with neighbouring writes as one. */
export async function* gathered(source: AsyncIterable<Out>): AsyncGenerator<Act> {
  let held: Uint8Array[] = []
  let size = 0
  const flushed = (): Act => {
    const [only] = held
    const bytes = held.length === 1 && only !== undefined ? only : Buffer.concat(held, size)
    held = []
    size = 0
    return { act: 'write', bytes }
  }
  for await (const out of source) {
    if (typeof out === 'object' && 'act' in out) {
      if (size > 0) yield flushed()
      yield out
      continue
    }
    const bytes = typeof out === 'string' ? Buffer.from(out, 'latin1') : out
    if (bytes.length === 0) continue
    held.push(bytes)
    size += bytes.length
    if (size >= FULL) yield flushed()
  }
  if (size > 0) yield flushed()
}
