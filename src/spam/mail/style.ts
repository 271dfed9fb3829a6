/** Colours and styles of text in a page: what is written in one that cannot be told from its background is hidden. CSS Color (names, `#rgb`, `rgb()`), read leniently. Pure. */
import { colours } from '../data/html.ts'

export type Style = {
  tag: string
  fg: string
  bg: string
  /** The background as SpamAssassin 4.0.1 has it: attributes `bgcolor` are read and lost there. */
  ruleBg: string
  size: number
  display: string
  visibility: string
}

const hex2 = (n: number): string =>
  Math.max(0, Math.min(255, Math.trunc(n)))
    .toString(16)
    .padStart(2, '0')

/** `#rrggbb`, or `invalid`. */
export const colourOf = (given: string): string => {
  const text = given.toLowerCase().trim()
  const named = colours.get(text)
  if (named !== undefined) return `#${named}`
  const percent = /rgb\((\d+)%,\s*(\d+)%,\s*(\d+)%\s*\)/.exec(text)
  if (percent !== null) return `#${[1, 2, 3].map((i) => hex2((Number(percent[i]) / 100) * 255)).join('')}`
  const plain = /rgb\((\d+),\s*(\d+),\s*(\d+)\s*\)/.exec(text)
  if (plain !== null) return `#${[1, 2, 3].map((i) => hex2(Number(plain[i]))).join('')}`
  if (!/^#[#a-f0-9]*$/.test(text)) return 'invalid'
  let hex = text.replace(/[^a-f0-9]/g, '')
  if (hex.length > 6) hex = hex.slice(0, 6)
  if (hex.length > 3 && hex.length < 6) hex = hex.slice(0, 3)
  if (hex.length % 3 !== 0) hex += '0'.repeat(3 - (hex.length % 3))
  return hex.length === 3 ? `#${[...hex].map((c) => c + c).join('')}` : `#${hex}`
}

const luma = (a: string, b: string): number => {
  const part = (text: string, i: number): number => Number.parseInt(text.slice(i, i + 2), 16)
  const weight = (i: number, w: number): number => (w * (part(a, i) - part(b, i))) ** 2
  return Math.sqrt(weight(1, 0.2126) + weight(3, 0.7152) + weight(5, 0.0722))
}

const sixDigits = /^#[0-9a-f]{6}$/
/** Whether text in one colour cannot be read on the other. */
export const alike = (fg: string, bg: string): boolean =>
  fg.slice(-6) === bg.slice(-6) || (sixDigits.test(fg) && sixDigits.test(bg) && luma(fg, bg) < 12)

export const styleColours = (text: string, style: Style, outer: Style): void => {
  for (const part of text.split(';')) {
    const colon = part.indexOf(':')
    if (colon < 0) continue
    const name = part.slice(0, colon).trim().toLowerCase()
    let value = part.slice(colon + 1, colon + 300).trim()
    if (name === 'color' || name === 'background-color') {
      const key = name === 'color' ? 'fg' : 'bg'
      value = value.toLowerCase().replace(/\s*!\s*important$/, '')
      if (value.includes('rgb')) {
        const rgb = value.replace(/[^0-9,]/g, '').split(',')
        style[key] = `#${[0, 1, 2].map((i) => hex2(Number(rgb[i] ?? 0))).join('')}`
      } else if (value === 'transparent') style[key] = value
      else if (value !== 'inherit' && value !== '') style[key] = colourOf(value)
      if (key === 'bg' && value !== 'inherit' && value !== '') style.ruleBg = style.bg
    } else if (name === 'background' && value !== '') {
      const layer = value.toLowerCase().split(',').at(-1) ?? ''
      const colour = layer
        .split(' ')
        .map(colourOf)
        .find((one) => one !== 'invalid')
      if (colour !== undefined) {
        style.bg = colour
        style.ruleBg = colour
      }
    } else if (name === 'display') style.display = value
    else if (name === 'visibility') style.visibility = value
  }
  if (style.bg === 'transparent') style.bg = outer.bg
  if (style.ruleBg === 'transparent') style.ruleBg = outer.ruleBg
  if (style.fg === 'transparent') style.fg = style.bg
}
