/** What an SMTP session remembers of its peer, and what it does to one that misbehaves. RFC 5321 section 4.5.3; shared by all commands. */
import type { Peer } from '../../base/act.ts'
import type { Recipient, Sender, SessionOffence } from '../../post/ports.ts'
import type { Account } from '../../store/store.ts'
import { SmtpReader } from '../../wire/smtp/reader.ts'
import type { SaslEnd } from '../sasl-exchange.ts'
import type { SmtpDeps } from './deps.ts'
import { Intake } from './intake.ts'
import { Talk } from './talk.ts'
import { saying, smtpWords } from './words.ts'

/** What a step leaves to wait for, if anything. */
export type Done = Promise<void> | undefined

/** From MAIL to the end of the message. */
export type Mail = {
  readonly sender: Sender
  readonly declaredSize: number
  readonly recipients: Recipient[]
  readonly intake: Intake
  /** RCPT commands beyond the limit, and those that were refused. */
  over: number
  refused: number
  /** Whether BDAT began. */
  chunks: boolean
  /** When DATA or the first BDAT was taken. */
  since: number
}

/** Octets of a line of a login, CRLF included (RFC 4954 section 4.5.3). */
const AUTH_LINE = 12_288

export class SmtpState {
  readonly deps: SmtpDeps
  readonly reader: SmtpReader
  readonly talk = new Talk()
  peer: Peer
  /** Who logged in; only on a submission port. */
  account: Account | undefined
  /** The name of the app password that was used, if one was. */
  key: string | undefined
  /** A login whose next line is waited for. */
  exchange: AsyncGenerator<string, SaslEnd, string> | undefined
  failedLogins = 0
  hello: { readonly name: string; readonly extended: boolean } | undefined
  mail: Mail | undefined
  /** The BDAT whose octets are coming, and the words that refused it. */
  chunk: { readonly size: number; readonly last: boolean; readonly refused: string | undefined } | undefined
  /** Whether the last MAIL was refused: a client that pipelines says RCPT and DATA after it all the same. */
  mailRefused = false
  /** Messages that were given to the post office, and those it took. */
  messages = 0
  accepted = 0
  /** Recipients that were taken, of all messages. */
  recipients = 0
  gone = false
  closed = false
  readonly #since: number
  #errors = 0
  #refusals = 0
  #idle = 0
  #orphans = 0

  constructor(deps: SmtpDeps, peer: Peer) {
    const { limits } = deps
    this.deps = deps
    this.peer = peer
    this.#since = deps.now()
    this.reader = new SmtpReader({
      line: deps.submission === undefined ? limits.commandLine : Math.max(AUTH_LINE, limits.commandLine),
      skip: limits.skippedLine,
      rewriteLf: deps.bareLf === 'rewrite',
    })
  }

  say(words: string, text?: string): undefined {
    this.talk.say(saying(words, text))
  }

  /** Last words, and the end. */
  cut(words: string, offence?: SessionOffence): undefined {
    this.say(words)
    this.talk.finally('close')
    this.closed = true
    if (offence !== undefined) this.offence(offence)
  }

  offence(kind: SessionOffence): void {
    const { session, ip } = this.peer
    this.deps.log.event('smtp-offence', { session, ip, offence: kind, helo: this.hello?.name })
    // Whoever has logged in is known; a mistake of their program is nobody's offence.
    if (this.account !== undefined) return
    const service = this.deps.submission === undefined ? 'mail' : 'login'
    try {
      this.deps.office.offence(kind, { ip, session, service })
    } catch (error) {
      this.failed('offence', error)
    }
  }

  /** A part of ours threw: the log has the cause, the peer hears only that it should try again. */
  failed(what: string, error: unknown): void {
    const cause = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    this.deps.log.event('smtp-fault', { session: this.peer.session, what, cause })
  }

  /** A wrong command: answered, later ones slowly, and too many end it. */
  wrong(words: string): undefined {
    const { limits } = this.deps
    this.#errors += 1
    if (this.#errors >= limits.errors) return this.cut(smtpWords['too-many-errors'], 'protocol-abuse')
    if (this.#errors > limits.patientErrors) this.talk.delay(limits.errorDelayMs)
    this.say(words)
  }

  /**
   * A recipient that is not here: as `wrong`, counted for itself. A sender whose list has some dead addresses among good ones is not cut: it
   * would come again with all of them.
   */
  refusal(words: string, text?: string): undefined {
    const { limits } = this.deps
    this.#refusals += 1
    if (this.#refusals >= limits.refusals && this.#refusals > this.recipients)
      return this.cut(smtpWords['too-many-refusals'], 'protocol-abuse')
    if (this.#refusals > limits.patientErrors) this.talk.delay(limits.errorDelayMs)
    this.say(words, text)
  }

  /** RCPT, DATA or BDAT without a MAIL that was taken: an error only of a client that never said MAIL. */
  orphan(words: string): undefined {
    if (!this.mailRefused) return this.wrong(words)
    this.#orphans += 1
    if (this.#orphans > this.deps.limits.recipientsOver) return this.cut(smtpWords['too-many-errors'], 'protocol-abuse')
    return this.say(words)
  }

  /** A command that carries no mail. @returns whether there were too many of them. */
  idle(): boolean {
    this.#idle += 1
    if (this.#idle <= this.deps.limits.idleCommands) return false
    this.cut(smtpWords['too-many-idle'], 'protocol-abuse')
    return true
  }

  busy(): void {
    this.#idle = 0
    this.#orphans = 0
  }

  /** @returns whether the session is over its time; the peer was told then. */
  overdue(): boolean {
    if (this.deps.now() - this.#since < this.deps.limits.sessionMs) return false
    this.cut(smtpWords['too-long-session'], this.accepted === 0 ? 'too-slow' : undefined)
    return true
  }

  /** The peer sent on where it has to wait. @returns whether it was cut for that. */
  early(): boolean {
    if (this.deps.early === 'allow' || this.reader.waiting === 0) return false
    this.cut(smtpWords.unpipelined, 'protocol-abuse')
    return true
  }

  /** Forgets the message that was begun, its spool too. */
  reset(): Done {
    const mail = this.mail
    this.mail = undefined
    this.mailRefused = false
    this.reader.forget()
    return mail?.intake.discard()
  }

  newIntake(): Intake {
    return new Intake(this.deps.newSpool, this.deps.limits.messageSize, (error) => this.failed('spool', error))
  }
}

/** Whether REQUIRETLS may be said: RFC 8689 section 2, within TLS only. */
export const offersRequireTls = ({ deps, peer }: SmtpState): boolean => deps.requireTls && peer.tls !== null
