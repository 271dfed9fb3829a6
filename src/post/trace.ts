/**
 * The trace fields that a received message gets: Return-Path and Received. RFC 5321 section 4.4 (Received, its clauses; Return-Path),
 * RFC 3848 and RFC 6531 section 4.3 (the words after `with`), RFC 8314 section 4.3 (`tls`). Pure.
 *
 * What the peer said (HELO, addresses) goes in only through `safe`: it cannot end a line, open a comment or forge a clause.
 */
import { readIp, writeIp } from '../base/ip.ts'
import type { Envelope } from './ports.ts'

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (n: number): string => String(n).padStart(2, '0')

/** @param at epoch ms. @returns the RFC 5322 date in UTC: `Tue, 24 Nov 2026 05:20:16 +0000`. */
export const writeDate = (at: number): string => {
  const date = new Date(at)
  const day = `${days[date.getUTCDay()]}, ${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`
}

const MOST_NAME = 255
/** What a peer called itself, as a comment or clause may hold it: anything that is not a name's octet becomes `?`. */
const safe = (text: string): string => text.slice(0, MOST_NAME).replaceAll(/[^A-Za-z0-9.:_[\]@+=/~-]/g, '?')
/** UTF-8 text as the octets' latin1, the form that prefixes have. */
const octets = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

const literal = (ip: string): string => {
  const read = readIp(ip)
  if (!read.ok) return '[?]'
  return read.value.version === 6 ? `[IPv6:${writeIp(read.value)}]` : `[${writeIp(read.value)}]`
}

export type TraceFacts = {
  /** Our own name. */
  readonly host: string
  readonly id: string
  /** The confirmed reverse name of the peer, when there is one. */
  readonly reverseName?: string
  readonly at: number
  /** The recipient, when the copy has only one: others must not be shown (RFC 5321 section 7.2). */
  readonly recipient?: string
  /** false on submission: the client's address is its owner's business. */
  readonly showClient: boolean
}

/** @returns the Received field, folded, ending in CRLF; latin1 text of the octets. */
export const receivedField = (envelope: Envelope, facts: TraceFacts): string => {
  const from = facts.showClient
    ? `from ${safe(envelope.helo) || 'unknown'} (${facts.reverseName === undefined ? '' : `${safe(facts.reverseName)} `}${literal(envelope.ip)})\r\n\t`
    : ''
  const tls = envelope.tls === null ? '' : `\r\n\ttls ${safe(envelope.tls.cipher)}`
  const comment = envelope.tls === null ? '' : ` (${safe(envelope.tls.version)})`
  const recipient =
    facts.recipient === undefined ? '' : `\r\n\tfor <${octets(facts.recipient.replaceAll(/[\r\n<>]/g, '?'))}>`
  return `Received: ${from}by ${facts.host} with ${envelope.protocol}${comment} id ${facts.id}${recipient}${tls};\r\n\t${writeDate(facts.at)}\r\n`
}

/** @returns the Return-Path field, which final delivery puts on top (RFC 5321 section 4.4). */
export const returnPathField = (envelope: { readonly mailFrom: { readonly text: string } | null }): string =>
  `Return-Path: <${octets((envelope.mailFrom?.text ?? '').replaceAll(/[\r\n<>]/g, '?'))}>\r\n`
