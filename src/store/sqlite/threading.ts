/**
 * The thread a message belongs to: RFC 8474 section 5.2 (THREADID), by the rule of RFC 8621 section 3: a common Message-ID (its own, or one it
 * refers to) and the same base subject. Known ids are kept by generations of the account's change log, so that new ones lie side by side on
 * disk; the oldest generations are forgotten, and an answer to them begins a thread of its own.
 */
import type { AccountId } from '../../base/ids.ts'
import type { Summary } from '../../mime/summary.ts'
import { fold } from '../casemap.ts'
import { num } from './door.ts'
import type { House } from './house.ts'

const GENERATION = 4_096 // places in the change log
export const MOST_GENERATIONS = 16
const MOST_REFERENCES = 5 // looked up: the latest ones, which name the parents

/** 48 bits of a Message-ID and a subject: two hashes (FNV-1a with different starts) of 24 bits each. */
const hashOf = (id: string, subject: string): number => {
  const text = `${id}\n${subject}`
  let [a, b] = [0x811c9dc5, 0x5bd1e995]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x01000193)
  }
  return ((a ^ (a >>> 15)) & 0xff_ffff) * 0x100_0000 + ((b ^ (b >>> 13)) & 0xff_ffff)
}

export const generationOf = (modSeq: number): number => Math.floor(modSeq / GENERATION)

const lookUp = (house: House, account: AccountId, newest: number, generations: number, hash: number): number | null => {
  for (let generation = newest; generation >= 0 && generation > newest - generations; generation--) {
    const row = house.tx.list(
      'SELECT thread FROM thread_ids WHERE account = ? AND generation = ? AND hash = ?',
      account,
      generation,
      hash,
    )
    if (row !== undefined) return num(row[0])
  }
  return null
}

/** The number of the thread that a new message joins or begins (that of the blob it began with). Its own id is noted for those that answer it. */
export const threadOf = (house: House, account: AccountId, summary: Summary, blob: number, modSeq: number): number => {
  const subject = fold(summary.baseSubject)
  const newest = generationOf(modSeq)
  const references = summary.references.slice(-MOST_REFERENCES).map((id) => hashOf(id, subject))
  const own = summary.messageId === '' ? null : hashOf(summary.messageId, subject)
  let thread: number | null = null
  for (const hash of references.toReversed()) thread ??= lookUp(house, account, newest, MOST_GENERATIONS, hash)
  // An answer that came before what it answers has noted its id: that was lately, or never.
  if (own !== null) thread ??= lookUp(house, account, newest, 2, own)
  const found = thread ?? blob
  const parent = references.at(-1)
  for (const hash of [own, thread === null ? parent : undefined])
    if (hash !== null && hash !== undefined)
      house.tx.run(
        'INSERT INTO thread_ids (account, generation, hash, thread) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
        account,
        newest,
        hash,
        found,
      )
  return found
}

export const threadIdOf = (thread: number): string => `T${thread}`
