/** STAT, LIST and UIDL. RFC 1939 sections 5 and 7. Sizes are those of the stored octets. Long lists go out in pieces, and others have their turn between them. */
import type { Found } from './maildrop.ts'
import { dropOf, type Running, type Talk } from './state.ts'
import { pop3Words } from './words.ts'

/** Characters of a piece. */
const PIECE = 16_384

/** STAT. */
export const stat = (talk: Talk): string => {
  const { messages, octets } = dropOf(talk).stat
  return `+OK ${messages} ${octets}`
}

async function* every(talk: Talk, about: (found: Found) => string | number): Running {
  const drop = dropOf(talk)
  let text = `+OK ${drop.stat.messages} messages\r\n`
  for (let number = 1; number <= drop.last; number += 1) {
    const found = drop.find(number)
    if (typeof found === 'string') continue
    text += `${number} ${about(found)}\r\n`
    if (text.length < PIECE) continue
    yield text
    text = ''
    await talk.deps.breathe()
  }
  yield `${text}.\r\n`
}

const one = (talk: Talk, number: number, about: (found: Found) => string | number): string => {
  const found = dropOf(talk).find(number)
  return typeof found === 'string' ? pop3Words[found] : `+OK ${number} ${about(found)}`
}

/** LIST. */
export const list = (talk: Talk, message: number | undefined): string | Running => {
  const size = (found: Found): number => found.size
  return message === undefined ? every(talk, size) : one(talk, message, size)
}

/** UIDL. */
export const uidl = (talk: Talk, message: number | undefined): string | Running => {
  const drop = dropOf(talk)
  const id = (found: Found): string => drop.uidl(found)
  return message === undefined ? every(talk, id) : one(talk, message, id)
}
