/** Functions over the pages of a message. Mail::SpamAssassin::Plugin::HTMLEval. Pure. */
import type { Rendered } from '../../mail/html.ts'
import { once } from '../../mail/view.ts'
import type { Eval } from './call.ts'
import { compiled } from './pattern.ts'

const blanks = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g

const ratio = (part: number, whole: number): number | undefined => (whole > 0 ? part / whole : undefined)

/** Numbers of a page by the names that rules use; undefined where a page has none of it. */
const numbers: Readonly<Record<string, (page: Rendered) => number | undefined>> = {
  length: (page) => page.length,
  image_area: (page) => page.imageArea,
  max_size: (page) => page.largest,
  min_size: (page) => page.smallest,
  closed_extra_ratio: (page) => (page.closedExtra > 0 ? ratio(page.closedExtra, page.tagCount) : undefined),
  backhair_count: (page) => (page.backhairs > 0 ? page.backhairs : undefined),
  bad_tag_ratio: (page) => (page.knownCount > 0 ? ratio(page.tagCount - page.knownCount, page.tagCount) : undefined),
  non_element_ratio: (page) => (page.knownSeen > 0 ? ratio(page.tagsSeen - page.knownSeen, page.tagsSeen) : undefined),
  obfuscation_ratio: (page) => (page.obfuscations > 0 ? ratio(page.obfuscations, page.tagCount) : undefined),
}
const flags: Readonly<Record<string, (page: Rendered) => boolean>> = {
  html: () => true,
  embeds: (page) => page.embeds,
  font_low_contrast: (page) => page.ruleLowContrast,
  font_face_bad: (page) => page.badFace,
  font_invalid_color: (page) => page.invalidColour,
  form_action_mailto: (page) => page.formMailto,
}
const texts: Readonly<Record<string, (page: Rendered) => readonly string[]>> = {
  comment: (page) => page.comments,
  title: (page) => page.titles,
  script: (page) => page.scripts,
  anchor: (page) => page.links.map((link) => link.text),
}

/** `!= 0`, `< 512`: one comparison. */
const compares = (text: string): ((value: number) => boolean) => {
  const found = /^\s*([<>=!]=?)\s*(-?\d+)\s*$/.exec(text)
  const than = Number(found?.[2])
  switch (found?.[1]) {
    case '<':
      return (value) => value < than
    case '<=':
      return (value) => value <= than
    case '>':
      return (value) => value > than
    case '>=':
      return (value) => value >= than
    case '==':
      return (value) => value === than
    case '!=':
      return (value) => value !== than
    default:
      return () => false
  }
}

const someNumber = (pages: readonly Rendered[], name: string, test: (value: number) => boolean): boolean =>
  pages.some((page) => {
    const value = numbers[name]?.(page)
    return value !== undefined && test(value)
  })

export const htmlEvals: Readonly<Record<string, Eval>> = {
  html_tag_balance: ({ mail }, [tag = '', text = '']) => {
    const holds = compares(text)
    return mail.view.pages().some((page) => {
      const open = page.tags.get(tag)
      return open !== undefined && holds(open)
    })
  },
  html_image_only: ({ mail }, [least = '0', most = '0']) =>
    mail.view
      .pages()
      .some((page) => page.tags.has('img') && page.length > Number(least) && page.length <= Number(most)),
  html_image_ratio: ({ mail }, [least = '0', most = '0']) =>
    mail.view.pages().some((page) => {
      const value = ratio(page.text.replaceAll(blanks, '').length, page.imageArea)
      return value !== undefined && value > Number(least) && value <= Number(most)
    }),
  html_charset_faraway: () => false,
  html_tag_exists: ({ mail }, [tag = '']) => mail.view.pages().some((page) => page.tags.has(tag)),
  html_test: ({ mail }, [name = '']) => mail.view.pages().some((page) => flags[name]?.(page) === true),
  html_eval: ({ mail }, [name = '', text = '']) => someNumber(mail.view.pages(), name, compares(text)),
  html_text_match: ({ mail }, [name = '', pattern = '']) => {
    const regexp = compiled(pattern)
    return mail.view.pages().some((page) => (texts[name]?.(page) ?? []).some((text) => regexp.test(text)))
  },
  html_text_not_match: ({ mail }, [name = '', pattern = '']) => {
    const regexp = compiled(pattern)
    return mail.view.pages().some((page) => (texts[name]?.(page) ?? []).some((text) => !regexp.test(text)))
  },
  html_title_subject_ratio: ({ mail }, [least = '0']) => {
    const subject = once(() => mail.text('Subject'))()
    if (subject === '') return false
    return mail.view
      .pages()
      .some((page) => Math.max(0, ...page.titles.map((title) => title.length / subject.length)) > Number(least))
  },
  html_range: ({ mail }, [name = '', least = '0', most]) =>
    someNumber(
      mail.view.pages(),
      name,
      (value) => value > Number(least) && (most === undefined || most === 'inf' || value <= Number(most)),
    ),
  check_iframe_src: ({ mail }) =>
    mail.view.pages().some((page) => [...page.uris.values()].some((tags) => tags.has('iframe'))),
}
