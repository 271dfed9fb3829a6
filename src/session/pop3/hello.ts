/**
 * What is said beside the mail: CAPA (RFC 2449 section 5), STLS (RFC 2595 section 4), UTF8 (RFC 6856 section 2). Left out on purpose: LANG (RFC 6856 section 3; our
 * words are English), APOP's timestamp in the greeting.
 */
import { mayLogin, mechanismsFor } from '../login.ts'
import type { Running, Talk } from './state.ts'
import { wrong } from './state.ts'
import { pop3Words } from './words.ts'

const DAY_MS = 86_400_000

/** Whether STLS may be said now. */
const maySecure = (talk: Talk): boolean => talk.deps.startTls && talk.peer.tls === null && talk.drop === undefined

const capabilities = (talk: Talk): readonly string[] => {
  const { deps, peer } = talk
  const { expireMs, limits } = deps
  return [
    'TOP',
    'UIDL',
    'RESP-CODES',
    'AUTH-RESP-CODE',
    'PIPELINING',
    'UTF8 USER',
    `EXPIRE ${expireMs === null ? 'NEVER' : Math.floor(expireMs / DAY_MS)}`,
    ...(limits.loginDelayMs > 0 ? [`LOGIN-DELAY ${Math.ceil(limits.loginDelayMs / 1000)}`] : []),
    ...(maySecure(talk) ? ['STLS'] : []),
    ...(mayLogin(peer) ? ['USER', `SASL ${mechanismsFor(peer, deps.scram).join(' ')}`] : []),
    'IMPLEMENTATION Postern',
  ]
}

/** CAPA. */
export const capa = (talk: Talk): string => `+OK\r\n${capabilities(talk).join('\r\n')}\r\n.`

/** AUTH alone: the mechanisms, for clients that are older than CAPA. */
export const mechanismList = (talk: Talk): string => {
  const names = mayLogin(talk.peer) ? mechanismsFor(talk.peer, talk.deps.scram) : []
  return `+OK\r\n${names.map((name) => `${name}\r\n`).join('')}.`
}

/** UTF8: nothing else is said afterwards, because octets go out as they came in anyway. */
export const utf8 = (talk: Talk): string => {
  talk.utf8 = true
  return pop3Words['utf8-on']
}

/** STLS: what the client sent after it in plain text is thrown away, and what it said before is forgotten (RFC 2595 section 4). */
export async function* startTls(talk: Talk): Running {
  const { peer, deps, utf8: after } = talk
  if (peer.tls !== null || !deps.startTls || after) {
    const words = peer.tls !== null ? 'tls-already' : after ? 'tls-after-utf8' : 'no-tls'
    yield `${wrong(talk, pop3Words[words])}\r\n`
    return
  }
  yield `${pop3Words['tls-ready']}\r\n`
  talk.user = undefined
  talk.reader.discard()
  yield { act: 'start-tls' }
}
