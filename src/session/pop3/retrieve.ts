/**
 * RETR and TOP. RFC 1939 sections 5 and 7. A large message goes out slice by slice, so that neither it nor a slow client is held in memory; nothing is said before
 * its first octets are there. Where the rest cannot be read, the connection ends without the final dot: half a message must not be taken for one.
 */
import { uid } from '../../base/ids.ts'
import type { Result } from '../../base/result.ts'
import type { StoreFault } from '../../store/store.ts'
import { DotStuffer, TopCutter } from '../../wire/pop3/stuff.ts'
import type { Found } from './maildrop.ts'
import { dropOf, type Running, type Talk } from './state.ts'
import { pop3Words, wordsFor } from './words.ts'

/** Octets that a large message is read by. */
const SLICE = 262_144

/** The octets from `at` on, at most a slice. */
const read = (talk: Talk, number: number, found: Found, at: number): Promise<Result<Uint8Array, StoreFault>> => {
  const drop = dropOf(talk)
  if (found.size <= SLICE) return talk.ahead.read(talk.deps, drop, number, found)
  const to = Math.min(found.size, at + SLICE)
  return talk.deps.store.readMessage({ mailbox: drop.mailbox, uid: uid(found.uid), from: at, to })
}

async function* show(talk: Talk, number: number, found: Found, top: TopCutter | undefined): Running {
  const stuffer = new DotStuffer()
  for (let at = 0; at < Math.max(1, found.size); at += SLICE) {
    const octets = await read(talk, number, found, at)
    if (!octets.ok) {
      if (at === 0) yield `${wordsFor(octets.error)}\r\n`
      else talk.closing = true
      return
    }
    if (at === 0) yield top === undefined ? `+OK ${found.size} octets\r\n` : '+OK\r\n'
    yield stuffer.stuff(top === undefined ? octets.value : top.take(octets.value))
    if (top?.done === true) break
  }
  if (top === undefined) dropOf(talk).retrieved(number)
  yield stuffer.end()
}

/** RETR. */
export const retrieve = (talk: Talk, number: number): string | Running => {
  const found = dropOf(talk).find(number)
  return typeof found === 'string' ? pop3Words[found] : show(talk, number, found, undefined)
}

/** TOP. */
export const top = (talk: Talk, number: number, lines: number): string | Running => {
  const found = dropOf(talk).find(number)
  return typeof found === 'string' ? pop3Words[found] : show(talk, number, found, new TopCutter(lines))
}
