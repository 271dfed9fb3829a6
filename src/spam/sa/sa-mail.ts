/**
 * A message as SpamAssassin's rules ask for it: fields with their modifiers (`From:addr`, `ALL:raw`, `EnvelopeFrom`, `X-Spam-Relays-External`), bodies, addresses
 * of the web, relays. Each is worked out once, when first asked for. Mail::SpamAssassin::Conf(3), "RULE DEFINITIONS". Pure.
 */

import { headerOf, type Mail, type Section } from '../mail/message.ts'
import { once, type View } from '../mail/view.ts'
import { encodedWords } from '../mail/words.ts'
import { readAddresses } from './addresses.ts'
import type { Domains } from './domains.ts'
import { isHostName, toAscii } from './domains.ts'
import { type Relay, type Relays, readRelays } from './received.ts'
import { ipSource } from './received-ip.ts'
import type { UriDetail, UriFinder } from './uris.ts'

/** What of the rule files a message's reading depends on. */
export type Reading = {
  readonly domains: Domains
  readonly uris: UriFinder
  readonly trusts?: Parameters<typeof readRelays>[1]
  /** Fields that name the address a web mailer was used from. */
  readonly originating: readonly string[]
  /** The field that the mail server puts the envelope's sender in, where the owner says so. */
  readonly envelopeField?: string
}

export type SaMail = {
  readonly mail: Mail
  readonly view: View
  readonly reading: Reading
  /** Values of a field as rules name it; empty when there is none. */
  readonly get: (request: string) => readonly string[]
  /** The same as one text. */
  readonly text: (request: string) => string
  readonly relays: () => Relays
  readonly body: () => readonly string[]
  /** What `body` is from now on. SpamAssassin's FreeMail takes quoted addresses out of the text that later rules see; so must we. */
  readonly replaceBody: (lines: readonly string[]) => void
  readonly rawbody: () => readonly string[]
  readonly full: () => string
  readonly uriDetails: () => ReadonlyMap<string, UriDetail>
  readonly uris: () => readonly string[]
  /** Every part, the whole message first. */
  readonly parts: () => readonly Section[]
  readonly senders: () => readonly string[]
  readonly recipients: () => readonly string[]
}

const MOST_HEAD = 65_536

const partsOf = (top: Section): readonly Section[] => [top, ...(top.parts ?? []).flatMap(partsOf)]

/** `Name: value` lines in their order, up to MOST_HEAD octets. */
export const allFields = (section: Section): readonly string[] => {
  const lines: string[] = []
  let size = 0
  for (const field of section.fields) {
    size += field.name.length + field.value.length + 3
    if (size > MOST_HEAD) break
    lines.push(`${field.name}: ${field.value}\n`)
  }
  return lines
}

type Modifiers = ReadonlySet<string>

const lastHop = (relays: Relays): Relay | undefined => relays.untrusted[0] ?? relays.trusted.at(-1)

/** The envelope's sender, where some program wrote it down; undefined where nobody did, or nobody is to be believed. */
const envelopeOf = (
  get: SaMail['get'],
  text: SaMail['text'],
  relays: Relays,
  field: string | undefined,
): string | undefined => {
  const usable = (found: string | undefined): found is string =>
    found !== undefined && (found.indexOf('@') > 0 || found === '')
  if (field !== undefined) {
    const found = get(`${field}:first:addr`)[0]
    return usable(found) ? found : undefined
  }
  const said = lastHop(relays)?.envfrom
  if (usable(said)) return said
  if (
    get('X-Sender:first:addr')[0]?.includes('@') === true &&
    get('Received').some((one) => one.includes('(fetchmail'))
  )
    return undefined
  for (const name of ['X-Envelope-From', 'Envelope-Sender', 'Return-Path']) {
    const found = get(`${name}:first:addr`)[0]
    if (found === undefined) continue
    // Below a Received field it is an older hand-over's.
    const late = new RegExp(`^Received:[^]*?^${name}:`, 'im').test(text('ALL'))
    if (!late) return found
    if (name === 'X-Envelope-From') return undefined
  }
  return undefined
}

const hostIn = (line: string, reading: Reading, address: boolean): string | undefined => {
  if (address) return /.*@(\S+)/.exec(line)?.[1]
  const host = `(\\S{1,251}\\.(?:${reading.domains.tlds}))(?![._-])`
  const mail = new RegExp(`.*@(?<![._-])${host}`, 'i').exec(line)?.[1]
  if (mail !== undefined && isHostName(toAscii(mail))) return mail
  for (const found of line.matchAll(new RegExp(`(?<![._-])${host}`, 'gi')))
    if (isHostName(toAscii(found[1] ?? ''))) return found[1]
  return undefined
}

const ipIn = new RegExp(`(?<!\\.)\\b(${ipSource})\\b(?!\\.)`)

const narrowed = (values: readonly string[], modifiers: Modifiers, reading: Reading): readonly string[] => {
  if (modifiers.has('host') || modifiers.has('domain'))
    return values.flatMap((line) => {
      const host = hostIn(line, reading, modifiers.has('addr'))
      if (host === undefined) return []
      return [modifiers.has('domain') ? reading.domains.organisation(host) : host]
    })
  if (!modifiers.has('ip') && !modifiers.has('revip')) return values
  return values.flatMap((line) => {
    const ip = ipIn.exec(line)?.[1]
    if (ip === undefined) return []
    return [modifiers.has('revip') ? ip.split('.').reverse().join('.') : ip]
  })
}

const nameOf = (phrase: string, raw: boolean): string => {
  if (raw) return phrase
  const decoded = encodedWords(phrase)
  if (!/\S/.test(decoded)) return decoded
  return decoded
    .replaceAll(/[\t-\r ]+/g, ' ')
    .replace(/^ +/, '')
    .replace(/ +$/, '')
    .replace(/^'(.*?)'$/, '$1')
}

const addressed = (values: readonly string[], modifiers: Modifiers): readonly string[] => {
  if (!modifiers.has('addr') && !modifiers.has('name')) return values
  return values.flatMap(readAddresses).flatMap(({ address, phrase }) => {
    if (modifiers.has('addr')) return address === undefined ? [] : [address]
    return phrase === undefined ? [] : [nameOf(phrase, modifiers.has('raw'))]
  })
}

const rawHead = (head: string): readonly string[] =>
  head.split(/(?<=\n)(?![ \t])/).filter((line) => /^[^ \t\n]/.test(line))

/** The fields between two Received fields, both counted from the top. */
const inRange = (lines: readonly string[], from: number | undefined, to: number | undefined): readonly string[] => {
  if (to !== undefined && to < 0) return []
  const out: string[] = []
  let at = -1
  for (const line of lines) {
    if (/^Received:/i.test(line)) at += 1
    if ((from === undefined || from <= at) && (to === undefined || at < to)) out.push(line)
    else if (to !== undefined && at === to) {
      out.push(line)
      break
    }
  }
  return out
}

class SaReader {
  readonly #mail: Mail
  readonly #reading: Reading
  readonly #known = new Map<string, readonly string[]>()
  readonly relays: () => Relays
  readonly #envelope: () => string | undefined

  constructor(mail: Mail, reading: Reading) {
    this.#mail = mail
    this.#reading = reading
    this.relays = once(() => {
      const web = reading.originating.flatMap((name) => {
        const ip = new RegExp(`(${ipSource})`).exec(headerOf(mail.top, name.toLowerCase()))?.[1]
        return ip === undefined ? [] : [`from X-Originating-IP: ${ip}\n`]
      })
      return readRelays([...this.#field('received', false), ...web], reading.trusts)
    })
    this.#envelope = once(() => envelopeOf(this.get, this.text, this.relays(), reading.envelopeField))
  }

  #field(key: string, raw: boolean): readonly string[] {
    const fields = this.#mail.top.byKey.get(key) ?? []
    return fields.map((field) => (raw ? field.raw.replaceAll(/\r?\n[\t-\r ]+/g, ' ') : `${field.value}\n`))
  }

  readonly get = (request: string): readonly string[] => {
    const known = this.#known.get(request)
    if (known !== undefined) return known
    const [name = '', ...words] = request.split(':')
    const modifiers = new Set(words)
    let values = this.#plain(name, modifiers)
    const [first] = values
    const last = values.at(-1)
    if (modifiers.has('first') && first !== undefined) values = [first]
    else if (modifiers.has('last') && last !== undefined) values = [last]
    const found = narrowed(addressed(values, modifiers), modifiers, this.#reading)
    this.#known.set(request, found)
    return found
  }

  /** As a value of its own where it is one; otherwise everything. */
  readonly text = (request: string): string => {
    const values = this.get(request)
    if (/:(?:addr|name|host|domain|ip|revip)\b/.test(request) || request === 'EnvelopeFrom')
      return (values[0] ?? '').replace(/\n$/, '')
    return values.join('')
  }

  #plain(name: string, modifiers: Modifiers): readonly string[] {
    const raw = modifiers.has('raw')
    const lines = (): readonly string[] => (raw ? rawHead(this.#mail.head) : allFields(this.#mail.top))
    const relays = (which: Parameters<Relays['asText']>[0]): readonly string[] => [this.relays().asText(which)]
    switch (name) {
      case 'ALL':
        return lines()
      case 'ALL-TRUSTED':
        return inRange(lines(), undefined, this.relays().lastTrusted + 1)
      case 'ALL-INTERNAL':
        return inRange(lines(), undefined, this.relays().lastInternal + 1)
      case 'ALL-UNTRUSTED':
        return inRange(lines(), this.relays().lastTrusted + 1, undefined)
      case 'ALL-EXTERNAL':
        return inRange(lines(), this.relays().lastInternal + 1, undefined)
      case 'MESSAGEID':
        return ['x-message-id', 'resent-message-id', 'x-original-message-id', 'message-id']
          .flatMap((key) => this.#field(key, raw))
          .filter((value) => value !== '')
    }
    switch (name.toLowerCase()) {
      case 'envelopefrom': {
        const sender = this.#envelope()
        return sender === undefined ? [] : [sender]
      }
      case 'x-spam-relays-untrusted':
        return relays('untrusted')
      case 'x-spam-relays-trusted':
        return relays('trusted')
      case 'x-spam-relays-external':
        return relays('external')
      case 'x-spam-relays-internal':
        return relays('internal')
      case 'tocc':
        return [
          ...this.#field('to', raw || modifiers.has('addr') || modifiers.has('name')),
          ...this.#field('cc', raw || modifiers.has('addr') || modifiers.has('name')),
        ]
    }
    const needsRaw = raw || modifiers.has('addr') || modifiers.has('name')
    if (!needsRaw) return this.#field(name.toLowerCase(), false)
    return (this.#mail.top.byKey.get(name.toLowerCase()) ?? []).map((field) => field.raw)
  }
}

const sendersOf = (get: SaMail['get']): readonly string[] => {
  const resent = get('Resent-From:first:addr')
  if (resent.length > 0) return [...new Set(resent)]
  const all = ['From', 'Envelope-Sender', 'Resent-Sender', 'X-Envelope-From', 'EnvelopeFrom'].flatMap((name) =>
    get(`${name}:addr`),
  )
  return [...new Set(all.filter((one) => one !== '').map((one) => one.replaceAll(/\.+/g, '.')))]
}

const recipientsOf = (get: SaMail['get']): readonly string[] => {
  const resent = [...get('Resent-To:first:addr'), ...get('Resent-Cc:first:addr')]
  if (resent.length > 0) return [...new Set(resent)]
  const received = get('Received')
    .slice(0, 3)
    .flatMap((line) => {
      const found = / for <?(\S+@(\S+?))>?;/.exec(line)
      return found !== null && isHostName(toAscii(found[2] ?? '')) ? [found[1] ?? ''] : []
    })
  const named = [
    'To',
    'Apparently-To',
    'Delivered-To',
    'Envelope-Recipients',
    'Apparently-Resent-To',
    'X-Envelope-To',
    'Envelope-To',
    'X-Delivered-To',
    'X-Original-To',
    'X-Rcpt-To',
    'X-Real-To',
    'Cc',
  ].flatMap((name) => get(`${name}:addr`))
  return [...new Set([...received, ...named])]
}

/** @param view of a message. @param reading of the rule set. */
export const saMail = (view: View, reading: Reading): SaMail => {
  const { mail } = view
  const reader = new SaReader(mail, reading)
  const uriDetails = once(() => reading.uris.find(view.body(), view.pages()))
  let replaced: readonly string[] | undefined
  return {
    mail,
    view,
    reading,
    get: reader.get,
    text: reader.text,
    relays: reader.relays,
    body: () => replaced ?? view.body(),
    replaceBody: (lines) => {
      replaced = lines
    },
    rawbody: view.rawbody,
    full: once(() => (mail.mboxLine ?? '') + mail.head + mail.body),
    uriDetails,
    uris: once(() => [...new Set([...uriDetails().values()].flatMap(({ cleaned }) => [...cleaned]))]),
    parts: once(() => partsOf(mail.top)),
    senders: once(() => sendersOf(reader.get)),
    recipients: once(() => recipientsOf(reader.get)),
  }
}
