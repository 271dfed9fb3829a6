/** The state of one POP3 session: what its commands read and change, one at a time. RFC 1939 section 3 (AUTHORIZATION, TRANSACTION, UPDATE). */
import type { Peer, SessionTag } from '../../base/act.ts'
import { Pop3Reader } from '../../wire/pop3/reader.ts'
import type { Out } from '../gathered.ts'
import { Ahead } from './ahead.ts'
import type { Pop3Deps } from './deps.ts'
import type { Maildrop } from './maildrop.ts'
import { pop3Words } from './words.ts'

/** Asks for the next line of the client's; `yield` gives it. */
type Ask = { readonly ask: true }
/** What a command does while it runs; it may ask for lines. */
export type Running = AsyncGenerator<Out | Ask, void, string>

export type Talk = {
  readonly deps: Pop3Deps
  readonly reader: Pop3Reader
  readonly ahead: Ahead
  peer: Peer
  /** What USER named, until PASS. */
  user: string | undefined
  /** Whose maildrop it is, and the maildrop: from login on. */
  account: string
  tag: SessionTag | undefined
  drop: Maildrop | undefined
  /** Gives the lock back, if there is one. */
  release: () => void
  utf8: boolean
  failedLogins: number
  bad: number
  closing: boolean
}

const nothing = (): void => undefined

export const startTalk = (deps: Pop3Deps, peer: Peer): Talk => ({
  deps,
  reader: new Pop3Reader({ line: deps.limits.line, skip: deps.limits.skippedLine }),
  ahead: new Ahead(),
  peer,
  user: undefined,
  account: '',
  tag: undefined,
  drop: undefined,
  release: nothing,
  utf8: false,
  failedLogins: 0,
  bad: 0,
  closing: false,
})

/** The maildrop; only commands of the TRANSACTION state ask. */
export const dropOf = (talk: Talk): Maildrop => {
  if (talk.drop === undefined) throw new Error('a command ran before login')
  return talk.drop
}

/** Forgets the maildrop and gives it free for others; nothing in it is changed. */
export const leave = (talk: Talk): void => {
  talk.drop = undefined
  talk.ahead.forget()
  talk.release()
  talk.release = nothing
}

/** A wrong command. @returns its answer; too many end the session. */
export const wrong = (talk: Talk, words: string): string => {
  talk.bad += 1
  if (talk.bad < talk.deps.limits.bad) return words
  talk.closing = true
  return pop3Words['too-many-bad']
}
