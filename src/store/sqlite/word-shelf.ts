/**
 * Digests whose words a search has unpacked, kept for the next search: whoever searches, searches again, and unpacking is half of the work. Bounded by octets; what comes
 * when it is full is not kept, because a search goes through all digests in their order and would otherwise find none of them there. What a digest says of a blob never
 * changes, and no blob's number is given again: one that was made anew meanwhile says the same of the blobs that are left (docs/decisions/0048).
 */
import type { Digest } from './digest-read.ts'

/** The words of the digests of some 120,000 messages. */
const MOST_OCTETS = 96 * 2 ** 20

export class WordShelf {
  readonly #most: number
  readonly #kept = new Map<number, { readonly digest: Digest; readonly octets: number }>()
  #octets = 0

  constructor(most = MOST_OCTETS) {
    this.#most = most
  }

  /** The digest of this span, if it is there. */
  get(first: number, last: number): Digest | undefined {
    const digest = this.#kept.get(first)?.digest
    return digest?.last === last ? digest : undefined
  }

  /** A search is done with a digest: its words stay, where there is room. */
  keep(digest: Digest): void {
    digest.slim()
    const before = this.#kept.get(digest.first)?.octets ?? 0
    const octets = digest.held
    if (octets === 0 || this.#octets - before + octets > this.#most) return
    this.#kept.set(digest.first, { digest, octets })
    this.#octets += octets - before
  }

  /** Octets that are held. */
  get octets(): number {
    return this.#octets
  }

  clear(): void {
    this.#kept.clear()
    this.#octets = 0
  }
}
