/** The thread a message belongs to: RFC 8474 section 5.2 (THREADID). */
import type { AccountId } from '../../base/ids.ts'
import type { Summary } from '../../mime/summary.ts'
import type { House } from './house.ts'

/** The number of the thread that a new message joins or begins: that of the blob it began with. */
export const threadOf = (_house: House, _account: AccountId, _summary: Summary, blob: number): number => blob

export const threadIdOf = (thread: number): string => `T${thread}`
