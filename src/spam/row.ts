/** What a test is: a row of a table. The engine knows no row by name. Types only; pure. */
import type { Look } from './look.ts'

export type SpamTest = {
  /** In SpamAssassin's manner: capitals, digits, underscores; what it looks at first (`SUBJECT_CAPS`). */
  readonly name: string
  /** A sentence that a person understands. */
  readonly says: string
  /** Points: positive is spam. */
  readonly score: number
  /** Whether it fires; a number fires that many times over (a blocklist's weight). */
  readonly hit: (look: Look) => boolean | number
}
