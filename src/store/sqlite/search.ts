/**
 * Verb: search. RFC 9051 section 6.4.4, RFC 5032 (WITHIN), RFC 7162 section 3.1.5 (MODSEQ), RFC 8474 section 6, RFC 8514 (SAVEDDATE), RFC 6203
 * (FUZZY: here every word of the text, in any order, or one that is a letter away from it). Columns are asked first, digests next, the message's own octets last and only where
 * the digest does not know: the children of an AND are tried from the cheapest.
 */

import type { Summary } from '../../mime/summary.ts'
import { compareFolded, fold } from '../casemap.ts'
import { fieldText, type Texts, textsOf } from '../searched-text.ts'
import { flagBits, type MessageColumns, type SearchTree } from '../store.ts'
import { columnsOf, everyUid } from './columns.ts'
import { emailIdOf } from './deliver.ts'
import { type FieldName, fieldOf, MAYBE_CUT } from './digest.ts'
import { type Digest, type Hits, type Needle, needleOf } from './digest-read.ts'
import { Digests } from './digests.ts'
import { Damaged, num } from './door.ts'
import type { Head } from './head.ts'
import type { House, Run } from './house.ts'
import { holdsWord } from './keywords.ts'
import { mailboxById } from './mailbox-rows.ts'
import { bodyOf, headOf, joined, prefixOf } from './messages.ts'
import { threadIdOf } from './threading.ts'
import { hasNear } from './vocabulary.ts'

const DAY = 86_400_000

/** One message of the mailbox, read as deep as the tests ask: its digest before itself. */
class Candidate {
  readonly #house: House
  readonly #mailbox: number
  readonly #digests: Digests | null
  readonly columns: MessageColumns
  index = 0
  #row: { readonly variant: number; readonly thread: number } | null = null
  #head: (Head & { readonly rest: Uint8Array; readonly form: number }) | null = null
  #message: Uint8Array | null = null
  #texts: Texts | null = null

  constructor(house: House, mailbox: number, columns: MessageColumns) {
    this.#house = house
    this.#mailbox = mailbox
    this.#digests = house.withoutDigests === true ? null : new Digests(house, house.words)
    this.columns = columns
  }

  moveTo(index: number): void {
    this.index = index
    this.#row = null
    this.#head = null
    this.#message = null
    this.#texts = null
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

  /** The search is over. */
  done(): void {
    this.#digests?.done()
  }

  /** The digest that stands for this message; null where there is none yet. */
  get digest(): Digest | null {
    return this.#digests?.around(this.blob) ?? null
  }

  get #unpacked(): Head & { readonly rest: Uint8Array; readonly form: number } {
    this.#head ??= headOf(this.#house, this.blob)
    return this.#head
  }

  get summary(): Summary {
    return this.#unpacked.summary
  }

  /** A field as it is compared. */
  field(name: FieldName): string {
    return this.digest?.field(this.blob, name) ?? fieldOf(this.summary, name)
  }

  get message(): Uint8Array {
    if (this.#message === null) {
      const head = this.#unpacked
      const prefix = prefixOf(this.#house, this.blob, this.row.variant, head.prefix)
      this.#message = joined(prefix, bodyOf(this.#house, this.blob, head.form, head))
    }
    return this.#message
  }

  /** The texts of the message, folded. */
  get texts(): Texts {
    if (this.#texts === null) {
      const { headers, body } = textsOf(this.message)
      this.#texts = { headers: fold(headers), body: fold(body) }
    }
    return this.#texts
  }
}

type Test = { readonly cost: number; readonly hits: (candidate: Candidate) => boolean }
const columnTest = (hits: (columns: MessageColumns, index: number) => boolean): Test => ({
  cost: 1,
  hits: (candidate) => hits(candidate.columns, candidate.index),
})

/** What is looked for: the text as it is, or (fuzzy) each of its words. */
const wantedOf = (needle: string, fuzzy: boolean): readonly string[] =>
  fuzzy ? needle.split(/\s+/).filter((word) => word !== '') : [needle]

const finder = (wanted: readonly string[], fuzzy: boolean): ((folded: string) => boolean) => {
  const all = wanted.map(fold)
  if (!fuzzy) return (folded) => all.every((one) => folded.includes(one))
  return (folded) => all.every((one) => folded.includes(one) || hasNear(folded, one))
}

/** The needles of a digest, or null where only the messages can be asked. */
const needlesOf = (wanted: readonly string[]): readonly Needle[] | null => {
  const needles = wanted.map(needleOf)
  return needles.every((needle) => needle !== null) ? needles : null
}

type Found = (candidate: Candidate, hits: readonly Hits[], offset: number) => boolean

/**
 * What a digest says of a candidate: which of its texts hold the needles, found once for all messages of the digest.
 * @returns undefined where the digest does not know
 */
const digestTest = (
  wanted: readonly string[],
  fuzzy: boolean,
  found: Found,
): ((candidate: Candidate) => boolean | undefined) => {
  const needles = needlesOf(wanted)
  let asked: Digest | null = null
  let hits: readonly Hits[] = []
  return (candidate) => {
    const { digest, blob } = candidate
    if (needles === null || digest === null || !digest.hasTexts(blob)) return undefined
    if (digest !== asked) {
      hits = needles.map((needle) => (fuzzy ? digest.findNear(needle) : digest.find(needle)))
      asked = digest
    }
    return found(candidate, hits, blob - digest.first)
  }
}

const inHeader: Found = (candidate, hits, offset) =>
  hits.every(
    (one) => one.inOwnHeader(offset) || (one.inSomePrefix(offset) && one.inPrefix(offset, candidate.row.variant)),
  )
const inBody: Found = (_, hits, offset) => hits.every((one) => one.inBody(offset))

const bodyTest = (text: string, fuzzy: boolean): Test => {
  const wanted = wantedOf(text, fuzzy)
  const found = finder(wanted, fuzzy)
  const digested = digestTest(wanted, fuzzy, inBody)
  return { cost: 100, hits: (candidate) => digested(candidate) ?? found(candidate.texts.body) }
}

const textTest = (text: string, fuzzy: boolean): Test => {
  const wanted = wantedOf(text, fuzzy)
  const found = finder(wanted, fuzzy)
  const digested = digestTest(wanted, fuzzy, (...all) => inBody(...all) || inHeader(...all))
  return {
    cost: 101,
    hits: (candidate) => digested(candidate) ?? (found(candidate.texts.headers) || found(candidate.texts.body)),
  }
}

const summaryFields = ['from', 'to', 'cc', 'bcc', 'subject'] as const

/** HEADER name text; an empty text asks whether the field is there. */
const headerTest = (name: string, contains: string, fuzzy: boolean): Test => {
  const wanted = wantedOf(contains, fuzzy)
  const found = finder(wanted, fuzzy)
  const inMessage = (candidate: Candidate): boolean => {
    const value = fieldText(candidate.message, name)
    return value !== null && found(fold(value))
  }
  const field = summaryFields.find((one) => one === name.toLowerCase())
  if (field === undefined || contains === '') {
    // What no field of the header holds, this one does not hold.
    const somewhere = digestTest(wanted, fuzzy, inHeader)
    return { cost: 30, hits: (candidate) => somewhere(candidate) !== false && inMessage(candidate) }
  }
  const needles = needlesOf(wanted)
  let asked: Digest | null = null
  let may = true
  return {
    cost: 10,
    hits: (candidate) => {
      const { digest } = candidate
      if (digest !== null && needles !== null && !fuzzy && digest !== asked) {
        may = digest.mayHold(field, needles)
        asked = digest
      }
      const digested = digest?.field(candidate.blob, field) ?? null
      if (digested !== null) return (may || needles === null) && found(digested)
      const value = candidate.summary[field]
      return found(fold(value)) || (value.length >= MAYBE_CUT && inMessage(candidate))
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
        const day = candidate.field('sentDay')
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
  if ('body' in tree) return bodyTest(tree.body, fuzzy)
  if ('text' in tree) return textTest(tree.text, fuzzy)
  return columnTest(() => false)
}

/** Places in the columns in the order of their blobs, so that neighbours in a digest come one after the other. */
export const byBlob = ({ blobs }: MessageColumns): Uint32Array => {
  const places = Uint32Array.from(blobs, (_, i) => i)
  const isSorted = blobs.every((blob, i) => i === 0 || blob >= (blobs[i - 1] ?? 0))
  return isSorted ? places : places.sort((a, b) => (blobs[a] ?? 0) - (blobs[b] ?? 0))
}

/** UIDs that match, in order. */
export const search: Run<'search'> = (house, a) => {
  mailboxById(house, a.mailbox)
  const columns = columnsOf(house, a.mailbox, everyUid)
  const candidate = new Candidate(house, a.mailbox, columns)
  const test = testOf(a.tree, false)
  const found = new Uint8Array(columns.uids.length)
  for (const place of byBlob(columns)) {
    candidate.moveTo(place)
    if (test.hits(candidate)) found[place] = 1
  }
  candidate.done()
  return columns.uids.filter((_, place) => found[place] === 1)
}
