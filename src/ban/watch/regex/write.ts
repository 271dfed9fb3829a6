/**
 * Prints a tree of Python's `re` as a RegExp that finds the same match with the same groups (ECMAScript 2025, "Regular Expression Objects").
 * Pure.
 *
 * The two differ in more than spelling, and what cannot be said exactly is refused (run.ts takes it then):
 *  - Python's `.` stops at line feeds only, `$` also stands before a last one, `\d \s \w \b` and `(?i)` know all of Unicode: spelled out.
 *  - A back reference to a group that is not set fails in Python and is empty in RegExp; `(?(name)…)` has no RegExp form. Both ask a mark:
 *    a group that holds the whole text once its group is set. The whole text cannot stand both before and after a place, unless it is
 *    empty: patterns are for texts of at least one character.
 *  - Atomic groups and possessive quantifiers: a look-ahead keeps what it found, and is then repeated.
 *  - RegExp forgets groups at each round of a loop and refuses rounds that take nothing: where that could be seen, refused or rewritten.
 */
import { fail, ok, type Result } from '../../../base/result.ts'
import {
  beginsWith,
  canBeEmpty,
  either,
  groupsIn,
  isApart,
  isEmptyLast,
  type Onward,
  surelySet,
  theEnd,
  walk,
} from './facts.ts'
import { isCaseless, unicodeWord, writeAsciiSet, writeUnicodeSet } from './letters.ts'
import type { Node, PatternFault, Tree } from './syntax.ts'

class Refusal extends Error {}

export type Written = {
  /** For texts of ASCII alone, without flags. */
  readonly ascii: string
  /** For any text, with the `v` flag. */
  readonly unicode: () => string
  /** Where RegExp has the groups of Python that anybody asks for. */
  readonly places: ReadonlyMap<number, number>
}

/** Groups whose being set is asked for where it is not plain. */
const askedFor = (root: Node): ReadonlySet<number> => {
  const asked = new Set<number>()
  walk(root, (node) => {
    if (node.kind === 'whether' || node.kind === 'back') asked.add(node.index)
  })
  return asked
}

type Alphabet = 'ascii' | 'unicode'
/** Where the printing is: which groups are set, what can follow, whether inside a look-behind, and the groups of the loops around. */
type Spot = {
  readonly known: ReadonlySet<number>
  readonly after: Onward
  readonly behind: boolean
  readonly rounds: ReadonlySet<number>
}

class Writer {
  readonly #alphabet: Alphabet
  readonly #observed: ReadonlySet<number>
  readonly #bodies = new Map<number, Node>()
  readonly #marked: ReadonlySet<number>
  readonly #marks = new Map<number, number>()
  readonly places = new Map<number, number>()
  #last = 0

  constructor(tree: Tree, observed: ReadonlySet<number>, marked: ReadonlySet<number>, alphabet: Alphabet) {
    this.#observed = observed
    this.#marked = marked
    this.#alphabet = alphabet
    walk(tree.root, (node) => {
      if (node.kind === 'group') this.#bodies.set(node.index, node.body)
    })
  }

  /** Marks that were asked for though the group was not known to be set. */
  readonly needed = new Set<number>()

  write(node: Node, spot: Spot): string {
    switch (node.kind) {
      case 'set':
        return this.#alphabet === 'ascii' ? writeAsciiSet(node) : writeUnicodeSet(node)
      case 'sequence':
        return this.#sequence(node.items, spot)
      case 'choice':
        return `(?:${node.branches.map((branch) => this.write(branch, spot)).join('|')})`
      case 'repeat':
        return this.#repeat(node, spot)
      case 'group':
        return this.#group(node, spot)
      case 'atomic':
        return this.#atomic(() => this.write(node.body, { ...spot, after: theEnd }), spot)
      case 'look':
        return this.#look(node, spot)
      case 'at':
        return this.#at(node)
      case 'back':
        return this.#back(node, spot)
      case 'whether':
        return this.#whether(node, spot)
    }
  }

  #sequence(items: readonly Node[], spot: Spot): string {
    const afters: Onward[] = []
    let after = spot.after
    for (const item of items.toReversed()) {
      afters.unshift(after)
      after = beginsWith(item, after)
    }
    let known = spot.known
    return items
      .map((item, n) => {
        const text = this.write(item, { ...spot, known, after: afters[n] ?? spot.after })
        const set = surelySet(item)
        if (set.size > 0) known = new Set([...known, ...set])
        return text
      })
      .join('')
  }

  #group(node: Extract<Node, { kind: 'group' }>, spot: Spot): string {
    if (!this.#observed.has(node.index) && !this.#marked.has(node.index)) return `(?:${this.write(node.body, spot)})`
    this.#last += 1
    this.places.set(node.index, this.#last)
    const group = `(${this.write(node.body, spot)})`
    if (!this.#marked.has(node.index)) return group
    if (spot.behind) throw new Refusal('a group that is asked for inside a look-behind')
    this.#last += 1
    this.#marks.set(node.index, this.#last)
    return `(?:${group}(?<=^(?=([^]*))[^]*))`
  }

  #atomic(body: () => string, spot: Spot): string {
    if (spot.behind) throw new Refusal('an atomic group inside a look-behind')
    this.#last += 1
    const place = this.#last
    return `(?:(?=(${body()}))\\${place})`
  }

  #look(node: Extract<Node, { kind: 'look' }>, spot: Spot): string {
    const body = this.write(node.body, { ...spot, after: theEnd, behind: spot.behind || !node.ahead })
    return `(?${node.ahead ? '' : '<'}${node.negated ? '!' : '='}${body})`
  }

  #at({ place, ascii }: Extract<Node, { kind: 'at' }>): string {
    if (place === 'start') return '^'
    if (place === 'text-end') return '$'
    if (place === 'end') return '(?=\\n?$)'
    if (place === 'line-start') return '(?<![^\\n])'
    if (place === 'line-end') return '(?![^\\n])'
    if (this.#alphabet === 'ascii' || ascii) return place === 'word' ? '\\b' : '\\B'
    const word = `[${unicodeWord}]`
    return place === 'word'
      ? `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`
      : `(?:(?<=${word})(?=${word})|(?<!${word})(?!${word}))`
  }

  #ask(index: number, spot: Spot): number {
    if (spot.behind) throw new Refusal('a question for a group inside a look-behind')
    if (spot.rounds.has(index)) throw new Refusal('a question in a loop for a group of another round')
    this.needed.add(index)
    return this.#marks.get(index) ?? 0
  }

  #back({ index, fold }: Extract<Node, { kind: 'back' }>, spot: Spot): string {
    if (spot.behind) throw new Refusal('a back reference inside a look-behind')
    const body = this.#bodies.get(index)
    if (fold && (body === undefined || !isCaselessNode(body)))
      throw new Refusal('a back reference without regard to case, to a group that may hold letters')
    const text = `(?:\\${this.places.get(index) ?? 0})`
    if (spot.known.has(index)) return text
    const mark = this.#ask(index, spot)
    return `(?:(?!\\${mark})|(?<!\\${mark}))${text}`
  }

  #whether({ index, yes, no }: Extract<Node, { kind: 'whether' }>, spot: Spot): string {
    if (spot.known.has(index)) return `(?:${this.write(yes, spot)})`
    if (!this.#bodies.has(index)) return `(?:${this.write(no, spot)})`
    const mark = this.#ask(index, spot)
    if (mark === 0 && this.#marked.has(index)) return `(?:${this.write(no, spot)})` // the group comes later: it is never set here
    const set = `(?:(?!\\${mark})|(?<!\\${mark}))${this.write(yes, { ...spot, known: new Set([...spot.known, index]) })}`
    const unset = `(?=\\${mark})(?<=\\${mark})${this.write(no, spot)}`
    return `(?:${set}|${unset})`
  }

  #repeat(node: Extract<Node, { kind: 'repeat' }>, spot: Spot): string {
    if (node.manner === 'possessive') {
      // Each round keeps what it took, and so does the loop.
      const body: Node = { kind: 'atomic', body: node.body }
      return this.#atomic(() => this.#repeat({ ...node, manner: 'greedy', body }, { ...spot, after: theEnd }), spot)
    }
    const { least, most, body } = node
    const lazy = node.manner === 'lazy'
    const empty = canBeEmpty(body)
    if (most === 0) return `(?:${this.write(body, spot)}){0}`
    if (least === 0 && most === 1 && empty) {
      const inner = this.write(body, spot)
      return lazy ? `(?:|${inner})` : `(?:${inner}|)`
    }
    if (most > 1) this.#checkLoop(node, spot, empty)
    const after = most > 1 ? either(beginsWith(body, spot.after), spot.after) : spot.after
    const rounds = most > 1 ? new Set([...spot.rounds, ...groupsIn(body)]) : spot.rounds
    const inner = this.write(body, { ...spot, after, rounds })
    const unit = body.kind === 'set' ? inner : `(?:${inner})`
    return `${unit}${quantifier(least, most)}${lazy ? '?' : ''}`
  }

  /** A loop whose rounds leave something behind, or can be empty, is not the same in both. */
  #checkLoop(node: Extract<Node, { kind: 'repeat' }>, spot: Spot, empty: boolean): void {
    const { body, least, most } = node
    const seen = [...groupsIn(body)].filter((index) => this.#observed.has(index) || this.#marked.has(index))
    if (seen.length > 0) {
      if (spot.behind) throw new Refusal('a group in a loop inside a look-behind')
      const sure = surelySet(body)
      if (empty || !seen.every((index) => sure.has(index)))
        throw new Refusal('a group in a loop that not every round sets')
    }
    if (!empty || least === most) return
    const same = node.manner === 'greedy' && (isEmptyLast(body) || isApart(body, spot.after))
    if (!same) throw new Refusal('a loop whose rounds can be empty')
  }
}

const quantifier = (least: number, most: number): string => {
  if (most === Number.POSITIVE_INFINITY) return least === 0 ? '*' : least === 1 ? '+' : `{${least},}`
  if (least === 0 && most === 1) return '?'
  return least === most ? `{${least}}` : `{${least},${most}}`
}

const isCaselessNode = (node: Node): boolean => {
  let caseless = true
  walk(node, (one) => {
    if (one.kind === 'set' && !isCaseless(one)) caseless = false
    if (one.kind === 'back') caseless = false
  })
  return caseless
}

/**
 * @param observed groups (by Python's number) that somebody will ask for. @returns the RegExps, or why the pattern has none that is exact.
 */
export const writePattern = (tree: Tree, observed: ReadonlySet<number>): Result<Written, PatternFault> => {
  const asked = askedFor(tree.root)
  const seen = new Set([...observed, ...asked])
  const start: Spot = { known: new Set(), after: theEnd, behind: false, rounds: new Set() }
  try {
    // Once to learn which groups need a mark, and once more with the marks.
    const scout = new Writer(tree, seen, asked, 'ascii')
    scout.write(tree.root, start)
    const marked = scout.needed
    const writer = new Writer(tree, seen, marked, 'ascii')
    const ascii = writer.write(tree.root, start)
    const unicode = (): string => new Writer(tree, seen, marked, 'unicode').write(tree.root, start)
    return ok({ ascii, unicode, places: writer.places })
  } catch (error) {
    if (error instanceof Refusal) return fail({ at: 0, why: `${error.message} cannot be translated exactly` })
    throw error
  }
}
