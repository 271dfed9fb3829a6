/**
 * The expressions of meta rules: `A && !(B || C) + D > 2`. Rule names are numbers of hits; 0 is false. Read to a tree by precedence climbing (Perl's
 * operators and order), run without eval. Mail::SpamAssassin::Conf(3), "meta". Pure; bounded by MOST_TOKENS and DEPTH.
 */
import { fail, ok, type Result } from '../../base/result.ts'

export type MetaTerm =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'rule'; readonly name: string }
  | { readonly kind: 'not' | 'minus'; readonly of: MetaTerm }
  | { readonly kind: 'two'; readonly op: string; readonly left: MetaTerm; readonly right: MetaTerm }
  | { readonly kind: 'choice'; readonly test: MetaTerm; readonly yes: MetaTerm; readonly no: MetaTerm }

const MOST_TOKENS = 4000
const DEPTH = 200
const lexer = /\s*(?:(\d+(?:\.\d+)?|\.\d+)|([A-Za-z_]\w*)|(\|\||&&|[=!<>]=|[()!<>+\-*/?:^]))/y

/** Weakest first; all of a row bind alike and to the left. */
const levels: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<', '>', '<=', '>='],
  ['+', '-'],
  ['*', '/'],
]

class Misread extends Error {}

class Reader {
  readonly #tokens: readonly string[]
  #at = 0
  #depth = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  whole(): MetaTerm {
    const term = this.#choice()
    if (this.#at < this.#tokens.length) throw new Misread(`"${this.#tokens[this.#at]}" stands where it cannot`)
    return term
  }

  #takes(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false
    this.#at += 1
    return true
  }

  #choice(): MetaTerm {
    if (++this.#depth > DEPTH) throw new Misread('nested too deeply')
    const test = this.#level(0)
    let term = test
    if (this.#takes('?')) {
      const yes = this.#choice()
      if (!this.#takes(':')) throw new Misread('a ? without its :')
      term = { kind: 'choice', test, yes, no: this.#choice() }
    }
    this.#depth -= 1
    return term
  }

  #level(level: number): MetaTerm {
    const ops = levels[level]
    if (ops === undefined) return this.#unary()
    let left = this.#level(level + 1)
    for (;;) {
      const op = this.#tokens[this.#at]
      if (op === undefined || !ops.includes(op)) return left
      this.#at += 1
      left = { kind: 'two', op, left, right: this.#level(level + 1) }
    }
  }

  #unary(): MetaTerm {
    if (++this.#depth > DEPTH) throw new Misread('nested too deeply')
    const term = this.#signed()
    this.#depth -= 1
    return term
  }

  #signed(): MetaTerm {
    if (this.#takes('!')) return { kind: 'not', of: this.#unary() }
    if (this.#takes('-')) return { kind: 'minus', of: this.#unary() }
    if (this.#takes('+')) return this.#unary()
    if (this.#takes('(')) {
      // `()` is nothing, and counts as 0.
      if (this.#takes(')')) return { kind: 'number', value: 0 }
      const inner = this.#choice()
      if (!this.#takes(')')) throw new Misread('a parenthesis is not closed')
      return inner
    }
    const token = this.#tokens[this.#at]
    if (token === undefined) throw new Misread('the expression ends too early')
    this.#at += 1
    if (/^[\d.]/.test(token)) return { kind: 'number', value: Number(token) }
    if (/^[A-Za-z_]/.test(token)) return { kind: 'rule', name: token }
    throw new Misread(`"${token}" stands where it cannot`)
  }
}

/** @returns the expression's tree, or why it is none. */
export const readMeta = (text: string): Result<MetaTerm, string> => {
  const tokens: string[] = []
  lexer.lastIndex = 0
  const whole = text.trim()
  while (lexer.lastIndex < whole.length) {
    const at = lexer.lastIndex
    const found = lexer.exec(whole)
    if (found === null) return fail(`"${whole.slice(at, at + 20).trim()}" is no part of an expression`)
    tokens.push(found[1] ?? found[2] ?? found[3] ?? '')
    if (tokens.length > MOST_TOKENS) return fail('the expression is too long')
  }
  try {
    return ok(new Reader(tokens).whole())
  } catch (error) {
    if (error instanceof Misread) return fail(error.message)
    throw error
  }
}

/** The rules that an expression names. */
export const rulesIn = (term: MetaTerm): readonly string[] => {
  switch (term.kind) {
    case 'number':
      return []
    case 'rule':
      return [term.name]
    case 'not':
    case 'minus':
      return rulesIn(term.of)
    case 'two':
      return [...rulesIn(term.left), ...rulesIn(term.right)]
    case 'choice':
      return [...rulesIn(term.test), ...rulesIn(term.yes), ...rulesIn(term.no)]
  }
}

const truth = (value: boolean): number => (value ? 1 : 0)

const combine = (op: string, left: number, right: () => number): number => {
  switch (op) {
    case '||':
      return left === 0 ? right() : left
    case '&&':
      return left === 0 ? left : right()
    case '==':
      return truth(left === right())
    case '!=':
      return truth(left !== right())
    case '<':
      return truth(left < right())
    case '>':
      return truth(left > right())
    case '<=':
      return truth(left <= right())
    case '>=':
      return truth(left >= right())
    case '+':
      return left + right()
    case '-':
      return left - right()
    case '*':
      return left * right()
    default: {
      const by = right()
      return by === 0 ? 0 : left / by
    }
  }
}

/** @param hits how often a rule hit; 0 for one that did not. */
export const runMeta = (term: MetaTerm, hits: (rule: string) => number): number => {
  switch (term.kind) {
    case 'number':
      return term.value
    case 'rule':
      return hits(term.name)
    case 'not':
      return truth(runMeta(term.of, hits) === 0)
    case 'minus':
      return -runMeta(term.of, hits)
    case 'two':
      return combine(term.op, runMeta(term.left, hits), () => runMeta(term.right, hits))
    case 'choice':
      return runMeta(runMeta(term.test, hits) === 0 ? term.no : term.yes, hits)
  }
}
