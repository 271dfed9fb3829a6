/**
 * The IMAP session: events of the reader in, acts for the transport out. RFC 9051 section 3 (states), 5.5 (commands in a row, answered in order), 7.1.5 (BYE).
 * The transport gives it octets as they come; the session reads them one event at a time, because a login, a refused literal or IDLE decides how the next octets
 * are read. What happened meanwhile is told before each tagged answer. Refused on purpose: literals larger than the state allows,
 * before one of their octets is read.
 */
import type { Peer, Session } from '../../base/act.ts'
import { type Frame, type ImapEvent, ImapReader } from '../../wire/imap/reader.ts'
import { resolve } from '../../wire/imap/set.ts'
import { gathered, type Out } from '../gathered.ts'
import { abandon, announce, appends, takeOctets } from './append.ts'
import { byNumber, commands } from './commands.ts'
import { freshContexts, tellCame, tellLeft } from './context.ts'
import type { ImapDeps } from './deps.ts'
import { fetching } from './fetch.ts'
import { selectedGroup, tellNotify } from './notify.ts'
import type { Ask, Row, Running } from './row.ts'
import { hasNews, sync } from './selected.ts'
import type { Talk } from './state.ts'
import { capabilities, leave, nothingEnabled } from './talk.ts'

/** A command that waits for a line of the client's. */
type Waiting = { readonly running: Running; readonly row: Row; readonly tag: string }
type Held = { talk: Talk; waiting: Waiting | undefined; bad: number }

const startTalk = (deps: ImapDeps, peer: Peer): Talk => ({
  deps,
  reader: new ImapReader({ line: deps.limits.line, command: deps.limits.command }),
  peer,
  account: undefined,
  key: undefined,
  enabled: nothingEnabled(),
  selected: undefined,
  notify: undefined,
  appending: undefined,
  compressed: false,
  idling: false,
  tag: '',
  failedLogins: 0,
  closing: false,
  ring: () => undefined,
})

/** Everything new, untagged. */
async function* tell(talk: Talk, tells: Row['tells']): AsyncGenerator<Out> {
  const { selected } = talk
  if (tells !== 'nothing' && selected !== undefined) {
    const before = selected.uids.at(-1) ?? 0
    const fresh = await selected.view.refresh()
    if (fresh.ok) {
      const updates = selected.contexts.size > 0 && hasNews(selected) ? await freshContexts(talk, selected) : []
      yield tellLeft(selected, updates, tells === 'all')
      let pieces = 0
      for (const piece of sync(selected, talk.enabled, tells === 'all')) {
        yield piece
        pieces += 1
        if (pieces > 2) await talk.deps.breathe()
      }
      if (talk.notify !== undefined) yield* fetchNew(talk, before)
      yield tellCame(selected, updates)
    }
  }
  if (talk.notify !== undefined && tells !== 'nothing') yield await tellNotify(talk)
}

/** NOTIFY may ask for items of each new message (RFC 5465 section 5.1). */
async function* fetchNew(talk: Talk, before: number): AsyncGenerator<Out> {
  const { fetch } = selectedGroup(talk)
  const last = talk.selected?.uids.at(-1) ?? 0
  if (fetch.length === 0 || last <= before) return
  const set = { saved: false, ranges: resolve([[before + 1, last]], last) } as const
  const running = fetching(true)(talk, { set, items: fetch, vanished: false })
  for (let step = await running.next(''); step.done !== true; step = await running.next(''))
    if (!(typeof step.value === 'object' && 'ask' in step.value)) yield step.value
}

/** Runs a command on, until it ends or asks. */
async function* drive(held: Held, waiting: Waiting, line: string): AsyncGenerator<Out> {
  const { talk } = held
  talk.tag = waiting.tag
  let step: IteratorResult<Out | Ask, string> = await waiting.running.next(line)
  while (step.done !== true) {
    const out = step.value
    if (typeof out === 'object' && 'ask' in out) {
      talk.reader.expectLine()
      held.waiting = waiting
      return
    }
    yield out
    step = await waiting.running.next('')
  }
  const tagged = step.value
  if (tagged.startsWith('BAD')) held.bad += 1
  yield* tell(talk, waiting.row.tells)
  if (tagged !== '') yield `${waiting.tag} ${tagged}\r\n`
}

const NOT_NOW = {
  none: 'BAD That is for before login',
  in: 'BAD Log in first',
  selected: 'BAD Select a mailbox first',
} as const

/** The row of a verb in this state, or why there is none. */
const rowOf = (talk: Talk, verb: string): Row | string => {
  const row = commands.get(verb)
  if (row === undefined) return 'BAD There is no such command'
  if (talk.enabled.uidOnly && byNumber.has(verb)) return 'BAD [UIDREQUIRED] Only UIDs are used now'
  if (row.state === 'any') return row
  if (row.state === 'none') return talk.account === undefined ? row : NOT_NOW.none
  if (talk.account === undefined) return NOT_NOW.in
  return row.state === 'selected' && talk.selected === undefined ? NOT_NOW.selected : row
}

async function* bad(held: Held, tag: string, says: string): AsyncGenerator<Out> {
  held.bad += 1
  yield `${tag} ${says}\r\n`
}

async function* command(held: Held, frame: Frame): AsyncGenerator<Out> {
  const { talk } = held
  const row = rowOf(talk, frame.verb)
  if (typeof row === 'string') return yield* bad(held, frame.tag, row)
  const begun = row.begin(talk, frame)
  if (!begun.ok) return yield* bad(held, frame.tag, `BAD ${begun.error}`)
  yield* drive(held, { running: begun.value, row, tag: frame.tag }, '')
}

/** Refuses an announced literal. Octets that come unasked are read over, unless they are too many: then the peer is shown out. */
async function* refuse(held: Held, event: Extract<ImapEvent, { kind: 'literal' }>, says: string): AsyncGenerator<Out> {
  const { talk } = held
  await abandon(talk.appending)
  talk.appending = undefined
  held.bad += says.startsWith('BAD') ? 1 : 0
  yield `${event.frame.tag} ${says}\r\n`
  if (event.sync || event.size <= talk.deps.limits.skip) return talk.reader.refuse()
  talk.closing = true
  yield '* BYE [TOOBIG] That is too large to be read over\r\n'
}

async function* literal(held: Held, event: Extract<ImapEvent, { kind: 'literal' }>): AsyncGenerator<Out> {
  const { talk } = held
  const row = rowOf(talk, event.frame.verb)
  if (typeof row === 'string') return yield* refuse(held, event, row)
  const most = talk.account === undefined ? talk.deps.limits.commandBeforeLogin : talk.deps.limits.command
  if (appends(event.frame)) {
    const [decided, state] = await announce(talk, talk.appending, event.frame, event.size)
    talk.appending = state
    if (decided.kind === 'refuse') return yield* refuse(held, event, decided.says)
    if (decided.kind === 'stream') {
      talk.reader.stream()
      if (event.sync) yield '+ Go on\r\n'
      return
    }
  }
  if (event.size > most || !talk.reader.keep())
    return yield* refuse(held, event, 'BAD [TOOBIG] The literal is too large')
  if (event.sync) yield '+ Go on\r\n'
}

async function* line(held: Held, text: string): AsyncGenerator<Out> {
  const { waiting } = held
  held.waiting = undefined
  if (waiting !== undefined) yield* drive(held, waiting, text)
}

const octets = async (held: Held, bytes: Uint8Array): Promise<void> => {
  if (held.talk.appending !== undefined) await takeOctets(held.talk.appending, bytes)
}

/** What the client says is no line at all: the command that waits for one is given up. */
async function* garbled(held: Held, tag: string, says: string): AsyncGenerator<Out> {
  const { waiting, talk } = held
  held.waiting = undefined
  talk.idling = false
  await waiting?.running.return('')
  await abandon(talk.appending)
  talk.appending = undefined
  yield* bad(held, waiting?.tag ?? tag, `BAD ${says}`)
}

async function* handle(held: Held, event: ImapEvent): AsyncGenerator<Out> {
  if (event.kind === 'command') yield* command(held, event.frame)
  else if (event.kind === 'literal') yield* literal(held, event)
  else if (event.kind === 'octets') await octets(held, event.bytes)
  else if (event.kind === 'line') yield* line(held, event.text)
  else yield* garbled(held, event.tag, event.says)
}

async function* events(held: Held, bytes: Uint8Array): AsyncGenerator<Out> {
  const { talk } = held
  talk.reader.feed(bytes)
  for (let event = talk.reader.next(); event !== undefined && !talk.closing; event = talk.reader.next()) {
    yield* handle(held, event)
    if (held.bad >= talk.deps.limits.bad && !talk.closing) {
      talk.closing = true
      yield '* BYE Too many commands could not be read\r\n'
    }
  }
  if (talk.closing) yield { act: 'close' }
}

/** What the bell brings while the client says nothing. */
async function* unasked(talk: Talk): AsyncGenerator<Out> {
  const { atOnce, expunge } = selectedGroup(talk)
  if (talk.idling) yield* tell(talk, 'all')
  else if (atOnce) yield* tell(talk, expunge ? 'all' : 'no-expunge')
  else if (talk.notify !== undefined) yield await tellNotify(talk)
}

const farewells = {
  timeout: '* BYE You were silent too long\r\n',
  slow: '* BYE You send too slowly\r\n',
  shutdown: '* BYE [UNAVAILABLE] The server stops\r\n',
  barred: '* BYE [UNAVAILABLE] You are not welcome\r\n',
  revoked: '* BYE [AUTHENTICATIONFAILED] Your login does not hold any longer; log in again\r\n',
} as const

/** @returns a session for one connection. */
export const imapSession = (deps: ImapDeps): Session => {
  let held: Held | undefined
  let ring: () => void = () => undefined
  return {
    async *greet(peer) {
      const talk = startTalk(deps, peer)
      talk.ring = () => {
        if (talk.idling || talk.notify !== undefined) ring()
      }
      held = { talk, waiting: undefined, bad: 0 }
      yield { act: 'patience', ms: deps.limits.patienceBeforeLoginMs }
      yield { act: 'write', bytes: Buffer.from(`* OK [CAPABILITY ${capabilities(talk)}] Postern\r\n`) }
    },
    async *octets(bytes) {
      if (held !== undefined) yield* gathered(events(held, bytes))
    },
    secured: (peer) => {
      if (held !== undefined) held.talk.peer = peer
    },
    tag: () => {
      const { account, key } = held?.talk ?? {}
      return account === undefined ? undefined : { account: account.id, key }
    },
    bell: (listener) => {
      ring = listener
    },
    async *wake() {
      if (held !== undefined) yield* gathered(unasked(held.talk))
    },
    async *farewell(why) {
      yield { act: 'write', bytes: Buffer.from(farewells[why]) }
    },
    gone: () => {
      if (held === undefined) return
      const { talk, waiting } = held
      held = undefined
      leave(talk)
      talk.notify?.stop()
      void abandon(talk.appending)
      void waiting?.running.return('')
    },
  }
}
