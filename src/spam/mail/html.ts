/**
 * HTML to the text a reader sees, as SpamAssassin renders it: white space, hidden text by colour, size and style, links with
 * their words, and counts of tags that the HTML tests ask for. The tokenizer is lenient the way mail programs are.
 *
 * Pure; linear: every scan goes forward with indexOf or a sticky pattern.
 */
import { entities } from '../data/html.ts'
import { alike, colourOf, type Style, styleColours } from './style.ts'
import { resolved } from './uri.ts'

const MOST_URI = 4096
const MOST_DEPTH = 400

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))
const elements = words(
  'a abbr acronym address area b base bdo big blockquote body br button caption cite code col colgroup dd del dfn div dl dt em fieldset form h1 h2 h3 h4 h5 h6 head hr html i img input ins kbd label legend li link map meta noscript object ol optgroup option p param pre q samp script select small span strong style sub sup table tbody td textarea tfoot th thead title tr tt ul var applet basefont center dir font frame frameset iframe isindex menu noframes s strike u nobr x-sigsep x-tab',
)
const tricks = words('bgsound embed listing plaintext xmp')
const styled = words('body font table tr th td big small basefont marquee span p div a')
const styledBy: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    basefont: 'color face size',
    body: 'text bgcolor link alink vlink background',
    font: 'color face size',
    marquee: 'bgcolor background',
    table: 'bgcolor style',
    td: 'bgcolor style',
    tr: 'bgcolor style',
    span: 'style',
    p: 'style',
    div: 'style',
    a: 'style',
  }).map(([tag, names]) => [tag, words(names)]),
)
/** What white space a tag stands for, opened or closed. */
const spacing: ReadonlyMap<string, string> = new Map([
  ...['br', 'div'].map((tag) => [tag, '\n'] as const),
  ...'li td th dt dd embed h1 h2 h3 h4 h5 h6'.split(' ').map((tag) => [tag, ' '] as const),
  ...'p hr blockquote pre listing plaintext xmp title'.split(' ').map((tag) => [tag, '\n\n'] as const),
])

type Link = { readonly href: string; readonly text: string }

export type Rendered = {
  readonly text: string
  readonly visible: string
  readonly invisible: string
  /** Targets with the tags that name them. */
  readonly uris: ReadonlyMap<string, ReadonlySet<string>>
  readonly links: readonly Link[]
  readonly titles: readonly string[]
  /** With their marks. */
  readonly comments: readonly string[]
  readonly scripts: readonly string[]
  /** Tags seen, opened or closed, and how many of each are still open at the end. */
  readonly tags: ReadonlyMap<string, number>
  readonly tagCount: number
  readonly knownCount: number
  readonly knownSeen: number
  readonly tagsSeen: number
  readonly closedExtra: number
  readonly closedBody: boolean
  readonly closedHtml: boolean
  readonly imageArea: number
  readonly images: number
  readonly obfuscations: number
  readonly backhairs: number
  readonly largest: number
  readonly smallest: number
  readonly lowContrast: boolean
  /** As SpamAssassin's rules have it. */
  readonly ruleLowContrast: boolean
  readonly invalidColour: boolean
  readonly badFace: boolean
  readonly formMailto: boolean
  readonly embeds: boolean
  readonly charsets: string
  readonly uriTruncated: boolean
  readonly length: number
}

/** Characters for `&name;` and `&#number;`; the semicolon may be missing after numbers and Latin-1 names. */
export const unescaped = (text: string): string =>
  text.includes('&')
    ? text.replace(
        /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{0,9}))(;?)/g,
        (whole, decimal: string | undefined, hex: string | undefined, name: string | undefined, semi: string) => {
          const code = decimal !== undefined ? Number(decimal) : hex !== undefined ? Number.parseInt(hex, 16) : -1
          if (name !== undefined) {
            const char = entities.get(name)
            if (char !== undefined && (semi === ';' || char.charCodeAt(0) < 256)) return char
            return whole
          }
          return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole
        },
      )
    : text

const space = /[ \t\n\r\f\v]+|\xc2\xa0/g
const isWord = (text: string, at: number): boolean => {
  const c = text.charCodeAt(at)
  return (
    c > 0x7e ||
    (c >= 48 && c <= 57) ||
    (c >= 65 && c <= 90) ||
    (c >= 97 && c <= 122) ||
    (c < 32 && !(c >= 9 && c <= 13))
  )
}

class Renderer {
  readonly chunks: string[] = []
  readonly hidden: boolean[] = []
  readonly spaces: boolean[] = []
  readonly uris = new Map<string, Set<string>>()
  readonly links: { href: string; text: string }[] = []
  readonly titles: string[] = []
  readonly comments: string[] = []
  readonly scripts: string[] = []
  readonly inside = new Map<string, number>()
  readonly backhair = new Set<string>()
  styles: Style[] = [
    { tag: 'default', fg: '#000000', bg: '#ffffff', ruleBg: '#ffffff', size: 3, display: '', visibility: '' },
  ]
  base = ''
  baseFont = 3
  n = {
    tags: 0,
    known: 0,
    tagsSeen: 0,
    knownSeen: 0,
    extra: 0,
    area: 0,
    images: 0,
    obfuscations: 0,
    largest: 3,
    smallest: 3,
  }
  flag = {
    body: false,
    html: false,
    low: false,
    ruleLow: false,
    invalid: false,
    face: false,
    form: false,
    embeds: false,
    cut: false,
    uncommented: false,
  }
  charsets = ''

  within(tag: string): boolean {
    return (this.inside.get(tag) ?? 0) > 0
  }

  top(): Style {
    return this.styles[this.styles.length - 1] as Style
  }

  display(given: string, hidden: boolean, isSpace: boolean): void {
    let text = given
    const last = this.chunks.length - 1
    if (isSpace) {
      const before = this.chunks[last]
      if (before !== undefined && this.spaces[last] !== true && this.hidden[last] !== true && before.endsWith(' '))
        this.chunks[last] = before.slice(0, -1)
    } else {
      text = text.replace(space, ' ')
      if (last >= 0 && !hidden && this.spaces[last] === true && text.startsWith(' ')) text = text.slice(1)
    }
    this.chunks.push(text)
    this.hidden.push(hidden)
    this.spaces.push(isSpace)
  }

  invisible(): boolean {
    const { fg, bg, ruleBg, size, display, visibility } = this.top()
    if (alike(fg, ruleBg)) this.flag.ruleLow = true
    else if (fg === 'invalid' || ruleBg === 'invalid') this.flag.invalid = true
    if (alike(fg, bg)) {
      this.flag.low = true
      return true
    }
    if (fg === 'invalid' || bg === 'invalid') return true
    return size <= 1 || display.toLowerCase() === 'none' || visibility.toLowerCase() === 'hidden'
  }

  text(given: string): void {
    if (given === '') return
    if (this.within('script')) {
      this.scripts.push(given)
      return
    }
    if (this.within('style')) return
    const link = this.links[this.links.length - 1]
    if (this.within('a') && link !== undefined) link.text += given
    if (this.within('title') && this.titles.length > 0) this.titles[this.titles.length - 1] += given
    const hidden = /[^ \t\n\r\f\v]/.test(given.replaceAll('\xc2\xa0', '')) ? this.invisible() : false
    const before = this.chunks[this.chunks.length - 1]
    if (before !== undefined && before !== '' && isWord(given, 0) && isWord(before, before.length - 1)) {
      this.n.obfuscations++
      const tail = /[^\s\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]{1,7}$/.exec(before.slice(-7))?.[0].length ?? 0
      const head = /^[^\s\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]{1,7}/.exec(given)?.[0].length ?? 0
      const whole = (at: string | undefined): boolean => at === undefined || !/[A-Za-z0-9_]/.test(at)
      if (tail > 0 && head > 0 && whole(before[before.length - 1 - tail]) && whole(given[head]))
        this.backhair.add(`${tail}_${head}`)
    }
    this.display(given, hidden, false)
  }

  uri(tag: string, given: string): void {
    let uri = given.trim()
    if (uri.length > MOST_URI) {
      this.flag.cut = true
      uri = uri.slice(0, MOST_URI)
    }
    if (uri === '') return
    const target = /^(?:data|mailto|file|cid|tel):/i.test(uri) ? uri : resolved(this.base, uri)
    if (target === '') return
    const types = this.uris.get(target)
    if (types === undefined) this.uris.set(target, new Set([tag]))
    else types.add(tag)
  }
}

const attribute = (attrs: ReadonlyMap<string, string>, name: string): string | undefined => {
  const plain = attrs.get(name)
  if (plain !== undefined) return plain
  for (const [key, value] of attrs) if (key.endsWith(`/${name}`) && key.length > name.length + 1) return value
  return undefined
}

const uriTags: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ...['body', 'table', 'tr', 'td'].map((tag) => [tag, ['background']] as const),
  ...['a', 'area', 'link'].map((tag) => [tag, ['href', 'data-saferedirecturl']] as const),
  ...['img', 'frame', 'iframe', 'embed', 'script', 'bgsound'].map((tag) => [tag, ['src']] as const),
  ['form', ['action']],
  ['base', ['href']],
])

/** `http://host/a/b.html` without `b.html`. */
const withoutFile = (href: string): string => {
  const slash = href.lastIndexOf('/')
  const directory = /^[a-z]+:\/{0,2}[^/]+\//i.test(href)
  return directory && /^[^.]+\.[^.]{2,4}$/.test(href.slice(slash + 1, slash + 300)) ? href.slice(0, slash + 1) : href
}

const takeUris = (page: Renderer, tag: string, attrs: ReadonlyMap<string, string>): void => {
  for (const name of uriTags.get(tag) ?? []) {
    const value = attribute(attrs, name)
    if (value !== undefined) page.uri(tag, value.replaceAll('\u{feff}', ''))
  }
  if (tag === 'base') {
    const href = (attrs.get('href') ?? '').trim()
    if (/^(?:https?|ftp):\/{0,2}/i.test(href)) {
      const cut = withoutFile(href)
      page.base = cut.endsWith('/') ? cut : `${cut}/`
    }
  }
  if (tag === 'meta' && /refresh/i.test(attrs.get('http-equiv') ?? '')) {
    const content = attrs.get('content') ?? ''
    const at = content.search(/\burl\s*=/i)
    if (at >= 0) page.uri(tag, (content.slice(at, at + MOST_URI).split(';')[0] ?? '').replace(/^url\s*=\s*/i, ''))
  }
}

const sizeOf = (page: Renderer, text: string): number | undefined => {
  const signed = /^\s*([+-]\d+)/.exec(text)?.[1]
  if (signed !== undefined) return page.baseFont + Number(signed)
  const plain = /^\s*(\d+)/.exec(text)?.[1]
  return plain === undefined ? undefined : Number(plain)
}

const openStyle = (page: Renderer, tag: string, attrs: ReadonlyMap<string, string>): void => {
  const size = /^\s*(\d+)/.exec(attrs.get('size') ?? '')?.[1]
  if (tag === 'basefont' && size !== undefined) {
    page.baseFont = Number(size)
    return
  }
  if ((tag === 'td' || tag === 'tr') && page.styles.some((style) => style.tag === tag)) {
    const goes = tag === 'td' ? ['font', 'td'] : ['font', 'td', 'tr']
    while (page.styles.length > 1 && goes.includes(page.top().tag)) page.styles.pop()
  }
  const outer = page.top()
  const style = { ...outer, tag }
  if (tag === 'big') style.size++
  else if (tag === 'small') style.size--
  else
    for (const [name, value] of attrs) {
      if (styledBy.get(tag)?.has(name) !== true) continue
      if (name === 'text' || name === 'color') style.fg = colourOf(value)
      else if (name === 'bgcolor') style.bg = colourOf(value)
      else if (name === 'size') style.size = sizeOf(page, value) ?? style.size
      else if (name === 'style') styleColours(value, style, outer)
      if (style.size > page.n.largest) page.n.largest = style.size
      else if (style.size < page.n.smallest) page.n.smallest = style.size
    }
  page.styles.push(style)
  if (page.styles.length > MOST_DEPTH) page.styles.splice(1, 1)
}

const closeStyle = (page: Renderer, tag: string): void => {
  if (tag === 'body' || !page.styles.some((style) => style.tag === tag)) return
  while (page.styles.length > 1 && page.styles.pop()?.tag !== tag);
}

const area = (attrs: ReadonlyMap<string, string>): number => {
  const side = (name: string, percent: number): number => {
    const found = /^(\d{1,7})(%)?$/.exec(attrs.get(name) ?? '')
    if (found === null) return 200
    const n = Number(found[1]) * (found[2] === undefined ? 1 : percent)
    return n <= 0 ? 200 : n
  }
  return attrs.has('width') && attrs.has('height') ? side('width', 8) * side('height', 6) : 0
}

const goodFace = /^\s*["'.]?[a-z ][a-z -]*[a-z]\d?["']?(?:,\s*["']?[a-z][a-z -]*[a-z]\d?["']?)*;?$/i

const noteTag = (page: Renderer, tag: string, attrs: ReadonlyMap<string, string>): void => {
  const face = tag === 'font' ? attrs.get('face') : undefined
  if (face !== undefined && !goodFace.test(face.slice(0, 200))) page.flag.face = true
  if (tag === 'img') {
    page.n.images++
    page.n.area += area(attrs)
    const link = page.links[page.links.length - 1]
    if (page.within('a') && link !== undefined) link.text += '<img>\n'
  }
  if (tag === 'form' && /mailto:/i.test(attrs.get('action') ?? '')) page.flag.form = true
  if (tag === 'object' || tag === 'embed') page.flag.embeds = true
  if (tag === 'a') page.links.push({ href: (attrs.get('href') ?? '').trim().slice(0, MOST_URI), text: '' })
  if (tag === 'title') page.titles.push('')
  if (tag === 'meta' && /content-type/i.test(attrs.get('http-equiv') ?? '')) {
    const charset = /\bcharset\s*=\s*["']?([^"']+)/i.exec(attrs.get('content') ?? '')?.[1]
    if (charset !== undefined) page.charsets += page.charsets === '' ? charset : ` ${charset}`
  }
}

const takeTag = (page: Renderer, tag: string, attrs: ReadonlyMap<string, string>, closes: boolean): void => {
  const namespaced = /^(?:o|st\d):[\w-]+\/?$/.test(tag)
  const seen = page.inside.has(tag)
  const known = elements.has(tag)
  page.n.tags++
  if (!seen) page.n.tagsSeen++
  if (known || namespaced) {
    page.n.known++
    if (!seen) page.n.knownSeen++
  }
  const depth = (page.inside.get(tag) ?? 0) + (closes ? -1 : 1)
  if (depth < 0) page.n.extra++
  page.inside.set(tag, Math.max(0, depth))
  if (namespaced || (!known && !tricks.has(tag))) return
  if (styled.has(tag)) {
    const name = tag === 'th' ? 'td' : tag
    if (closes) closeStyle(page, name)
    else openStyle(page, name, attrs)
  }
  const gap = spacing.get(tag)
  if (gap !== undefined) page.display(gap, false, true)
  if (closes) {
    if (tag === 'html') page.flag.html = true
    if (tag === 'body') page.flag.body = true
    return
  }
  takeUris(page, tag, attrs)
  noteTag(page, tag, attrs)
}

/** Control characters, and what patterns call white space: an attribute pattern that met a run of it at each place would cost square time. */
const isBlank = (code: number): boolean =>
  code <= 32 ||
  (code >= 0xa0 &&
    (code === 0xa0 || code === 0x1680 || (code >= 0x2000 && code <= 0x200a) || code === 0x2028 || code === 0x2029)) ||
  code === 0x202f ||
  code === 0x205f ||
  code === 0x3000 ||
  code === 0xfeff

const attrPattern = /([^=>][^\s=>]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?/y

/** Reads attributes from `at`; @returns them and where the tag ends, or undefined where it never does. */
const readAttributes = (
  html: string,
  from: number,
): { readonly attrs: Map<string, string>; readonly end: number } | undefined => {
  const attrs = new Map<string, string>()
  let at = from
  for (;;) {
    while (at < html.length && isBlank(html.charCodeAt(at))) at++
    if (at >= html.length) return undefined
    if (html[at] === '>') return { attrs, end: at + 1 }
    attrPattern.lastIndex = at
    const found = attrPattern.exec(html)
    if (found === null) at++
    else {
      const name = (found[1] ?? '').toLowerCase()
      if (!attrs.has(name)) attrs.set(name, unescaped(found[2] ?? found[3] ?? found[4] ?? name))
      at = attrPattern.lastIndex
    }
  }
}

/** Elements whose content is not markup; true where entities are read in it. */
const literal: ReadonlyMap<string, boolean> = new Map([
  ['script', false],
  ['style', false],
  ['xmp', false],
  ['iframe', false],
  ['title', true],
  ['textarea', true],
])

const none: ReadonlyMap<string, string> = new Map()

/** Reads a declaration, comment or instruction at `<!` or `<?`; @returns where it ends. */
const readBang = (page: Renderer, html: string, at: number): number => {
  if (html.startsWith('<!--', at)) {
    const end = page.flag.uncommented ? -1 : html.indexOf('-->', at + 4)
    if (end < 0) page.flag.uncommented = true // there is none further on either
    if (end >= 0) {
      page.comments.push(html.slice(at, end + 3))
      return end + 3
    }
    const close = html.indexOf('>', at + 4)
    page.comments.push(html.slice(at, close < 0 ? html.length : close + 1))
    return close < 0 ? html.length : close + 1
  }
  const close = html.indexOf('>', at)
  const end = close < 0 ? html.length : close + 1
  if (/^<!doctype/i.test(html.slice(at, at + 9))) {
    page.n.known++
    page.n.tags++
    page.inside.set('!doctype', 0)
  } else if (html[at + 1] === '!') page.comments.push(html.slice(at, end))
  return end
}

const isLetter = (c: number): boolean => (c >= 65 && c <= 90) || (c >= 97 && c <= 122)

/** Takes what stands between a literal element's tags. @returns where its end tag begins, or the end. */
const readLiteral = (page: Renderer, html: string, tag: string, from: number): number => {
  const ends = new RegExp(`</${tag}\\s*>`, 'gi')
  ends.lastIndex = from
  const end = ends.exec(html)?.index ?? html.length
  const inner = html.slice(from, end)
  page.text(literal.get(tag) === true ? unescaped(inner) : inner)
  return end
}

const walk = (page: Renderer, html: string): void => {
  let at = 0
  while (at < html.length) {
    let open = html.indexOf('<', at)
    // A `<` that begins no tag is text.
    while (open >= 0 && !/[a-z/!?]/i.test(html[open + 1] ?? '')) open = html.indexOf('<', open + 1)
    if (open < 0) {
      page.text(unescaped(html.slice(at)))
      return
    }
    if (open > at) page.text(unescaped(html.slice(at, open)))
    const next = html[open + 1]
    if (next === '!' || next === '?') {
      at = readBang(page, html, open)
      continue
    }
    const closes = next === '/'
    const nameAt = closes ? open + 2 : open + 1
    if (!isLetter(html.charCodeAt(nameAt))) {
      const end = html.indexOf('>', open)
      at = end < 0 ? html.length : end + 1
      continue
    }
    let nameEnd = nameAt
    while (nameEnd < html.length && html.charCodeAt(nameEnd) > 32 && html[nameEnd] !== '>') nameEnd++
    const tag = html.slice(nameAt, Math.min(nameEnd, nameAt + 64)).toLowerCase()
    if (closes) {
      const end = html.indexOf('>', nameEnd)
      takeTag(page, tag, none, true)
      at = end < 0 ? html.length : end + 1
      continue
    }
    const read = readAttributes(html, nameEnd)
    if (read === undefined) {
      page.text(unescaped(html.slice(open)))
      return
    }
    takeTag(page, tag, read.attrs, false)
    at = literal.has(tag) ? readLiteral(page, html, tag, read.end) : read.end
  }
}

/** @param source a page, in characters. Any text gives a rendering. */
export const renderHtml = (source: string): Rendered => {
  const html = source
    .replaceAll('&nbsp;', ' ')
    .replace(/<(\w+)\s{0,100}\/>/g, '<$1>')
    .replace(/[\u201c\u201d]/g, '"')
  const page = new Renderer()
  walk(page, html)
  const pick = (hidden: boolean): string => page.chunks.filter((_, i) => page.hidden[i] === hidden).join('')
  return {
    text: page.chunks.join(''),
    visible: pick(false),
    invisible: pick(true),
    uris: page.uris,
    links: page.links,
    titles: page.titles,
    comments: page.comments,
    scripts: page.scripts,
    tags: page.inside,
    tagCount: page.n.tags,
    knownCount: page.n.known,
    knownSeen: page.n.knownSeen,
    tagsSeen: page.n.tagsSeen,
    closedExtra: page.n.extra,
    closedBody: page.flag.body,
    closedHtml: page.flag.html,
    imageArea: page.n.area,
    images: page.n.images,
    obfuscations: page.n.obfuscations,
    backhairs: page.backhair.size,
    largest: page.n.largest,
    smallest: page.n.smallest,
    lowContrast: page.flag.low,
    ruleLowContrast: page.flag.ruleLow,
    invalidColour: page.flag.invalid,
    badFace: page.flag.face,
    formMailto: page.flag.form,
    embeds: page.flag.embeds,
    charsets: page.charsets,
    uriTruncated: page.flag.cut,
    length: source.length,
  }
}
