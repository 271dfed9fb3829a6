/**
 * A DKIM and ARC signer for tests, written apart from src/verify so that one mistake does not hide another: canonicalisation by
 * regular expressions over the whole text (RFC 6376 section 3.4), keys made once.
 */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
const rsa = (bits: number): Pair => generateKeyPairSync('rsa', { modulusLength: bits })
export const keys = { rsa: rsa(2048), rsa2: rsa(1024), weak: rsa(768), ed: generateKeyPairSync('ed25519') }

const der = (pair: Pair, type: 'spki' | 'pkcs1'): string =>
  pair.publicKey.export({ type, format: 'der' }).toString('base64')
export const rsaRecord = (pair: Pair = keys.rsa): string => `v=DKIM1; k=rsa; p=${der(pair, 'spki')}`
export const pkcs1Record = (): string => `v=DKIM1; p=${der(keys.rsa, 'pkcs1')}`
export const edRecord = (): string =>
  `v=DKIM1; k=ed25519; p=${keys.ed.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64')}`

export const relaxField = (field: string): string => {
  const [, name = '', value = ''] = /^([^:]*):(.*)$/s.exec(field) ?? []
  return `${name.trim().toLowerCase()}:${value
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
    .trim()}`
}
/** @param body latin1. */
export const canonBody = (body: string, how: string): string => {
  const text = how === 'relaxed' ? body.replace(/[ \t]+/g, ' ').replace(/ (?=\r\n|$)/g, '') : body
  const cut = text.replace(/(\r\n)+$/, '')
  return cut === '' ? (how === 'relaxed' ? '' : '\r\n') : `${cut}\r\n`
}

const splitHead = (head: string): readonly string[] => head.split(/\r\n(?![ \t])/).filter((line) => line !== '')
export const signText = (data: string, kind: string): string => {
  const octets = Buffer.from(data, 'latin1')
  if (kind.startsWith('ed25519'))
    return sign(null, createHash('sha256').update(octets).digest(), keys.ed.privateKey).toString('base64')
  const pair = kind.startsWith('weak') ? keys.weak : keys.rsa
  return sign(kind.endsWith('sha1') ? 'sha1' : 'sha256', octets, pair.privateKey).toString('base64')
}

export type SignOptions = {
  readonly field?: string
  readonly header?: string
  readonly body?: string
  /** Tags that replace or (undefined) remove the usual ones. */
  readonly tags?: Readonly<Record<string, string | undefined>>
  readonly signer?: string
}

/** @param message latin1, CRLF. @returns the signature field and the message. */
export const signed = (message: string, options: SignOptions = {}): string => {
  const { header = 'relaxed', body = 'relaxed', signer = 'rsa-sha256', field = 'DKIM-Signature' } = options
  const at = message.indexOf('\r\n\r\n')
  const [head, rest] = at < 0 ? [message, ''] : [message.slice(0, at), message.slice(at + 4)]
  const canon = Buffer.from(canonBody(rest, body), 'latin1')
  const length = options.tags?.['l']
  const bh = createHash('sha256')
    .update(length === undefined ? canon : canon.subarray(0, Number(length)))
    .digest('base64')
  const algorithm = signer.replace('weak', 'rsa')
  const usual = { v: '1', a: algorithm, c: `${header}/${body}`, d: 'example.com', s: 'sel', h: 'from:to:subject', bh }
  const tags: Record<string, string | undefined> = { ...usual, ...options.tags, b: '' }
  const list = Object.entries(tags)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`)
  const own = `${field}: ${list.join(';\r\n\t')}`
  const waiting = [...splitHead(head)]
  let data = ''
  for (const name of (tags['h'] ?? '').split(':')) {
    const index = waiting.findLastIndex(
      (line) => line.slice(0, line.indexOf(':')).trim().toLowerCase() === name.trim().toLowerCase(),
    )
    if (index < 0) continue
    const [line = ''] = waiting.splice(index, 1)
    data += `${header === 'relaxed' ? relaxField(line) : line}\r\n`
  }
  data += header === 'relaxed' ? relaxField(own) : own
  return `${own}${options.tags?.['b'] ?? signText(data, signer)}\r\n${message}`
}
