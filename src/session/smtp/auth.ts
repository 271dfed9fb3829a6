/**
 * AUTH on the submission ports. RFC 4954 section 4 (the command, its lines, `*`), section 6 (codes), RFC 6409 section 4.3. The mechanisms are in
 * wire/sasl, and the jail is asked and told by the login behind `deps.submission`: a failed login waits for its answer, and after some the
 * connection ends, as with IMAP and POP3.
 *
 * Refused on purpose: any password before TLS, a second login, a login within a message.
 */
import type { SmtpCommand } from '../../wire/smtp/command.ts'
import { type LoginOutcome, mayLogin } from '../login.ts'
import { saslExchange } from '../sasl-exchange.ts'
import type { SmtpState } from './state.ts'
import { authWords, smtpWords } from './words.ts'

/** The end of a login that was decided. */
const settle = (state: SmtpState, outcome: LoginOutcome): undefined => {
  const { submission } = state.deps
  if (outcome.kind === 'ok') {
    state.account = outcome.account
    state.key = outcome.key
    state.failedLogins = 0
    return state.say(authWords.ok)
  }
  state.failedLogins += 1
  state.talk.delay(submission?.limits.failedLoginMs ?? 0)
  state.say(authWords[outcome.kind])
  if (outcome.kind === 'barred' || state.failedLogins >= (submission?.limits.logins ?? 1))
    state.cut(authWords['too-many'])
}

/** Gives the exchange a line. */
const hear = async (state: SmtpState, line: string): Promise<void> => {
  try {
    const step = await state.exchange?.next(line)
    if (step === undefined) return
    if (step.done !== true) return state.talk.say(`334 ${step.value}\r\n`)
    state.exchange = undefined
    if ('unfinished' in step.value) state.wrong(authWords[step.value.unfinished])
    else settle(state, step.value)
  } catch (error) {
    state.exchange = undefined
    state.failed('login', error)
    state.say(authWords['try-later'])
  }
}

/** AUTH, with or without an initial response. */
export const auth = async (state: SmtpState, command: Extract<SmtpCommand, { verb: 'AUTH' }>): Promise<void> => {
  const { submission } = state.deps
  if (submission === undefined) return state.wrong(smtpWords['no-auth'])
  if (state.hello?.extended !== true) return state.wrong(smtpWords['say-ehlo'])
  if (state.account !== undefined) return state.wrong(authWords['logged-in'])
  if (state.mail !== undefined) return state.wrong(authWords['within-mail'])
  if (!mayLogin(state.peer)) return state.wrong(authWords['tls-for-auth'])
  state.exchange = saslExchange(submission, state.peer, command.mechanism, command.initial)
  await hear(state, '')
}

/** The line that a login waited for. */
export const answerLogin = (state: SmtpState, text: string): Promise<void> => hear(state, text.trim())

/** Gives up a login that was begun. */
export const endLogin = (state: SmtpState): void => {
  void state.exchange?.return({ unfinished: 'cancelled' })
  state.exchange = undefined
}
