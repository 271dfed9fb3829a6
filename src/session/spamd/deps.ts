/** Data: what a spamd session bears, and what it needs of the house. The settings and the manual are made from the limits. */
import type { Body } from '../../base/spool.ts'
import type { Consult } from '../../post/consult.ts'
import type { Teacher } from '../../post/learn.ts'

export const spamdLimitRows = {
  message: { value: 52_428_800, unit: 'octets', says: 'the largest message that is taken; a larger one is refused' },
  held: {
    value: 268_435_456,
    unit: 'octets',
    says: 'messages in memory, all connections together; the next is put off',
  },
  patienceMs: { value: 60_000, unit: 'ms', says: 'how long a client may be silent' },
} as const satisfies Readonly<
  Record<string, { readonly value: number; readonly unit: 'octets' | 'count' | 'ms'; readonly says: string }>
>

export type SpamdLimits = { readonly [Name in keyof typeof spamdLimitRows]: number }

/** The defaults. */
export const spamdLimits: SpamdLimits = {
  message: spamdLimitRows.message.value,
  held: spamdLimitRows.held.value,
  patienceMs: spamdLimitRows.patienceMs.value,
}

export type SpamdDeps = {
  readonly consult: Consult
  readonly tell: Teacher['told']
  /** The account that is named so, if there is one. */
  readonly who: (user: string | undefined) => Promise<string | undefined>
  /** Whether this address may ask. */
  readonly mayAsk: (ip: string) => boolean
  /** Whether TELL teaches. */
  readonly mayTell: boolean
  /** Whether the jail and the sender's history hear of what is judged, where the client tells who sent it. */
  readonly counts: boolean
  /** Octets that all sessions hold now; shared by them. */
  readonly room: { held: number }
  readonly limits: SpamdLimits
  readonly host: string
}

/** The message as the scan threads take it. */
export const bodyOf = (bytes: Uint8Array): Body & { readonly size: number } => ({ bytes, size: bytes.length })
