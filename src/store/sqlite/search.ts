/** Verbs: search, sort, thread. */
import { Refused, type Run } from './house.ts'

export const search: Run<'search'> = () => {
  throw new Refused('no-such-mailbox')
}
export const sort: Run<'sort'> = (_house, a) => a.uids
export const thread: Run<'thread'> = (_house, a) => [...a.uids].map((uid) => ({ uid, children: [] }))
