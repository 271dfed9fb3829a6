/**
 * `<name>` in the values of a filter, replaced by other values of it, again and again, as fail2ban does (`<mdre-<mode>>`,
 * `<lt_<logtype>/__prefix_line>`); and the options of `filter[mode=aggressive, logtype="short"]`. Pure.
 *
 * A tag that names no value stays: `<HOST>`, `<F-USER>` are for the patterns.
 */
import { fail, ok, type Result } from '../../../base/result.ts'
import { Unresolved } from './settings.ts'

const MOST_TIMES = 25
const MOST_VALUE = 200_000
const MOST_OPTIONS = 200
const tagAnywhere = /<([^ <>]+)>/g

type Find = (name: string) => string | undefined

const nextTag = (text: string, from: number): RegExpExecArray | null => {
  tagAnywhere.lastIndex = from
  return tagAnywhere.exec(text)
}

const replaceIn = (name: string, text: string, find: Find, counts: Map<string, number>): string => {
  let value = text
  for (let tag = nextTag(value, 0); tag !== null; ) {
    const inner = tag[1] ?? ''
    const seen = counts.get(inner) ?? 0
    if (inner === name || seen > MOST_TIMES) throw new Unresolved(`<${inner}> in ${name} leads back to itself`)
    const found = find(inner)
    if (found === undefined) {
      tag = nextTag(value, tag.index + tag[0].length)
      continue
    }
    const { index } = tag
    value = value.replaceAll(`<${inner}>`, () => found)
    if (value.length > MOST_VALUE) throw new Unresolved(`the value of ${name} is too long`)
    counts.set(inner, seen + 1)
    tag = nextTag(value, index)
  }
  return value
}

/**
 * @param values by name. @param find what else a tag may name. @returns the values with their tags replaced. Throws `Unresolved` where one
 * leads back to itself.
 */
export const replaceTags = (values: ReadonlyMap<string, string>, find: Find): ReadonlyMap<string, string> => {
  const made = new Map(values)
  const done = new Set<string>()
  const counts = new Map<string, Map<string, number>>()
  for (let again = true; again; ) {
    again = false
    for (const name of values.keys()) {
      if (done.has(name)) continue
      const before = made.get(name) ?? ''
      const count = counts.get(name) ?? new Map<string, number>()
      const value = replaceIn(name, before, (tag) => made.get(tag) ?? find(tag), count)
      if (value !== before) {
        made.set(name, value)
        if (nextTag(value, 0) !== null) {
          counts.set(name, count)
          again = true
        }
      }
      if (!value.includes('<')) done.add(name)
    }
  }
  return made
}

export type Named = { readonly name: string; readonly options: ReadonlyMap<string, string> }

/** @param text `sshd`, `sshd[mode=aggressive]`, `postfix[mode="auth", logtype=short][x='y']`. @returns the name and the options. */
export const readNamed = (text: string): Result<Named, string> => {
  const whole = /^([^[]+)(?:\[(.*)\])?\s*$/s.exec(text)
  if (whole?.[1] === undefined) return fail('expected NAME or NAME[option=value]')
  const options = new Map<string, string>()
  const inner = whole[2] ?? ''
  const option = /\s*([\w\-.]+)=(?:"([^"]*)"|'([^']*)'|([^,\]]*))(?:,|\]\s*\[|$)|,?\s*$/gy
  while (option.lastIndex < inner.length) {
    const at = option.lastIndex
    const found = option.exec(inner)
    if (found === null || options.size >= MOST_OPTIONS)
      return fail(`expected option=value: ${inner.slice(at, at + 25)}`)
    if (found[1] !== undefined) options.set(found[1].trim(), (found[2] ?? found[3] ?? found[4] ?? '').trim())
    if (found[0] === '') break
  }
  return ok({ name: whole[1], options })
}
