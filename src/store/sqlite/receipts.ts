/**
 * Verbs: receipts, which say how each message was judged, and memos, the small state of other rooms. Receipts are kept as compressed
 * JSON beside the three columns that choose them.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Memo, Receipt } from '../store.ts'
import { headDictionary } from './dictionary.ts'
import { Damaged, num, numOrNull, octets, text } from './door.ts'
import { type House, Refused, type Run } from './house.ts'

const MOST_MEMO_BYTES = 64 * 2 ** 20 // a learner's snapshot is some megabytes
const MOST_RECEIPTS_READ = 20_000 // for one question with `match`, which has to unpack each

export const putReceipt = (house: House, receipt: Receipt): void => {
  const { at, keepUntil, verdict, ...rest } = receipt
  const data = zstdCompressSync(JSON.stringify(rest), { dictionary: headDictionary })
  house.tx.run('INSERT INTO receipts (at, keep_until, verdict, data) VALUES (?, ?, ?, ?)', at, keepUntil, verdict, data)
}

export const addReceipt: Run<'addReceipt'> = (house, a) => {
  putReceipt(house, a)
  return null
}

/** Whether JSON of ours is what putReceipt wrote. */
const isRest = (value: unknown): value is Omit<Receipt, 'at' | 'keepUntil' | 'verdict'> =>
  typeof value === 'object' && value !== null && 'session' in value && 'story' in value

/** A story begins with the id of the message. */
const STORY_HEAD = 60
const verdicts = ['accept', 'flag', 'reject', 'defer'] as const

/** Newest first. `match` is a part, without case, of an address, the subject, the Message-ID, the session, the peer, or the id that it was taken or refused under. */
export const receipts: Run<'receipts'> = (house, a) => {
  const wanted = a.match?.toLowerCase()
  const most = Math.min(a.most, MOST_RECEIPTS_READ)
  const rows = house.tx.all(
    `SELECT at, keep_until, verdict, data FROM receipts WHERE at >= ?1 AND (?2 IS NULL OR verdict = ?2)
     ORDER BY at DESC, id DESC LIMIT ?3`,
    a.since,
    a.verdict ?? null,
    wanted === undefined ? most : MOST_RECEIPTS_READ,
  )
  const found: Receipt[] = []
  for (const row of rows) {
    if (found.length >= most) break
    const rest: unknown = JSON.parse(zstdDecompressSync(octets(row['data']), { dictionary: headDictionary }).toString())
    if (!isRest(rest)) throw new Damaged('a receipt without a story')
    const words = [
      rest.mailFrom,
      ...rest.recipients,
      rest.subject,
      rest.messageId,
      rest.fromHeader,
      rest.ip,
      rest.session,
      rest.story.slice(0, STORY_HEAD),
    ]
    if (wanted !== undefined && !words.join('\n').toLowerCase().includes(wanted)) continue
    found.push({
      ...rest,
      at: num(row['at']),
      keepUntil: num(row['keep_until']),
      verdict: verdicts.find((one) => one === row['verdict']) ?? 'defer',
    })
  }
  return found
}

export const remember: Run<'remember'> = (house, a) => {
  for (const memo of a.memos) {
    if (memo.value.length > MOST_MEMO_BYTES) throw new Refused('too-many')
    house.tx.run(
      `INSERT INTO memos (space, key, value, expires_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (space, key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`,
      a.space,
      memo.key,
      memo.value,
      memo.expiresAt,
    )
  }
  return null
}

/** Memos that have not expired, by key. */
export const recall: Run<'recall'> = (house, a) => {
  const sql = `SELECT key, value, expires_at FROM memos
    WHERE space = ? AND (expires_at IS NULL OR expires_at > ?) AND key >= ? AND substr(key, 1, ?) = ? ORDER BY key`
  const start = a.key ?? a.startsWith ?? ''
  const rows =
    a.key === undefined
      ? house.tx.all(sql, a.space, a.now, start, [...start].length, start)
      : house.tx.all(
          'SELECT key, value, expires_at FROM memos WHERE space = ? AND (expires_at IS NULL OR expires_at > ?) AND key = ?',
          a.space,
          a.now,
          start,
        )
  return rows.map(
    (row): Memo => ({ key: text(row['key']), value: octets(row['value']), expiresAt: numOrNull(row['expires_at']) }),
  )
}

export const forget: Run<'forget'> = (house, a) => {
  for (const key of a.keys) house.tx.run('DELETE FROM memos WHERE space = ? AND key = ?', a.space, key)
  return null
}
