/**
 * The record of one subject: its offences that still count, and how often it was banned, fading with time. Pure.
 *
 * A clock that goes back makes nothing older than it is: times in the future count as now. A record holds at most MOST_COUNTS
 * offences, the newest; that is more than any sentence of the table asks for.
 */
import type { OffenceKind } from './offence.ts'

const MOST_COUNTS = 48
const MOST_SAME = 64

type Count = { readonly kind: OffenceKind; readonly at: number; readonly weight: number; readonly same: string }
export type OffenceRecord = {
  readonly counts: readonly Count[]
  /** Bans so far, as they weigh at `bannedAt`. */
  readonly bans: number
  readonly bannedAt: number
  /** The end of the last ban: offences until then lead to no further one. */
  readonly until: number
}

/** The record of somebody of whom nothing is known. */
export const cleanRecord: OffenceRecord = { counts: [], bans: 0, bannedAt: 0, until: 0 }

/** @returns the record with one more offence; one that is the same as another of its window takes its place. */
export const counting = (
  record: OffenceRecord,
  offence: { readonly kind: OffenceKind; readonly weight: number; readonly same: string },
  now: number,
  longestWindowMs: number,
): OffenceRecord => {
  const same = offence.same.slice(0, MOST_SAME)
  const kept = record.counts
    .filter((count) => now - count.at < longestWindowMs)
    .filter((count) => same === '' || count.same !== same || count.kind !== offence.kind)
    .map((count) => (count.at > now ? { ...count, at: now } : count))
  return {
    ...record,
    counts: [...kept, { kind: offence.kind, at: now, weight: offence.weight, same }].slice(-MOST_COUNTS),
  }
}

/** @returns the weight of the offences of `kind` within `withinMs` before `now`. */
export const weighed = (record: OffenceRecord, kind: OffenceKind, withinMs: number, now: number): number =>
  record.counts.reduce((sum, count) => (count.kind === kind && now - count.at < withinMs ? sum + count.weight : sum), 0)

/** @returns how many bans before this one still weigh at `now`: 0 for the first, then 1, 2, …; halves in each `halfLifeMs` after the last one ended. */
export const priors = (record: OffenceRecord, now: number, halfLifeMs: number): number =>
  record.bans * 0.5 ** (Math.max(0, now - record.until) / halfLifeMs)

/** @returns the record after a ban until `until`: what earned it is paid for. */
export const sentenced = (
  record: OffenceRecord,
  kind: OffenceKind,
  now: number,
  until: number,
  halfLifeMs: number,
): OffenceRecord => ({
  counts: record.counts.filter((count) => count.kind !== kind),
  bans: priors(record, now, halfLifeMs) + 1,
  bannedAt: now,
  until,
})

/** @returns the record without what was counted of `kind` (and is `these`): a good login takes the failures back. */
export const forgiven = (
  record: OffenceRecord,
  kind: OffenceKind,
  these: (same: string) => boolean = () => true,
): OffenceRecord => ({
  ...record,
  counts: record.counts.filter((count) => count.kind !== kind || !these(count.same)),
})
