/**
 * What an ARC-Authentication-Results repeats: the results of all Authentication-Results fields of one's own, as they were written. RFC 8617
 * section 4.1.1; RFC 8601 section 2.2. Pure.
 *
 * The caller must have cut out what strangers wrote under its own name (`forgedResults`) when the message came in.
 */
import { readAuthResults } from './auth-results.ts'
import type { Field } from './fields.ts'
import { toAscii } from './lookup.ts'

export type OwnResults = {
  /** `spf=pass smtp.mailfrom=a@b.test` and the like: folds, comments and all; latin1; top field first. */
  readonly texts: readonly string[]
  /** The words of the `arc=` results among them, lower case: what was found of the chain when the message came in. */
  readonly arc: readonly string[]
}

const MOST_FIELDS = 50
const LONGEST = 65_536 // octets of all results together

/** Cuts at the semicolons that stand outside quoted strings and comments. */
const splitParts = (text: string): readonly string[] => {
  const parts: string[] = []
  let from = 0
  let depth = 0
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]
    if (char === '\\' && (quoted || depth > 0)) at += 1
    else if (char === '"' && depth === 0) quoted = !quoted
    else if (char === '(' && !quoted) depth += 1
    else if (char === ')' && depth > 0) depth -= 1
    else if (char === ';' && depth === 0 && !quoted) {
      parts.push(text.slice(from, at).trim())
      from = at + 1
    }
  }
  return [...parts, text.slice(from).trim()]
}

/**
 * @param fields of the message. @param authserv our authserv-id, in any case. @returns the results of the fields that carry it and can be read, merged; undefined where there is none, or
 * more than can be repeated.
 */
export const ownResults = (fields: readonly Field[], authserv: string): OwnResults | undefined => {
  const texts: string[] = []
  const arc: string[] = []
  const ours = toAscii(authserv)
  let found = 0
  for (const field of fields) {
    if (field.name !== 'authentication-results') continue
    const read = readAuthResults(field.value)
    if (!read.ok || toAscii(Buffer.from(read.value.authserv, 'latin1').toString('utf8')) !== ours) continue
    found += 1
    for (const one of read.value.results) if (one.method === 'arc') arc.push(one.result)
    if (read.value.results.length === 0) continue // `none`: nothing was looked at
    texts.push(
      ...splitParts(field.value)
        .slice(1)
        .filter((text) => text !== ''),
    )
  }
  const size = texts.reduce((sum, text) => sum + text.length, 0)
  if (found === 0 || found > MOST_FIELDS || size > LONGEST) return undefined
  return { texts: texts.length === 0 ? ['none'] : texts, arc }
}
