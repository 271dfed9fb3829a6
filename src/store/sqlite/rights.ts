/** Verbs: rights (RFC 4314) and metadata (RFC 5464, limits of section 4.2.2: `too-many`). */
import { mailboxId } from '../../base/ids.ts'
import { num, octets, text } from './door.ts'
import { Refused, type Run, ring, takeModSeq } from './house.ts'
import { mailboxById, readMailbox } from './mailbox-rows.ts'

const MOST_ENTRIES = 100 // of a mailbox or an account
const LONGEST_VALUE = 64 * 1024
const MOST_RIGHTS = 200 // names with rights on one mailbox

export const setRights: Run<'setRights'> = (house, a) => {
  const known = mailboxById(house, a.mailbox)
  const seq = takeModSeq(house, known.account)
  if (a.rights === '') house.tx.run('DELETE FROM rights WHERE mailbox = ? AND who = ?', a.mailbox, a.who)
  else {
    house.tx.run(
      'INSERT INTO rights (mailbox, who, rights) VALUES (?, ?, ?) ON CONFLICT (mailbox, who) DO UPDATE SET rights = excluded.rights',
      a.mailbox,
      a.who,
      a.rights,
    )
    const count = house.tx.get('SELECT count(*) AS n FROM rights WHERE mailbox = ?', a.mailbox)
    if (num(count?.['n']) > MOST_RIGHTS) throw new Refused('too-many')
  }
  ring(house, known.account, seq, [], true)
  return null
}

export const rights: Run<'rights'> = (house, a) => {
  mailboxById(house, a.mailbox)
  return house.tx
    .all('SELECT who, rights FROM rights WHERE mailbox = ? ORDER BY who', a.mailbox)
    .map((row) => ({ who: text(row['who']), rights: text(row['rights']) }))
}

/** Also what `anyone` may; negative rights (`-who`) are the caller's to weigh. */
export const shared: Run<'shared'> = (house, a) =>
  house.tx
    .all(
      `SELECT m.*, 0 AS subscribed, o.name AS owner, r.rights AS granted FROM rights r
       JOIN mailboxes m ON m.id = r.mailbox JOIN accounts o ON o.id = m.account
       WHERE r.who IN (?1, 'anyone') AND o.name <> ?1 ORDER BY o.name, m.name, r.who`,
      a.who,
    )
    .map((row) => ({ mailbox: readMailbox(row), owner: text(row['owner']), rights: text(row['granted']) }))

/** Mailbox number 0 stands for the account itself. */
const holder = (mailbox: number | null): number => mailbox ?? 0

export const setMetadata: Run<'setMetadata'> = (house, a) => {
  const seq = takeModSeq(house, a.account)
  if (a.mailbox !== null && mailboxById(house, a.mailbox).account !== a.account) throw new Refused('no-such-mailbox')
  for (const { name, value } of a.entries) {
    if (value === null) {
      house.tx.run(
        'DELETE FROM metadata WHERE account = ? AND mailbox = ? AND name = ?',
        a.account,
        holder(a.mailbox),
        name,
      )
      continue
    }
    if (value.length > LONGEST_VALUE) throw new Refused('too-many')
    house.tx.run(
      `INSERT INTO metadata (account, mailbox, name, value) VALUES (?, ?, ?, ?)
       ON CONFLICT (account, mailbox, name) DO UPDATE SET value = excluded.value`,
      a.account,
      holder(a.mailbox),
      name,
      value,
    )
  }
  const count = house.tx.get(
    'SELECT count(*) AS n FROM metadata WHERE account = ? AND mailbox = ?',
    a.account,
    holder(a.mailbox),
  )
  if (num(count?.['n']) > MOST_ENTRIES) throw new Refused('too-many')
  ring(house, a.account, seq, a.mailbox === null ? [] : [mailboxId(a.mailbox)], true)
  return null
}

export const metadata: Run<'metadata'> = (house, a) => {
  if (a.mailbox !== null) mailboxById(house, a.mailbox)
  return house.tx
    .all(
      'SELECT name, value FROM metadata WHERE account = ? AND mailbox = ? ORDER BY name',
      a.account,
      holder(a.mailbox),
    )
    .map((row) => ({ name: text(row['name']), value: octets(row['value']) }))
}
