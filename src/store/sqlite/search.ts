/**
 * Verb: search. RFC 9051 section 6.4.4, RFC 5032 (WITHIN), RFC 7162 section 3.1.5 (MODSEQ), RFC 8474 section 6, RFC 8514 (SAVEDDATE), RFC 6203
 * (FUZZY: here every word of the text, in any order). Columns are asked first, the summary next, the message's own octets last: the
 * children of an AND are tried from the cheapest.
 */

import type { Summary } from '../../mime/summary.ts'
import { compareFolded, fold } from '../casemap.ts'
import { bodyText, fieldText, headersText } from '../searched-text.ts'
import { flagBits, type MessageColumns, type SearchTree } from '../store.ts'
import { columnsOf, everyUid } from './columns.ts'
import { emailIdOf } from './deliver.ts'
import { Damaged, num, octets } from './door.ts'
import { type Head, unpackHead } from './head.ts'
import type { House, Run } from './house.ts'
import { holdsWord } from './keywords.ts'
import { mailboxById } from './mailbox-rows.ts'
import { bodyOf, joined, prefixOf } from './messages.ts'
import { threadIdOf } from './threading.ts'

const DAY = 86_400_000
const MOST_SUMMARY_TEXT = 2_000 // an address list in a summary that is this long was cut: then the header itself is read

/** One message of the mailbox, read as deep as the tests ask. */
class Candidate {
  readonly #house: House
  readonly #mailbox: number
  readonly columns: MessageColumns
  index = 0
  #row: { readonly variant: number; readonly thread: number } | null = null
  #head: (Head & { readonly rest: Uint8Array; readonly form: number }) | null = null
  #message: Uint8Array | null = null
  #body: string | null = null
  #headers: string | null = null

  constructor(house: House, mailbox: number, columns: MessageColumns) {
    this.#house = house
    this.#mailbox = mailbox
    this.columns = columns
  }

  moveTo(index: number): void {
    this.index = index
    this.#row = null
    this.#head = null
    this.#message = null
    this.#body = null
    this.#headers = null
  }

  get blob(): number {
    return this.columns.blobs[this.index] ?? 0
  }

  get row(): { readonly variant: number; readonly thread: number } {
    if (this.#row === null) {
      const row = this.#house.tx.list(
        'SELECT variant, thread FROM messages WHERE mailbox = ? AND uid = ?',
        this.#mailbox,
        this.columns.uids[this.index] ?? 0,
      )
      if (row === undefined) throw new Damaged('a message went while it was looked at')
      this.#row = { variant: num(row[0]), thread: num(row[1]) }
    }
    return this.#row
  }

  get #unpacked(): Head & { readonly rest: Uint8Array; readonly form: number } {
    this.#head ??= headOf(this.#house, this.blob)
    return this.#head
  }

  get summary(): Summary {
    return this.#unpacked.summary
  }

  get message(): Uint8Array {
    if (this.#message === null) {
      const head = this.#unpacked
      const prefix = prefixOf(this.#house, this.blob, this.row.variant, head.prefix)
      this.#message = joined(prefix, bodyOf(this.#house, this.blob, head.form, head))
    }
    return this.#message
  }

  get body(): string {
    this.#body ??= fold(bodyText(this.message))
    return this.#body
  }

  get headers(): string {
    this.#headers ??= fold(headersText(this.message))
    return this.#headers
  }
}

/** A blob's head by its number. */
export const headOf = (house: House, blob: number): Head & { readonly rest: Uint8Array; readonly form: number } => {
  const row = house.tx.list('SELECT form, head FROM blobs WHERE id = ?', blob)
  if (row === undefined) throw new Damaged(`blob ${blob} is not there`)
  return { ...unpackHead(octets(row[1])), form: num(row[0]) }
}

type Test = { readonly cost: number; readonly hits: (candidate: Candidate) => boolean }
const columnTest = (hits: (columns: MessageColumns, index: number) => boolean): Test => ({
  cost: 1,
  hits: (candidate) => hits(candidate.columns, candidate.index),
})

/** How a needle is looked for: as it is, or (fuzzy) each of its words. */
const finder = (needle: string, fuzzy: boolean): ((folded: string) => boolean) => {
  const wanted = fold(needle)
  if (!fuzzy) return (folded) => folded.includes(wanted)
  const words = wanted.split(/\s+/).filter((word) => word !== '')
  return (folded) => words.every((word) => folded.includes(word))
}

const summaryFields = ['from', 'to', 'cc', 'bcc', 'subject'] as const

/** HEADER name text; an empty text asks whether the field is there. */
const headerTest = (name: string, contains: string, fuzzy: boolean): Test => {
  const field = summaryFields.find((one) => one === name.toLowerCase())
  const found = finder(contains, fuzzy)
  const inMessage = (candidate: Candidate): boolean => {
    const value = fieldText(candidate.message, name)
    return value !== null && found(fold(value))
  }
  if (field === undefined || contains === '') return { cost: 30, hits: inMessage }
  return {
    cost: 10,
    hits: (candidate) => {
      const value = candidate.summary[field]
      return found(fold(value)) || (value.length >= MOST_SUMMARY_TEXT / 2 && inMessage(candidate))
    },
  }
}

const flagTest = (flag: string): Test => {
  const bit = Object.entries(flagBits).find(([name]) => `\\${name}` === flag.toLowerCase())?.[1]
  if (bit !== undefined) return columnTest((columns, i) => ((columns.flags[i] ?? 0) & bit) !== 0)
  return columnTest((columns, i) => holdsWord(columns.keywordSets[columns.keywords[i] ?? 0] ?? [], flag))
}

const dayOf = (ms: number): string => new Date(Math.floor(ms / DAY) * DAY).toISOString().slice(0, 10)

const dateTest = (tree: Extract<SearchTree, { readonly date: string }>): Test => {
  const holds = (day: string): boolean => {
    const order = compareFolded(day, tree.day)
    return tree.is === 'on' ? order === 0 : tree.is === 'before' ? order < 0 : order >= 0
  }
  if (tree.date === 'sent')
    return {
      cost: 10,
      hits: (candidate) => {
        const day = candidate.summary.sentDay
        return day !== '' && holds(day)
      },
    }
  const column = tree.date === 'internal' ? 'internalDates' : 'savedDates'
  return columnTest((columns, i) => holds(dayOf(columns[column][i] ?? 0)))
}

const manyTest = (tests: readonly Test[], every: boolean): Test => {
  const sorted = tests.toSorted((a, b) => a.cost - b.cost)
  return {
    cost: Math.max(0, ...tests.map((test) => test.cost)) + 1,
    hits: (candidate) =>
      every ? sorted.every((test) => test.hits(candidate)) : sorted.some((test) => test.hits(candidate)),
  }
}

/** The leaves that only columns answer. */
const plainTest = (tree: SearchTree): Test | null => {
  if ('all' in tree || 'savedDateSupported' in tree) return columnTest(() => true)
  if ('uids' in tree)
    return columnTest((columns, i) => {
      const uid = columns.uids[i] ?? 0
      return tree.uids.some(([first, last]) => first <= uid && uid <= last)
    })
  if ('flag' in tree) return flagTest(tree.flag)
  if ('modSeqFrom' in tree) return columnTest((columns, i) => (columns.modSeqs[i] ?? 0) >= tree.modSeqFrom)
  if ('larger' in tree) return columnTest((columns, i) => (columns.sizes[i] ?? 0) > tree.larger)
  if ('smaller' in tree) return columnTest((columns, i) => (columns.sizes[i] ?? 0) < tree.smaller)
  if ('age' in tree) {
    const edge = tree.now - tree.seconds * 1000
    return columnTest((columns, i) =>
      tree.age === 'younger' ? (columns.internalDates[i] ?? 0) >= edge : (columns.internalDates[i] ?? 0) <= edge,
    )
  }
  return 'date' in tree ? dateTest(tree) : null
}

const testOf = (tree: SearchTree, fuzzy: boolean): Test => {
  const plain = plainTest(tree)
  if (plain !== null) return plain
  if ('and' in tree)
    return manyTest(
      tree.and.map((one) => testOf(one, fuzzy)),
      true,
    )
  if ('or' in tree)
    return manyTest(
      tree.or.map((one) => testOf(one, fuzzy)),
      false,
    )
  if ('not' in tree) {
    const inner = testOf(tree.not, fuzzy)
    return { cost: inner.cost, hits: (candidate) => !inner.hits(candidate) }
  }
  if ('fuzzy' in tree) return testOf(tree.fuzzy, true)
  if ('header' in tree) return headerTest(tree.header, tree.contains, fuzzy)
  if ('emailId' in tree) return { cost: 5, hits: (one) => emailIdOf(one.blob, one.row.variant) === tree.emailId }
  if ('threadId' in tree) return { cost: 5, hits: (one) => threadIdOf(one.row.thread) === tree.threadId }
  if ('body' in tree) {
    const found = finder(tree.body, fuzzy)
    return { cost: 100, hits: (candidate) => found(candidate.body) }
  }
  if ('text' in tree) {
    const found = finder(tree.text, fuzzy)
    return { cost: 101, hits: (candidate) => found(candidate.headers) || found(candidate.body) }
  }
  return columnTest(() => false)
}

/** UIDs that match, in order. */
export const search: Run<'search'> = (house, a) => {
  mailboxById(house, a.mailbox)
  const columns = columnsOf(house, a.mailbox, everyUid)
  const candidate = new Candidate(house, a.mailbox, columns)
  const test = testOf(a.tree, false)
  const found: number[] = []
  for (const [i, uid] of columns.uids.entries()) {
    candidate.moveTo(i)
    if (test.hits(candidate)) found.push(uid)
  }
  return Uint32Array.from(found)
}
