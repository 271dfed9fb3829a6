/**
 * How relevant what a fuzzy search found is. RFC 6203 section 4: scores from 1 to 100. A score says how literally a message holds what was looked for: a word that is a letter away is
 * worth least, every word as it was written more, the words together as they were written more, and in the Subject most. Each step is a narrower search of the same messages.
 */
import { ok, type Result } from '../../base/result.ts'
import type { SearchTree } from '../../store/store.ts'
import type { Searched, Selected, Talk } from './state.ts'
import { wordsFor } from './words.ts'

type Narrow = (text: string, as: (text: string) => SearchTree) => SearchTree

/** A tree whose fuzzy texts are looked for in another way. */
const narrowed = (tree: SearchTree, how: Narrow, isFuzzy = false): SearchTree => {
  if ('fuzzy' in tree) return narrowed(tree.fuzzy, how, true)
  if ('and' in tree) return { and: tree.and.map((one) => narrowed(one, how, isFuzzy)) }
  if ('or' in tree) return { or: tree.or.map((one) => narrowed(one, how, isFuzzy)) }
  if ('not' in tree) return tree
  if (!isFuzzy) return tree
  if ('text' in tree) return how(tree.text, (text) => ({ text }))
  if ('body' in tree) return how(tree.body, (body) => ({ body }))
  if ('header' in tree) return how(tree.contains, (contains) => ({ header: tree.header, contains }))
  return tree
}

const wordsIn = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '')

/** From the widest to the narrowest. */
const steps: readonly Narrow[] = [
  (text, as) => ({ and: wordsIn(text).map(as) }),
  (text, as) => as(text),
  (text) => ({ and: wordsIn(text).map((contains) => ({ header: 'subject', contains })) }),
]
const SHARE = 25

/** @returns the score of each of `uids`, in their order; or the tagged answer where the store fails. */
export const scoresOf = async (
  talk: Talk,
  selected: Selected,
  { tree }: Searched,
  uids: Uint32Array,
): Promise<Result<Uint8Array, string>> => {
  const scores = new Map<number, number>(Array.from(uids, (uid) => [uid, SHARE]))
  for (const step of steps) {
    const answer = await talk.deps.store.search({ mailbox: selected.mailbox.id, tree: narrowed(tree, step) })
    if (!answer.ok) return { ok: false, error: wordsFor(answer.error) }
    for (const uid of answer.value) {
      const before = scores.get(uid)
      if (before !== undefined) scores.set(uid, before + SHARE)
    }
  }
  return ok(Uint8Array.from(uids, (uid) => scores.get(uid) ?? SHARE))
}
