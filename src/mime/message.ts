/**
 * One linear reading of a message to a tree of octet ranges. RFC 5322 section 2 (header and body), RFC 2045 and 2046 (parts, boundaries,
 * message/rfc822), RFC 6532 section 3.7 (message/global). Line ends are CRLF or LF. Pure; the octets are not touched.
 *
 * Hostile input gives a sane tree: beyond MOST_DEPTH containers or MOST_PARTS parts the rest is one opaque part (shown as
 * application/octet-stream), every multipart has at least one part, and the time is that of looking at each octet a few times.
 */
import { Boundaries } from './boundary.ts'
import { type FieldRange, fieldAt, latin1 } from './fields.ts'
import { type Parameter, rawParameter, readParameterized } from './parameters.ts'
import { unfold } from './words.ts'

/** Multiparts and messages within one another. */
export const MOST_DEPTH = 100
/** Parts of a message, containers counted. */
export const MOST_PARTS = 10_000

/** Octets of one header in which fields are looked for; a header beyond stays a range and is never read. */
const MOST_HEADER = 1_048_576
/** Octets of a line that are looked at one by one, which is quicker than a search in a short line. */
const NEAR = 8

export type Part = {
  readonly kind: 'leaf' | 'multipart' | 'message'
  /** The header is [headerFrom, bodyFrom) with its empty line, the body [bodyFrom, bodyTo). */
  readonly headerFrom: number
  readonly bodyFrom: number
  readonly bodyTo: number
  /** Line ends in the body. */
  readonly lines: number
  /** The header's octets (MOST_HEADER of them) as latin1, which `fields` are ranges of. */
  readonly header: string
  readonly fields: readonly FieldRange[]
  /** Those of them that begin with `Content-`. */
  readonly mime: readonly FieldRange[]
  /** Lower case; text/plain where nothing (usable) is said, message/rfc822 in a digest. */
  readonly type: string
  readonly subtype: string
  /** The two as they were written. */
  readonly written: readonly [type: string, subtype: string]
  readonly parameters: readonly Parameter[]
  /** A multipart's parts; the one root of a message/rfc822. */
  readonly children: readonly Part[]
}

type Open = { -readonly [K in keyof Part]: Part[K] } & {
  readonly children: Open[]
  linesBefore: number
  /** How many boundaries were open outside of it. */
  boundaries: number
}

/** @param name of a MIME field, lower case. @returns the value of the first such field of the part, latin1 with its folds. */
export const mimeField = (part: Part, name: string): string | undefined => {
  for (const field of part.mime) if (field.name === name) return part.header.slice(field.valueFrom, field.valueTo)
  return undefined
}

const readFields = (header: string): readonly FieldRange[] => {
  const fields: FieldRange[] = []
  let at = 0
  while (at < header.length) {
    const field = fieldAt(header, at)
    if (field.kind === 'field') fields.push(field)
    at = field.to
  }
  return fields
}

const openPart = (at: number, boundaries: number): Open => ({
  kind: 'leaf',
  headerFrom: at,
  bodyFrom: at,
  bodyTo: at,
  lines: 0,
  header: '',
  fields: [],
  mime: [],
  type: 'text',
  subtype: 'plain',
  written: ['text', 'plain'],
  parameters: [],
  children: [],
  linesBefore: 0,
  boundaries,
})

const nameType = (part: Open, type: string, subtype: string): void => {
  part.type = type.toLowerCase()
  part.subtype = subtype.toLowerCase()
  part.written = [type, subtype]
}

/** Sets what Content-Type says, or what stands in for it (RFC 2045 section 5.2, RFC 2046 section 5.1.5). */
const setType = (part: Open, inDigest: boolean): void => {
  const field = mimeField(part, 'content-type')
  if (field === undefined) {
    if (!inDigest) return
    nameType(part, 'message', 'rfc822')
    return
  }
  const { value, parameters } = readParameterized(unfold(field))
  const slash = value.indexOf('/')
  if (slash <= 0 || slash === value.length - 1) return
  nameType(part, value.slice(0, slash), value.slice(slash + 1))
  part.parameters = parameters
}

const LF = 0x0a
const CR = 0x0d
const DASH = 0x2d

class Reading {
  readonly #bytes: Buffer
  readonly #boundaries = new Boundaries()
  /** From the root to the part that is being read. */
  readonly #open: Open[] = []
  #parts = 0
  #at = 0
  #lines = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  read(): Part {
    const root = this.#begin(undefined)
    let inHeader = true
    while (this.#at < this.#bytes.length) inHeader = inHeader ? this.#readHeaderLines() : this.#readBodyLines()
    if (inHeader) this.#endHeader()
    this.#closeTo(0, this.#bytes.length, this.#lines)
    return root
  }

  #begin(parent: Open | undefined): Open {
    const part = openPart(this.#at, this.#boundaries.count)
    parent?.children.push(part)
    this.#open.push(part)
    this.#parts += 1
    return part
  }

  /** @returns the place of the line's LF, or the end. */
  #lineEnd(): number {
    const bytes = this.#bytes
    const near = Math.min(bytes.length, this.#at + NEAR)
    for (let end = this.#at; end < near; end += 1) if (bytes[end] === LF) return end
    const far = bytes.indexOf(LF, near)
    return far < 0 ? bytes.length : far
  }

  #pass(end: number): void {
    if (end < this.#bytes.length) {
      this.#lines += 1
      this.#at = end + 1
    } else this.#at = end
  }

  /** Reads up to where the header ends. @returns whether a header comes next. */
  #readHeaderLines(): boolean {
    const bytes = this.#bytes
    while (this.#at < bytes.length) {
      const end = this.#lineEnd()
      const first = bytes[this.#at]
      if (end < bytes.length && (end === this.#at || (end === this.#at + 1 && first === CR))) {
        this.#pass(end)
        return this.#endHeader()
      }
      if (first === DASH && this.#boundaries.count > 0) {
        const found = this.#boundaries.find(bytes, this.#at, end)
        if (found !== undefined) {
          this.#endHeader()
          return this.#meet(found.index, found.closes, end)
        }
      }
      this.#pass(end)
    }
    this.#endHeader()
    return false
  }

  /** Reads up to the next boundary. @returns whether a header comes next. */
  #readBodyLines(): boolean {
    const bytes = this.#bytes
    const mayEnd = this.#boundaries.count > 0
    while (this.#at < bytes.length) {
      const end = this.#lineEnd()
      if (mayEnd && bytes[this.#at] === DASH) {
        const found = this.#boundaries.find(bytes, this.#at, end)
        if (found !== undefined) return this.#meet(found.index, found.closes, end)
      }
      this.#pass(end)
    }
    return false
  }

  /** At the line of a boundary: ends what it ends, begins what it begins. */
  #meet(index: number, closes: boolean, end: number): boolean {
    const start = this.#at
    const multipart = this.#open.findLast((part) => part.kind === 'multipart' && part.boundaries === index)
    const depth = multipart === undefined ? 1 : this.#open.lastIndexOf(multipart) + 1
    const bytes = this.#bytes
    const crlf = bytes[start - 1] !== LF ? 0 : bytes[start - 2] === CR ? 2 : 1
    this.#closeTo(depth, start - crlf, crlf === 0 ? this.#lines : this.#lines - 1)
    this.#boundaries.cut(closes ? index : index + 1)
    this.#pass(end)
    const last = end >= bytes.length // a boundary that nothing follows, not even a line end, begins no part
    if (closes || last || multipart === undefined) return false
    if (this.#parts >= MOST_PARTS - 1) this.#boundaries.cut(0) // no line is a boundary any more: the last part takes the rest
    this.#begin(multipart)
    return true
  }

  /** Ends the open parts below `depth` at `end`; none reaches beyond the one that it is in, be it that its empty line was that before a boundary. */
  #closeTo(depth: number, end: number, lines: number): void {
    let limit = this.#at
    for (const part of this.#open.slice(depth)) {
      part.headerFrom = Math.min(part.headerFrom, limit)
      part.bodyFrom = Math.min(part.bodyFrom, limit)
      part.bodyTo = Math.max(part.bodyFrom, end)
      part.lines = part.bodyTo === part.bodyFrom ? 0 : Math.max(0, lines - part.linesBefore)
      limit = part.bodyTo
      // A multipart in which no part begins has an empty text, as RFC 9051 section 9 wants at least one.
      if (part.kind === 'multipart' && part.children.length === 0) part.children.push(openPart(part.bodyTo, 0))
    }
    this.#open.length = Math.min(depth, this.#open.length)
  }

  /** The header ends here: what kind of part is it? @returns whether a header comes next. */
  #endHeader(): boolean {
    const part = this.#open.at(-1)
    if (part === undefined) return false
    part.bodyFrom = this.#at
    part.linesBefore = this.#lines
    part.header = latin1(this.#bytes, part.headerFrom, Math.min(part.bodyFrom, part.headerFrom + MOST_HEADER))
    part.fields = readFields(part.header)
    part.mime = part.fields.filter((field) => field.name.startsWith('content-'))
    const parent = this.#open.at(-2)
    setType(part, parent?.kind === 'multipart' && parent.subtype === 'digest')
    const isMultipart = part.type === 'multipart'
    const isMessage = part.type === 'message' && (part.subtype === 'rfc822' || part.subtype === 'global')
    if (!isMultipart && !isMessage) return false
    if (this.#open.length > MOST_DEPTH || this.#parts >= MOST_PARTS) {
      nameType(part, 'application', 'octet-stream')
      part.parameters = []
      return false
    }
    if (isMessage) {
      part.kind = 'message'
      this.#begin(part)
      return true
    }
    part.kind = 'multipart'
    part.boundaries = this.#boundaries.count
    const boundary = rawParameter(part.parameters, 'boundary')?.trimEnd() ?? ''
    if (boundary !== '') this.#boundaries.push(boundary)
    return false
  }
}

/** @param bytes a message. @returns its root: every octet lies in its header or its body. */
export const readMessage = (bytes: Uint8Array): Part => new Reading(bytes).read()
