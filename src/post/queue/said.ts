/** What we say ourselves of a message where no peer said anything, in the codes of RFC 3463. Pure. */
import type { Said, Stage } from '../bounce/said.ts'

/** A sentence of our own. */
export const ours = (code: number, enhanced: string, stage: Stage, text: string, host = ''): Said => ({
  ...{ code, enhanced, stage, text, host },
})
