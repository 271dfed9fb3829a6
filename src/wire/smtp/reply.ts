/**
 * Replies of a server: written, and read by a client. RFC 5321 sections 4.2 and 4.2.1 (code, text, several lines), RFC 2034 and 3463
 * (enhanced codes). Pure; the reader is a push parser with bounded memory.
 */
import { fail, ok, type Result } from '../../base/result.ts'

export type Reply = {
  readonly code: number
  /** `5.1.1`; undefined where the server gave none. */
  readonly enhanced?: string
  /** Without code, enhanced code and line ends. */
  readonly lines: readonly string[]
}

export const MOST_REPLY_LINE = 2048 // octets; RFC 5321 section 4.5.3.1.5 has 512, and servers say more
export const MOST_REPLY_LINES = 200

/** What may stand in a reply: printable ASCII, and nothing that ends a line. */
const safe = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?')

/** @param words `250 2.0.0 OK` with no line end. @param lines more lines, each after the code. @returns the reply with its line ends. */
export const writeReply = (code: number, lines: readonly string[]): string =>
  lines.map((line, at) => `${code}${at === lines.length - 1 ? ' ' : '-'}${safe(line)}\r\n`).join('')

export type ReplyFault = 'bad-reply' | 'too-long'

/** Reads a server's replies; after a fault it reads nothing more. */
export class ReplyReader {
  #held = ''
  #lines: string[] = []
  #code: string | undefined
  #faulty = false

  /** @param bytes octets as they came. @returns the replies that are now complete, and at most one fault, which is the last. */
  feed(bytes: Uint8Array): readonly Result<Reply, ReplyFault>[] {
    const read: Result<Reply, ReplyFault>[] = []
    if (this.#faulty) return read
    const text = this.#held + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    let at = 0
    for (let lf = text.indexOf('\n'); lf >= 0 && !this.#faulty; lf = text.indexOf('\n', at)) {
      const reply = this.#line(text.slice(at, lf).replace(/\r$/, ''))
      if (reply !== undefined) read.push(reply)
      at = lf + 1
    }
    this.#held = text.slice(at)
    if (!this.#faulty && this.#held.length > MOST_REPLY_LINE) read.push(this.#fault('too-long'))
    return read
  }

  #fault(why: ReplyFault): Result<Reply, ReplyFault> {
    this.#faulty = true
    this.#held = ''
    return fail(why)
  }

  #line(line: string): Result<Reply, ReplyFault> | undefined {
    if (line.length > MOST_REPLY_LINE || this.#lines.length >= MOST_REPLY_LINES) return this.#fault('too-long')
    const found = /^([2-5]\d\d)(?:([ -])(.*))?$/.exec(line)
    if (found?.[1] === undefined || (this.#code !== undefined && this.#code !== found[1]))
      return this.#fault('bad-reply')
    this.#code = found[1]
    this.#lines.push(found[3] ?? '')
    if (found[2] === '-') return undefined
    const lines = this.#lines
    this.#lines = []
    this.#code = undefined
    const enhanced = /^([245]\.\d{1,3}\.\d{1,3})(?: |$)/.exec(lines[0] ?? '')?.[1]
    if (enhanced === undefined || enhanced[0] !== found[1][0]) return ok({ code: Number(found[1]), lines })
    const prefix = `${enhanced} `
    return ok({
      code: Number(found[1]),
      enhanced,
      lines: lines.map((text) => (text === enhanced ? '' : text.startsWith(prefix) ? text.slice(prefix.length) : text)),
    })
  }
}
