/**
 * The words of some texts, and which text holds which: what a substring is looked up in without reading the texts. A word is an unbroken run of letters and digits
 * (and of everything beyond ASCII) of a folded text, kept whole: so a needle without a break lies in a text exactly when it lies in one of its words. Pure.
 */

const NEWLINE = 10
/** A word in this share of the texts stands in front: a needle that is everywhere is then found everywhere after a few words. */
const COMMON_SHARE = 0.25

const isWordUnit = (unit: number): boolean =>
  unit >= 0x80 || (unit >= 0x30 && unit <= 0x39) || (unit >= 0x41 && unit <= 0x5a) || (unit >= 0x61 && unit <= 0x7a)

/** The different words of a folded text. */
export const wordsOf = (folded: string): ReadonlySet<string> =>
  new Set(folded.match(/[0-9A-Za-z\u0080-\uffff]+/g) ?? [])

export type Vocabulary = {
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

/** @param texts the words of each text. */
export const makeVocabulary = (texts: readonly ReadonlySet<string>[]): Vocabulary => {
  const holders = new Map<string, number[]>()
  for (const [number, words] of texts.entries())
    for (const word of words) {
      const known = holders.get(word)
      if (known === undefined) holders.set(word, [number])
      else known.push(number)
    }
  const common: string[] = []
  const others: string[] = []
  for (const [word, numbers] of holders) (numbers.length > texts.length * COMMON_SHARE ? common : others).push(word)
  const sorted = [...common.sort(), ...others.sort()]
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
const markWords = ({ words, postings }: Vocabulary, pattern: Buffer, into: Uint8Array): void => {
  const reader = new Postings(postings)
  let left = into.length
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

/** Marks the texts whose words allow for the needle. @param count of the texts. */
export const markCandidates = (vocabulary: Vocabulary, pattern: Pattern, count: number): Uint8Array => {
  const marked = new Uint8Array(count).fill(1)
  for (const part of pattern.parts) {
    const some = new Uint8Array(count)
    markWords(vocabulary, part, some)
    for (let i = 0; i < count; i++) marked[i] = (marked[i] ?? 0) & (some[i] ?? 0)
  }
  return marked
}
