/**
 * The words of some texts, and which text holds which: what a substring is looked up in without reading the texts. A word is an unbroken run of letters and digits
 * (and of everything beyond ASCII) of a folded text, kept whole: so a needle without a break lies in a text exactly when it lies in one of its words. Words of few
 * texts (most of them: names, numbers, typing errors) are apart, behind a signature that mostly tells without unpacking them that a needle is in none. Pure.
 */

const NEWLINE = 10
/** A word in this share of the texts stands in front: a needle that is everywhere is then found everywhere after a few words. */
const COMMON_SHARE = 0.25
/** A word of no more texts than this is rare. */
const RARE = 2

const isWordUnit = (unit: number): boolean =>
  unit >= 0x80 || (unit >= 0x30 && unit <= 0x39) || (unit >= 0x41 && unit <= 0x5a) || (unit >= 0x61 && unit <= 0x7a)

/** The different words of a folded text. */
export const wordsOf = (folded: string): ReadonlySet<string> =>
  new Set(folded.match(/[0-9A-Za-z\u0080-\uffff]+/g) ?? [])

/** Words and who holds them. */
export type WordList = {
  /** The words, each between newlines, UTF-8. */
  readonly words: Buffer
  /** For each word how many texts hold it, and which: the first, and how far the next is. Variable-length numbers. */
  readonly postings: Buffer
}

const putNumber = (out: number[], number: number): void => {
  let rest = number
  while (rest >= 0x80) {
    out.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  out.push(rest)
}

const listOf = (sorted: readonly string[], holders: ReadonlyMap<string, readonly number[]>): WordList => {
  const out: number[] = []
  for (const word of sorted) {
    const numbers = holders.get(word) ?? []
    putNumber(out, numbers.length)
    let before = 0
    for (const number of numbers) {
      putNumber(out, number - before)
      before = number
    }
  }
  return { words: Buffer.from(`\n${sorted.map((word) => `${word}\n`).join('')}`, 'utf8'), postings: Buffer.from(out) }
}

/** @param texts the words of each text. @returns those of several texts, and those of few. */
export const makeVocabulary = (
  texts: readonly ReadonlySet<string>[],
): { readonly common: WordList; readonly rare: WordList } => {
  const holders = new Map<string, number[]>()
  for (const [number, words] of texts.entries())
    for (const word of words) {
      const known = holders.get(word)
      if (known === undefined) holders.set(word, [number])
      else known.push(number)
    }
  const front: string[] = []
  const common: string[] = []
  const rare: string[] = []
  for (const [word, numbers] of holders) {
    const { length } = numbers
    if (length <= RARE) rare.push(word)
    else if (length > texts.length * COMMON_SHARE) front.push(word)
    else common.push(word)
  }
  return {
    common: listOf([...front.sort(), ...common.sort()], holders),
    rare: listOf(rare.sort(), holders),
  }
}

// ---- Signature --------------------------------------------------------------------------------------------------------

const GRAM = 5 // octets
const BITS_A_GRAM = 4 // one in five that are not there seems to be; of a needle's several, hardly all
const LEAST_OCTETS = 8

const gramHash = (octets: Uint8Array, at: number): number => {
  let hash = 0x811c9dc5
  for (let i = at; i < at + GRAM; i++) hash = Math.imul(hash ^ (octets[i] ?? 0), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}

/** Every five neighbouring octets of the words, as bits: a number of octets that is a power of two. */
export const makeSignature = ({ words }: WordList): Buffer => {
  const hashes = new Set<number>()
  let newline = -1 // the last one seen: no gram reaches over it
  for (let end = 0; end < words.length; end++) {
    if (words[end] === NEWLINE) newline = end
    else if (end - GRAM >= newline) hashes.add(gramHash(words, end - GRAM + 1))
  }
  let octets = LEAST_OCTETS
  while (octets * 8 < hashes.size * BITS_A_GRAM) octets *= 2
  const signature = Buffer.alloc(octets)
  for (const hash of hashes) {
    const bit = hash & (octets * 8 - 1)
    signature[bit >>> 3] = (signature[bit >>> 3] ?? 0) | (1 << (bit & 7))
  }
  return signature
}

/** Whether a word may hold the pattern; false is certain. */
const mayHold = (signature: Uint8Array, pattern: Uint8Array): boolean => {
  const from = pattern[0] === NEWLINE ? 1 : 0
  const to = pattern.at(-1) === NEWLINE ? pattern.length - 1 : pattern.length
  for (let at = from; at + GRAM <= to; at++) {
    const bit = gramHash(pattern, at) & (signature.length * 8 - 1)
    if (((signature[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0) return false
  }
  return true
}

// ---- Looking up -------------------------------------------------------------------------------------------------------

/** Reads postings from front to back. */
class Postings {
  readonly #octets: Buffer
  #at = 0
  constructor(octets: Buffer) {
    this.#octets = octets
  }
  #number(): number {
    let number = 0
    for (let shift = 0; ; shift += 7) {
      const octet = this.#octets[this.#at] ?? 0
      this.#at += 1
      number |= (octet & 0x7f) << shift
      if (octet < 0x80) return number
    }
  }
  skip(words: number): void {
    for (let word = 0; word < words; word++)
      for (let left = this.#number(); left > 0; left--) while ((this.#octets[this.#at++] ?? 0) >= 0x80);
  }
  /** Marks the texts of the next word. @returns how many were not marked before */
  mark(into: Uint8Array): number {
    let fresh = 0
    let number = 0
    for (let left = this.#number(); left > 0; left--) {
      number += this.#number()
      if (into[number] !== 0) continue
      into[number] = 1
      fresh += 1
    }
    return fresh
  }
}

/** Marks the texts that hold a word in which `pattern` is found; a newline at its ends stands for those of the word. @param into a place for each text */
const markWords = ({ words, postings }: WordList, pattern: Buffer, into: Uint8Array): void => {
  const reader = new Postings(postings)
  let left = into.reduce((sum, mark) => sum + (mark === 0 ? 1 : 0), 0)
  let at = 0 // a newline; the words before it are done with
  for (let hit = words.indexOf(pattern); hit >= 0 && left > 0; hit = words.indexOf(pattern, at)) {
    const within = pattern[0] === NEWLINE ? hit + 1 : hit
    let passed = 0 // newlines up to the word
    for (let i = at; i < within; i++) if (words[i] === NEWLINE) passed += 1
    reader.skip(passed - 1)
    left -= reader.mark(into)
    at = words.indexOf(NEWLINE, within)
    if (at < 0) return
  }
}

/** A needle as what words must be like for a text to hold it. */
export type Pattern = {
  /** All of them, each in one word or another. None: words tell nothing. */
  readonly parts: readonly Buffer[]
  /** The words decide: no text needs to be read. */
  readonly exact: boolean
}

/** @param folded a needle, folded as the texts were. */
export const patternOf = (folded: string): Pattern => {
  const runs = folded.match(/[0-9A-Za-z\u0080-\uffff]+/g) ?? []
  const [first] = runs
  if (first === folded) return { parts: [Buffer.from(folded, 'utf8')], exact: true }
  const begins = isWordUnit(folded.charCodeAt(0))
  const ends = isWordUnit(folded.charCodeAt(folded.length - 1))
  const parts = runs.map((run, i) => {
    const before = i > 0 || !begins ? '\n' : ''
    const after = i < runs.length - 1 || !ends ? '\n' : ''
    return Buffer.from(before + run + after, 'utf8')
  })
  return { parts, exact: false }
}

/** The words of some texts; the rare ones are fetched when they are needed. */
export type Vocabulary = {
  readonly count: number
  readonly common: WordList
  readonly signature: Uint8Array
  readonly rare: () => WordList
}

/** Marks the texts whose words allow for the needle. */
export const markCandidates = (vocabulary: Vocabulary, pattern: Pattern): Uint8Array => {
  const { count, common, signature, rare } = vocabulary
  const marked = new Uint8Array(count).fill(1)
  for (const part of pattern.parts) {
    const some = new Uint8Array(count)
    markWords(common, part, some)
    if (mayHold(signature, part) && some.includes(0)) markWords(rare(), part, some)
    for (let i = 0; i < count; i++) marked[i] = (marked[i] ?? 0) & (some[i] ?? 0)
  }
  return marked
}

// ---- Near words -------------------------------------------------------------------------------------------------------

/** Shorter words have too many neighbours that mean something else. */
const LEAST_NEAR = 5 // characters
const MOST_NEAR = 50 // words of a list

/** Whether one character more, less or other, or two neighbours exchanged, makes one word of the other. Words of few characters have no neighbours. */
const isNear = (a: string, b: string): boolean => {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  if (long.length < LEAST_NEAR || long.length - short.length > 1 || a === b) return false
  let from = 0
  while (from < short.length && short[from] === long[from]) from += 1
  let left = 0
  while (left < short.length - from && short[short.length - 1 - left] === long[long.length - 1 - left]) left += 1
  const rest = short.length - from - left
  if (long.length > short.length) return rest === 0
  return rest === 1 || (rest === 2 && short[from] === long[from + 1] && short[from + 1] === long[from])
}

/** Whether a folded text has a word that is near. */
export const hasNear = (folded: string, word: string): boolean =>
  word.length >= LEAST_NEAR - 1 &&
  wordsOf(folded)
    .values()
    .some((one) => isNear(one, word))

/** The words of a list that are near, bounded. */
const nearWords = ({ words }: WordList, word: string): readonly string[] => {
  const [first, last] = [Buffer.from(word.slice(0, 1), 'utf8')[0], Buffer.from(word.slice(-1), 'utf8').at(-1)]
  const octets = Buffer.byteLength(word)
  const found: string[] = []
  let at = 1
  for (let end = words.indexOf(NEWLINE, at); end > 0 && found.length < MOST_NEAR; end = words.indexOf(NEWLINE, at)) {
    // A near word has its first or its last character in common; four octets are one character.
    const mayBe = Math.abs(end - at - octets) <= 4 && (words[at] === first || words[end - 1] === last)
    if (mayBe) {
      const one = words.toString('utf8', at, end)
      if (isNear(one, word)) found.push(one)
    }
    at = end + 1
  }
  return found
}

/** Marks, beside what is marked, the texts that hold a word near to this one. */
export const markNear = ({ common, rare }: Vocabulary, word: string, marks: Uint8Array): void => {
  if (word.length < LEAST_NEAR - 1) return
  for (const list of [common, rare()])
    for (const near of nearWords(list, word)) markWords(list, Buffer.from(`\n${near}\n`, 'utf8'), marks)
}
