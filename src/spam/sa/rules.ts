/** What a folder of SpamAssassin rule files says, read: rules, scores, lists. Types only; pure. */
import type { MetaTerm } from './meta.ts'

/** A rule of a pattern over one kind of text. */
export type PatternKind = 'header' | 'body' | 'rawbody' | 'uri' | 'full' | 'mimeheader'
type Common = {
  readonly name: string
  readonly file: string
  readonly line: number
}
export type PatternRule = Common & {
  readonly kind: PatternKind
  readonly pattern: string
  readonly flags: string
  /** header, mimeheader: what is asked for (`Subject`, `From:addr`, `ALL`). */
  readonly field?: string
  readonly negated?: boolean
  /** What a missing field counts as. */
  readonly ifUnset?: string
}
type ExistsRule = Common & { readonly kind: 'exists'; readonly field: string; readonly negated: boolean }
export type EvalRule = Common & {
  readonly kind: 'eval'
  readonly over: 'header' | 'body' | 'rawbody' | 'full'
  readonly call: string
  readonly words: readonly string[]
}
export type MetaRule = Common & { readonly kind: 'meta'; readonly text: string; readonly term: MetaTerm }
export type Rule = PatternRule | ExistsRule | EvalRule | MetaRule

/** A line that could not be read: the rest is in force. */
export type RuleFault = { readonly file: string; readonly line: number; readonly why: string; readonly text: string }

export type RuleSet = {
  readonly rules: ReadonlyMap<string, Rule>
  /** Points without network tests and without Bayes: the first of four. */
  readonly scores: ReadonlyMap<string, readonly [number, number, number, number]>
  readonly describe: ReadonlyMap<string, string>
  readonly tflags: ReadonlyMap<string, ReadonlySet<string>>
  readonly priority: ReadonlyMap<string, number>
  /** Every other setting, in order: `freemail_domains`, `util_rb_tld`, `welcomelist_from`, `trusted_networks`… with its value. */
  readonly settings: ReadonlyMap<string, readonly string[]>
  readonly faults: readonly RuleFault[]
}
