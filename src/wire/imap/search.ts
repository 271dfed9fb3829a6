/**
 * The arguments of SEARCH, SORT, THREAD and ESEARCH. RFC 9051 section 6.4.4, RFC 3501 section 6.4.4 (NEW, OLD, RECENT), RFC 5256 (SORT, THREAD),
 * RFC 5957 (DISPLAYFROM, DISPLAYTO), RFC 4731 and 5267 (RETURN), RFC 9394 (PARTIAL), RFC 5032 (WITHIN), RFC 7162 (MODSEQ), RFC 8474, RFC 8514,
 * RFC 6203 (FUZZY), RFC 7377 (IN), RFC 5466 refused. Text is decoded from UTF-8 here. Pure.
 */
import { type PartialRange, partialRange } from './fetch.ts'
import { type NamedSet, namedSet } from './set.ts'
import {
  astring,
  atom,
  type Cursor,
  date,
  deeper,
  list,
  listOrOne,
  misread,
  modSequence,
  need,
  number,
  nzNumber,
  peek,
  spaced,
  string,
  take,
  utf8,
  word,
} from './syntax.ts'

type DayOf = 'internal' | 'sent' | 'saved'
type When = 'before' | 'on' | 'since'

/** A search program as the client wrote it; sets still name sequence numbers, `*` and `$`. */
export type SearchKey =
  | { readonly all: true }
  | { readonly and: readonly SearchKey[] }
  | { readonly or: readonly SearchKey[] }
  | { readonly not: SearchKey }
  | { readonly numbers: NamedSet }
  | { readonly uidRanges: NamedSet }
  | { readonly flag: string }
  | { readonly recent: true }
  | { readonly modSeqFrom: number }
  | { readonly larger: number }
  | { readonly smaller: number }
  | { readonly date: DayOf; readonly is: When; readonly day: string }
  | { readonly age: 'older' | 'younger'; readonly seconds: number }
  | { readonly header: string; readonly contains: string }
  | { readonly body: string }
  | { readonly text: string }
  | { readonly emailId: string }
  | { readonly threadId: string }
  | { readonly fuzzy: SearchKey }
  | { readonly savedDateSupported: true }

export type ReturnOptions = {
  readonly min: boolean
  readonly max: boolean
  readonly all: boolean
  readonly count: boolean
  readonly save: boolean
  readonly update: boolean
  readonly relevancy: boolean
  readonly partial?: PartialRange
}

export type SearchArguments = {
  /** undefined where there was no RETURN: then the answer is an untagged SEARCH for an IMAP4rev1 client. */
  readonly returns: ReturnOptions | undefined
  readonly charset: string | undefined
  readonly key: SearchKey
}

const text = (c: Cursor): string => spaced(c, (at) => (at.decode ?? utf8)(astring(at)))

/** How text in a charset is read; undefined for UTF-8 and US-ASCII, and for charsets that there are not: those are refused later. */
const decoderOf = (charset: string): Cursor['decode'] => {
  if (charset === 'UTF-8' || charset === 'US-ASCII') return undefined
  try {
    const decoder = new TextDecoder(charset)
    return (octets) => decoder.decode(Buffer.from(octets, 'latin1'))
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** @returns `UTF-8` where the text that follows can be read in the charset named, otherwise its name in capitals. */
const charsetName = (c: Cursor): string => {
  const name = astring(c).toUpperCase()
  c.decode = decoderOf(name)
  return c.decode === undefined ? name : 'UTF-8'
}
const header =
  (name: string) =>
  (c: Cursor): SearchKey => ({ header: name, contains: text(c) })
const day =
  (of: DayOf, is: When) =>
  (c: Cursor): SearchKey => ({ date: of, is, day: spaced(c, date) })
const hasFlag = (flag: string) => (): SearchKey => ({ flag })
const hasNoFlag = (flag: string) => (): SearchKey => ({ not: { flag } })

const modSeq = (c: Cursor): SearchKey => {
  need(c, ' ')
  // An entry name and type may stand before the number; flags have one mod-sequence here, so they narrow nothing (RFC 7162 section 3.1.5).
  if (peek(c) === '"') {
    string(c)
    need(c, ' ')
    if (!['ALL', 'PRIV', 'SHARED'].includes(word(c))) misread('The type of a flag is priv, shared or all')
    need(c, ' ')
  }
  return { modSeqFrom: modSequence(c) }
}

const keys: ReadonlyMap<string, (c: Cursor) => SearchKey> = new Map<string, (c: Cursor) => SearchKey>([
  ['ALL', () => ({ all: true })],
  ['ANSWERED', hasFlag('\\Answered')],
  ['DELETED', hasFlag('\\Deleted')],
  ['DRAFT', hasFlag('\\Draft')],
  ['FLAGGED', hasFlag('\\Flagged')],
  ['SEEN', hasFlag('\\Seen')],
  ['UNANSWERED', hasNoFlag('\\Answered')],
  ['UNDELETED', hasNoFlag('\\Deleted')],
  ['UNDRAFT', hasNoFlag('\\Draft')],
  ['UNFLAGGED', hasNoFlag('\\Flagged')],
  ['UNSEEN', hasNoFlag('\\Seen')],
  ['RECENT', () => ({ recent: true })],
  ['OLD', () => ({ not: { recent: true } })],
  ['NEW', () => ({ and: [{ recent: true }, { not: { flag: '\\Seen' } }] })],
  ['KEYWORD', (c) => ({ flag: spaced(c, atom) })],
  ['UNKEYWORD', (c) => ({ not: { flag: spaced(c, atom) } })],
  ['BEFORE', day('internal', 'before')],
  ['ON', day('internal', 'on')],
  ['SINCE', day('internal', 'since')],
  ['SENTBEFORE', day('sent', 'before')],
  ['SENTON', day('sent', 'on')],
  ['SENTSINCE', day('sent', 'since')],
  ['SAVEDBEFORE', day('saved', 'before')],
  ['SAVEDON', day('saved', 'on')],
  ['SAVEDSINCE', day('saved', 'since')],
  ['SAVEDATESUPPORTED', () => ({ savedDateSupported: true })],
  ['BCC', header('bcc')],
  ['CC', header('cc')],
  ['FROM', header('from')],
  ['SUBJECT', header('subject')],
  ['TO', header('to')],
  ['HEADER', (c) => ({ header: spaced(c, astring).toLowerCase(), contains: text(c) })],
  ['BODY', (c) => ({ body: text(c) })],
  ['TEXT', (c) => ({ text: text(c) })],
  ['LARGER', (c) => ({ larger: spaced(c, number) })],
  ['SMALLER', (c) => ({ smaller: spaced(c, number) })],
  ['OLDER', (c) => ({ age: 'older', seconds: spaced(c, nzNumber) })],
  ['YOUNGER', (c) => ({ age: 'younger', seconds: spaced(c, nzNumber) })],
  ['UID', (c) => ({ uidRanges: spaced(c, namedSet) })],
  ['MODSEQ', modSeq],
  ['EMAILID', (c) => ({ emailId: spaced(c, astring) })],
  ['THREADID', (c) => ({ threadId: spaced(c, astring) })],
  ['FUZZY', (c) => ({ fuzzy: spaced(c, key) })],
  ['NOT', (c) => ({ not: spaced(c, key) })],
  ['OR', (c) => ({ or: [spaced(c, key), spaced(c, key)] })],
])

const inOrder = (found: readonly SearchKey[]): SearchKey => (found.length === 1 && found[0] ? found[0] : { and: found })

const key = (c: Cursor): SearchKey =>
  deeper(c, () => {
    const next = peek(c)
    if (next === '(') return inOrder(list(c, key))
    if (next === '$' || next === '*' || /[0-9]/.test(next)) return { numbers: namedSet(c) }
    const name = word(c)
    const read = keys.get(name)
    return read === undefined ? misread(`There is no search key ${name}`) : read(c)
  })

/** Keys one after another, all of which must hold. A command may have 1,000. */
const program = (c: Cursor): SearchKey => {
  const found = [key(c)]
  while (take(c, ' ')) {
    found.push(key(c))
    if (found.length > 1000) misread('There are too many search keys')
  }
  return inOrder(found)
}

const noOptions: ReturnOptions = {
  min: false,
  max: false,
  all: false,
  count: false,
  save: false,
  update: false,
  relevancy: false,
}
const options: Readonly<Record<string, Partial<ReturnOptions> | undefined>> = {
  MIN: { min: true },
  MAX: { max: true },
  ALL: { all: true },
  COUNT: { count: true },
  SAVE: { save: true },
  UPDATE: { update: true },
  RELEVANCY: { relevancy: true },
  // A hint that the client will ask again (RFC 5267 section 4.2).
  CONTEXT: {},
}

const returns = (c: Cursor): ReturnOptions => {
  let found = noOptions
  const named = list(
    c,
    () => {
      const name = word(c)
      const option = options[name]
      if (name === 'PARTIAL' && found.partial !== undefined) misread('PARTIAL comes once')
      else if (name === 'PARTIAL') found = { ...found, partial: spaced(c, partialRange) }
      else if (option === undefined) misread(`There is no return option ${name}`)
      else found = { ...found, ...option }
      return name
    },
    true,
  )
  if (found.all && found.partial !== undefined) misread('ALL and PARTIAL exclude each other')
  // Nothing named at all is ALL (RFC 4731 section 3.1); SAVE or UPDATE alone asks for no result (RFC 5182 section 2.1).
  return named.every((name) => name === 'CONTEXT') ? { ...found, all: true } : found
}

const optionalReturn = (c: Cursor): ReturnOptions | undefined => (take(c, ' RETURN ') ? returns(c) : undefined)

const isFuzzy = (key: SearchKey): boolean => {
  if ('fuzzy' in key) return true
  if ('and' in key) return key.and.some(isFuzzy)
  if ('or' in key) return key.or.some(isFuzzy)
  return 'not' in key && isFuzzy(key.not)
}

/** Scores are of fuzzy searches only (RFC 6203 sections 4 and 5). */
const withFuzzy = <T extends SearchArguments>(args: T, relevancy: boolean): T =>
  relevancy && !isFuzzy(args.key) ? misread('RELEVANCY needs FUZZY') : args

/** SEARCH and UID SEARCH. */
export const readSearch = (c: Cursor): SearchArguments => {
  const found = optionalReturn(c)
  const charset = take(c, ' CHARSET ') ? charsetName(c) : undefined
  return withFuzzy({ returns: found, charset, key: spaced(c, program) }, found?.relevancy === true)
}

type SortRule = { readonly key: string; readonly reverse: boolean }
export type SortArguments = SearchArguments & { readonly rules: readonly SortRule[] }
const sortKeys = new Set([
  'ARRIVAL',
  'CC',
  'DATE',
  'FROM',
  'SIZE',
  'SUBJECT',
  'TO',
  'DISPLAYFROM',
  'DISPLAYTO',
  'RELEVANCY',
])

const sortRule = (c: Cursor): SortRule => {
  const reverse = take(c, 'REVERSE ')
  const name = word(c)
  return sortKeys.has(name) ? { key: name.toLowerCase(), reverse } : misread(`There is no sort key ${name}`)
}

/** SORT and UID SORT. */
export const readSort = (c: Cursor): SortArguments => {
  const found = optionalReturn(c)
  const rules = spaced(c, () => list(c, sortRule))
  const charset = spaced(c, charsetName)
  const relevancy = found?.relevancy === true || rules.some((rule) => rule.key === 'relevancy')
  return withFuzzy({ returns: found, rules, charset, key: spaced(c, program) }, relevancy)
}

export type ThreadArguments = SearchArguments & { readonly by: 'orderedsubject' | 'references' | 'refs' }
const algorithms: Readonly<Record<string, ThreadArguments['by'] | undefined>> = {
  ORDEREDSUBJECT: 'orderedsubject',
  REFERENCES: 'references',
  REFS: 'refs',
}

/** THREAD and UID THREAD. */
export const readThread = (c: Cursor): ThreadArguments => {
  const by = algorithms[spaced(c, word)] ?? misread('There is no such threading algorithm')
  const charset = spaced(c, charsetName)
  return { by, returns: undefined, charset, key: spaced(c, program) }
}

/** Which mailboxes a MULTISEARCH or a NOTIFY event group is about (RFC 5465 section 6, RFC 7377 section 2.2). Names are octets. */
export type MailboxFilter = {
  readonly which:
    | 'selected'
    | 'selected-delayed'
    | 'inboxes'
    | 'personal'
    | 'subscribed'
    | 'subtree'
    | 'subtree-one'
    | 'mailboxes'
  readonly names: readonly string[]
}

/** A filter-mailboxes of NOTIFY or ESEARCH. */
export const mailboxFilter = (c: Cursor): MailboxFilter => {
  const name = word(c).toLowerCase()
  if (
    name === 'selected' ||
    name === 'selected-delayed' ||
    name === 'inboxes' ||
    name === 'personal' ||
    name === 'subscribed'
  )
    return { which: name, names: [] }
  if (name === 'subtree' || name === 'subtree-one' || name === 'mailboxes')
    return { which: name, names: spaced(c, () => listOrOne(c, astring)) }
  return misread('There is no such group of mailboxes')
}

/** ESEARCH (RFC 7377): like SEARCH, in many mailboxes. */
export const readEsearch = (c: Cursor): SearchArguments & { readonly sources: readonly MailboxFilter[] } => {
  const sources = take(c, ' IN ') ? list(c, mailboxFilter) : [{ which: 'selected', names: [] } as const]
  if (sources.some((source) => source.which === 'selected-delayed')) misread('selected-delayed is not for searches')
  return { sources, ...readSearch(c) }
}

/** CANCELUPDATE (RFC 5267 section 4.3.1): tags. */
export const readTags = (c: Cursor): readonly string[] => {
  const found = [spaced(c, string)]
  while (take(c, ' ')) found.push(string(c))
  return found
}
