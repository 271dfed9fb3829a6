/**
 * The SMTP session: receiving on port 25, submission on 465 and 587 (`deps.submission`): octets in, acts out (src/base/act.ts). RFC 5321; the extensions are in commands.ts, the words in
 * words.ts, the limits in limits.ts. No clock, no socket, no disk of its own.
 *
 * The answers to pipelined commands are gathered and go out together, in order; whatever the post office or a spool throws is a 4xx
 * reply and a line in the log, and never 250.
 */
import type { Act, Peer, Quiet, Session } from '../../base/act.ts'
import { readCommand } from '../../wire/smtp/command.ts'
import type { SmtpEvent } from '../../wire/smtp/reader.ts'
import { answerLogin, endLogin } from './auth.ts'
import { run } from './commands.ts'
import { end, take } from './content.ts'
import type { SmtpDeps } from './deps.ts'
import { type Done, SmtpState } from './state.ts'
import { authWords, lineWords, misreadWords, saying, smtpWords } from './words.ts'

const line = (state: SmtpState, text: string): Done => {
  if (state.exchange !== undefined) return answerLogin(state, text)
  if (state.overdue()) return undefined
  const command = readCommand(text)
  if (command.ok) return run(state, command.value)
  switch (command.error) {
    case 'foreign':
      return state.cut(misreadWords.foreign, 'protocol-abuse')
    case 'bad-chunk':
      return state.cut(misreadWords['bad-chunk'])
    case 'bad-recipient':
      return state.refusal(misreadWords['bad-recipient'])
    default:
      if (/^mail\s/i.test(text) && state.hello !== undefined && state.mail === undefined) state.mailRefused = true
      return state.wrong(misreadWords[command.error])
  }
}

const heard = (state: SmtpState, event: SmtpEvent): Done => {
  switch (event.event) {
    case 'line':
      return line(state, event.text)
    case 'bad-line':
      endLogin(state)
      return state.wrong(lineWords[event.why])
    case 'octets':
      return take(state, event.bytes)
    case 'end':
      return end(state, event)
    case 'endless':
      if (event.within === 'message') return state.cut(smtpWords['too-large'])
      return state.cut(smtpWords.endless, 'protocol-abuse')
    case 'tls':
      return state.cut(smtpWords['not-smtp'], 'protocol-abuse')
  }
}

async function* greet(state: SmtpState, quiet: Quiet): AsyncGenerator<Act> {
  const { limits, host } = state.deps
  state.talk.patience(limits.helloMs)
  if (limits.greetPauseMs > 0 && !(await quiet(limits.greetPauseMs)))
    state.cut(smtpWords['early-talker'], 'early-talker')
  else state.talk.say(`220 ${host} ESMTP Postern\r\n`)
  yield* state.talk.take()
}

async function* octets(state: SmtpState, bytes: Uint8Array): AsyncGenerator<Act> {
  if (state.closed) return
  state.reader.push(bytes)
  for (let event = state.reader.next(); event !== undefined; event = state.reader.next()) {
    // What was asked before a message is answered before the message is judged, which may take its time.
    if (event.event === 'end' && !state.talk.silent) yield* state.talk.take()
    const done = heard(state, event)
    if (done !== undefined) await done
    if (state.gone) return
    if (state.talk.urgent) yield* state.talk.take()
    if (state.closed) return
  }
  yield* state.talk.take()
}

const farewells = {
  timeout: smtpWords.silent,
  slow: smtpWords['too-slow'],
  shutdown: smtpWords.stopping,
  barred: smtpWords.barred,
  revoked: authWords.revoked,
} as const satisfies Readonly<Record<Parameters<Session['farewell']>[0], string>>

async function* farewell(state: SmtpState, why: Parameters<Session['farewell']>[0]): AsyncGenerator<Act> {
  // Silence after a message was taken is a sender that keeps its connection for the next one.
  const idle = why === 'timeout' && state.accepted > 0 && state.mail === undefined
  if ((why === 'timeout' || why === 'slow') && !idle) state.offence('too-slow')
  state.closed = true
  yield { act: 'write', bytes: saying(farewells[why]) }
}

const nobody: Peer = { session: '', ip: '', port: 0, localIp: '', localPort: 0, tls: null, mayPlaintext: false }
async function* nothing(): AsyncGenerator<Act> {}

/** @returns a session for one connection. */
export const smtpSession = (deps: SmtpDeps): Session => {
  const state = new SmtpState(deps, nobody)
  return {
    greet: (peer, quiet) => {
      state.peer = peer
      return greet(state, quiet)
    },
    octets: (bytes) => octets(state, bytes),
    secured: (peer) => {
      state.peer = peer
      state.hello = undefined
      endLogin(state)
    },
    tag: () => (state.account === undefined ? undefined : { account: state.account.id, key: state.key }),
    bell: () => undefined,
    wake: nothing,
    farewell: (why) => farewell(state, why),
    gone: () => {
      state.gone = true
      state.closed = true
      endLogin(state)
      void state.reset()
    },
  }
}
