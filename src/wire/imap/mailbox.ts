/**
 * The arguments of the mailbox commands. RFC 9051 sections 6.3.2 to 6.3.12; RFC 7162 (CONDSTORE, QRESYNC), RFC 6154 (USE), RFC 5258 (LIST),
 * RFC 5819 (STATUS in LIST), RFC 8440 (MYRIGHTS in LIST), RFC 9590 (METADATA in LIST), RFC 3502, 4469, 6855, 8508 (what APPEND and REPLACE may
 * hold). Names are octets as they came: the session knows whether they are UTF-7 or UTF-8. Pure.
 */
import { type Ranges, ranges } from './set.ts'
import {
  astring,
  atLiteral,
  atom,
  type Cursor,
  dateTime,
  flag,
  list,
  listMailbox,
  listOrOne,
  literal,
  misread,
  modSequence,
  need,
  nzNumber,
  peek,
  spaced,
  take,
  word,
} from './syntax.ts'

/** One mailbox name. */
export const readMailbox = (c: Cursor): string => spaced(c, astring)
/** Two mailbox names: RENAME. */
export const readTwo = (c: Cursor): readonly [string, string] => [spaced(c, astring), spaced(c, astring)]
/** No arguments. */
export const readNothing = (): null => null

export type Resync = {
  readonly uidValidity: number
  readonly modSeq: number
  readonly known?: Ranges
  /** Sequence numbers and the UIDs that they had, in step. */
  readonly match?: readonly [numbers: Ranges, uids: Ranges]
}
export type SelectArguments = { readonly mailbox: string; readonly condstore: boolean; readonly qresync?: Resync }

const match = (c: Cursor): readonly [Ranges, Ranges] => {
  need(c, '(')
  const numbers = ranges(c)
  need(c, ' ')
  const uids = ranges(c)
  need(c, ')')
  return [numbers, uids]
}

const resync = (c: Cursor): Resync => {
  need(c, ' (')
  const uidValidity = nzNumber(c)
  let found: Resync = { uidValidity, modSeq: spaced(c, modSequence) }
  let more = take(c, ' ')
  if (more && peek(c) !== '(') {
    found = { ...found, known: ranges(c) }
    more = take(c, ' ')
  }
  if (more) found = { ...found, match: match(c) }
  need(c, ')')
  return found
}

/** SELECT and EXAMINE. */
export const readSelect = (c: Cursor): SelectArguments => {
  let found: SelectArguments = { mailbox: spaced(c, astring), condstore: false }
  if (take(c, ' '))
    list(c, () => {
      const name = word(c)
      if (name === 'CONDSTORE') found = { ...found, condstore: true }
      else if (name === 'QRESYNC') found = { ...found, condstore: true, qresync: resync(c) }
      else misread(`There is no parameter ${name}`)
    })
  return found
}

/** CREATE, with the uses of RFC 6154 section 3 in lower case without backslash. */
export const readCreate = (c: Cursor): { readonly mailbox: string; readonly uses: readonly string[] } => {
  const mailbox = spaced(c, astring)
  if (!take(c, ' ')) return { mailbox, uses: [] }
  const uses = list(c, () => {
    if (word(c) !== 'USE') misread('There is no such parameter of CREATE')
    return spaced(c, () =>
      list(
        c,
        () => {
          need(c, '\\')
          return atom(c).toLowerCase()
        },
        true,
      ),
    )
  })
  return { mailbox, uses: uses.flat() }
}

const statusNames = [
  'MESSAGES',
  'UIDNEXT',
  'UIDVALIDITY',
  'UNSEEN',
  'DELETED',
  'SIZE',
  'RECENT',
  'HIGHESTMODSEQ',
  'APPENDLIMIT',
  'MAILBOXID',
  'DELETED-STORAGE',
] as const
export type StatusItem = (typeof statusNames)[number]

/** The items of STATUS in parentheses. */
const statusItems = (c: Cursor): readonly StatusItem[] =>
  list(c, () => {
    const name = word(c)
    return statusNames.find((one) => one === name) ?? misread(`There is no status item ${name}`)
  })

/** STATUS. */
export const readStatus = (c: Cursor): { readonly mailbox: string; readonly items: readonly StatusItem[] } => ({
  mailbox: spaced(c, astring),
  items: spaced(c, statusItems),
})

export type ListArguments = {
  readonly reference: string
  readonly patterns: readonly string[]
  /** Whether the command is in the extended form, which changes what an empty pattern means. */
  readonly extended: boolean
  readonly only: { readonly subscribed: boolean; readonly specialUse: boolean; readonly recursiveMatch: boolean }
  readonly give: {
    readonly subscribed: boolean
    readonly children: boolean
    readonly specialUse: boolean
    readonly myRights: boolean
    readonly status: readonly StatusItem[]
    readonly metadata: readonly string[]
  }
}

const selection = (c: Cursor): ListArguments['only'] => {
  const names = new Set(list(c, word, true))
  for (const name of names)
    if (!['SUBSCRIBED', 'REMOTE', 'RECURSIVEMATCH', 'SPECIAL-USE'].includes(name))
      misread(`There is no selection ${name}`)
  if (names.has('RECURSIVEMATCH') && !names.has('SUBSCRIBED') && !names.has('SPECIAL-USE'))
    misread('RECURSIVEMATCH needs something to match')
  return {
    subscribed: names.has('SUBSCRIBED'),
    specialUse: names.has('SPECIAL-USE'),
    recursiveMatch: names.has('RECURSIVEMATCH'),
  }
}

const nothing: ListArguments['give'] = {
  subscribed: false,
  children: false,
  specialUse: false,
  myRights: false,
  status: [],
  metadata: [],
}

const giving = (c: Cursor): ListArguments['give'] => {
  let found = nothing
  list(
    c,
    () => {
      const name = word(c)
      if (name === 'SUBSCRIBED') found = { ...found, subscribed: true }
      else if (name === 'CHILDREN') found = { ...found, children: true }
      else if (name === 'SPECIAL-USE') found = { ...found, specialUse: true }
      else if (name === 'MYRIGHTS') found = { ...found, myRights: true }
      else if (name === 'STATUS') found = { ...found, status: spaced(c, statusItems) }
      else if (name === 'METADATA') found = { ...found, metadata: spaced(c, () => listOrOne(c, astring)) }
      else misread(`There is no return option ${name}`)
    },
    true,
  )
  return found
}

/** LIST in its plain and extended forms. */
export const readList = (c: Cursor): ListArguments => {
  need(c, ' ')
  const selects = peek(c) === '('
  const only = selects ? selection(c) : { subscribed: false, specialUse: false, recursiveMatch: false }
  if (selects) need(c, ' ')
  const reference = astring(c)
  need(c, ' ')
  const many = peek(c) === '('
  const patterns = many ? list(c, listMailbox) : [listMailbox(c)]
  const returns = take(c, ' RETURN ')
  return { reference, patterns, extended: selects || many || returns, only, give: returns ? giving(c) : nothing }
}

/** LSUB: a reference and a pattern. */
export const readLsub = (c: Cursor): { readonly reference: string; readonly pattern: string } => ({
  reference: spaced(c, astring),
  pattern: spaced(c, listMailbox),
})

/** A piece of a CATENATE: the octets of a literal that was streamed, or a URL. */
type AppendPart = { readonly literal: number } | { readonly url: string }
export type AppendMessage = {
  readonly flags: readonly string[]
  /** Epoch milliseconds. */
  readonly date?: number
  readonly parts: readonly AppendPart[]
  readonly catenate: boolean
  readonly utf8: boolean
  readonly binary: boolean
}
type AppendArguments = {
  readonly mailbox: string
  /** Only REPLACE: the number or UID of the message to replace. */
  readonly replaces?: number
  readonly messages: readonly AppendMessage[]
}

/** What an announced literal of APPEND or REPLACE is: the name of the mailbox (kept) or octets of a message (streamed). */
export type AppendSoFar = AppendArguments & { readonly expects: 'name' | 'message' | 'end' }

const MOST_PARTS = 1000

type Sofar = { readonly open: boolean }

const messagePart = (c: Cursor, sofar: Sofar): AppendPart | undefined => {
  if (take(c, 'URL ')) return { url: astring(c) }
  need(c, 'TEXT ')
  if (!atLiteral(c)) return sofar.open && peek(c) === '' ? undefined : misread('A literal is missing')
  return { literal: literal(c).streamed }
}

/** `CATENATE (…)`; ended is false where the announced literal is the next part of it. */
const catenation = (c: Cursor, sofar: Sofar): { parts: readonly AppendPart[]; ended: boolean } => {
  need(c, '(')
  const parts: AppendPart[] = []
  do {
    const part = messagePart(c, sofar)
    if (part === undefined) return { parts, ended: false }
    parts.push(part)
    if (parts.length > MOST_PARTS) misread('There are too many parts')
  } while (take(c, ' '))
  need(c, ')')
  return { parts, ended: true }
}

type Read = { readonly message: AppendMessage; readonly ended: boolean }

const oneLiteral = (c: Cursor, base: Pick<AppendMessage, 'flags'>, sofar: Sofar, utf8: boolean): Read => {
  if (!atLiteral(c)) {
    if (!sofar.open || peek(c) !== '') misread('A literal is missing')
    return { message: { ...base, parts: [], catenate: false, utf8, binary: utf8 }, ended: false }
  }
  const found = literal(c)
  return {
    message: { ...base, parts: [{ literal: found.streamed }], catenate: false, utf8, binary: found.binary },
    ended: true,
  }
}

const message = (c: Cursor, sofar: Sofar): Read => {
  const flagged = peek(c) === '('
  const flags = flagged ? list(c, flag, true) : []
  if (flagged) need(c, ' ')
  const date = peek(c) === '"' ? dateTime(c) : undefined
  if (date !== undefined) need(c, ' ')
  const base = date === undefined ? { flags } : { flags, date }
  if (take(c, 'CATENATE ')) {
    const { parts, ended } = catenation(c, sofar)
    return { message: { ...base, parts, catenate: true, utf8: false, binary: false }, ended }
  }
  if (take(c, 'UTF8 (')) {
    const read = oneLiteral(c, base, sofar, true)
    if (read.ended) need(c, ')')
    return read
  }
  return oneLiteral(c, base, sofar, false)
}

const appendWith = (c: Cursor, most: number, open: boolean, replaces: boolean): AppendSoFar => {
  const sofar = { open }
  const target = replaces ? { replaces: spaced(c, nzNumber) } : {}
  need(c, ' ')
  if (open && !atLiteral(c) && peek(c) === '') return { mailbox: '', ...target, messages: [], expects: 'name' }
  const mailbox = astring(c)
  const messages: AppendMessage[] = []
  while (take(c, ' ')) {
    const read = message(c, sofar)
    messages.push(read.message)
    if (messages.length > most) misread('There are too many messages')
    if (!read.ended) return { mailbox, ...target, messages, expects: 'message' }
  }
  if (messages.length === 0) misread('A message is missing')
  return { mailbox, ...target, messages, expects: 'end' }
}

/** APPEND or REPLACE as far as it has come when a literal is announced; `most` messages at once. The last message lacks the announced part. */
export const readAppendSoFar =
  (replaces: boolean, most: number) =>
  (c: Cursor): AppendSoFar =>
    appendWith(c, replaces ? 1 : most, true, replaces)

/** APPEND or REPLACE at its end. */
export const readAppend =
  (replaces: boolean, most: number) =>
  (c: Cursor): AppendSoFar =>
    appendWith(c, replaces ? 1 : most, false, replaces)
