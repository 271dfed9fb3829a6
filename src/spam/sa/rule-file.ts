/**
 * Reads SpamAssassin's rule files: `*.cf` of a folder, in order, as one program. Mail::SpamAssassin::Conf(3) of 4.0.1: comments, `lang`, conditions,
 * rules, scores (four sets), flags, and every other setting as text for whoever knows it. Pure.
 *
 * A line that cannot be read is a fault with its file, number and reason, and the rest is in force. Bounded: MOST_LINES, MOST_RULES, MOST_FAULTS.
 */
import { fail, ok, type Result } from '../../base/result.ts'
import { holds } from './conditions.ts'
import { readMeta, rulesIn } from './meta.ts'
import { splitPerl } from './perl-regex.ts'
import { replaceTags } from './replace-tags.ts'
import type { EvalRule, PatternKind, PatternRule, Rule, RuleFault, RuleSet } from './rules.ts'

const MOST_LINES = 400_000
const MOST_RULES = 40_000
const MOST_FAULTS = 500
const VERSION = '4.000001'

export type RuleText = { readonly name: string; readonly text: string }
type Fields = { -readonly [K in keyof RuleSet]: RuleSet[K] }
type Scores = readonly [number, number, number, number]

/** A frame of `if`: whether lines were passed over before it. */
type Frame = { readonly skipped: boolean; readonly line: number }

const modifiers = /^(?:raw|addr|name|host|domain|ip|revip|first|last)$/i
const ruleName = /^[_A-Za-z][_A-Za-z0-9]{0,99}$/

/** Words in quotes or bare, parted by commas: `eval:f('a', "b", 3)`. */
const evalWords = (text: string): readonly string[] | undefined => {
  const words: string[] = []
  const lexer = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s,"'()]+))\s*(,|$)/y
  if (text.trim() === '') return []
  while (lexer.lastIndex < text.length) {
    const found = lexer.exec(text)
    if (found === null) return undefined
    words.push(found[1] ?? found[2] ?? found[3] ?? '')
  }
  return words
}

class RuleReader {
  readonly rules = new Map<string, Rule>()
  readonly scores = new Map<string, Scores>()
  readonly describe = new Map<string, string>()
  readonly tflags = new Map<string, Set<string>>()
  readonly priority = new Map<string, number>()
  readonly settings = new Map<string, string[]>()
  readonly faults: RuleFault[] = []
  readonly #networked: boolean
  #file = ''
  #line = 0
  #lines = 0
  #compat = false
  #skip = false
  #frames: Frame[] = []

  constructor(networked: boolean) {
    this.#networked = networked
  }

  #fault(why: string, text: string): void {
    if (this.faults.length < MOST_FAULTS)
      this.faults.push({ file: this.#file, line: this.#line, why, text: text.slice(0, 200) })
  }

  file({ name, text }: RuleText): void {
    this.#file = name
    this.#line = 0
    for (const raw of text.split('\n')) {
      this.#line += 1
      this.#lines += 1
      if (this.#lines > MOST_LINES) {
        this.#fault('more lines than are read', '')
        break
      }
      const said = raw.includes('#') ? raw.replace(/(?<!\\)#.*$/s, '').replaceAll('\\#', '#') : raw
      const line = said.trim()
      if (line !== '') this.#said(line)
    }
    for (const { line } of this.#frames) {
      this.#line = line
      this.#fault('an if without its endif', '')
    }
    this.#frames = []
    this.#skip = false
  }

  #said(whole: string): void {
    // Texts in other languages are for reports that we do not write.
    if (/^lang\s/.test(whole) && !/^lang\s+en/i.test(whole)) return
    const line = whole.replace(/^lang\s+\S+\s+/, '')
    const cut = line.search(/\s/)
    const key = (cut < 0 ? line : line.slice(0, cut)).toLowerCase().replaceAll('-', '_')
    const value = cut < 0 ? '' : line.slice(cut).trim()
    if (this.#conditional(key, value) || this.#skip) return
    const why = this.#command(key, value)
    if (why !== undefined) this.#fault(why, line)
  }

  /** @returns whether the line was a condition. */
  #conditional(key: string, value: string): boolean {
    if (key === 'if' || key === 'ifplugin') {
      this.#frames.push({ skipped: this.#skip, line: this.#line })
      const held = holds(key === 'if' ? value : `plugin (${value})`, {
        networked: this.#networked,
        compat: this.#compat,
      })
      if (!held.ok) this.#fault(held.error, value)
      if (!held.ok || !held.value) this.#skip = true
      return true
    }
    if (key === 'endif') {
      const frame = this.#frames.pop()
      if (frame === undefined) this.#fault('an endif without its if', '')
      else this.#skip = frame.skipped
      return true
    }
    if (key !== 'else') return false
    if (this.#frames.length === 0) this.#fault('an else without its if', '')
    else this.#skip = this.#frames.some(({ skipped }) => skipped) || !this.#skip
    return true
  }

  /** @returns why the line could not be read. */
  #command(key: string, value: string): string | undefined {
    switch (key) {
      case 'header':
      case 'body':
      case 'rawbody':
      case 'full':
      case 'uri':
      case 'mimeheader':
      case 'meta':
        return this.#rule(key, value)
      case 'score':
        return this.#score(value)
      case 'describe':
        return this.#named(value, (name, text) => {
          this.describe.set(name, text)
          return undefined
        })
      case 'tflags':
        return this.#named(value, (name, text) => this.#flags(name, text))
      case 'priority':
        return this.#named(value, (name, text) => {
          if (!/^-?\d+$/.test(text)) return 'a priority is a whole number'
          this.priority.set(name, Number(text))
          return undefined
        })
      case 'enable_compat':
        this.#compat ||= value === 'welcomelist_blocklist'
        return undefined
      case 'require_version':
        if (value !== VERSION && value !== '@@VERSION@@') this.#skip = true
        return this.#skip ? `the file asks for version ${value}; this reads rules as 4.0.1 does` : undefined
      case 'test':
      case 'loadplugin':
      case 'tryplugin':
        return undefined
      default:
        return this.#setting(key, value)
    }
  }

  #setting(key: string, value: string): undefined {
    if (key.startsWith('clear_')) {
      for (const name of [
        key.slice(6),
        ...(key === 'clear_util_rb' ? ['util_rb_tld', 'util_rb_2tld', 'util_rb_3tld'] : []),
      ])
        this.settings.delete(name)
      return undefined
    }
    const list = this.settings.get(key)
    if (list === undefined) this.settings.set(key, [value])
    else list.push(value)
    return undefined
  }

  #named(value: string, then: (name: string, text: string) => string | undefined): string | undefined {
    const found = /^(\S+)\s+(.+)$/s.exec(value)
    return found === null ? 'a rule name and something after it are wanted' : then(found[1] ?? '', found[2] ?? '')
  }

  #flags(name: string, text: string): undefined {
    this.tflags.set(name, new Set(text.split(/\s+/)))
    return undefined
  }

  #score(value: string): string | undefined {
    const [name = '', ...points] = value.split(/\s+/)
    if (points.length !== 1 && points.length !== 4) return 'a score is one number, or four'
    const numbers = points.map((one) => Number(one.replace(/^\((.*)\)$/, '$1')))
    if (numbers.some(Number.isNaN)) return 'a score is a number'
    const before = points[0]?.startsWith('(') === true ? this.scores.get(name) : undefined
    if (points[0]?.startsWith('(') === true && before === undefined) return 'a relative score without one before it'
    const [a = 0, b = a, c = a, d = a] = numbers
    const sum = (index: 0 | 1 | 2 | 3, by: number): number => (before?.[index] ?? 0) + by
    this.scores.set(name, [sum(0, a), sum(1, b), sum(2, c), sum(3, d)])
    return undefined
  }

  #rule(kind: PatternKind | 'meta', value: string): string | undefined {
    return this.#named(value, (name, text) => {
      if (!ruleName.test(name)) return `${name} is no name of a rule`
      if (this.rules.size >= MOST_RULES) return 'more rules than are read'
      const read = this.#ruleOf(kind, name, text)
      if (!read.ok) return read.error
      this.rules.set(name, read.value)
      return undefined
    })
  }

  #ruleOf(kind: PatternKind | 'meta', name: string, text: string): Result<Rule, string> {
    const where = { name, file: this.#file, line: this.#line }
    if (kind === 'meta') {
      const term = readMeta(text.replaceAll(/(?<!_)\brules_matching\(\s*[\w*?]+\s*\)/g, '1'))
      return term.ok ? ok({ ...where, kind, text, term: term.value }) : fail(term.error)
    }
    const call = /^(?:rbl)?eval:(\w+)\s*\((.*)\)$/s.exec(text)
    if (call !== null && kind !== 'uri' && kind !== 'mimeheader') {
      const words = evalWords(call[2] ?? '')
      if (words === undefined) return fail('the words of the call cannot be read')
      return ok({ ...where, kind: 'eval', over: kind, call: call[1] ?? '', words } satisfies EvalRule)
    }
    return kind === 'header' || kind === 'mimeheader'
      ? this.#headerRule(kind, where, text)
      : this.#patternRule(kind, where, text)
  }

  #headerRule(
    kind: 'header' | 'mimeheader',
    where: Pick<Rule, 'name' | 'file' | 'line'>,
    text: string,
  ): Result<Rule, string> {
    const exists = /^exists:([\w.-]+):?$/.exec(text)
    if (exists !== null) return ok({ ...where, kind: 'exists', field: exists[1] ?? '', negated: false })
    const found = /^([\w.-]+(?::[a-zA-Z]*){0,2})\s*([=!]~)\s*(.+)$/s.exec(text)
    if (found === null) return fail('a field, =~ or !~, and a pattern are wanted')
    const field = (found[1] ?? '').replace(/:$/, '')
    const wrong = field
      .split(':')
      .slice(1)
      .find((word) => !modifiers.test(word))
    if (wrong !== undefined) return fail(`:${wrong} is not known behind a field`)
    let pattern = found[3] ?? ''
    const unset = /\s+\[if-unset:\s+(.+)\]$/s.exec(pattern)
    if (unset !== null) pattern = pattern.slice(0, unset.index)
    const rule = this.#patternRule(kind, where, pattern)
    if (!rule.ok) return rule
    return ok({
      ...rule.value,
      field,
      negated: found[2] === '!~',
      ...(unset === null ? {} : { ifUnset: unset[1] ?? '' }),
    })
  }

  #patternRule(
    kind: PatternKind,
    where: Pick<Rule, 'name' | 'file' | 'line'>,
    text: string,
  ): Result<PatternRule, string> {
    const split = splitPerl(text)
    return split === undefined ? fail('no pattern between slashes') : ok({ ...where, kind, ...split })
  }

  /** Tags, globs of metas, and scores that nobody set. */
  done(): RuleSet {
    this.#replaceAll()
    for (const [name, rule] of this.rules)
      if (rule.kind === 'meta' && rule.text.includes('rules_matching')) this.#expand(name, rule)
    for (const name of this.rules.keys()) {
      if (this.scores.has(name)) continue
      const points = (name.startsWith('T_') ? 0.01 : 1) * (this.tflags.get(name)?.has('nice') === true ? -1 : 1)
      this.scores.set(name, [points, points, points, points])
    }
    const { rules, scores, describe, tflags, priority, settings, faults } = this
    return { rules, scores, describe, tflags, priority, settings, faults } satisfies Fields
  }

  #expand(name: string, rule: Extract<Rule, { readonly kind: 'meta' }>): void {
    const names = [...this.scores.keys()].filter((one) => one !== name)
    const text = rule.text.replaceAll(/(?<!_)\brules_matching\(\s*([\w*?]+)\s*\)/g, (_, glob: string) => {
      const wanted = new RegExp(`^${glob.replaceAll('?', '.').replaceAll('*', '.*?')}$`)
      const matching = names.filter((one) => wanted.test(one)).sort()
      return ` (${matching.length === 0 ? '0' : matching.join('+')}) `
    })
    const term = readMeta(text)
    if (term.ok) this.rules.set(name, { ...rule, term: term.value })
  }

  #replaceAll(): void {
    const meanings = (key: string): ReadonlyMap<string, string> =>
      new Map(
        (this.settings.get(key) ?? []).map((line) => [line.split(/\s+/, 1)[0] ?? '', line.replace(/^\S+\s+/, '')]),
      )
    const tags = {
      tag: meanings('replace_tag'),
      pre: meanings('replace_pre'),
      inter: meanings('replace_inter'),
      post: meanings('replace_post'),
    }
    for (const name of (this.settings.get('replace_rules') ?? []).flatMap((line) => line.split(/\s+/))) {
      const rule = this.rules.get(name)
      if (rule === undefined || !('pattern' in rule) || rule.kind === 'mimeheader') continue
      this.rules.set(name, { ...rule, pattern: replaceTags(rule.pattern, tags) })
    }
  }
}

/**
 * @param files in the order that they count; a later line wins. Text is latin1: an octet a character.
 * @param networked whether conditions see a program that asks the network.
 * @returns all that was said, with the faults.
 */
export const readRules = (files: readonly RuleText[], networked = false): RuleSet => {
  const reader = new RuleReader(networked)
  for (const file of files) reader.file(file)
  return reader.done()
}

/** Metas in an order in which each comes after those it names; the names of those that go round in circles are left out. */
export const orderedMetas = (set: RuleSet): readonly Extract<Rule, { readonly kind: 'meta' }>[] => {
  const state = new Map<string, 'open' | 'done' | 'circle'>()
  const out: Extract<Rule, { readonly kind: 'meta' }>[] = []
  const visit = (name: string): boolean => {
    const rule = set.rules.get(name)
    if (rule?.kind !== 'meta') return true
    const known = state.get(name)
    if (known !== undefined) return known === 'done'
    state.set(name, 'open')
    const good = rulesIn(rule.term).every(visit)
    state.set(name, good ? 'done' : 'circle')
    if (good) out.push(rule)
    return good
  }
  for (const name of set.rules.keys()) visit(name)
  return out
}
