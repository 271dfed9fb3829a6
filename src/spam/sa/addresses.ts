/**
 * Address fields as rules ask for them (`From:addr`, `To:name`): a very lenient reading, because what it is given was often made to mislead.
 * RFC 5322 section 3.4. Pure; linear: no group of a pattern can be cut in two ways.
 */
import { isHostName, toAscii } from './domains.ts'

export type ReadAddress = {
  readonly phrase: string | undefined
  readonly address: string | undefined
}

const MOST_FIELD = 16_384
const MOST_ADDRESSES = 1000

const quoted = '"(?:[^"\\\\]|\\\\[^\\n])*"'
const mailbox = `(?:${quoted}|[^@\\s<>()[\\],:;]+)@(?:[^"\\s<>()[\\],:;]+|\\[[\\d:.]+\\])`
const comment = '\\((?:[^()\\\\]|\\\\[^\\n])*\\)'
/** One that gives nothing back: a lookahead and a reference to it. */
const words = (name: string): string => `(?=(?<${name}>(?:${quoted}|[^",;<])+))\\k<${name}>`
const one = new RegExp(
  `^\\s*(?:(?:${words('phrase')}\\s*)?<\\s*(?<angle>[^>@]*\\S+|\\s*)\\s*>(?:\\s*<\\s*(?:(?:${quoted})?\\S+|\\s*)\\s*>)*` +
    `|(?:(?<bare>${mailbox})|${words('text')}))(?:\\s*\\((?<comment>(?:[^()\\\\]|\\\\[^\\n])*)\\))?\\s*(?:[,;]|$)`,
)
/** With less taken by the phrase, where the comment after it belongs to the address. */
const loose = new RegExp(
  `^\\s*(?:(?<phrase>(?:${quoted}|[^",;<(])+)\\s*)?<\\s*(?<angle>[^>@]*[^\\s>]+|\\s*)\\s*>\\s*(?:\\((?<comment>(?:[^()\\\\]|\\\\[^\\n])*)\\))?\\s*(?:[,;]|$)`,
)
const whole = new RegExp(`^${mailbox}$`)
const inAngles = new RegExp(`<(${mailbox})>`, 'g')
const comments = new RegExp(comment, 'g')

const isSound = (address: string): boolean => !address.startsWith('""@') && address.split('"').length !== 2

/** Quotes off, escapes undone, comments out. */
const phraseOf = (text: string): string =>
  text.replaceAll(/"((?:[^"\\]|\\.)*)"|([^"]+)|"/g, (_, inner: string | undefined, outer: string | undefined) =>
    inner === undefined
      ? (outer ?? '').replaceAll(comments, '')
      : inner.replaceAll(/\\(?!\\)/g, '').replaceAll('\\\\', '\\'),
  )

const hostOf = (address: string): string => /^[^@]*@([^@]*)/.exec(address)?.[1] ?? ''

const read = (match: RegExpExecArray): ReadAddress => {
  const { phrase: before, angle, bare, text, comment: after } = match.groups ?? {}
  const inner = angle?.replaceAll(comments, '').trim()
  let address = inner === undefined ? bare : whole.test(inner) ? inner : undefined
  if (address !== undefined && !isSound(address)) address = undefined
  const said = before ?? text
  let phrase: string | undefined = said === undefined ? undefined : phraseOf(said).trim()
  if (phrase !== undefined) {
    if (address === undefined && whole.test(phrase) && isSound(phrase) && isHostName(toAscii(hostOf(phrase)))) {
      address = phrase
      phrase = undefined
    } else if (phrase === address || phrase === '') phrase = undefined
  }
  return { phrase: phrase ?? after, address: address?.replace(/^([^@]*@[^@]*).*$/s, '$1') }
}

/** @param field a raw value, encoded words not decoded. @returns what stands in it, in order; nothing where there is nothing. */
export const readAddresses = (field: string): readonly ReadAddress[] => {
  let text = field
    .slice(0, MOST_FIELD)
    .replace(/\s+$/, '')
    .replaceAll('\\\\', '')
    .replace(/^[^"()<>]+:\s*(?:;.*)?/s, '')
  const out: ReadAddress[] = []
  while (text.trim() !== '' && out.length < MOST_ADDRESSES) {
    const match = one.exec(text) ?? loose.exec(text)
    if (match === null || match[0] === '') break
    out.push(read(match))
    text = text.slice(match[0].length)
  }
  if (text.includes('@'))
    for (const [, address = ''] of text.matchAll(inAngles))
      if (isSound(address)) out.push({ phrase: undefined, address: address.replace(/^([^@]*@[^@]*).*$/s, '$1') })
  return out
}
