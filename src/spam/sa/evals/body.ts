/** Functions over the text of a message. Mail::SpamAssassin::Plugin::BodyEval. Pure; linear in the text. */
import { characters } from '../../mail/charset.ts'
import { renderHtml } from '../../mail/html.ts'
import { decoded, type Section } from '../../mail/message.ts'
import { shownType } from '../../mail/view.ts'
import type { SaMail } from '../sa-mail.ts'
import type { Eval } from './call.ts'

type Difference = { readonly percent: number; readonly pageWords: number; readonly textWords: number }

const leavesUnder = (section: Section): readonly Section[] =>
  section.parts === undefined ? [section] : section.parts.flatMap(leavesUnder)

/** Words (with a letter or digit in them) and how often each stands. */
const wordsOf = (text: string, into: Map<string, number>): void => {
  for (const word of text.split(/\s+/)) if (/\w/.test(word)) into.set(word, (into.get(word) ?? 0) + 1)
}

const differenceIn = (alternative: Section): Difference | undefined => {
  const page = new Map<string, number>()
  const text = new Map<string, number>()
  for (const leaf of leavesUnder(alternative)) {
    const type = shownType(leaf)
    if (type !== 'text/plain' && type !== 'text/html') continue
    const shown = characters(decoded(leaf), leaf.charset ?? 'us-ascii')
    if (type === 'text/plain') {
      wordsOf(shown, text)
      continue
    }
    const rendered = renderHtml(shown)
    wordsOf(rendered.text, page)
    if (page.size === 0 && rendered.tags.has('img')) page.set('\n', 1)
  }
  if (page.size === 0) return undefined
  const pageWords = page.size
  for (const [word, count] of text) if ((page.get(word) ?? Number.POSITIVE_INFINITY) - count < 1) page.delete(word)
  return { percent: (page.size / pageWords) * 100, pageWords, textWords: text.size }
}

const known = new WeakMap<SaMail, Difference>()
/** How much of the page's words the plain text lacks; the worst of all alternatives. */
const difference = (mail: SaMail): Difference => {
  const before = known.get(mail)
  if (before !== undefined) return before
  let found: Difference = { percent: 0, pageWords: 0, textWords: 0 }
  const types = mail.parts().map((part) => part.type)
  const invitation = types.join(' ') === 'multipart/alternative text/html text/calendar'
  for (const part of mail.parts()) {
    const one = invitation || part.type !== 'multipart/alternative' ? undefined : differenceIn(part)
    if (one !== undefined) found = { ...one, percent: Math.max(one.percent, found.percent) }
  }
  known.set(mail, found)
  return found
}

const stockWords =
  /(^trad(?:e|ing)date|company(?:name)?|s\w?(?:t\w?o\w?c\w?k|y\w?m(?:\w?b\w?o\w?l)?)|t(?:arget|icker)|(?:opening|current)p(?:rice)?|p(?:rojected|osition)|expectations|weeks?high|marketperformance|(?:year|week|month|day|price)(?:target|estimates?)|sector|r(?:ecommendation|ating))$/

/** Labels of a stock tip (`Symbol: …`) in the first plain part. */
const stockLabels = (mail: SaMail): number => {
  const part = mail.parts().find((one) => one.type === 'text/plain' && one.parts === undefined)
  const found = new Set<string>()
  const text = part === undefined ? '' : characters(decoded(part), part.charset ?? 'us-ascii')
  for (const line of text.matchAll(/^\s*([^:\s][^:\n]{2,29})\s*:\s*\S/gm)) {
    const label = stockWords.exec((line[1] ?? '').toLowerCase().replaceAll(/[^a-z]/g, ''))?.[1]
    if (label !== undefined) found.add(label)
  }
  return found.size
}

const blankLines = (mail: SaMail, least: number): number => {
  let [blank, lines] = [0, 0]
  for (const chunk of mail.rawbody())
    for (const line of chunk.split(/(?<=\n)/)) {
      lines += 1
      if (!/\S/.test(line)) blank += 1
    }
  return lines < least ? -1 : (100 * blank) / lines
}

/** Blanks for each other character, in 100; the most of any line. */
const verticality = (lines: readonly string[]): number =>
  lines
    .filter((line) => line.length > 5)
    .reduce((most, line) => {
      const blanks = line.split(' ').length - 1
      const others = line.length - blanks
      return Math.max(most, blanks > others || others === 0 ? 100 : Math.trunc((100 * blanks) / others))
    }, -1)

type Signature = { readonly body: number; readonly signature: number }
const signatureOf = (mail: SaMail): Signature | undefined => {
  const part = mail.parts().find((one) => one.type.startsWith('text/plain') && one.parts === undefined)
  if (part === undefined) return undefined
  const text = decoded(part)
  let found: Signature = { body: text.length, signature: 0 }
  for (const mark of text.matchAll(/^-- ?\r?$/gm)) {
    const end = mark.index + mark[0].length
    if (text.length - end > 4) found = { body: mark.index, signature: text.length - end }
  }
  return found
}

const between = (value: number | undefined, least = '0', most?: string): boolean =>
  value !== undefined && value >= Number(least) && (most === undefined || value <= Number(most))

export const bodyEvals: Readonly<Record<string, Eval>> = {
  multipart_alternative_difference: ({ mail }, [least = '0', most = 'undef']) => {
    const { percent } = difference(mail)
    return (Number(least) === 0 || percent > Number(least)) && (most === 'undef' || percent <= Number(most))
  },
  multipart_alternative_difference_count: ({ mail }, [ratio = '0', least = '0']) => {
    const { pageWords, textWords } = difference(mail)
    return pageWords > Number(least) && textWords / pageWords > Number(ratio)
  },
  check_blank_line_ratio: ({ mail }, [least = '0', most = '0', lines = '1']) => {
    const value = blankLines(mail, Math.max(1, Number(lines)))
    return (Number(least) === 0 || value > Number(least)) && value <= Number(most)
  },
  tvd_vertical_words: ({ mail }, [least = '0', most = '0']) => {
    const value = verticality(mail.body())
    return value >= Number(least) && value < (Number(most) >= 100 ? 101 : Number(most))
  },
  check_stock_info: ({ mail }, [least = '0']) => Number(least) === 0 || stockLabels(mail) >= Number(least),
  check_body_length: ({ mail }, [most = '0']) => mail.mail.body.length <= Number(most),
  plaintext_body_length: ({ mail }, [least, most]) => between(signatureOf(mail)?.body, least, most),
  plaintext_sig_length: ({ mail }, [least, most]) => between(signatureOf(mail)?.signature, least, most),
  plaintext_body_sig_ratio: ({ mail }, [least, most]) => {
    const found = signatureOf(mail)
    return between(
      found === undefined ? undefined : found.signature === 0 ? 1e6 : found.body / found.signature,
      least,
      most,
    )
  },
}
