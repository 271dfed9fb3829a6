/** How far a log was read, as octets for the store's memos. Octets that are no place read as undefined: the log is then as one never seen. */
import type { Place } from '../threads/watch-messages.ts'

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

/** @returns the memo of a place. */
export const writePlace = (place: Place): Uint8Array =>
  Buffer.from(
    JSON.stringify('cursor' in place ? [place.cursor] : [place.inode, place.offset, place.head, place.headLength]),
  )

/** @returns the place, or undefined for other octets. */
export const readPlace = (octets: Uint8Array): Place | undefined => {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(octets).toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  if (!Array.isArray(value)) return undefined
  const [first, offset, head, headLength]: readonly unknown[] = value
  if (typeof first === 'string') return { cursor: first }
  if (!isCount(first) || !isCount(offset) || typeof head !== 'string' || !isCount(headLength)) return undefined
  return { inode: first, offset, head, headLength }
}
