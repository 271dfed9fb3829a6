/**
 * The boundaries that are open at a place of a message, and which of them a line is. RFC 2046 section 5.1.1: a line that begins with
 * `--` and a boundary is that boundary, whatever follows; so of several that fit the longest is meant, and of equal ones the innermost.
 *
 * Looking at a line costs its length and one step a boundary, however alike they are: each knows how much it shares with the one below it.
 */

/** RFC 2046 allows 70 octets; of a longer one this much is compared, which is all that a prefix needs. */
export const MOST_BOUNDARY = 200

type Entry = { readonly text: string; readonly sharedWithOuter: number }

/** Which boundary a line is: its number from the outside, from 0, and whether it is the closing one (`--boundary--`). */
export type Boundary = { readonly index: number; readonly closes: boolean }

const DASH = 0x2d
const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0d

const shared = (a: string, b: string): number => {
  const most = Math.min(a.length, b.length)
  let length = 0
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length += 1
  return length
}

/** The open boundaries from the outside in. */
export class Boundaries {
  readonly #open: Entry[] = []

  get count(): number {
    return this.#open.length
  }

  /** @param boundary the parameter's value, latin1, not empty, without white space at its end (there could be none on a line). */
  push(boundary: string): void {
    const text = boundary.slice(0, MOST_BOUNDARY)
    const outer = this.#open.at(-1)
    this.#open.push({ text, sharedWithOuter: outer === undefined ? 0 : shared(text, outer.text) })
  }

  /** Closes the innermost ones until `count` are left. */
  cut(count: number): void {
    this.#open.length = Math.min(count, this.#open.length)
  }

  /** @param from where a line begins. @param to where it ends, before its LF. @returns the boundary that the line is, undefined where it is none. */
  find(bytes: Uint8Array, from: number, to: number): Boundary | undefined {
    if (bytes[from] !== DASH || bytes[from + 1] !== DASH) return undefined
    const start = from + 2
    let end = to
    while (end > start && isSpace(bytes[end - 1])) end -= 1
    const dashed = end - start >= 2 && bytes[end - 1] === DASH && bytes[end - 2] === DASH
    let best = -1
    let bestLength = 0
    let same = 0 // octets of the line that agree with the boundary looked at
    let known = false
    for (let index = this.#open.length - 1; index >= 0; index -= 1) {
      const { text, sharedWithOuter } = this.#open[index] ?? { text: '', sharedWithOuter: 0 }
      if (!known) {
        while (same < text.length && start + same < end && bytes[start + same] === text.charCodeAt(same)) same += 1
      }
      if (same >= text.length) {
        const length = end - start
        if (text.length === length || (dashed && text.length === length - 2))
          return { index, closes: text.length !== length }
        if (text.length > bestLength) {
          best = index
          bestLength = text.length
        }
      }
      // The next one out agrees with this one for `sharedWithOuter` octets: only where the line agrees as far is there more to compare.
      known = sharedWithOuter !== same
      same = Math.min(same, sharedWithOuter)
    }
    if (best < 0) return undefined
    const after = start + bestLength
    return { index: best, closes: after + 1 < end && bytes[after] === DASH && bytes[after + 1] === DASH }
  }
}
