/**
 * A command line of a client to a value. RFC 5321 section 4.1.1 (each command), RFC 3030 section 2 (BDAT), RFC 3207 (STARTTLS), RFC 4954
 * section 4 (AUTH). Pure; a line in, a command or the reason why it is none.
 *
 * Lenient where the world is: spaces around the colon of `MAIL FROM:`, spaces at the end of a line, tabs for spaces, a HELO name with
 * underscores, and an address without its brackets.
 */
import { readIp } from '../../base/ip.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import { readDomain, readPath, type SmtpPath } from './address.ts'
import { type Parameter, readParameters } from './parameters.ts'

export type SmtpCommand =
  | { readonly verb: 'HELO' | 'EHLO'; readonly name: string }
  | { readonly verb: 'MAIL' | 'RCPT'; readonly path: SmtpPath; readonly parameters: readonly Parameter[] }
  | { readonly verb: 'BDAT'; readonly size: number; readonly last: boolean }
  | { readonly verb: 'AUTH'; readonly mechanism: string; readonly initial?: string }
  | { readonly verb: 'NOOP' | 'HELP' | 'VRFY' | 'EXPN'; readonly argument: string }
  | { readonly verb: 'DATA' | 'RSET' | 'QUIT' | 'STARTTLS' }

export type SmtpMisread =
  /** No command of ours. */
  | 'unknown-command'
  /** A command that is SMTP, and not offered by anybody any more (TURN, SEND, SAML, SOML, ETRN). */
  | 'old-command'
  /** Another protocol talks to us. */
  | 'foreign'
  | 'too-long'
  | 'bad-name'
  | 'bad-sender'
  | 'bad-recipient'
  | 'bad-parameter'
  /** The argument is missing, or there is one where none may be. */
  | 'bad-argument'
  /** BDAT that does not say how many octets come: nothing after it can be read. */
  | 'bad-chunk'

const MOST_LINE = 512 // octets with CRLF, RFC 5321 section 4.5.3.1.4; MAIL, RCPT and AUTH may be longer by their extensions
const MOST_CHUNK = 2 ** 48 // octets of a BDAT that can be counted at all

const longVerbs = new Set(['MAIL', 'RCPT', 'AUTH'])
const oldVerbs = new Set([
  'TURN',
  'ATRN',
  'ETRN',
  'SEND',
  'SAML',
  'SOML',
  'VERB',
  'ONEX',
  'XADR',
  'XCLIENT',
  'XFORWARD',
])
const foreignVerbs = new Set([
  'GET',
  'POST',
  'PUT',
  'HEAD',
  'CONNECT',
  'OPTIONS',
  'DELETE',
  'PATCH',
  'TRACE',
  'INVITE',
  'REGISTER',
  'PRI',
])
/** A header of HTTP or SIP (`Host: example.com`), an SSH banner, an RTSP or SMTP-like word with a colon. */
const foreignLine = /^(?:[A-Za-z][A-Za-z-]*:(?:\s|$)|SSH-\d|\{|<[!?a-z])/i

type Read = Result<SmtpCommand, SmtpMisread>

const readName = (verb: 'HELO' | 'EHLO', argument: string): Read => {
  if (argument === '') return fail('bad-argument')
  const name = readHello(argument)
  return name === undefined ? fail('bad-name') : ok({ verb, name })
}

/**
 * What a client calls itself: a domain, a literal, and (because devices and spam filters' friends do) an IPv6
 * literal without its tag, or an address without brackets.
 * @returns it as written, at most 255 octets of printable ASCII; undefined when it is none of these.
 */
export const readHello = (text: string): string | undefined => {
  if (!/^[\x21-\x7e]{1,255}$/.test(text)) return undefined
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  return readDomain(text) === undefined && !readIp(bare).ok ? undefined : text
}

const readPathCommand = (verb: 'MAIL' | 'RCPT', argument: string): Read => {
  const wrong = verb === 'MAIL' ? 'bad-sender' : 'bad-recipient'
  const opened = (verb === 'MAIL' ? /^FROM[ \t]*:[ \t]*/i : /^TO[ \t]*:[ \t]*/i).exec(argument)
  if (opened === null) return fail('bad-argument')
  const read = readPath(argument.slice(opened[0].length))
  if (!read.ok) return fail(wrong)
  const { path, rest } = read.value
  if (verb === 'RCPT' && path.address === null) return fail(wrong)
  if (path.address?.domain === '' && (verb === 'MAIL' || path.address.local.toLowerCase() !== 'postmaster'))
    return fail(wrong)
  const parameters = readParameters(rest)
  return parameters.ok ? ok({ verb, path, parameters: parameters.value }) : parameters
}

const readBdat = (argument: string): Read => {
  const found = /^(\d{1,20})(?:[ \t]+(LAST))?$/i.exec(argument)
  const size = Number(found?.[1] ?? Number.NaN)
  return found !== null && size <= MOST_CHUNK
    ? ok({ verb: 'BDAT', size, last: found[2] !== undefined })
    : fail('bad-chunk')
}

const readAuth = (argument: string): Read => {
  const [mechanism = '', initial, ...more] = argument.split(/[ \t]+/)
  if (!/^[A-Za-z0-9_-]{1,20}$/.test(mechanism) || more.length > 0) return fail('bad-argument')
  return ok({ verb: 'AUTH', mechanism: mechanism.toUpperCase(), ...(initial === undefined ? {} : { initial }) })
}

const alone =
  (verb: 'DATA' | 'RSET' | 'QUIT' | 'STARTTLS') =>
  (argument: string): Read =>
    argument === '' ? ok({ verb }) : fail('bad-argument')
const spoken =
  (verb: 'NOOP' | 'HELP' | 'VRFY' | 'EXPN', needed: boolean) =>
  (argument: string): Read =>
    needed && argument === '' ? fail('bad-argument') : ok({ verb, argument })

const readers: ReadonlyMap<string, (argument: string) => Read> = new Map<string, (argument: string) => Read>([
  ['EHLO', (argument) => readName('EHLO', argument)],
  ['HELO', (argument) => readName('HELO', argument)],
  ['MAIL', (argument) => readPathCommand('MAIL', argument)],
  ['RCPT', (argument) => readPathCommand('RCPT', argument)],
  ['DATA', alone('DATA')],
  ['BDAT', readBdat],
  ['RSET', alone('RSET')],
  ['QUIT', alone('QUIT')],
  ['NOOP', spoken('NOOP', false)],
  ['HELP', spoken('HELP', false)],
  ['VRFY', spoken('VRFY', true)],
  ['EXPN', spoken('EXPN', true)],
  ['STARTTLS', alone('STARTTLS')],
  ['AUTH', readAuth],
])

/**
 * @param line a line without its end.
 * @returns the command; otherwise the reason. Never throws.
 */
export const readCommand = (line: string): Read => {
  const text = line.trimEnd()
  const space = text.search(/[ \t]/)
  const verb = (space < 0 ? text : text.slice(0, space)).toUpperCase()
  const reader = readers.get(verb)
  if (reader === undefined) {
    if (foreignVerbs.has(verb) || foreignLine.test(text)) return fail('foreign')
    return fail(oldVerbs.has(verb) ? 'old-command' : 'unknown-command')
  }
  if (!longVerbs.has(verb) && Buffer.byteLength(line) + 2 > MOST_LINE) return fail('too-long')
  return reader(space < 0 ? '' : text.slice(space).trimStart())
}
