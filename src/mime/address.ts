/**
 * Address lists: RFC 5322 section 3.4 with groups, the obsolete forms of section 4.4 (routes, spaces around dots), and the broken ones that
 * mail is full of. Pure, linear, bounded. Text in is a field's value, latin1; what comes out is what ENVELOPE needs (RFC 9051 section 7.5.2).
 *
 * Forgiving: semicolons and spaces between addresses, `user@host <user@host>`, unquoted commas within encoded words, missing `>`,
 * missing parts (which ENVELOPE names with the words that Dovecot uses, because a NIL host would say "group").
 */
import { condense, decodeWords, unfold } from './words.ts'

/** Items of one field; what is beyond does not count. */
export const MOST_ADDRESSES = 5000
/** Octets of a name, a local part, a domain. */
const MOST_TEXT = 1000
const MOST_LEVELS = 50 // of comments within comments

const MISSING_MAILBOX = 'MISSING_MAILBOX'
const MISSING_DOMAIN = 'MISSING_DOMAIN'

type Mailbox = {
  readonly kind: 'mailbox'
  /** As it stands, unquoted, encoded words and all; undefined where there is none. */
  readonly name: string | undefined
  /** The obsolete source route: `@one,@two`. */
  readonly route: string | undefined
  readonly local: string
  readonly domain: string
}
export type AddressItem = Mailbox | { readonly kind: 'group'; readonly name: string } | { readonly kind: 'group-end' }

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const OPEN = 0x28
const CLOSE = 0x29
const COMMA = 0x2c
const COLON = 0x3a
const SEMICOLON = 0x3b
const LESS = 0x3c
const EQUALS = 0x3d
const GREATER = 0x3e
const AT = 0x40
const BRACKET = 0x5b
const BACKSLASH = 0x5c

const isSpace = (code: number): boolean => code === SPACE || code === TAB || code === CR || code === LF
/** Octets that end an atom. */
const ends = new Uint8Array(256)
for (const code of [TAB, LF, CR, SPACE, QUOTE, OPEN, CLOSE, COMMA, COLON, SEMICOLON, LESS, GREATER, AT]) ends[code] = 1

const encodedWord = /=\?[^?\x00-\x20]{1,60}\?[bBqQ]\?[^?\x00-\x20]*\?=/y

/** A local part with the obsolete white space around its dots taken out (RFC 5322 section 4.4), and that at its ends. */
const withoutSpacedDots = (text: string): string => (text.includes(' ') ? text.replace(/ ?\. ?/g, '.').trim() : text)

class Reading {
  readonly #text: string
  readonly #items: AddressItem[] = []
  #at = 0
  #inGroup = false
  // The address that is being read
  #phrase = '' // words with a space where the text has white space
  #rest = '' // the words after an address without brackets
  #hasPhrase = false
  #spaced = false
  #comment: string | undefined
  #found:
    | { name: string | undefined; route: string | undefined; local: string; domain: string; bare: boolean }
    | undefined

  constructor(text: string) {
    this.#text = text
  }

  read(): readonly AddressItem[] {
    const text = this.#text
    while (this.#at < text.length && this.#items.length < MOST_ADDRESSES) this.#step(text.charCodeAt(this.#at))
    this.#flush()
    if (this.#inGroup) this.#items.push({ kind: 'group-end' })
    return this.#items
  }

  #step(code: number): void {
    if (isSpace(code)) {
      this.#at += 1
      this.#spaced = true
    } else if (code === OPEN) this.#takeComment()
    else if (code === QUOTE) this.#word(this.#takeQuoted())
    else if (code === LESS) this.#takeAngle()
    else if (code === AT) this.#takeBare()
    else if (code === COMMA || code === SEMICOLON) this.#separator(code)
    else if (code === COLON) this.#colon()
    else if (code === CLOSE || code === GREATER) this.#at += 1
    else this.#word(this.#takeAtom())
  }

  #word(word: string): void {
    if (this.#found !== undefined && !this.#found.bare) this.#flush() // a missing comma
    if (this.#hasPhrase && this.#spaced) this.#phrase += ' '
    this.#phrase += word
    if (this.#rest !== '' && this.#spaced) this.#rest += ' '
    if (this.#found !== undefined) this.#rest += word
    this.#hasPhrase = true
    this.#spaced = false
  }

  #separator(code: number): void {
    this.#at += 1
    this.#flush()
    if (code !== SEMICOLON || !this.#inGroup) return
    this.#inGroup = false
    this.#items.push({ kind: 'group-end' })
  }

  #colon(): void {
    this.#at += 1
    if (this.#inGroup || this.#found !== undefined) return
    this.#items.push({ kind: 'group', name: this.#phrase.slice(0, MOST_TEXT) })
    this.#inGroup = true
    this.#clear()
  }

  /** `local@domain` without brackets; what stood before the `@` are its words. */
  #takeBare(): void {
    const local = withoutSpacedDots(this.#found === undefined ? this.#phrase : this.#rest)
    if (this.#found !== undefined) {
      this.#phrase = ''
      this.#flush()
    }
    this.#at += 1
    const domain = this.#takeDomain()
    this.#found = { name: undefined, route: undefined, local, domain, bare: true }
    this.#phrase = `${local}@${domain}` // the name, should brackets follow
    this.#hasPhrase = true
    this.#spaced = false
  }

  #takeAngle(): void {
    if (this.#found !== undefined && !this.#found.bare) this.#flush()
    const before = this.#found // `user@host <user@host>` says nothing but the address
    const phrase = this.#hasPhrase ? this.#phrase : undefined
    this.#at += 1
    let route = ''
    let local = ''
    let domain = ''
    let seenAt = false
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (Number.isNaN(code) || code === LESS || (code === COMMA && local !== '')) break
      if (code === GREATER) {
        this.#at += 1
        break
      }
      if (isSpace(code)) {
        this.#at += 1
        if (local !== '' && !local.endsWith(' ')) local += ' '
      } else if (code === OPEN) this.#takeComment()
      else if (code === QUOTE) local += this.#takeQuoted()
      else if (code === COLON && seenAt && local === '') {
        route = `@${domain}`
        domain = ''
        seenAt = false
        this.#at += 1
      } else if (code === AT) {
        this.#at += 1
        const next = this.#takeDomain()
        if (seenAt && local !== '') local += `@${domain}`
        else if (seenAt) domain += ',@'
        domain = seenAt && local === '' ? domain + next : next
        seenAt = true
      } else if (code === COLON && !seenAt) {
        local += ':' // against the rules, but a part of what was written
        this.#at += 1
      } else if (code === COMMA || code === SEMICOLON || code === COLON || code === CLOSE) this.#at += 1
      else local += this.#takeAtom()
    }
    const name = before?.bare === true && phrase === `${local}@${domain}` ? undefined : phrase
    this.#found = {
      name,
      route: route === '' ? undefined : route,
      local: withoutSpacedDots(local),
      domain,
      bare: false,
    }
    this.#hasPhrase = false
    this.#phrase = ''
    this.#spaced = false
  }

  /** Atoms and dots, with white space and comments around the dots, or a literal in brackets. */
  #takeDomain(): string {
    const text = this.#text
    let domain = ''
    for (;;) {
      this.#skip()
      const code = text.charCodeAt(this.#at)
      if (code === BRACKET) {
        const end = text.indexOf(']', this.#at)
        const stop = end < 0 || end - this.#at > MOST_TEXT ? -1 : end + 1
        if (stop < 0) return domain + this.#takeAtom()
        domain += text.slice(this.#at, stop)
        this.#at = stop
        return domain
      }
      if (Number.isNaN(code) || ends[code] === 1 || (domain !== '' && !domain.endsWith('.') && code !== 0x2e))
        return domain
      domain += this.#takeAtom()
    }
  }

  #skip(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (isSpace(code)) {
        this.#at += 1
        this.#spaced = true
      } else if (code === OPEN) this.#takeComment()
      else return
    }
  }

  #takeAtom(): string {
    const text = this.#text
    const from = this.#at
    if (text.charCodeAt(from) === EQUALS && text.charCodeAt(from + 1) === 0x3f) {
      encodedWord.lastIndex = from
      const word = encodedWord.exec(text)?.[0]
      if (word !== undefined) {
        this.#at += word.length
        return word
      }
    }
    let at = from
    while (at < text.length && ends[text.charCodeAt(at)] !== 1) at += 1
    this.#at = Math.max(at, from + 1)
    return text.slice(from, this.#at)
  }

  #takeQuoted(): string {
    const text = this.#text
    let value = ''
    let from = this.#at + 1
    let at = from
    for (; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) break
      if (code !== BACKSLASH || at + 1 >= text.length) continue
      value += text.slice(from, at)
      from = at + 1
      at += 1
    }
    this.#at = Math.min(at + 1, text.length)
    return value + text.slice(from, at)
  }

  /** A comment after an address is its name where it has no other (RFC 822's way, and still UNIX's). */
  #takeComment(): void {
    const text = this.#text
    let value = ''
    let level = 1
    let at = this.#at + 1
    let from = at
    for (; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      if (code === BACKSLASH) {
        value += text.slice(from, at)
        from = at + 1
        at += 1
      } else if (code === OPEN) level = Math.min(level + 1, MOST_LEVELS)
      else if (code === CLOSE) {
        level -= 1
        if (level === 0) break
      }
    }
    this.#comment = value + text.slice(from, at)
    this.#at = Math.min(at + 1, text.length)
    this.#spaced = true
  }

  #flush(): void {
    const found = this.#found
    if (found !== undefined) {
      const said = found.name ?? this.#comment
      const named = said === undefined ? undefined : condense(said)
      this.#items.push({
        kind: 'mailbox',
        name: named === undefined || named === '' ? undefined : named.slice(0, MOST_TEXT),
        route: found.route?.slice(0, MOST_TEXT),
        local: found.local === '' ? MISSING_MAILBOX : found.local.slice(0, MOST_TEXT),
        domain: found.domain === '' ? MISSING_DOMAIN : found.domain.slice(0, MOST_TEXT),
      })
    } else if (this.#hasPhrase) {
      const phrase = this.#phrase.slice(0, MOST_TEXT)
      const isName = phrase.includes(' ') || phrase.includes('=?')
      this.#items.push({
        kind: 'mailbox',
        name: isName ? phrase : undefined,
        route: undefined,
        local: isName ? MISSING_MAILBOX : phrase,
        domain: MISSING_DOMAIN,
      })
    }
    this.#clear()
  }

  #clear(): void {
    this.#rest = ''
    this.#phrase = ''
    this.#hasPhrase = false
    this.#spaced = false
    this.#comment = undefined
    this.#found = undefined
  }
}

/** @param value a field's value, latin1, with or without its folds. @returns its mailboxes and groups in order; never throws. */
export const readAddresses = (value: string): readonly AddressItem[] => new Reading(unfold(value)).read()

/** @returns `local@domain` as octets. */
const bare = (mailbox: Mailbox): string =>
  mailbox.domain === MISSING_DOMAIN ? mailbox.local : `${mailbox.local}@${mailbox.domain}`

/** @returns the decoded name, or the address where there is none (RFC 5957 section 3). */
export const displayName = (item: AddressItem | undefined): string => {
  if (item === undefined || item.kind === 'group-end') return ''
  if (item.kind === 'group') return decodeWords(item.name)
  return decodeWords(item.name ?? bare(item)).trim()
}

/** @param most characters. @returns the list for people: `Name <local@domain>, …`, decoded. */
export const writeAddresses = (items: readonly AddressItem[], most: number): string => {
  let text = ''
  let between = ''
  for (const item of items) {
    if (text.length >= most) break
    if (item.kind === 'group-end') {
      between = ', '
      continue
    }
    const name =
      item.kind === 'group' ? `${decodeWords(item.name)}:` : item.name === undefined ? '' : decodeWords(item.name)
    const address = item.kind === 'group' ? '' : decodeWords(bare(item))
    text += `${between}${name === '' ? address : address === '' ? name : `${name} <${address}>`}`
    between = item.kind === 'group' ? ' ' : ', '
  }
  return text.replace(/[\x00-\x1f\x7f]+/g, ' ').slice(0, most)
}
