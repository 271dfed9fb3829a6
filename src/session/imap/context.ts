/**
 * Live searches: SEARCH and SORT with RETURN (UPDATE), CANCELUPDATE. RFC 5267 section 4.3. After each change the search is asked anew and
 * the difference is told: what left, then what came, with its place where there is an order.
 */
import type { SortRule } from '../../store/store.ts'
import { writeString } from '../../wire/imap/write.ts'
import type { Searched } from './search-tree.ts'
import { columnSearch } from './search-tree.ts'
import type { Selected } from './selected.ts'
import { type Reply, selectedOf, type Talk } from './talk.ts'
import { placeOf } from './view.ts'

/** A live search and what the client was told of it, in its order. */
export type Context = {
  readonly byUid: boolean
  readonly searched: Searched
  readonly rules: readonly SortRule[] | undefined
  readonly uids: Uint32Array
}

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
  const uids = (direct ?? (answer?.ok === true ? answer.value : undefined))?.filter(
    (uid) => placeOf(selected.uids, uid) >= 0,
  )
  if (uids === undefined || context.rules === undefined) return uids
  const sorted = await store.sort({ mailbox, uids, rules: context.rules })
  return sorted.ok ? sorted.value : undefined
}

const difference = (
  before: Uint32Array,
  after: Uint32Array,
): { gone: number[]; came: [place: number, uid: number][] } => {
  const had = new Set(before)
  const has = new Set(after)
  const came: [number, number][] = []
  for (const [at, uid] of after.entries()) if (!had.has(uid)) came.push([at + 1, uid])
  return { gone: [...before].filter((uid) => !has.has(uid)), came }
}

/** @returns what changed in the live searches since they were last told, as untagged ESEARCH responses. Call after `sync`. */
export const tellContexts = async (talk: Talk, selected: Selected): Promise<string> => {
  let out = ''
  for (const [tag, context] of selected.contexts) {
    const after = await now(talk, selected, context)
    if (after === undefined) continue
    const { gone, came } = difference(context.uids, after)
    if (gone.length === 0 && came.length === 0) continue
    selected.contexts.set(tag, { ...context, uids: after })
    const name = (uid: number): number => (context.byUid ? uid : placeOf(selected.uids, uid) + 1)
    // What left the mailbox itself is known by its EXPUNGE or VANISHED.
    const left = gone.filter((uid) => placeOf(selected.uids, uid) >= 0 || context.byUid)
    const head = `* ESEARCH (TAG ${writeString(tag)})${context.byUid ? ' UID' : ''}`
    const sorted = context.rules !== undefined
    if (left.length > 0) out += `${head} REMOVEFROM (${left.map((uid) => `0 ${name(uid)}`).join(' ')})\r\n`
    if (came.length > 0)
      out += `${head} ADDTO (${came.map(([place, uid]) => `${sorted ? place : 0} ${name(uid)}`).join(' ')})\r\n`
  }
  return out
}
