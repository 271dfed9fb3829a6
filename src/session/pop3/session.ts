/**
 * The POP3 session: octets in, acts for the transport out (src/base/act.ts). RFC 1939; the extensions are in commands.ts, the words in words.ts, the limits in limits.ts.
 * Commands of one packet are answered in order, together (PIPELINING, RFC 2449 section 6.6). A client that was silent too long is cut without a word, as RFC 1939
 * section 3 asks, and nothing that it deleted is removed.
 */
import type { Peer, Session } from '../../base/act.ts'
import { readPop3Command } from '../../wire/pop3/command.ts'
import type { Pop3Event } from '../../wire/pop3/reader.ts'
import { gathered, type Out } from '../gathered.ts'
import { begin } from './commands.ts'
import type { Pop3Deps } from './deps.ts'
import { leave, type Running, startTalk, type Talk, wrong } from './state.ts'
import { lineWords, misreadWords, pop3Words } from './words.ts'

/** `waiting` is a command that waits for a line of the client's. */
type Held = { readonly talk: Talk; waiting: Running | undefined }

/** Runs a command on, until it ends or asks. */
async function* drive(held: Held, running: Running, line: string): AsyncGenerator<Out> {
  held.waiting = undefined
  for (let step = await running.next(line); step.done !== true; step = await running.next('')) {
    const out = step.value
    if (typeof out === 'object' && 'ask' in out) {
      held.waiting = running
      return
    }
    yield out
  }
}

async function* heardLine(held: Held, text: string): AsyncGenerator<Out> {
  const { talk, waiting } = held
  if (waiting !== undefined) return yield* drive(held, waiting, text)
  const command = readPop3Command(text)
  if (!command.ok) {
    if (command.error === 'foreign') talk.closing = true
    return yield `${wrong(talk, misreadWords[command.error])}\r\n`
  }
  const answer = begin(talk, command.value)
  if (typeof answer === 'string') yield `${answer}\r\n`
  else yield* drive(held, answer, '')
}

/** A line that cannot be read ends an exchange that waits for one. */
async function* garbled(held: Held, words: string, last: boolean): AsyncGenerator<Out> {
  const { talk, waiting } = held
  held.waiting = undefined
  await waiting?.return()
  if (last) talk.closing = true
  yield `${last ? words : wrong(talk, words)}\r\n`
}

const handle = (held: Held, event: Pop3Event): AsyncGenerator<Out> => {
  switch (event.event) {
    case 'line':
      return heardLine(held, event.text)
    case 'bad-line':
      return garbled(held, lineWords[event.why], false)
    case 'endless':
      return garbled(held, pop3Words.endless, true)
    case 'tls':
      return garbled(held, pop3Words['not-pop3'], true)
  }
}

async function* events(held: Held, bytes: Uint8Array): AsyncGenerator<Out> {
  const { talk } = held
  talk.reader.push(bytes)
  for (let event = talk.reader.next(); event !== undefined; event = talk.reader.next()) {
    yield* handle(held, event)
    if (talk.closing) return yield { act: 'close' }
  }
}

const farewells = {
  timeout: '',
  slow: '',
  shutdown: `${pop3Words.stopping}\r\n`,
  barred: `${pop3Words['not-welcome']}\r\n`,
  revoked: `${pop3Words.revoked}\r\n`,
} as const satisfies Readonly<Record<Parameters<Session['farewell']>[0], string>>

/** @returns a session for one connection. */
export const pop3Session = (deps: Pop3Deps): Session => {
  let held: Held | undefined
  return {
    async *greet(peer: Peer) {
      held = { talk: startTalk(deps, peer), waiting: undefined }
      yield { act: 'patience', ms: deps.limits.patienceBeforeLoginMs }
      yield { act: 'write', bytes: `${pop3Words.hello}\r\n` }
    },
    async *octets(bytes) {
      if (held !== undefined && !held.talk.closing) yield* gathered(events(held, bytes))
    },
    secured: (peer) => {
      if (held !== undefined) held.talk.peer = peer
    },
    tag: () => held?.talk.tag,
    bell: () => undefined,
    async *wake() {},
    async *farewell(why) {
      if (farewells[why] !== '') yield { act: 'write', bytes: farewells[why] }
    },
    gone: () => {
      if (held === undefined) return
      const { talk, waiting } = held
      held = undefined
      leave(talk)
      void waiting?.return()
    },
  }
}
