/**
 * What the post office reads of a message's header by itself: how often it was passed on (RFC 5321 section 6.3), who it says it is
 * from, what a receipt names, and which Authentication-Results pretend to be ours (RFC 8601 section 5). Pure, linear, bounded by MOST_HEAD.
 */
import { type FieldRange, fieldRanges } from '../mime/fields.ts'
import { forgedResults } from '../verify/auth-results.ts'
import type { Field } from '../verify/fields.ts'

export const MOST_HEAD = 1_048_576 // octets; a header beyond is not looked at, and the scan sees it whole
const MOST_TEXT = 300
const MOST_DELIVERED = 100

export type Head = {
  /** Received fields. */
  readonly hops: number
  readonly messageId: string
  /** Unfolded octets as they came, for people; not decoded. */
  readonly subject: string
  readonly from: string
  /** The one address of the From field, lower case; undefined where there is none or several. */
  readonly fromAddress: string | undefined
  /** The addresses of Delivered-To fields, lower case: whom it was sent on for already. */
  readonly deliveredTo: readonly string[]
  /** Where fields stand that claim to be our own verdict: to be cut out. */
  readonly forged: readonly (readonly [from: number, to: number])[]
}

const textOf = (octets: Uint8Array, from: number, to: number): string =>
  Buffer.from(octets.buffer, octets.byteOffset + from, Math.min(to - from, 4 * MOST_TEXT))
    .toString('utf8')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, MOST_TEXT)

const addressOf = (from: string): string | undefined => {
  const bare = from.replaceAll(/"(?:[^"\\]|\\.)*"|\((?:[^()\\]|\\.)*\)/g, '')
  const found = bare.includes('<')
    ? [...bare.matchAll(/<\s*([^<>\s]+@[^<>\s]+?)\s*>/g)]
    : [...bare.matchAll(/([^\s,;<>]+@[^\s,;<>]+)/g)]
  return found.length === 1 ? found[0]?.[1]?.toLowerCase() : undefined
}

/**
 * @param octets the message, or its first MOST_HEAD octets. @param host our own name.
 * @returns what its header says; absent fields are empty.
 */
export const readHead = (octets: Uint8Array, host: string): Head => {
  const seen = new Map<string, string>()
  const results: Field[] = []
  const deliveredTo: string[] = []
  let hops = 0
  for (const field of fieldRanges(octets.subarray(0, MOST_HEAD))) {
    if (field.name === 'received') hops += 1
    else if (field.name === 'authentication-results') results.push(fieldOf(octets, field))
    else if (field.name === 'delivered-to' && deliveredTo.length < MOST_DELIVERED)
      deliveredTo.push(
        textOf(octets, field.valueFrom, field.valueTo)
          .replace(/^<(.*)>$/, '$1')
          .toLowerCase(),
      )
    else if (told.has(field.name) && !seen.has(field.name))
      seen.set(field.name, textOf(octets, field.valueFrom, field.valueTo))
  }
  const from = seen.get('from') ?? ''
  return {
    hops,
    messageId: seen.get('message-id') ?? '',
    subject: seen.get('subject') ?? '',
    from,
    fromAddress: addressOf(from),
    deliveredTo,
    forged: forgedResults(results, [host]).map((range) => [range.from, range.to]),
  }
}

const told: ReadonlySet<string> = new Set(['from', 'subject', 'message-id'])

const fieldOf = (octets: Uint8Array, { name, from, to, valueFrom, valueTo }: FieldRange): Field => {
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
  return {
    name,
    from,
    to,
    text: text.toString('latin1', from, valueTo),
    value: text.toString('latin1', valueFrom, valueTo),
  }
}

/** @returns the octets without these ranges, which are in order; everything else byte for byte. */
export const without = (octets: Uint8Array, ranges: Head['forged']): Uint8Array => {
  const kept: Uint8Array[] = []
  let at = 0
  for (const [from, to] of ranges) {
    kept.push(octets.subarray(at, from))
    at = to
  }
  return Buffer.concat([...kept, octets.subarray(at)])
}
