/**
 * A request of SpamAssassin's spamc/spamd protocol, up to version 1.5, read as it comes: `METHOD SPAMC/1.5`, header lines, an empty line, and a message of
 * Content-length octets. Pure; a push parser with bounded memory. PING and SKIP are whole with their first line, because old clients send nothing more.
 * `RSPAMC/1.3` is the dialect of rspamd's older clients (Exim with variant=rspamd), which tells the envelope in headers of its own: From, Rcpt for each
 * recipient, IP, Helo, and User for who logged in.
 * Refused on purpose: a message without Content-length (its end would be the end of the connection, and a lost one could not be told from a whole one).
 */
import { fail, ok, type Result } from '../../base/result.ts'

const methods = ['CHECK', 'SYMBOLS', 'REPORT', 'REPORT_IFSPAM', 'PROCESS', 'HEADERS', 'TELL', 'PING', 'SKIP'] as const
type SpamdMethod = (typeof methods)[number]

const databases = ['local', 'remote'] as const
export type SpamdDatabase = (typeof databases)[number]

export type SpamdRequest = {
  readonly dialect: 'spamc' | 'rspamc'
  readonly method: SpamdMethod
  /** Of `SPAMC/major.minor`; 1.3 and later understand several header lines in an answer. */
  readonly version: readonly [major: number, minor: number]
  /** Octets of the message; 0 for PING and SKIP. */
  readonly length: number
  /** Of spamc whose training it is, of rspamc who logged in. */
  readonly user: string | undefined
  /** What rspamc tells; the texts as they came. */
  readonly envelope: {
    readonly id: string | undefined
    readonly ip: string | undefined
    readonly helo: string | undefined
    readonly from: string | undefined
    readonly recipients: readonly string[]
  }
  readonly compress: string | undefined
  readonly messageClass: 'spam' | 'ham' | undefined
  /** Databases that a TELL names; others than the two are not heard. */
  readonly set: readonly SpamdDatabase[]
  readonly remove: readonly SpamdDatabase[]
}

export type SpamdFault =
  | 'bad-request-line'
  | 'unknown-method'
  | 'bad-header'
  | 'too-long-line'
  | 'too-many-headers'
  | 'bad-length'
  | 'no-length'
  | 'bad-class'

export type SpamdEvent =
  | { readonly event: 'request'; readonly request: SpamdRequest }
  /** A piece of the message; it may be used until `next` has no more. */
  | { readonly event: 'piece'; readonly bytes: Uint8Array }
  | { readonly event: 'end' }
  /** Nothing more is read. */
  | { readonly event: 'fault'; readonly why: SpamdFault }

const LINE = 2_048
const HEADERS = 1_100 // a line a recipient
const LF = 10

type First = Pick<SpamdRequest, 'dialect' | 'method' | 'version'>

const readFirst = (line: string): Result<First, SpamdFault> => {
  const found = /^([A-Z_]{1,20}) (R?)SPAMC\/(\d{1,3})\.(\d{1,3})$/i.exec(line.trim())
  if (found === null) return fail('bad-request-line')
  const method = methods.find((one) => one === found[1]?.toUpperCase())
  const dialect = found[2] === '' ? 'spamc' : 'rspamc'
  return method === undefined
    ? fail('unknown-method')
    : ok({ dialect, method, version: [Number(found[3]), Number(found[4])] })
}

const databasesIn = (text: string | undefined): readonly SpamdDatabase[] => {
  const named = (text ?? '').toLowerCase().split(/[\s,]+/)
  return databases.filter((one) => named.includes(one))
}

const readRequest = (
  first: First,
  headers: ReadonlyMap<string, string>,
  recipients: readonly string[],
): Result<SpamdRequest, SpamdFault> => {
  const length = headers.get('content-length')
  const said = headers.get('message-class')?.toLowerCase()
  if (said !== undefined && said !== 'spam' && said !== 'ham') return fail('bad-class')
  if (length === undefined) return fail('no-length')
  if (!/^\d{1,15}$/.test(length)) return fail('bad-length')
  return ok({
    ...first,
    length: Number(length),
    user: headers.get('user'),
    envelope: {
      id: headers.get('queue-id'),
      ip: headers.get('ip'),
      helo: headers.get('helo'),
      from: headers.get('from'),
      recipients,
    },
    compress: headers.get('compress')?.toLowerCase(),
    messageClass: said,
    set: databasesIn(headers.get('set')),
    remove: databasesIn(headers.get('remove')),
  })
}

const alone = (first: First): SpamdRequest => ({
  ...first,
  length: 0,
  user: undefined,
  envelope: { id: undefined, ip: undefined, helo: undefined, from: undefined, recipients: [] },
  compress: undefined,
  messageClass: undefined,
  set: [],
  remove: [],
})

/** `push` gives it octets, `next` is called until it has no more. One request a connection: what follows it is not read. */
export class SpamdReader {
  #input: Uint8Array = new Uint8Array(0)
  #at = 0
  #line = ''
  #first: First | undefined
  readonly #headers = new Map<string, string>()
  readonly #recipients: string[] = []
  #count = 0
  #left: number | undefined
  #done = false

  /** @param bytes what came, after all before it was read; it may be used again when `next` has no more. */
  push(bytes: Uint8Array): void {
    this.#input = bytes
    this.#at = 0
  }

  /** @returns the next event of what was pushed; undefined when it needs more, or when the request is over. */
  next(): SpamdEvent | undefined {
    while (!this.#done) {
      if (this.#left !== undefined) return this.#body(this.#left)
      const line = this.#nextLine()
      if (line === undefined) return undefined
      const event = typeof line === 'string' ? this.#read(line) : line
      if (event !== undefined) return event
    }
    return undefined
  }

  #body(left: number): SpamdEvent | undefined {
    if (left === 0) {
      this.#done = true
      return { event: 'end' }
    }
    const bytes = this.#input.subarray(this.#at, this.#at + left)
    if (bytes.length === 0) return undefined
    this.#at += bytes.length
    this.#left = left - bytes.length
    return { event: 'piece', bytes }
  }

  #nextLine(): string | SpamdEvent | undefined {
    const lf = this.#input.indexOf(LF, this.#at)
    const to = lf < 0 ? this.#input.length : lf + 1
    if (this.#line.length + to - this.#at > LINE) return this.#fault('too-long-line')
    this.#line += Buffer.from(this.#input.subarray(this.#at, to)).toString('latin1')
    this.#at = to
    if (lf < 0) return undefined
    const line = this.#line.replace(/\r?\n$/, '')
    this.#line = ''
    return line
  }

  /** @returns what a whole line makes; undefined where more lines follow. */
  #read(line: string): SpamdEvent | undefined {
    if (this.#first === undefined) {
      const first = readFirst(line)
      if (!first.ok) return this.#fault(first.error)
      this.#first = first.value
      const { method } = first.value
      return method === 'PING' || method === 'SKIP' ? this.#begin(alone(first.value)) : undefined
    }
    if (line === '') {
      const request = readRequest(this.#first, this.#headers, this.#recipients)
      return request.ok ? this.#begin(request.value) : this.#fault(request.error)
    }
    const found = /^([A-Za-z][A-Za-z0-9-]*)[ \t]*:[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)$/.exec(line)
    if (found === null) return this.#fault('bad-header')
    this.#count++
    if (this.#count > HEADERS) return this.#fault('too-many-headers')
    const name = (found[1] ?? '').toLowerCase()
    // Two lengths are two messages: nobody can say which is meant.
    if (name === 'content-length' && this.#headers.has(name)) return this.#fault('bad-length')
    const value = (found[2] ?? '').trim()
    if (name === 'rcpt') this.#recipients.push(value)
    else this.#headers.set(name, value)
    return undefined
  }

  #begin(request: SpamdRequest): SpamdEvent {
    this.#left = request.length
    return { event: 'request', request }
  }

  #fault(why: SpamdFault): SpamdEvent {
    this.#done = true
    return { event: 'fault', why }
  }
}
