/**
 * What lines of one connection say together (`<F-MLFID>`): sshd names the address in one line and the failure in another. A connection
 * that gained entry with one name only has not failed (`<F-NOFAIL>`, `<F-MLFGAINED>`); one that tried a second name has. Pure.
 *
 * Bounded: MOST_CONNECTIONS, the oldest forgotten first, and each for FORGET seconds after its first line.
 */
import type { Fields } from './line-pattern.ts'

const MOST_CONNECTIONS = 5_000
const FORGET = 300
/** Lines and names that are kept of one connection. */
const MOST_LINES = 50
const MOST_USERS = 20

/** One failure while it is put together. */
export type Draft = {
  readonly fields: Fields
  readonly users: Set<string>
  lines: string[]
  goodLines: string[]
  /** A failure was seen before the address was. */
  pending: boolean
}

/** @returns a draft of one line's fields. */
export const draftOf = (fields: Fields): Draft => ({
  fields,
  users: new Set(),
  lines: [],
  goodLines: [],
  pending: false,
})

const take = (fields: Fields, name: string): boolean => {
  const value = fields.get(name)
  fields.delete(name)
  return value !== undefined && value !== ''
}
const has = (fields: Fields, name: string): boolean => (fields.get(name) ?? '') !== ''
const noteUser = (draft: Draft, user: string | undefined): void => {
  if (user !== undefined && user !== '' && draft.users.size < MOST_USERS) draft.users.add(user)
}

export class Connections {
  readonly #most: number
  readonly #known = new Map<string, { readonly draft: Draft; readonly until: number }>()

  constructor(most = MOST_CONNECTIONS) {
    this.#most = most
  }

  get size(): number {
    return this.#known.size
  }

  #get(id: string, now: number): Draft | undefined {
    const found = this.#known.get(id)
    if (found === undefined || found.until > now) return found?.draft
    this.#known.delete(id)
    return undefined
  }

  #set(id: string, draft: Draft, now: number): void {
    if (this.#known.size >= this.#most)
      for (const [key, { until }] of this.#known) {
        this.#known.delete(key)
        if (until > now && this.#known.size < this.#most) break
      }
    this.#known.set(id, { draft, until: now + FORGET })
  }

  /** Adds a line to its connection. @param lines the whole lines that matched. @returns the connection as it stands now. */
  merge(id: string, given: Draft, lines: readonly string[], now: number): Draft {
    const gained = has(given.fields, 'mlfgained')
    let good = gained
    if (gained && !has(given.fields, 'nofail')) given.fields.set('nofail', given.fields.get('mlfgained'))
    else if (has(given.fields, 'nofail')) good = true
    const forget = take(given.fields, 'mlfforget')
    const known = this.#get(id, now)
    const draft = known === undefined ? given : this.#update(known, given, gained)
    if (known !== undefined && forget) this.#known.delete(id)
    // Names count for a connection that is remembered, not for a single line that ends one.
    if (known !== undefined || !forget) noteUser(draft, given.fields.get('user'))
    if (known === undefined && !forget) this.#set(id, draft, now)
    const suspect = draft.pending || (draft.users.size > 1 && (known !== undefined || !forget))
    draft.pending = false
    if (suspect) {
      draft.fields.delete('nofail')
      draft.fields.delete('mlfgained')
    }
    keepLines(draft, lines, { good: good && !suspect, gained: gained && !suspect, forget })
    return draft
  }

  #update(known: Draft, given: Draft, gained: boolean): Draft {
    const wasGood = take(known.fields, 'nofail')
    const hadGained = take(known.fields, 'mlfgained')
    if (gained) known.pending = false
    if (!wasGood && !hadGained && !known.pending) known.lines = []
    for (const [name, value] of given.fields) if (value !== undefined) known.fields.set(name, value)
    return known
  }
}

const keepLines = (
  draft: Draft,
  lines: readonly string[],
  { good, gained, forget }: { readonly good: boolean; readonly gained: boolean; readonly forget: boolean },
): void => {
  if (!good) {
    draft.lines = [...draft.goodLines, ...draft.lines, ...(gained ? [] : lines)].slice(-MOST_LINES)
    draft.goodLines = []
  } else if (!forget) draft.goodLines = [...draft.goodLines, ...lines].slice(-MOST_LINES)
}
