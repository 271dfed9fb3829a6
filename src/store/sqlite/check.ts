/** Verbs: the house. `check` looks for every invariant, `tidy` does a bounded piece of cleaning, `stats` counts. */
import { join } from 'node:path'
import { flagBits } from '../store.ts'
import { bodyKinds } from './body.ts'
import { makeStale, undigested } from './digest-make.ts'
import { Digests } from './digests.ts'
import { num, octets } from './door.ts'
import { removeFile } from './files.ts'
import { forms, unpackHead } from './head.ts'
import type { House, Run } from './house.ts'
import { bodyOf } from './messages.ts'
import { checkLeaving, queueCounts } from './queue.ts'
import { generationOf, MOST_GENERATIONS } from './threading.ts'

const PIECE = 500 // rows of a kind in one call of tidy: some ten milliseconds
const TOMBSTONE_AGE = 90 * 86_400_000
const MOST_TOMBSTONES = 20_000 // of a mailbox

/** A finding for each row that a query gives; a query asks for what must not be. */
const rules: readonly (readonly [says: string, sql: string])[] = [
  ['a mailbox belongs to no account', 'SELECT id FROM mailboxes WHERE account NOT IN (SELECT id FROM accounts)'],
  [
    'an account has no INBOX',
    "SELECT id FROM accounts a WHERE NOT EXISTS (SELECT 1 FROM mailboxes m WHERE m.account = a.id AND m.name = 'INBOX')",
  ],
  [
    'two mailboxes of an account have one UIDVALIDITY',
    'SELECT account, uid_validity FROM mailboxes GROUP BY account, uid_validity HAVING count(*) > 1',
  ],
  ['a message is in no mailbox', 'SELECT mailbox, uid FROM messages WHERE mailbox NOT IN (SELECT id FROM mailboxes)'],
  ['a message has no blob', 'SELECT mailbox, uid FROM messages WHERE blob NOT IN (SELECT id FROM blobs)'],
  ['a blob has no body', `SELECT id FROM blobs WHERE form = ${forms.apart} AND id NOT IN (SELECT blob FROM bodies)`],
  [
    'a body has no blob',
    `SELECT blob FROM bodies WHERE blob NOT IN (SELECT id FROM blobs WHERE form = ${forms.apart})`,
  ],
  [
    'a blob is in no message, not in the queue and not loose',
    'SELECT id FROM blobs WHERE id NOT IN (SELECT blob FROM messages) AND id NOT IN (SELECT blob FROM loose) AND id NOT IN (SELECT blob FROM queue)',
  ],
  [
    'a queued message has no body',
    'SELECT id FROM queue WHERE (blob > 0 AND blob NOT IN (SELECT id FROM blobs)) OR (blob <= 0 AND -blob NOT IN (SELECT id FROM leaving))',
  ],
  ['a body that leaves is not queued', 'SELECT id FROM leaving WHERE -id NOT IN (SELECT blob FROM queue)'],
  [
    'a queued message has a variant that is not there',
    'SELECT id FROM queue q WHERE variant > 0 AND NOT EXISTS (SELECT 1 FROM variants v WHERE v.blob = q.blob AND v.variant = q.variant)',
  ],
  [
    'a queued size is not that of prefix and body',
    'SELECT q.id FROM queue q JOIN leaving l ON l.id = -q.blob WHERE q.size <> l.size + length(l.prefix) UNION ALL SELECT q.id FROM queue q JOIN variants v ON v.blob = q.blob AND v.variant = q.variant JOIN blobs b ON b.id = q.blob WHERE q.size <> b.size + length(v.prefix)',
  ],
  ['a variant has no blob', 'SELECT blob, variant FROM variants WHERE blob NOT IN (SELECT id FROM blobs)'],
  [
    'a message has a variant that is not there',
    'SELECT mailbox, uid FROM messages m WHERE variant > 0 AND NOT EXISTS (SELECT 1 FROM variants v WHERE v.blob = m.blob AND v.variant = m.variant)',
  ],
  [
    'a UID is not below UIDNEXT',
    'SELECT m.mailbox, m.uid FROM messages m JOIN mailboxes b ON b.id = m.mailbox WHERE m.uid >= b.uid_next',
  ],
  [
    'a message changed after its mailbox',
    'SELECT m.mailbox, m.uid FROM messages m JOIN mailboxes b ON b.id = m.mailbox WHERE m.changed > b.mod_seq OR m.created > m.changed',
  ],
  [
    'a mailbox changed after its account',
    'SELECT m.id FROM mailboxes m JOIN accounts a ON a.id = m.account WHERE m.mod_seq > a.mod_seq',
  ],
  [
    'a message and its tombstone are both there',
    'SELECT t.mailbox, t.uid FROM tombstones t JOIN messages m ON m.mailbox = t.mailbox AND m.uid = t.uid',
  ],
  [
    'a tombstone lies outside of its mailbox',
    'SELECT t.mailbox, t.uid FROM tombstones t LEFT JOIN mailboxes b ON b.id = t.mailbox WHERE b.id IS NULL OR t.uid >= b.uid_next OR t.gone > b.mod_seq OR t.gone <= b.horizon',
  ],
  [
    'a message has keywords that are not there',
    'SELECT mailbox, uid FROM messages WHERE keywords <> 0 AND keywords NOT IN (SELECT id FROM keyword_sets)',
  ],
  [
    "a message has another account's keywords",
    'SELECT m.mailbox, m.uid FROM messages m JOIN mailboxes b ON b.id = m.mailbox JOIN keyword_sets k ON k.id = m.keywords WHERE k.account <> b.account',
  ],
  [
    'a size is not that of prefix and body',
    "SELECT m.mailbox, m.uid FROM messages m JOIN blobs b ON b.id = m.blob WHERE m.size < b.size OR m.size <> b.size + length(coalesce((SELECT prefix FROM variants v WHERE v.blob = m.blob AND v.variant = m.variant), '')) AND m.variant > 0",
  ],
  [
    'the counts of a mailbox are wrong',
    `SELECT b.id FROM mailboxes b LEFT JOIN (SELECT mailbox, count(*) AS n, sum(size) AS s, sum(flags & ${flagBits.seen} = 0) AS u, sum(flags & ${flagBits.deleted} <> 0) AS d FROM messages GROUP BY mailbox) c ON c.mailbox = b.id WHERE b.messages <> coalesce(c.n, 0) OR b.size <> coalesce(c.s, 0) OR b.unseen <> coalesce(c.u, 0) OR b.deleted <> coalesce(c.d, 0)`,
  ],
  [
    'the use of an account is wrong',
    'SELECT a.id FROM accounts a LEFT JOIN (SELECT account, sum(size) AS s, sum(messages) AS n FROM mailboxes GROUP BY account) c ON c.account = a.id WHERE a.used_bytes <> coalesce(c.s, 0) OR a.messages <> coalesce(c.n, 0)',
  ],
  [
    'two digests stand for the same blobs',
    'SELECT a.first, b.first FROM digests a JOIN digests b ON b.first > a.first AND b.first <= a.last',
  ],
  ['rights are of no mailbox', 'SELECT mailbox, who FROM rights WHERE mailbox NOT IN (SELECT id FROM mailboxes)'],
  [
    'an address leads to no account',
    'SELECT address FROM addresses WHERE account IS NOT NULL AND account NOT IN (SELECT id FROM accounts)',
  ],
]

const MOST_FINDINGS = 20 // of one rule

export const check: Run<'check'> = (house) => {
  const findings: string[] = []
  for (const row of house.tx.lists('PRAGMA integrity_check(20)'))
    if (row[0] !== 'ok') findings.push(`database: ${String(row[0])}`)
  for (const [says, sql] of rules)
    for (const row of house.tx.lists(`${sql} LIMIT ${MOST_FINDINGS}`)) findings.push(`${says}: ${row.join(' ')}`)
  checkBodies(house, findings)
  checkLeaving(house, findings)
  checkDigests(house, findings)
  return findings
}

/** What is gone is in no digest, or the digest is to be made anew. */
const checkDigests = (house: House, findings: string[]): void => {
  const digests = new Digests(house)
  for (const row of house.tx.lists('SELECT first FROM digests WHERE first NOT IN (SELECT first FROM digests_stale)')) {
    const first = num(row[0])
    try {
      for (const blob of digests.around(first)?.blobs() ?? [])
        if (house.tx.list('SELECT 1 FROM blobs WHERE id = ?', blob) === undefined)
          findings.push(`a digest holds blob ${blob}, which is gone`)
    } catch (error) {
      findings.push(`digest ${first} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

/** Every head and body is read, some at a time. */
const checkBodies = (house: House, findings: string[]): void => {
  let last = 0
  const digests = new Digests(house)
  for (;;) {
    const rows = house.tx.lists('SELECT id, size, form, head FROM blobs WHERE id > ? ORDER BY id LIMIT 200', last)
    for (const row of rows) {
      last = num(row[0])
      try {
        const head = unpackHead(octets(row[3]))
        const body = bodyOf(house, last, num(row[2]), head)
        const digested = digests.around(last)?.envelope(last)?.toString('latin1')
        if (digested !== undefined && digested !== head.summary.envelope)
          findings.push(`a digest has another ENVELOPE of blob ${last}`)
        if (body.length !== num(row[1])) findings.push(`blob ${last} has ${body.length} octets, not ${num(row[1])}`)
      } catch (error) {
        findings.push(`blob ${last} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    if (rows.length === 0) return
  }
}

/** Old tombstones: by age, and the oldest of a mailbox that has too many. The horizon says up to where they are gone. */
const tidyTombstones = (house: House, now: number): number => {
  let removed = 0
  for (const row of house.tx.lists('SELECT DISTINCT mailbox FROM tombstones')) {
    const mailbox = num(row[0])
    const old = house.tx.list(
      'SELECT max(gone) FROM (SELECT gone FROM tombstones WHERE mailbox = ? AND at < ? ORDER BY gone LIMIT ?)',
      mailbox,
      now - TOMBSTONE_AGE,
      PIECE,
    )?.[0]
    const many = house.tx.list(
      'SELECT gone FROM tombstones WHERE mailbox = ? ORDER BY gone DESC LIMIT 1 OFFSET ?',
      mailbox,
      MOST_TOMBSTONES,
    )?.[0]
    const horizon = Math.max(typeof old === 'number' ? old : 0, typeof many === 'number' ? many : 0)
    if (horizon === 0) continue
    removed += house.tx.run('DELETE FROM tombstones WHERE mailbox = ? AND gone <= ?', mailbox, horizon).changes
    house.tx.run('UPDATE mailboxes SET horizon = max(horizon, ?) WHERE id = ?', horizon, mailbox)
  }
  return removed
}

/** Message-IDs of generations that nobody looks into any more. */
const tidyThreads = (house: House): number => {
  let removed = 0
  for (const row of house.tx.lists('SELECT id, mod_seq FROM accounts'))
    removed += house.tx.run(
      'DELETE FROM thread_ids WHERE account = ? AND generation <= ?',
      num(row[0]),
      generationOf(num(row[1])) - MOST_GENERATIONS,
    ).changes
  return removed
}

/** Loose blobs: gone when no row points at them any more. */
const tidyBlobs = (house: House): { readonly seen: number; readonly removed: number } => {
  const loose = house.tx.lists('SELECT blob FROM loose ORDER BY blob LIMIT ?', PIECE).map((row) => num(row[0]))
  let removed = 0
  for (const blob of loose) {
    house.tx.run('DELETE FROM loose WHERE blob = ?', blob)
    if (house.tx.list('SELECT 1 FROM messages WHERE blob = ? LIMIT 1', blob) !== undefined) continue
    // Its last entry in the queue makes it loose again.
    if (house.tx.list('SELECT 1 FROM queue WHERE blob = ? LIMIT 1', blob) !== undefined) continue
    const row = house.tx.list('SELECT kind, data FROM bodies WHERE blob = ?', blob)
    if (row !== undefined && num(row[0]) === bodyKinds.file && house.bodies !== null) {
      const file = join(house.bodies, Buffer.from(octets(row[1])).toString('latin1'))
      house.afterCommit.push(() => removeFile(file))
    }
    for (const table of ['bodies', 'variants']) house.tx.run(`DELETE FROM ${table} WHERE blob = ?`, blob)
    house.tx.run('DELETE FROM blobs WHERE id = ?', blob)
    makeStale(house, blob)
    removed += 1
  }
  return { seen: loose.length, removed }
}

export const tidy: Run<'tidy'> = (house, a) => {
  const tombstones = tidyTombstones(house, a.now)
  const threads = tidyThreads(house)
  const blobs = tidyBlobs(house)
  const memos = house.tx.run(
    'DELETE FROM memos WHERE (space, key) IN (SELECT space, key FROM memos WHERE expires_at <= ? LIMIT ?)',
    a.now,
    PIECE,
  ).changes
  const receipts = house.tx.run(
    'DELETE FROM receipts WHERE id IN (SELECT id FROM receipts WHERE keep_until <= ? LIMIT ?)',
    a.now,
    PIECE,
  ).changes
  return {
    removed: tombstones + threads + blobs.removed + memos + receipts,
    more: blobs.seen === PIECE || memos === PIECE || receipts === PIECE || tombstones >= PIECE,
  }
}

/** `commits` and `verbs` are counted by whoever runs the batches (0 here). */
export const stats: Run<'stats'> = (house) => {
  const pages = num(house.tx.list('PRAGMA page_count')?.[0]) * num(house.tx.list('PRAGMA page_size')?.[0])
  const messages = num(house.tx.list('SELECT coalesce(sum(messages), 0) FROM accounts')?.[0])
  const accounts = num(house.tx.list('SELECT count(*) FROM accounts')?.[0])
  return {
    ...{ fileBytes: pages, messages, accounts, commits: 0, verbs: 0 },
    ...{ undigested: undigested(house), queue: queueCounts(house) },
  }
}
