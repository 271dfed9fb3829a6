/**
 * A message's features for the learner, hashed to 32 bits: words and pairs of neighbours, where they stand, hosts and networks, the shape of
 * the message, and which tests fired. Pure; any message gives tokens; bounded by MOST_TOKENS, the same message always gives the same.
 */
import type { Look } from './look.ts'
import { headerOf } from './mail/message.ts'

export const MOST_TOKENS = 3000
const SLOTS = 8192 // a power of two, over twice MOST_TOKENS
const MOST_WORD = 32
const TEXT = 16_000
const FIELD = 1000
const FIELDS = 100

/** Tokens as they are gathered; what each stood for is kept as a place in its text, and only spelled out when asked for. */
export class Tokens {
  readonly #seen = new Uint32Array(SLOTS)
  readonly #keys = new Uint32Array(MOST_TOKENS)
  readonly #labels: string[] = []
  readonly #texts: string[] = []
  readonly #places = new Uint32Array(MOST_TOKENS * 2)
  #count = 0

  /** Adds what stands from `start` to `end` of `text`; a second time changes nothing. */
  add(hash: number, label: string, text: string, start: number, end: number): void {
    let key = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    key = Math.imul(key ^ (key >>> 13), 0xc2b2ae35)
    key = (key ^ (key >>> 16)) >>> 0 || 1
    let at = key & (SLOTS - 1)
    for (let held = this.#seen[at]; held !== 0; held = this.#seen[at]) {
      if (held === key) return
      at = (at + 1) & (SLOTS - 1)
    }
    if (this.#count >= MOST_TOKENS) return
    this.#seen[at] = key
    this.#keys[this.#count] = key
    this.#labels.push(label)
    this.#texts.push(text)
    this.#places[this.#count * 2] = start
    this.#places[this.#count * 2 + 1] = end
    this.#count++
  }

  /** A whole text as one token. */
  whole(label: string, text: string): void {
    this.add(
      hashOf(text.length > 200 ? text.slice(0, 200) : text, hashOf(label)),
      label,
      text,
      0,
      Math.min(200, text.length),
    )
  }

  /** @returns a copy. */
  keys(): Uint32Array {
    return this.#keys.slice(0, this.#count)
  }

  /** What the token at `index` stood for, for people. */
  spell(index: number): string {
    const text = this.#texts[index] ?? ''
    return `${this.#labels[index] ?? ''}${text.slice(this.#places[index * 2], this.#places[index * 2 + 1])}`
  }
}

const BASIS = 0x811c9dc5
const PRIME = 0x01000193

/** FNV-1a over the code units. */
export const hashOf = (text: string, basis = BASIS): number => {
  let hash = basis
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME)
  return hash >>> 0
}

/** 0 no word, 1 in a word, 2 a word by itself (scripts that write without blanks). */
const classOf = (code: number): 0 | 1 | 2 => {
  if ((code >= 97 && code <= 122) || (code >= 48 && code <= 57) || (code >= 65 && code <= 90)) return 1
  if (code < 128) return code === 36 || code === 33 || code === 39 || code === 45 || code === 95 || code === 37 ? 1 : 0 // $ ! ' - _ %
  if (code >= 0x2e80 && code < 0xd7b0) return 2
  return code > 0xbf || code === 0xa3 || code === 0xa5 ? 1 : 0
}

/** Words of `text` and pairs of neighbours. */
const takeWords = (tokens: Tokens, label: string, text: string, most: number, pairs: boolean): void => {
  const basis = hashOf(label)
  const length = Math.min(text.length, most)
  let before = 0
  let beforeAt = 0
  for (let at = 0; at < length; ) {
    let kind = classOf(text.charCodeAt(at))
    if (kind === 0) {
      at++
      continue
    }
    const start = at
    let hash = basis
    do {
      const code = text.charCodeAt(at)
      hash = Math.imul(hash ^ (code >= 65 && code <= 90 ? code + 32 : code), PRIME)
      at++
      if (kind === 2) break
      kind = at < length ? classOf(text.charCodeAt(at)) : 0
    } while (kind === 1)
    const size = at - start
    if (size > MOST_WORD) {
      tokens.add(hashOf(`${size >> 3}`, hashOf('long:')), 'long:', text, start, start + 12)
      before = 0
      continue
    }
    tokens.add(hash, label, text, start, at)
    if (pairs && before !== 0) tokens.add(Math.imul(before, 31) ^ hash ^ 0x5bd1e995, label, text, beforeAt, at)
    before = hash
    beforeAt = start
  }
}

const log2 = (n: number): string => `${Math.ceil(Math.log2(n + 1))}`

/** The form of an id or boundary: letters to a, digits to 0, runs to one. */
const shape = (text: string): string =>
  text
    .slice(0, 80)
    .replaceAll(/[a-z]+/g, 'a')
    .replaceAll(/[A-Z]+/g, 'A')
    .replaceAll(/\d+/g, '0')

const takeHost = (tokens: Tokens, label: string, host: string): void => {
  const labels = host.split('.')
  for (let i = Math.max(0, labels.length - 4); i < labels.length; i++) tokens.whole(label, labels.slice(i).join('.'))
}

const takeNetwork = (tokens: Tokens, label: string, ip: string): void => {
  const octets = ip.split('.')
  if (octets.length !== 4) tokens.whole(label, ip.split(':').slice(0, 3).join(':'))
  else for (let i = 2; i <= 4; i++) tokens.whole(label, octets.slice(0, i).join('.'))
}

const special = new Set([
  'received',
  'subject',
  'message-id',
  'date',
  'dkim-signature',
  'arc-seal',
  'arc-message-signature',
  'x-spam-status',
  'x-spam-flag',
  'x-spam-level',
  'x-spam-score',
  'x-spam-checker-version',
])

const takeHeader = (tokens: Tokens, look: Look): void => {
  const { fields } = look.mail.top
  let relays = 0
  for (const field of fields.slice(0, FIELDS)) {
    tokens.whole('has:', field.key)
    if (field.key === 'received' && relays++ < 8) {
      for (const found of field.value.slice(0, FIELD).matchAll(/\d{1,3}(?:\.\d{1,3}){3}/g))
        takeNetwork(tokens, 'net:', found[0])
      for (const found of field.value.slice(0, FIELD).matchAll(/[\w-]+(?:\.[\w-]+)*\.[a-zA-Z]{2,}/g))
        takeHost(tokens, 'host:', found[0].toLowerCase())
    }
    if (!special.has(field.key)) takeWords(tokens, `${field.key}:`, field.value, FIELD, false)
  }
  takeWords(tokens, 'subject:', look.subject(), FIELD, true)
  const id = look.field('message-id')
  tokens.whole('id:', shape(id.slice(0, id.lastIndexOf('@') < 0 ? 80 : id.lastIndexOf('@'))))
  takeHost(
    tokens,
    'idhost:',
    id
      .slice(id.lastIndexOf('@') + 1)
      .replace('>', '')
      .toLowerCase(),
  )
  const boundary = /boundary="?([^";\s]+)/i.exec(look.field('content-type'))?.[1]
  if (boundary !== undefined) tokens.whole('boundary:', shape(boundary))
  for (const sender of [look.from(), look.replyTo()])
    if (sender !== undefined) {
      tokens.whole('addr:', `${sender.local}@${sender.domain}`)
      takeHost(tokens, 'dom:', sender.domain)
    }
}

const takeEnvelope = (tokens: Tokens, look: Look): void => {
  const { envelope, wire, history } = look.input
  if (envelope !== undefined) {
    takeNetwork(tokens, 'net:', envelope.ip)
    takeHost(tokens, 'host:', envelope.helo.toLowerCase().slice(0, 200))
    if (envelope.reverseName !== undefined) takeHost(tokens, 'host:', envelope.reverseName)
    takeHost(tokens, 'return:', envelope.mailFrom.slice(envelope.mailFrom.lastIndexOf('@') + 1).toLowerCase())
  }
  if (history?.country !== undefined) tokens.whole('country:', history.country)
  for (const one of wire?.dkim ?? []) tokens.whole('dkim:', `${one.result} ${one.domain ?? ''}`)
  if (wire?.spf !== undefined) tokens.whole('spf:', wire.spf.result)
  if (wire?.dmarc !== undefined) tokens.whole('dmarc:', wire.dmarc.result)
}

const takeParts = (tokens: Tokens, look: Look): void => {
  for (const leaf of look.leaves().slice(0, 50)) {
    tokens.whole('part:', `${leaf.type} ${headerOf(leaf, 'content-transfer-encoding').toLowerCase()}`)
    if (leaf.charset !== undefined) tokens.whole('charset:', leaf.charset.toLowerCase())
    if (leaf.name !== '') takeWords(tokens, 'file:', leaf.name, 200, false)
  }
  for (const page of look.pages()) {
    let tags = 0
    for (const tag of page.tags.keys()) if (tags++ < 60) tokens.whole('tag:', tag)
    tokens.whole('images:', log2(page.images))
    tokens.whole('hidden:', log2(page.invisible.trim().length))
  }
  for (const link of look.links().slice(0, 60)) {
    takeHost(tokens, 'link:', link.host)
    takeWords(tokens, 'path:', link.href.slice(link.href.indexOf(link.host) + link.host.length), 200, false)
  }
  tokens.whole('links:', log2(look.links().length))
  tokens.whole('size:', log2(look.mail.size))
  tokens.whole('words:', log2(look.text().length))
}

/** @param hits names of the tests that fired; they are features like others. */
export const tokensOf = (look: Look, hits: readonly string[]): Tokens => {
  const tokens = new Tokens()
  takeEnvelope(tokens, look)
  takeHeader(tokens, look)
  for (const hit of hits) tokens.whole('test:', hit)
  takeParts(tokens, look)
  takeWords(tokens, '', look.text(), TEXT, true)
  return tokens
}
