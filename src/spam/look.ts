/**
 * What our own tests look at, each thing worked out once, when first asked for: fields, addresses, the relay that handed the message
 * in, the text a reader sees, links, attachments. RFC 5322 sections 3.4 and 3.6 (read leniently), RFC 5321 section 4.4 (Received).
 * Pure; any octets give a look. Bounded: TEXT characters of text, LINKS links, FILES attachments.
 */
import type { ScanInput } from './facts.ts'
import type { Rendered } from './mail/html.ts'
import { decoded, headerOf, type Mail, readMail, type Section } from './mail/message.ts'
import { once, shownType, type View, viewOf } from './mail/view.ts'
import { type Relay, readRelay } from './relay.ts'

const TEXT = 40_000
const LINKS = 400
const FILES = 100
const HEAD = 65_536

export type Mailbox = {
  /** The display name, decoded; empty without one. */
  readonly name: string
  /** Lower case. */
  readonly local: string
  readonly domain: string
}
export type Anchor = {
  readonly href: string
  /** Lower case; empty where the target names no host. */
  readonly host: string
  /** The words of the link; empty for an image or a bare address. */
  readonly text: string
  /** False where the address stands in plain text. */
  readonly marked: boolean
}
export type Attached = {
  readonly name: string
  readonly type: string
  readonly disposition: string
  /** The first octets, one a character. */
  readonly head: () => string
  readonly size: () => number
}
export type Look = {
  readonly input: ScanInput
  readonly mail: Mail
  readonly view: View
  /** The last field of that (lower-case) name, decoded, characters; empty when there is none. */
  readonly field: (name: string) => string
  readonly has: (name: string) => boolean
  /** As it stands on the wire, an octet a character; all fields of that name. */
  readonly raw: (name: string) => readonly string[]
  readonly from: () => Mailbox | undefined
  readonly replyTo: () => Mailbox | undefined
  readonly subject: () => string
  /** The host that handed the message in: from the envelope, or from the topmost Received field. */
  readonly relay: () => Relay | undefined
  /** What a reader sees, characters, white space squeezed; without the subject. */
  readonly text: () => string
  /** Subject and text in lower case. */
  readonly lower: () => string
  readonly pages: () => readonly Rendered[]
  readonly hasPlain: () => boolean
  readonly links: () => readonly Anchor[]
  readonly files: () => readonly Attached[]
  /** The leaf sections. */
  readonly leaves: () => readonly Section[]
}

/** UTF-8 octets, one a character, to characters. */
const chars = (octets: string): string =>
  /[^\x00-\x7f]/.test(octets) ? Buffer.from(octets, 'latin1').toString('utf8') : octets

/** The first mailbox of an address field. */
const readMailbox = (text: string): Mailbox | undefined => {
  const line = text.slice(0, 1000)
  const angle = /<([^<>]*)>/.exec(line)
  const address = angle?.[1] ?? /[^\s<>"(),;:]+@[^\s<>"(),;:]+/.exec(line)?.[0]
  if (address === undefined) return undefined
  const name = angle === null ? (/\(([^()]*)\)/.exec(line)?.[1] ?? '') : line.slice(0, angle.index)
  const at = address.lastIndexOf('@')
  return {
    name: name.replaceAll(/["\\]/g, '').trim(),
    local: (at < 0 ? address : address.slice(0, at)).trim().toLowerCase(),
    domain:
      at < 0
        ? ''
        : address
            .slice(at + 1)
            .trim()
            .toLowerCase()
            .replace(/\.$/, ''),
  }
}

/** The host of a web or mail target, lower case, without user, port and last dot; empty without one. */
export const hostOf = (href: string): string => {
  const found = /^\s*(?:(?:https?|ftp):[/\\]{0,3}|\/\/)([^/\\?#\s]{1,300})/i.exec(href)
  const authority = found?.[1] ?? ''
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  return (host.startsWith('[') ? host : host.replace(/:\d*$/, '')).toLowerCase().replace(/\.$/, '')
}

const plainLink = /\b(?:https?:\/\/|www\.)[^\s<>"'\])]{3,500}/gi

const linksOf = (pages: readonly Rendered[], text: string): readonly Anchor[] => {
  const links: Anchor[] = []
  const seen = new Set<string>()
  const add = (href: string, words: string, marked: boolean): void => {
    const key = `${href}\n${words}`
    if (links.length >= LINKS || href === '' || seen.has(key)) return
    seen.add(key)
    links.push({ href, host: hostOf(href), text: words, marked })
  }
  for (const page of pages) {
    for (const link of page.links) add(link.href, link.text.replaceAll('<img>\n', '').trim().slice(0, 300), true)
    for (const [href, tags] of page.uris) if (!tags.has('img') && !tags.has('a')) add(href, '', true)
  }
  for (const found of text.matchAll(plainLink)) {
    const href = found[0].replace(/[.,;:!?]+$/, '')
    add(href.startsWith('www') || href.startsWith('WWW') ? `http://${href}` : href, '', false)
  }
  return links
}

const filesOf = (leaves: readonly Section[]): readonly Attached[] =>
  leaves
    .filter((leaf) => {
      const disposition = headerOf(leaf, 'content-disposition')
      return leaf.name !== '' || /^attachment/i.test(disposition) || !/^(?:text|multipart|message)\//.test(leaf.type)
    })
    .slice(0, FILES)
    .map((leaf) => {
      const body = once(() => decoded(leaf))
      return {
        name: chars(leaf.name).trim(),
        type: leaf.type,
        disposition: headerOf(leaf, 'content-disposition').toLowerCase(),
        head: once(() => body().slice(0, HEAD)),
        size: () => body().length,
      }
    })

const relayOf = (input: ScanInput, top: Section): Relay | undefined => {
  const { envelope } = input
  if (envelope !== undefined)
    return { ip: envelope.ip, helo: envelope.helo, reverse: envelope.reverseName ?? input.wire?.iprev?.name ?? '' }
  for (const field of top.byKey.get('received') ?? []) {
    const relay = readRelay(field.value)
    if (relay !== undefined) return relay
  }
  return undefined
}

/** @param input a message and what is known of it. */
export const lookAt = (input: ScanInput): Look => {
  const mail = readMail(input.message)
  const view = viewOf(mail)
  const { top } = mail
  const field = (name: string): string => chars(headerOf(top, name))
  const text = once(() => {
    const all = view.body()
    return chars(all.join('').slice(0, TEXT).slice(headerOf(top, 'subject').length)).trim()
  })
  const subject = once(() => field('subject'))
  return {
    input,
    mail,
    view,
    field,
    has: (name) => top.byKey.has(name),
    raw: (name) => (top.byKey.get(name) ?? []).map((one) => one.raw),
    from: once(() => (top.byKey.has('from') ? readMailbox(field('from')) : undefined)),
    replyTo: once(() => (top.byKey.has('reply-to') ? readMailbox(field('reply-to')) : undefined)),
    subject,
    relay: once(() => relayOf(input, top)),
    text,
    lower: once(() => `${subject()}\n${text()}`.toLowerCase()),
    pages: view.pages,
    hasPlain: once(() => view.leaves().some((leaf) => shownType(leaf) === 'text/plain' && leaf.raw.trim() !== '')),
    links: once(() => linksOf(view.pages(), text())),
    files: once(() => filesOf(view.leaves())),
    leaves: view.leaves,
  }
}
