/**
 * The spamd session: octets in, acts for the transport out (src/base/act.ts). SpamAssassin's spamc/spamd protocol up to 1.5, so that spamc, Exim's `spam`
 * condition and their like can ask this filter. One request a connection, as spamd has it. Nothing is verified, because the protocol tells no envelope; in
 * rspamd's dialect of it (Exim's variant=rspamd) the envelope is told, and the message is judged as one that came here.
 *
 * A scan that is late or fails is EX_TEMPFAIL: clients then let the message through as it came. The `local` and the `remote` database that TELL names are
 * both this filter: nobody else is told of anything. Refused on purpose: TELL unless the owner allows it, and compression other than zlib.
 */
import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import type { Peer, Session } from '../../base/act.ts'
import { readIp, writeIp } from '../../base/ip.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import type { Consulted, Question } from '../../post/consult.ts'
import { spamFields } from '../../post/spam-fields.ts'
import type { Hit } from '../../spam/facts.ts'
import { isModern, rspamdVerdict, spamdPong, spamdRefusal, spamdTold, spamdVerdict } from '../../wire/spamd/reply.ts'
import { type SpamdFault, SpamdReader, type SpamdRequest } from '../../wire/spamd/request.ts'
import { actionOf, addressesOf, addressOf } from '../asked.ts'
import { gathered, type Out } from '../gathered.ts'
import { bodyOf, type SpamdDeps } from './deps.ts'
import { headerOf, marked, withoutMarkup } from './markup.ts'

const faultWords: Readonly<Record<SpamdFault, string>> = {
  'bad-request-line': 'the first line is METHOD SPAMC/1.5',
  'unknown-method': 'no such method',
  'bad-header': 'a header line is NAME: VALUE',
  'too-long-line': 'a line is too long',
  'too-many-headers': 'too many header lines',
  'bad-length': 'Content-length is one number',
  'no-length': 'Content-length is missing',
  'bad-class': 'Message-class is spam or ham',
}

const MOST_RATIO = 1032 // what deflate reaches at most (RFC 1951 section 3.2.5: 258 octets for two bits)

const inflated = promisify(inflate)

type Talk = {
  readonly deps: SpamdDeps
  readonly peer: Peer
  readonly reader: SpamdReader
  request: SpamdRequest | undefined
  pieces: Uint8Array[]
  /** What is counted in `deps.room`. */
  held: number
  over: boolean
}

const heaviest = (hits: readonly Hit[]): readonly Hit[] =>
  [...hits].sort((a, b) => Math.abs(b.score) - Math.abs(a.score))

const ascii = (text: string): string => text.replaceAll(/[‘’]/g, "'").replaceAll(/[^ -~]/g, '?')

const nameOf = (hit: Hit): string => hit.name.replaceAll(/[^A-Za-z0-9_]/g, '_')

type Judged = Extract<Consulted, { readonly kind: 'judged' }>

/** The report for people: a line a test, heaviest first. */
const reportOf = ({ hits, score, flagAt }: Judged, host: string): string =>
  [
    `Postern on ${host} gives this message ${score.toFixed(1)} points; from ${flagAt.toFixed(1)} on it is spam.`,
    '',
    'points  test                          what it means',
    ...heaviest(hits).map((hit) => `${hit.score.toFixed(1).padStart(6)}  ${hit.name.padEnd(28)}  ${ascii(hit.says)}`),
    '',
  ].join('\n')

/** What follows the headers of an answer. */
const textOf = (deps: SpamdDeps, request: SpamdRequest, message: Uint8Array, judged: Judged): readonly Out[] => {
  const { score, flagAt, hits } = judged
  const flagged = score >= flagAt
  switch (request.method) {
    case 'SYMBOLS':
      return [`${heaviest(hits).map(nameOf).join(',')}${isModern(request) ? '' : '\r\n'}`]
    case 'REPORT':
      return [reportOf(judged, deps.host)]
    case 'REPORT_IFSPAM':
      return flagged ? [reportOf(judged, deps.host)] : []
    case 'PROCESS':
    case 'HEADERS': {
      const fields = spamFields({ score, flagAt, flagged, hits, host: deps.host })
      return marked(request.method === 'HEADERS' ? headerOf(message) : message, fields)
    }
    default:
      return []
  }
}

const lengthOf = (out: Out): number => (typeof out === 'string' || out instanceof Uint8Array ? out.length : 0)

const questionOf = ({ peer, deps }: Talk, request: SpamdRequest, message: Uint8Array): Question => {
  const { dialect, user, envelope } = request
  const tells = dialect === 'rspamc'
  const ip = readIp(envelope.ip ?? '')
  return {
    session: envelope.id ?? peer.session,
    ip: tells && ip.ok ? writeIp(ip.value) : undefined,
    port: 0,
    helo: envelope.helo ?? '',
    tls: null,
    mailFrom: addressOf(envelope.from),
    recipients: addressesOf(envelope.recipients),
    login: tells ? user : undefined,
    account: tells ? undefined : user,
    body: bodyOf(message),
    counts: deps.counts,
  }
}

async function* scanned(talk: Talk, request: SpamdRequest, message: Uint8Array): AsyncGenerator<Out> {
  const { deps } = talk
  const judged = await deps.consult(questionOf(talk, request, message))
  if (judged.kind !== 'judged') return yield spamdRefusal('EX_TEMPFAIL', 'the filter did not come to an end; ask again')
  const { score, flagAt, rejectAt, hits } = judged
  const verdict = { spam: score >= flagAt, score, flagAt }
  if (request.dialect === 'rspamc') return yield rspamdVerdict(actionOf(judged), verdict, rejectAt, heaviest(hits))
  const text = textOf(deps, request, message, judged)
  const octets = text.reduce((sum, one) => sum + lengthOf(one), 0)
  yield spamdVerdict(request, verdict, octets)
  yield* text
}

/** Set wins: spamc -C revoke sets `local` as ham and removes `remote`, and both are the same lesson. */
const told = async ({ deps }: Talk, request: SpamdRequest, message: Uint8Array): Promise<string> => {
  const { set, remove, messageClass } = request
  const both = set.find((one) => remove.includes(one))
  if (both !== undefined) return spamdRefusal('EX_PROTOCOL', 'Set and Remove name the same database')
  if (set.length === 0 && remove.length === 0) return spamdTold([], [])
  const forget = set.length === 0
  if (!forget && messageClass === undefined) return spamdRefusal('EX_PROTOCOL', 'Message-class is missing')
  const account = await deps.who(request.user)
  const opinion = forget ? 'none' : messageClass === 'spam' ? 'spam' : 'wanted'
  const done = await deps.tell({ message, account, opinion })
  if (done === 'failed') return spamdRefusal('EX_TEMPFAIL', 'it was not learned; say it again')
  return done === 'known' ? spamdTold([], []) : spamdTold(set, remove)
}

/** @returns why a request is not taken up; undefined where it is, and then there is room for its message. */
const refusal = (talk: Talk, request: SpamdRequest): string | undefined => {
  const { deps } = talk
  const { compress } = request
  if (compress !== undefined && compress !== 'zlib')
    return spamdRefusal('EX_PROTOCOL', 'compressed messages are taken in zlib form')
  if (request.method === 'TELL' && !deps.mayTell)
    return spamdRefusal('EX_UNAVAILABLE', 'TELL is not allowed here; the owner may set tell = true in [spamd]')
  if (request.length > deps.limits.message)
    return spamdRefusal('EX_UNAVAILABLE', `messages up to ${deps.limits.message} octets are taken`)
  // What it may inflate to is reserved as well, since nobody knows before.
  const inflated = compress === undefined ? 0 : Math.min(deps.limits.message, request.length * MOST_RATIO)
  const octets = request.length + inflated
  if (deps.room.held + octets > deps.limits.held)
    return spamdRefusal('EX_TEMPFAIL', 'too many messages at once; ask again')
  deps.room.held += octets
  talk.held = octets
  return undefined
}

/** @returns the message as it was sent, or a refusal. */
const messageOf = async ({ pieces, deps }: Talk, request: SpamdRequest): Promise<Result<Uint8Array, string>> => {
  const octets = Buffer.concat(pieces)
  if (request.compress === undefined) return ok(octets)
  return inflated(octets, { maxOutputLength: deps.limits.message }).then(ok, (error: NodeJS.ErrnoException) =>
    fail(
      error.code === 'ERR_BUFFER_TOO_LARGE'
        ? spamdRefusal('EX_UNAVAILABLE', `messages up to ${deps.limits.message} octets are taken`)
        : spamdRefusal('EX_PROTOCOL', 'the message is not in zlib form'),
    ),
  )
}

const release = (talk: Talk): void => {
  talk.over = true
  talk.pieces = []
  talk.deps.room.held -= talk.held
  talk.held = 0
}

async function* answered(talk: Talk): AsyncGenerator<Out> {
  const { request } = talk
  if (request === undefined || request.method === 'SKIP') return
  if (request.method === 'PING') return yield request.dialect === 'rspamc' ? 'RSPAMD/1.3 0 PONG\r\n' : spamdPong
  const read = await messageOf(talk, request)
  talk.pieces = []
  if (!read.ok) return yield read.error
  const message = withoutMarkup(read.value)
  if (request.method === 'TELL') yield await told(talk, request, message)
  else yield* scanned(talk, request, message)
}

async function* events(talk: Talk, bytes: Uint8Array): AsyncGenerator<Out> {
  const { reader } = talk
  reader.push(bytes)
  for (let event = reader.next(); event !== undefined; event = reader.next()) {
    if (event.event === 'piece') {
      talk.pieces.push(Uint8Array.from(event.bytes))
      continue
    }
    if (event.event === 'request') {
      const no = refusal(talk, event.request)
      talk.request = event.request
      if (no === undefined) continue
      yield no
    } else if (event.event === 'fault') yield spamdRefusal('EX_PROTOCOL', faultWords[event.why])
    else yield* answered(talk)
    release(talk)
    return yield { act: 'close' }
  }
}

/** @returns a session for one connection. */
export const spamdSession = (deps: SpamdDeps): Session => {
  let talk: Talk | undefined
  return {
    async *greet(peer: Peer) {
      if (!deps.mayAsk(peer.ip)) {
        yield { act: 'write', bytes: spamdRefusal('EX_UNAVAILABLE', 'not from your address; see [spamd] from') }
        return yield { act: 'close' }
      }
      talk = { deps, peer, reader: new SpamdReader(), request: undefined, pieces: [], held: 0, over: false }
      yield { act: 'patience', ms: deps.limits.patienceMs }
    },
    async *octets(bytes) {
      if (talk !== undefined && !talk.over) yield* gathered(events(talk, bytes))
    },
    secured: () => undefined,
    bell: () => undefined,
    async *wake() {},
    async *farewell(why) {
      if (why === 'shutdown') yield { act: 'write', bytes: spamdRefusal('EX_TEMPFAIL', 'the server stops; ask again') }
    },
    gone: () => {
      if (talk !== undefined) release(talk)
      talk = undefined
    },
  }
}
