/**
 * Perl patterns as JavaScript's: for strings of one octet a character (0 to 255), as SpamAssassin 4 matches them. perlre(1), perlrecharclass(1) on the one
 * side, ECMA-262 (patterns without the `u` flag) on the other. What differs silently is written out: `\s` (no \xA0 in octets), `.` and
 * `$` (only \n ends a line), letters beyond ASCII (no case), `]` first in a class, possessive and atomic groups, `/x`.
 *
 * Pure. A pattern that cannot be said exactly is refused with the reason: recursion, code, conditionals, `\K`, `\G`, branch reset, Unicode properties.
 */
import { fail, ok, type Result } from '../../base/result.ts'

type Flags = { readonly i: boolean; readonly m: boolean; readonly s: boolean; readonly x: boolean }
export type PerlPattern = {
  readonly regexp: RegExp
  /** What stands between the delimiters, and the flags behind them. */
  readonly source: string
}

const MOST_PATTERN = 1_000_000
const MOST_DEPTH = 200

/** Our patterns never have the flag m: these are the ends of the whole text, and an engine knows it. */
const END = '$'
const START = '^'
const notSpace = '\\0-\\x08\\x0e-\\x1f!-\\uffff'
/** Inside a class; `\D` and `\W` mean the same in both. */
const classEscapes: Readonly<Record<string, string>> = {
  s: '\\t-\\r ',
  S: notSpace,
  h: '\\t \\xa0',
  v: '\\n-\\r\\x85',
  N: '\\0-\\t\\x0b-\\uffff',
  H: '\\0-\\x08\\n-\\x1f!-\\x9f\\xa1-\\uffff',
  V: '\\0-\\t\\x0e-\\x84\\x86-\\uffff',
}
const plainEscapes: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(classEscapes).map(([name, set]) => [name, `[${set}]`])),
  R: '(?:\\r\\n|[\\n-\\r\\x85])',
  A: START,
  z: END,
  Z: '(?=\\n?$)',
}
const controls: Readonly<Record<string, string>> = { a: '\\x07', e: '\\x1b', f: '\\f', n: '\\n', r: '\\r', t: '\\t' }
const posix: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: '0-9A-Za-z',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\t-\\r ',
  blank: '\\t ',
  punct: '!-\\/:-@\\[-`{-~',
  print: ' -~',
  graph: '!-~',
  cntrl: '\\0-\\x1f\\x7f',
  xdigit: '0-9A-Fa-f',
  word: '\\w',
  ascii: '\\0-\\x7f',
}
const posixNot: Readonly<Record<string, string>> = {
  alpha: '\\0-@\\[-`{-\\uffff',
  digit: '\\D',
  alnum: '\\0-\\/:-@\\[-`{-\\uffff',
  upper: '\\0-@\\[-\\uffff',
  lower: '\\0-`{-\\uffff',
  space: notSpace,
  blank: '\\0-\\x08\\n-\\x1f!-\\uffff',
  punct: '\\0- 0-9A-Za-z\\x7f-\\uffff',
  print: '\\0-\\x1f\\x7f-\\uffff',
  graph: '\\0- \\x7f-\\uffff',
  cntrl: ' -~\\x80-\\uffff',
  xdigit: '\\0-\\/:-@G-`g-\\uffff',
  word: '\\W',
  ascii: '\\x80-\\uffff',
}

/** A mistake in the pattern, or something that has no counterpart. */
class Unsayable extends Error {}
/** Case is folded in a part of the pattern only, or letters beyond ASCII stand in it: folding has to be spelled out. */
class Mixed extends Error {}

const hex = (code: number): string =>
  code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
/** An octet as a literal of a pattern, in a class or out of it. */
const literal = (code: number): string => {
  const char = String.fromCharCode(code)
  return /[\w "'%&,:;<=>@`~#!]/.test(char) && code < 0x80 ? char : hex(code)
}

class Translator {
  readonly #text: string
  #at = 0
  /** Groups so far: Perl's number (index + 1) to ours. */
  readonly #groups: number[] = []
  readonly #names = new Map<string, string>()
  #ours = 0
  #depth = 0
  /** Case is written out (`[aA]`), for a RegExp without the flag i. */
  readonly #spelled: boolean

  constructor(text: string, spelled: boolean) {
    this.#text = text
    this.#spelled = spelled
  }

  whole(flags: Flags): string {
    const out = this.#alternatives(flags)
    if (this.#at < this.#text.length) throw new Unsayable('a closing parenthesis without an opening one')
    return out
  }

  #peek(ahead = 0): string {
    return this.#text[this.#at + ahead] ?? ''
  }
  #takes(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }
  #until(mark: string): string {
    const end = this.#text.indexOf(mark, this.#at)
    if (end < 0) throw new Unsayable(`${mark} is missing`)
    const text = this.#text.slice(this.#at, end)
    this.#at = end + mark.length
    return text
  }

  /** Up to the end of the group. Flags that are set inside hold to its end, over its later alternatives too. */
  #alternatives(given: Flags): string {
    if (++this.#depth > MOST_DEPTH) throw new Unsayable('nested too deeply')
    let flags = given
    let out = ''
    while (this.#at < this.#text.length && this.#peek() !== ')') {
      if (this.#takes('|')) {
        out += '|'
        continue
      }
      const set = this.#flagGroup(flags)
      if (set === undefined) out += this.#quantified(flags)
      else flags = set
    }
    this.#depth -= 1
    return out
  }

  /** `(?i)`, `(?-s)`, `(?^)`: flags for the rest of the group. */
  #flagGroup(flags: Flags): Flags | undefined {
    const found = /^\(\?(\^?)([a-z]*)(?:-([a-z]*))?\)/.exec(this.#text.slice(this.#at, this.#at + 30))
    if (found === null) return undefined
    this.#at += found[0].length
    return this.#changed(flags, found[1] ?? '', found[2] ?? '', found[3] ?? '')
  }

  #changed(flags: Flags, caret: string, on: string, off: string): Flags {
    const now = { ...(caret === '' ? flags : { i: false, m: false, s: false, x: false }) }
    for (const flag of on + off) if (!'imsxnaudl'.includes(flag)) throw new Unsayable(`the flag ${flag} is not known`)
    if (on.includes('n')) throw new Unsayable('the flag n is not known here')
    for (const flag of ['i', 'm', 's', 'x'] as const) {
      if (on.includes(flag)) now[flag] = true
      if (off.includes(flag)) now[flag] = false
    }
    if (now.i !== flags.i && !this.#spelled) throw new Mixed()
    return now
  }

  #skipSpace(flags: Flags): boolean {
    if (!flags.x) return false
    const found = /^(?:\s+|#[^\n]*(?:\n|$))+/.exec(this.#text.slice(this.#at))
    if (found === null) return false
    this.#at += found[0].length
    return true
  }

  #quantified(flags: Flags): string {
    if (this.#skipSpace(flags)) return ''
    if (this.#text.startsWith('(?#', this.#at)) {
      this.#until(')')
      return ''
    }
    const before = this.#groups.length
    const ours = this.#ours
    const start = this.#at
    const atom = this.#atom(flags)
    this.#skipSpace(flags)
    const found = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(this.#text.slice(this.#at, this.#at + 24))
    if (found === null) return atom
    this.#at += found[0].length
    if (atom === START || atom === END) throw new Unsayable('an anchor cannot be repeated')
    if (this.#takes('?')) return `${atom}${found[0]}?`
    if (!this.#takes('+')) return `${atom}${found[0]}`
    // Possessive: the same atom again, inside an atomic group; its own groups move by one.
    const end = this.#at
    this.#groups.length = before
    this.#ours = ours
    const name = this.#open()
    this.#at = start
    const inner = this.#atom(flags)
    this.#at = end
    return `(?=(?<${name}>${inner}${found[0]}))\\k<${name}>`
  }

  /** A group of ours that Perl does not count. */
  #open(): string {
    this.#ours += 1
    return `a${this.#ours}`
  }

  #atom(flags: Flags): string {
    const char = this.#peek()
    this.#at += 1
    switch (char) {
      case '(':
        return this.#group(flags)
      case '[':
        return this.#class(flags)
      case '.':
        return flags.s ? '[\\s\\S]' : '[^\\n]'
      case '^':
        return flags.m ? '(?:^|(?<=\\n)(?=[\\s\\S]))' : START
      case '$':
        return flags.m ? '(?=\\n|$)' : '(?=\\n?$)'
      case '\\':
        return this.#escape(flags)
      case '*':
      case '+':
      case '?':
        throw new Unsayable(`nothing stands before ${char}`)
      default:
        return this.#octet(char.charCodeAt(0), flags)
    }
  }

  /** A letter beyond ASCII has no case in octets. */
  #octet(code: number, flags: Flags): string {
    if (!flags.i) return literal(code)
    if (!this.#spelled) {
      if (code > 0x7f) throw new Mixed()
      return literal(code)
    }
    const char = String.fromCharCode(code)
    return /[A-Za-z]/.test(char) ? `[${char.toLowerCase()}${char.toUpperCase()}]` : literal(code)
  }

  #group(flags: Flags): string {
    if (this.#peek() === '*') throw new Unsayable('verbs (*…) have no counterpart')
    if (!this.#takes('?')) return this.#capture(flags, undefined)
    for (const kind of ['=', '!', '<=', '<!', ':'] as const)
      if (this.#takes(kind)) return `(?${kind}${this.#inside(flags)})`
    if (this.#takes('>')) {
      const name = this.#open()
      return `(?=(?<${name}>${this.#inside(flags)}))\\k<${name}>`
    }
    const named = /^(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(this.#text.slice(this.#at, this.#at + 100))
    if (named !== null) {
      this.#at += named[0].length
      return this.#capture(flags, named[1] ?? named[2])
    }
    const set = /^(\^?)([a-z]*)(?:-([a-z]*))?:/.exec(this.#text.slice(this.#at, this.#at + 30))
    if (set === null) throw new Unsayable(`(?${this.#peek()}…) has no counterpart`)
    this.#at += set[0].length
    const now = this.#changed(flags, set[1] ?? '', set[2] ?? '', set[3] ?? '')
    return `(?:${this.#inside(now)})`
  }

  #capture(flags: Flags, name: string | undefined): string {
    this.#ours += 1
    this.#groups.push(this.#ours)
    if (name === undefined) return `(${this.#inside(flags)})`
    if (this.#names.has(name)) throw new Unsayable(`two groups are named ${name}`)
    const own = `n${this.#ours}_${name}`
    this.#names.set(name, own)
    return `(?<${own}>${this.#inside(flags)})`
  }

  #inside(flags: Flags): string {
    const out = this.#alternatives(flags)
    if (!this.#takes(')')) throw new Unsayable('a parenthesis is not closed')
    return out
  }

  #number(text: string, base: number): number {
    const code = Number.parseInt(text === '' ? '0' : text.trim(), base)
    if (Number.isNaN(code)) throw new Unsayable(`${text} is no number`)
    return code
  }

  /** \x, \o, octal, \c and the named controls. @returns undefined where it is something else; a code over 255 is its UTF-8 octets. */
  #code(char: string): number | undefined {
    if (char === 'x') {
      if (this.#takes('{')) return this.#number(this.#until('}'), 16)
      const digits = /^[0-9A-Fa-f]{0,2}/.exec(this.#text.slice(this.#at, this.#at + 2))?.[0] ?? ''
      this.#at += digits.length
      return this.#number(digits, 16)
    }
    if (char === 'o' && this.#takes('{')) return this.#number(this.#until('}'), 8)
    if (char === 'c') {
      const letter = this.#peek().toUpperCase()
      this.#at += 1
      return letter.charCodeAt(0) ^ 64
    }
    if (char === '0') {
      const digits = /^[0-7]{0,2}/.exec(this.#text.slice(this.#at, this.#at + 2))?.[0] ?? ''
      this.#at += digits.length
      return this.#number(digits, 8)
    }
    return undefined
  }

  #escape(flags: Flags): string {
    const char = this.#peek()
    if (char === '') throw new Unsayable('the pattern ends with a backslash')
    this.#at += 1
    const code = this.#code(char)
    if (code !== undefined) return this.#octet(code, flags)
    if (/[1-9]/.test(char)) return this.#reference(char, flags)
    if (char === 'g' || char === 'k') return this.#namedReference(char, flags)
    if (char === 'Q') return [...this.#quoted()].map((one) => this.#octet(one.charCodeAt(0), flags)).join('')
    if (char === 'E') return ''
    if (controls[char] !== undefined) return controls[char]
    if (plainEscapes[char] !== undefined) return plainEscapes[char]
    if (/[dDwWbB]/.test(char)) {
      if (char === 'b' && this.#peek() === '{') throw new Unsayable('\\b{…} has no counterpart')
      return `\\${char}`
    }
    if (/[A-Za-z]/.test(char)) throw new Unsayable(`\\${char} has no counterpart`)
    return this.#octet(char.charCodeAt(0), flags)
  }

  #quoted(): string {
    const end = this.#text.indexOf('\\E', this.#at)
    const text = this.#text.slice(this.#at, end < 0 ? undefined : end)
    this.#at = end < 0 ? this.#text.length : end + 2
    return text
  }

  #reference(first: string, flags: Flags): string {
    const more = /^\d*/.exec(this.#text.slice(this.#at, this.#at + 3))?.[0] ?? ''
    const number = Number(first + more)
    // perlre: \10 and up are references only where there are so many groups; otherwise octal.
    if (number < 10 || number <= this.#groups.length) {
      this.#at += more.length
      const ours = this.#groups[number - 1]
      if (ours === undefined) throw new Unsayable(`\\${number} refers to a group that is not there yet`)
      return this.#back(`\\${ours}`, flags)
    }
    const digits = /^[0-7]{1,3}/.exec(first + more)?.[0]
    if (digits === undefined) throw new Unsayable(`\\${number} refers to a group that is not there`)
    this.#at += digits.length - 1
    return this.#octet(this.#number(digits, 8), flags)
  }

  /** What a group took, compared without case where that holds: the one place for a modifier. */
  #back(to: string, flags: Flags): string {
    return flags.i && this.#spelled ? `(?i:${to})` : `(?:${to})`
  }

  #namedReference(char: string, flags: Flags): string {
    const found = /^(?:\{(-?\w+)\}|<(\w+)>|'(\w+)'|(-?\d+))/.exec(this.#text.slice(this.#at, this.#at + 100))
    if (found === null) throw new Unsayable(`\\${char} without a name`)
    this.#at += found[0].length
    const name = found[1] ?? found[2] ?? found[3] ?? found[4] ?? ''
    if (/^-?\d+$/.test(name)) {
      const number = Number(name)
      const ours = this.#groups[number < 0 ? this.#groups.length + number : number - 1]
      if (ours === undefined) throw new Unsayable(`\\g${name} refers to a group that is not there`)
      return this.#back(`\\${ours}`, flags)
    }
    const own = this.#names.get(name)
    if (own === undefined) throw new Unsayable(`no group is named ${name}`)
    return this.#back(`\\k<${own}>`, flags)
  }

  #class(flags: Flags): string {
    const not = this.#takes('^') ? '^' : ''
    const items: { readonly text: string; readonly code?: number }[] = []
    for (let first = true; ; first = false) {
      if (this.#at >= this.#text.length) throw new Unsayable('a class is not closed')
      if (!first && this.#takes(']')) break
      items.push(this.#classItem())
    }
    return this.#written(not, items, flags)
  }

  #classItem(): { readonly text: string; readonly code?: number } {
    const named = /^\[:(\^?)([a-z]+):\]/.exec(this.#text.slice(this.#at, this.#at + 20))
    if (named !== null) {
      const set = (named[1] === '^' ? posixNot : posix)[named[2] ?? '']
      if (set === undefined) throw new Unsayable(`[:${named[2]}:] is not known`)
      this.#at += named[0].length
      return { text: set }
    }
    const char = this.#peek()
    this.#at += 1
    if (char !== '\\') return { text: literal(char.charCodeAt(0)), code: char.charCodeAt(0) }
    const escaped = this.#peek()
    this.#at += 1
    const octal = /^[0-7]{1,3}/.exec(this.#text.slice(this.#at - 1, this.#at + 2))?.[0]
    if (octal !== undefined) {
      this.#at += octal.length - 1
      return this.#coded(this.#number(octal, 8))
    }
    const code = this.#code(escaped)
    if (code !== undefined) return this.#coded(code)
    if (escaped === 'b') return this.#coded(8)
    const control = controls[escaped]
    if (control !== undefined) return { text: control, code: '\x07\x1b\f\n\r\t'.charCodeAt('aefnrt'.indexOf(escaped)) }
    if (/[dDwW]/.test(escaped)) return { text: `\\${escaped}` }
    if (classEscapes[escaped] !== undefined) return { text: classEscapes[escaped] }
    if (/[A-Za-z]/.test(escaped) && !/[EQ]/.test(escaped))
      throw new Unsayable(`\\${escaped} in a class has no counterpart`)
    return /[EQ]/.test(escaped) ? { text: '' } : this.#coded(escaped.charCodeAt(0))
  }

  #coded(code: number): { readonly text: string; readonly code: number } {
    return { text: literal(code), code }
  }

  /** Ranges joined. */
  #written(not: string, items: readonly { readonly text: string; readonly code?: number }[], flags: Flags): string {
    const parts: string[] = []
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index]
      const [dash, last] = [items[index + 1], items[index + 2]]
      if (item?.code === undefined) parts.push(item?.text ?? '')
      else if (dash?.code === 0x2d && last?.code !== undefined) {
        if (last.code < item.code) throw new Unsayable('a range runs backwards')
        parts.push(...this.#range(item.code, last.code, flags))
        index += 2
      } else parts.push(...this.#range(item.code, item.code, flags))
    }
    return `[${not}${parts.join('')}]`
  }

  #range(first: number, last: number, flags: Flags): readonly string[] {
    const text = (from: number, to: number): string =>
      from === to ? this.#inClass(from) : `${this.#inClass(from)}-${this.#inClass(to)}`
    const out = [text(first, last)]
    if (!flags.i) return out
    if (!this.#spelled) {
      if (last > 0x7f) throw new Mixed()
      return out
    }
    const fold = (low: number, high: number, by: number): void => {
      const [from, to] = [Math.max(first, low), Math.min(last, high)]
      if (from <= to) out.push(text(from + by, to + by))
    }
    fold(0x41, 0x5a, 32)
    fold(0x61, 0x7a, -32)
    return out
  }

  #inClass(code: number): string {
    const char = String.fromCharCode(code)
    return /[A-Za-z0-9]/.test(char) ? char : hex(code)
  }
}

/** Characters beyond an octet as their UTF-8 octets: how a rule file that is written in UTF-8 is read. */
const asOctets = (text: string): string =>
  /[^\x00-\xff]/.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text

/** With the flag i where that says it all; modifiers around text (`(?i:re|fw)`) are not used: V8 14.6 lost matches with them. */
const written = (text: string, flags: Flags, global: boolean): { readonly regexp: RegExp } => {
  const g = global ? 'g' : ''
  try {
    return { regexp: new RegExp(new Translator(text, false).whole(flags), (flags.i ? 'i' : '') + g) }
  } catch (error) {
    if (!(error instanceof Mixed)) throw error
    return { regexp: new RegExp(new Translator(text, true).whole(flags), g) }
  }
}

/**
 * @param pattern what stands between the delimiters, an octet a character. @param flags `imsx`, in any order; others that change nothing here are passed over.
 * @param global whether `lastIndex` counts, for counting matches.
 * @returns the pattern, or why it cannot be said in JavaScript.
 */
export const translatePerl = (pattern: string, flags: string, global = false): Result<PerlPattern, string> => {
  if (pattern.length > MOST_PATTERN) return fail('the pattern is longer than a million characters')
  const set = { i: flags.includes('i'), m: flags.includes('m'), s: flags.includes('s'), x: flags.includes('x') }
  try {
    return ok({ ...written(asOctets(pattern), set, global), source: `/${pattern}/${flags}` })
  } catch (error) {
    if (error instanceof Unsayable || error instanceof SyntaxError) return fail(error.message)
    throw error
  }
}

/** A rule's `/…/flags` or `m{…}flags`. @returns the two, or undefined where it is no such thing. */
export const splitPerl = (text: string): { readonly pattern: string; readonly flags: string } | undefined => {
  const braces: Readonly<Record<string, string>> = { '{': '}', '(': ')', '[': ']', '<': '>' }
  const found = /^(?:m\s*([^\w\s])|(\/))/.exec(text)
  const open = found?.[1] ?? found?.[2]
  if (found === null || open === undefined) return undefined
  const close = braces[open] ?? open
  const end = text.lastIndexOf(close)
  if (end < found[0].length) return undefined
  const flags = /^[a-z]*/.exec(text.slice(end + 1))?.[0] ?? ''
  if (text.slice(end + 1 + flags.length).trim() !== '') return undefined
  // An escaped delimiter is the character itself; the others keep their backslash.
  const pattern = text.slice(found[0].length, end)
  const inner = /[\w\s\\^$.|?*+()[\]{}]/.test(open)
    ? pattern
    : pattern.replaceAll(new RegExp(`\\\\\\${open}`, 'g'), open)
  return { pattern: inner, flags }
}
