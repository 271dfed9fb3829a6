/** Patterns that stand in the words of a call, compiled once each. Pure but for that memory, which is bounded by the rule files. */
import { translatePerl } from '../perl-regex.ts'

const known = new Map<string, RegExp>()
const MOST = 2000
/** What matches nothing: a pattern that cannot be said. */
const never = /(?!)/

/** @param text a pattern, with or without slashes and flags. */
export const compiled = (text: string): RegExp => {
  const before = known.get(text)
  if (before !== undefined) return before
  const slashed = /^\/(.*)\/([a-z]*)$/s.exec(text)
  const read = translatePerl(slashed?.[1] ?? text, slashed?.[2] ?? '')
  const regexp = read.ok ? read.value.regexp : never
  if (known.size < MOST) known.set(text, regexp)
  return regexp
}
