/**
 * Flags and keywords as the rows keep them: five bits, and the number of a set of keywords. Sets are kept once for each account, keywords in the
 * spelling that came first. RFC 9051 section 2.3.2. `\Recent` and unknown names with a backslash are ignored.
 */
import type { AccountId } from '../../base/ids.ts'
import { flagBits } from '../store.ts'
import { num, text, texts } from './door.ts'
import { type House, Refused } from './house.ts'

const MOST_KEYWORDS = 200 // different ones in an account; a client lists them all in FLAGS
const MOST_ON_ONE_MESSAGE = 50
const MOST_SETS = 10_000 // different combinations in an account
const LONGEST_KEYWORD = 100

export type Flags = { readonly bits: number; readonly words: readonly string[] }

const bitOf: ReadonlyMap<string, number> = new Map(
  Object.entries(flagBits).map(([name, bit]) => [`\\${name}`, bit] as const),
)

/** Flags as a client names them, apart: bits and keywords. @throws Refused bad-name for a keyword that IMAP could not write */
export const readFlags = (flags: readonly string[]): Flags => {
  let bits = 0
  const words: string[] = []
  for (const flag of flags) {
    if (flag.startsWith('\\')) bits |= bitOf.get(flag.toLowerCase()) ?? 0
    else if (/^[!#$&'+,\-./0-9:;<=>?@A-Z^_`a-z|}~]+$/.test(flag) && flag.length <= LONGEST_KEYWORD) words.push(flag)
    else throw new Refused('bad-name')
  }
  return { bits, words }
}

/** The keywords of a set by its number. */
export const wordsOfSet = (house: House, set: number): readonly string[] => {
  if (set === 0) return []
  const known = house.keywordSets.get(set)
  if (known !== undefined) return known
  const row = house.tx.get('SELECT words FROM keyword_sets WHERE id = ?', set)
  const words = row === undefined ? [] : texts(row['words'])
  house.keywordSets.set(set, words)
  return words
}

/** A keyword in the account's own spelling. @throws Refused too-many */
const spell = (house: House, account: AccountId, word: string): string => {
  const lower = word.toLowerCase()
  const row = house.tx.get('SELECT spelling FROM keywords WHERE account = ? AND lower = ?', account, lower)
  if (row !== undefined) return text(row['spelling'])
  const count = num(house.tx.get('SELECT count(*) AS n FROM keywords WHERE account = ?', account)?.['n'])
  if (count >= MOST_KEYWORDS) throw new Refused('too-many')
  house.tx.run('INSERT INTO keywords (account, lower, spelling) VALUES (?, ?, ?)', account, lower, word)
  return word
}

/** The number of the set that holds `words`; made when it is not there. @throws Refused too-many */
export const setOfWords = (house: House, account: AccountId, words: readonly string[]): number => {
  if (words.length === 0) return 0
  const spelled = [...new Set(words.map((word) => spell(house, account, word)))].sort()
  if (spelled.length > MOST_ON_ONE_MESSAGE) throw new Refused('too-many')
  const key = JSON.stringify(spelled)
  const row = house.tx.get('SELECT id FROM keyword_sets WHERE account = ? AND words = ?', account, key)
  if (row !== undefined) return num(row['id'])
  const count = num(house.tx.get('SELECT count(*) AS n FROM keyword_sets WHERE account = ?', account)?.['n'])
  if (count >= MOST_SETS) throw new Refused('too-many')
  return house.tx.run('INSERT INTO keyword_sets (account, words) VALUES (?, ?)', account, key).id
}

/** Whether `words` holds `word`, whatever its case. */
export const holdsWord = (words: readonly string[], word: string): boolean => {
  const lower = word.toLowerCase()
  return words.some((one) => one.toLowerCase() === lower)
}

/** What a change of flags makes of a row's bits and words. */
export const changedFlags = (how: 'add' | 'remove' | 'replace', now: Flags, named: Flags): Flags => {
  if (how === 'replace') return named
  if (how === 'add')
    return {
      bits: now.bits | named.bits,
      words: [...now.words, ...named.words.filter((word) => !holdsWord(now.words, word))],
    }
  return { bits: now.bits & ~named.bits, words: now.words.filter((word) => !holdsWord(named.words, word)) }
}

/** +1, 0 or -1 for each count of a mailbox, for a row with these bits. */
export const isUnseen = (bits: number): number => ((bits & flagBits.seen) === 0 ? 1 : 0)
export const isDeleted = (bits: number): number => ((bits & flagBits.deleted) === 0 ? 0 : 1)
