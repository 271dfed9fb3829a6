/**
 * SEARCH, SORT, THREAD and ESEARCH. RFC 9051 section 6.4.4 and 7.3.4, RFC 3501 section 7.2.5, RFC 4731, RFC 5182 (SAVE), RFC 5256, RFC 5267, RFC 9394 (PARTIAL), RFC 7162 section 3.1.5,
 * RFC 7377 (MULTISEARCH), RFC 9585 (INPROGRESS). The store looks for what messages say; what the columns know is found in the shared view.
 */

import type { MailboxId } from '../../base/ids.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import type { SortKey, SortRule, Thread } from '../../store/store.ts'
import type { PartialRange } from '../../wire/imap/fetch.ts'
import type {
  MailboxFilter,
  ReturnOptions,
  SearchArguments,
  SortArguments,
  ThreadArguments,
} from '../../wire/imap/search.ts'
import { rangesOf, writeInOrder, writeRanges } from '../../wire/imap/set.ts'
import { writeString } from '../../wire/imap/write.ts'
import { addContext } from './context.ts'
import { placeOf } from './mailbox-view.ts'
import { filteredMailboxes } from './notify.ts'
import { scoresOf } from './relevancy.ts'
import { goesOn, inProgress, PROGRESS_MS, type Running } from './row.ts'
import { columnSearch, treeOf } from './search-tree.ts'
import type { Reply, Searched, Selected, Talk } from './state.ts'
import { selectedOf, wireName } from './talk.ts'
import { wordsFor } from './words.ts'

const charsets: readonly (string | undefined)[] = [undefined, 'UTF-8', 'US-ASCII']
const BAD_CHARSET = 'NO [BADCHARSET (US-ASCII UTF-8)] Search in UTF-8'

/** @returns the UIDs that a tree finds among those that the session knows, ascending. */
const found = async (talk: Talk, selected: Selected, searched: Searched): Promise<Result<Uint32Array, string>> => {
  const fromColumns = columnSearch(selected.view, searched.tree)
  if (fromColumns !== undefined) return ok(known(selected, fromColumns))
  const answer = await talk.deps.store.search({ mailbox: selected.mailbox.id as MailboxId, tree: searched.tree })
  return answer.ok ? ok(known(selected, answer.value)) : fail(wordsFor(answer.error))
}

const known = (selected: Selected, uids: Uint32Array): Uint32Array =>
  selected.uids.length === selected.view.count && (uids.at(-1) ?? 0) <= (selected.uids.at(-1) ?? 0)
    ? uids
    : uids.filter((uid) => placeOf(selected.uids, uid) >= 0)

/** @param byUid false: turns UIDs into the numbers that the client knows. */
const named = (selected: Selected, uids: Uint32Array, byUid: boolean): Uint32Array =>
  byUid ? uids : uids.map((uid) => placeOf(selected.uids, uid) + 1)

/** Of the messages that the answer names: of MIN and MAX alone only those (RFC 4731 section 3.2). */
const highestOf = (selected: Selected, uids: Uint32Array): number =>
  uids.reduce((most, uid) => Math.max(most, selected.view.modSeqs[selected.view.at(uid)] ?? 0), 0)

const part = <T extends Uint32Array | Uint8Array>(numbers: T, { first, last }: PartialRange): T => {
  const [low, high] = [Math.min(Math.abs(first), Math.abs(last)), Math.max(Math.abs(first), Math.abs(last))]
  const [from, to] = first > 0 ? [low - 1, high] : [numbers.length - high, numbers.length - low + 1]
  return numbers.subarray(Math.max(0, from), Math.max(0, to)) as T // of its own kind
}

const writeSet = (numbers: Uint32Array, sorted: boolean): string =>
  sorted ? writeInOrder(numbers) : writeRanges(rangesOf(numbers))

/** The data of an ESEARCH response; `numbers` and `scores` in the order of the answer. */
const extended = (numbers: Uint32Array, returns: ReturnOptions, sorted: boolean, scores?: Uint8Array): string => {
  const out: string[] = []
  const some = numbers.length > 0
  if (returns.min && some) out.push(`MIN ${numbers[0]}`)
  if (returns.max && some) out.push(`MAX ${numbers.at(-1)}`)
  if (returns.count) out.push(`COUNT ${numbers.length}`)
  if (returns.all && some) out.push(`ALL ${writeSet(numbers, sorted)}`)
  if (returns.partial !== undefined) {
    const slice = part(numbers, returns.partial)
    out.push(`PARTIAL (${returns.partial.label} ${slice.length === 0 ? 'NIL' : writeSet(slice, sorted)})`)
  }
  if (returns.relevancy && scores !== undefined) {
    const told = returns.partial === undefined ? scores : part(scores, returns.partial)
    out.push(`RELEVANCY (${told.join(' ')})`)
  }
  return out.map((one) => ` ${one}`).join('')
}

/** Which of the found a SAVE keeps (RFC 5182 section 2.4): MIN and MAX alone keep only those. */
const kept = (uids: Uint32Array, returns: ReturnOptions): Uint32Array => {
  const { min, max, all, count, partial } = returns
  const ends = (min || max) && !all && !count
  if (partial !== undefined && !all && !count) {
    const slice = part(uids, partial)
    return ends
      ? Uint32Array.from(
          new Set([...(min ? uids.subarray(0, 1) : []), ...slice, ...(max ? uids.slice(-1) : [])]),
        ).sort()
      : slice
  }
  if (!ends || uids.length === 0) return uids
  const out = [...(min ? [uids[0] ?? 0] : []), ...(max ? [uids.at(-1) ?? 0] : [])]
  return Uint32Array.from(new Set(out))
}

const head = (talk: Talk, byUid: boolean): string => `* ESEARCH (TAG ${writeString(talk.tag)})${byUid ? ' UID' : ''}`

const everything: ReturnOptions = {
  min: false,
  max: false,
  all: true,
  count: false,
  save: false,
  update: false,
  relevancy: false,
}

/** The untagged answer to a search or sort; `order` is undefined for a search. */
const answer = (
  talk: Talk,
  args: SearchArguments,
  byUid: boolean,
  uids: Uint32Array,
  searched: Searched,
  word: 'SEARCH' | 'SORT',
  scores?: Uint8Array,
): string => {
  const selected = selectedOf(talk)
  const numbers = named(selected, uids, byUid)
  const told = args.returns === undefined ? uids : kept(uids, args.returns)
  const highest = searched.usesModSeq && uids.length > 0 ? highestOf(selected, told) : 0
  const returns = args.returns ?? (talk.enabled.rev2 && word === 'SEARCH' ? everything : undefined)
  if (returns === undefined) {
    const list = numbers.length === 0 ? '' : ` ${numbers.join(' ')}`
    return `* ${word}${list}${highest > 0 ? ` (MODSEQ ${highest})` : ''}\r\n`
  }
  const onlySave =
    returns.save && !returns.min && !returns.max && !returns.all && !returns.count && returns.partial === undefined
  if (onlySave) return ''
  const data = extended(numbers, returns, word === 'SORT', scores)
  return `${head(talk, byUid)}${data}${highest > 0 ? ` MODSEQ ${highest}` : ''}\r\n`
}

const prepare = (talk: Talk, args: SearchArguments): Result<Searched, string> => {
  if (!charsets.includes(args.charset)) return fail(BAD_CHARSET)
  if (args.returns?.save === true) selectedOf(talk).saved = new Uint32Array(0)
  const searched = treeOf(talk, selectedOf(talk), args.key)
  if (searched.ok && searched.value.usesModSeq) talk.enabled.condstore = true
  return searched
}

const begunContext = (
  talk: Talk,
  args: SearchArguments,
  byUid: boolean,
  searched: Searched,
  uids: Uint32Array,
  rules: readonly SortRule[] | undefined,
): string => {
  if (args.returns?.update !== true) return ''
  const taken = addContext(selectedOf(talk), talk.tag, talk.deps.limits.contexts, { byUid, searched, uids, rules })
  return taken ? '' : `* NO [NOUPDATE ${writeString(talk.tag)}] There are too many live searches\r\n`
}

/** SEARCH and UID SEARCH. */
export const searching =
  (byUid: boolean) =>
  async (talk: Talk, args: SearchArguments): Promise<Reply> => {
    // The saved set is emptied only after `$` in this very search was read (RFC 5182 section 2.1).
    const before = selectedOf(talk).saved
    const searched = prepareWith(talk, args, before)
    if (!searched.ok) return ['', searched.error]
    const uids = await found(talk, selectedOf(talk), searched.value)
    if (!uids.ok) return ['', uids.error]
    if (args.returns?.save === true) selectedOf(talk).saved = Uint32Array.from(kept(uids.value, args.returns))
    const scores = await scored(talk, args, searched.value, uids.value)
    if (!scores.ok) return ['', scores.error]
    const said = answer(talk, args, byUid, uids.value, searched.value, 'SEARCH', scores.value)
    const context = begunContext(talk, args, byUid, searched.value, uids.value, undefined)
    return [said + context, 'OK Searched']
  }

const prepareWith = (talk: Talk, args: SearchArguments, saved: Uint32Array): Result<Searched, string> => {
  const selected = selectedOf(talk)
  selected.saved = saved
  const searched = prepare(talk, { ...args, returns: undefined })
  if (args.returns?.save === true) selected.saved = new Uint32Array(0)
  return searched
}

/** The scores, where they are asked for. */
const scored = async (
  talk: Talk,
  args: SearchArguments & { readonly rules?: SortArguments['rules'] },
  searched: Searched,
  uids: Uint32Array,
): Promise<Result<Uint8Array | undefined, string>> =>
  args.returns?.relevancy === true || args.rules?.some(({ key }) => key === 'relevancy') === true
    ? scoresOf(talk, selectedOf(talk), searched, uids)
    : ok(undefined)

const rulesOf = (args: SortArguments): readonly SortRule[] =>
  args.rules.map(({ key, reverse }) => ({ key: key as SortKey, reverse }))

/** SORT and UID SORT. */
export const sorting =
  (byUid: boolean) =>
  async (talk: Talk, args: SortArguments): Promise<Reply> => {
    const selected = selectedOf(talk)
    const searched = prepareWith(talk, args, selected.saved)
    if (!searched.ok) return ['', searched.error]
    const uids = await found(talk, selected, searched.value)
    if (!uids.ok) return ['', uids.error]
    const rules = rulesOf(args)
    const scores = await scored(talk, args, searched.value, uids.value)
    if (!scores.ok) return ['', scores.error]
    const by = scores.value === undefined ? {} : { scores: scores.value }
    const sorted = await talk.deps.store.sort({ mailbox: selected.mailbox.id, uids: uids.value, rules, ...by })
    if (!sorted.ok) return ['', wordsFor(sorted.error)]
    const scoreOf = new Map(Array.from(uids.value, (uid, at) => [uid, scores.value?.[at] ?? 0] as const))
    const inOrder = Uint8Array.from(sorted.value, (uid) => scoreOf.get(uid) ?? 0)
    if (args.returns?.save === true) selected.saved = Uint32Array.from(kept(sorted.value, args.returns)).sort()
    const said = answer(talk, args, byUid, sorted.value, searched.value, 'SORT', inOrder)
    return [said + begunContext(talk, args, byUid, searched.value, sorted.value, rules), 'OK Sorted']
  }

/** `(2)(3 6 (4 23)(44 7 96))`: RFC 5256 section 4. Written without recursion, because a thread can be as long as a mailbox. */
const writeThreads = (threads: readonly Thread[], name: (uid: number) => number): string => {
  const out: string[] = []
  const stack: (Thread | string)[] = [...threads].reverse().flatMap((thread) => [')', thread, '('])
  while (stack.length > 0) {
    const top = stack.pop()
    if (top === undefined) break
    if (typeof top === 'string') out.push(top)
    else {
      if (top.uid > 0) out.push(`${name(top.uid)}`)
      const [only] = top.children
      if (top.children.length === 1 && only !== undefined) stack.push(only, ...(top.uid > 0 ? [' '] : []))
      else if (top.children.length > 1) {
        stack.push(...[...top.children].reverse().flatMap((child) => [')', child, '(']))
        if (top.uid > 0) stack.push(' ')
      }
    }
  }
  return out.join('')
}

/** THREAD and UID THREAD. */
export const threading =
  (byUid: boolean) =>
  async (talk: Talk, args: ThreadArguments): Promise<Reply> => {
    const selected = selectedOf(talk)
    const searched = prepare(talk, args)
    if (!searched.ok) return ['', searched.error]
    const uids = await found(talk, selected, searched.value)
    if (!uids.ok) return ['', uids.error]
    const threads = await talk.deps.store.thread({ mailbox: selected.mailbox.id, uids: uids.value, by: args.by })
    if (!threads.ok) return ['', wordsFor(threads.error)]
    const name = (uid: number): number => (byUid ? uid : placeOf(selected.uids, uid) + 1)
    const text = writeThreads(threads.value, name)
    return [`* THREAD${text === '' ? '' : ` ${text}`}\r\n`, 'OK Threaded']
  }

/** ESEARCH: in many mailboxes, always by UID; mailboxes without a find say nothing. */
export async function* multisearch(
  talk: Talk,
  args: SearchArguments & { readonly sources: readonly MailboxFilter[] },
): Running {
  if (!charsets.includes(args.charset)) return BAD_CHARSET
  if (args.returns?.save === true && args.sources.some((source) => source.which !== 'selected'))
    return 'BAD Only a search of the selected mailbox can be saved'
  const mailboxes = await filteredMailboxes(talk, args.sources)
  if (mailboxes === undefined) return 'BAD Select a mailbox first'
  let asked = talk.deps.now()
  for (const [at, seen] of mailboxes.entries()) {
    const opened = await talk.deps.views.open(seen.mailbox)
    if (!opened.ok) continue
    const view = opened.value
    const searched = treeOf(talk, { ...emptySelected, view, uids: view.uids }, args.key)
    const tree = searched.ok ? searched.value.tree : undefined
    const direct = tree === undefined ? undefined : columnSearch(view, tree)
    const answered =
      tree === undefined || direct !== undefined
        ? undefined
        : yield* inProgress(talk, talk.deps.store.search({ mailbox: seen.mailbox.id, tree }), [at, mailboxes.length])
    talk.deps.views.close(view)
    if (!searched.ok) return searched.error
    const uids = direct ?? (answered?.ok === true ? answered.value : new Uint32Array(0))
    if (uids.length > 0) {
      const where = ` MAILBOX ${wireName(talk, seen.name)} UIDVALIDITY ${seen.mailbox.uidValidity}`
      yield `* ESEARCH (TAG ${writeString(talk.tag)}${where}) UID${extended(uids, args.returns ?? everything, false)}\r\n`
    }
    if (talk.deps.now() - asked > PROGRESS_MS) {
      asked = talk.deps.now()
      yield* goesOn(talk, [at + 1, mailboxes.length])
    }
  }
  return 'OK Searched'
}

/** What a search of a mailbox that is not selected has of one: nothing saved, nothing recent. */
const emptySelected = { saved: new Uint32Array(0), recent: [] } as const
