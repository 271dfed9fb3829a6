import { rangesOf, writeRanges } from '../../wire/imap/set.ts'
import { writeString } from '../../wire/imap/write.ts'
import { placeOf } from './mailbox-view.ts'
import { columnSearch } from './search-tree.ts'
import type { Context, Reply, Selected, Talk } from './state.ts'
import { selectedOf } from './talk.ts'

/** @returns false where the session has `most` of them already. */
export const addContext = (selected: Selected, tag: string, most: number, context: Context): boolean => {
  if (selected.contexts.size >= most && !selected.contexts.has(tag)) return false
  selected.contexts.set(tag, context)
  return true
}

/** CANCELUPDATE. */
export const cancelUpdate = async (talk: Talk, tags: readonly string[]): Promise<Reply> => {
  for (const tag of tags) selectedOf(talk).contexts.delete(tag)
  return ['', 'OK Cancelled']
}

const now = async (talk: Talk, selected: Selected, context: Context): Promise<Uint32Array | undefined> => {
  const { store } = talk.deps
  const mailbox = selected.mailbox.id
  const direct = columnSearch(selected.view, context.searched.tree)
  const answer = direct === undefined ? await store.search({ mailbox, tree: context.searched.tree }) : undefined
  const uids = direct ?? (answer?.ok === true ? answer.value : undefined)
  if (uids === undefined || context.rules === undefined) return uids
  const sorted = await store.sort({ mailbox, uids, rules: context.rules })
  return sorted.ok ? sorted.value : undefined
}

/** A live search whose find is another now. */
type Update = { readonly tag: string; readonly context: Context; readonly after: Uint32Array }

/** Asks every live search anew. @returns those that find something else now. Call after the view was refreshed. */
export const freshContexts = async (talk: Talk, selected: Selected): Promise<readonly Update[]> => {
  const out: Update[] = []
  for (const [tag, context] of selected.contexts) {
    const after = await now(talk, selected, context)
    if (after !== undefined) out.push({ tag, context, after })
  }
  return out
}

const headOf = (tag: string, context: Context): string =>
  `* ESEARCH (TAG ${writeString(tag)})${context.byUid ? ' UID' : ''}`

/** What left the searches, by the numbers of before: it is told before the EXPUNGE that changes them (RFC 5267 section 4.3.4). */
export const tellLeft = (selected: Selected, updates: readonly Update[], mayExpunge: boolean): string => {
  let out = ''
  for (const { tag, context, after } of updates) {
    const has = new Set(after)
    const isGone = (uid: number): boolean => !has.has(uid) && (mayExpunge || selected.view.at(uid) >= 0)
    const gone = context.uids.filter(isGone).sort()
    if (gone.length === 0) continue
    selected.contexts.set(tag, { ...context, uids: context.uids.filter((uid) => !isGone(uid)) })
    const names = context.byUid ? gone : gone.map((uid) => placeOf(selected.uids, uid) + 1)
    out += `${headOf(tag, context)} REMOVEFROM (0 ${writeRanges(rangesOf(names))})\r\n`
  }
  return out
}

/** What came into the searches, by the numbers of now; with its place where there is an order. */
export const tellCame = (selected: Selected, updates: readonly Update[]): string => {
  let out = ''
  for (const { tag, after } of updates) {
    const context = selected.contexts.get(tag)
    if (context === undefined) continue
    const had = new Set(context.uids)
    const name = (uid: number): number => (context.byUid ? uid : placeOf(selected.uids, uid) + 1)
    const there = after.filter((uid) => placeOf(selected.uids, uid) >= 0)
    const came = [...there.entries()].filter(([, uid]) => !had.has(uid))
    if (came.length === 0) continue
    // Expunged messages that may not be told yet stay until they are.
    const waiting = context.uids.filter((uid) => selected.view.at(uid) < 0)
    selected.contexts.set(tag, { ...context, uids: Uint32Array.from([...there, ...waiting]) })
    const places =
      context.rules === undefined
        ? `0 ${writeRanges(rangesOf(came.map(([, uid]) => name(uid))))}`
        : came.map(([at, uid]) => `${at + 1} ${name(uid)}`).join(' ')
    out += `${headOf(tag, context)} ADDTO (${places})\r\n`
  }
  return out
}
