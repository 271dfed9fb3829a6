/** Verbs: accounts, domains, addresses. An account is made with its INBOX, which it never loses. */
import { type AccountId, accountId, modSeq } from '../../base/ids.ts'
import type { Account, Address } from '../store.ts'
import { num, oneOf, type Row, text, texts } from './door.ts'
import { type House, Refused, type Run, ring, takeModSeq } from './house.ts'
import { clearMailbox, insertMailbox } from './mailbox-rows.ts'

const accountStates = ['active', 'frozen', 'disabled'] as const
const addressStates = ['mailbox', 'alias', 'forward', 'reject', 'blackhole', 'spamtrap', 'list'] as const

const readAccount = (row: Row): Account => ({
  id: accountId(num(row['id'])),
  name: text(row['name']),
  passwordHash: text(row['password_hash']),
  state: oneOf(row['state'], accountStates),
  quotaBytes: num(row['quota_bytes']),
  usedBytes: num(row['used_bytes']),
  messages: num(row['messages']),
  createdAt: num(row['created_at']),
  modSeq: modSeq(num(row['mod_seq'])),
  settings: text(row['settings']),
})

const byId = (house: House, id: AccountId): Account => {
  const row = house.tx.get('SELECT * FROM accounts WHERE id = ?', id)
  if (row === undefined) throw new Refused('no-such-account')
  return readAccount(row)
}

export const addAccount: Run<'addAccount'> = (house, a) => {
  const name = a.name.toLowerCase()
  if (name === '' || name.length > 320) throw new Refused('bad-name')
  if (house.tx.get('SELECT 1 FROM accounts WHERE name = ?', name) !== undefined) throw new Refused('already-exists')
  const { id } = house.tx.run(
    'INSERT INTO accounts (name, password_hash, quota_bytes, created_at, settings) VALUES (?, ?, ?, ?, ?)',
    name,
    a.passwordHash,
    a.quotaBytes,
    a.now,
    a.settings,
  )
  const made = accountId(id)
  const seq = takeModSeq(house, made)
  insertMailbox(house, { account: made, name: 'INBOX', seq, now: a.now })
  ring(house, made, seq, [], true)
  return byId(house, made)
}

export const account: Run<'account'> = (house, a) => {
  if ('id' in a) return byId(house, a.id)
  const row = house.tx.get('SELECT * FROM accounts WHERE name = ?', a.name.toLowerCase())
  if (row === undefined) throw new Refused('no-such-account')
  return readAccount(row)
}

export const accounts: Run<'accounts'> = (house) =>
  house.tx.all('SELECT * FROM accounts ORDER BY name').map(readAccount)

export const changeAccount: Run<'changeAccount'> = (house, a) => {
  const seq = takeModSeq(house, a.id)
  house.tx.run(
    `UPDATE accounts SET password_hash = coalesce(?, password_hash), state = coalesce(?, state),
     quota_bytes = coalesce(?, quota_bytes), settings = coalesce(?, settings) WHERE id = ?`,
    a.passwordHash ?? null,
    a.state ?? null,
    a.quotaBytes ?? null,
    a.settings ?? null,
    a.id,
  )
  ring(house, a.id, seq, [])
  return byId(house, a.id)
}

/** Takes the account, its mailboxes and messages, and the addresses that lead only to it. */
export const dropAccount: Run<'dropAccount'> = (house, a) => {
  const known = byId(house, a.id)
  for (const row of house.tx.all('SELECT id FROM mailboxes WHERE account = ?', a.id))
    clearMailbox(house, num(row['id']))
  for (const table of ['mailboxes', 'subscriptions', 'keywords', 'keyword_sets', 'metadata', 'addresses', 'thread_ids'])
    house.tx.run(`DELETE FROM ${table} WHERE account = ?`, a.id)
  house.tx.run('DELETE FROM rights WHERE who = ?', known.name)
  house.tx.run('DELETE FROM accounts WHERE id = ?', a.id)
  ring(house, a.id, known.modSeq, [], true)
  return null
}

export const putDomain: Run<'putDomain'> = (house, a) => {
  house.tx.run(
    'INSERT INTO domains (name, settings) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET settings = excluded.settings',
    a.name.toLowerCase(),
    a.settings,
  )
  return null
}

/** Addresses of the domain go with it. */
export const dropDomain: Run<'dropDomain'> = (house, a) => {
  const name = a.name.toLowerCase()
  if (house.tx.run('DELETE FROM domains WHERE name = ?', name).changes === 0) throw new Refused('no-such-domain')
  house.tx.run('DELETE FROM addresses WHERE domain = ?', name)
  return null
}

export const domains: Run<'domains'> = (house) =>
  house.tx
    .all('SELECT name, settings FROM domains ORDER BY name')
    .map((row) => ({ name: text(row['name']), settings: text(row['settings']) }))

const readAddress = (row: Row): Address => ({
  address: text(row['address']),
  state: oneOf(row['state'], addressStates),
  ...(row['account'] === null ? {} : { account: accountId(num(row['account'])) }),
  ...(row['targets'] === null ? {} : { targets: texts(row['targets']) }),
  ...(row['says'] === null ? {} : { says: text(row['says']) }),
  ...(row['valid_from'] === null ? {} : { from: num(row['valid_from']) }),
  ...(row['valid_until'] === null ? {} : { until: num(row['valid_until']) }),
})

export const putAddress: Run<'putAddress'> = (house, a) => {
  const name = a.address.toLowerCase()
  const at = name.lastIndexOf('@')
  if (at < 0 || at === name.length - 1 || name.length > 320) throw new Refused('bad-name')
  if (a.account !== undefined) byId(house, a.account)
  house.tx.run(
    `INSERT INTO addresses (address, domain, state, account, targets, says, valid_from, valid_until)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (address) DO UPDATE SET state = excluded.state, account = excluded.account, targets = excluded.targets,
       says = excluded.says, valid_from = excluded.valid_from, valid_until = excluded.valid_until`,
    name,
    name.slice(at + 1),
    a.state,
    a.account ?? null,
    a.targets === undefined ? null : JSON.stringify(a.targets),
    a.says ?? null,
    a.from ?? null,
    a.until ?? null,
  )
  return null
}

export const dropAddress: Run<'dropAddress'> = (house, a) => {
  const gone = house.tx.run('DELETE FROM addresses WHERE address = ?', a.address.toLowerCase())
  if (gone.changes === 0) throw new Refused('no-such-address')
  return null
}

export const address: Run<'address'> = (house, a) => {
  const row = house.tx.get('SELECT * FROM addresses WHERE address = ?', a.address.toLowerCase())
  return row === undefined ? null : readAddress(row)
}

export const addresses: Run<'addresses'> = (house, a) =>
  house.tx
    .all(
      `SELECT * FROM addresses WHERE (?1 IS NULL OR domain = ?1) AND (?2 IS NULL OR account = ?2)
       ORDER BY domain, address`,
      a.domain?.toLowerCase() ?? null,
      a.account ?? null,
    )
    .map(readAddress)
