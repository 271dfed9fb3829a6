/**
 * Delivery reports that come in: which recipients, what became of them, and which message it was. RFC 3464 section 2 (fields), RFC 6522 (where
 * they stand), RFC 6533 section 3 (addresses in UTF-8). Pure, linear, bounded; whatever the octets, there is a report or there is none.
 *
 * Forgiving: the parts in any order, a multipart that does not call itself a report, addresses in angle brackets, words in any case.
 */
import { decodePart } from '../../mime/encoding.ts'
import { latin1, readHeader } from '../../mime/fields.ts'
import { type Part, readMessage } from '../../mime/message.ts'
import { encodingOf } from '../../mime/structure.ts'
import { leavesOf } from '../../mime/text.ts'
import { condense, decodeWords, unfold } from '../../mime/words.ts'

const MOST_RECIPIENTS = 1_000
const MOST_STATUS = 1_048_576 // octets of the machine-readable part
const MOST_TEXT = 1_000 // characters of a value

type ReportedRecipient = {
  /** Lower case only in its domain's favour: as the report has it, without its type. */
  readonly finalRecipient: string
  /** Empty where the report does not say. */
  readonly originalRecipient: string
  readonly action: 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded' | ''
  /** `5.1.1`; empty where there is none. */
  readonly status: string
  readonly remoteMta: string
  readonly diagnostic: string
}
export type DeliveryReport = {
  readonly envelopeId: string
  readonly reportingMta: string
  readonly recipients: readonly ReportedRecipient[]
  /** Of the message that the report is about, with its brackets; empty where it was not returned. */
  readonly messageId: string
}

type Group = ReadonlyMap<string, string>

const valueIn = (text: string): string =>
  condense(decodeWords(unfold(text)).replaceAll(/[\x00-\x1f\x7f]+/g, ' ')).slice(0, MOST_TEXT)

const groupOf = (block: string): Group => {
  const octets = Buffer.from(block, 'latin1')
  const group = new Map<string, string>()
  for (const { name, valueFrom, valueTo } of readHeader(octets).fields)
    if (!group.has(name)) group.set(name, valueIn(latin1(octets, valueFrom, valueTo)))
  return group
}

/** @returns the groups of fields, which empty lines part. */
const groupsOf = (octets: Uint8Array): readonly Group[] =>
  latin1(octets)
    .split(/(?:\r?\n){2,}/, MOST_RECIPIENTS + 2)
    .map((block) => groupOf(block.replace(/^[\r\n]+/, '')))
    .filter((group) => group.size > 0)

/** RFC 6533 section 3: `\x{E9}` stands for a character. */
const unescaped = (text: string): string =>
  text.replaceAll(/\\x\{([0-9A-Fa-f]{2,6})\}/g, (whole, hex: string) => {
    const code = Number.parseInt(hex, 16)
    return code <= 0x10_ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole
  })

/** @returns what stands behind `type;`. */
const untyped = (value: string): string => {
  const semicolon = value.indexOf(';')
  return (semicolon < 0 ? value : value.slice(semicolon + 1)).trim()
}
const addressIn = (value: string | undefined): string => {
  if (value === undefined) return ''
  const utf8 = /^utf-8\s*;/i.test(value)
  const bare = untyped(value).replace(/^<(.*)>$/, '$1')
  return utf8 ? unescaped(bare) : bare
}

const actions = ['failed', 'delayed', 'delivered', 'relayed', 'expanded'] as const

const recipientOf = (group: Group): ReportedRecipient => {
  const status = /[245]\.\d{1,3}\.\d{1,3}/.exec(group.get('status') ?? '')?.[0] ?? ''
  const word = /^[a-z]+/.exec((group.get('action') ?? '').toLowerCase())?.[0]
  return {
    finalRecipient: addressIn(group.get('final-recipient')),
    originalRecipient: addressIn(group.get('original-recipient')),
    action: actions.find((one) => one === word) ?? '',
    status,
    remoteMta: untyped(group.get('remote-mta') ?? ''),
    diagnostic: untyped(group.get('diagnostic-code') ?? ''),
  }
}

const bodyOf = (message: Uint8Array, part: Part): Uint8Array => {
  const octets = message.subarray(part.bodyFrom, Math.min(part.bodyTo, part.bodyFrom + MOST_STATUS))
  return decodePart(octets, encodingOf(part)) ?? octets
}

const isStatus = ({ type, subtype }: Part): boolean =>
  type === 'message' && (subtype === 'delivery-status' || subtype === 'global-delivery-status')
const isHead = ({ type, subtype }: Part): boolean =>
  (type === 'text' && subtype === 'rfc822-headers') || (type === 'message' && subtype === 'global-headers')

/** The Message-ID of the message that was returned, or of its head. */
const returnedId = (message: Uint8Array, leaves: readonly Part[]): string => {
  for (const part of leaves) {
    const [inner] = part.kind === 'message' ? part.children : []
    const head =
      inner !== undefined
        ? message.subarray(inner.headerFrom, inner.bodyFrom)
        : isHead(part)
          ? bodyOf(message, part)
          : undefined
    const id = head === undefined ? undefined : /<[^<>\s]{1,500}>/.exec(readHeader(head).field('message-id') ?? '')?.[0]
    if (id !== undefined) return id
  }
  return ''
}

/** @param message as it came in. @returns what it reports; undefined when it is no delivery report. */
export const readDeliveryReport = (message: Uint8Array): DeliveryReport | undefined => {
  const root = readMessage(message)
  if (root.kind !== 'multipart') return undefined
  const leaves = leavesOf(root)
  const status = leaves.find(isStatus)
  if (status === undefined) return undefined
  const [about, ...groups] = groupsOf(bodyOf(message, status))
  if (about === undefined) return undefined
  // Some servers leave the empty line out before their only recipient.
  const recipients = (about.has('final-recipient') ? [about, ...groups] : groups)
    .filter((group) => group.has('final-recipient') || group.has('action'))
    .slice(0, MOST_RECIPIENTS)
    .map(recipientOf)
  return {
    envelopeId: about.get('original-envelope-id') ?? '',
    reportingMta: untyped(about.get('reporting-mta') ?? ''),
    recipients,
    messageId: returnedId(message, leaves),
  }
}
