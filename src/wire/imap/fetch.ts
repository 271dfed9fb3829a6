/**
 * The arguments of FETCH and STORE. RFC 9051 sections 6.4.5 and 6.4.6; RFC 3501 section 6.4.5 (RFC822…), RFC 7162 (MODSEQ, CHANGEDSINCE,
 * VANISHED, UNCHANGEDSINCE), RFC 8474 (EMAILID, THREADID), RFC 8514 (SAVEDATE), RFC 8970 (PREVIEW), RFC 9394 (PARTIAL), RFC 3516 (BINARY). Pure.
 */
import { type NamedSet, namedSet } from './set.ts'
import {
  astring,
  atom,
  type Cursor,
  flags,
  list,
  misread,
  modSequence,
  need,
  number,
  nzNumber,
  peek,
  readWhole,
  spaced,
  take,
  word,
} from './syntax.ts'

/** What a section of a message is named by; `path` is `[1, 2]` for `1.2`. */
export type SectionName = {
  readonly path: readonly number[]
  readonly what: '' | 'HEADER' | 'TEXT' | 'MIME' | 'HEADER.FIELDS' | 'HEADER.FIELDS.NOT'
  readonly fields: readonly string[]
}
/** Octets from `from`, at most `most`. */
export type Slice = { readonly from: number; readonly most: number }
export type PlainItem =
  | 'FLAGS'
  | 'UID'
  | 'INTERNALDATE'
  | 'RFC822.SIZE'
  | 'ENVELOPE'
  | 'BODY'
  | 'BODYSTRUCTURE'
  | 'MODSEQ'
  | 'EMAILID'
  | 'THREADID'
  | 'SAVEDATE'
  | 'PREVIEW'
/** `label` is how the answer names it; `peek` leaves \Seen alone. */
export type FetchItem =
  | { readonly item: PlainItem }
  | {
      readonly item: 'section'
      readonly label: string
      readonly peek: boolean
      readonly section: SectionName
      readonly partial?: Slice
    }
  | {
      readonly item: 'binary'
      readonly label: string
      readonly peek: boolean
      readonly path: readonly number[]
      readonly partial?: Slice
    }
  | { readonly item: 'binary.size'; readonly label: string; readonly path: readonly number[] }

/** RFC 9394 section 3: 1 is the first result; negative counts from the end. */
export type PartialRange = { readonly first: number; readonly last: number; readonly label: string }

export type FetchArguments = {
  readonly set: NamedSet
  readonly items: readonly FetchItem[]
  readonly changedSince?: number
  readonly vanished: boolean
  readonly partial?: PartialRange
}

const plainItems = new Set<string>([
  'FLAGS',
  'UID',
  'INTERNALDATE',
  'RFC822.SIZE',
  'ENVELOPE',
  'BODY',
  'BODYSTRUCTURE',
  'MODSEQ',
  'EMAILID',
  'THREADID',
  'SAVEDATE',
  'PREVIEW',
] satisfies readonly PlainItem[])
const isPlain = (name: string): name is PlainItem => plainItems.has(name)

const macros: Readonly<Record<string, readonly PlainItem[] | undefined>> = {
  ALL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE'],
  FAST: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE'],
  FULL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODY'],
}

const whole = (label: string, what: '' | 'HEADER' | 'TEXT', peekOnly: boolean): FetchItem => ({
  item: 'section',
  label,
  peek: peekOnly,
  section: { path: [], what, fields: [] },
})
const oldItems: Readonly<Record<string, FetchItem | undefined>> = {
  RFC822: whole('RFC822', '', false),
  'RFC822.HEADER': whole('RFC822.HEADER', 'HEADER', true),
  'RFC822.TEXT': whole('RFC822.TEXT', 'TEXT', false),
}

const digitsAhead = (c: Cursor): boolean => /[0-9]/.test(peek(c))

const path = (c: Cursor): readonly number[] => {
  const found: number[] = []
  while (digitsAhead(c)) {
    found.push(nzNumber(c))
    if (!take(c, '.')) break
  }
  if (found.length > 200) misread('The section is too deep')
  return found
}

const readFields = (c: Cursor): readonly string[] => spaced(c, () => list(c, astring))

const section = (c: Cursor): SectionName => {
  const at = path(c)
  if (peek(c) === ']' || peek(c) === '') return { path: at, what: '', fields: [] }
  const what = take(c, 'HEADER.FIELDS.NOT')
    ? 'HEADER.FIELDS.NOT'
    : take(c, 'HEADER.FIELDS')
      ? 'HEADER.FIELDS'
      : take(c, 'HEADER')
        ? 'HEADER'
        : take(c, 'TEXT')
          ? 'TEXT'
          : take(c, 'MIME')
            ? 'MIME'
            : misread('There is no such section')
  if (what === 'MIME' && at.length === 0) misread('MIME needs the number of a part')
  return { path: at, what, fields: what.startsWith('HEADER.') ? readFields(c) : [] }
}

const writeField = (name: string): string =>
  /^[^\x00-\x20(){%*"\\\]\x7f-\xff]+$/.test(name) ? name : `"${name.replaceAll(/["\\]/g, '\\$&')}"`
const labelOf = (name: SectionName): string => {
  const parts = name.path.join('.') + (name.path.length > 0 && name.what !== '' ? '.' : '') + name.what
  return name.fields.length > 0 ? `${parts} (${name.fields.map(writeField).join(' ')})` : parts
}

const partial = (c: Cursor): Slice | undefined => {
  if (!take(c, '<')) return undefined
  const from = number(c)
  need(c, '.')
  const most = nzNumber(c)
  need(c, '>')
  return { from, most }
}

const bodyItem = (c: Cursor, peekOnly: boolean): FetchItem => {
  const name = section(c)
  need(c, ']')
  const slice = partial(c)
  const label = `BODY[${labelOf(name)}]${slice === undefined ? '' : `<${slice.from}>`}`
  const found = { item: 'section', label, peek: peekOnly, section: name } as const
  return slice === undefined ? found : { ...found, partial: slice }
}

const binaryItem = (c: Cursor, kind: 'BINARY' | 'BINARY.PEEK' | 'BINARY.SIZE'): FetchItem => {
  const at = path(c)
  need(c, ']')
  if (kind === 'BINARY.SIZE') return { item: 'binary.size', label: `BINARY.SIZE[${at.join('.')}]`, path: at }
  const slice = partial(c)
  const label = `BINARY[${at.join('.')}]${slice === undefined ? '' : `<${slice.from}>`}`
  const found = { item: 'binary', label, peek: kind === 'BINARY.PEEK', path: at } as const
  return slice === undefined ? found : { ...found, partial: slice }
}

const previewModifier = (c: Cursor): void => {
  if (!take(c, ' (')) return
  if (word(c) !== 'LAZY') misread('There is no such modifier of PREVIEW')
  need(c, ')')
}

const item = (c: Cursor): FetchItem => {
  for (const kind of ['BINARY.PEEK', 'BINARY.SIZE', 'BINARY'] as const)
    if (take(c, `${kind}[`)) return binaryItem(c, kind)
  if (take(c, 'BODY.PEEK[')) return bodyItem(c, true)
  if (take(c, 'BODY[')) return bodyItem(c, false)
  const name = word(c)
  const old = oldItems[name]
  if (old !== undefined) return old
  if (!isPlain(name)) return misread(`There is nothing called ${name} to fetch`)
  if (name === 'PREVIEW') previewModifier(c)
  return { item: name }
}

/** Items of FETCH: one, several in parentheses, or a macro. */
export const readFetchItems = (c: Cursor): readonly FetchItem[] => {
  if (peek(c) === '(') return list(c, item)
  for (const [name, members] of Object.entries(macros))
    if (members !== undefined && take(c, name)) return members.map((member) => ({ item: member }))
  return [item(c)]
}

/** A partial-range: `1:100` or `-1:-100`. */
export const partialRange = (c: Cursor): PartialRange => {
  const bound = (): number => {
    const minus = take(c, '-')
    const value = nzNumber(c)
    return minus ? -value : value
  }
  const first = bound()
  need(c, ':')
  const last = bound()
  if (first < 0 !== last < 0) misread('A partial range counts from one end')
  return { first, last, label: `${first}:${last}` }
}

const fetchModifiers = (c: Cursor): Pick<FetchArguments, 'changedSince' | 'vanished' | 'partial'> => {
  let found: Pick<FetchArguments, 'changedSince' | 'vanished' | 'partial'> = { vanished: false }
  if (!take(c, ' ')) return found
  list(c, () => {
    const name = word(c)
    if (name === 'VANISHED') found = { ...found, vanished: true }
    else if (name === 'CHANGEDSINCE') found = { ...found, changedSince: spaced(c, modSequence) }
    else if (name === 'PARTIAL') found = { ...found, partial: spaced(c, partialRange) }
    else misread(`There is no modifier ${name}`)
  })
  return found
}

/** FETCH and UID FETCH. */
export const readFetch = (c: Cursor): FetchArguments => {
  const set = spaced(c, namedSet)
  return { set, items: spaced(c, readFetchItems), ...fetchModifiers(c) }
}

export type StoreArguments = {
  readonly set: NamedSet
  readonly unchangedSince?: number
  readonly how: 'add' | 'remove' | 'replace'
  readonly silent: boolean
  readonly flags: readonly string[]
}

const storeModifier = (c: Cursor): { unchangedSince: number } => {
  const [since] = list(c, () => {
    if (atom(c).toUpperCase() !== 'UNCHANGEDSINCE') misread('There is no such modifier of STORE')
    return spaced(c, modSequence)
  })
  need(c, ' ')
  return { unchangedSince: since ?? 0 }
}

/** STORE and UID STORE. */
export const readStore = (c: Cursor): StoreArguments => {
  const set = spaced(c, namedSet)
  need(c, ' ')
  const modifier = peek(c) === '(' ? storeModifier(c) : {}
  const how = take(c, '+') ? 'add' : take(c, '-') ? 'remove' : 'replace'
  need(c, 'FLAGS')
  const silent = take(c, '.SILENT')
  return { set, ...modifier, how, silent, flags: spaced(c, flags) }
}

/** COPY and MOVE: a set and a mailbox. */
export const readCopy = (c: Cursor): { readonly set: NamedSet; readonly mailbox: string } => ({
  set: spaced(c, namedSet),
  mailbox: spaced(c, astring),
})

/** UID EXPUNGE: a set. */
export const readUids = (c: Cursor): NamedSet => spaced(c, namedSet)

/** @param text a section as it stands in a URL (RFC 5092): `1.2.MIME`, or nothing. @returns it, or undefined where it is none. */
export const readSection = (text: string): SectionName | undefined => {
  const read = readWhole({ tag: '', verb: '', pieces: [text] }, section)
  return read.ok ? read.value : undefined
}
