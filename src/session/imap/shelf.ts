/**
 * Envelopes that were read once, kept for the next FETCH of them: a message's ENVELOPE never changes, and clients that list a mailbox ask for all of them
 * again and again. Bounded by octets; the mailbox that was asked for longest ago goes first. RFC 9051 section 7.5.2.
 */
import type { MailboxId } from '../../base/ids.ts'

/** Octets of all shelves together: the envelopes of some 150,000 messages. */
const MOST_OCTETS = 48 * 1024 * 1024
/** What a string and its place in the map cost beside its octets. */
const OVERHEAD = 64

type Shelf = { readonly texts: Map<number, string>; octets: number }

export class EnvelopeShelves {
  readonly #most: number
  /** In the order in which they were last asked for. */
  readonly #shelves = new Map<MailboxId, Shelf>()
  #octets = 0

  constructor(most = MOST_OCTETS) {
    this.#most = most
  }

  /** The envelopes of a mailbox that are there, by UID. */
  of(mailbox: MailboxId): ReadonlyMap<number, string> {
    const shelf = this.#shelves.get(mailbox) ?? { texts: new Map<number, string>(), octets: 0 }
    this.#shelves.delete(mailbox)
    this.#shelves.set(mailbox, shelf)
    return shelf.texts
  }

  /** Puts one there; where there is no room even when all the others are gone, it is left. */
  put(mailbox: MailboxId, uid: number, envelope: string): void {
    const shelf = this.#shelves.get(mailbox)
    if (shelf === undefined || shelf.texts.has(uid)) return
    const cost = envelope.length + OVERHEAD
    for (const [other] of this.#shelves) {
      if (this.#octets + cost <= this.#most) break
      if (other !== mailbox) this.drop(other)
    }
    if (this.#octets + cost > this.#most) return
    shelf.texts.set(uid, envelope)
    shelf.octets += cost
    this.#octets += cost
  }

  /** Forgets a mailbox. */
  drop(mailbox: MailboxId): void {
    const shelf = this.#shelves.get(mailbox)
    if (shelf === undefined) return
    this.#octets -= shelf.octets
    this.#shelves.delete(mailbox)
  }

  /** Octets that are held. */
  get octets(): number {
    return this.#octets
  }
}
