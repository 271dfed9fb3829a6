/**
 * Tag lists, `name=value; name=value`: DKIM signatures and keys, ARC, DMARC records. RFC 6376 section 3.2; RFC 8616 (UTF-8 in values). Pure.
 */
import { fail, ok, type Result } from '../base/result.ts'

const MOST_TAGS = 64
const LONGEST_LIST = 65_536

/** Names keep their case and values their inner white space; both ends are trimmed of it, folds included. */
export type Tags = ReadonlyMap<string, string>
export type TagFault = 'tag-syntax' | 'tag-twice'

const trim = (text: string): string => {
  let from = 0
  let to = text.length
  while (from < to && ' \t\r\n'.includes(text[from] ?? '')) from += 1
  while (to > from && ' \t\r\n'.includes(text[to - 1] ?? '')) to -= 1
  return text.slice(from, to)
}

/** @param text a tag list, folded or not; a last semicolon may end it. @returns its tags in their order; a name twice spoils the list. */
export const readTags = (text: string): Result<Tags, TagFault> => {
  const tags = new Map<string, string>()
  if (text.length > LONGEST_LIST) return fail('tag-syntax')
  const specs = text.split(';')
  for (const [index, spec] of specs.entries()) {
    if (index === specs.length - 1 && index > 0 && trim(spec) === '') break
    const equals = spec.indexOf('=')
    const name = trim(spec.slice(0, Math.max(equals, 0)))
    const value = trim(spec.slice(equals + 1))
    if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name) || /[^\t\r\n\x20-\x7e\x80-\xff]/.test(value)) return fail('tag-syntax')
    if (tags.has(name)) return fail('tag-twice')
    if (tags.size >= MOST_TAGS) return fail('tag-syntax')
    tags.set(name, value)
  }
  return ok(tags)
}

/** @returns the value without any white space: base64 and lists may be folded anywhere. */
export const withoutSpace = (text: string): string => text.replaceAll(/[ \t\r\n]+/g, '')

/** @returns the parts of a colon-separated list, trimmed, in lower case. */
export const readList = (text: string): readonly string[] =>
  withoutSpace(text)
    .toLowerCase()
    .split(':')
    .filter((part) => part !== '')

/** @returns the octets of base64 text with white space in it, or undefined where it is none. */
export const readBase64 = (text: string): Uint8Array | undefined => {
  const bare = withoutSpace(text)
  return /^[A-Za-z0-9+/]+={0,2}$/.test(bare) ? Buffer.from(bare, 'base64') : undefined
}
