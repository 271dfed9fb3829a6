/**
 * What must stand in a text for a pattern to match at all: one of a few strings. So most patterns need not run. Reads the patterns that perl-regex.ts writes.
 * Pure; what it does not understand needs nothing, and the pattern runs always.
 */

/** Strings shorter than this stand everywhere. */
const LEAST = 3
const MOST_STRINGS = 48
const MOST_LENGTH = 24
const MOST_CLASS = 6

/** What a piece can be: all its exact strings where they are few; and what must be in it. */
type Piece = { readonly exact: readonly string[] | undefined; readonly need: readonly string[] | undefined }

const empty: Piece = { exact: [''], need: undefined }
const anything: Piece = { exact: undefined, need: undefined }

/** How well strings tell: the shortest counts, then how few they are. */
const worth = (strings: readonly string[] | undefined): number => {
  if (strings === undefined || strings.length === 0) return 0
  const shortest = Math.min(...strings.map((one) => one.length))
  return shortest < LEAST ? 0 : shortest * 100 - strings.length
}
const better = (a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined =>
  worth(a) >= worth(b) ? a : b

const small = (strings: readonly string[]): readonly string[] | undefined => {
  const all = [...new Set(strings)]
  return all.length <= MOST_STRINGS && all.every((one) => one.length <= MOST_LENGTH) ? all : undefined
}

/** One piece after another. Where the exact strings become too many, what was gathered is kept as a need. */
const sequence = (pieces: readonly Piece[]): Piece => {
  let run: readonly string[] | undefined = ['']
  let whole = true
  let need: readonly string[] | undefined
  for (const piece of pieces) {
    need = better(need, piece.need)
    const { exact } = piece
    const joined: readonly string[] | undefined =
      exact === undefined ? undefined : small((run ?? ['']).flatMap((head) => exact.map((tail) => head + tail)))
    if (joined !== undefined && run !== undefined) {
      run = joined
      continue
    }
    whole = false
    need = better(need, run)
    run = exact === undefined ? [''] : small(exact)
  }
  return { exact: whole ? run : undefined, need: better(need, run) }
}

const choice = (pieces: readonly Piece[]): Piece => {
  const exact = pieces.every((one) => one.exact !== undefined)
    ? small(pieces.flatMap((one) => one.exact ?? []))
    : undefined
  const needs = pieces.map((one) => better(one.need, one.exact))
  const all = needs.every((one) => worth(one) > 0) ? [...new Set(needs.flatMap((one) => one ?? []))] : undefined
  return { exact, need: all !== undefined && all.length <= MOST_STRINGS * 4 ? all : undefined }
}

class Misread extends Error {}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): Piece {
    const piece = this.#choice()
    if (this.#at < this.#text.length) throw new Misread()
    return piece
  }

  #takes(form: RegExp): RegExpExecArray | undefined {
    form.lastIndex = this.#at
    const found = form.exec(this.#text)
    if (found === null) return undefined
    this.#at += found[0].length
    return found
  }

  #choice(): Piece {
    const pieces = [this.#sequence()]
    while (this.#text[this.#at] === '|') {
      this.#at += 1
      pieces.push(this.#sequence())
    }
    return pieces.length === 1 ? (pieces[0] ?? empty) : choice(pieces)
  }

  #sequence(): Piece {
    const pieces: Piece[] = []
    while (this.#at < this.#text.length && this.#text[this.#at] !== '|' && this.#text[this.#at] !== ')')
      pieces.push(this.#repeated(this.#atom()))
    return sequence(pieces)
  }

  #repeated(piece: Piece): Piece {
    const found = this.#takes(/(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/y)
    if (found === undefined) return piece
    const sign = found[1]
    if (sign === '?')
      return { exact: piece.exact === undefined ? undefined : small(['', ...piece.exact]), need: undefined }
    const least = sign === '*' ? 0 : sign === '+' ? 1 : Number(found[2])
    if (least === 0) return anything
    const need = better(piece.need, piece.exact)
    if (sign === undefined && found[3] === undefined && piece.exact?.length === 1 && least <= MOST_LENGTH) {
      const exact = small([(piece.exact[0] ?? '').repeat(least)])
      return { exact, need: better(exact, need) }
    }
    return { exact: undefined, need }
  }

  #atom(): Piece {
    const char = this.#text[this.#at] ?? ''
    if (char === '(') return this.#group()
    if (char === '[') return this.#class()
    this.#at += 1
    if (char === '^' || char === '$') return empty
    if (char === '.') return anything
    if (char !== '\\') return { exact: [char.toLowerCase()], need: undefined }
    this.#at -= 1
    const code = this.#code()
    if (code !== undefined) return { exact: [String.fromCharCode(code).toLowerCase()], need: undefined }
    if (this.#takes(/\\[bB]/y) !== undefined) return empty
    if (this.#takes(/\\(?:k<\w+>|\d+|[dDwWsS])/y) !== undefined) return anything
    throw new Misread()
  }

  /** `\x41`, `\u0041`, `\n` and their like. */
  #code(): number | undefined {
    const found = this.#takes(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|([0fnrtv])|([^\w]))/iy)
    if (found === undefined) return undefined
    const hex = found[1] ?? found[2]
    if (hex !== undefined) return Number.parseInt(hex, 16)
    if (found[3] !== undefined) return '\0\f\n\r\t\v'.charCodeAt('0fnrtv'.indexOf(found[3]))
    return found[4]?.charCodeAt(0)
  }

  #group(): Piece {
    const kind = this.#takes(/\((?:\?(?:[:=!]|<[=!]|<\w+>|i:))?/y)?.[0] ?? '('
    const inner = this.#choice()
    if (this.#takes(/\)/y) === undefined) throw new Misread()
    if (kind === '(?!' || kind === '(?<!') return empty
    if (kind === '(?=' || kind === '(?<=') return { exact: [''], need: better(inner.need, inner.exact) }
    return inner
  }

  #class(): Piece {
    const found = this.#takes(/\[(\^?)((?:[^\]\\]|\\.)*)\]/sy)
    if (found === undefined) throw new Misread()
    const codes = found[1] === '^' ? undefined : classCodes(found[2] ?? '')
    if (codes === undefined) return anything
    const chars = [...new Set(codes.map((code) => String.fromCharCode(code).toLowerCase()))]
    return chars.length <= MOST_CLASS ? { exact: chars, need: undefined } : anything
  }
}

const item = /\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|\\([dDwWsS])|\\(.)|([^\\])/gisy
/** The members of a class; undefined where they are many. */
const classCodes = (text: string): readonly number[] | undefined => {
  const codes: number[] = []
  const items = [...text.matchAll(item)].map((found) => {
    const hex = found[1] ?? found[2]
    if (found[3] !== undefined) return undefined
    if (hex !== undefined) return Number.parseInt(hex, 16)
    const named = '0fnrtv'.indexOf(found[4] ?? ' ')
    return named >= 0 ? '\0\f\n\r\t\v'.charCodeAt(named) : (found[4] ?? found[5] ?? '').charCodeAt(0)
  })
  const dashes = [...text.matchAll(item)].map((found) => found[5] === '-')
  for (let index = 0; index < items.length; index += 1) {
    const first = items[index]
    if (first === undefined) return undefined
    const last = dashes[index + 1] === true ? items[index + 2] : first
    if (last === undefined || last - first > MOST_CLASS) return undefined
    for (let code = first; code <= last; code += 1) codes.push(code)
    if (dashes[index + 1] === true) index += 2
    if (codes.length > MOST_CLASS * 3) return undefined
  }
  return codes
}

/**
 * @param source of a RegExp that `translatePerl` made.
 * @returns lower-case strings of which at least one stands in every text that matches; undefined where none is sure.
 */
export const neededStrings = (source: string): readonly string[] | undefined => {
  try {
    const piece = new Reader(source).whole()
    const need = better(piece.need, piece.exact)
    return worth(need) > 0 ? need : undefined
  } catch (error) {
    if (error instanceof Misread) return undefined
    throw error
  }
}
