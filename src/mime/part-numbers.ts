/**
 * `Summary.parts`: the part tree as numbers, written at delivery and read for every section. Pure.
 *
 * A record for each part, depth first, the root first; ranges are octets of the stored body (without a reader's prefix):
 *
 *     [kind, span, headerFrom, bodyFrom, bodyTo, type, charset, encoding]
 *
 * kind      0 a leaf; -1 a message/rfc822 (or message/global) whose one child is the root of the message within; n > 0 a multipart of n parts
 * span      how many numbers this record and all records below it take
 * type, charset, encoding   words, lower case: n >= 0 is `words[n]`; n < 0 is a text of -n octets, six to a number, in the numbers that follow
 *
 * The header is [headerFrom, bodyFrom) with its empty line, the body [bodyFrom, bodyTo). On disk for as long as a message is: `words` only grows.
 */

/** Never changed, only lengthened: indices are on disk. */
const words: readonly string[] = [
  '',
  'text/plain',
  'text/html',
  'us-ascii',
  'utf-8',
  'iso-8859-1',
  'windows-1252',
  '7bit',
  '8bit',
  'quoted-printable',
  'base64',
  'binary',
  'multipart/alternative',
  'multipart/mixed',
  'multipart/related',
  'multipart/report',
  'multipart/signed',
  'message/rfc822',
  'message/delivery-status',
  'text/calendar',
  'text/rfc822-headers',
  'application/octet-stream',
  'application/pdf',
  'image/jpeg',
  'image/png',
  'image/gif',
  'application/pgp-signature',
  'application/pkcs7-signature',
  'iso-8859-2',
  'iso-8859-15',
  'windows-1250',
  'windows-1251',
  'koi8-r',
  'iso-2022-jp',
  'shift_jis',
  'euc-kr',
  'gb2312',
  'gbk',
  'gb18030',
  'big5',
]
const wordNumbers: ReadonlyMap<string, number> = new Map(words.map((word, index) => [word, index]))
const MOST_WORD = 250 // a type is at most 127 + 1 + 127 octets (RFC 6838 section 4.2)
const OCTETS_A_NUMBER = 6 // 48 bits: below 2^53

export type PartRecord = {
  readonly kind: number
  readonly headerFrom: number
  readonly bodyFrom: number
  readonly bodyTo: number
  readonly type: string
  readonly charset: string
  readonly encoding: string
}

const addWord = (out: number[], word: string): void => {
  const known = wordNumbers.get(word)
  if (known !== undefined) {
    out.push(known)
    return
  }
  const text = word.slice(0, MOST_WORD)
  out.push(-text.length)
  for (let at = 0; at < text.length; at += OCTETS_A_NUMBER) {
    let number = 0
    for (let i = at; i < Math.min(at + OCTETS_A_NUMBER, text.length); i += 1)
      number = number * 256 + (text.charCodeAt(i) & 255)
    out.push(number)
  }
}

/** Appends a record and what is below it. @param below writes the records of the children, in order. */
export const addRecord = (out: number[], part: PartRecord, below: () => void): void => {
  const start = out.length
  out.push(part.kind, 0, part.headerFrom, part.bodyFrom, part.bodyTo)
  addWord(out, part.type)
  addWord(out, part.charset)
  addWord(out, part.encoding)
  below()
  out[start + 1] = out.length - start
}

const numberOfWord = (length: number): number => (length < 0 ? 1 + Math.ceil(-length / OCTETS_A_NUMBER) : 1)

const wordAt = (parts: readonly number[], at: number): string => {
  const head = parts[at] ?? 0
  if (head >= 0) return words[head] ?? ''
  let text = ''
  for (let left = -head, i = at + 1; left > 0; i += 1, left -= OCTETS_A_NUMBER) {
    let number = parts[i] ?? 0
    let piece = ''
    for (let n = Math.min(left, OCTETS_A_NUMBER); n > 0; n -= 1) {
      piece = String.fromCharCode(number % 256) + piece
      number = Math.floor(number / 256)
    }
    text += piece
  }
  return text
}

/** A record's place in the numbers, -1 for none. */
type At = number

const afterWords = (parts: readonly number[], record: At): At => {
  let at = record + 5
  for (let word = 0; word < 3; word += 1) at += numberOfWord(parts[at] ?? 0)
  return at
}

/** @returns where the nth child (from 1) of the record begins, -1 for none. */
const childAt = (parts: readonly number[], record: At, n: number): At => {
  const kind = parts[record] ?? 0
  const count = kind === -1 ? 1 : kind
  if (n < 1 || n > count) return -1
  let at = afterWords(parts, record)
  for (let skip = 1; skip < n; skip += 1) at += Math.max(1, parts[at + 1] ?? 1)
  return at < parts.length ? at : -1
}

/** The part `n` of a message whose root is at `root`: a message that is no multipart has one part, its body (RFC 9051 section 6.4.5.1). */
const partOfMessage = (parts: readonly number[], root: At, n: number): At => {
  if ((parts[root] ?? 0) > 0) return childAt(parts, root, n)
  return n === 1 ? root : -1
}

/**
 * @param path part numbers; empty is the root, whose numbers are those of the first record.
 * @returns the place of the part's record, -1 where the message has no such part.
 */
export const findPart = (parts: readonly number[], path: readonly number[]): At => {
  if (parts.length === 0) return -1
  let at = 0
  for (const [depth, n] of path.entries()) {
    const kind = parts[at] ?? 0
    if (depth === 0) at = partOfMessage(parts, 0, n)
    else if (kind === -1) at = partOfMessage(parts, childAt(parts, at, 1), n)
    else at = kind > 0 ? childAt(parts, at, n) : -1
    if (at < 0) return -1
  }
  return at
}

/** @returns the place of the root of the message that a message/rfc822 part holds, -1 where the part is none. */
export const messageWithin = (parts: readonly number[], record: At): At =>
  parts[record] === -1 ? childAt(parts, record, 1) : -1

/** @returns what the numbers at `record` say. */
export const recordAt = (parts: readonly number[], record: At): PartRecord => {
  const typeAt = record + 5
  const charsetAt = typeAt + numberOfWord(parts[typeAt] ?? 0)
  const encodingAt = charsetAt + numberOfWord(parts[charsetAt] ?? 0)
  return {
    kind: parts[record] ?? 0,
    headerFrom: parts[record + 2] ?? 0,
    bodyFrom: parts[record + 3] ?? 0,
    bodyTo: parts[record + 4] ?? 0,
    type: wordAt(parts, typeAt),
    charset: wordAt(parts, charsetAt),
    encoding: wordAt(parts, encodingAt),
  }
}
