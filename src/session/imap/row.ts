/**
 * What a command of the table is: in which states it may come, how its arguments are read, what it does. Running commands are generators: they
 * write as they go, may ask for a line of the client's, and return the tagged answer.
 */

import type { Result } from '../../base/result.ts'
import type { Frame } from '../../wire/imap/reader.ts'
import { type Cursor, readWhole } from '../../wire/imap/syntax.ts'
import { writeString } from '../../wire/imap/write.ts'
import type { Out } from '../gathered.ts'
import type { Reply, Talk } from './state.ts'

/** Asks for the next line of the client's; `yield` gives it. */
export type Ask = { readonly ask: true }
export type Running = AsyncGenerator<Out | Ask, string, string>
type State = 'none' | 'in' | 'selected'

export type Row = {
  /** Before login only, in after login (selected or not), with a mailbox selected; or whenever. */
  readonly state: State | 'any'
  /** What may be told before the tagged answer: everything, no EXPUNGE, or nothing. */
  readonly tells: 'all' | 'no-expunge' | 'nothing'
  /** Misreads the arguments now, or gives what runs. */
  readonly begin: (talk: Talk, frame: Frame) => Result<Running, string>
}

async function* replying(reply: Promise<Reply>): Running {
  const [untagged, tagged] = await reply
  if (untagged !== '') yield untagged
  return tagged
}

/** How long a command is at work before the client hears that it is, and between hearing it again: some give up after a minute of silence. */
export const PROGRESS_MS = 10_000

/** Says at once that the command goes on (RFC 9585). @param done how much of how much is done, where that is known */
export const goesOn = (talk: Talk, done?: readonly [number, number]): readonly Out[] => [
  `* OK [INPROGRESS (${writeString(talk.tag)} ${done === undefined ? 'NIL NIL' : done.join(' ')})] Still at work\r\n`,
  { act: 'wait', ms: 0 }, // what was said before it is not held back any longer
]

/** Waits for work that may take long, and says now and then that it goes on. @param done as in `goesOn` */
export async function* inProgress<T>(
  talk: Talk,
  work: Promise<T>,
  done?: readonly [number, number],
): AsyncGenerator<Out, T> {
  while (!(await talk.deps.within(work, PROGRESS_MS))) yield* goesOn(talk, done)
  return work
}

async function* takingLong(talk: Talk, reply: Promise<Reply>): Running {
  return yield* replying(Promise.resolve(yield* inProgress(talk, reply)))
}

/** A command that streams, or asks. */
export const streams = <T>(
  state: Row['state'],
  tells: Row['tells'],
  read: (c: Cursor) => T,
  run: (talk: Talk, args: T) => Running,
): Row => ({
  state,
  tells,
  begin: (talk, frame) => {
    const args = readWhole(frame, read)
    return args.ok ? { ok: true, value: run(talk, args.value) } : args
  },
})

/** A command whose whole answer is small. */
export const replies = <T>(
  state: Row['state'],
  tells: Row['tells'],
  read: (c: Cursor) => T,
  run: (talk: Talk, args: T) => Promise<Reply>,
): Row => streams(state, tells, read, (talk, args) => replying(run(talk, args)))

/** As `replies`, of one that may be long at work. */
export const repliesLate = <T>(
  tells: Row['tells'],
  read: (c: Cursor) => T,
  run: (talk: Talk, args: T) => Promise<Reply>,
): Row => streams('selected', tells, read, (talk, args) => takingLong(talk, run(talk, args)))
