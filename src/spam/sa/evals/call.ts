/** What a function of an `eval:` rule is given, and what it gives. Types only. */
import type { Lists } from '../lists.ts'
import type { SaMail } from '../sa-mail.ts'

export type EvalContext = { readonly mail: SaMail; readonly lists: Lists }
/** @param words of the call. @returns whether it hits. */
export type Eval = (context: EvalContext, words: readonly string[]) => boolean
