/**
 * What changes messages that are there: STORE, COPY, MOVE, EXPUNGE. RFC 9051 sections 6.4.3, 6.4.6 to 6.4.9; RFC 7162 section 3.1.3 (UNCHANGEDSINCE), RFC 4315 (UIDPLUS),
 * RFC 6851 (MOVE), RFC 2180 section 4 (messages that others removed meanwhile).
 */
import type { Result } from '../../base/result.ts'
import { fail, ok } from '../../base/result.ts'
import type { FlagsChanged } from '../../store/store.ts'
import type { StoreArguments } from '../../wire/imap/fetch.ts'
import { type NamedSet, type Ranges, rangesOf, resolve, writeInOrder, writeRanges } from '../../wire/imap/set.ts'
import { placeOf } from './mailbox-view.ts'
import type { Running } from './row.ts'
import {
  fetchHead,
  newKeywords,
  type Run,
  rangesOfRuns,
  rangesOfUids,
  runsOfNumbers,
  runsOfUids,
  uidsOfRuns,
  writeFlags,
} from './selected.ts'
import type { Reply, Selected, Talk } from './state.ts'
import { findWith, NO_RIGHT, selectedOf } from './talk.ts'
import { TRY_CREATE, wordsFor } from './words.ts'

const READ_ONLY = 'NO [READ-ONLY] The mailbox is open to read'
const WRONG_NUMBER = 'BAD There is no message of that number'
const GONE = 'NO [EXPUNGEISSUED] Those messages are gone'

/** The runs of messages that a set names, or the tagged answer. */
export const runsOf = (talk: Talk, set: NamedSet, byUid: boolean): Result<readonly Run[], string> => {
  const selected = selectedOf(talk)
  if (set.saved) {
    const indexes = [...selected.saved].map((uid) => placeOf(selected.uids, uid)).filter((at) => at >= 0)
    return ok(rangesOf(indexes.map((at) => at + 1)).map(([first, last]) => [first - 1, last - 1] as const))
  }
  if (byUid) return ok(runsOfUids(selected, set.ranges))
  const runs = runsOfNumbers(selected, set.ranges)
  return runs === undefined ? fail(WRONG_NUMBER) : ok(runs)
}

const needed: Readonly<Record<string, string>> = { '\\Seen': 's', '\\Deleted': 't' }
/** The flags of `flags` that the rights allow to change. */
const allowed = (rights: string, flags: readonly string[]): readonly string[] =>
  flags.filter((flag) => rights.includes(needed[flag] ?? 'w'))

/** Takes the store's answer into the view, and remembers that this session knows. */
export const takeChanges = (selected: Selected, answer: FlagsChanged): void => {
  const { changed } = answer
  selected.view.takeFlags(changed, answer.modSeq)
  for (const [row, uid] of changed.uids.entries()) selected.own.set(uid, changed.modSeqs[row] ?? 0)
}

const numbersOf = (selected: Selected, uids: Iterable<number>): readonly number[] =>
  [...uids].map((uid) => placeOf(selected.uids, uid) + 1).filter((number) => number > 0)

const fetchedFlags = (talk: Talk, selected: Selected, args: StoreArguments, byUid: boolean, uid: number): string => {
  const at = selected.view.at(uid)
  const index = placeOf(selected.uids, uid)
  if (at < 0 || index < 0) return ''
  const withUid = (byUid || talk.enabled.qresync || talk.enabled.rev2) && !talk.enabled.uidOnly ? [`UID ${uid}`] : []
  const withModSeq = talk.enabled.condstore ? [`MODSEQ (${selected.view.modSeqs[at] ?? 0})`] : []
  const withFlags = args.silent ? [] : [`FLAGS ${writeFlags(selected, at)}`]
  const items = [...withUid, ...withFlags, ...withModSeq]
  return `${fetchHead(talk.enabled, uid, index + 1)}${items.join(' ')})\r\n`
}

const PAGE = 2000

/** STORE and UID STORE. */
export const storing = (byUid: boolean) =>
  async function* (talk: Talk, args: StoreArguments): Running {
    const selected = selectedOf(talk)
    const runs = runsOf(talk, args.set, byUid)
    if (!runs.ok) return runs.error
    if (selected.readOnly) return READ_ONLY
    const flags = allowed(selected.rights, args.flags)
    if (flags.length < args.flags.length && flags.length === 0) return NO_RIGHT
    if (args.unchangedSince !== undefined) talk.enabled.condstore = true
    if (runs.value.length === 0) return 'OK There was nothing to change'
    const answer = await talk.deps.store.changeFlags({
      mailbox: selected.mailbox.id,
      uids: rangesOfRuns(selected, runs.value),
      how: args.how,
      flags,
      ...(args.unchangedSince === undefined ? {} : { unchangedSince: args.unchangedSince }),
    })
    if (!answer.ok) return wordsFor(answer.error)
    takeChanges(selected, answer.value)
    const left = new Set(answer.value.modified)
    const uids = uidsOfRuns(selected, runs.value)
    const there = uids.filter((uid) => selected.view.at(uid) >= 0)
    if (there.length === 0 && !byUid) return 'OK [EXPUNGEISSUED] Those messages are gone'
    // Silence is kept but for mod-sequences, which a client with CONDSTORE needs (RFC 7162 section 3.1.3).
    const told = args.silent && !talk.enabled.condstore ? new Uint32Array(0) : there.filter((uid) => !left.has(uid))
    for (let from = 0; from < told.length; from += PAGE) {
      let page = from === 0 ? newKeywords(selected) : ''
      for (const uid of told.subarray(from, from + PAGE)) page += fetchedFlags(talk, selected, args, byUid, uid)
      yield page
    }
    if (left.size === 0) return 'OK Stored'
    const named = byUid ? [...left] : numbersOf(selected, left)
    return `OK [MODIFIED ${writeRanges(rangesOf([...named].sort((a, b) => a - b)))}] Some were changed meanwhile`
  }

type CopyArguments = { readonly set: NamedSet; readonly mailbox: string }

const copied = async (
  talk: Talk,
  args: CopyArguments,
  byUid: boolean,
  move: boolean,
): Promise<Result<string, string>> => {
  const selected = selectedOf(talk)
  const runs = runsOf(talk, args.set, byUid)
  if (!runs.ok) return runs
  if (move && selected.readOnly) return fail(READ_ONLY)
  if (move && !(selected.rights.includes('t') && selected.rights.includes('e'))) return fail(NO_RIGHT)
  const found = await findWith(talk, args.mailbox, 'i')
  if (!found.ok) return fail(found.error.includes('NONEXISTENT') ? TRY_CREATE : found.error)
  if (runs.value.length === 0) return ok('')
  const [from, to] = [selected.mailbox.id, found.value.mailbox.id]
  const uids = rangesOfRuns(selected, runs.value)
  const answer = await talk.deps.store.copy({ from, uids, to, now: talk.deps.now(), move })
  if (!answer.ok) return fail(wordsFor(answer.error))
  const { value } = answer
  if (value.from.length === 0) return byUid ? ok('') : fail(GONE)
  talk.deps.views.arrived(to, value.to[0] ?? 0)
  if (move && to !== from) selected.view.takeRemoval(value.from, value.modSeq)
  else if (to === from) selected.view.need(value.modSeq)
  talk.deps.moved?.({ account: found.value.mailbox.account, from, to, uids: value.from, newUids: value.to })
  return ok(`[COPYUID ${value.uidValidity} ${writeInOrder(value.from)} ${writeInOrder(value.to)}] `)
}

/** COPY and UID COPY: all or nothing. */
export const copying =
  (byUid: boolean) =>
  async (talk: Talk, args: CopyArguments): Promise<Reply> => {
    const done = await copied(talk, args, byUid, false)
    return ['', done.ok ? `OK ${done.value}Copied` : done.error]
  }

/** MOVE and UID MOVE: where the messages went is told before they go (RFC 6851 section 4.3). */
export const moving =
  (byUid: boolean) =>
  async (talk: Talk, args: CopyArguments): Promise<Reply> => {
    const done = await copied(talk, args, byUid, true)
    if (!done.ok) return ['', done.error]
    return [done.value === '' ? '' : `* OK ${done.value}Moved\r\n`, 'OK Moved']
  }

const expunged = async (talk: Talk, uids: Ranges): Promise<Reply> => {
  const selected = selectedOf(talk)
  if (selected.readOnly) return ['', READ_ONLY]
  if (!selected.rights.includes('e')) return ['', NO_RIGHT]
  if (uids.length === 0) return ['', 'OK There was nothing to remove']
  const answer = await talk.deps.store.expunge({
    mailbox: selected.mailbox.id,
    uids,
    evenUndeleted: false,
    now: talk.deps.now(),
  })
  if (!answer.ok) return ['', wordsFor(answer.error)]
  if (answer.value.uids.length === 0) return ['', 'OK There was nothing to remove']
  selected.view.takeRemoval(answer.value.uids, answer.value.modSeq)
  const highest = talk.enabled.condstore ? `[HIGHESTMODSEQ ${answer.value.modSeq}] ` : ''
  return ['', `OK ${highest}Removed`]
}

/** EXPUNGE. */
export const expunge = (talk: Talk): Promise<Reply> => {
  const last = selectedOf(talk).uids.at(-1)
  return expunged(talk, last === undefined ? [] : [[1, last]])
}

/** UID EXPUNGE. */
export const uidExpunge = (talk: Talk, set: NamedSet): Promise<Reply> => {
  const selected = selectedOf(talk)
  if (set.saved) return expunged(talk, rangesOfUids(selected, selected.saved))
  return expunged(talk, resolve(set.ranges, selected.uids.at(-1) ?? 0))
}
