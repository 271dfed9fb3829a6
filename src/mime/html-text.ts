/**
 * HTML to plain text, for previews and searches: what a reader would see first, without tags, styles and scripts. Not for showing: nothing is
 * cleaned. Pure; htmlparser2 does the tokens, in slices, until enough text is there.
 */
import { Parser } from 'htmlparser2'

const SLICE = 2048
/** Elements whose text nobody sees. */
const unseen: ReadonlySet<string> = new Set([
  'head',
  'style',
  'script',
  'title',
  'template',
  'noscript',
  'object',
  'svg',
  'select',
])
/** Elements that do not part words. */
const inline: ReadonlySet<string> = new Set(
  'a abbr b big bdi bdo cite code del dfn em font i ins kbd mark q s samp small span strike strong sub sup tt u var wbr'.split(
    ' ',
  ),
)

/** @param html characters. @param most characters of text wanted. @returns the text with single spaces, at most a slice longer than asked. */
export const htmlToText = (html: string, most: number): string => {
  let text = ''
  let hidden = 0
  const parser = new Parser(
    {
      onopentagname: (name) => {
        if (unseen.has(name)) hidden += 1
        else if (!inline.has(name)) text += ' '
        if (name === 'body') hidden = 0 // whatever the head forgot to close
      },
      onclosetag: (name) => {
        if (unseen.has(name)) hidden = Math.max(0, hidden - 1)
        else if (!inline.has(name)) text += ' '
      },
      ontext: (data) => {
        if (hidden === 0) text += data
      },
    },
    { decodeEntities: true, lowerCaseTags: true, lowerCaseAttributeNames: false },
  )
  for (let at = 0; at < html.length; at += SLICE) {
    parser.write(html.slice(at, at + SLICE))
    if (text.length < most) continue
    text = text.replace(/\s+/g, ' ')
    if (text.length >= most) break
  }
  if (text.length < most) parser.end()
  return text.replace(/\s+/g, ' ').trim()
}
