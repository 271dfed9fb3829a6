/**
 * GETMETADATA and SETMETADATA. RFC 5464; RFC 9590 (in LIST). Private entries belong to the account that sets them, shared ones to the
 * mailbox; those of the server (mailbox `""`) to the account. Entries are bounded in number and size.
 */
import type { AccountId } from '../../base/ids.ts'
import type { GetMetadata } from '../../wire/imap/extras.ts'
import { writeAstring, writeString } from '../../wire/imap/write.ts'
import type { Reply, Seen, Talk } from './state.ts'
import { accountOf, findWith, NO_RIGHT, wireName } from './talk.ts'
import { wordsFor } from './words.ts'

type Entry = { readonly name: string; readonly value: Uint8Array }

/** Whose row an entry is: a private one is of the account that asks. */
const ownerOf = (talk: Talk, seen: Seen | null, name: string): AccountId =>
  seen === null || name.startsWith('/private/') ? accountOf(talk).id : seen.mailbox.account

const writeValue = (value: Uint8Array): string => {
  const octets = Buffer.from(value).toString('latin1')
  return octets.includes('\0') ? `~{${octets.length}}\r\n${octets}` : writeString(octets)
}

const allEntries = async (talk: Talk, seen: Seen | null): Promise<readonly Entry[]> => {
  const mailbox = seen?.mailbox.id ?? null
  const mine = accountOf(talk).id
  const owners = seen === null || seen.mine ? [mine] : [mine, seen.mailbox.account]
  const found: Entry[] = []
  for (const account of owners) {
    const answer = await talk.deps.store.metadata({ account, mailbox })
    if (answer.ok) found.push(...answer.value.filter((entry) => ownerOf(talk, seen, entry.name) === account))
  }
  return found
}

const levelsBelow = (name: string, entry: string): number =>
  entry === name ? 0 : entry.startsWith(`${name}/`) ? entry.slice(name.length + 1).split('/').length : -1

const wanted = (entries: readonly Entry[], args: Pick<GetMetadata, 'entries' | 'depth'>): Map<string, Entry | null> => {
  const found = new Map<string, Entry | null>()
  for (const name of args.entries) {
    const there = entries.filter((entry) => {
      const levels = levelsBelow(name, entry.name)
      return levels >= 0 && levels <= args.depth
    })
    for (const entry of there) found.set(entry.name, entry)
    // An entry that was asked for by its name and is not there is NIL.
    if (there.length === 0 && args.depth === 0) found.set(name, null)
  }
  return found
}

const line = (talk: Talk, name: string, found: Iterable<readonly [string, Entry | null]>): string => {
  const pairs = [...found].map(
    ([entry, there]) => `${writeAstring(entry)} ${there === null ? 'NIL' : writeValue(there.value)}`,
  )
  return `* METADATA ${name === '' ? '""' : wireName(talk, name)} (${pairs.join(' ')})\r\n`
}

/** @returns the METADATA response of LIST, NIL for what is not there. */
export const metadataLine = async (talk: Talk, seen: Seen, names: readonly string[]): Promise<string> =>
  line(
    talk,
    seen.name,
    wanted(await allEntries(talk, seen), { entries: names.map((name) => name.toLowerCase()), depth: 0 }),
  )

/** GETMETADATA. */
export const getMetadata = async (talk: Talk, args: GetMetadata): Promise<Reply> => {
  const found = args.mailbox === '' ? null : await findWith(talk, args.mailbox, 'r')
  if (found !== null && !found.ok) return ['', found.error]
  const seen = found === null ? null : found.value
  const entries = [...wanted(await allEntries(talk, seen), args)]
  const tooLong = entries.filter(([, entry]) => (entry?.value.length ?? 0) > args.maxSize)
  const told = entries.filter((pair) => !tooLong.includes(pair))
  const said = told.length === 0 ? '' : line(talk, seen?.name ?? '', told)
  const longest = Math.max(0, ...tooLong.map(([, entry]) => entry?.value.length ?? 0))
  return [
    said,
    longest > 0 ? `OK [METADATA LONGENTRIES ${longest}] Some entries are longer` : 'OK Those are the entries',
  ]
}

type Setting = { readonly name: string; readonly value: Uint8Array | null }

const refusal = async (talk: Talk, seen: Seen | null, entries: readonly Setting[]): Promise<string | undefined> => {
  const { metadataBytes, metadataEntries } = talk.deps.limits
  if (entries.some((entry) => (entry.value?.length ?? 0) > metadataBytes))
    return `NO [METADATA MAXSIZE ${metadataBytes}] A value is too long`
  const shared = entries.some((entry) => entry.name.startsWith('/shared/'))
  if (shared && seen !== null && !seen.rights.includes('w')) return NO_RIGHT
  const names = new Set((await allEntries(talk, seen)).map((entry) => entry.name))
  for (const entry of entries)
    if (entry.value === null) names.delete(entry.name)
    else names.add(entry.name)
  return names.size > metadataEntries ? 'NO [METADATA TOOMANY] There are too many entries' : undefined
}

/** SETMETADATA. */
export const setMetadata = async (
  talk: Talk,
  args: { readonly mailbox: string; readonly entries: readonly Setting[] },
): Promise<Reply> => {
  const found = args.mailbox === '' ? null : await findWith(talk, args.mailbox, 'r')
  if (found !== null && !found.ok) return ['', found.error]
  const seen = found === null ? null : found.value
  const refused = await refusal(talk, seen, args.entries)
  if (refused !== undefined) return ['', refused]
  for (const account of new Set(args.entries.map((entry) => ownerOf(talk, seen, entry.name)))) {
    const entries = args.entries.filter((entry) => ownerOf(talk, seen, entry.name) === account)
    const done = await talk.deps.store.setMetadata({ account, mailbox: seen?.mailbox.id ?? null, entries })
    if (!done.ok) return ['', wordsFor(done.error)]
    talk.deps.views.metadataChanged(account, {
      mailbox: seen?.mailbox.id ?? null,
      entries: entries.map((entry) => entry.name),
    })
  }
  return ['', 'OK Set']
}
