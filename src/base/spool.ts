/** A message's octets on their way in: the port that net/spool fills and sessions write to. Types only; pure. */

/** Where a message's octets are: in memory, or in a spool file that the store takes over (fsync, rename; the file is gone from its old place). */
export type Body = { readonly bytes: Uint8Array } | { readonly file: string; readonly size: number }

/** One of `finish` and `discard` is called, once. A disk that refuses makes `write` or `finish` reject with a SpoolError. */
export type Spool = {
  readonly write: (bytes: Uint8Array) => void | Promise<void>
  readonly finish: () => Promise<{ readonly body: Body; readonly size: number }>
  readonly discard: () => void | Promise<void>
}
export type SpoolFault = 'disk-full' | 'io'
/** What a spool rejects with. */
export class SpoolError extends Error {
  readonly fault: SpoolFault
  constructor(fault: SpoolFault) {
    super(fault)
    this.fault = fault
  }
}
