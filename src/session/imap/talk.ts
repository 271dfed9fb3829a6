/**
 * The state of one IMAP session, and what every command uses of it: capabilities, names, the selected mailbox. RFC 9051 section 3 (states) and
 * 6.1.1 (CAPABILITY).
 */

import { fail, ok, type Result } from '../../base/result.ts'
import type { Account } from '../../store/store.ts'
import { readMailboxName } from '../../wire/imap/mailbox-name.ts'
import { writeMailboxName } from '../../wire/imap/write.ts'
import { mayLogin, mechanismsFor } from '../login.ts'
import type { Enabled, Seen, Selected, Talk } from './state.ts'
import { wordsFor } from './words.ts'

/** Nothing enabled. */
export const nothingEnabled = (): Enabled => ({
  condstore: false,
  qresync: false,
  utf8: false,
  rev2: false,
  uidOnly: false,
})

/** Whether mailbox names go as UTF-8. */
export const unicode = (talk: Talk): boolean => talk.enabled.utf8 || talk.enabled.rev2

/** @returns the name for the wire. */
export const wireName = (talk: Talk, name: string): string => writeMailboxName(name, unicode(talk))

const always = ['IMAP4rev1', 'IMAP4rev2', 'LITERAL+', 'SASL-IR', 'ID', 'ENABLE']

const afterLogin = [
  'IDLE',
  'NAMESPACE',
  'CHILDREN',
  'UIDPLUS',
  'MOVE',
  'UNSELECT',
  'CONDSTORE',
  'QRESYNC',
  'ESEARCH',
  'SEARCHRES',
  'WITHIN',
  'SORT',
  'SORT=DISPLAY',
  'ESORT',
  'THREAD=ORDEREDSUBJECT',
  'THREAD=REFERENCES',
  'THREAD=REFS',
  'CONTEXT=SEARCH',
  'CONTEXT=SORT',
  'PARTIAL',
  'SEARCH=FUZZY',
  'MULTISEARCH',
  'MULTIAPPEND',
  'CATENATE',
  'BINARY',
  'REPLACE',
  'LIST-EXTENDED',
  'LIST-STATUS',
  'LIST-MYRIGHTS',
  'LIST-METADATA',
  'SPECIAL-USE',
  'CREATE-SPECIAL-USE',
  'STATUS=SIZE',
  'OBJECTID',
  'SAVEDATE',
  'PREVIEW',
  'QUOTA',
  'QUOTA=RES-STORAGE',
  'METADATA',
  'ACL',
  'RIGHTS=texk',
  'NOTIFY',
  'UTF8=ACCEPT',
  'UIDONLY',
  'INPROGRESS',
  'I18NLEVEL=1',
  'UNAUTHENTICATE',
]

const loginCapabilities = (talk: Talk): readonly string[] => {
  const { deps, peer } = talk
  const start = deps.startTls && peer.tls === null ? ['STARTTLS'] : []
  if (!mayLogin(peer)) return [...start, 'LOGINDISABLED']
  return [...start, ...mechanismsFor(peer, deps.scram).map((name) => `AUTH=${name}`)]
}

/** @returns the capabilities of the state, separated by spaces. */
export const capabilities = (talk: Talk): string => {
  if (talk.account === undefined) return [...always, ...loginCapabilities(talk)].join(' ')
  const { deps, compressed } = talk
  const more = [
    `APPENDLIMIT=${deps.limits.append}`,
    ...(compressed ? [] : ['COMPRESS=DEFLATE']),
    ...(deps.jmap === undefined ? [] : ['JMAPACCESS']),
  ]
  return [...always, ...afterLogin, ...more].join(' ')
}

// ---- Mailboxes and rights ---------------------------------------------------------------------------------------------

/** Where mailboxes of other accounts are: this, the owner's login name, `/`, the name of the mailbox. */
export const OTHERS = 'Other Users/'
/** The rights of RFC 4314, all of which an owner has. */
export const ALL_RIGHTS = 'lrswipkxtea'

/** The account that is logged in; only commands of later states ask. */
export const accountOf = (talk: Talk): Account => {
  if (talk.account === undefined) throw new Error('a command ran before login')
  return talk.account
}

/** The mailboxes that others share with this account. */
export const sharedWith = async (talk: Talk): Promise<readonly Seen[]> => {
  const mine = accountOf(talk)
  const found = new Map<number, Seen>()
  for (const who of [mine.name, 'anyone']) {
    const answer = await talk.deps.store.shared({ who })
    if (!answer.ok) continue
    for (const { mailbox, owner, rights } of answer.value) {
      if (mailbox.account === mine.id) continue
      const before = found.get(mailbox.id)?.rights ?? ''
      const together = [...new Set(before + rights)].join('')
      found.set(mailbox.id, { mailbox, name: `${OTHERS}${owner}/${mailbox.name}`, rights: together, mine: false })
    }
  }
  return [...found.values()]
}

/** What is told of a mailbox that is not there, or that may not be known to be there. */
const NO_MAILBOX = 'NO [NONEXISTENT] There is no such mailbox'
/** What is told where the rights do not allow it. */
export const NO_RIGHT = 'NO [NOPERM] You may not do that here'

/** @param octets the name as it came. @returns the name, or the tagged answer where it is none. */
export const nameOf = (talk: Talk, octets: string): Result<string, string> => {
  const name = readMailboxName(octets, unicode(talk))
  return name === undefined ? fail('NO [CANNOT] That is not a mailbox name') : ok(name)
}

/** @returns the mailbox of a name, if this account has any right on it; else the tagged answer. */
export const findMailbox = async (talk: Talk, octets: string): Promise<Result<Seen, string>> => {
  const named = nameOf(talk, octets)
  return named.ok ? findNamed(talk, named.value) : named
}

/** As `findMailbox`, by the name itself. */
export const findNamed = async (talk: Talk, name: string): Promise<Result<Seen, string>> => {
  if (name.startsWith(OTHERS)) {
    const seen = (await sharedWith(talk)).find((one) => one.name === name)
    return seen === undefined ? fail(NO_MAILBOX) : ok(seen)
  }
  const answer = await talk.deps.store.mailbox({ account: accountOf(talk).id, name })
  if (!answer.ok) return fail(answer.error === 'bad-name' ? NO_MAILBOX : wordsFor(answer.error))
  return ok({ mailbox: answer.value, name, rights: ALL_RIGHTS, mine: true })
}

/** As `findMailbox`, and the rights in `needed` are there. */
export const findWith = async (talk: Talk, octets: string, needed: string): Promise<Result<Seen, string>> => {
  const found = await findMailbox(talk, octets)
  if (!found.ok) return found
  if ([...needed].every((right) => found.value.rights.includes(right))) return found
  // Without `l` or `r` its being there is not told either (RFC 4314 section 6).
  return fail(/[lr]/.test(found.value.rights) ? NO_RIGHT : NO_MAILBOX)
}

/** The selected mailbox; only commands of that state ask. */
export const selectedOf = (talk: Talk): Selected => {
  if (talk.selected === undefined) throw new Error('a command ran without a selected mailbox')
  return talk.selected
}

/** Leaves the selected mailbox. */
export const leave = (talk: Talk): void => {
  const { selected } = talk
  if (selected === undefined) return
  talk.selected = undefined
  selected.quiet()
  talk.deps.views.close(selected.view)
}
