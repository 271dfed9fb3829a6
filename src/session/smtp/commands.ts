/**
 * The commands of an SMTP session. RFC 5321 sections 3 and 4.1.1; EHLO's keywords: RFC 2920 (PIPELINING), 1870 (SIZE), 6152
 * (8BITMIME), 6531 (SMTPUTF8), 2034 (ENHANCEDSTATUSCODES), 3030 (CHUNKING, BINARYMIME), 3461 (DSN), 9422 (LIMITS), 3207 (STARTTLS).
 *
 * Within TLS 8689 (REQUIRETLS); on submission ports 4954 (AUTH) and 4865 (FUTURERELEASE).
 *
 * Refused on purpose: AUTH on port 25 (submission has ports of its own), EXPN; VRFY tells nothing.
 */
import type { SmtpCommand } from '../../wire/smtp/command.ts'
import { writeReply } from '../../wire/smtp/reply.ts'
import { mayLogin, mechanismsFor } from '../login.ts'
import { auth } from './auth.ts'
import { beginChunk, beginData } from './content.ts'
import { mail, rcpt } from './envelope.ts'
import { type Done, offersRequireTls, type SmtpState } from './state.ts'
import { authWords, smtpWords } from './words.ts'

type Hello = Extract<SmtpCommand, { readonly verb: 'HELO' | 'EHLO' }>

const submitKeywords = ({ deps, peer }: SmtpState): readonly string[] => {
  const { submission, now } = deps
  if (submission === undefined) return []
  const { holdMs } = submission.limits
  const latest = new Date(now() + holdMs).toISOString().replace(/\.\d+Z$/, 'Z')
  return [
    ...(mayLogin(peer) ? [`AUTH ${mechanismsFor(peer, submission.scram).join(' ')}`] : []),
    `FUTURERELEASE ${Math.floor(holdMs / 1000)} ${latest}`,
  ]
}

const keywords = (state: SmtpState): readonly string[] => {
  const { limits, startTls } = state.deps
  return [
    'PIPELINING',
    `SIZE ${limits.messageSize}`,
    '8BITMIME',
    'SMTPUTF8',
    'ENHANCEDSTATUSCODES',
    'CHUNKING',
    'BINARYMIME',
    'DSN',
    ...(offersRequireTls(state) ? ['REQUIRETLS'] : []),
    ...submitKeywords(state),
    `LIMITS MAILMAX=${limits.messages} RCPTMAX=${limits.recipients}`,
    ...(startTls && state.peer.tls === null ? ['STARTTLS'] : []),
    'HELP',
  ]
}

const hello = (state: SmtpState, command: Hello): Done => {
  if (state.early() || (state.hello !== undefined && state.idle())) return undefined
  const extended = command.verb === 'EHLO'
  state.hello = { name: command.name, extended }
  state.talk.say(writeReply(250, [state.deps.host, ...(extended ? keywords(state) : [])]))
  state.talk.patience(state.deps.limits.commandMs)
  return state.reset()
}

const startTls = (state: SmtpState): Done => {
  if (state.peer.tls !== null) return state.wrong(smtpWords['tls-already'])
  if (!state.deps.startTls) return state.wrong(smtpWords['no-tls'])
  // RFC 3207 section 4.2: nothing that came in plain text may count after TLS.
  state.reader.discard()
  state.say(smtpWords['tls-ready'])
  state.talk.finally('start-tls')
  return state.reset()
}

const idle = (state: SmtpState, words: string): undefined => {
  if (!state.idle()) state.say(words)
}

const quit = (state: SmtpState): undefined => {
  state.cut(smtpWords.bye)
}

const reset = (state: SmtpState): Done => {
  if (state.idle()) return undefined
  state.say(smtpWords.ok)
  return state.reset()
}

/** Does a command; what is to be said is in `state.talk` afterwards. */
export const run = (state: SmtpState, command: SmtpCommand): Done => {
  switch (command.verb) {
    case 'EHLO':
    case 'HELO':
      return hello(state, command)
    case 'MAIL':
      return mail(state, command)
    case 'RCPT':
      return rcpt(state, command)
    case 'DATA':
      return beginData(state)
    case 'BDAT':
      return beginChunk(state, command)
    case 'RSET':
      return reset(state)
    case 'NOOP':
      return idle(state, smtpWords.ok)
    case 'HELP':
      return idle(state, state.deps.submission === undefined ? smtpWords.help : authWords.help)
    case 'VRFY':
      return idle(state, smtpWords['cannot-vrfy'])
    case 'EXPN':
      return state.wrong(smtpWords['no-expn'])
    case 'AUTH':
      return auth(state, command)
    case 'STARTTLS':
      return startTls(state)
    case 'QUIT':
      return quit(state)
  }
}
