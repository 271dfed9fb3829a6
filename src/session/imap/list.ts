/**
 * LIST and LSUB. RFC 9051 section 6.3.9, RFC 5258 (LIST-EXTENDED), RFC 5819 (LIST-STATUS), RFC 6154 (SPECIAL-USE), RFC 8440 (MYRIGHTS), RFC 9590 (METADATA),
 * RFC 3501 section 6.3.9 (LSUB). A name that is only a level above others is \NonExistent.
 */
import type { ListArguments } from '../../wire/imap/mailbox.ts'
import { listMatcher, readMailboxName } from '../../wire/imap/mailbox-name.ts'
import { metadataLine } from './metadata.ts'
import type { Running } from './row.ts'
import type { Reply, Seen, Talk } from './state.ts'
import { statusLine } from './status.ts'
import { ALL_RIGHTS, accountOf, OTHERS, sharedWith, unicode, wireName } from './talk.ts'
import { wordsFor } from './words.ts'

/** Every name there is: mailboxes, levels above them, subscriptions to what is gone. */
type Entry = {
  readonly name: string
  readonly seen: Seen | undefined
  readonly subscribed: boolean
  readonly children: boolean
}

const levelsAbove = (name: string): readonly string[] => {
  const levels = name.split('/')
  return levels.slice(1).map((_, at) => levels.slice(0, at + 1).join('/'))
}

const entries = async (talk: Talk): Promise<readonly Entry[] | string> => {
  const { store } = talk.deps
  const account = accountOf(talk).id
  const [own, subscriptions] = await Promise.all([store.mailboxes({ account }), store.subscriptions({ account })])
  if (!own.ok) return wordsFor(own.error)
  if (!subscriptions.ok) return wordsFor(subscriptions.error)
  const mine = own.value.map((mailbox): Seen => ({ mailbox, name: mailbox.name, rights: ALL_RIGHTS, mine: true }))
  const shared = (await sharedWith(talk)).filter((seen) => seen.rights.includes('l'))
  const seen = new Map([...mine, ...shared].map((one) => [one.name, one]))
  const parents = new Set([...seen.keys()].flatMap(levelsAbove))
  const subscribed = new Set(subscriptions.value)
  const names = new Set([...seen.keys(), ...parents, ...subscribed])
  return [...names].sort(inOrder).map((name) => ({
    name,
    seen: seen.get(name),
    subscribed: subscribed.has(name),
    children: parents.has(name),
  }))
}

/** INBOX first, others' last, otherwise by name. */
const inOrder = (a: string, b: string): number => {
  const rank = (name: string): number => (name === 'INBOX' ? 0 : name.startsWith(OTHERS) ? 2 : 1)
  return rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0)
}

const selects = (entry: Entry, only: ListArguments['only']): boolean =>
  (!only.subscribed || entry.subscribed) && (!only.specialUse || entry.seen?.mailbox.specialUse !== undefined)

const titled = (use: string): string => `\\${use.slice(0, 1).toUpperCase()}${use.slice(1)}`

const attributes = (entry: Entry, args: ListArguments): string => {
  const out: string[] = []
  if (entry.seen === undefined) out.push(args.extended ? '\\NonExistent' : '\\Noselect')
  // Of extended clients, those that want it ask (RFC 5258 section 3.2).
  if (!args.extended || args.give.children) out.push(entry.children ? '\\HasChildren' : '\\HasNoChildren')
  if (entry.subscribed && (args.only.subscribed || args.give.subscribed)) out.push('\\Subscribed')
  const use = entry.seen?.mine === true ? entry.seen.mailbox.specialUse : undefined
  if (use !== undefined) out.push(titled(use))
  return out.join(' ')
}

/** Which selections hold only for children of `name`: the words of CHILDINFO (RFC 5258 section 3.5). */
const childInfo = (name: string, all: readonly Entry[], args: ListArguments, matched: ReadonlySet<string>): string => {
  const below = all.filter((entry) => entry.name.startsWith(`${name}/`) && !matched.has(entry.name))
  const words: string[] = []
  if (args.only.subscribed && below.some((entry) => entry.subscribed)) words.push('"SUBSCRIBED"')
  if (args.only.specialUse && below.some((entry) => entry.seen?.mailbox.specialUse !== undefined))
    words.push('"SPECIAL-USE"')
  return words.length === 0 ? '' : ` ("CHILDINFO" (${words.join(' ')}))`
}

const matcher = (talk: Talk, args: ListArguments): ((name: string) => boolean) => {
  const reference = readMailboxName(args.reference, unicode(talk)) ?? args.reference
  const all = args.patterns.map((pattern) => listMatcher(reference, readMailboxName(pattern, unicode(talk)) ?? pattern))
  return (name) => all.some((matches) => matches(name))
}

async function* extras(talk: Talk, entry: Entry, args: ListArguments): AsyncGenerator<string, void> {
  const { seen } = entry
  if (seen === undefined) return
  if (args.give.myRights) yield `* MYRIGHTS ${wireName(talk, seen.name)} ${seen.rights}\r\n`
  if (args.give.status.length > 0 && seen.rights.includes('r')) {
    const line = await statusLine(talk, seen, args.give.status)
    if (line.ok) yield line.value
  }
  if (args.give.metadata.length > 0) yield await metadataLine(talk, seen, args.give.metadata)
}

const listLine = (talk: Talk, entry: Entry, args: ListArguments, more: string): string =>
  `* LIST (${attributes(entry, args)}) "/" ${wireName(talk, entry.name)}${more}\r\n`

/** LIST. */
export async function* list(talk: Talk, args: ListArguments): Running {
  if (!args.extended && args.patterns[0] === '') {
    yield '* LIST (\\Noselect) "/" ""\r\n'
    return 'OK That is the root'
  }
  const all = await entries(talk)
  if (typeof all === 'string') return all
  const matches = matcher(talk, args)
  const named = all.filter((entry) => matches(entry.name))
  const filtered = args.only.subscribed || args.only.specialUse
  const matched = new Set(named.filter((entry) => selects(entry, args.only)).map((entry) => entry.name))
  for (const entry of named) {
    const own = selects(entry, args.only) && (entry.seen !== undefined || entry.children || args.only.subscribed)
    const more = args.only.recursiveMatch ? childInfo(entry.name, all, args, matched) : ''
    if (filtered ? !own && more === '' : !own) continue
    yield listLine(talk, entry, args, more)
    yield* extras(talk, entry, args)
  }
  return 'OK Those are the mailboxes'
}

/** LSUB: a subscribed name that only `%` hides shows its level as \Noselect. */
export const lsub = async (
  talk: Talk,
  args: { readonly reference: string; readonly pattern: string },
): Promise<Reply> => {
  const all = await entries(talk)
  if (typeof all === 'string') return ['', all]
  const matches = listMatcher(
    readMailboxName(args.reference, unicode(talk)) ?? args.reference,
    readMailboxName(args.pattern, unicode(talk)) ?? args.pattern,
  )
  const subscribed = new Set(all.filter((entry) => entry.subscribed).map((entry) => entry.name))
  const above = new Set(args.pattern.includes('%') ? [...subscribed].flatMap(levelsAbove) : [])
  const lines = [...new Set([...subscribed, ...above])]
    .filter(matches)
    .sort(inOrder)
    .map((name) => `* LSUB (${subscribed.has(name) ? '' : '\\Noselect'}) "/" ${wireName(talk, name)}\r\n`)
  return [lines.join(''), 'OK Those are the subscriptions']
}
