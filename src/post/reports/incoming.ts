/** What is read of reports that others send us: DMARC aggregates (RFC 9990, RFC 7489), TLS reports (RFC 8460), complaints (RFC 5965). Types, and the one rule for the texts in them. Pure. */

export type AggregateRow = {
  readonly ip: string
  readonly count: number
  readonly disposition: string
  /** Alignment, not the raw results. */
  readonly dkim: 'pass' | 'fail'
  readonly spf: 'pass' | 'fail'
  readonly reasons: readonly string[]
  readonly headerFrom: string
  readonly envelopeFrom: string
  readonly signatures: readonly { readonly domain: string; readonly selector: string; readonly result: string }[]
  readonly spfDomain: string
  readonly spfResult: string
}
export type IncomingAggregate = {
  readonly kind: 'dmarc'
  readonly organization: string
  readonly contact: string
  readonly id: string
  /** Epoch ms. */
  readonly begin: number
  readonly end: number
  /** Lower case. */
  readonly domain: string
  readonly policy: string
  /** Of all rows, also of those that are not kept. */
  readonly messages: number
  readonly passed: number
  readonly rows: readonly AggregateRow[]
  /** Rows beyond what is kept. */
  readonly more: number
}

export type TlsPolicyResult = {
  readonly domain: string
  readonly type: string
  readonly good: number
  readonly failed: number
  readonly failures: readonly {
    readonly type: string
    readonly mx: string
    readonly receivingIp: string
    readonly sessions: number
    readonly reason: string
  }[]
}
export type IncomingTls = {
  readonly kind: 'tls'
  readonly organization: string
  readonly contact: string
  readonly id: string
  readonly begin: number
  readonly end: number
  readonly policies: readonly TlsPolicyResult[]
}

export type Complaint = {
  readonly kind: 'complaint'
  /** abuse, fraud, virus, not-spam, … */
  readonly feedback: string
  readonly reporter: string
  readonly sourceIp: string
  /** Addresses and domains in lower case, '' where they are not told. */
  readonly mailFrom: string
  readonly recipient: string
  readonly reportedDomain: string
  readonly arrivedAt: number | null
  /** Of the message that is complained of. */
  readonly from: string
  readonly messageId: string
  readonly subject: string
}
export type IncomingReport = IncomingAggregate | IncomingTls | Complaint

const LONGEST = 255

/** @returns a stranger's text as it is kept: one line of printable characters, not long. */
export const plain = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ')
    .trim()
    .slice(0, LONGEST)
