/**
 * A client's search program as the store's tree: numbers, `*`, `$` and \Recent become UIDs of the session's list. RFC 9051 section 6.4.4, RFC 5182. And the searches
 * that columns alone can answer, answered here (flags, sizes, dates, UIDs), without a question to the store. Pure.
 */
import { fail, ok, type Result } from '../../base/result.ts'
import { flagBits, type SearchTree } from '../../store/store.ts'
import type { SearchKey } from '../../wire/imap/search.ts'
import { holds, type NamedSet, type Ranges, resolve } from '../../wire/imap/set.ts'
import type { MailboxView } from './mailbox-view.ts'
import { rangesOfRuns, rangesOfUids, runsOfUids } from './selected.ts'
import type { Searched, Selected, Talk } from './state.ts'

type Known = Pick<Selected, 'uids' | 'saved' | 'recent' | 'view'>

const uidsOf = (known: Known, set: NamedSet): Ranges => {
  const selected = known as Selected
  if (set.saved) return rangesOfUids(selected, known.saved)
  return rangesOfRuns(selected, runsOfUids(selected, set.ranges))
}

/** Numbers beyond the last message find nothing; they are no mistake, as they are in FETCH. */
const numbersOf = (known: Known, set: NamedSet): Ranges => {
  const selected = known as Selected
  if (set.saved) return rangesOfUids(selected, known.saved)
  const count = known.uids.length
  const within = resolve(set.ranges, count)
    .filter(([first]) => first <= count)
    .map(([first, last]) => [first - 1, Math.min(last, count) - 1] as const)
  return rangesOfRuns(selected, within)
}

const all = (talk: Talk, known: Known, keys: readonly SearchKey[]): Result<readonly SearchTree[], string> => {
  const out: SearchTree[] = []
  for (const key of keys) {
    const tree = convert(talk, known, key)
    if (!tree.ok) return tree
    out.push(tree.value)
  }
  return ok(out)
}

const convert = (talk: Talk, known: Known, key: SearchKey): Result<SearchTree, string> => {
  if ('and' in key || 'or' in key) {
    const both = all(talk, known, 'and' in key ? key.and : key.or)
    if (!both.ok) return both
    return ok('and' in key ? { and: both.value } : { or: both.value })
  }
  if ('not' in key || 'fuzzy' in key) {
    const inner = convert(talk, known, 'not' in key ? key.not : key.fuzzy)
    if (!inner.ok) return inner
    return ok('not' in key ? { not: inner.value } : { fuzzy: inner.value })
  }
  if ('numbers' in key) {
    if (talk.enabled.uidOnly && !key.numbers.saved) return fail('BAD [UIDREQUIRED] Only UIDs are used now')
    return ok({ uids: numbersOf(known, key.numbers) })
  }
  if ('uidRanges' in key) return ok({ uids: uidsOf(known, key.uidRanges) })
  if ('recent' in key) return ok({ uids: known.recent })
  if ('age' in key) return ok({ ...key, now: talk.deps.now() })
  return ok(key)
}

const mentionsModSeq = (key: SearchKey): boolean => {
  if ('and' in key) return key.and.some(mentionsModSeq)
  if ('or' in key) return key.or.some(mentionsModSeq)
  if ('not' in key) return mentionsModSeq(key.not)
  if ('fuzzy' in key) return mentionsModSeq(key.fuzzy)
  return 'modSeqFrom' in key
}

/** @returns the tree, or the tagged answer where it names a message that is not there. */
export const treeOf = (talk: Talk, known: Known, key: SearchKey): Result<Searched, string> => {
  const tree = convert(talk, known, key)
  return tree.ok ? ok({ tree: tree.value, usesModSeq: mentionsModSeq(key) }) : tree
}

type Test = (at: number) => boolean

const systemBits: Readonly<Record<string, number | undefined>> = {
  '\\Answered': flagBits.answered,
  '\\Flagged': flagBits.flagged,
  '\\Deleted': flagBits.deleted,
  '\\Draft': flagBits.draft,
  '\\Seen': flagBits.seen,
}

const flagTest = (view: MailboxView, flag: string): Test => {
  const bit = systemBits[flag]
  if (bit !== undefined) return (at) => ((view.flags[at] ?? 0) & bit) !== 0
  const keyword = flag.toLowerCase()
  return (at) => view.keywordsAt(at).some((one) => one.toLowerCase() === keyword)
}

const DAY = 86_400_000
const dayTest = (column: Float64Array, is: 'before' | 'on' | 'since', day: string): Test => {
  const start = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(start)) return () => false
  if (is === 'before') return (at) => (column[at] ?? 0) < start
  if (is === 'since') return (at) => (column[at] ?? 0) >= start
  return (at) => (column[at] ?? 0) >= start && (column[at] ?? 0) < start + DAY
}

const several = (view: MailboxView, trees: readonly SearchTree[]): readonly Test[] | undefined => {
  const tests = trees.map((tree) => testOf(view, tree))
  return tests.every((test) => test !== undefined) ? tests : undefined
}

/** A test of rows, or undefined where the columns do not know. */
const testOf = (view: MailboxView, tree: SearchTree): Test | undefined => {
  if ('all' in tree || 'savedDateSupported' in tree) return () => true
  if ('and' in tree) {
    const tests = several(view, tree.and)
    return tests && ((at) => tests.every((test) => test(at)))
  }
  if ('or' in tree) {
    const tests = several(view, tree.or)
    return tests && ((at) => tests.some((test) => test(at)))
  }
  if ('not' in tree) {
    const test = testOf(view, tree.not)
    return test && ((at) => !test(at))
  }
  if ('uids' in tree) return (at) => holds(tree.uids, view.uids[at] ?? 0)
  if ('flag' in tree) return flagTest(view, tree.flag)
  if ('modSeqFrom' in tree) return (at) => (view.modSeqs[at] ?? 0) >= tree.modSeqFrom
  if ('larger' in tree) return (at) => (view.sizes[at] ?? 0) > tree.larger
  if ('smaller' in tree) return (at) => (view.sizes[at] ?? 0) < tree.smaller
  if ('date' in tree && tree.date !== 'sent')
    return dayTest(tree.date === 'internal' ? view.internalDates : view.savedDates, tree.is, tree.day)
  if ('age' in tree) {
    const edge = tree.now - tree.seconds * 1000
    return tree.age === 'older'
      ? (at) => (view.internalDates[at] ?? 0) <= edge
      : (at) => (view.internalDates[at] ?? 0) >= edge
  }
  return undefined
}

/** @returns the UIDs that a tree finds, where the columns alone can tell; undefined where the messages must be asked. */
export const columnSearch = (view: MailboxView, tree: SearchTree): Uint32Array | undefined => {
  const test = testOf(view, tree)
  if (test === undefined) return undefined
  const { uids } = view
  const found = new Uint32Array(uids.length)
  let count = 0
  for (let at = 0; at < uids.length; at += 1) if (test(at)) found[count++] = uids[at] ?? 0
  return found.subarray(0, count)
}
