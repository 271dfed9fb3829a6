/**
 * The seam between the post office and the scan threads: one job a message, one answer. Types, and the one rule that both sides keep:
 * what history a sender has depends on whether anybody vouches for its name. Plain data, because jobs cross threads. Pure.
 *
 * A scan never rejects and never throws away mail: what goes wrong is `late` or `failed`, and the message goes on without a score.
 */
import type { Body } from '../base/spool.ts'
import type { Summary } from '../mime/summary.ts'
import type { History, ScanEnvelope, ScanOutput, WireVerdicts } from '../spam/facts.ts'
import type { ArcVerdict } from '../verify/arc.ts'
import type { DmarcFacts } from '../verify/dmarc-facts.ts'
import type { IncomingReport } from './reports/incoming.ts'

/** What verify/ finds on the message, with the two names that the post office needs beside what the spam tests ask. */
export type Verified = WireVerdicts & {
  /** The domain of the From field, lower-case A-labels; absent where there is none or more than one. */
  readonly fromDomain?: string | undefined
  /** Who sealed an ARC chain, and what each of them says it found (RFC 8617 section 5.2). */
  readonly arcChain?: Pick<ArcVerdict, 'cv' | 'sealers' | 'results'> | undefined
  /** What an aggregate report says of it; absent where nobody asks for one. */
  readonly dmarcFacts?: DmarcFacts | undefined
}

/** What is known before the message is read. */
export type EarlyFacts = {
  readonly iprev?: WireVerdicts['iprev']
  readonly dnsbl?: WireVerdicts['dnsbl']
  /** The sender's history if its name proves to be its own, and if not (anybody may write a name). `historyOf` picks. */
  readonly history?:
    | { readonly vouched: History; readonly unvouched: History; readonly domain: string | undefined }
    | undefined
}

export type ScanJob = {
  /** As received. The octets stay the caller's: copy or share them, never transfer them away. A file may be read, never moved. */
  readonly body: Body & { readonly size: number }
  /** Absent where nobody tells it; then nothing is verified. */
  readonly envelope?: ScanEnvelope | undefined
  readonly facts: EarlyFacts
  /** Whose training counts besides the shared one; absent where several accounts get the message. */
  readonly account?: string | undefined
  /** Our name in Authentication-Results (RFC 8601 section 2.5). */
  readonly host: string
  readonly receivedAt: number
  /** What the answer should hold; nothing else is worked out. */
  readonly wants: {
    readonly summary: boolean
    readonly verify: boolean
    readonly score: boolean
    /** It may be a report to us. */
    readonly report?: boolean
  }
}

export type ScanOutcome =
  | {
      readonly kind: 'done'
      readonly summary?: Summary | undefined
      readonly wire?: Verified | undefined
      /** The whole Authentication-Results field, folded, ending in CRLF, as latin1 text of the octets; `facts.iprev` is in it. */
      readonly authResults?: string | undefined
      readonly output?: ScanOutput | undefined
      /** What the message reports, where it was asked and is a report. */
      readonly report?: IncomingReport | undefined
    }
  | { readonly kind: 'late' | 'failed' | 'skipped'; readonly summary?: Summary | undefined }

/** Never rejects; bounded in time by whoever made it. */
export type Scan = (job: ScanJob) => Promise<ScanOutcome>

/** A message whose class is now known: its features (`ScanOutput.tokens`), or the message, from which the learner takes them. */
export type Lesson = ({ readonly tokens: Uint32Array } | { readonly message: Uint8Array }) & {
  readonly spam: boolean
  /** Learned as `spam` says before, and now nobody says anything of it: that is taken back, and nothing is learned. */
  readonly forgets?: boolean
  /** It was learned as the opposite before: that is taken back first. */
  readonly corrects: boolean
  readonly account?: string | undefined
  /** 1 for a person's own decision; less for what the filter concluded by itself. */
  readonly weight: number
}
/** Never rejects. */
export type Learn = (lesson: Lesson) => Promise<'learned' | 'failed'>

/** Whether `domain` is `of` or below it. */
const covers = (of: string, domain: string): boolean => domain === of || domain.endsWith(`.${of}`)

/** @returns the domain that authentication stands for: DMARC's where it passed, else an SPF or DKIM domain that passed; undefined where nobody vouches. */
export const vouchedDomain = (wire: Verified | undefined, claimed: string | undefined): string | undefined => {
  if (wire === undefined) return undefined
  if (wire.dmarc?.result === 'pass') return wire.fromDomain ?? wire.dmarc.domain
  const passed = (wire.dkim ?? []).flatMap((one) =>
    one.result === 'pass' && one.domain !== undefined ? [one.domain] : [],
  )
  const spf = wire.spf?.result === 'pass' ? wire.spf.domain : undefined
  const own =
    claimed === undefined ? undefined : [...passed, spf].find((one) => one !== undefined && covers(one, claimed))
  return own === undefined ? (passed[0] ?? spf) : claimed
}

/** @returns the history that counts, now that it is known who vouches for the sender's name. */
export const historyOf = (facts: EarlyFacts, wire: Verified | undefined): History | undefined => {
  const { history } = facts
  if (history === undefined) return undefined
  const vouched = history.domain !== undefined && vouchedDomain(wire, history.domain) === history.domain
  return vouched ? history.vouched : history.unvouched
}
