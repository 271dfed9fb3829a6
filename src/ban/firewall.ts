/**
 * The seam with the packet filter: what the jail tells it. Nothing here waits: a firewall that is gone changes no answer, because the
 * process refuses the banned itself. Types only; pure.
 */
import type { Ban, Scope } from './offence.ts'

/** @param prefix `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/64`. The kernel forgets by itself at `untilMs` (epoch). */
export type Firewall = {
  readonly ban: (prefix: string, untilMs: number, scope: Scope) => void
  readonly unban: (prefix: string) => void
  /** Everything that is in force, at start or when the firewall comes back: replaces what it had. */
  readonly restore: (bans: readonly Ban[]) => void
}

/** Cuts the live connections of a prefix that the ban closes to it. @returns how many. */
export type Cut = (prefix: string, scope: Scope) => number
