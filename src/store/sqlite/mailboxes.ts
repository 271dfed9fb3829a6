/**
 * Verbs: mailboxes and subscriptions. RFC 9051 sections 6.3.4 to 6.3.8; RFC 6154 (special use). A mailbox with others below it
 * is dropped only where the caller means it (`has-children`): its name is then a level without a mailbox.
 */
import type { AccountId } from '../../base/ids.ts'
import { text } from './door.ts'
import { type House, Refused, type Run, ring, takeModSeq } from './house.ts'
import {
  cleanName,
  clearMailbox,
  findMailbox,
  insertMailbox,
  mailboxById,
  mailboxSelect,
  readMailbox,
  setSubscribed,
} from './mailbox-rows.ts'
import { moveAll } from './moving.ts'

const accountMustBe = (house: House, account: AccountId): void => {
  if (house.tx.get('SELECT 1 FROM accounts WHERE id = ?', account) === undefined) throw new Refused('no-such-account')
}

export const mailboxes: Run<'mailboxes'> = (house, a) => {
  accountMustBe(house, a.account)
  return house.tx.all(`${mailboxSelect} WHERE m.account = ? ORDER BY m.name`, a.account).map(readMailbox)
}

export const mailbox: Run<'mailbox'> = (house, a) => {
  if ('id' in a) return mailboxById(house, a.id)
  const name = /^inbox(?=$|\/)/i.test(a.name) ? `INBOX${a.name.slice(5)}` : a.name
  const row = house.tx.get(`${mailboxSelect} WHERE m.account = ? AND m.name = ?`, a.account, name)
  if (row === undefined) throw new Refused('no-such-mailbox')
  return readMailbox(row)
}

export const addMailbox: Run<'addMailbox'> = (house, a) => {
  const name = cleanName(a.name)
  const seq = takeModSeq(house, a.account)
  if (findMailbox(house, a.account, name) !== null) throw new Refused('already-exists')
  const id = insertMailbox(house, { ...a, name, seq })
  ring(house, a.account, seq, [], true)
  return mailboxById(house, id)
}

/** Mailboxes and subscriptions below `from`, with their names. `/` is followed by `0` in ASCII, which bounds the range. */
const below = (
  house: House,
  table: 'mailboxes' | 'subscriptions',
  account: AccountId,
  from: string,
): readonly string[] =>
  house.tx
    .all(`SELECT name FROM ${table} WHERE account = ? AND name > ? AND name < ?`, account, `${from}/`, `${from}0`)
    .map((row) => text(row['name']))

export const renameMailbox: Run<'renameMailbox'> = (house, a) => {
  const [from, to] = [cleanName(a.from), cleanName(a.to)]
  const seq = takeModSeq(house, a.account)
  const id = findMailbox(house, a.account, from)
  if (id === null) throw new Refused('no-such-mailbox')
  if (findMailbox(house, a.account, to) !== null) throw new Refused('already-exists')
  if (from === 'INBOX') {
    const made = insertMailbox(house, { account: a.account, name: to, seq, now: a.now })
    const moved = moveAll(house, { from: id, to: made, seq, now: a.now })
    ring(house, a.account, seq, moved ? [id, made] : [], true)
    return null
  }
  if (to.startsWith(`${from}/`)) throw new Refused('bad-name')
  const names = below(house, 'mailboxes', a.account, from)
  for (const name of names) cleanName(to + name.slice(from.length))
  const above = to.lastIndexOf('/')
  if (above > 0 && findMailbox(house, a.account, to.slice(0, above)) === null)
    insertMailbox(house, { account: a.account, name: to.slice(0, above), seq, now: a.now })
  const subscribed = [...below(house, 'subscriptions', a.account, from), from]
  for (const name of [from, ...names])
    house.tx.run(
      'UPDATE mailboxes SET name = ? WHERE account = ? AND name = ?',
      to + name.slice(from.length),
      a.account,
      name,
    )
  for (const name of subscribed) {
    const had = house.tx.run('DELETE FROM subscriptions WHERE account = ? AND name = ?', a.account, name).changes > 0
    if (had) setSubscribed(house, a.account, to + name.slice(from.length), true)
  }
  ring(house, a.account, seq, [], true)
  return null
}

export const dropMailbox: Run<'dropMailbox'> = (house, a) => {
  const known = mailboxById(house, a.id)
  if (known.name === 'INBOX') throw new Refused('bad-name')
  const isAbove = below(house, 'mailboxes', known.account, known.name).length > 0
  if (isAbove && a.evenAbove !== true) throw new Refused('has-children')
  const seq = takeModSeq(house, known.account)
  clearMailbox(house, a.id)
  house.tx.run('DELETE FROM mailboxes WHERE id = ?', a.id)
  house.tx.run(
    'UPDATE accounts SET used_bytes = used_bytes - ?, messages = messages - ? WHERE id = ?',
    known.size,
    known.messages,
    known.account,
  )
  ring(house, known.account, seq, [a.id], true)
  return null
}

export const setMailbox: Run<'setMailbox'> = (house, a) => {
  const known = mailboxById(house, a.id)
  const seq = takeModSeq(house, known.account)
  if (a.subscribed !== undefined) setSubscribed(house, known.account, known.name, a.subscribed)
  if (a.specialUse !== undefined) house.tx.run('UPDATE mailboxes SET special_use = ? WHERE id = ?', a.specialUse, a.id)
  ring(house, known.account, seq, [], true)
  return null
}

export const subscriptions: Run<'subscriptions'> = (house, a) => {
  accountMustBe(house, a.account)
  return house.tx
    .all('SELECT name FROM subscriptions WHERE account = ? ORDER BY name', a.account)
    .map((row) => text(row['name']))
}

export const subscribe: Run<'subscribe'> = (house, a) => {
  const name = cleanName(a.name)
  const seq = takeModSeq(house, a.account)
  setSubscribed(house, a.account, name, a.on)
  ring(house, a.account, seq, [], true)
  return null
}
