/**
 * STATUS. RFC 9051 section 6.3.11; RFC 7162 (HIGHESTMODSEQ), RFC 7889 (APPENDLIMIT), RFC 8474 (MAILBOXID), RFC 8438 (SIZE), RFC 9208 (DELETED-STORAGE).
 */
import { ok, type Result } from '../../base/result.ts'
import { flagBits } from '../../store/store.ts'
import type { StatusItem } from '../../wire/imap/mailbox.ts'
import type { Reply, Seen, Talk } from './state.ts'
import { findWith, wireName } from './talk.ts'
import { wordsFor } from './words.ts'

/** The octets of messages marked \Deleted. */
const deletedSize = async (talk: Talk, seen: Seen): Promise<Result<number, string>> => {
  if (seen.mailbox.deleted === 0) return ok(0)
  const opened = await talk.deps.views.open(seen.mailbox)
  if (!opened.ok) return { ok: false, error: wordsFor(opened.error) }
  const view = opened.value
  let size = 0
  for (let at = 0; at < view.count; at += 1)
    if (((view.flags[at] ?? 0) & flagBits.deleted) !== 0) size += view.sizes[at] ?? 0
  talk.deps.views.close(view)
  return ok(size)
}

const items: Readonly<Record<Exclude<StatusItem, 'DELETED-STORAGE'>, (talk: Talk, seen: Seen) => string | number>> = {
  MESSAGES: (_, { mailbox }) => mailbox.messages,
  UIDNEXT: (_, { mailbox }) => mailbox.uidNext,
  UIDVALIDITY: (_, { mailbox }) => mailbox.uidValidity,
  UNSEEN: (_, { mailbox }) => mailbox.unseen,
  DELETED: (_, { mailbox }) => mailbox.deleted,
  SIZE: (_, { mailbox }) => mailbox.size,
  RECENT: (talk, { mailbox }) => talk.deps.views.recentIn(mailbox.id),
  HIGHESTMODSEQ: (_, { mailbox }) => mailbox.highestModSeq,
  APPENDLIMIT: (talk) => talk.deps.limits.append,
  MAILBOXID: (_, { mailbox }) => `(${mailbox.mailboxId})`,
}

/** @returns the whole untagged STATUS, or why there is none. */
export const statusLine = async (
  talk: Talk,
  seen: Seen,
  wanted: readonly StatusItem[],
): Promise<Result<string, string>> => {
  const out: string[] = []
  for (const item of new Set(wanted)) {
    if (item === 'DELETED-STORAGE') {
      const size = await deletedSize(talk, seen)
      if (!size.ok) return size
      out.push(`${item} ${size.value}`)
    } else out.push(`${item} ${items[item](talk, seen)}`)
  }
  if (wanted.includes('HIGHESTMODSEQ')) talk.enabled.condstore = true
  return ok(`* STATUS ${wireName(talk, seen.name)} (${out.join(' ')})\r\n`)
}

/** STATUS. */
export const status = async (
  talk: Talk,
  args: { readonly mailbox: string; readonly items: readonly StatusItem[] },
): Promise<Reply> => {
  const found = await findWith(talk, args.mailbox, 'r')
  if (!found.ok) return ['', found.error]
  const line = await statusLine(talk, found.value, args.items)
  return line.ok ? [line.value, 'OK That is its status'] : ['', line.error]
}
