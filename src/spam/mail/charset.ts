/**
 * Octets in a named charset to characters, as SpamAssassin guesses: UTF-8 wherever it is valid, then what was declared, then
 * Windows-1252. Strings of one octet a character go in. Pure; TextDecoder and iconv-lite have the tables.
 */
import iconv from 'iconv-lite'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const octets = (text: string): Buffer => Buffer.from(text, 'latin1')

const asUtf8 = (text: string): string | undefined => {
  try {
    return utf8.decode(octets(text))
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

const isAscii = (text: string): boolean => !/[\x80-\xff]/.test(text)

/** Names whose own letters are ASCII: seven-bit text in them needs no decoding. */
const extendsAscii =
  /^(?:(?:us-)?ascii|ansi[_ ]?x3\.4-(?:1986|1968)|iso646-us|iso[ -]?8859(?:-\d{1,2})?|windows-\d{4}|utf-?8|(?:koi8|euc)-[a-z]{1,2}|big5|gbk|gb[ -]?18030(?:-20\d\d)?)$/i

/** UTF-16 without a mark: the half with more weight is the low octet of Latin text. */
const utf16 = (text: string): string => {
  let even = 0
  let odd = 0
  for (let i = 0; i + 1 < text.length; i += 2) {
    even += text.charCodeAt(i)
    odd += text.charCodeAt(i + 1)
  }
  return iconv.decode(octets(text), even > odd ? 'utf-16le' : 'utf-16be')
}

/** ISO-2022-JP, which iconv-lite does not have. A shift that another follows at once (two encoded words, joined) is no mistake. */
const shifted = (text: string): string | undefined => {
  const out = new TextDecoder('iso-2022-jp').decode(octets(text.replaceAll(/\x1b\([BJ](?=\x1b)/g, '')))
  return out.includes('�') ? undefined : out
}

const declaredText = (text: string, charset: string): string | undefined => {
  if (/^(?:us-)?ascii$/i.test(charset)) return undefined
  if (/^utf[ -]?16/i.test(charset)) return utf16(text)
  const name = /^(?:iso-?8859-1|windows-1252|cp1252)$/i.test(charset) ? 'windows-1252' : charset
  if (/^iso-?2022-?jp/i.test(name)) return shifted(text)
  if (!iconv.encodingExists(name)) return undefined
  const out = iconv.decode(octets(text), name)
  return out.includes('�') ? undefined : out
}

/**
 * @param text octets. @param charset as declared. @param strict the declared charset is believed although UTF-8 would fit.
 * @returns characters.
 */
export const characters = (text: string, charset: string, strict = false): string => {
  const ascii = isAscii(text)
  if (ascii && extendsAscii.test(charset)) return text
  if (!ascii && !strict) {
    const good = asUtf8(text)
    if (good !== undefined) return good
  }
  const declared = declaredText(text, charset)
  if (declared !== undefined) return declared
  return ascii ? text : iconv.decode(octets(text), 'windows-1252')
}

/** Characters as UTF-8, one octet a character of the string. */
export const toOctets = (text: string): string =>
  /[^\x00-\x7f]/.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text

/** As `characters`, but UTF-8 octets again. */
export const normalised = (text: string, charset: string, strict = false): string =>
  toOctets(characters(text, charset, strict))
