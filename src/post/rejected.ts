/** What shows refused mail (keep-refused.ts), as other files know it: the mailbox, the field before each message, and how many there may be. Pure. */
import type { Taker } from './mail.ts'
import { Recent } from './recent.ts'

/** The mailbox's name. */
export const REJECTED = 'Rejected'
/** The keyword of what the server put there. */
export const REJECTED_KEYWORD = '$Rejected'
const NOTE_FIELD = 'X-Postern-Rejected'

const NOTES_A_DAY = 100
const MOST_ACCOUNTS = 10_000
const DAY = 86_400_000

/** What was put into each account's Rejected today. */
export class RejectedCounts {
  readonly #counts = new Recent<{ readonly day: number; notes: number }>(MOST_ACCOUNTS)

  /** @returns whether the account may have one more today, which is counted. */
  take({ account }: Taker, now: number): boolean {
    const day = Math.floor(now / DAY)
    const key = String(account.id)
    const before = this.#counts.get(key)
    const today = before?.day === day ? before : { day, notes: 0 }
    if (today.notes >= NOTES_A_DAY) return false
    today.notes += 1
    this.#counts.set(key, today)
    return true
  }
}

/** @returns the field that stands before what shows a refused message, with its CRLF. `note` where the message itself was not kept. */
export const refusalField = (what: 'note' | 'message', id: string): string => `${NOTE_FIELD}: ${what}; id=${id}\r\n`
/** @returns whether the fields before a stored message are those of a note, and not of the message itself. Pure. */
export const isNote = (prefix: string): boolean => prefix.startsWith(`${NOTE_FIELD}: note`)
/** @returns the id of the refused message that a stored one shows; undefined where it shows none. Pure. */
export const refusalIn = (prefix: string): string | undefined =>
  /^X-Postern-Rejected: (?:note|message); id=([0-9a-f]{1,64})\r\n/.exec(prefix)?.[1]
