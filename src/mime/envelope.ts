/**
 * ENVELOPE of a message: RFC 9051 section 7.5.2 (the form and the rule that Sender and Reply-To default to From) and section 9. Pure.
 * Header text goes out as it came in, encoded words and 8-bit octets included; in names and the subject one space stands for white space. As Dovecot: of a field that may stand once the last
 * one counts, and address fields of one name are one list, so that nobody sees an author whom we did not show.
 */
import { type AddressItem, MOST_ADDRESSES, readAddresses } from './address.ts'
import { writeNil, writeString } from './imap-text.ts'
import type { Part } from './message.ts'
import { condense, unfold } from './words.ts'

const MOST_TEXT = 65_536 // octets of Subject, Message-ID and the like; a client that wants more reads the header

/** The address fields of a message's root, read once for ENVELOPE, SEARCH and SORT. */
type Addresses = {
  readonly from: readonly AddressItem[]
  readonly sender: readonly AddressItem[]
  readonly replyTo: readonly AddressItem[]
  readonly to: readonly AddressItem[]
  readonly cc: readonly AddressItem[]
  readonly bcc: readonly AddressItem[]
}
export type EnvelopeFields = {
  /** Unfolded and trimmed, latin1; undefined where absent. */
  readonly texts: ReadonlyMap<string, string>
  readonly addresses: Addresses
}

const textNames: ReadonlySet<string> = new Set(['date', 'subject', 'in-reply-to', 'message-id', 'references'])
const addressNames: ReadonlySet<string> = new Set(['from', 'sender', 'reply-to', 'to', 'cc', 'bcc'])

/** @param root of a message. @returns its fields that ENVELOPE and the columns of a summary are made of. */
export const envelopeFields = (root: Part): EnvelopeFields => {
  const texts = new Map<string, string>()
  const lists: Record<string, AddressItem[]> = { from: [], sender: [], 'reply-to': [], to: [], cc: [], bcc: [] }
  const list = (name: string): AddressItem[] => lists[name] ?? []
  for (const { name, valueFrom, valueTo } of root.fields) {
    if (textNames.has(name))
      texts.set(name, unfold(root.header.slice(valueFrom, Math.min(valueTo, valueFrom + MOST_TEXT))).trimStart())
    else if (addressNames.has(name) && list(name).length < MOST_ADDRESSES)
      for (const item of readAddresses(root.header.slice(valueFrom, valueTo))) list(name).push(item)
  }
  return {
    texts,
    addresses: {
      from: list('from'),
      sender: list('sender'),
      replyTo: list('reply-to'),
      to: list('to'),
      cc: list('cc'),
      bcc: list('bcc'),
    },
  }
}

const writeAddress = (item: AddressItem): string => {
  if (item.kind === 'group') return `(NIL NIL ${writeString(item.name)} NIL)`
  if (item.kind === 'group-end') return '(NIL NIL NIL NIL)'
  return `(${writeNil(item.name)} ${writeNil(item.route)} ${writeString(item.local)} ${writeString(item.domain)})`
}

const writeList = (items: readonly AddressItem[]): string => {
  if (items.length === 0) return 'NIL'
  let text = '('
  for (const item of items) text += writeAddress(item)
  return `${text})`
}

/** @returns ENVELOPE's value, latin1. */
export const writeEnvelope = ({ texts, addresses }: EnvelopeFields): string => {
  const from = writeList(addresses.from)
  const orFrom = (items: readonly AddressItem[]): string => (items.length === 0 ? from : writeList(items))
  const text = (name: string): string => writeNil(texts.get(name))
  const subject = texts.get('subject')
  const { sender, replyTo, to, cc, bcc } = addresses
  return `(${text('date')} ${writeNil(subject === undefined ? subject : condense(subject))} ${from} ${orFrom(sender)} ${orFrom(replyTo)} ${writeList(to)} ${writeList(cc)} ${writeList(bcc)} ${text('in-reply-to')} ${text('message-id')})`
}
