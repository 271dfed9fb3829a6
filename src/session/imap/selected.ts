import { type Ranges, rangesOf, resolve, writeRanges } from '../../wire/imap/set.ts'
import { firstFrom, flagNames, placeOf } from './mailbox-view.ts'
import type { Enabled, Selected } from './state.ts'

const isRecent = (selected: Selected, uid: number): boolean =>
  selected.recent.some(([first, last]) => uid >= first && uid <= last)

/** @returns `(\Seen $Junk)` of the row at `at`. */
export const writeFlags = (selected: Selected, at: number): string => {
  const { view, recent } = selected
  const flags = view.flagsAt(at)
  if (recent.length === 0 || !isRecent(selected, view.uidAt(at))) return `(${flags})`
  return flags === '' ? '(\\Recent)' : `(${flags} \\Recent)`
}

/** `* 3 FETCH (` or `* 17 UIDFETCH (` (RFC 9586), by the UID; the list that follows is closed by the caller. */
export const fetchHead = (enabled: Enabled, uid: number, number: number): string =>
  enabled.uidOnly ? `* ${uid} UIDFETCH (` : `* ${number} FETCH (`

/** FLAGS, and what else the enabled extensions want told with a change. */
const flagsResponse = (selected: Selected, enabled: Enabled, uid: number, number: number): string => {
  const at = selected.view.at(uid)
  const withUid = (enabled.qresync || enabled.rev2) && !enabled.uidOnly ? `UID ${uid} ` : ''
  const withModSeq = enabled.condstore ? ` MODSEQ (${selected.view.modSeqs[at] ?? 0})` : ''
  return `${fetchHead(enabled, uid, number)}${withUid}FLAGS ${writeFlags(selected, at)}${withModSeq})\r\n`
}

/** The client is being told the flags of the row at `at`: they need not be told again. */
export const knowsFlags = (selected: Selected, uid: number, at: number): void => {
  const seq = selected.view.modSeqs[at] ?? 0
  if (seq > selected.told) selected.own.set(uid, seq)
}

/** @returns `* FLAGS` and PERMANENTFLAGS of the mailbox. */
export const keywordLines = (selected: Selected): string => {
  const flags = [...flagNames, ...selected.view.keywords].join(' ')
  const permanent = selected.readOnly ? '' : `${flags} \\*`
  return `* FLAGS (${flags})\r\n* OK [PERMANENTFLAGS (${permanent})] Flags that are kept\r\n`
}

/** Whether the view holds anything that was not told yet. */
export const hasNews = (selected: Selected): boolean =>
  selected.view.highest > selected.told ||
  selected.view.removals !== selected.removals ||
  selected.view.count !== selected.uids.length

/** @returns what tells of keywords that the client has not heard of; they come before a FETCH that names them. */
export const newKeywords = (selected: Selected): string => {
  if (selected.keywords === selected.view.keywords) return ''
  selected.keywords = selected.view.keywords
  return keywordLines(selected)
}

const gone = (selected: Selected): readonly number[] => {
  const now = selected.view.uids
  const found: number[] = []
  let at = 0
  for (let index = 0; index < selected.uids.length; index += 1) {
    const uid = selected.uids[index] ?? 0
    while (at < now.length && (now[at] ?? 0) < uid) at += 1
    if (now[at] !== uid) found.push(index)
  }
  return found
}

const writeGone = (selected: Selected, enabled: Enabled, indexes: readonly number[]): string => {
  if (enabled.qresync || enabled.uidOnly)
    return `* VANISHED ${writeRanges(rangesOf(indexes.map((index) => selected.uids[index] ?? 0)))}\r\n`
  // From the last to the first, so that no number changes before it is said.
  let out = ''
  for (let at = indexes.length - 1; at >= 0; at -= 1) out += `* ${(indexes[at] ?? 0) + 1} EXPUNGE\r\n`
  return out
}

const dropGone = (selected: Selected, enabled: Enabled): string => {
  if (selected.removals === selected.view.removals) return ''
  const indexes = gone(selected)
  selected.removals = selected.view.removals
  if (indexes.length === 0) return ''
  const said = writeGone(selected, enabled, indexes)
  // What is left of them is the view's own beginning: whatever came since has a higher UID.
  const { uids } = selected.view
  selected.uids = uids.subarray(0, firstFrom(uids, (selected.uids.at(-1) ?? 0) + 1))
  if (selected.saved.length > 0) selected.saved = selected.saved.filter((uid) => selected.view.at(uid) >= 0)
  return said
}

const tellNew = (selected: Selected, enabled: Enabled, last: number): string => {
  const { view } = selected
  const from = firstFrom(view.uids, last + 1)
  const fresh = view.count - from
  if (fresh <= 0) return ''
  const together = selected.uids.length === from && selected.uids[from - 1] === view.uids[from - 1]
  selected.uids = together ? view.uids : joinedUids(selected.uids, view.uids.subarray(from))
  claimRecent(selected)
  const recent = enabled.rev2 ? '' : `* ${recentCount(selected)} RECENT\r\n`
  return `* ${selected.uids.length} EXISTS\r\n${recent}`
}

const joinedUids = (a: Uint32Array, b: Uint32Array): Uint32Array => {
  const out = new Uint32Array(a.length + b.length)
  out.set(a)
  out.set(b, a.length)
  return out
}

/** Makes what no session was told of yet recent in this one. */
export const claimRecent = (selected: Selected): void => {
  const { view } = selected
  const last = view.uids.at(-1) ?? 0
  if (view.recentFrom === undefined || view.recentFrom > last) return
  selected.recent = [...selected.recent, [view.recentFrom, last] as const].slice(-50)
  if (!selected.readOnly) view.recentFrom = last + 1
}

/** How many messages are recent in this session. */
export const recentCount = (selected: Selected): number =>
  selected.recent.reduce(
    (sum, [first, last]) => sum + firstFrom(selected.uids, last + 1) - firstFrom(selected.uids, first),
    0,
  )

/** Messages that are told of at once; then others have their turn. */
const PAGE = 2000

function* tellChanged(selected: Selected, enabled: Enabled, last: number): Generator<string> {
  const { view } = selected
  if (view.highest <= selected.told && selected.own.size === 0) return
  // What changes while this is told has a higher mod-sequence, and is told the next time.
  const upTo = view.highest
  const changed = view.changedSince(selected.told)
  for (let from = 0; from < changed.length; from += PAGE) {
    let out = ''
    for (const uid of changed.slice(from, from + PAGE)) {
      const at = view.at(uid)
      if (uid > last || at < 0 || selected.own.get(uid) === view.modSeqs[at]) continue
      const number = placeOf(selected.uids, uid) + 1
      if (number > 0) out += flagsResponse(selected, enabled, uid, number)
    }
    yield out
  }
  selected.told = Math.max(selected.told, upTo)
  for (const [uid, seq] of selected.own) if (seq <= selected.told) selected.own.delete(uid)
}

/**
 * Everything that happened since the last time, as untagged responses, in pieces; the view must have been refreshed. It may be refreshed again between
 * two pieces, but nothing else of the session may run.
 * @param mayExpunge false during FETCH, STORE and SEARCH by numbers (RFC 9051 section 7.5.1).
 */
export function* sync(selected: Selected, enabled: Enabled, mayExpunge: boolean): Generator<string> {
  const removed = mayExpunge ? dropGone(selected, enabled) : ''
  const last = selected.uids.at(-1) ?? 0
  const fresh = tellNew(selected, enabled, last)
  yield removed + fresh + newKeywords(selected)
  yield* tellChanged(selected, enabled, last)
}

/** A run of messages as the client numbers them: from index, to index, inclusive. */
export type Run = readonly [first: number, last: number]

/** @param ranges of sequence numbers, 0 for `*`. @returns the runs of indexes, or undefined where a number is beyond the last message. */
export const runsOfNumbers = (selected: Selected, ranges: Ranges): readonly Run[] | undefined => {
  const count = selected.uids.length
  const found = resolve(ranges, count)
  // In an empty mailbox `*` is wrong too (RFC 9051 section 9, seq-number).
  if (count === 0 || found.some(([, last]) => last > count)) return undefined
  return found.map(([first, last]) => [first - 1, last - 1] as const)
}

/** @param ranges of UIDs, 0 for `*`. @returns the runs of indexes of those that are there. */
export const runsOfUids = (selected: Selected, ranges: Ranges): readonly Run[] =>
  resolve(ranges, selected.uids.at(-1) ?? 0)
    .map(([first, last]) => [firstFrom(selected.uids, first), firstFrom(selected.uids, last + 1) - 1] as const)
    .filter(([first, last]) => first <= last)

/** The UIDs of runs, ascending. */
export const uidsOfRuns = (selected: Selected, runs: readonly Run[]): Uint32Array => {
  const total = runs.reduce((sum, [first, last]) => sum + last - first + 1, 0)
  const out = new Uint32Array(total)
  let to = 0
  for (const [first, last] of runs) {
    out.set(selected.uids.subarray(first, last + 1), to)
    to += last - first + 1
  }
  return out
}

/** UID ranges for the store, of runs: a run is one range, because nothing that the client does not know of lies between. */
export const rangesOfRuns = (selected: Selected, runs: readonly Run[]): Ranges =>
  runs.map(([first, last]) => [selected.uids[first] ?? 0, selected.uids[last] ?? 0] as const)

/** Ascending UIDs as ranges. @returns runs of neighbours in the session's list joined, so that few ranges name many messages. */
export const rangesOfUids = (selected: Selected, uids: Uint32Array): Ranges => {
  const out: [number, number][] = []
  let before = -2
  for (const uid of uids) {
    const index = placeOf(selected.uids, uid)
    const run = out.at(-1)
    if (run !== undefined && index >= 0 && index === before + 1) run[1] = uid
    else out.push([uid, uid])
    before = index
  }
  return out
}
