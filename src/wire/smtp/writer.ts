/**
 * The client's side of the wire: command lines and message content to octets. RFC 5321 sections 4.1.1 (commands) and 4.5.2 (dot-stuffing),
 * RFC 1870, 6152, 6531 and 3461 (parameters), RFC 3030 (BDAT). Pure.
 *
 * A message with a CR or LF that stands alone is not written at all: another server may take it for a line end, and its second
 * half for a message of its own.
 */
import { fail, ok, type Result } from '../../base/result.ts'
import { type Notify, writeXtext } from './parameters.ts'

export type MailWords = {
  /** What goes between the angle brackets; empty for the null sender. */
  readonly from: string
  readonly size?: number
  readonly body?: '7bit' | '8bitmime' | 'binarymime'
  readonly smtpUtf8?: boolean
  readonly requireTls?: boolean
  readonly ret?: 'full' | 'hdrs'
  readonly envid?: string
}
export type RcptWords = {
  readonly to: string
  readonly notify?: readonly Notify[]
  /** `type;address`, not encoded. */
  readonly orcpt?: string
}

/** What may stand between angle brackets: nothing that ends the path or the line. */
const path = (text: string): string => text.replaceAll(/[\x00-\x1f\x7f]/g, '')

/** @returns the MAIL command with its line end. */
export const writeMail = (words: MailWords): string => {
  const parameters = [
    words.size === undefined ? '' : ` SIZE=${words.size}`,
    words.body === undefined ? '' : ` BODY=${words.body.toUpperCase()}`,
    words.smtpUtf8 === true ? ' SMTPUTF8' : '',
    words.requireTls === true ? ' REQUIRETLS' : '',
    words.ret === undefined ? '' : ` RET=${words.ret.toUpperCase()}`,
    words.envid === undefined ? '' : ` ENVID=${writeXtext(words.envid)}`,
  ]
  return `MAIL FROM:<${path(words.from)}>${parameters.join('')}\r\n`
}

/** @returns the RCPT command with its line end. */
export const writeRcpt = ({ to, notify = [], orcpt }: RcptWords): string => {
  const semicolon = orcpt?.indexOf(';') ?? -1
  const original =
    orcpt === undefined || semicolon < 0
      ? ''
      : ` ORCPT=${orcpt.slice(0, semicolon)};${writeXtext(orcpt.slice(semicolon + 1))}`
  return `RCPT TO:<${path(to)}>${notify.length === 0 ? '' : ` NOTIFY=${notify.join(',').toUpperCase()}`}${original}\r\n`
}

const LF = 10
const CR = 13
const FULL_STOP = 46
const dot = Uint8Array.of(FULL_STOP)

/** Where the lines of `message` begin; undefined, with the fault, when a CR or LF stands alone. */
const stuffedLines = (message: Uint8Array): Result<readonly number[], 'bare-cr' | 'bare-lf'> => {
  const dots: number[] = message[0] === FULL_STOP ? [0] : []
  for (let at = 0; at < message.length; at += 1) {
    const octet = message[at] ?? 0
    if (octet > CR) continue
    if (octet === LF) return fail('bare-lf')
    if (octet !== CR) continue
    if (message[at + 1] !== LF) return fail('bare-cr')
    at += 1
    if (message[at + 1] === FULL_STOP) dots.push(at + 1)
  }
  return ok(dots)
}

/** The octets with one more full stop at each of the places, and an end. */
const stuffed = (octets: Uint8Array, dots: readonly number[], end = ''): Uint8Array => {
  const parts: Uint8Array[] = []
  let from = 0
  for (const at of dots) {
    parts.push(octets.subarray(from, at), dot)
    from = at
  }
  parts.push(octets.subarray(from))
  if (end !== '') parts.push(Buffer.from(end))
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
}

/** @returns the message as it goes after 354: stuffed, with a line end at its end, and the final dot. */
export const writeContent = (message: Uint8Array): Result<Uint8Array, 'bare-cr' | 'bare-lf'> => {
  const dots = stuffedLines(message)
  if (!dots.ok) return dots
  const closed = message.length === 0 || message[message.length - 1] === LF
  return ok(stuffed(message, dots.value, closed ? '.\r\n' : '\r\n.\r\n'))
}

/** @returns the command before a last chunk of so many octets. */
export const writeBdat = (octets: number): string => `BDAT ${octets} LAST\r\n`

/** @returns the message as one last chunk. */
export const writeChunk = (message: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from(writeBdat(message.length)), message])

/** `writeContent` for a message that comes in pieces: cut in any way, the same octets go. */
export class ContentWriter {
  /** A CR whose LF has not come yet. */
  #held: Uint8Array = new Uint8Array(0)
  /** The last line has no end yet. */
  #open = false

  /** @returns what can go. */
  feed(piece: Uint8Array): Result<Uint8Array, 'bare-cr' | 'bare-lf'> {
    const all = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece])
    const end = all.at(-1) === CR ? all.length - 1 : all.length
    this.#held = all.subarray(end)
    const part = all.subarray(0, end)
    const dots = stuffedLines(part)
    if (!dots.ok) return dots
    const written = stuffed(part, this.#open ? dots.value.filter((at) => at > 0) : dots.value)
    if (part.length > 0) this.#open = part.at(-1) !== LF
    return ok(written)
  }

  /** @returns a line end where there is none, and the final dot. */
  end(): Result<Uint8Array, 'bare-cr'> {
    return this.#held.length > 0 ? fail('bare-cr') : ok(Buffer.from(this.#open ? '\r\n.\r\n' : '.\r\n'))
  }
}
