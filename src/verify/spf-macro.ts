/**
 * SPF macros: reading a macro-string once, writing it out for one message. RFC 7208 section 7 (macros), section 7.1 (grammar),
 * section 7.3 (truncation to 253 octets), section 6.2 (explain-string). Pure.
 */
import { LONGEST_NAME } from './lookup.ts'

type Macro = {
  readonly letter: string
  /** An upper-case letter: the value is URL-escaped. */
  readonly escape: boolean
  /** How many right-hand parts stay; 0 for all. */
  readonly keep: number
  readonly reverse: boolean
  readonly delimiters: string
}
/** Plain text, or a macro to be written out. `%%`, `%_` and `%-` are text that counts as a macro where the grammar asks for one. */
type MacroPart = { readonly text: string; readonly expanded: boolean } | Macro
export type MacroString = readonly MacroPart[]

const escapes: Readonly<Record<string, string>> = { '%': '%', _: ' ', '-': '%20' }
const macroSyntax = /\{([slodiphvcrtSLODIPHVCRT])([0-9]*)([rR]?)([.\-+,/_=]*)\}/y

const readMacro = (text: string, at: number, explains: boolean): { macro: Macro; end: number } | undefined => {
  macroSyntax.lastIndex = at
  const found = macroSyntax.exec(text)
  const [, letter = '', digits = '', reverse = '', delimiters = ''] = found ?? []
  if (found === null || (!explains && 'crt'.includes(letter.toLowerCase()))) return undefined
  if (digits !== '' && Number(digits) === 0) return undefined
  const macro = {
    letter: letter.toLowerCase(),
    escape: letter !== letter.toLowerCase(),
    keep: digits === '' ? 0 : Math.min(Number(digits), 128),
    reverse: reverse !== '',
    delimiters: delimiters === '' ? '.' : delimiters,
  }
  return { macro, end: macroSyntax.lastIndex }
}

/**
 * @param text a macro-string; with `explains` an explain-string, which may hold spaces and the letters c, r and t.
 * @returns its parts, or undefined where the grammar is broken.
 */
export const readMacroString = (text: string, explains: boolean): MacroString | undefined => {
  if (!(explains ? /^[\x20-\x7e]*$/ : /^[\x21-\x7e]*$/).test(text)) return undefined
  const parts: MacroPart[] = []
  let at = 0
  while (at < text.length) {
    const percent = text.indexOf('%', at)
    if (percent !== at) parts.push({ text: text.slice(at, percent < 0 ? text.length : percent), expanded: false })
    if (percent < 0) break
    const plain = escapes[text[percent + 1] ?? '']
    if (plain !== undefined) {
      parts.push({ text: plain, expanded: true })
      at = percent + 2
      continue
    }
    const read = readMacro(text, percent + 1, explains)
    if (read === undefined) return undefined
    parts.push(read.macro)
    at = read.end
  }
  return parts
}

/** RFC 7208 section 7.1: whether a text ends in `.` toplabel, which is not all digits and does not begin or end in a hyphen. */
const endsInTopLabel = (text: string): boolean => {
  const bare = text.endsWith('.') ? text.slice(0, -1) : text
  const dot = bare.lastIndexOf('.')
  const label = bare.slice(dot + 1)
  return dot >= 0 && /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/.test(label) && /[A-Za-z-]/.test(label)
}

/** @returns the parts of a domain-spec: it ends in a macro or in a dot and a toplabel, before anything is written out. */
export const readDomainSpec = (text: string): MacroString | undefined => {
  const parts = readMacroString(text, false)
  const last = parts?.at(-1)
  if (parts === undefined || last === undefined) return undefined
  return 'letter' in last || last.expanded || endsInTopLabel(last.text) ? parts : undefined
}

/** What the letters stand for: everything but `d` stays the same for the whole check (RFC 7208 section 7.2). */
export type MacroFacts = {
  readonly sender: string
  readonly local: string
  readonly senderDomain: string
  /** Dotted: `192.0.2.1`, or 32 nibbles in upper case. */
  readonly ip: string
  readonly readableIp: string
  readonly version: 'in-addr' | 'ip6'
  readonly helo: string
  readonly receiver: string
  readonly seconds: number
  /** The validated name of the client, or `unknown`; costs look-ups. */
  readonly validatedName: (domain: string) => Promise<string>
}

const valueFor = async (letter: string, facts: MacroFacts, domain: string): Promise<string> => {
  switch (letter) {
    case 's':
      return facts.sender
    case 'l':
      return facts.local
    case 'o':
      return facts.senderDomain
    case 'd':
      return domain
    case 'i':
      return facts.ip
    case 'p':
      return await facts.validatedName(domain)
    case 'v':
      return facts.version
    case 'h':
      return facts.helo
    case 'c':
      return facts.readableIp
    case 'r':
      return facts.receiver
    default:
      return String(facts.seconds)
  }
}

const splitAt = (text: string, delimiters: string): string[] => {
  const parts: string[] = []
  let from = 0
  for (let at = 0; at < text.length; at += 1)
    if (delimiters.includes(text[at] ?? '')) {
      parts.push(text.slice(from, at))
      from = at + 1
    }
  parts.push(text.slice(from))
  return parts
}

/** RFC 3986 section 2.3: everything that is not unreserved becomes %XX, octet by octet. */
const urlEscape = (text: string): string =>
  Array.from(Buffer.from(text, 'utf8'), (octet) => {
    const char = String.fromCharCode(octet)
    return /[A-Za-z0-9._~-]/.test(char) ? char : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`
  }).join('')

const transform = (value: string, macro: Macro): string => {
  const parts = splitAt(value, macro.delimiters)
  if (macro.reverse) parts.reverse()
  const kept = (macro.keep === 0 ? parts : parts.slice(-macro.keep)).join('.')
  return macro.escape ? urlEscape(kept) : kept
}

/** @returns the text with every macro written out for `domain`. */
export const expand = async (parts: MacroString, facts: MacroFacts, domain: string): Promise<string> => {
  let text = ''
  for (const part of parts)
    text += 'letter' in part ? transform(await valueFor(part.letter, facts, domain), part) : part.text
  return text
}

/** @returns the name to ask for: written out, without its last dot, cut from the left to 253 octets (RFC 7208 section 7.3). */
export const expandName = async (parts: MacroString, facts: MacroFacts, domain: string): Promise<string> => {
  const text = await expand(parts, facts, domain)
  const name = text.endsWith('.') ? text.slice(0, -1) : text
  if (name.length <= LONGEST_NAME) return name
  const dot = name.indexOf('.', name.length - LONGEST_NAME - 1)
  return dot < 0 ? name : name.slice(dot + 1)
}
