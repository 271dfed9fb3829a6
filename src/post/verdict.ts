/**
 * From facts and a score to a verdict: accept, flag or reject. Pure; the talk's three outcomes of a multi-test rating.
 *
 * DMARC (RFC 9989 section 5.3, RFC 7489 section 6.3): what the author's domain asks is done, unless a trusted forwarder's ARC
 * chain (RFC 8617) explains the failure; a temporary DNS error never refuses. Mail to a spamtrap is rejected as spam.
 */
export type Thresholds = { readonly flag: number; readonly reject: number }
export type VerdictPolicy = Thresholds & { readonly honourDmarc: boolean }

export type Judged = {
  readonly score: number
  readonly dmarc: 'none' | 'pass' | 'fail' | 'temperror' | 'permerror'
  readonly dmarcPolicy: 'none' | 'quarantine' | 'reject'
  /** An ARC chain that holds, of a sealer whose mail is wanted here. */
  readonly trustedForwarder: boolean
  /** One of the recipients is a spamtrap, and the sender is nobody whose mail is wanted. */
  readonly trapped: boolean
  /** The jail has a sentence on the sender's name, and authentication says that it is the sender. */
  readonly barred: boolean
}
export type Reason = 'score' | 'dmarc' | 'spamtrap' | 'sender-banned'
export type Verdict = { readonly kind: 'accept' | 'flag' | 'reject'; readonly reasons: readonly Reason[] }

/** @returns the verdict and why; reasons are empty for accept. */
export const decide = (policy: VerdictPolicy, judged: Judged): Verdict => {
  const failed = policy.honourDmarc && judged.dmarc === 'fail' && !judged.trustedForwarder
  const rejects: readonly (readonly [Reason, boolean])[] = [
    ['spamtrap', judged.trapped],
    ['sender-banned', judged.barred],
    ['score', judged.score >= policy.reject],
    ['dmarc', failed && judged.dmarcPolicy === 'reject'],
  ]
  const flags: readonly (readonly [Reason, boolean])[] = [
    ['score', judged.score >= policy.flag],
    ['dmarc', failed && judged.dmarcPolicy === 'quarantine'],
  ]
  const why = (rows: typeof rejects): readonly Reason[] => rows.filter(([, hit]) => hit).map(([reason]) => reason)
  const rejected = why(rejects)
  if (rejected.length > 0) return { kind: 'reject', reasons: rejected }
  const flagged = why(flags)
  return flagged.length > 0 ? { kind: 'flag', reasons: flagged } : { kind: 'accept', reasons: [] }
}

/** The mildest of several recipients' verdicts: one answer at the end of DATA serves all, and wanted mail is not refused for a neighbour's settings. */
export const mildest = (verdicts: readonly Verdict[]): Verdict => {
  const order = ['accept', 'flag', 'reject'] as const
  return verdicts.reduce<Verdict>(
    (mild, next) => (order.indexOf(next.kind) < order.indexOf(mild.kind) ? next : mild),
    verdicts[0] ?? { kind: 'accept', reasons: [] },
  )
}
