/**
 * A pattern of Python's `re` as a tree (Python 3.11 Library Reference, "re"): what read.ts makes, facts.ts measures and write.ts prints
 * as a RegExp. Types only; pure.
 */

/** A member of a set; `d`, `s` and `w` are Python's classes of characters, of ASCII alone where the pattern says `(?a)`. */
export type Member =
  | { readonly kind: 'range'; readonly low: number; readonly high: number }
  | { readonly kind: 'class'; readonly name: 'd' | 's' | 'w'; readonly negated: boolean; readonly ascii: boolean }

/** Where a pattern can stand without taking a character. */
export type Place = 'start' | 'line-start' | 'end' | 'line-end' | 'text-end' | 'word' | 'no-word'

export type Node =
  /** One character of a set; `fold`: case does not matter (`(?i)`). */
  | {
      readonly kind: 'set'
      readonly members: readonly Member[]
      readonly negated: boolean
      readonly fold: 'no' | 'unicode' | 'ascii'
    }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'choice'; readonly branches: readonly Node[] }
  | {
      readonly kind: 'repeat'
      readonly least: number
      /** Infinity: no bound. */
      readonly most: number
      readonly manner: 'greedy' | 'lazy' | 'possessive'
      readonly body: Node
    }
  | { readonly kind: 'group'; readonly index: number; readonly body: Node }
  | { readonly kind: 'atomic'; readonly body: Node }
  | { readonly kind: 'look'; readonly ahead: boolean; readonly negated: boolean; readonly body: Node }
  | { readonly kind: 'at'; readonly place: Place; readonly ascii: boolean }
  | { readonly kind: 'back'; readonly index: number; readonly fold: boolean }
  | { readonly kind: 'whether'; readonly index: number; readonly yes: Node; readonly no: Node }

/** @returns the node that matches the empty text. */
export const nothing: Node = { kind: 'sequence', items: [] }

/** A pattern that was read: its tree, and the names of its groups (by number; group 0 is the whole). */
export type Tree = {
  readonly root: Node
  readonly groups: number
  readonly names: ReadonlyMap<string, number>
}

/** Why a pattern cannot be taken: what is wrong, and at which character of it. */
export type PatternFault = { readonly at: number; readonly why: string }
