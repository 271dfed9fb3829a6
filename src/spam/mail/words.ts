/**
 * Encoded words (RFC 2047 section 2) in a header field's body, leniently: wherever they stand, and neighbours in one charset are
 * joined before decoding, because senders cut characters in half. Strings of one octet a character; UTF-8 comes out. Pure.
 */
import { normalised } from './charset.ts'

const word = /=\?([A-Za-z0-9*_-]+)\?([bqBQ])\?([^?]*)\?=/g

const unpacked = (kind: string, data: string): string =>
  kind.toLowerCase() === 'b'
    ? Buffer.from(data, 'base64').toString('latin1')
    : data
        .replaceAll('_', ' ')
        .replace(/=([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/** @param text a field body, unfolded. @returns it with its encoded words decoded. */
export const encodedWords = (text: string): string => {
  const pieces: { charset: string; text: string }[] = []
  const add = (charset: string, piece: string): void => {
    const last = pieces.at(-1)
    if (last !== undefined && last.charset === charset) last.text += piece
    else pieces.push({ charset, text: piece })
  }
  let at = 0
  let afterWord = false
  for (const found of text.matchAll(word)) {
    const between = text.slice(at, found.index)
    if (between !== '' && !(afterWord && between.trim() === '')) add('', between)
    add((found[1] ?? '').toLowerCase(), unpacked(found[2] ?? '', found[3] ?? ''))
    at = found.index + found[0].length
    afterWord = true
  }
  if (at < text.length) add('', text.slice(at))
  return pieces
    .map((piece) =>
      piece.charset === '' ? piece.text : normalised(piece.text, piece.charset.replace(/\*.*$/, ''), true),
    )
    .join('')
}
