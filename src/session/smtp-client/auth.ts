/**
 * AUTH, the client's side, for relays that want a login. RFC 4954 (the exchange), RFC 4616 (PLAIN), the old LOGIN, RFC 5802 and 7677 (SCRAM-SHA-256, with the server's signature checked).
 * A password never goes over a connection without TLS, unless the relay is on this machine; SCRAM neither, since the mail that follows would not be covered. Whatever is wrong with a login
 * defers the mail: it is the owner's to mend, and no sender's fault.
 */
import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto'
import { fail, ok, type Result } from '../../base/result.ts'
import type { Said } from '../../post/bounce/said.ts'
import { ours } from '../../post/queue/said.ts'
import type { Reply } from '../../wire/smtp/reply.ts'
import type { Dialogue, TalkFault } from './dialogue.ts'

export type Login = { readonly user: string; readonly password: string }
export type LoginNeeds = {
  readonly host: string
  /** The connection is encrypted, or does not leave this machine. */
  readonly isSafe: boolean
  /** Printable, without a comma, fresh each time. */
  readonly nonce: () => string
}

const WAIT_MS = 120_000
const MOST_ROUNDS = 1_000_000 // of PBKDF2 that a server may ask of us: about a second
const LEAST_ROUNDS = 4096 // RFC 7677 section 4

type Step = Result<Reply, Said>
type Saying = (text: string) => Promise<Step>

const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64')
const plainText = (reply: Reply): string => Buffer.from(reply.lines[0] ?? '', 'base64').toString('utf8')
const hmac = (key: Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest()

const refusal = (reply: Reply, host: string): Said =>
  ours('4.7.8', 'policy', `the relay refuses our login: ${reply.code} ${reply.lines.join(' ').slice(0, 200)}`, host)
const broken = (host: string, what: string): Said =>
  ours('4.7.0', 'policy', `the login at the relay failed: ${what}`, host)

const plain = async (say: Saying, { user, password }: Login): Promise<Step> =>
  say(`AUTH PLAIN ${base64(`\0${user}\0${password}`)}`)

const login = async (say: Saying, { user, password }: Login, host: string): Promise<Step> => {
  for (const text of ['AUTH LOGIN', base64(user)]) {
    const asked = await say(text)
    if (!asked.ok) return asked
    if (asked.value.code !== 334) return fail(refusal(asked.value, host))
  }
  return say(base64(password))
}

const saltedPassword = (password: string, salt: Uint8Array, rounds: number): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    pbkdf2(password.normalize('NFKC'), salt, rounds, 32, 'sha256', (error, key) =>
      error === null ? resolve(key) : reject(error),
    ),
  )

/** RFC 5802 section 3: the proof, and the signature that the server has to show. */
const proofOf = async (
  a: Login & { readonly bare: string; readonly nonce: string; readonly server: string },
): Promise<{ readonly last: string; readonly signature: Buffer } | undefined> => {
  const found = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=(\d{1,7})(?:,|$)/.exec(a.server)
  const [, nonce = '', salt = '', count = ''] = found ?? []
  const rounds = Number(count)
  if (!nonce.startsWith(a.nonce) || nonce.length === a.nonce.length) return undefined
  if (rounds < LEAST_ROUNDS || rounds > MOST_ROUNDS) return undefined
  const salted = await saltedPassword(a.password, Buffer.from(salt, 'base64'), rounds)
  const clientKey = hmac(salted, 'Client Key')
  const unproven = `c=${base64('n,,')},r=${nonce}`
  const message = `${a.bare},${a.server},${unproven}`
  const signed = hmac(createHash('sha256').update(clientKey).digest(), message)
  const proof = clientKey.map((octet, at) => octet ^ (signed[at] ?? 0))
  return { last: `${unproven},p=${base64(proof)}`, signature: hmac(hmac(salted, 'Server Key'), message) }
}

const scram = async (say: Saying, given: Login, needs: LoginNeeds): Promise<Step> => {
  const nonce = needs.nonce()
  const bare = `n=${given.user.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`
  const first = await say(`AUTH SCRAM-SHA-256 ${base64(`n,,${bare}`)}`)
  if (!first.ok) return first
  if (first.value.code !== 334) return fail(refusal(first.value, needs.host))
  const proof = await proofOf({ ...given, bare, nonce, server: plainText(first.value) })
  if (proof === undefined) return fail(broken(needs.host, 'the server does not speak SCRAM as RFC 5802 says'))
  const second = await say(base64(proof.last))
  if (!second.ok) return second
  if (second.value.code !== 334) return fail(refusal(second.value, needs.host))
  const shown = Buffer.from(/^v=([A-Za-z0-9+/]+={0,2})/.exec(plainText(second.value))?.[1] ?? '', 'base64')
  if (shown.length !== proof.signature.length || !timingSafeEqual(shown, proof.signature))
    return fail(broken(needs.host, 'the server cannot show that it knows the password: somebody may be in between'))
  return say('')
}

const saidOfFault = (fault: TalkFault, host: string): Said =>
  ours(
    '4.4.2',
    'policy',
    fault.kind === 'link' ? `the connection broke at the login (${fault.why})` : 'a reply at the login cannot be read',
    host,
  )

/** Logs in by the best mechanism that both have. @returns why it did not work, always for a time only */
export const logIn = async (talk: Dialogue, given: Login, needs: LoginNeeds): Promise<Result<undefined, Said>> => {
  const { host } = needs
  if (!needs.isSafe) return fail(broken(host, 'it offers no encryption, and a password never goes without'))
  const offered = (talk.offers.get('AUTH') ?? '').toUpperCase().split(' ')
  const say: Saying = async (text) => {
    const reply = await talk.ask(`${text}\r\n`, WAIT_MS)
    return reply.ok ? reply : fail(saidOfFault(reply.error, host))
  }
  const by = (['SCRAM-SHA-256', 'PLAIN', 'LOGIN'] as const).find((name) => offered.includes(name))
  if (by === undefined) return fail(broken(host, 'it offers no mechanism that we speak'))
  const last = await (by === 'PLAIN'
    ? plain(say, given)
    : by === 'LOGIN'
      ? login(say, given, host)
      : scram(say, given, needs))
  if (!last.ok) return last
  return last.value.code === 235 ? ok(undefined) : fail(refusal(last.value, host))
}
