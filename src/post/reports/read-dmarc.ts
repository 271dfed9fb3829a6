/**
 * Reading a DMARC aggregate report. RFC 9990 section 3.1, RFC 7489 appendix C; and what senders make of them: any name space or none, any order, other
 * character sets. Pure; one pass, no tree: an element is known by its path. No entity but the five of XML is expanded, no document type is read.
 *
 * Bounded: depth, the length of a text, rows that are kept (others are counted), reasons and signatures of a row. What says no domain, no
 * period or no row is no report.
 */
import { Parser } from 'htmlparser2'
import { readIp, writeIp } from '../../base/ip.ts'
import { decodeCharset } from '../../mime/charset.ts'
import { isDomain, toAscii } from '../../verify/lookup.ts'
import { type AggregateRow, type IncomingAggregate, plain } from './incoming.ts'

const MOST_DEPTH = 16
const MOST_TEXT = 2_000
const MOST_KEPT = 1_000
const MOST_OF_ROW = 8
const MOST_COUNT = 1e12
const MOST_PERIOD_S = 32 * 86_400

type Words = Map<string, string>
type RawRow = { readonly words: Words; readonly reasons: string[]; readonly signatures: Words[] }

const newRow = (): RawRow => ({ words: new Map(), reasons: [], signatures: [] })
const wordOf = (text: string | undefined): string => plain(text ?? '').toLowerCase()
const passFail = (text: string | undefined): 'pass' | 'fail' => (wordOf(text) === 'pass' ? 'pass' : 'fail')
const numberOf = (text: string | undefined): number | undefined => {
  const digits = /^\s*(\d{1,15})(?:\.\d+)?\s*$/.exec(text ?? '')?.[1]
  return digits === undefined ? undefined : Math.min(Number(digits), MOST_COUNT)
}

const readRow = ({ words, reasons, signatures }: RawRow): AggregateRow | undefined => {
  const at = (path: string): string | undefined => words.get(path)
  const ip = readIp((at('row/source_ip') ?? '').trim())
  const count = numberOf(at('row/count'))
  if (!ip.ok || count === undefined || count === 0) return undefined
  return {
    ip: writeIp(ip.value),
    count,
    disposition: wordOf(at('row/policy_evaluated/disposition')) || 'none',
    dkim: passFail(at('row/policy_evaluated/dkim')),
    spf: passFail(at('row/policy_evaluated/spf')),
    reasons: reasons.map(plain),
    headerFrom: wordOf(at('identifiers/header_from')),
    envelopeFrom: wordOf(at('identifiers/envelope_from')),
    signatures: signatures.map((one) => ({
      domain: wordOf(one.get('domain')),
      selector: plain(one.get('selector') ?? ''),
      result: wordOf(one.get('result')),
    })),
    spfDomain: wordOf(at('auth_results/spf/domain')),
    spfResult: wordOf(at('auth_results/spf/result')),
  }
}

/** Takes what the tokenizer says. */
class Reading {
  readonly head: Words = new Map()
  readonly rows: AggregateRow[] = []
  more = 0
  messages = 0
  passed = 0
  broken = false
  readonly #path: string[] = []
  #text = ''
  #row: RawRow = newRow()

  open(name: string): void {
    // A name space's prefix says nothing here.
    this.#path.push(name.slice(name.indexOf(':') + 1).toLowerCase())
    this.#text = ''
    if (this.#path.length > MOST_DEPTH || (this.#path.length === 1 && this.#path[0] !== 'feedback')) this.broken = true
    const [, first, second, third] = this.#path
    if (first !== 'record') return
    if (this.#path.length === 2) this.#row = newRow()
    if (
      this.#path.length === 4 &&
      second === 'auth_results' &&
      third === 'dkim' &&
      this.#row.signatures.length < MOST_OF_ROW
    )
      this.#row.signatures.push(new Map())
  }

  text(piece: string): void {
    if (this.#text.length < MOST_TEXT) this.#text += piece.slice(0, MOST_TEXT)
  }

  close(): void {
    const [, first, ...below] = this.#path
    const path = below.join('/')
    if (first === 'record') this.#closeInRecord(path)
    else if (first !== undefined && path !== '') this.#keep(this.head, `${first}/${path}`)
    this.#path.pop()
    this.#text = ''
  }

  #keep(words: Words, name: string): void {
    if (words.size < 64 && !words.has(name) && this.#text.trim() !== '') words.set(name, this.#text.trim())
  }

  #closeInRecord(path: string): void {
    const { words, reasons, signatures } = this.#row
    if (path === '') this.#endRow()
    else if (path === 'row/policy_evaluated/reason/type') {
      if (reasons.length < MOST_OF_ROW) reasons.push(this.#text)
    } else if (path.startsWith('auth_results/dkim/')) {
      const last = signatures.at(-1)
      if (last !== undefined) this.#keep(last, path.slice('auth_results/dkim/'.length))
    } else this.#keep(words, path)
  }

  #endRow(): void {
    const row = readRow(this.#row)
    this.#row = newRow()
    if (row === undefined) return
    this.messages += row.count
    if (row.dkim === 'pass' || row.spf === 'pass') this.passed += row.count
    if (this.rows.length < MOST_KEPT) this.rows.push(row)
    else this.more += 1
  }
}

/** The text of the document, by its byte order mark or by what it declares (XML 1.0 appendix F). */
const textOf = (octets: Uint8Array): string => {
  const [one, two] = octets
  if (one === 0xff && two === 0xfe) return new TextDecoder('utf-16le').decode(octets)
  if (one === 0xfe && two === 0xff) return new TextDecoder('utf-16be').decode(octets)
  const head = Buffer.from(octets.buffer, octets.byteOffset, Math.min(octets.length, 200)).toString('latin1')
  const declared = /^[^>]{0,100}\bencoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(head)?.[1] ?? 'utf-8'
  return decodeCharset(octets, declared)
}

/** @param octets an XML document, unpacked. @returns the report; undefined where it is none. */
export const readAggregate = (octets: Uint8Array): IncomingAggregate | undefined => {
  const reading = new Reading()
  const parser = new Parser(
    {
      onopentagname: (name) => reading.open(name),
      ontext: (piece) => reading.text(piece),
      onclosetag: () => reading.close(),
    },
    { xmlMode: true, decodeEntities: true },
  )
  const text = textOf(octets)
  const PIECE = 65_536
  for (let at = 0; at < text.length && !reading.broken; at += PIECE) parser.write(text.slice(at, at + PIECE))
  if (!reading.broken) parser.end()
  const { head, rows, more, messages, passed } = reading
  const domain = toAscii((head.get('policy_published/domain') ?? '').toLowerCase())
  const begin = numberOf(head.get('report_metadata/date_range/begin'))
  const end = numberOf(head.get('report_metadata/date_range/end'))
  if (reading.broken || rows.length === 0 || !isDomain(domain) || begin === undefined || end === undefined)
    return undefined
  if (end < begin || end - begin > MOST_PERIOD_S) return undefined
  return {
    kind: 'dmarc',
    organization: plain(head.get('report_metadata/org_name') ?? ''),
    contact: plain(head.get('report_metadata/email') ?? ''),
    id: plain(head.get('report_metadata/report_id') ?? ''),
    ...{ begin: begin * 1000, end: end * 1000, domain, messages, passed, rows, more },
    policy: wordOf(head.get('policy_published/p')) || 'none',
  }
}
