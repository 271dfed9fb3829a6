/**
 * Log events: one a line, from the closed table in events.ts; fields, no prose. A secret or a message's text has no type here that
 * would let it in: fields are numbers, booleans and short strings, and the writer cuts a string at 200 characters.
 */
import type { EventName } from './events.ts'

export type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>
export type Log = { readonly event: (name: EventName, fields: Fields) => void }

/** A log that forgets; for tests and for tools that answer on standard output. */
export const silentLog: Log = { event: () => undefined }
