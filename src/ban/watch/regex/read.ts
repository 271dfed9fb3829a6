/**
 * Reads a pattern of Python's `re` (str patterns, as of Python 3.11) to a tree. Pure.
 *
 * What Python's compiler refuses is refused here: bad escapes, several quantifiers in a row, unknown or open groups, flags that are not at
 * the start, look-behind of changing width, a name given twice. `\z` is taken as Python 3.14 takes it. `\N{…}` (names of characters) is
 * refused on purpose: it needs a table of all names.
 */
import { fail, ok, type Result } from '../../../base/result.ts'
import { widthOf } from './facts.ts'
import { type Member, type Node, nothing, type PatternFault, type Tree } from './syntax.ts'

/** Characters of a pattern. */
const MOST_PATTERN = 60_000
/** Groups within groups. */
const MOST_DEPTH = 120
const MOST_REPEAT = 4_294_967_295
const MOST_GROUPS = 2_000

class Refusal extends Error {
  readonly fault: PatternFault
  constructor(at: number, why: string) {
    super(why)
    this.fault = { at, why }
  }
}

type Flags = { readonly i: boolean; readonly m: boolean; readonly s: boolean; readonly x: boolean; readonly a: boolean }
export type FlagLetters = Partial<Flags>
const noFlags: Flags = { i: false, m: false, s: false, x: false, a: false }

const controls: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92 }
const isDigit = (c: string | undefined): c is string => c !== undefined && c >= '0' && c <= '9'
const isOctal = (c: string | undefined): c is string => c !== undefined && c >= '0' && c <= '7'
const isLetter = (c: string): boolean => /^[A-Za-z]$/.test(c)
const spaces = new Set([' ', '\t', '\n', '\r', '\v', '\f'])
const codeOf = (c: string): number => c.codePointAt(0) ?? 0
const identifier = /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*$/u

class Reader {
  readonly #text: readonly string[]
  #at = 0
  #groups = 1
  readonly #names = new Map<string, number>()
  readonly #open = new Set<number>()
  readonly #bodies = new Map<number, Node>()
  readonly #awaited: { index: number; at: number }[] = []
  #behindFrom: number | undefined
  #depth = 0

  constructor(text: string) {
    this.#text = [...text]
  }

  read(given: Flags): Tree {
    const flags = this.#globalFlags(given)
    const root = this.#choice(flags)
    if (this.#at < this.#text.length) this.#refuse('unbalanced parenthesis')
    for (const { index, at } of this.#awaited)
      if (index >= this.#groups) throw new Refusal(at, `invalid group reference ${index}`)
    return { root, groups: this.#groups, names: this.#names }
  }

  #refuse(why: string, at = this.#at): never {
    throw new Refusal(at, why)
  }
  #peek(): string | undefined {
    return this.#text[this.#at]
  }
  #take(): string | undefined {
    const c = this.#text[this.#at]
    if (c !== undefined) this.#at += 1
    return c
  }
  #taking(c: string): boolean {
    if (this.#text[this.#at] !== c) return false
    this.#at += 1
    return true
  }
  #until(end: string, what: string): string {
    const from = this.#at
    const to = this.#text.indexOf(end, from)
    if (to < 0) this.#refuse(`missing ${end}, unterminated ${what}`, from)
    if (to === from) this.#refuse(`missing ${what}`, from)
    this.#at = to + 1
    return this.#text.slice(from, to).join('')
  }

  /** `(?ims)` at the very start holds for the whole pattern. */
  #globalFlags(given: Flags): Flags {
    let flags = given
    for (;;) {
      if (flags.x) this.#skipVerbose()
      const from = this.#at
      let at = from
      if (this.#text[at] !== '(' || this.#text[at + 1] !== '?') return flags
      for (at += 2; /^[aiLmsux]$/.test(this.#text[at] ?? ''); at += 1);
      if (at === from + 2 || this.#text[at] !== ')') return flags
      flags = this.#adding(flags, this.#text.slice(from + 2, at), from)
      this.#at = at + 1
    }
  }

  #adding(flags: Flags, letters: readonly string[], at: number): Flags {
    if (letters.includes('L')) this.#refuse("cannot use the flag 'L' with text", at)
    if (letters.includes('a') && letters.includes('u')) this.#refuse('flags a and u are incompatible', at)
    const on = (letter: 'i' | 'm' | 's' | 'x'): boolean => flags[letter] || letters.includes(letter)
    const ascii = letters.includes('u') ? false : flags.a || letters.includes('a')
    return { i: on('i'), m: on('m'), s: on('s'), x: on('x'), a: ascii }
  }

  #choice(flags: Flags): Node {
    this.#depth += 1
    if (this.#depth > MOST_DEPTH) this.#refuse('groups within groups too deep')
    const branches = [this.#sequence(flags)]
    while (this.#taking('|')) branches.push(this.#sequence(flags))
    this.#depth -= 1
    const [first = nothing] = branches
    return branches.length === 1 ? first : { kind: 'choice', branches }
  }

  #skipVerbose(): void {
    for (let c = this.#peek(); c !== undefined && (spaces.has(c) || c === '#'); c = this.#peek()) {
      this.#at += 1
      if (c === '#') while (this.#peek() !== undefined && this.#take() !== '\n');
    }
  }

  #sequence(flags: Flags): Node {
    const items: Node[] = []
    for (;;) {
      if (flags.x) this.#skipVerbose()
      const c = this.#peek()
      if (c === undefined || c === '|' || c === ')') break
      const from = this.#at
      this.#at += 1
      const bounds = this.#quantifier(c)
      if (bounds === undefined) {
        const item = this.#item(c, from, flags)
        if (item !== undefined) items.push(item)
        continue
      }
      const last = items.at(-1)
      if (last === undefined || last.kind === 'at') this.#refuse('nothing to repeat', from)
      if (last.kind === 'repeat') this.#refuse('multiple repeat', from)
      const manner = this.#taking('?') ? 'lazy' : this.#taking('+') ? 'possessive' : 'greedy'
      // A group stands between two quantifiers; the tree does without it afterwards.
      items[items.length - 1] = { kind: 'repeat', ...bounds, manner, body: bare(last) }
    }
    const [only] = items
    return items.length === 1 && only !== undefined ? only : { kind: 'sequence', items }
  }

  #quantifier(c: string): { readonly least: number; readonly most: number } | undefined {
    if (c === '*') return { least: 0, most: Number.POSITIVE_INFINITY }
    if (c === '+') return { least: 1, most: Number.POSITIVE_INFINITY }
    if (c === '?') return { least: 0, most: 1 }
    if (c !== '{' || this.#peek() === '}') return undefined
    const from = this.#at
    const low = this.#digits()
    const high = this.#taking(',') ? this.#digits() : low
    if (!this.#taking('}')) {
      this.#at = from
      return undefined
    }
    const least = low === '' ? 0 : Number(low)
    const most = high === '' ? Number.POSITIVE_INFINITY : Number(high)
    if (least >= MOST_REPEAT || (high !== '' && most >= MOST_REPEAT))
      this.#refuse('the repetition number is too large', from)
    if (most < least) this.#refuse('min repeat greater than max repeat', from)
    return { least, most }
  }

  #digits(): string {
    const from = this.#at
    while (isDigit(this.#peek())) this.#at += 1
    return this.#text.slice(from, this.#at).join('')
  }

  #item(c: string, from: number, flags: Flags): Node | undefined {
    if (c === '\\') return this.#escape(from, flags)
    if (c === '[') return this.#set(from, flags)
    if (c === '(') return this.#group(from, flags)
    if (c === '^') return { kind: 'at', place: flags.m ? 'line-start' : 'start', ascii: false }
    if (c === '$') return { kind: 'at', place: flags.m ? 'line-end' : 'end', ascii: false }
    if (c === '.') {
      const newline: readonly Member[] = [{ kind: 'range', low: 10, high: 10 }]
      return { kind: 'set', members: flags.s ? [] : newline, negated: true, fold: 'no' }
    }
    return single(codeOf(c), flags)
  }

  #hex(length: number, from: number): number {
    const digits = this.#text.slice(this.#at, this.#at + length).join('')
    if (!new RegExp(`^[0-9a-fA-F]{${length}}$`).test(digits)) this.#refuse('incomplete escape', from)
    this.#at += length
    const code = Number.parseInt(digits, 16)
    if (code > 0x10ffff) this.#refuse('bad escape', from)
    return code
  }

  /** Escapes that mean one character, in a set and outside; undefined: none of these. */
  #character(c: string, from: number): number | undefined {
    if (c === 'x') return this.#hex(2, from)
    if (c === 'u') return this.#hex(4, from)
    if (c === 'U') return this.#hex(8, from)
    if (c === 'N') this.#refuse('names of characters are not known here', from)
    return undefined
  }

  #octal(first: string, most: number, from: number): number {
    let digits = first
    while (digits.length < most && isOctal(this.#peek())) digits += this.#take() ?? ''
    const code = Number.parseInt(digits, 8)
    if (code > 0o377) this.#refuse(`octal escape value \\${digits} outside of range 0-0o377`, from)
    return code
  }

  #setEscape(from: number, flags: Flags): Member {
    const c = this.#take()
    if (c === undefined) this.#refuse('bad escape (end of pattern)', from)
    const control = controls[c]
    if (control !== undefined) return range(control)
    const known = classOf(c, flags)
    if (known !== undefined) return known
    const code = this.#character(c, from)
    if (code !== undefined) return range(code)
    if (isOctal(c)) return range(this.#octal(c, 3, from))
    if (isDigit(c) || isLetter(c)) this.#refuse(`bad escape \\${c}`, from)
    return range(codeOf(c))
  }

  #escape(from: number, flags: Flags): Node {
    const c = this.#take()
    if (c === undefined) this.#refuse('bad escape (end of pattern)', from)
    if (c === 'A') return { kind: 'at', place: 'start', ascii: false }
    if (c === 'Z' || c === 'z') return { kind: 'at', place: 'text-end', ascii: false }
    if (c === 'b') return { kind: 'at', place: 'word', ascii: flags.a }
    if (c === 'B') return { kind: 'at', place: 'no-word', ascii: flags.a }
    const known = classOf(c, flags)
    if (known !== undefined) return { kind: 'set', members: [known], negated: false, fold: 'no' }
    const control = controls[c]
    if (control !== undefined) return single(control, flags)
    const code = this.#character(c, from)
    if (code !== undefined) return single(code, flags)
    if (c === '0') return single(this.#octal(c, 3, from), flags)
    if (isDigit(c)) return this.#numbered(c, from, flags)
    if (isLetter(c)) this.#refuse(`bad escape \\${c}`, from)
    return single(codeOf(c), flags)
  }

  /** `\1`: a group that went before, or three octal digits. */
  #numbered(first: string, from: number, flags: Flags): Node {
    let digits = first
    if (isDigit(this.#peek())) {
      digits += this.#take() ?? ''
      if (/^[0-7]{2}$/.test(digits) && isOctal(this.#peek())) return single(this.#octal(digits, 3, from), flags)
    }
    return this.#reference(Number(digits), from, flags)
  }

  #reference(index: number, from: number, flags: Flags): Node {
    if (index >= this.#groups) this.#refuse(`invalid group reference ${index}`, from)
    if (this.#open.has(index)) this.#refuse('cannot refer to an open group', from)
    this.#notBehind(index, from)
    return { kind: 'back', index, fold: flags.i }
  }

  #notBehind(index: number, from: number): void {
    if (this.#behindFrom === undefined) return
    if (this.#open.has(index) || index >= this.#groups) this.#refuse('cannot refer to an open group', from)
    if (index >= this.#behindFrom) this.#refuse('cannot refer to group defined in the same lookbehind subpattern', from)
  }

  #set(from: number, flags: Flags): Node {
    const negated = this.#taking('^')
    const members: Member[] = []
    for (;;) {
      const c = this.#take()
      if (c === undefined) this.#refuse('unterminated character set', from)
      if (c === ']' && members.length > 0) break
      const low = c === '\\' ? this.#setEscape(this.#at - 1, flags) : range(codeOf(c))
      if (!this.#taking('-')) {
        members.push(low)
        continue
      }
      const to = this.#take()
      if (to === undefined) this.#refuse('unterminated character set', from)
      if (to === ']') {
        members.push(low, range(45))
        break
      }
      const high = to === '\\' ? this.#setEscape(this.#at - 1, flags) : range(codeOf(to))
      if (low.kind !== 'range' || high.kind !== 'range' || high.low < low.low) this.#refuse('bad character range', from)
      members.push({ kind: 'range', low: low.low, high: high.low })
    }
    return { kind: 'set', members, negated, fold: foldOf(flags) }
  }

  #close(from: number): void {
    if (!this.#taking(')')) this.#refuse('missing ), unterminated subpattern', from)
  }

  #group(from: number, flags: Flags): Node | undefined {
    if (!this.#taking('?')) return this.#capture(undefined, from, flags)
    const c = this.#take()
    if (c === undefined) this.#refuse('unexpected end of pattern', from)
    if (c === 'P') return this.#pythonGroup(from, flags)
    if (c === ':') return this.#plain(from, flags)
    if (c === '>') return { kind: 'atomic', body: this.#plain(from, flags) }
    if (c === '=' || c === '!') return { kind: 'look', ahead: true, negated: c === '!', body: this.#plain(from, flags) }
    if (c === '<') return this.#behind(from, flags)
    if (c === '(') return this.#whether(from, flags)
    if (c === '#') {
      while (this.#peek() !== ')') if (this.#take() === undefined) this.#refuse('missing ), unterminated comment', from)
      this.#at += 1
      return undefined
    }
    return this.#scoped(c, from, flags)
  }

  #plain(from: number, flags: Flags): Node {
    const body = this.#choice(flags)
    this.#close(from)
    // Kept apart as a sequence of one, so that a quantifier after it is no second one.
    return body.kind === 'repeat' || body.kind === 'at' ? { kind: 'sequence', items: [body] } : body
  }

  #capture(name: string | undefined, from: number, flags: Flags): Node {
    const index = this.#groups
    this.#groups += 1
    if (index > MOST_GROUPS) this.#refuse('too many groups', from)
    if (name !== undefined) {
      if (this.#names.has(name)) this.#refuse(`redefinition of group name '${name}'`, from)
      this.#names.set(name, index)
    }
    this.#open.add(index)
    const body = this.#choice(flags)
    this.#close(from)
    this.#open.delete(index)
    this.#bodies.set(index, body)
    return { kind: 'group', index, body }
  }

  #name(end: string): string {
    const from = this.#at
    const name = this.#until(end, 'group name')
    if (!identifier.test(name)) this.#refuse(`bad character in group name '${name}'`, from)
    return name
  }

  #pythonGroup(from: number, flags: Flags): Node {
    if (this.#taking('<')) return this.#capture(this.#name('>'), from, flags)
    if (!this.#taking('=')) this.#refuse(`unknown extension ?P${this.#peek() ?? ''}`, from)
    const name = this.#name(')')
    const index = this.#names.get(name)
    if (index === undefined) this.#refuse(`unknown group name '${name}'`, from)
    return this.#reference(index, from, flags)
  }

  #behind(from: number, flags: Flags): Node {
    const c = this.#take()
    if (c !== '=' && c !== '!') this.#refuse(`unknown extension ?<${c ?? ''}`, from)
    const outer = this.#behindFrom
    this.#behindFrom ??= this.#groups
    const body = this.#plain(from, flags)
    this.#behindFrom = outer
    const width = widthOf(body, (index) => this.#bodies.get(index))
    if (width.least !== width.most) this.#refuse('look-behind requires fixed-width pattern', from)
    return { kind: 'look', ahead: false, negated: c === '!', body }
  }

  #whether(from: number, flags: Flags): Node {
    const at = this.#at
    const name = this.#until(')', 'group name')
    let index = this.#names.get(name)
    if (index === undefined) {
      if (identifier.test(name)) this.#refuse(`unknown group name '${name}'`, at)
      if (!/^[0-9]+$/.test(name)) this.#refuse(`bad character in group name '${name}'`, at)
      index = Number(name)
      if (index === 0) this.#refuse('bad group number', at)
      this.#awaited.push({ index, at })
    }
    this.#notBehind(index, at)
    const yes = this.#branch(flags)
    const no = this.#taking('|') ? this.#branch(flags) : nothing
    if (this.#peek() === '|') this.#refuse('conditional backref with more than two branches')
    this.#close(from)
    return { kind: 'whether', index, yes, no }
  }

  #branch(flags: Flags): Node {
    this.#depth += 1
    if (this.#depth > MOST_DEPTH) this.#refuse('groups within groups too deep')
    const branch = this.#sequence(flags)
    this.#depth -= 1
    return branch
  }

  /** `(?i:…)`, `(?i-s:…)`; flags for the whole pattern are refused here, as Python does since 3.11. */
  #scoped(first: string, from: number, flags: Flags): Node {
    let letters = first
    for (let c = this.#peek(); c !== undefined && /^[aiLmsux-]$/.test(c); c = this.#peek())
      letters += this.#take() ?? ''
    if (!/^[aiLmsux]*(?:-[imsx]+)?$/.test(letters) || letters === '')
      this.#refuse(`unknown extension ?${letters}`, from)
    if (this.#peek() === ')') this.#refuse('global flags not at the start of the expression', from)
    if (!this.#taking(':')) this.#refuse('missing : after flags', from)
    const [on = '', off = ''] = letters.split('-')
    if ([...off].some((letter) => on.includes(letter))) this.#refuse('flag turned on and off', from)
    const added = this.#adding(flags, [...on], from)
    const without = (letter: 'i' | 'm' | 's' | 'x'): boolean => added[letter] && !off.includes(letter)
    const inner = { i: without('i'), m: without('m'), s: without('s'), x: without('x'), a: added.a }
    return { kind: 'sequence', items: [this.#plain(from, inner)] }
  }
}

const bare = (node: Node): Node => {
  if (node.kind !== 'sequence' || node.items.length !== 1) return node
  return node.items[0] ?? node
}

const foldOf = (flags: Flags): 'no' | 'unicode' | 'ascii' => (flags.i ? (flags.a ? 'ascii' : 'unicode') : 'no')
const range = (code: number): Member => ({ kind: 'range', low: code, high: code })
const single = (code: number, flags: Flags): Node => ({
  kind: 'set',
  members: [range(code)],
  negated: false,
  fold: foldOf(flags),
})
const classOf = (c: string, flags: Flags): Member | undefined => {
  const name = c.toLowerCase()
  if (name !== 'd' && name !== 's' && name !== 'w') return undefined
  return { kind: 'class', name, negated: c !== name, ascii: flags.a }
}

/**
 * @param text a pattern as Python's `re.compile` takes it. @param flags those that the caller of `re.compile` gives.
 * @returns its tree, or where and why Python (or this reader) refuses it.
 */
export const readPattern = (text: string, flags: FlagLetters = {}): Result<Tree, PatternFault> => {
  if (text.length > MOST_PATTERN) return fail({ at: MOST_PATTERN, why: 'the pattern is too long' })
  try {
    return ok(new Reader(text).read({ ...noFlags, ...flags }))
  } catch (error) {
    if (error instanceof Refusal) return fail(error.fault)
    throw error
  }
}
