/**
 * Before and around login: CAPABILITY, NOOP, LOGOUT, ID, STARTTLS, LOGIN, AUTHENTICATE, ENABLE, COMPRESS, UNAUTHENTICATE. RFC 9051 section 6.1 to 6.3.1,
 * RFC 2971, RFC 4959 (SASL-IR), RFC 4978, RFC 8437, RFC 5161. Refused on purpose: any password before TLS (unless the peer may, by a setting
 * for test tools on loopback); acting as another user (an authorization identity that is not the user).
 */

import { utf8 } from '../../wire/imap/syntax.ts'
import { octetsOf, writeNstring, writeString } from '../../wire/imap/write.ts'
import { type LoginOutcome, mayLogin } from '../login.ts'
import { type SaslFault, saslExchange } from '../sasl-exchange.ts'
import type { Running } from './row.ts'
import type { Enabled, Reply, Talk } from './state.ts'
import { capabilities, leave, nothingEnabled } from './talk.ts'

/** CAPABILITY. */
export const capability = async (talk: Talk): Promise<Reply> => [
  `* CAPABILITY ${capabilities(talk)}\r\n`,
  'OK Those are the capabilities',
]

/** LOGOUT. */
export async function* logout(talk: Talk): Running {
  talk.closing = true
  yield '* BYE Good bye\r\n'
  return 'OK Logged out'
}

/** ID: what we are; what the client is goes to the log. */
export const identify = async (talk: Talk, fields: readonly (readonly [string, string | null])[]): Promise<Reply> => {
  const name = fields.find(([key]) => key.toLowerCase() === 'name')?.[1] ?? ''
  talk.deps.log.event('imap-client', { session: talk.peer.session, name: utf8(name) })
  const ours = talk.deps.id.map(([key, value]) => `${writeString(key)} ${writeNstring(octetsOf(value))}`)
  return [`* ID ${ours.length === 0 ? 'NIL' : `(${ours.join(' ')})`}\r\n`, 'OK That is who we are']
}

/** STARTTLS: what the client sent after it in plain text is thrown away by the pump. */
export async function* startTls(talk: Talk): Running {
  if (!talk.deps.startTls || talk.peer.tls !== null) return 'BAD There is no STARTTLS here'
  yield `${talk.tag} OK Begin TLS now\r\n`
  // What was pipelined in plain text is not to be read as if it had come through TLS (RFC 9051 section 6.2.1).
  talk.reader.discard()
  yield { act: 'start-tls' }
  return ''
}

const refusals = {
  'bad-credentials': 'NO [AUTHENTICATIONFAILED] The name or the password is wrong',
  frozen: 'NO [CONTACTADMIN] The account is frozen; ask the administrator',
  barred: 'NO [UNAVAILABLE] Too many logins failed; try again later',
  'try-later': 'NO [UNAVAILABLE] Logins cannot be checked now; try again later',
} as const satisfies Readonly<Record<Exclude<LoginOutcome['kind'], 'ok'>, string>>

/** The end of a login: the state changes, or the client waits for its refusal, and after some it is shown out. */
async function* settle(talk: Talk, outcome: LoginOutcome): Running {
  if (outcome.kind === 'ok') {
    talk.account = outcome.account
    talk.key = outcome.key
    talk.failedLogins = 0
    yield { act: 'patience', ms: talk.deps.limits.patienceMs }
    return `OK [CAPABILITY ${capabilities(talk)}] Logged in`
  }
  talk.failedLogins += 1
  yield { act: 'wait', ms: talk.deps.limits.failedLoginMs }
  if (talk.failedLogins >= talk.deps.limits.logins || outcome.kind === 'barred') {
    talk.closing = true
    yield `${talk.tag} ${refusals[outcome.kind]}\r\n* BYE Too many logins failed\r\n`
    return ''
  }
  return refusals[outcome.kind]
}

const NOT_HERE = 'NO [PRIVACYREQUIRED] Use TLS first'

/** LOGIN. */
export async function* login(talk: Talk, args: { readonly user: string; readonly password: string }): Running {
  if (!mayLogin(talk.peer)) return NOT_HERE
  const outcome = await talk.deps.login(utf8(args.user), { password: utf8(args.password) }, talk.peer)
  return yield* settle(talk, outcome)
}

const unfinished = {
  'no-mechanism': 'NO [CANNOT] There is no such mechanism',
  cancelled: 'BAD The exchange was cancelled',
  'not-base64': 'BAD That is not base64',
  endless: 'BAD The exchange has no end',
} as const satisfies Readonly<Record<SaslFault, string>>

/** AUTHENTICATE, with or without a first answer. */
export async function* authenticate(
  talk: Talk,
  args: { readonly mechanism: string; readonly initial: string | undefined },
): Running {
  if (!mayLogin(talk.peer)) return NOT_HERE
  const exchange = saslExchange(talk.deps, talk.peer, args.mechanism, args.initial)
  let step = await exchange.next('')
  while (step.done !== true) {
    yield `+ ${step.value}\r\n`
    step = await exchange.next(yield { ask: true })
  }
  const end = step.value
  return 'unfinished' in end ? unfinished[end.unfinished] : yield* settle(talk, end)
}

type Enabling = { readonly name: string; readonly turnsOn: readonly (keyof Enabled)[] }
const enabling: readonly Enabling[] = [
  { name: 'CONDSTORE', turnsOn: ['condstore'] },
  { name: 'QRESYNC', turnsOn: ['condstore', 'qresync'] },
  { name: 'UTF8=ACCEPT', turnsOn: ['utf8'] },
  { name: 'IMAP4REV2', turnsOn: ['rev2'] },
  { name: 'UIDONLY', turnsOn: ['uidOnly'] },
]
const spelled: Readonly<Record<string, string | undefined>> = { IMAP4REV2: 'IMAP4rev2' }

/** ENABLE: says what of it there is; unknown names are left out. */
export const enable = async (talk: Talk, names: readonly string[]): Promise<Reply> => {
  const found = enabling.filter(({ name }) => names.includes(name))
  const hadModSeqs = talk.enabled.condstore
  for (const name of found.flatMap(({ turnsOn }) => turnsOn)) talk.enabled[name] = true
  const words = found.map(({ name }) => ` ${spelled[name] ?? name}`).join('')
  // RFC 7162 section 3.1: a client that turns mod-sequences on in a selected mailbox is told where it stands.
  const highest =
    talk.selected !== undefined && talk.enabled.condstore && !hadModSeqs
      ? `* OK [HIGHESTMODSEQ ${talk.selected.told}] The highest\r\n`
      : ''
  return [`* ENABLED${words}\r\n${highest}`, 'OK Enabled']
}

/** COMPRESS. */
export async function* compress(talk: Talk, method: string): Running {
  if (method !== 'DEFLATE') return 'BAD There is only DEFLATE'
  if (talk.compressed) return 'NO [COMPRESSIONACTIVE] It is compressed already'
  talk.compressed = true
  yield `${talk.tag} OK Deflated from here on\r\n`
  yield { act: 'compress' }
  return ''
}

/** UNAUTHENTICATE: as before login, on the same connection. */
export const unauthenticate = async (talk: Talk): Promise<Reply> => {
  leave(talk)
  talk.notify?.stop()
  talk.notify = undefined
  talk.account = undefined
  talk.key = undefined
  talk.enabled = nothingEnabled()
  return ['', 'OK You are nobody now']
}
