/**
 * Rows of mailboxes as several verbs need them: reading one, making one (with the levels above it), emptying one, and the rule for
 * names. RFC 9051 sections 5.1 (names), 6.3.4 (superior levels are made), 2.3.1.1 (UIDVALIDITY); RFC 8474 section 4.1 (MAILBOXID).
 */
import { type AccountId, accountId, type MailboxId, type ModSeq, mailboxId, modSeq, uid } from '../../base/ids.ts'
import type { Mailbox, SpecialUse } from '../store.ts'
import { num, numOrNull, oneOf, type Row, text } from './door.ts'
import { type House, Refused } from './house.ts'

const MOST_MAILBOXES = 5_000 // for each account: LIST answers them all at once
const MOST_LEVELS = 20
const LONGEST_NAME = 500 // octets

const specialUses = ['all', 'archive', 'drafts', 'flagged', 'important', 'junk', 'sent', 'trash'] as const

export const readMailbox = (row: Row): Mailbox => {
  const use = row['special_use']
  return {
    id: mailboxId(num(row['id'])),
    account: accountId(num(row['account'])),
    name: text(row['name']),
    uidValidity: num(row['uid_validity']),
    uidNext: uid(num(row['uid_next'])),
    ...(use === null ? {} : { specialUse: oneOf(use, specialUses) }),
    subscribed: num(row['subscribed']) === 1,
    highestModSeq: modSeq(num(row['mod_seq'])),
    messages: num(row['messages']),
    unseen: num(row['unseen']),
    deleted: num(row['deleted']),
    size: num(row['size']),
    mailboxId: `F${num(row['id'])}`,
  }
}

/** The columns that readMailbox reads. */
export const mailboxSelect = `SELECT m.*, EXISTS (SELECT 1 FROM subscriptions s WHERE s.account = m.account AND s.name = m.name) AS subscribed
  FROM mailboxes m`

export const mailboxById = (house: House, id: MailboxId): Mailbox => {
  const row = house.tx.get(`${mailboxSelect} WHERE m.id = ?`, id)
  if (row === undefined) throw new Refused('no-such-mailbox')
  return readMailbox(row)
}

/** Where the row itself is not needed. */
export const mustBeMailbox = (house: House, id: MailboxId): void => {
  if (house.tx.list('SELECT 1 FROM mailboxes WHERE id = ?', id) === undefined) throw new Refused('no-such-mailbox')
}

/**
 * A mailbox name as it is kept: levels between single slashes, INBOX in capitals (also as the first of several levels).
 * @throws Refused bad-name: empty levels, control characters, half a surrogate pair, `%` or `*`, too long or too deep
 */
export const cleanName = (name: string): string => {
  const levels = name.split('/')
  const bad =
    levels.length > MOST_LEVELS ||
    Buffer.byteLength(name) > LONGEST_NAME ||
    levels.some((level) => level === '') ||
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029*%]/.test(name) ||
    !name.isWellFormed()
  if (bad) throw new Refused('bad-name')
  if (levels[0]?.toUpperCase() === 'INBOX') levels[0] = 'INBOX'
  return levels.join('/')
}

type NewMailbox = {
  readonly account: AccountId
  readonly name: string
  readonly specialUse?: SpecialUse | undefined
  readonly seq: ModSeq
  readonly now: number
}

/** Makes a mailbox and the levels above it, subscribed. The name is clean and free. UIDVALIDITY is the time in seconds, but always rises. */
export const insertMailbox = (house: House, a: NewMailbox): MailboxId => {
  const count = house.tx.get('SELECT count(*) AS n FROM mailboxes WHERE account = ?', a.account)
  if (num(count?.['n']) >= MOST_MAILBOXES) throw new Refused('too-many')
  const above = a.name.lastIndexOf('/')
  if (above > 0 && findMailbox(house, a.account, a.name.slice(0, above)) === null)
    insertMailbox(house, { account: a.account, name: a.name.slice(0, above), seq: a.seq, now: a.now })
  const validity = house.tx.get(
    'UPDATE accounts SET uid_validity = max(uid_validity + 1, ?) WHERE id = ? RETURNING uid_validity',
    Math.floor(a.now / 1000),
    a.account,
  )
  if (validity === undefined) throw new Refused('no-such-account')
  const { id } = house.tx.run(
    `INSERT INTO mailboxes (account, name, uid_validity, special_use, mod_seq, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
    a.account,
    a.name,
    num(validity['uid_validity']),
    a.specialUse ?? null,
    a.seq,
    a.now,
  )
  setSubscribed(house, a.account, a.name, true)
  return mailboxId(id)
}

export const setSubscribed = (house: House, account: AccountId, name: string, on: boolean): void => {
  if (on) house.tx.run('INSERT INTO subscriptions (account, name) VALUES (?, ?) ON CONFLICT DO NOTHING', account, name)
  else house.tx.run('DELETE FROM subscriptions WHERE account = ? AND name = ?', account, name)
}

export const findMailbox = (house: House, account: AccountId, name: string): MailboxId | null => {
  const row = house.tx.get('SELECT id FROM mailboxes WHERE account = ? AND name = ?', account, name)
  return row === undefined ? null : mailboxId(num(row['id']))
}

/** The mailbox of a special use; where there are several, the oldest. */
export const findSpecial = (house: House, account: AccountId, use: SpecialUse): MailboxId | null => {
  const row = house.tx.get('SELECT min(id) AS id FROM mailboxes WHERE account = ? AND special_use = ?', account, use)
  const id = numOrNull(row?.['id'] ?? null)
  return id === null ? null : mailboxId(id)
}

/** Takes every row that hangs on a mailbox, not the mailbox itself; bodies become loose. Counts of the account are the caller's. */
export const clearMailbox = (house: House, id: number): void => {
  house.tx.run(
    'INSERT INTO loose (blob) SELECT DISTINCT blob FROM messages WHERE mailbox = ? ON CONFLICT DO NOTHING',
    id,
  )
  for (const table of ['messages', 'tombstones', 'rights', 'metadata'])
    house.tx.run(`DELETE FROM ${table} WHERE mailbox = ?`, id)
}
