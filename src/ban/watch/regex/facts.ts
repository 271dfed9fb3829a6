/**
 * What can be known of a pattern without running it: how wide its matches are, which groups are set after it, with which characters it can
 * go on, and which words a text must hold for it to match at all (the prefilter). Pure.
 */
import { asciiOf, beyondAscii, onlyCharacter } from './letters.ts'
import type { Node } from './syntax.ts'

type Width = { readonly least: number; readonly most: number }
const times = (count: number, width: number): number => (count === 0 || width === 0 ? 0 : count * width)

/** @param bodyOf the body of a group that went before. @returns how many characters a match takes. */
export const widthOf = (node: Node, bodyOf: (index: number) => Node | undefined): Width => {
  const of = (one: Node): Width => widthOf(one, bodyOf)
  switch (node.kind) {
    case 'set':
      return { least: 1, most: 1 }
    case 'sequence':
      return node.items.map(of).reduce((sum, one) => ({ least: sum.least + one.least, most: sum.most + one.most }), {
        least: 0,
        most: 0,
      })
    case 'choice':
      return widest(node.branches.map(of))
    case 'repeat': {
      const body = of(node.body)
      return { least: times(node.least, body.least), most: times(node.most, body.most) }
    }
    case 'group':
    case 'atomic':
      return of(node.body)
    case 'look':
    case 'at':
      return { least: 0, most: 0 }
    case 'back': {
      const body = bodyOf(node.index)
      return body === undefined ? { least: 0, most: Number.POSITIVE_INFINITY } : of(body)
    }
    case 'whether':
      return widest([of(node.yes), of(node.no)])
  }
}
const widest = (widths: readonly Width[]): Width => ({
  least: Math.min(...widths.map((one) => one.least)),
  most: Math.max(...widths.map((one) => one.most)),
})

/** Whether a match can be empty; a back reference is taken to be able to. */
export const canBeEmpty = (node: Node): boolean => widthOf(node, () => undefined).least === 0

const childrenOf = (node: Node): readonly Node[] => {
  switch (node.kind) {
    case 'sequence':
      return node.items
    case 'choice':
      return node.branches
    case 'repeat':
    case 'group':
    case 'atomic':
    case 'look':
      return [node.body]
    case 'whether':
      return [node.yes, node.no]
    default:
      return []
  }
}

/** Calls `see` with a node and everything in it. */
export const walk = (node: Node, see: (node: Node) => void): void => {
  see(node)
  for (const child of childrenOf(node)) walk(child, see)
}

/** The numbers of the groups in a node. */
export const groupsIn = (node: Node): ReadonlySet<number> => {
  const found = new Set<number>()
  walk(node, (one) => {
    if (one.kind === 'group') found.add(one.index)
  })
  return found
}

const common = (sets: readonly ReadonlySet<number>[]): ReadonlySet<number> => {
  const [first = new Set<number>(), ...rest] = sets
  return new Set([...first].filter((index) => rest.every((set) => set.has(index))))
}

/** The groups that are set whenever the node has matched. */
export const surelySet = (node: Node): ReadonlySet<number> => {
  switch (node.kind) {
    case 'sequence':
      return new Set(node.items.flatMap((item) => [...surelySet(item)]))
    case 'choice':
      return common(node.branches.map(surelySet))
    case 'repeat':
      return node.least > 0 ? surelySet(node.body) : new Set()
    case 'group':
      return new Set([node.index, ...surelySet(node.body)])
    case 'atomic':
      return surelySet(node.body)
    case 'look':
      return node.negated ? new Set() : surelySet(node.body)
    case 'whether':
      return common([surelySet(node.yes), surelySet(node.no)])
    default:
      return new Set()
  }
}

/** With which characters a text can go on: 128 places of ASCII and one for all others; `ends`: the pattern may be over. */
export type Onward = { readonly codes: Uint8Array; readonly ends: boolean }
const PLACES = 129

export const theEnd: Onward = { codes: new Uint8Array(PLACES), ends: true }
const nowhere: Onward = { codes: new Uint8Array(PLACES), ends: false }
const anywhere: Onward = { codes: new Uint8Array(PLACES).fill(1), ends: false }
/** With what one of two goes on. */
export const either = (a: Onward, b: Onward): Onward => ({
  codes: a.codes.map((place, n) => place | (b.codes[n] ?? 0)),
  ends: a.ends || b.ends,
})

/** @returns with what a match of `node` begins, where `after` follows it; rather too much than too little. */
export const beginsWith = (node: Node, after: Onward): Onward => {
  switch (node.kind) {
    case 'set': {
      const codes = new Uint8Array(PLACES)
      codes.set(asciiOf(node))
      codes[PLACES - 1] = beyondAscii(node) ? 1 : 0
      return { codes, ends: false }
    }
    case 'sequence':
      return node.items.reduceRight((rest, item) => beginsWith(item, rest), after)
    case 'choice':
      return node.branches.map((branch) => beginsWith(branch, after)).reduce(either, nowhere)
    case 'repeat':
      return node.least === 0 ? either(beginsWith(node.body, after), after) : beginsWith(node.body, after)
    case 'group':
    case 'atomic':
      return beginsWith(node.body, after)
    case 'look':
    case 'at':
      return after
    case 'back':
      return either(anywhere, after)
    case 'whether':
      return either(beginsWith(node.yes, after), beginsWith(node.no, after))
  }
}

/** Whether a text cannot go on both with `body` (taking something) and with `after`. */
export const isApart = (body: Node, after: Onward): boolean => {
  const own = beginsWith(body, nowhere).codes
  return !after.ends && own.every((place, n) => (place & (after.codes[n] ?? 0)) === 0)
}

/** Whether the empty match of a node, if it has one, is the last that it tries. */
export const isEmptyLast = (node: Node): boolean => {
  if (!canBeEmpty(node)) return true
  switch (node.kind) {
    case 'sequence':
      return node.items.every(isEmptyLast)
    case 'choice':
      return node.branches.every((branch, n) =>
        n === node.branches.length - 1 ? isEmptyLast(branch) : !canBeEmpty(branch),
      )
    case 'repeat':
      return node.manner === 'greedy' && isEmptyLast(node.body)
    case 'group':
      return isEmptyLast(node.body)
    case 'look':
    case 'at':
      return true
    default:
      return false
  }
}

/** Branches of the prefilter. */
const MOST_WORDS = 12
const worth = (words: readonly string[]): number => Math.min(...words.map((word) => word.length)) - words.length / 4

const better = (a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined => {
  if (a === undefined || b === undefined) return a ?? b
  return worth(b) > worth(a) ? b : a
}

/** Items in the order in which their characters follow each other, sequences and groups opened up. */
const inLine = (node: Node): readonly Node[] => {
  if (node.kind === 'sequence') return node.items.flatMap(inLine)
  if (node.kind === 'group') return inLine(node.body)
  return [node]
}

/** @returns words of which a text must hold at least one for the node to match; undefined: none are known. */
export const wordsOf = (node: Node): readonly string[] | undefined => {
  let best: readonly string[] | undefined
  let run = ''
  const close = (): void => {
    if (run !== '') best = better(best, [run])
    run = ''
  }
  for (const item of inLine(node)) {
    const character = item.kind === 'set' ? onlyCharacter(item) : undefined
    if (character !== undefined) {
      run += character
      continue
    }
    if (item.kind === 'at') continue
    close()
    best = better(best, wordsOfItem(item))
  }
  close()
  return best
}

const wordsOfItem = (item: Node): readonly string[] | undefined => {
  switch (item.kind) {
    case 'choice': {
      const all = item.branches.map(wordsOf)
      const words = all.flatMap((one) => one ?? [])
      return all.includes(undefined) || words.length > MOST_WORDS ? undefined : [...new Set(words)]
    }
    case 'repeat':
      return item.least > 0 ? wordsOf(item.body) : undefined
    case 'atomic':
      return wordsOf(item.body)
    case 'look':
      return item.negated ? undefined : wordsOf(item.body)
    default:
      return undefined
  }
}
