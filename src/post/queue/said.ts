/** What we say ourselves of a message where no peer said anything, in the codes of RFC 3463: the class of the code says whether it is for good. Pure. */
import type { Said, Stage } from '../bounce/said.ts'

/** A sentence of our own. */
export const ours = (enhanced: string, stage: Stage, text: string, host = ''): Said => ({
  ...{ code: 0, enhanced, stage, text, host },
})
