/**
 * ARC sets for tests, any field of which may be as wrong as a test wants it. Written apart from src/verify/arc-seal.ts, so that one mistake does
 * not hide another; the octets that are signed are those of RFC 8617 section 5.1.1 whatever the fields say.
 */
import { createHash } from 'node:crypto'
import { canonBody, relaxField, signText } from './verify-sign.ts'

export type SetParts = {
  /** Whole fields without line end. `{bh}` becomes the body hash, `{b}` the signature; undefined leaves the usual. */
  readonly results?: string
  readonly message?: string
  readonly seal?: string
  /** What is signed, whatever `h=` says. */
  readonly names?: readonly string[]
  readonly header?: string
  readonly body?: string
  /** Octets of body that are hashed. */
  readonly length?: number
  /** How signatures and hashes are written. */
  readonly fold?: (base64: string) => string
  /** For `signText`. */
  readonly signer?: string
  readonly cv?: string
  /** Fields that are not put on top at last, though they are signed. */
  readonly without?: readonly ('results' | 'message' | 'seal')[]
}

const isArc = (line: string): boolean => /^arc-/i.test(line)
const order = ['arc-authentication-results', 'arc-message-signature', 'arc-seal']
const placeOf = (line: string): number => {
  const colon = line.indexOf(':')
  const [, digits] = /(?:^|[\s;])i\s*=\s*(\d+)/i.exec(line.slice(colon + 1)) ?? []
  return Number(digits ?? 0) * 10 + order.indexOf(line.slice(0, colon).trim().toLowerCase())
}

const pick = (lines: readonly string[], names: readonly string[]): readonly string[] => {
  const waiting = [...lines]
  return names.flatMap((name) => {
    const index = waiting.findLastIndex((line) => line.slice(0, line.indexOf(':')).trim().toLowerCase() === name)
    return index < 0 ? [] : waiting.splice(index, 1)
  })
}

/** The usual fields of set `i`, to be changed by a test. */
export const usual = {
  results: (i: number): string => `ARC-Authentication-Results: i=${i}; fwd.example; spf=pass`,
  message: (i: number): string =>
    `ARC-Message-Signature: i=${i}; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=sel; t=12345; h=from:to:subject; bh={bh}; b={b}`,
  seal: (i: number, cv: string = i === 1 ? 'none' : 'pass'): string =>
    `ARC-Seal: i=${i}; a=rsa-sha256; cv=${cv}; d=example.com; s=sel; t=12345; b={b}`,
}

/** @param message latin1, CRLF. @returns it with set `i` on top. */
export const addSet = (message: string, i: number, parts: SetParts = {}): string => {
  const { names = ['from', 'to', 'subject'], header = 'relaxed', body = 'relaxed', signer = 'rsa-sha256' } = parts
  const fold = parts.fold ?? ((base64) => base64)
  const at = message.indexOf('\r\n\r\n')
  const [head, rest] = [message.slice(0, at), message.slice(at + 4)]
  const lines = head.split(/\r\n(?![ \t])/)
  const hash = createHash('sha256')
    .update(Buffer.from(canonBody(rest, body), 'latin1').subarray(0, parts.length))
    .digest('base64')
  const canon = (line: string): string => (header === 'relaxed' ? relaxField(line) : line)
  const results = parts.results ?? usual.results(i)
  const open = (parts.message ?? usual.message(i)).replace('{bh}', () => fold(hash))
  const signed = pick([results, ...lines], names)
    .map((line) => `${canon(line)}\r\n`)
    .join('')
  const own = open.replace('{b}', () => fold(signText(signed + canon(open.replace('{b}', '')), signer)))
  const seal = parts.seal ?? usual.seal(i, parts.cv)
  const before = parts.cv === 'fail' ? [] : lines.filter(isArc).toSorted((one, other) => placeOf(one) - placeOf(other))
  const chain = [...before, results, own].map((line) => `${relaxField(line)}\r\n`).join('')
  const sealed = seal.replace('{b}', () => fold(signText(chain + relaxField(seal.replace('{b}', '')), signer)))
  const made = Object.entries({ seal: sealed, message: own, results }).filter(
    ([name]) => !parts.without?.some((one) => one === name),
  )
  return `${made.map(([, line]) => `${line}\r\n`).join('')}${message}`
}
