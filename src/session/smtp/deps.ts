/** What an SMTP session needs of the house, receiving or submission; all that a test wants to decide is here. Types only. */
import type { Log } from '../../base/log.ts'
import type { Spool } from '../../base/spool.ts'
import type { PostOffice } from '../../post/ports.ts'
import type { SaslHouse } from '../sasl-exchange.ts'
import type { SmtpLimits, SubmissionLimits } from './limits.ts'

/** The ports of people's mail programs (RFC 6409): what is asked of who logs in there. */
type Submission = SaslHouse & { readonly limits: SubmissionLimits }

export type SmtpDeps = {
  readonly office: PostOffice
  readonly newSpool: () => Spool
  /** Epoch ms. */
  readonly now: () => number
  readonly log: Log
  readonly limits: SmtpLimits
  /** Our own name, in the greeting and in the answer to EHLO. */
  readonly host: string
  /** Whether there is a certificate to offer. */
  readonly startTls: boolean
  /** What happens to a message with an LF that stands alone; a lone CR is always refused. */
  readonly bareLf: 'refuse' | 'rewrite'
  /**
   * What happens to a peer that sends on where it must wait for an answer: after EHLO, HELO, and DATA (RFC 2920 section 3.1). `refuse` cuts it;
   * `allow` reads on. After STARTTLS what was sent early is always thrown away.
   */
  readonly early: 'refuse' | 'allow'
  /** Set on the submission ports: nobody sends there without a login. */
  readonly submission?: Submission
  /** Whether REQUIRETLS is offered within TLS: where mail can be sent on. */
  readonly requireTls: boolean
}
