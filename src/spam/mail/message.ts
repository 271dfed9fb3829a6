/**
 * A message as SpamAssassin 4 takes it apart, because its rules are written against that: header fields with their raw and
 * decoded bodies, and a tree of parts cut line by line (RFC 5322, 2045, 2046, 2047, read with that program's leniency). Text is
 * held in strings of one octet a character; what is not ASCII is UTF-8 after charset decoding.
 *
 * Pure. Bounded: MOST_OCTETS of the message are looked at, MOST_PARTS parts, LEVELS deep; header fields are cut at fixed lengths.
 */

import { normalised } from './charset.ts'
import { encodedWords } from './words.ts'

const MOST_OCTETS = 4 * 1024 * 1024
const MOST_PARTS = 1000
const LEVELS = 20
const MOST_LINE = 2048
const MOST_KEY = 256
const MOST_VALUE = 8192
const MOST_BLANKS = 20

type Field = {
  readonly name: string
  /** Lower-case name. */
  readonly key: string
  /** Everything after the colon, folds and the last line end included. */
  readonly raw: string
  /** Unfolded, trimmed, encoded words decoded to UTF-8. */
  readonly value: string
}

export type Section = {
  readonly fields: readonly Field[]
  /** By lower-case name. */
  readonly byKey: ReadonlyMap<string, readonly Field[]>
  /** `text/plain`, lower case; text of unknown subtypes counts as plain. */
  readonly type: string
  readonly charset: string | undefined
  readonly name: string
  /** A leaf's lines, still encoded for transfer; empty for a multipart. */
  readonly raw: string
  readonly parts: readonly Section[] | undefined
}

/** What parsing noticed about the whole message. */
type Oddities = {
  missingMimeHeaders: boolean
  missingHeadBodySeparator: boolean
  missingMimeHeadBodySeparator: boolean
  truncatedHeader: boolean
  tooManyParts: boolean
  epilogue: boolean
}

export type Mail = {
  readonly top: Section
  /** The mbox `From ` line, if one stood on top. */
  readonly mboxLine: string | undefined
  /** Headers and the blank line, LF line ends. */
  readonly head: string
  /** What follows them, LF line ends. */
  readonly body: string
  readonly oddities: Readonly<Oddities>
  /** Octets of the whole message, also those beyond what is looked at. */
  readonly size: number
}

type ContentType = {
  readonly type: string
  readonly boundary: string | undefined
  readonly charset: string | undefined
  readonly name: string
  readonly missing: boolean
}

/** @param text a Content-Type value; empty when there is none. */
export const readContentType = (text: string): ContentType => {
  const missing = text === ''
  const value = missing ? 'text/plain; charset=us-ascii' : text
  const boundary = /\bboundary\s*=\s*("[^"]+|[^\s";]+(?=[\s;]|$))/i.exec(value)?.[1]?.replaceAll('"', '')
  const charset = /\bcharset\s*=\s*["']?([^;\n]*)/i.exec(value)?.[1]?.replace(/["']$/, '')
  let name = /\b(?:file)?name\s*=\s*["']?([^;\n]*)/i.exec(value)?.[1]?.replace(/["']$/, '') ?? ''
  if (name === '')
    for (const piece of value.matchAll(/\b(?:file)?name\*(?:\d+)\*?\s*=\s*["']?([^;\n]*)/gi))
      name += (piece[1] ?? '').replace(/["']$/, '')
  const bare = value.replace(/^\s+/, '')
  const cut = bare.indexOf(';')
  const word = (/^[^/]+(?:\/[^/\s]*)?/.exec(cut < 0 ? bare : bare.slice(0, cut))?.[0] ?? '').toLowerCase()
  const plain = word === '' || (/^text\b/.test(word) && !/^text\/(?:x-vcard|calendar|html)$/.test(word))
  return { type: plain ? 'text/plain' : word, boundary, charset, name, missing: missing || word === '' }
}

/** RFC 2047 words are not looked for in these: their grammar has no phrase. */
const wordless = /^(?:received|(?:resent-)?(?:message-id|date)|mime-version|references|in-reply-to|list-.*)$/

const fieldOf = (name: string, raw: string): Field => {
  const key = name.toLowerCase()
  let value = raw.indexOf('\n') < 0 ? raw : raw.replace(/\n[ \t]+/g, ' ').replace(/\r?\n/g, '')
  value = value.trim()
  if (/[\x80-\xff]/.test(value)) value = normalised(value, 'utf-8')
  if (value.includes('=?') && !wordless.test(key)) value = encodedWords(value)
  return { name, key, raw, value }
}

const indexed = (fields: readonly Field[]): ReadonlyMap<string, readonly Field[]> => {
  const byKey = new Map<string, Field[]>()
  for (const field of fields) {
    const list = byKey.get(field.key)
    if (list === undefined) byKey.set(field.key, [field])
    else list.push(field)
  }
  return byKey
}

/** The last field of that name, decoded; empty when there is none. */
export const headerOf = (section: Section, key: string): string => section.byKey.get(key)?.at(-1)?.value ?? ''

const linesOf = (text: string): string[] => {
  const lines: string[] = []
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at)
    const next = end < 0 ? text.length : end + 1
    lines.push(text.slice(at, next))
    at = next
  }
  return lines
}

type Cursor = { readonly lines: string[]; at: number }

const isField = /^[!-9;-~]+[ \t]*:/
const isMimeField = /^[!-9;-~]+:/

/** Reads header lines up to the blank one. Three lines that are no fields are passed over; a fourth, or a boundary, begins the body. */
const readHead = (cursor: Cursor, odd: Oddities): { readonly fields: Field[]; readonly head: string } => {
  const fields: Field[] = []
  const head: string[] = []
  let open: string | undefined
  let wrong = 0
  const close = (): void => {
    if (open === undefined) return
    const colon = open.indexOf(':')
    if (colon < 0) return
    const key = open.slice(0, colon).replace(/[ \t]+$/, '')
    const value = open.slice(colon + 1)
    if (key.length > MOST_KEY || value.length > MOST_VALUE) odd.truncatedHeader = true
    fields.push(fieldOf(key.slice(0, MOST_KEY), value.slice(0, MOST_VALUE)))
  }
  for (;;) {
    const line = cursor.lines[cursor.at]
    if (line !== undefined && (line[0] === ' ' || line[0] === '\t')) {
      open = (open ?? '') + line
      head.push(line)
      cursor.at++
      continue
    }
    close()
    open = undefined
    if (line === undefined) {
      odd.missingHeadBodySeparator = true
      break
    }
    if (line === '\n') {
      head.push(line)
      cursor.at++
      break
    }
    if (line.startsWith('--') || (!isField.test(line) && ++wrong > 3)) {
      odd.missingHeadBodySeparator = true
      break
    }
    open = line
    head.push(line)
    cursor.at++
  }
  return { fields, head: head.join('') }
}

/** Runs of more than MOST_BLANKS blank lines are shortened: they carry nothing and cost time. */
const withoutLongBlanks = (lines: readonly string[]): string[] => {
  const kept: string[] = []
  let blanks = 0
  for (const line of lines) {
    blanks = line.length < 80 && line.trim() === '' ? blanks + 1 : 0
    if (blanks <= MOST_BLANKS + 1) kept.push(line)
  }
  return kept
}

type Work = { parts: number; readonly odd: Oddities }

const boundaryMark = (line: string, boundary: string): 'none' | 'open' | 'close' => {
  if (!line.startsWith('--') || !line.startsWith(boundary, 2)) return 'none'
  const rest = line.slice(2 + boundary.length)
  if (rest.trim() === '') return 'open'
  return rest.startsWith('--') && rest.slice(2).trim() === '' ? 'close' : 'none'
}

const nameOf = (fields: ReadonlyMap<string, readonly Field[]>, type: ContentType): string =>
  /name=\s*"?([^";]+)"?/i.exec(fields.get('content-disposition')?.at(-1)?.value ?? '')?.[1] ?? type.name

/** A section of its fields and body lines; `boundary` is the parent's, for a multipart that names none. */
const section = (
  fields: readonly Field[],
  lines: string[],
  parent: { readonly type: string; readonly boundary: string | undefined },
  depth: number,
  work: Work,
): Section => {
  const byKey = indexed(fields)
  const read = readContentType(byKey.get('content-type')?.at(-1)?.value ?? '')
  const own = read.boundary
  const digest = read.missing && parent.type === 'multipart/digest'
  const boundary = own !== undefined && own !== '' ? own : parent.boundary
  let type = digest ? 'message/rfc822' : read.type
  const base = { fields, byKey, charset: read.charset, name: nameOf(byKey, read) }
  if (type.startsWith('multipart/') && boundary !== undefined && depth < LEVELS)
    return { ...base, type, raw: '', parts: multipart(lines, { type, boundary }, depth, work) }
  if (type.startsWith('multipart/') && boundary === undefined) type = 'text/plain'
  const leaf: Section = { ...base, type, raw: lines.join(''), parts: undefined }
  if ((type === 'message/rfc822' || type === 'message/global') && depth < LEVELS) {
    const inner = decoded(leaf)
    if (inner !== '') {
      const cursor = { lines: linesOf(inner), at: 0 }
      const head = readHead(cursor, { ...work.odd })
      const rest = withoutLongBlanks(cursor.lines.slice(cursor.at))
      return {
        ...leaf,
        raw: '',
        parts: [section(head.fields, rest, { type: '', boundary: undefined }, depth + 1, work)],
      }
    }
  }
  return leaf
}

/** The parts between a multipart's boundary lines. */
const multipart = (
  lines: string[],
  parent: { readonly type: string; readonly boundary: string },
  depth: number,
  work: Work,
): readonly Section[] => {
  const { boundary } = parent
  const parts: Section[] = []
  let first = lines.findIndex((line) => boundaryMark(line, boundary) === 'open')
  if (first >= 0 && first + 1 < lines.length && !isMimeField.test(lines[first + 1] ?? ''))
    work.odd.missingMimeHeaders = true
  first = first < 0 ? 0 : first + 1
  let fields: Field[] = []
  let open: string | undefined
  let inBody = false
  let body: string[] = []
  let nested = false
  const closeField = (): void => {
    if (open === undefined) return
    const colon = open.indexOf(':')
    const field = fieldOf(open.slice(0, colon).replace(/[ \t]+$/, ''), open.slice(colon + 1).replace(/^\s+/, ''))
    fields.push(field)
    if (field.key === 'content-type' && readContentType(field.value).boundary === boundary) nested = true
    open = undefined
  }
  const endPart = (): void => {
    closeField()
    parts.push(section(fields, body, parent, depth + 1, work))
    work.parts++
    fields = []
    body = []
    inBody = false
  }
  let at = first
  for (; at < lines.length; at++) {
    const line = lines[at] ?? ''
    let mark = boundaryMark(line, boundary)
    if (mark !== 'none' && nested) {
      if (mark === 'close') nested = false
      mark = 'none'
    }
    if (mark !== 'none') {
      const last = body.at(-1)
      if (last !== undefined) {
        const chomped = last.endsWith('\n') ? last.slice(0, -1) : last
        if (chomped === '') body.pop()
        else body[body.length - 1] = chomped
      }
      endPart()
      if (mark === 'close') break
      if (at + 1 < lines.length && !isMimeField.test(lines[at + 1] ?? '')) work.odd.missingMimeHeaders = true
      if (work.parts >= MOST_PARTS) {
        work.odd.tooManyParts = true
        return parts
      }
      continue
    }
    const lastLine = at === lines.length - 1
    if (!inBody && !lastLine) {
      if (isField.test(line)) {
        closeField()
        open = line
        continue
      }
      if ((line[0] === ' ' || line[0] === '\t') && open !== undefined) {
        open += line
        continue
      }
      closeField()
      inBody = true
      if (line === '\n' || line === '\r\n') continue
      work.odd.missingMimeHeadBodySeparator = true
    }
    let rest = line
    for (; rest.length > MOST_LINE; rest = rest.slice(MOST_LINE)) body.push(`${rest.slice(0, MOST_LINE)}\n`)
    body.push(rest)
    if (lastLine) endPart()
  }
  if (lines.slice(at + 1).some((line) => /[^\s.]/.test(line))) work.odd.epilogue = true
  return parts
}

/** Takes a message apart. Any octets give a message. @param bytes CRLF or LF line ends. */
export const readMail = (bytes: Uint8Array): Mail => {
  const view = bytes.length > MOST_OCTETS ? bytes.subarray(0, MOST_OCTETS) : bytes
  let text = Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('latin1')
  const firstEnd = text.indexOf('\n')
  if (text[firstEnd - 1] === '\r' || text.endsWith('\r\n')) text = text.replaceAll('\r\n', '\n')
  const odd: Oddities = {
    missingMimeHeaders: false,
    missingHeadBodySeparator: false,
    missingMimeHeadBodySeparator: false,
    truncatedHeader: false,
    tooManyParts: false,
    epilogue: false,
  }
  const cursor: Cursor = { lines: text === '' ? ['\n'] : linesOf(text), at: 0 }
  const mbox = /^From\s+(?!:)/.test(cursor.lines[0] ?? '') ? cursor.lines[0] : undefined
  if (mbox !== undefined) cursor.at = 1
  const { fields, head } = readHead(cursor, odd)
  const body = cursor.lines.slice(cursor.at)
  const lines = withoutLongBlanks(body)
  const top = section(fields, lines, { type: '', boundary: undefined }, 0, { parts: 0, odd })
  return { top, mboxLine: mbox, head, body: body.join(''), oddities: odd, size: bytes.length }
}

/** Every leaf, in order. */
export const leavesOf = (top: Section): readonly Section[] =>
  top.parts === undefined ? [top] : top.parts.flatMap((part) => leavesOf(part))

const unquoted = (text: string): string =>
  text
    .replace(/(?<![ \t])[ \t]+(?=\r?\n)/g, '')
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll('\r\n', '\n')

const known = new WeakMap<Section, string>()

/** A leaf's octets with the transfer encoding undone (RFC 2045 section 6); text has LF line ends. */
export const decoded = (leaf: Section): string => {
  const before = known.get(leaf)
  if (before !== undefined) return before
  const encoding = headerOf(leaf, 'content-transfer-encoding').toLowerCase()
  let text = leaf.raw
  if (encoding === 'quoted-printable') text = unquoted(text)
  else if (encoding === 'base64') {
    text = Buffer.from(text.replace(/[^A-Za-z0-9+/=]/g, ''), 'base64').toString('latin1')
    if (/^(?:text|message)\b/.test(leaf.type)) text = text.replaceAll('\r\n', '\n')
  }
  known.set(leaf, text)
  return text
}
