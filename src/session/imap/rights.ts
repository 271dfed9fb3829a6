/**
 * ACL and quota: SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS (RFC 4314), GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208). The owner has every right and keeps
 * it. Refused on purpose: negative rights (`-user`), and setting one's own quota. The old rights c and d are read and written (section 2.1.1).
 */

import { utf8 } from '../../wire/imap/syntax.ts'
import { octetsOf, writeAstring } from '../../wire/imap/write.ts'
import type { Reply, Seen, Talk } from './state.ts'
import { ALL_RIGHTS, accountOf, findMailbox, findWith, NO_RIGHT, wireName } from './talk.ts'
import { wordsFor } from './words.ts'

const withOld = (rights: string): string =>
  `${rights}${rights.includes('k') ? 'c' : ''}${/[te]/.test(rights) ? 'd' : ''}`

/** @returns the rights named, each once, in our order; undefined where one is not a right. */
const readRights = (text: string): string | undefined => {
  const now = text.replaceAll('c', 'kx').replaceAll('d', 'te')
  if ([...now].some((right) => !ALL_RIGHTS.includes(right))) return undefined
  return [...ALL_RIGHTS].filter((right) => now.includes(right)).join('')
}

const isOwner = (talk: Talk, seen: Seen, who: string): boolean => seen.mine && who === accountOf(talk).name

const administered = (talk: Talk, octets: string) => findWith(talk, octets, 'a')

/** SETACL. */
export const setAcl = async (
  talk: Talk,
  args: { readonly mailbox: string; readonly who: string; readonly how: '' | '+' | '-'; readonly rights: string },
): Promise<Reply> => {
  const rights = readRights(args.rights)
  if (rights === undefined) return ['', 'BAD There is no such right']
  const found = await administered(talk, args.mailbox)
  if (!found.ok) return ['', found.error]
  const who = utf8(args.who).toLowerCase()
  if (who.startsWith('-') || who === '') return ['', 'NO [CANNOT] There are no negative rights']
  if (isOwner(talk, found.value, who)) return ['', NO_RIGHT]
  const { store } = talk.deps
  const mailbox = found.value.mailbox.id
  const before = await store.rights({ mailbox })
  if (!before.ok) return ['', wordsFor(before.error)]
  const had = before.value.find((row) => row.who === who)?.rights ?? ''
  const next =
    args.how === ''
      ? rights
      : [...ALL_RIGHTS].filter((right) => (rights.includes(right) ? args.how === '+' : had.includes(right))).join('')
  const done = await store.setRights({ mailbox, who, rights: next })
  return ['', done.ok ? 'OK Set' : wordsFor(done.error)]
}

/** DELETEACL. */
export const deleteAcl = async (
  talk: Talk,
  args: { readonly mailbox: string; readonly who: string },
): Promise<Reply> => {
  const found = await administered(talk, args.mailbox)
  if (!found.ok) return ['', found.error]
  const who = utf8(args.who).toLowerCase()
  if (isOwner(talk, found.value, who)) return ['', NO_RIGHT]
  const done = await talk.deps.store.setRights({ mailbox: found.value.mailbox.id, who, rights: '' })
  return ['', done.ok ? 'OK Deleted' : wordsFor(done.error)]
}

/** GETACL. */
export const getAcl = async (talk: Talk, octets: string): Promise<Reply> => {
  const found = await administered(talk, octets)
  if (!found.ok) return ['', found.error]
  const rows = await talk.deps.store.rights({ mailbox: found.value.mailbox.id })
  if (!rows.ok) return ['', wordsFor(rows.error)]
  const owner = found.value.mine ? [{ who: accountOf(talk).name, rights: ALL_RIGHTS }] : []
  const all = [...owner, ...rows.value.filter((row) => !owner.some((one) => one.who === row.who))]
  const pairs = all.map((row) => ` ${writeAstring(octetsOf(row.who))} ${withOld(row.rights)}`).join('')
  return [`* ACL ${wireName(talk, found.value.name)}${pairs}\r\n`, 'OK Those are the rights']
}

/** LISTRIGHTS: what could be given to somebody. */
export const listRights = async (
  talk: Talk,
  args: { readonly mailbox: string; readonly who: string },
): Promise<Reply> => {
  const found = await administered(talk, args.mailbox)
  if (!found.ok) return ['', found.error]
  const may = isOwner(talk, found.value, utf8(args.who)) ? ALL_RIGHTS : `"" ${[...ALL_RIGHTS].join(' ')} c d`
  return [
    `* LISTRIGHTS ${wireName(talk, found.value.name)} ${writeAstring(args.who)} ${may}\r\n`,
    'OK Those can be given',
  ]
}

/** MYRIGHTS. */
export const myRights = async (talk: Talk, octets: string): Promise<Reply> => {
  const found = await findMailbox(talk, octets)
  if (!found.ok) return ['', found.error]
  return [
    `* MYRIGHTS ${wireName(talk, found.value.name)} ${withOld(found.value.rights)}\r\n`,
    'OK Those are your rights',
  ]
}

/** The one quota root is the account, named by the empty string. Sizes are in units of 1024 octets. @returns nothing where there is no limit. */
const quotaLine = async (talk: Talk): Promise<string | undefined> => {
  const answer = await talk.deps.store.account({ id: accountOf(talk).id })
  if (!answer.ok || answer.value.quotaBytes === 0) return undefined
  const { usedBytes, quotaBytes } = answer.value
  return `* QUOTA "" (STORAGE ${Math.ceil(usedBytes / 1024)} ${Math.floor(quotaBytes / 1024)})\r\n`
}

/** GETQUOTA. */
export const getQuota = async (talk: Talk, root: string): Promise<Reply> => {
  const line = root === '' ? await quotaLine(talk) : undefined
  return line === undefined ? ['', 'NO [NONEXISTENT] There is no such quota root'] : [line, 'OK That is the quota']
}

/** GETQUOTAROOT: mailboxes of others are not in one's own quota. */
export const getQuotaRoot = async (talk: Talk, octets: string): Promise<Reply> => {
  const found = await findWith(talk, octets, 'r')
  if (!found.ok) return ['', found.error]
  const name = wireName(talk, found.value.name)
  const line = found.value.mine ? await quotaLine(talk) : undefined
  if (line === undefined) return [`* QUOTAROOT ${name}\r\n`, 'OK It has no quota of yours']
  return [`* QUOTAROOT ${name} ""\r\n${line}`, 'OK That is its quota']
}

/** SETQUOTA: the administrator does that. */
export const setQuota = async (): Promise<Reply> => ['', 'NO [NOPERM] Quotas are set by the administrator']
