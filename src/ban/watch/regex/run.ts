/**
 * Runs a tree of Python's `re` itself, by backtracking, for the few patterns that no RegExp can say exactly (a group that only some rounds
 * of a loop set, a loop whose rounds can be empty, …). Slower than a RegExp, and as exact as Python. Pure.
 *
 * Bounded: a search gives up after MOST_STEPS, and loops go no deeper than MOST_ROUNDS; it has then found nothing.
 */

import { walk, widthOf } from './facts.ts'
import { asciiOf, type SetNode, unicodeWord, writeUnicodeSet } from './letters.ts'
import type { Node, Place, Tree } from './syntax.ts'

const MOST_STEPS = 2_000_000
const MOST_ROUNDS = 2_000
const ASCII = 128

/** What a search found: the match, and the groups that were asked for. */
export type Ran = {
  readonly start: number
  readonly end: number
  readonly groups: readonly (readonly [number, number] | undefined)[]
}

type Next = (at: number) => boolean
type Step = (at: number, next: Next) => boolean
type Codes = readonly number[] | Uint32Array

class Exhausted extends Error {}

const wordCharacter = new RegExp(`^[${unicodeWord}]$`, 'v')

/** A tree made ready to run. It holds the state of one search at a time. */
export class Runner {
  readonly #start: Step
  readonly #first: boolean
  readonly #count: number
  readonly #bodies = new Map<number, Node>()
  #codes: Codes = []
  #from: number[] = []
  #to: number[] = []
  #steps = 0

  constructor(tree: Tree) {
    this.#count = tree.groups
    walk(tree.root, (node) => {
      if (node.kind === 'group') this.#bodies.set(node.index, node.body)
    })
    this.#start = this.#step(tree.root)
    this.#first = beginsAtStart(tree.root)
  }

  /** @param codes the text by code points. @returns the first match at or after `from`. */
  search(codes: Codes, from = 0): Ran | undefined {
    this.#codes = codes
    this.#steps = 0
    const last = this.#first ? Math.min(from, 0) : codes.length
    try {
      for (let start = from; start <= last; start += 1) {
        this.#from = new Array<number>(this.#count).fill(-1)
        this.#to = new Array<number>(this.#count).fill(-1)
        let end = -1
        const matched = this.#start(start, (at) => {
          end = at
          return true
        })
        if (matched) return { start, end, groups: this.#groups() }
      }
    } catch (error) {
      if (!(error instanceof Exhausted)) throw error
    }
    return undefined
  }

  #groups(): readonly (readonly [number, number] | undefined)[] {
    return this.#from.map((from, n) => {
      const to = this.#to[n] ?? -1
      return from < 0 || to < 0 ? undefined : [from, to]
    })
  }

  #saved(): readonly [number[], number[]] {
    return [this.#from.slice(), this.#to.slice()]
  }
  #restore([from, to]: readonly [number[], number[]]): void {
    this.#from = from.slice()
    this.#to = to.slice()
  }

  #step(node: Node): Step {
    switch (node.kind) {
      case 'set':
        return this.#set(node)
      case 'sequence':
        return this.#sequence(node.items.map((item) => this.#step(item)))
      case 'choice': {
        const branches = node.branches.map((branch) => this.#step(branch))
        return (at, next) => branches.some((branch) => branch(at, next))
      }
      case 'repeat':
        return this.#repeat(node)
      case 'group':
        return this.#group(node.index, this.#step(node.body))
      case 'atomic':
        return this.#atomic(this.#step(node.body))
      case 'look':
        return this.#look(node)
      case 'at':
        return (at, next) => this.#stands(node.place, node.ascii, at) && next(at)
      case 'back':
        return this.#back(node.index, node.fold)
      case 'whether': {
        const yes = this.#step(node.yes)
        const no = this.#step(node.no)
        return (at, next) => ((this.#to[node.index] ?? -1) >= 0 ? yes : no)(at, next)
      }
    }
  }

  #count1(): void {
    this.#steps += 1
    if (this.#steps > MOST_STEPS) throw new Exhausted()
  }

  #set(node: SetNode): Step {
    const holds = membership(node)
    return (at, next) => {
      this.#count1()
      const code = this.#codes[at]
      return code !== undefined && holds(code) && next(at + 1)
    }
  }

  #sequence(steps: readonly Step[]): Step {
    const from = (n: number): Step => {
      const step = steps[n]
      if (step === undefined) return (at, next) => next(at)
      const rest = from(n + 1)
      return (at, next) => step(at, (then) => rest(then, next))
    }
    return from(0)
  }

  #group(index: number, body: Step): Step {
    return (at, next) => {
      const before = this.#from[index] ?? -1
      const beforeEnd = this.#to[index] ?? -1
      if (
        body(at, (end) => {
          const innerFrom = this.#from[index] ?? -1
          const innerTo = this.#to[index] ?? -1
          this.#from[index] = at
          this.#to[index] = end
          if (next(end)) return true
          this.#from[index] = innerFrom
          this.#to[index] = innerTo
          return false
        })
      )
        return true
      this.#from[index] = before
      this.#to[index] = beforeEnd
      return false
    }
  }

  #atomic(body: Step): Step {
    return (at, next) => {
      const saved = this.#saved()
      let end = -1
      const matched = body(at, (then) => {
        end = then
        return true
      })
      if (matched && next(end)) return true
      this.#restore(saved)
      return false
    }
  }

  #look({ ahead, negated, body }: Extract<Node, { kind: 'look' }>): Step {
    const step = this.#step(body)
    const width = ahead ? 0 : widthOf(body, (index) => this.#bodies.get(index)).least
    return (at, next) => {
      const saved = this.#saved()
      const found = at >= width && step(at - width, () => true)
      if (negated) {
        this.#restore(saved)
        return !found && next(at)
      }
      if (found && next(at)) return true
      this.#restore(saved)
      return false
    }
  }

  #back(index: number, fold: boolean): Step {
    return (at, next) => {
      const from = this.#from[index] ?? -1
      const to = this.#to[index] ?? -1
      if (from < 0 || to < 0) return false
      for (let n = from; n < to; n += 1) {
        this.#count1()
        const have = this.#codes[at + n - from]
        const want = this.#codes[n]
        if (have === undefined || want === undefined) return false
        if (have !== want && !(fold && lowered(have) === lowered(want))) return false
      }
      return next(at + to - from)
    }
  }

  #repeat(node: Extract<Node, { kind: 'repeat' }>): Step {
    if (node.manner === 'possessive')
      return this.#atomic(this.#loop(this.#atomic(this.#step(node.body)), node.least, node.most, false))
    if (node.body.kind === 'set' && node.manner === 'greedy') return this.#many(node.body, node.least, node.most)
    return this.#loop(this.#step(node.body), node.least, node.most, node.manner === 'lazy')
  }

  /** A greedy loop over one set: no recursion for each character. */
  #many(node: SetNode, least: number, most: number): Step {
    const holds = membership(node)
    return (at, next) => {
      let end = at
      for (let code = this.#codes[end]; end - at < most && code !== undefined && holds(code); code = this.#codes[end]) {
        end += 1
        this.#count1()
      }
      for (; end - at >= least; end -= 1) {
        this.#count1()
        if (next(end)) return true
      }
      return false
    }
  }

  #loop(body: Step, least: number, most: number, lazy: boolean): Step {
    const round = (count: number, at: number, last: number, next: Next): boolean => {
      this.#count1()
      if (count > MOST_ROUNDS) throw new Exhausted()
      if (count < least) return body(at, (then) => round(count + 1, then, last, next))
      const again = (): boolean => count < most && at !== last && body(at, (then) => round(count + 1, then, at, next))
      return lazy ? next(at) || again() : again() || next(at)
    }
    return (at, next) => round(0, at, -1, next)
  }

  #stands(place: Place, ascii: boolean, at: number): boolean {
    const codes = this.#codes
    switch (place) {
      case 'start':
        return at === 0
      case 'line-start':
        return at === 0 || codes[at - 1] === 10
      case 'text-end':
        return at === codes.length
      case 'end':
        return at === codes.length || (at === codes.length - 1 && codes[at] === 10)
      case 'line-end':
        return at === codes.length || codes[at] === 10
      case 'word':
        return isWord(codes[at - 1], ascii) !== isWord(codes[at], ascii)
      case 'no-word':
        return isWord(codes[at - 1], ascii) === isWord(codes[at], ascii)
    }
  }
}

const isWord = (code: number | undefined, ascii: boolean): boolean => {
  if (code === undefined) return false
  if (code < ASCII) return code === 95 || /[A-Za-z0-9]/.test(String.fromCharCode(code))
  return !ascii && wordCharacter.test(String.fromCodePoint(code))
}

const lowered = (code: number): string => (code === 0x130 ? 'i' : String.fromCodePoint(code).toLowerCase())

const membership = (node: SetNode): ((code: number) => boolean) => {
  const ascii = asciiOf(node)
  let others: RegExp | undefined
  return (code) => {
    if (code < ASCII) return ascii[code] === 1
    others ??= new RegExp(`^${writeUnicodeSet(node)}$`, 'v')
    return others.test(String.fromCodePoint(code))
  }
}

/** Whether a match can begin at the start of the text only. */
const beginsAtStart = (node: Node): boolean => {
  if (node.kind === 'at') return node.place === 'start'
  if (node.kind === 'group' || node.kind === 'atomic') return beginsAtStart(node.body)
  if (node.kind === 'choice') return node.branches.every(beginsAtStart)
  return node.kind === 'sequence' && node.items[0] !== undefined && beginsAtStart(node.items[0])
}
