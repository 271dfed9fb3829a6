/** What the watch thread and its keeper say to each other, and the shared numbers by which the keeper sees how far it is. Types and layout only. */

import type { OffenceKind } from '../../ban/offence.ts'
import type { Position } from '../watch/tail.ts'

/** One log with its filter, as the thread gets it. */
export type WatchJob = {
  /** Absolute, perhaps with `*`; empty for the journal. */
  readonly path: string
  /** Words for journalctl; empty for a file. `['filter']`: those of the filter. */
  readonly journal: readonly string[]
  readonly filter: string
  readonly zone: string
}

export type WatchData = {
  readonly jobs: readonly WatchJob[]
  readonly folders: readonly string[]
  readonly everyMs: number
  readonly backMs: number
  readonly mostFiles: number
  readonly names: boolean
  /** By `placeKey`. */
  readonly places: ReadonlyMap<string, Place>
  /** Two Float64 for each of MOST_SLOTS files: inode and offset of what is read; then one: the time of the last sign of life. */
  readonly control: SharedArrayBuffer
}

/** Where reading of one log goes on: in a file, or in the journal. */
export type Place = Position | { readonly cursor: string }

export type WatchFailure = {
  readonly job: number
  readonly address: string | undefined
  readonly name: string | undefined
  /** Milliseconds since 1970. */
  readonly at: number | undefined
  readonly user: string | undefined
  /** What the filter says that it is. */
  readonly kind: OffenceKind | undefined
}

export type FromWatch =
  | { readonly kind: 'failures'; readonly failures: readonly WatchFailure[] }
  | { readonly kind: 'places'; readonly places: ReadonlyMap<string, Place> }
  /** Slot `slot` of the shared numbers is of this log. */
  | { readonly kind: 'slot'; readonly slot: number; readonly key: string }
  | { readonly kind: 'started'; readonly path: string; readonly filter: string; readonly patterns: number }
  | { readonly kind: 'noted'; readonly what: 'rotated' | 'truncated' | 'resumed' | 'backlog'; readonly path: string }
  | { readonly kind: 'failed'; readonly path: string; readonly why: string }
  | { readonly kind: 'fault'; readonly file: string; readonly line: number; readonly why: string }
  | { readonly kind: 'stopped' }

export type ToWatch = { readonly kind: 'stop' }

export const MOST_SLOTS = 5000
/** The number that holds the last sign of life. */
export const ALIVE = MOST_SLOTS * 2

/** @returns the key under which the place of a log is kept: two filters on one log read on their own. */
export const placeKey = (source: string, filter: string): string => `${source} ${filter}`
