/**
 * What the tests and rules look at in a message, each worked out once, when first asked for: the body as SpamAssassin renders
 * it, line by line, the decoded parts, the pages. Pure; strings of one octet a character (UTF-8 where it is not ASCII).
 */
import { characters, toOctets } from './charset.ts'
import { type Rendered, renderHtml } from './html.ts'
import { decoded, headerOf, leavesOf, type Mail, type Section } from './message.ts'

const MOST_LINE = 2048
/** Octets of a part that body rules look at, and of one that rawbody rules look at (SpamAssassin's defaults). */
const MOST_RENDERED = 50_000
const MOST_RAW = 500_000

type Shown = {
  readonly type: string
  readonly all: string
  readonly visible: string
  readonly invisible: string
  readonly page?: Rendered
}

/** A value worked out at the first call. */
export const once = <T>(make: () => T): (() => T) => {
  let held: { readonly value: T } | undefined
  return () => {
    held ??= { value: make() }
    return held.value
  }
}

/** The type a leaf is shown as: a page by its name is a page whatever was declared. */
export const shownType = (leaf: Section): string => (/\.s?html?$/i.test(leaf.name) ? 'text/html' : leaf.type)

const shown = (leaf: Section): Shown | undefined => {
  const type = shownType(leaf)
  if (type !== 'text/plain' && type !== 'text/html') return undefined
  const text = characters(decoded(leaf), leaf.charset ?? 'us-ascii')
  if (type === 'text/plain' || text === '') return { type, all: text, visible: text, invisible: '' }
  const page = renderHtml(text)
  return { type, all: page.text, visible: page.visible, invisible: page.invisible, page }
}

const cutAt = (text: string, most: number, marks: readonly string[]): string => {
  if (text.length <= most) return text
  for (const mark of marks) {
    const at = text.indexOf(mark, most)
    if (at >= 0 && at - most <= 1024) return text.slice(0, at + 1)
  }
  return text.slice(0, most)
}

const wide = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/

/** White space to single blanks; runs with an empty line in them to line ends. */
const squeezed = (text: string): string => {
  const unicode = /[^\x00-\x7f]/.test(text)
  const blank = unicode ? wide.source : '[\\t-\\r ]'
  return text.replace(new RegExp(`${blank}+`, 'g'), (run) => {
    if (run.length === 1) return ' '
    const first = run.indexOf('\n')
    return first >= 0 && run.indexOf('\n', first + 1) >= 0 ? gap(run, first) : ' '
  })
}

/** A run of white space with two line ends at least: what stands before the first and after the last becomes a blank. */
const gap = (run: string, first: number): string => {
  const last = run.lastIndexOf('\n')
  return `${first > 0 ? ' ' : ''}\n${last < run.length - 1 ? ' ' : ''}`
}

const shortLines = (text: string): string[] => {
  const lines: string[] = []
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at)
    const end = newline < 0 ? text.length : newline + 1
    while (end - at > MOST_LINE) {
      const blank = text.lastIndexOf(' ', at + MOST_LINE)
      const next = blank >= at ? blank + 1 : at + MOST_LINE
      lines.push(text.slice(at, next))
      at = next
    }
    if (at < end) lines.push(text.slice(at, end))
    at = end
  }
  return lines
}

const shortParagraphs = (text: string): string[] => {
  if (text.length <= MOST_LINE) return [text]
  const out: string[] = []
  let at = 0
  while (text.length - at > 2 * MOST_LINE) {
    let end = at + MOST_LINE
    for (const mark of ['\n', '>', ' ']) {
      const found = text.indexOf(mark, at + MOST_LINE)
      if (found >= 0 && found - at + 1 <= 2 * MOST_LINE) {
        end = found
        break
      }
    }
    out.push(text.slice(at, end + 1))
    at = end + 1
  }
  if (at < text.length) out.push(text.slice(at))
  return out
}

export type View = {
  readonly mail: Mail
  readonly leaves: () => readonly Section[]
  /** Rendered lines, the subject first. */
  readonly body: () => readonly string[]
  readonly visibleText: () => string
  readonly invisibleText: () => string
  /** Decoded text parts in pieces of a few KiB. */
  readonly rawbody: () => readonly string[]
  readonly pages: () => readonly Rendered[]
}

export const viewOf = (mail: Mail): View => {
  const leaves = once(() => leavesOf(mail.top))
  const parts = once(() =>
    leaves()
      .map(shown)
      .filter((one) => one !== undefined),
  )
  const joined = (pick: (one: Shown) => string): string =>
    toOctets(
      squeezed(
        parts().reduce(
          (text, one) => (text === '' ? '' : `${text}\n`) + cutAt(pick(one), MOST_RENDERED, ['\n', ' ']),
          '',
        ),
      ),
    )
  const subject = (): string => {
    const field = mail.top.byKey.get('subject')
    return field === undefined ? '\n' : `${headerOf(mail.top, 'subject')}\n`
  }
  return {
    mail,
    leaves,
    body: once(() => shortLines(subject() + joined((one) => one.all))),
    visibleText: once(() => joined((one) => one.visible)),
    invisibleText: once(() => joined((one) => one.invisible)),
    rawbody: once(() =>
      leaves()
        .filter((leaf) => /^(?:text|message)\b/.test(shownType(leaf)) && leaf.type !== 'text/calendar')
        .flatMap((leaf) => shortParagraphs(cutAt(decoded(leaf), MOST_RAW, ['\n', '>', ' ']))),
    ),
    pages: once(() => parts().flatMap((one) => (one.page === undefined ? [] : [one.page]))),
  }
}
