/**
 * A value with parameters: Content-Type and Content-Disposition. RFC 2045 section 5.1, RFC 2183 section 2, RFC 2231 (continuations,
 * charsets, languages). Pure, linear, bounded. Strings in are latin1, an octet a character.
 *
 * Forgiving where mail is: missing semicolons, comments, unterminated quotes, values with characters that ought to be quoted.
 */
import { decodeOctets } from './charset.ts'
import { decodeWords } from './words.ts'

/** Name in its case and value, a latin1 text. A name that ends in `*` has a value as RFC 2231 section 4 writes it: `utf-8'en'%C3%A9`. */
export type Parameter = readonly [name: string, value: string]
export type Parameterized = { readonly value: string; readonly parameters: readonly Parameter[] }

const MOST_TEXT = 65_536
const MOST_PARAMETERS = 100
const MOST_NAME = 100
const MOST_VALUE = 4096
const MOST_LEVELS = 50 // of comments within comments

const tokenPattern = /[^\x00-\x20()<>@,;:\\"/[\]?=\x7f]+/y
const namePattern = /[^\x00-\x20();"=\x7f]+/y
const barePattern = /[^\x00-\x20;"\x7f][^\x00-\x20;\x7f]*/y
const spacePattern = /[\x00-\x20]*/y

const matchAt = (pattern: RegExp, text: string, at: number): string => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ''
}

/** @returns the place after a comment that opens at `at`; the end where it never closes. */
const afterComment = (text: string, at: number): number => {
  let level = 0
  for (let i = at; i < text.length; i += 1) {
    const char = text[i]
    if (char === '\\') i += 1
    else if (char === '(') level = Math.min(level + 1, MOST_LEVELS)
    else if (char === ')') {
      level -= 1
      if (level === 0) return i + 1
    }
  }
  return text.length
}

/** @returns the place after white space and comments. */
const afterSpace = (text: string, from: number): number => {
  let at = from
  for (;;) {
    at += matchAt(spacePattern, text, at).length
    if (text[at] !== '(') return at
    at = afterComment(text, at)
  }
}

/** @param at where the quote opens. @returns what is quoted and the place after it. */
const readQuoted = (text: string, at: number): readonly [value: string, next: number] => {
  let value = ''
  let from = at + 1
  for (let i = from; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code === 0x22) return [value + text.slice(from, i), i + 1]
    if (code === 0x5c && i + 1 < text.length) {
      value += text.slice(from, i)
      from = i + 1
      i += 1
    }
  }
  return [value + text.slice(from), text.length]
}

/** @returns the text of an unfolded value with each comment as a space. */
export const withoutComments = (field: string): string => {
  const text = field.slice(0, MOST_TEXT)
  let out = ''
  let from = 0
  for (let open = text.indexOf('('); open >= 0; open = text.indexOf('(', from)) {
    out += `${text.slice(from, open)} `
    from = afterComment(text, open)
  }
  return out + text.slice(from)
}

const readValue = (text: string, from: number): readonly [value: string, next: number] => {
  const at = afterSpace(text, from)
  if (text[at] === '"') return readQuoted(text, at)
  const bare = matchAt(barePattern, text, at)
  return [bare, at + bare.length]
}

const readParameters = (text: string, from: number): readonly Parameter[] => {
  const found: Parameter[] = []
  let at = from
  while (at < text.length && found.length < MOST_PARAMETERS) {
    at = afterSpace(text, at)
    if (text[at] === ';') {
      at += 1
      continue
    }
    const name = matchAt(namePattern, text, at)
    const after = afterSpace(text, at + name.length)
    if (name !== '' && text[after] === '=') {
      const [value, next] = readValue(text, after + 1)
      if (name.length <= MOST_NAME) found.push([name, value.slice(0, MOST_VALUE)])
      at = next
    } else {
      const next = text.indexOf(';', at)
      at = next < 0 ? text.length : next
    }
  }
  return found
}

const sectionPattern = /^([^*]+)\*(\d{1,3})(\*?)$/

/** One value's pieces, by their number; a second of the same number does not count. */
type Pieces = {
  readonly name: string
  readonly byNumber: Map<number, { readonly value: string; readonly extended: boolean }>
}

const escaped = (value: string): string =>
  value.replace(
    /[^A-Za-z0-9!#$&+.^_`{|}~-]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )

const joined = ({ name, byNumber }: Pieces): Parameter => {
  const extended = [...byNumber.values()].some((piece) => piece.extended)
  let value = ''
  for (let n = 0; byNumber.has(n); n += 1) {
    const piece = byNumber.get(n)
    if (piece === undefined) break
    const plain = extended && !piece.extended
    value += plain ? `${n === 0 ? "''" : ''}${escaped(piece.value)}` : piece.value
  }
  return [extended ? `${name}*` : name, value.slice(0, MOST_VALUE)]
}

/** Puts continuations together (RFC 2231 section 3), as an IMAP server must before it says them (section 6); other parameters stay as they are. */
const mergeContinuations = (parameters: readonly Parameter[]): readonly Parameter[] => {
  if (!parameters.some(([name]) => name.includes('*'))) return parameters
  const whole: Parameter[] = []
  const pieces = new Map<string, Pieces>()
  for (const parameter of parameters) {
    const [, name, number, star] = sectionPattern.exec(parameter[0]) ?? []
    if (name === undefined) {
      whole.push(parameter)
      continue
    }
    const key = name.toLowerCase()
    const known = pieces.get(key) ?? { name, byNumber: new Map() }
    if (!known.byNumber.has(Number(number)))
      known.byNumber.set(Number(number), { value: parameter[1], extended: star === '*' })
    pieces.set(key, known)
  }
  return [...whole, ...[...pieces.values()].filter((piece) => piece.byNumber.has(0)).map(joined)]
}

/** @param field an unfolded value. @returns its first word (in its case; `type/subtype` with its slash, empty where there is none) and its parameters. */
export const readParameterized = (field: string): Parameterized => {
  const text = field.slice(0, MOST_TEXT)
  const start = afterSpace(text, 0)
  const first = matchAt(tokenPattern, text, start)
  let value = first
  let at = afterSpace(text, start + first.length)
  if (first !== '' && text[at] === '/') {
    at = afterSpace(text, at + 1)
    const second = matchAt(tokenPattern, text, at)
    value = `${value}/${second}`
    at += second.length
  }
  return { value, parameters: mergeContinuations(readParameters(text, at)) }
}

/** @param name lower case. @returns the value as it stands (latin1), undefined where the parameter is absent. For values that are words: charset, boundary. */
export const rawParameter = (parameters: readonly Parameter[], name: string): string | undefined =>
  parameters.find((parameter) => parameter[0] === name || parameter[0].toLowerCase() === name)?.[1]

const percentDecoded = (value: string): string =>
  value.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/** @returns the value for people: RFC 2231 decoded, or RFC 2047 words where a sender put them against the rules; undefined where absent. */
export const textParameter = (parameters: readonly Parameter[], name: string): string | undefined => {
  const extended = rawParameter(parameters, `${name}*`)
  if (extended !== undefined) {
    const [charset, , ...rest] = extended.split("'")
    if (rest.length === 0) return decodeOctets(percentDecoded(extended), 'utf-8')
    return decodeOctets(percentDecoded(rest.join("'")), charset ?? '')
  }
  const plain = rawParameter(parameters, name)
  return plain === undefined ? undefined : decodeWords(plain)
}
