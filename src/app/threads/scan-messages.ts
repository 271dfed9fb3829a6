/**
 * What the pool of scan threads and a scan thread say to each other, and the few words of shared memory through which the pool sees what a
 * thread is doing even when it never comes back. Types and layout only.
 */
import type { DnsAnswer, DnsType } from '../../base/dns.ts'
import type { ScanJob, ScanOutcome } from '../../post/scan-port.ts'
import type { RuleText } from '../../spam/sa/rule-file.ts'

/** The parts of a job that may be left out, because they were to blame for a lost thread. */
export type Stage = 'summary' | 'verify' | 'report' | 'score'

export type ToThread =
  | {
      readonly kind: 'scan'
      readonly id: number
      readonly job: ScanJob
      /** Tests that are not run for this job, beside the benched. */
      readonly without: readonly string[]
    }
  | { readonly kind: 'tokens'; readonly id: number; readonly message: Uint8Array }
  | { readonly kind: 'dns'; readonly id: number; readonly answer: DnsAnswer }
  | { readonly kind: 'learner'; readonly memory: SharedArrayBuffer }
  | { readonly kind: 'bench'; readonly names: readonly string[] }

export type FromThread =
  /** `rules`: names of the owner's rules, in the order of their steps. */
  | { readonly kind: 'ready'; readonly rules: readonly string[] }
  | {
      readonly kind: 'outcome'
      readonly id: number
      readonly outcome: ScanOutcome
      readonly fault?: string | undefined
    }
  | { readonly kind: 'tokens'; readonly id: number; readonly tokens: Uint32Array }
  | { readonly kind: 'ask'; readonly id: number; readonly name: string; readonly type: DnsType }

export type ThreadData = {
  readonly memory: SharedArrayBuffer
  readonly control: SharedArrayBuffer
  readonly benched: readonly string[]
  readonly patienceMs: number
  /** The owner's rule files. */
  readonly rules: readonly RuleText[]
}

/** Words of `control`, 32 bits each. */
export const CONTROL_WORDS = 3
/** Odd while the thread works, even while it waits; goes up at each change. */
export const TURN = 0
/** The job it works on. */
export const JOB = 1
/** The row of the table that runs, or a stage: see `STEP`. */
export const ROW = 2

/** What a negative ROW means; −1 to −3 are the engine's own (spam/engine.ts). */
export const STEP = { summary: -10, verify: -11, report: -12 } as const
