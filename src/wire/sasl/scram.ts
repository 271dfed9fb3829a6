/**
 * SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, the server's side. RFC 5802 (the exchange, section 5; formal syntax, section 7),
 * RFC 7677 (SHA-256, at least 4096 rounds), RFC 5929 and RFC 9266 (channel bindings, given as octets). Pure: the nonce is
 * a parameter, the keys come from the caller. Refused on purpose: extensions marked mandatory (`m=`), and a client that says
 * "the server has no channel binding" where it has (section 6: somebody took -PLUS off the list).
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { fail, ok, type Result } from '../../base/result.ts'

/** What the server keeps of a password for SCRAM (RFC 5802 section 3); never the password. */
export type ScramKeys = {
  readonly salt: Uint8Array
  readonly iterations: number
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
}

/** The bindings that the transport can prove, by name (`tls-exporter`, `tls-server-end-point`); empty without TLS. */
export type Bindings = Readonly<Record<string, Uint8Array>>

/** @param user may be empty only after a failure. `binding` is what the client's second message has to repeat. */
export type ScramFirst = {
  readonly user: string
  readonly authzid: string
  readonly bare: string
  readonly nonce: string
  readonly binding: Buffer
}
type ScramFault = 'malformed' | 'bad-binding'

const hmac = (key: Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const readName = (text: string): string | undefined =>
  /=(?!2C|3D)/.test(text) ? undefined : text.replaceAll('=2C', ',').replaceAll('=3D', '=')

/** The channel binding data that a gs2 flag stands for; undefined where the flag is a lie or not known. */
const bindingOf = (flag: string, plus: boolean, bindings: Bindings): Uint8Array | undefined => {
  if (flag === 'n') return plus ? undefined : Buffer.alloc(0)
  if (flag === 'y') return plus || Object.keys(bindings).length > 0 ? undefined : Buffer.alloc(0)
  const wanted = flag.startsWith('p=') ? flag.slice(2) : ''
  const found = Object.entries(bindings).find(([name]) => name === wanted)
  return plus ? found?.[1] : undefined
}

/**
 * @param message the client's first message: `n,,n=user,r=nonce`.
 * @param plus whether the client chose the -PLUS mechanism.
 * @returns who, and what the rest of the exchange needs; `bad-binding` where the peer cannot or does not bind as it says.
 */
export const readScramFirst = (
  message: Uint8Array,
  plus: boolean,
  bindings: Bindings,
): Result<ScramFirst, ScramFault> => {
  const text = Buffer.from(message).toString('utf8')
  const comma = text.indexOf(',')
  const second = text.indexOf(',', comma + 1)
  if (comma < 1 || second < 0) return fail('malformed')
  const authz = text.slice(comma + 1, second)
  const bare = text.slice(second + 1)
  const [name = '', nonce = ''] = bare.split(',')
  const user = readName(name.slice(2))
  const authzid = authz === '' ? '' : authz.startsWith('a=') ? readName(authz.slice(2)) : undefined
  if (!name.startsWith('n=') || !/^r=[\x21-\x2b\x2d-\x7e]+$/.test(nonce)) return fail('malformed')
  if (user === undefined || user === '' || authzid === undefined) return fail('malformed')
  const data = bindingOf(text.slice(0, comma), plus, bindings)
  if (data === undefined) return fail('bad-binding')
  const binding = Buffer.concat([Buffer.from(text.slice(0, second + 1)), data])
  return ok({ user, authzid, bare, nonce: nonce.slice(2), binding })
}

/** @returns the server's first message: nonce (the client's and ours), salt, rounds. */
export const writeScramFirst = (first: ScramFirst, ours: string, keys: ScramKeys): string =>
  `r=${first.nonce}${ours},s=${Buffer.from(keys.salt).toString('base64')},i=${keys.iterations}`

/**
 * @param said what `writeScramFirst` gave. @param message the client's last message: `c=binding,r=nonce,p=proof`.
 * @returns the server's last message (`v=signature`), or undefined where the proof, nonce or binding is wrong.
 */
export const proveScram = (
  first: ScramFirst,
  said: string,
  keys: ScramKeys,
  message: Uint8Array,
): string | undefined => {
  const text = Buffer.from(message).toString('utf8')
  const at = text.lastIndexOf(',p=')
  if (at < 0) return undefined
  const unproven = text.slice(0, at)
  const [c = '', r = ''] = unproven.split(',')
  if (c !== `c=${first.binding.toString('base64')}` || r !== said.slice(0, said.indexOf(','))) return undefined
  const proof = Buffer.from(text.slice(at + 3), 'base64')
  const authMessage = `${first.bare},${said},${unproven}`
  const signature = hmac(keys.storedKey, authMessage)
  if (proof.length !== signature.length) return undefined
  const clientKey = Buffer.from(proof.map((octet, index) => octet ^ (signature[index] ?? 0)))
  if (!timingSafeEqual(createHash('sha256').update(clientKey).digest(), keys.storedKey)) return undefined
  return `v=${hmac(keys.serverKey, authMessage).toString('base64')}`
}

/** Keys for a name that does not exist, the same at each try, so that an answer does not tell who exists. @param secret of this server. */
export const decoyKeys = (user: string, secret: Uint8Array, iterations: number): ScramKeys => ({
  salt: hmac(secret, `salt ${user}`).subarray(0, 16),
  iterations,
  storedKey: hmac(secret, `stored ${user}`),
  serverKey: hmac(secret, `server ${user}`),
})
