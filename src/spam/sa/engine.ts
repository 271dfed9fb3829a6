/**
 * Runs a rule set over a message: which rules hit, how often, and the score. It knows no rule by name. Mail::SpamAssassin::Plugin::Check of 4.0.1: a rule with a
 * score of 0 is not run, and a meta that names a meta which is not run is not run either. Pure; patterns are compiled when first needed.
 */

import type { View } from '../mail/view.ts'
import { domainsOf } from './domains.ts'
import type { EvalContext } from './evals/call.ts'
import { evals, networkEvals } from './evals.ts'
import { type Lists, listsOf } from './lists.ts'
import { neededStrings } from './literals.ts'
import { rulesIn, runMeta } from './meta.ts'
import { splitPerl, translatePerl } from './perl-regex.ts'
import { type Prefilter, prefilter } from './prefilter.ts'
import { orderedMetas } from './rule-file.ts'
import type { EvalRule, MetaRule, PatternRule, Rule, RuleFault, RuleSet } from './rules.ts'
import { allFields, type Reading, type SaMail, saMail } from './sa-mail.ts'
import { uriFinder } from './uris.ts'

const MOST_HITS = 1000

type Compiled = {
  readonly rule: PatternRule
  readonly index: number
  readonly regexp: RegExp
  readonly many: boolean
  readonly most: number
  readonly noSubject: boolean
}
type Flags = ReadonlySet<string> | undefined

type SaHits = {
  /** Rules and how often each hit; those beginning with `__` carry no score. */
  readonly hits: ReadonlyMap<string, number>
  readonly score: number
}
/** @param rule the index of a name in `names`: the one that is about to run. */
type Watch = (rule: number) => void
export type SaEngine = {
  /** @param view of the message, made once for all who look at it. @param without rules that are not run. */
  readonly run: (view: View, watch?: Watch, without?: ReadonlySet<string>) => SaHits
  /** Every rule, in order. */
  readonly names: readonly string[]
  /** Points of a rule, and its sentence. */
  readonly points: (rule: string) => number
  readonly says: (rule: string) => string
  /** `body`, `meta`, `eval`…; `none` where there is no such rule. */
  readonly kind: (rule: string) => string
  /** Mistakes of the files, and what cannot be run here: each once. */
  readonly faults: readonly RuleFault[]
}

const isOn = (set: RuleSet, name: string): boolean => (set.scores.get(name)?.[0] ?? 0) !== 0

/** `multiple` counts every hit, up to `maxhits`. */
const limitsOf = (flags: Flags): { readonly many: boolean; readonly most: number } => {
  const many = flags?.has('multiple') === true
  const most = [...(flags ?? [])].map((flag) => /^maxhits=(\d+)$/.exec(flag)?.[1]).find((found) => found !== undefined)
  return { many, most: Math.min(MOST_HITS, many ? Number(most ?? MOST_HITS) : 1) }
}

const count = ({ regexp, many, most }: Compiled, text: string, before: number): number => {
  if (!many) return regexp.test(text) ? 1 : 0
  let hits = 0
  regexp.lastIndex = 0
  while (before + hits < most) {
    const found = regexp.exec(text)
    if (found === null) break
    hits += 1
    if (found[0] === '') regexp.lastIndex += 1
    if (regexp.lastIndex > text.length) break
  }
  return hits
}

const overTexts = (one: Compiled, texts: readonly string[], first: number): number => {
  let hits = 0
  for (let index = first; index < texts.length; index += 1) {
    hits += count(one, texts[index] ?? '', hits)
    if (hits >= one.most) break
  }
  return hits
}

/** The patterns over one kind of text, with what must stand in it for each to run. */
class Group {
  readonly #patterns: readonly Compiled[]
  readonly #always: Uint8Array
  readonly #filter: Prefilter
  readonly #texts: (mail: SaMail) => readonly string[]

  constructor(patterns: readonly Compiled[], texts: (mail: SaMail) => readonly string[]) {
    this.#patterns = patterns
    this.#texts = texts
    const strings = patterns.map(({ regexp }) => neededStrings(regexp.source))
    this.#always = Uint8Array.from(strings, (one) => (one === undefined ? 1 : 0))
    this.#filter = prefilter(strings)
  }

  run(mail: SaMail, note: (rule: string, times: number) => void, watch?: Watch, without?: ReadonlySet<string>): void {
    const texts = this.#texts(mail)
    const wanted = this.#always.slice()
    for (const text of texts) this.#filter.search(text.toLowerCase(), wanted)
    for (const [index, one] of this.#patterns.entries()) {
      if (wanted[index] === 0 || without?.has(one.rule.name) === true) continue
      watch?.(one.index)
      note(one.rule.name, overTexts(one, texts, one.noSubject ? 1 : 0))
    }
  }
}

const grouped = {
  body: (mail: SaMail) => mail.body(),
  rawbody: (mail: SaMail) => mail.rawbody(),
  uri: (mail: SaMail) => mail.uris(),
  full: (mail: SaMail) => [mail.full()],
} as const

class Engine implements SaEngine {
  readonly faults: RuleFault[]
  readonly names: readonly string[]
  readonly #set: RuleSet
  readonly #indices: ReadonlyMap<string, number>
  readonly #reading: Reading
  readonly #lists: Lists
  readonly #groups: readonly Group[]
  readonly #fields: readonly Compiled[]
  readonly #others: readonly Exclude<Rule, PatternRule | MetaRule>[]
  readonly #metas: readonly MetaRule[]

  constructor(set: RuleSet) {
    this.#set = set
    this.faults = [...set.faults]
    this.names = [...set.rules.keys()]
    this.#indices = new Map(this.names.map((name, index) => [name, index]))
    this.#lists = listsOf(set)
    const domains = domainsOf(set.settings)
    const redirectors = (set.settings.get('redirector_pattern') ?? []).flatMap((line) => {
      const split = splitPerl(line)
      const read = split === undefined ? undefined : translatePerl(split.pattern, split.flags)
      return read?.ok === true ? [read.value.regexp] : []
    })
    const last = (name: string): string | undefined => set.settings.get(name)?.at(-1)
    const envelopeField = last('envelope_sender_header')
    this.#reading = {
      domains,
      uris: uriFinder(domains, redirectors),
      originating: (set.settings.get('originating_ip_headers') ?? []).flatMap((line) => line.split(/\s+/)),
      ...(envelopeField === undefined ? {} : { envelopeField }),
    }
    const patterns: Compiled[] = []
    const others: Exclude<Rule, PatternRule | MetaRule>[] = []
    for (const rule of set.rules.values()) {
      if (!isOn(set, rule.name) || rule.kind === 'meta') continue
      if (!('pattern' in rule)) {
        if (rule.kind === 'exists' || this.#isKnown(rule)) others.push(rule)
        continue
      }
      const flags = set.tflags.get(rule.name)
      const limits = limitsOf(flags)
      const read = translatePerl(rule.pattern, rule.flags, limits.many)
      if (read.ok)
        patterns.push({
          rule,
          index: this.#index(rule.name),
          regexp: read.value.regexp,
          ...limits,
          noSubject: flags?.has('nosubject') === true,
        })
      else this.#fault(rule, read.error)
    }
    this.#groups = (['body', 'rawbody', 'uri', 'full'] as const).map(
      (kind) =>
        new Group(
          patterns.filter(({ rule }) => rule.kind === kind),
          grouped[kind],
        ),
    )
    this.#fields = patterns.filter(({ rule }) => rule.kind === 'header' || rule.kind === 'mimeheader')
    this.#others = others
    this.#metas = this.#runnable(orderedMetas(set))
  }

  #index(name: string): number {
    return this.#indices.get(name) ?? 0
  }

  points(rule: string): number {
    return rule.startsWith('__') ? 0 : (this.#set.scores.get(rule)?.[0] ?? 0)
  }

  kind(rule: string): string {
    return this.#set.rules.get(rule)?.kind ?? 'none'
  }

  says(rule: string): string {
    return this.#set.describe.get(rule) ?? 'a rule of the owner'
  }

  #fault(rule: Rule, why: string): void {
    this.faults.push({ file: rule.file, line: rule.line, why, text: rule.name })
  }

  #isKnown(rule: EvalRule): boolean {
    if (evals.has(rule.call)) return true
    const silent = networkEvals.has(rule.call) || this.#set.tflags.get(rule.name)?.has('net') === true
    if (!silent) this.#fault(rule, `the function ${rule.call} is not known here: the rule is not run`)
    return false
  }

  /** Metas with a score whose metas have one too. */
  #runnable(metas: readonly MetaRule[]): readonly MetaRule[] {
    const good = new Set<string>()
    return metas.filter((meta) => {
      const stands = (name: string): boolean => this.#set.rules.get(name)?.kind !== 'meta' || good.has(name)
      const runs = isOn(this.#set, meta.name) && rulesIn(meta.term).every(stands)
      if (runs) good.add(meta.name)
      return runs
    })
  }

  run(view: View, watch?: Watch, without?: ReadonlySet<string>): SaHits {
    const mail = saMail(view, this.#reading)
    const skipped = (name: string): boolean => without?.has(name) === true
    const hits = new Map<string, number>()
    const note = (name: string, times: number): void => {
      if (times > 0) hits.set(name, times)
    }
    const context: EvalContext = { mail, lists: this.#lists }
    const others = (early: boolean): void => {
      for (const rule of this.#others) {
        if ((rule.kind === 'exists' || rule.over === 'header') !== early || skipped(rule.name)) continue
        watch?.(this.#index(rule.name))
        note(rule.name, rule.kind === 'exists' ? Number(mail.get(rule.field).length > 0) : this.#eval(rule, context))
      }
    }
    for (const one of this.#fields) {
      if (skipped(one.rule.name)) continue
      watch?.(one.index)
      note(one.rule.name, one.rule.kind === 'header' ? this.#header(one, mail) : this.#mimeHeader(one, mail))
    }
    // In this order: functions over fields may change what rules over the body see.
    others(true)
    for (const group of this.#groups) group.run(mail, note, watch, without)
    others(false)
    for (const meta of this.#metas) {
      const value = skipped(meta.name) ? 0 : runMeta(meta.term, (name) => hits.get(name) ?? 0)
      if (value !== 0) hits.set(meta.name, value)
    }
    let score = 0
    for (const name of hits.keys()) score += this.points(name)
    return { hits, score: Math.round(score * 1000) / 1000 }
  }

  #eval(rule: EvalRule, context: EvalContext): number {
    return evals.get(rule.call)?.(context, rule.words) === true ? 1 : 0
  }

  #header(one: Compiled, mail: SaMail): number {
    const { field = '', negated, ifUnset } = one.rule
    let values = mail.get(field)
    if (values.length === 0) values = [ifUnset ?? '']
    const text = values.join(values[0]?.endsWith('\n') === true ? '' : '\n')
    const hits = count(one, text, 0)
    return negated === true ? Number(hits === 0) : hits
  }

  #mimeHeader(one: Compiled, mail: SaMail): number {
    const { field = '', negated, ifUnset = '' } = one.rule
    const raw = field.endsWith(':raw')
    const name = field.replace(/:raw$/, '').toLowerCase()
    for (const part of mail.parts()) {
      const last = part.byKey.get(name)?.at(-1)
      const value =
        name === 'all' ? allFields(part).join('') : last === undefined ? undefined : raw ? last.raw : `${last.value}\n`
      const hits = count(one, value ?? ifUnset, 0)
      if (hits > 0) return negated === true ? 0 : hits
    }
    return negated === true ? 1 : 0
  }
}

/** @param set read by `readRules`. */
export const saEngine = (set: RuleSet): SaEngine => new Engine(set)
