/** Functions over the parts of a message. Mail::SpamAssassin::Plugin::MIMEEval, and `check_for_uppercase`. Pure; linear in the message. */
import { headerOf, readContentType, type Section } from '../../mail/message.ts'
import type { SaMail } from '../sa-mail.ts'
import type { Eval } from './call.ts'
import { shoutingCharsets } from './header.ts'

type Findings = {
  readonly counts: ReadonlyMap<string, number>
  readonly charsets: readonly string[]
  readonly multipartRatio: number
  readonly unicodeRatio: number
  readonly qpRatio: number
}

const asciiNames =
  /us-ascii|ansi_x3\.4-1968|iso-ir-6|ansi_x3\.4-1986|iso_646\.irv:1991|ascii|iso646-us|us|ibm367|cp367|csascii/
const partTexts = new Set(['text/plain', 'text/html'])

/** Needless codes of quoted-printable: what could have stood for itself. */
const codesIn = (line: string): number => {
  const all = (line.match(/=(?:09|3[0-9ABCEF]|[2456][0-9A-F]|7[0-9A-E])/g) ?? []).length
  const trailing = /((?:=09|=20)+)\s*$/.exec(line)?.[1]
  return all === 0 ? 0 : all - (trailing === undefined ? 0 : trailing.length / 3)
}

class Survey {
  readonly counts = new Map<string, number>()
  readonly charsets: string[] = []
  readonly #bytes: { readonly type: string; readonly bytes: number }[] = []
  #qpBytes = 0
  #qpCodes = 0
  #plain = 0
  #entities = 0
  #alternative = false

  #add(name: string, by = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + by)
  }

  part(section: Section): void {
    const type = readContentType(headerOf(section, 'content-type'))
    if (type.type === 'multipart/alternative') this.#alternative = true
    const encoding = headerOf(section, 'content-transfer-encoding').toLowerCase()
    const disposition = headerOf(section, 'content-disposition').toLowerCase()
    const charset = (type.charset ?? '').toLowerCase()
    this.#head(type.type, encoding, disposition, charset)
    if (section.parts === undefined) this.#leaf(section, type.type, encoding, disposition, type.charset?.toLowerCase())
  }

  #head(type: string, encoding: string, disposition: string, charset: string): void {
    if (type === 'text/html') this.#add('mime_body_html_count')
    else if (/^text/i.test(type)) this.#add('mime_body_text_count')
    if (encoding.includes('base64')) this.#add('mime_base64_count')
    else if (encoding.includes('quoted-printable')) this.#add('mime_qp_count')
    if (disposition.includes('attachment')) this.#add('mime_attachment')
    const plain = charset === '' || asciiNames.test(charset)
    if (/^text/.test(type) && encoding.includes('base64') && plain && !/^(?:attachment|inline)/.test(disposition))
      this.#add('mime_base64_encoded_text')
    if (/iso-\S+-\S+\b/i.test(charset) && !/iso-(?:8859-\d{1,2}|2022-(?:jp|kr))\b/.test(charset))
      this.#add('mime_bad_iso_charset')
    if (/[a-z]/i.test(charset)) this.charsets.push(charset)
  }

  #leaf(section: Section, type: string, encoding: string, disposition: string, charset: string | undefined): void {
    const attached = disposition.includes('attachment')
    let bytes = 0
    for (const line of section.raw.split(/(?<=\n)/)) {
      if (line === '') continue
      if (this.#alternative && !attached && partTexts.has(type)) bytes += line.length
      if (encoding === 'quoted-printable' && !line.startsWith('SPAM: ')) this.#quoted(line)
      if (type !== 'text/plain') continue
      if ((charset === undefined || charset === 'us-ascii') && /[\x00\x0d\x80-\xff]/.test(line))
        this.#add('mime_ascii_text_illegal')
      if (encoding === '' || encoding === '7bit' || encoding === '8bit') {
        const without = line.replaceAll(/&#x[0-9A-F]{4};/g, '')
        this.#plain += without.length
        this.#entities += (line.length - without.length) / 8
      }
    }
    if (!attached) this.#bytes.push({ type, bytes })
  }

  #quoted(line: string): void {
    if (line.length > 79) this.counts.set('mime_qp_long_line', 1)
    this.#qpBytes += line.length
    if (line.includes('=')) this.#qpCodes += codesIn(line)
  }

  done(): Findings {
    // Codes counted take the place of the count of parts.
    if (this.#qpBytes > 0) this.counts.set('mime_qp_count', this.#qpCodes)
    const last = (type: string): number | undefined => this.#bytes.findLast((one) => one.type === type)?.bytes
    const [text, page] = [last('text/plain'), last('text/html')]
    return {
      counts: this.counts,
      charsets: this.charsets,
      multipartRatio: this.#alternative && text !== undefined && page !== undefined && page > 0 ? text / page : 1,
      unicodeRatio: this.#plain > 0 ? this.#entities / this.#plain : 0,
      qpRatio: this.#qpBytes > 0 ? this.#qpCodes / this.#qpBytes : 0,
    }
  }
}

const known = new WeakMap<SaMail, Findings>()
const survey = (mail: SaMail): Findings => {
  const before = known.get(mail)
  if (before !== undefined) return before
  const made = new Survey()
  for (const section of mail.parts()) made.part(section)
  const found = made.done()
  known.set(mail, found)
  return found
}

const charsetOf = (line: string): string | undefined =>
  (/charset="([^"]+)"/i.exec(line) ?? /charset='([^']+)'/i.exec(line) ?? /charset=(\S+)/i.exec(line))?.[1]

const shouting = new WeakMap<SaMail, number>()
/** Capitals among letters and digits, in 100; 0 for short texts and for charsets whose capitals say nothing. */
const capitals = (mail: SaMail): number => {
  const before = shouting.get(mail)
  if (before !== undefined) return before
  const quiet = new RegExp(`^${shoutingCharsets}$`, 'i')
  const charsets = [charsetOf(mail.text('Content-Type')), ...survey(mail).charsets]
  let value = 0
  if (!charsets.some((one) => one !== undefined && quiet.test(one))) {
    let [length, lower, upper] = [0, 0, 0]
    for (const line of mail.body()) {
      if (!/\S\s+\S/.test(line) || /^(?:[A-Za-z0-9+/=]{60,76} ){2}/.test(line)) continue
      const text = line.replaceAll(/\x1b\$B.*\x1b\(B/gs, '')
      length += text.length
      lower += (text.match(/[a-z0-9]/g) ?? []).length
      upper += (text.match(/[A-Z]/g) ?? []).length
    }
    if (length >= 200 && upper + lower > 0) value = (upper / (upper + lower)) * 100
  }
  shouting.set(mail, value)
  return value
}

const longestBase64 = (mail: SaMail): number =>
  Math.max(
    0,
    ...mail
      .parts()
      .filter(
        (part) => part.parts === undefined && headerOf(part, 'content-transfer-encoding').toLowerCase() === 'base64',
      )
      .filter((part) => readContentType(headerOf(part, 'content-type')).type !== 'application/ics')
      .map((part) => part.raw.split('\n').reduce((most, line) => Math.max(most, line.length + 1), 0)),
  )

const oddities: Readonly<Record<string, (mail: SaMail) => boolean>> = {
  missing_mime_headers: ({ mail }) => mail.oddities.missingMimeHeaders,
  missing_head_body_separator: ({ mail }) => mail.oddities.missingHeadBodySeparator,
  missing_mime_head_body_separator: ({ mail }) => mail.oddities.missingMimeHeadBodySeparator,
  truncated_header: ({ mail }) => mail.oddities.truncatedHeader,
  mimepart_limit_exceeded: ({ mail }) => mail.oddities.tooManyParts,
  mime_epilogue_exists: ({ mail }) => mail.oddities.epilogue,
}

export const mimeEvals: Readonly<Record<string, Eval>> = {
  check_for_mime: ({ mail }, [name = '']) => (survey(mail).counts.get(name) ?? 0) > 0,
  check_for_mime_html: ({ mail }) =>
    /^text\/html/i.test(mail.text('Content-Type')) || (survey(mail).counts.get('mime_body_html_count') ?? 0) > 0,
  check_for_mime_html_only: ({ mail }) => {
    const { counts } = survey(mail)
    return (
      /^text\/html/i.test(mail.text('Content-Type')) ||
      ((counts.get('mime_body_html_count') ?? 0) > 0 && (counts.get('mime_body_text_count') ?? 0) === 0)
    )
  },
  check_mime_multipart_ratio: ({ mail }, [least = '0', most = '0']) => {
    const { multipartRatio } = survey(mail)
    return multipartRatio >= Number(least) && multipartRatio < Number(most)
  },
  check_for_ascii_text_illegal: ({ mail }) => (survey(mail).counts.get('mime_ascii_text_illegal') ?? 0) > 0,
  check_abundant_unicode_ratio: ({ mail }, [least = '']) =>
    /^\d{0,3}\.\d{1,3}$/.test(least) && survey(mail).unicodeRatio >= Number(least),
  check_qp_ratio: ({ mail }, [least = '0']) => survey(mail).qpRatio >= Number(least),
  check_for_faraway_charset: () => false,
  check_msg_parse_flags: ({ mail }, [name = '']) => oddities[name]?.(mail) === true,
  check_for_uppercase: ({ mail }, [least = '0', most = '0']) => {
    const value = capitals(mail)
    return value > Number(least) && value <= Number(most)
  },
  check_ma_non_text: ({ mail }) =>
    mail
      .parts()
      .filter((part) => part.type === 'multipart/alternative')
      .some((part) =>
        (part.parts ?? []).some(
          (inner) => inner.parts === undefined && inner.type !== 'application/rtf' && !/^text\//i.test(inner.type),
        ),
      ),
  check_base64_length: ({ mail }, [least = '0', most]) => {
    const longest = longestBase64(mail)
    return (most === undefined || longest <= Number(most)) && longest >= Number(least)
  },
}
