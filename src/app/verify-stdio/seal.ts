/**
 * The op `arc-seal`: the next set of a chain, as the public ARC suite asks for it. RFC 8617 section 5.1; docs/decisions/0054 and 0055.
 */
import type { Resolve } from '../../base/dns.ts'
import { verifyArc } from '../../verify/arc.ts'
import { type OwnResults, ownResults } from '../../verify/arc-results.ts'
import { type Sealing, sealArc } from '../../verify/arc-seal.ts'
import { isArcField } from '../../verify/arc-sets.ts'
import { type ReadMessage, readMessage } from '../../verify/fields.ts'
import { readSigningKey } from '../../verify/signing-key.ts'
import { type Case, type Json, type Op, readNow, text } from './given.ts'

const LEAST_BITS = 1_024 // the suite's keys; a server's own must have more

const isWord = (word: string | undefined): word is Sealing['cv'] =>
  word === 'none' || word === 'pass' || word === 'fail'

/**
 * What the new seal says of the chain: what the case says; else what our own Authentication-Results say, several of them being a failure; else,
 * what validating finds, but only when it is good: a chain that is broken now may have been whole when it came.
 */
const statusOf = async (
  one: Case,
  message: ReadMessage,
  own: OwnResults,
  resolve: Resolve,
): Promise<Sealing['cv'] | undefined> => {
  const said = text(one.given, 'cv')
  if (isWord(said)) return said
  const [word, ...others] = own.arc
  if (word !== undefined) return others.length > 0 ? 'fail' : isWord(word) ? word : undefined
  if (!message.fields.some(isArcField)) return 'none'
  const { cv } = await verifyArc(message, resolve, { now: one.now })
  return cv === 'pass' ? 'pass' : undefined
}

/** JSON is UTF-8; fields are octets. The last line end is the caller's. */
const shown = (field: string): string => Buffer.from(field.slice(0, -2), 'latin1').toString('utf8')

/** @returns `{ set }`: three whole fields, top first, without the last CRLF; none, and `reason`, where nothing is to be added. */
export const sealOf: Op = async (one, resolve): Promise<Json> => {
  const key = readSigningKey(text(one.given, 'privatekey'), LEAST_BITS)
  if (!key.ok) return { error: `privatekey: ${key.error}` }
  const authserv = text(one.given, 'srvid')
  const message = readMessage(one.message)
  const own = ownResults(message.fields, authserv)
  if (own === undefined) return { set: [], reason: 'no-results' }
  const cv = await statusOf(one, message, own, resolve)
  if (cv === undefined) return { set: [], reason: 'chain-not-validated' }
  const names = text(one.given, 'headers')
    .split(':')
    .flatMap((name) => name.trim() || [])
  const form = text(one.given, 'form') === 'folded' ? 'folded' : 'sorted'
  const sealer = { key: key.value, authserv, domain: text(one.given, 'domain'), selector: text(one.given, 'selector') }
  const made = sealArc(
    message,
    { ...sealer, form, ...(names.length === 0 ? {} : { names }) },
    { cv, results: own.texts, now: readNow(secondsOf(one.given['t']), one.now) },
  )
  if (!made.ok) return { set: [], reason: made.error }
  return { set: [made.value.seal, made.value.messageSignature, made.value.results].map(shown) }
}

/** `t` may be a number or its digits. */
const secondsOf = (given: unknown): unknown =>
  typeof given === 'string' && /^[0-9]{1,10}$/.test(given) ? Number(given) : given
