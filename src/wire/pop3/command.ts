/**
 * A command line of a POP3 client to a value. RFC 1939 (commands), RFC 2449 section 5 (CAPA), RFC 2595 section 4 (STLS), RFC 5034 section 4 (AUTH),
 * RFC 6856 section 2 (UTF8). Pure; a line in, a command or the reason why it is none.
 *
 * Lenient where the world is: verbs in any case, spaces around arguments, zeros before a number. A password is taken to the letter, spaces too.
 */
import { fail, ok, type Result } from '../../base/result.ts'

type Alone = 'CAPA' | 'STLS' | 'QUIT' | 'STAT' | 'NOOP' | 'RSET' | 'UTF8'
export type Pop3Command =
  | { readonly verb: Alone }
  | { readonly verb: 'USER'; readonly name: string }
  | { readonly verb: 'PASS'; readonly password: string }
  | { readonly verb: 'APOP' }
  /** Without a mechanism the client asks which there are, as clients did before RFC 2449. */
  | { readonly verb: 'AUTH'; readonly mechanism?: string; readonly initial?: string }
  | { readonly verb: 'LIST' | 'UIDL'; readonly message?: number }
  | { readonly verb: 'RETR' | 'DELE'; readonly message: number }
  | { readonly verb: 'TOP'; readonly message: number; readonly lines: number }

export type Pop3Misread =
  | 'unknown-command'
  /** A browser was made to talk to us. */
  | 'foreign'
  /** The argument is missing, or is none that the command has. */
  | 'bad-argument'
  /** A message number that is none. */
  | 'bad-number'

type Read = Result<Pop3Command, Pop3Misread>
type Reader = (argument: string) => Read

const readNumber = (text: string): number | undefined => (/^\d{1,10}$/.test(text) ? Number(text) : undefined)

const alone =
  (verb: Alone): Reader =>
  (argument) =>
    argument.trim() === '' ? ok({ verb }) : fail('bad-argument')

const maybeNumbered =
  (verb: 'LIST' | 'UIDL'): Reader =>
  (argument) => {
    if (argument.trim() === '') return ok({ verb })
    const message = readNumber(argument.trim())
    return message === undefined ? fail('bad-number') : ok({ verb, message })
  }

const numbered =
  (verb: 'RETR' | 'DELE'): Reader =>
  (argument) => {
    const message = readNumber(argument.trim())
    return message === undefined ? fail('bad-number') : ok({ verb, message })
  }

const readTop: Reader = (argument) => {
  const [first = '', second = '', ...more] = argument.trim().split(/ +/)
  const message = readNumber(first)
  const lines = readNumber(second)
  if (message === undefined) return fail('bad-number')
  return lines === undefined || more.length > 0 ? fail('bad-argument') : ok({ verb: 'TOP', message, lines })
}

const readAuth: Reader = (argument) => {
  const [mechanism = '', initial, ...more] = argument.trim().split(/ +/)
  if (mechanism === '') return ok({ verb: 'AUTH' })
  if (!/^[A-Za-z0-9_-]{1,20}$/.test(mechanism) || more.length > 0) return fail('bad-argument')
  return ok({ verb: 'AUTH', mechanism, ...(initial === undefined ? {} : { initial }) })
}

const readUser: Reader = (argument) => {
  const name = argument.trim()
  return name === '' ? fail('bad-argument') : ok({ verb: 'USER', name })
}

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ...(['CAPA', 'STLS', 'QUIT', 'STAT', 'NOOP', 'RSET', 'UTF8'] as const).map((verb): readonly [string, Reader] => [
    verb,
    alone(verb),
  ]),
  ['USER', readUser],
  ['PASS', (password) => (password === '' ? fail('bad-argument') : ok({ verb: 'PASS', password }))],
  ['APOP', () => ok({ verb: 'APOP' })],
  ['AUTH', readAuth],
  ['LIST', maybeNumbered('LIST')],
  ['UIDL', maybeNumbered('UIDL')],
  ['RETR', numbered('RETR')],
  ['DELE', numbered('DELE')],
  ['TOP', readTop],
])

/** @param line without its end. @returns the command, or why it is none. Never throws. */
export const readPop3Command = (line: string): Read => {
  const space = line.indexOf(' ')
  const verb = (space < 0 ? line : line.slice(0, space)).toUpperCase()
  const reader = readers.get(verb)
  if (reader !== undefined) return reader(space < 0 ? '' : line.slice(space + 1))
  return fail(/ HTTP\/\d(?:\.\d)?$/.test(line) ? 'foreign' : 'unknown-command')
}
