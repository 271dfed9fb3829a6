/**
 * The arguments of the smaller extensions: ID (RFC 2971), ENABLE (RFC 9051 section 6.3.1), LOGIN and AUTHENTICATE, QUOTA (RFC 9208), ACL (RFC 4314),
 * METADATA (RFC 5464), NOTIFY (RFC 5465), COMPRESS (RFC 4978). Pure.
 */

import { type FetchItem, readFetchItems } from './fetch.ts'
import { type MailboxFilter, mailboxFilter } from './search.ts'
import {
  astring,
  atLiteral,
  atom,
  type Cursor,
  list,
  listOrOne,
  literal,
  misread,
  need,
  nstring,
  number,
  peek,
  spaced,
  string,
  take,
  word,
} from './syntax.ts'

/** LOGIN: user and password, as octets. */
export const readLogin = (c: Cursor): { readonly user: string; readonly password: string } => ({
  user: spaced(c, astring),
  password: spaced(c, astring),
})

/** AUTHENTICATE: a mechanism and perhaps the first answer in base64 (`=` is the empty one). */
export const readAuthenticate = (c: Cursor): { readonly mechanism: string; readonly initial: string | undefined } => {
  const mechanism = spaced(c, atom)
  if (!take(c, ' ')) return { mechanism, initial: undefined }
  let initial = ''
  for (let char = peek(c); char !== '' && char !== ' '; char = peek(c)) {
    initial += char
    c.at += 1
  }
  return { mechanism, initial }
}

/** ID: pairs, or nothing for NIL. At most 30 pairs of bounded length (RFC 2971 section 3.3). */
export const readId = (c: Cursor): readonly (readonly [string, string | null])[] => {
  need(c, ' ')
  if (take(c, 'NIL')) return []
  const pairs = list(
    c,
    () => {
      const name = string(c)
      return [name, spaced(c, nstring)] as const
    },
    true,
  )
  return pairs.length > 30 ? misread('There are too many fields') : pairs
}

/** ENABLE: capabilities, in capitals. */
export const readEnable = (c: Cursor): readonly string[] => {
  const found = [spaced(c, word)]
  while (take(c, ' ')) found.push(word(c))
  return found
}

/** One word: COMPRESS. */
export const readWord = (c: Cursor): string => spaced(c, word)

/** GETQUOTA and the like: one astring. */
export const readName = (c: Cursor): string => spaced(c, astring)

/** SETQUOTA: a root and limits. */
export const readSetQuota = (
  c: Cursor,
): { readonly root: string; readonly limits: readonly (readonly [string, number])[] } => ({
  root: spaced(c, astring),
  limits: spaced(c, () => list(c, () => [word(c), spaced(c, number)] as const, true)),
})

/** SETACL: rights are in `rights`, with `+` or `-` before them in `how`. */
export const readSetAcl = (
  c: Cursor,
): { readonly mailbox: string; readonly who: string; readonly how: '' | '+' | '-'; readonly rights: string } => {
  const mailbox = spaced(c, astring)
  const who = spaced(c, astring)
  const text = spaced(c, astring)
  const how = text.startsWith('+') ? '+' : text.startsWith('-') ? '-' : ''
  return { mailbox, who, how, rights: how === '' ? text : text.slice(1) }
}

/** DELETEACL and LISTRIGHTS: a mailbox and an identifier. */
export const readMailboxWho = (c: Cursor): { readonly mailbox: string; readonly who: string } => ({
  mailbox: spaced(c, astring),
  who: spaced(c, astring),
})

export type GetMetadata = {
  readonly mailbox: string
  readonly entries: readonly string[]
  readonly maxSize: number
  readonly depth: number
}

const metadataOptions = (c: Cursor): { maxSize: number; depth: number } => {
  const found = { maxSize: Number.POSITIVE_INFINITY, depth: 0 }
  list(c, () => {
    const name = word(c)
    if (name === 'MAXSIZE') found.maxSize = spaced(c, number)
    else if (name === 'DEPTH') {
      const depth = spaced(c, word)
      if (!['0', '1', 'INFINITY'].includes(depth)) misread('DEPTH is 0, 1 or infinity')
      found.depth = depth === 'INFINITY' ? Number.POSITIVE_INFINITY : Number(depth)
    } else misread(`There is no option ${name}`)
  })
  return found
}

const entryNamed = (name: string): string =>
  !/^\/(private|shared)\/[^\x00-\x1f*%\x7f-\xff]+$/.test(name) || name.includes('//') || name.endsWith('/')
    ? misread('An entry begins with /private/ or /shared/')
    : name
const entry = (c: Cursor): string => entryNamed(astring(c).toLowerCase())

/** An entry, or the root of all private or shared ones, for DEPTH. */
const entryOrRoot = (c: Cursor): string => {
  const name = astring(c).toLowerCase()
  return name === '/private' || name === '/shared' ? name : entryNamed(name)
}

/** GETMETADATA; the options stand before the mailbox (RFC 5464 section 5). */
export const readGetMetadata = (c: Cursor): GetMetadata => {
  need(c, ' ')
  let options = { maxSize: Number.POSITIVE_INFINITY, depth: 0 }
  if (peek(c) === '(') {
    options = metadataOptions(c)
    need(c, ' ')
  }
  const mailbox = astring(c)
  return { mailbox, entries: spaced(c, () => listOrOne(c, entryOrRoot)), ...options }
}

/** SETMETADATA: entries and their values; null removes. */
export const readSetMetadata = (
  c: Cursor,
): {
  readonly mailbox: string
  readonly entries: readonly { readonly name: string; readonly value: Uint8Array | null }[]
} => {
  const value = (): Uint8Array | null => {
    if (atLiteral(c)) return literal(c).bytes
    const text = nstring(c)
    return text === null ? null : Buffer.from(text, 'latin1')
  }
  return {
    mailbox: spaced(c, astring),
    entries: spaced(c, () => list(c, () => ({ name: entry(c), value: spaced(c, value) }))),
  }
}

const eventNames = [
  'MESSAGENEW',
  'MESSAGEEXPUNGE',
  'FLAGCHANGE',
  'ANNOTATIONCHANGE',
  'MAILBOXNAME',
  'SUBSCRIPTIONCHANGE',
  'MAILBOXMETADATACHANGE',
  'SERVERMETADATACHANGE',
] as const
export type NotifyEvent = (typeof eventNames)[number]
/** Which events of which mailboxes; `fetch` is what to send of a new message in the selected one. `unknown` are events that there are not. */
export type EventGroup = {
  readonly mailboxes: MailboxFilter
  readonly events: readonly NotifyEvent[]
  readonly unknown: readonly string[]
  readonly fetch: readonly FetchItem[]
}
export type NotifyArguments = null | { readonly status: boolean; readonly groups: readonly EventGroup[] }

const eventGroup = (c: Cursor): EventGroup => {
  need(c, '(')
  const mailboxes = mailboxFilter(c)
  need(c, ' ')
  const events: NotifyEvent[] = []
  const unknown: string[] = []
  let fetch: readonly FetchItem[] = []
  if (!take(c, 'NONE'))
    list(c, () => {
      const name = word(c)
      const known = eventNames.find((one) => one === name)
      if (known === undefined) unknown.push(name)
      else events.push(known)
      if (known === 'MESSAGENEW' && take(c, ' (')) {
        c.at -= 1
        fetch = readFetchItems(c)
      }
    })
  need(c, ')')
  const has = (name: NotifyEvent): boolean => events.includes(name)
  if (has('MESSAGENEW') !== has('MESSAGEEXPUNGE')) misread('MessageNew and MessageExpunge go together')
  if (has('FLAGCHANGE') && !has('MESSAGENEW')) misread('FlagChange needs MessageNew and MessageExpunge')
  return { mailboxes, events, unknown, fetch }
}

/** NOTIFY: null for NONE. */
export const readNotify = (c: Cursor): NotifyArguments => {
  if (take(c, ' NONE')) return null
  need(c, ' SET ')
  const status = take(c, 'STATUS ')
  const groups = [eventGroup(c)]
  while (take(c, ' ')) groups.push(eventGroup(c))
  const selected = groups.filter(
    ({ mailboxes }) => mailboxes.which === 'selected' || mailboxes.which === 'selected-delayed',
  )
  if (selected.length > 1) misread('The selected mailbox is named twice')
  return { status, groups }
}
