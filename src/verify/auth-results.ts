/**
 * Authentication-Results: writing ours, reading any, and finding those that forge ours. RFC 8601 section 2.2 (grammar), section 2.7 (methods and
 * words), section 5 (a server removes fields that claim to be its own); RFC 6008 (header.b). Pure.
 *
 * What a peer said goes in only as a quoted value or a plain token: it cannot end a line, close a comment, or add a result.
 */
import { fail, ok, type Result } from '../base/result.ts'
import type { Field } from './fields.ts'
import { toAscii } from './lookup.ts'

export type Property = {
  /** `smtp.mailfrom`, `header.d`, `policy.iprev`. */
  readonly name: string
  readonly value: string
}
export type MethodResult = {
  readonly method: string
  readonly result: string
  readonly reason?: string
  readonly properties: readonly Property[]
}
export type AuthResults = { readonly authserv: string; readonly results: readonly MethodResult[] }

const LONGEST_VALUE = 320 // an address; what is longer is cut
const LONGEST_FIELD = 65_536
const MOST_RESULTS = 100
const MOST_PROPERTIES = 32
const token = /^[A-Za-z0-9!#$%&'*+\-.^_`{|}~]+$/ // RFC 2045 section 5.1

/** @returns `text` as a value: bare when it is a token or an address of such, else quoted; other than printable ASCII becomes `?`. */
const writeValue = (text: string): string => {
  const safe = text.slice(0, LONGEST_VALUE).replaceAll(/[^\x20-\x7e]/g, '?')
  if (token.test(safe) || /^(?:[A-Za-z0-9!#$%&'*+\-.^_`{|}~]*@)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/.test(safe))
    return safe
  return `"${safe.replaceAll(/["\\]/g, '\\$&')}"`
}

const writeResult = (one: MethodResult): string => {
  const parts = [
    `${one.method}=${one.result}`,
    ...(one.reason === undefined ? [] : [`reason=${writeValue(one.reason)}`]),
    ...one.properties.map((property) => `${property.name}=${writeValue(property.value)}`),
  ]
  let text = ''
  let column = 8
  for (const part of parts) {
    const folds = text !== '' && column + part.length > 76
    text += text === '' ? part : folds ? `\r\n\t\t${part}` : ` ${part}`
    column = folds ? 16 + part.length : column + 1 + part.length
  }
  return text
}

/** @returns the field's value without its name: `example.org;` and a result a line, or `; none`; ASCII, no last line end. */
export const writeAuthResultsValue = ({ authserv, results }: AuthResults): string =>
  results.length === 0
    ? `${writeValue(authserv)}; none`
    : `${writeValue(authserv)};\r\n\t${results.map(writeResult).join(';\r\n\t')}`

/** @returns the whole Authentication-Results field, folded, ending in CRLF. */
export const writeAuthResults = (results: AuthResults): string =>
  `Authentication-Results: ${writeAuthResultsValue(results)}\r\n`

type Fault = 'syntax'
/** Tokens of a value: words, quoted strings, and the signs that part them; comments and folds are left out. */
class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Skips white space, folds and comments (nested; the count of open ones is all that is kept). */
  skip(): void {
    let depth = 0
    for (; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text[this.#at] ?? ''
      if (depth > 0 && char === '\\') this.#at += 1
      else if (char === '(') depth += 1
      else if (char === ')' && depth > 0) depth -= 1
      else if (depth === 0 && !' \t\r\n'.includes(char)) return
    }
  }

  take(sign: string): boolean {
    this.skip()
    if (this.#text[this.#at] !== sign) return false
    this.#at += 1
    return true
  }

  /** RFC 8601 section 2.2: `no-result`, the word `none` and nothing after it but a semicolon. */
  takeNone(): boolean {
    this.skip()
    const before = this.#at
    if (this.word(false)?.toLowerCase() === 'none' && (this.done || (this.take(';') && this.done))) return true
    this.#at = before
    return false
  }

  get done(): boolean {
    this.skip()
    return this.#at >= this.#text.length
  }

  /** A quoted string or a run of octets without white space, `;`, `(` and, unless `value`, `=` and `/`. */
  word(value: boolean): string | undefined {
    this.skip()
    if (value && this.#text[this.#at] === '"') return this.#quoted()
    const from = this.#at
    const ends = value ? ' \t\r\n;(' : ' \t\r\n;(=/'
    while (this.#at < this.#text.length && !ends.includes(this.#text[this.#at] ?? '')) this.#at += 1
    return this.#at > from ? this.#text.slice(from, this.#at) : undefined
  }

  #quoted(): string | undefined {
    let out = ''
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text[this.#at] ?? ''
      if (char === '"') {
        this.#at += 1
        return out
      }
      if (char === '\\') this.#at += 1
      if (char !== '\r' && char !== '\n') out += this.#text[this.#at] ?? ''
    }
    return undefined
  }
}

/** RFC 8601 section 2.2: methods, results, types and properties are keywords; in lower case. */
const readKeyword = (scanner: Scanner): string | undefined => {
  const word = scanner.word(false)?.toLowerCase()
  return word !== undefined && /^[a-z0-9][a-z0-9._-]*$/.test(word) ? word : undefined
}

const readOne = (scanner: Scanner): MethodResult | undefined => {
  const method = readKeyword(scanner)
  if (method === undefined) return undefined
  if (scanner.take('/') && scanner.word(false) === undefined) return undefined
  const result = scanner.take('=') ? readKeyword(scanner) : undefined
  if (result === undefined) return undefined
  let reason: string | undefined
  const properties: Property[] = []
  while (!scanner.done && !scanner.take(';')) {
    const name = readKeyword(scanner)
    if (name === undefined || !scanner.take('=') || properties.length >= MOST_PROPERTIES) return undefined
    const value = scanner.word(true) ?? ''
    if (name === 'reason') reason = value
    else properties.push({ name, value })
  }
  return { method, result, ...(reason === undefined ? {} : { reason }), properties }
}

/** The authserv-id of a field's value, lower case; undefined where none can be read. */
const readAuthserv = (scanner: Scanner): string | undefined => {
  scanner.skip()
  return scanner.word(true)?.toLowerCase()
}

/** @param value what follows `Authentication-Results:`, folds included. @returns what it says; `syntax` where the grammar is broken. */
export const readAuthResults = (value: string): Result<AuthResults, Fault> => {
  if (value.length > LONGEST_FIELD) return fail('syntax')
  const scanner = new Scanner(value)
  const authserv = readAuthserv(scanner)
  if (authserv === undefined) return fail('syntax')
  if (!scanner.take(';')) {
    const version = scanner.word(false)
    if (version === undefined) return scanner.done ? ok({ authserv, results: [] }) : fail('syntax')
    if (!/^[0-9]+$/.test(version) || !(scanner.take(';') || scanner.done)) return fail('syntax')
  }
  const results: MethodResult[] = []
  if (scanner.takeNone()) return ok({ authserv, results })
  while (!scanner.done) {
    if (scanner.take(';')) continue
    if (results.length >= MOST_RESULTS) return fail('syntax')
    const one = readOne(scanner)
    if (one === undefined) return fail('syntax')
    results.push(one)
  }
  return ok({ authserv, results })
}

/**
 * The fields that claim to be written by us; they came from outside, so they are forged, and are cut out before delivery. A field whose
 * authserv-id cannot be read but that names us counts too (RFC 8601 section 5). @param ours authserv-ids of ours.
 * @returns octet ranges of the message, line ends included, in order.
 */
export const forgedResults = (
  fields: readonly Field[],
  ours: readonly string[],
): readonly { readonly from: number; readonly to: number }[] => {
  const names = new Set(ours.map(toAscii))
  return fields
    .filter((field) => field.name === 'authentication-results')
    .filter((field) => {
      const authserv = readAuthserv(new Scanner(field.value.slice(0, LONGEST_FIELD)))
      const name = toAscii(
        Buffer.from(authserv ?? '', 'latin1')
          .toString('utf8')
          .replace(/;.*$/s, ''),
      )
      return names.has(name) || (name === '' && [...names].some((one) => field.value.toLowerCase().includes(one)))
    })
    .map(({ from, to }) => ({ from, to }))
}
