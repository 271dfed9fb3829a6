/**
 * Composing a machine's own messages: header fields that nothing can break out of, encoded words, and multipart/report. RFC 5322 section 2.1.1
 * (line lengths) and 2.2.3 (folding), RFC 2047 (encoded words), RFC 2045 section 6 (transfer encodings), RFC 6522 (multipart/report). Pure.
 *
 * What others said goes in only through `plainText`: no control characters, no line ends, no marks that turn the direction of writing, no halves
 * of characters, and a length that the caller names.
 */

const LINE = 76 // RFC 2047 section 2; RFC 5322 section 2.1.1 wants at most 78
const LONGEST_LINE = 998 // RFC 5322 section 2.1.1
const WORD_OCTETS = 45 // of text in one encoded word: "=?utf-8?B?" and "?=" leave room for 60 characters of base64

/** @param most characters. @returns text that is one line of printable characters; what was cut ends in `…`. */
export const plainText = (text: string, most: number): string => {
  const clean = text
    .slice(0, 4 * most)
    .toWellFormed()
    .replaceAll(/[\x00-\x20\x7f-\xa0\u061c\u200e\u200f\u2028-\u202f\u2066-\u2069\ufeff]+/g, ' ')
    .trim()
  return clean.length <= most
    ? clean
    : `${clean
        .slice(0, most - 1)
        .toWellFormed()
        .replace(/\ufffd$/, '')
        .trimEnd()}…`
}

/** Text in runs of at most `octets` octets of UTF-8, no character cut. */
const runsOf = (text: string, octets: number): readonly string[] => {
  const runs: string[] = []
  let run = ''
  let size = 0
  for (const char of text) {
    const length = Buffer.byteLength(char)
    if (size + length > octets) {
      runs.push(run)
      run = ''
      size = 0
    }
    run += char
    size += length
  }
  return run === '' ? runs : [...runs, run]
}

/** @param text from `plainText`. @returns it as a field's unstructured text may hold it: as it is, or in encoded words (RFC 2047). */
export const encodeWords = (text: string): string =>
  /^[\x20-\x7e]*$/.test(text) && !text.includes('=?')
    ? text
    : runsOf(text, WORD_OCTETS)
        .map((run) => `=?utf-8?B?${Buffer.from(run).toString('base64')}?=`)
        .join(' ')

/** Breaks text at its spaces into lines of at most `width` characters where it has spaces, and of `longest` at the very most. */
const breakLines = (text: string, first: number, width: number, longest: number): readonly string[] => {
  const lines: string[] = []
  let line = ''
  let room = first
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
      room = width
    } else line = line === '' ? word : `${line} ${word}`
    while (Buffer.byteLength(line) > longest) {
      const [head = ''] = runsOf(line, longest)
      lines.push(head)
      line = line.slice(head.length)
      room = width
    }
  }
  return [...lines, line]
}

/** @param value one line, printable. @returns the field, folded at its spaces, with its CRLF. */
export const writeField = (name: string, value: string): string =>
  `${name}: ${breakLines(value, LINE - name.length - 2, LINE - 1, LONGEST_LINE - 100).join('\r\n ')}\r\n`

/** @param indent put before every line. @returns text for people as lines, wrapped, each with its CRLF. */
export const wrapText = (text: string, indent = '', width = 72): string =>
  breakLines(text, width - indent.length, width - indent.length, LONGEST_LINE - 100)
    .map((line) => `${indent}${line}`.trimEnd())
    .map((line) => `${line}\r\n`)
    .join('')

export type ReportPart = {
  /** The value of its Content-Type. */
  readonly type: string
  /** CRLF line ends, but for what comes from others. */
  readonly body: Uint8Array
}
export type Report = {
  /** In order; From, To, Subject, Date and Message-ID are the caller's. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** `delivery-status`, `feedback-report`… RFC 6522 section 3. */
  readonly reportType: string
  /** Of what the boundary is made: letters and digits. */
  readonly seed: string
  readonly parts: readonly ReportPart[]
}

/** @returns what a body needs: 7bit, 8bit, or binary for NUL, lone CR or LF, or lines that are too long (RFC 2045 section 2). */
const encodingOf = (body: Uint8Array): '7bit' | '8bit' | 'binary' => {
  let from = 0
  let eight = false
  for (let at = 0; at < body.length; at += 1) {
    const octet = body[at] ?? 0
    if (octet === 0) return 'binary'
    if (octet >= 0x80) eight = true
    if (octet === 0x0d && body[at + 1] !== 0x0a) return 'binary'
    if (octet !== 0x0a) continue
    if (body[at - 1] !== 0x0d || at - 1 - from > LONGEST_LINE) return 'binary'
    from = at + 1
  }
  if (body.length - from > LONGEST_LINE) return 'binary'
  return eight ? '8bit' : '7bit'
}

/** A boundary that no part holds. */
const boundaryFor = (report: Report): string => {
  const bodies = report.parts.map(({ body }) => Buffer.from(body.buffer, body.byteOffset, body.length))
  for (let n = 0; ; n += 1) {
    const boundary = `=_report_${report.seed}_${n}`
    if (!bodies.some((body) => body.includes(boundary))) return boundary
  }
}

/** @returns a whole message, CRLF line ends: the fields, MIME-Version, Content-Type, and the parts. */
export const writeReport = (report: Report): Uint8Array => {
  const boundary = boundaryFor(report)
  const parts = report.parts.map(({ type, body }) => ({ type, body, encoding: encodingOf(body) }))
  const widest = (['binary', '8bit'] as const).find((one) => parts.some(({ encoding }) => encoding === one))
  const head = [
    ...report.fields.map(([name, value]) => writeField(name, value)),
    'MIME-Version: 1.0\r\n',
    `Content-Type: multipart/report; report-type=${report.reportType};\r\n boundary="${boundary}"\r\n`,
    ...(widest === undefined ? [] : [`Content-Transfer-Encoding: ${widest}\r\n`]),
    '\r\n',
  ].join('')
  return Buffer.concat([
    Buffer.from(head),
    ...parts.flatMap(({ type, body, encoding }) => [
      Buffer.from(`--${boundary}\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`),
      body,
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ])
}
