/**
 * The server's side of SASL as a machine of turns, for IMAP (RFC 9051 section 6.2.2), SMTP (RFC 4954) and POP3 (RFC 5034):
 * PLAIN (RFC 4616), LOGIN (the old exchange that Outlook still asks for), SCRAM-SHA-256 and -PLUS (scram.ts). Pure: passwords are
 * checked and keys looked up by the caller between two turns. Base64 and the word AUTHENTICATE are the protocol's business.
 */
import { type Bindings, decoyKeys, proveScram, readScramFirst, type ScramKeys, writeScramFirst } from './scram.ts'

export type Mechanism = 'PLAIN' | 'LOGIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-256-PLUS'

/** What comes next: say these octets and read a line; check a password; look up keys and call `keys`; or the end. */
export type Turn =
  | { readonly turn: 'say'; readonly bytes: Uint8Array }
  | { readonly turn: 'password'; readonly user: string; readonly authzid: string; readonly password: string }
  | { readonly turn: 'keys'; readonly user: string }
  | { readonly turn: 'proven'; readonly user: string; readonly authzid: string }
  | { readonly turn: 'failed'; readonly why: 'malformed' | 'bad-binding' | 'bad-proof'; readonly user: string }

export type Exchange = {
  /** One answer of the client, decoded; the initial response too. */
  readonly hear: (bytes: Uint8Array) => Turn
  /** After `keys`: null where there is no such user, and then the exchange goes on to fail at its end. */
  readonly keys: (keys: ScramKeys | null) => Turn
  /** What to say when the client gave no initial response. */
  readonly open: Uint8Array
}

export type SaslNeeds = {
  readonly bindings: Bindings
  /** Printable octets without a comma, fresh for each exchange. */
  readonly nonce: () => string
  /** Of this server, for answers about names that do not exist. */
  readonly secret: Uint8Array
}

const none = new Uint8Array(0)
const failed = (why: 'malformed' | 'bad-binding' | 'bad-proof', user = ''): Turn => ({ turn: 'failed', why, user })
const wrongTurn = (): Turn => failed('malformed')

const plain = (): Exchange => ({
  open: none,
  hear: (bytes) => {
    const [authzid, user, password, ...rest] = Buffer.from(bytes).toString('utf8').split('\0')
    if (authzid === undefined || user === undefined || password === undefined || rest.length > 0 || user === '')
      return failed('malformed')
    return { turn: 'password', user, authzid, password }
  },
  keys: wrongTurn,
})

const login = (): Exchange => {
  let user: string | undefined
  return {
    open: Buffer.from('Username:'),
    hear: (bytes) => {
      const text = Buffer.from(bytes).toString('utf8')
      if (user !== undefined) return { turn: 'password', user, authzid: '', password: text }
      if (text === '') return failed('malformed')
      user = text
      return { turn: 'say', bytes: Buffer.from('Password:') }
    },
    keys: wrongTurn,
  }
}

const scram = (plus: boolean, needs: SaslNeeds): Exchange => {
  let first: Extract<ReturnType<typeof readScramFirst>, { ok: true }>['value'] | undefined
  let held: { readonly keys: ScramKeys; readonly said: string; readonly known: boolean } | undefined
  let proven = false
  return {
    open: none,
    hear: (bytes) => {
      if (first === undefined) {
        const read = readScramFirst(bytes, plus, needs.bindings)
        if (!read.ok) return failed(read.error)
        first = read.value
        return { turn: 'keys', user: first.user }
      }
      // The client's empty answer to our signature ends it.
      if (proven) return bytes.length === 0 ? { turn: 'proven', ...first } : failed('malformed', first.user)
      if (held === undefined) return failed('malformed', first.user)
      const signature = proveScram(first, held.said, held.keys, bytes)
      if (signature === undefined || !held.known) return failed('bad-proof', first.user)
      proven = true
      return { turn: 'say', bytes: Buffer.from(signature) }
    },
    keys: (found) => {
      if (first === undefined || held !== undefined) return failed('malformed')
      const keys = found ?? decoyKeys(first.user, needs.secret, 4096)
      held = { keys, said: writeScramFirst(first, needs.nonce(), keys), known: found !== null }
      return { turn: 'say', bytes: Buffer.from(held.said) }
    },
  }
}

const mechanisms: Readonly<Record<Mechanism, (needs: SaslNeeds) => Exchange>> = {
  PLAIN: plain,
  LOGIN: login,
  'SCRAM-SHA-256': (needs) => scram(false, needs),
  'SCRAM-SHA-256-PLUS': (needs) => scram(true, needs),
}

/** @returns the mechanism that a peer named, in any case; undefined when there is none such. */
export const readMechanism = (name: string): Mechanism | undefined => {
  const upper = name.toUpperCase()
  return (Object.keys(mechanisms) as Mechanism[]).find((one) => one === upper)
}

/** @returns a fresh exchange of this mechanism. */
export const startExchange = (mechanism: Mechanism, needs: SaslNeeds): Exchange => mechanisms[mechanism](needs)

/** @returns the octets of a base64 line as a client sends it (`=` alone is the empty string), or undefined where it is none. */
export const readBase64Line = (text: string): Uint8Array | undefined => {
  if (text === '=' || text === '') return none
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0 ? Buffer.from(text, 'base64') : undefined
}
