/**
 * The URLs of CATENATE: `/INBOX;UIDVALIDITY=5/;UID=20/;SECTION=1.2`. RFC 4469 section 3, RFC 5092 (imap URLs, absolute-path and relative forms of one's own
 * server). Refused on purpose: URLs of other servers and URLAUTH.
 */
import { uid } from '../../base/ids.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import { readSection, type SectionName, type Slice } from '../../wire/imap/fetch.ts'
import { writeString } from '../../wire/imap/write.ts'
import { sectionOctets } from './fetch-body.ts'
import type { Seen, Talk } from './state.ts'
import { findNamed } from './talk.ts'

type Url = {
  readonly mailbox: string | undefined
  readonly uidValidity: number | undefined
  readonly uid: number
  readonly section: SectionName
  readonly partial: Slice | undefined
}

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

const pattern =
  /^(?:\/?([^;]+?))?(?:;UIDVALIDITY=(\d{1,10}))?\/?;UID=(\d{1,10})(?:\/?;SECTION=([^;]*?))?(?:\/?;PARTIAL=(\d{1,10})(?:\.(\d{1,10}))?)?$/i

const parse = (url: string): Url | undefined => {
  if (url.length > 2000) return undefined
  const found = pattern.exec(url)
  const mailbox = found?.[1] === undefined ? undefined : decode(found[1].replace(/\/$/, ''))
  const section = readSection(decode(found?.[4] ?? '') ?? '?')
  if (found === null || section === undefined || (found[1] !== undefined && mailbox === undefined)) return undefined
  return {
    mailbox,
    uidValidity: found[2] === undefined ? undefined : Number(found[2]),
    uid: Number(found[3]),
    section,
    partial: found[5] === undefined ? undefined : { from: Number(found[5]), most: Number(found[6] ?? '4294967295') },
  }
}

const mailboxOf = async (talk: Talk, url: Url): Promise<Seen | undefined> => {
  if (url.mailbox === undefined) {
    const { selected } = talk
    return selected && { mailbox: selected.mailbox, name: selected.name, rights: selected.rights, mine: true }
  }
  const name = /^inbox$/i.test(url.mailbox) ? 'INBOX' : url.mailbox
  const found = await findNamed(talk, name)
  return found.ok && found.value.rights.includes('r') ? found.value : undefined
}

/** @returns the octets that a URL names, or the tagged answer that says which URL is bad. */
export const readUrl = async (talk: Talk, url: string): Promise<Result<Uint8Array, string>> => {
  const bad = fail(`NO [BADURL ${writeString(url)}] That URL names nothing`)
  const parsed = parse(url)
  const seen = parsed === undefined ? undefined : await mailboxOf(talk, parsed)
  if (parsed === undefined || seen === undefined) return bad
  if (parsed.uidValidity !== undefined && parsed.uidValidity !== seen.mailbox.uidValidity) return bad
  const answer = await talk.deps.store.messages({
    mailbox: seen.mailbox.id,
    uids: [[uid(parsed.uid), uid(parsed.uid)]],
    want: { message: true, summary: true },
    most: 1,
    mostBytes: talk.deps.limits.append,
  })
  const row = answer.ok ? answer.value.rows[0] : undefined
  const octets = row === undefined ? undefined : sectionOctets(row, parsed.section)
  if (octets === undefined || octets === null) return bad
  const { partial } = parsed
  return ok(partial === undefined ? octets : octets.subarray(partial.from, partial.from + partial.most))
}
