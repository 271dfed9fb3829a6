/**
 * Digests are made some blobs at a time, off the way of deliveries, from the last one on (so that what is left to do needs no list of its own and outlives any
 * crash), and made anew without what is gone. A reader makes them, the writer puts them in.
 */
import { textsOf } from '../searched-text.ts'
import {
  type BlobTexts,
  type Digested,
  type DigestRow,
  isNoise,
  MOST_SPAN,
  MOST_VARIANTS,
  makeDigest,
  readText,
} from './digest.ts'
import { num, octets, text } from './door.ts'
import { unpackHead } from './head.ts'
import type { House } from './house.ts'
import { bodyOf, joined } from './messages.ts'

/** Blobs in a digest: as many as wait before one is made. */
export const DIGEST_BLOBS = 128
const MOST_TEXT = 4 * 2 ** 20 // characters of a digest's texts: then it is closed
const MOST_TEXT_OF_ONE = 2 ** 20 // characters: a longer text is looked for in the message

/** Fields that a delivery adds, as every delivery writes them: whole lines, and none that say how the body is to be read. */
const isRegular = (prefix: string): boolean =>
  /^(?:[^\s:][^\n]*\r\n(?:[ \t]+[^\s][^\n]*\r\n)*)*$/.test(prefix) && !/^(?:content-|mime-version)/im.test(prefix)

/** The header's text without that of the prefix; null where the two cannot be told apart. */
const ownHeader = (headers: string, prefix: string): string | null => {
  if (prefix === '' || headers === prefix) return prefix === '' ? headers : ''
  return headers.startsWith(`${prefix}\n`) ? headers.slice(prefix.length + 1) : null
}

const prefixText = (prefix: string): string => textsOf(Buffer.from(prefix, 'latin1')).headers

/** What is looked for in a blob; null where it is not of the forms that a digest keeps. */
const textsOfBlob = (prefixes: readonly string[], body: Uint8Array): BlobTexts | null => {
  const [first = ''] = prefixes
  const begin = body[0]
  if (prefixes.length > MOST_VARIANTS || begin === 0x20 || begin === 0x09 || !prefixes.every(isRegular)) return null
  const texts = textsOf(joined(first, body))
  const written = prefixes.map(prefixText)
  const header = ownHeader(texts.headers, written[0] ?? '')
  if (header === null || texts.headers.length + texts.body.length > MOST_TEXT_OF_ONE) return null
  const read = { body: readText(texts.body), header: readText(header), prefixes: written.map(readText) }
  const all = [read.body, read.header, ...read.prefixes]
  return all.every((one) => one.folded.isWellFormed() && !isNoise(one)) ? read : null
}

const variantsOf = (house: House, blob: number): readonly string[] =>
  house.tx.lists('SELECT prefix FROM variants WHERE blob = ? ORDER BY variant', blob).map((row) => text(row[0]))

const lengthOf = (texts: BlobTexts | null): number =>
  texts === null ? 0 : texts.body.folded.length + texts.header.folded.length

type Bounds = { readonly first: number; readonly last: number; readonly most: number }

/** Reads blobs and makes a digest of them; null where there is none. */
const make = (house: House, bounds: Bounds): DigestRow | null => {
  const rows = house.tx.lists(
    'SELECT id, form, head FROM blobs WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?',
    bounds.first,
    bounds.last,
    bounds.most,
  )
  const some: Digested[] = []
  let [first, last, count, length] = [bounds.first, bounds.first, 0, 0]
  for (const row of rows) {
    const [blob, form] = [num(row[0]), num(row[1])]
    if (count === 0) first = blob
    if (blob - first > MOST_SPAN || length > MOST_TEXT) break
    const head = unpackHead(octets(row[2]))
    last = blob
    count += 1
    const prefixes = [head.prefix, ...variantsOf(house, blob)]
    const texts = textsOfBlob(prefixes, bodyOf(house, blob, form, head))
    length += lengthOf(texts)
    some.push({ blob, summary: head.summary, texts })
  }
  return count === 0 ? null : makeDigest(some, { first, last, count })
}

/** What the writer is given: a new digest, or one in the place of another (null: nothing of it is left). */
export type Made = { readonly replaces: number | null; readonly row: DigestRow | null }

/** Digests do not overlap: the last one reaches furthest. (`max(last)` would read every row, blobs and all.) */
const digestedTo = (house: House): number =>
  num(house.tx.list('SELECT last FROM digests ORDER BY first DESC LIMIT 1')?.[0] ?? 0)

/** Blobs that are in no digest yet. */
export const undigested = (house: House): number =>
  num(house.tx.list('SELECT coalesce(max(id), 0) FROM blobs')?.[0]) - digestedTo(house)

/** Whether a digest is to be made. */
export const digestDue = (house: House, blobs: number): boolean =>
  undigested(house) >= blobs || house.tx.list('SELECT 1 FROM digests_stale LIMIT 1') !== undefined

/** Makes the next digest that is due. @returns null when none is */
export const nextDigest = (house: House, blobs: number): Made | null => {
  const stale = house.tx.list('SELECT first FROM digests_stale LIMIT 1')
  if (stale !== undefined) {
    const first = num(stale[0])
    const row = house.tx.list('SELECT last FROM digests WHERE first = ?', first)
    const last = row === undefined ? first - 1 : num(row[0])
    return { replaces: first, row: make(house, { first, last, most: MOST_SPAN }) }
  }
  if (undigested(house) < blobs) return null
  const from = digestedTo(house) + 1
  return { replaces: null, row: make(house, { first: from, last: Number.MAX_SAFE_INTEGER, most: blobs }) }
}

/** Puts a digest in, in a transaction of the caller's. What went while it was made makes it stale at once. */
export const putDigest = (house: House, { replaces, row }: Made): void => {
  if (replaces !== null) {
    house.tx.run('DELETE FROM digests WHERE first = ?', replaces)
    house.tx.run('DELETE FROM digests_stale WHERE first = ?', replaces)
  }
  if (row === null) return
  const { first, last, count, envelopes, fields, words, rare, texts } = row
  // Another has them already: it was made twice.
  if (house.tx.list('SELECT 1 FROM digests WHERE last >= ? AND first <= ?', first, last) !== undefined) return
  house.tx.run(
    'INSERT INTO digests (first, last, envelopes, fields, words, rare, texts) VALUES (?, ?, ?, ?, ?, ?, ?)',
    first,
    last,
    envelopes,
    fields,
    words,
    rare,
    texts,
  )
  const left = num(house.tx.list('SELECT count(*) FROM blobs WHERE id BETWEEN ? AND ?', first, last)?.[0])
  if (left !== count) house.tx.run('INSERT INTO digests_stale (first) VALUES (?) ON CONFLICT DO NOTHING', first)
}

/** Notes that a blob is gone: the digest that holds it is to be made anew. */
export const makeStale = (house: House, blob: number): void => {
  const row = house.tx.list('SELECT first, last FROM digests WHERE first <= ? ORDER BY first DESC LIMIT 1', blob)
  if (row !== undefined && num(row[1]) >= blob)
    house.tx.run('INSERT INTO digests_stale (first) VALUES (?) ON CONFLICT DO NOTHING', num(row[0]))
}
