/**
 * What every SMTP client does: says lines, waits for replies, greets. RFC 5321 sections 3.1, 3.2, 4.2 and 4.5.3.2 (a deadline for each reply, however slowly its lines come). No socket: a link is
 * three functions, which `Connection` of net/client has. A server that talks without being asked is bounded.
 */
import { fail, ok, type Result } from '../../base/result.ts'
import { type Reply, ReplyReader } from '../../wire/smtp/reply.ts'

export type Link = {
  /** @returns what has come, once something has; waits `ms` at most, or as long as the link does by itself. */
  readonly some: (ms?: number) => Promise<Result<Uint8Array, string>>
  readonly send: (bytes: string | Uint8Array) => Promise<Result<unknown, string>>
  /** Begins TLS after the server's 220. */
  readonly secure: () => Promise<Result<unknown, string>>
}
export type TalkFault =
  /** The link failed, in the link's own word. */
  { readonly kind: 'link'; readonly why: string } | { readonly kind: 'bad-reply' }
/** The server does not want to talk: its reply to the connection or EHLO. */
export type Refused = { readonly kind: 'refused'; readonly reply: Reply }

const MOST_AHEAD = 250 // replies that came and are not read: an envelope of 100 recipients has 102

/** Whether a reply is one of success. */
export const isGood = (reply: Reply | undefined): boolean =>
  reply !== undefined && reply.code >= 200 && reply.code < 300

/** One connection's talk. */
export class Dialogue {
  readonly #link: Link
  readonly #now: () => number
  readonly #reader = new ReplyReader()
  #replies: Result<Reply, unknown>[] = []
  #offers: ReadonlyMap<string, string> = new Map()

  /** @param now milliseconds, for deadlines of whole replies; without it each wait has the deadline anew. */
  constructor(link: Link, now: () => number = () => 0) {
    this.#link = link
    this.#now = now
  }

  /** Keywords of the server's last EHLO, in capitals, with what stands behind them. */
  get offers(): ReadonlyMap<string, string> {
    return this.#offers
  }

  /** Replies that came before anything was asked that they could answer. */
  get ahead(): number {
    return this.#replies.length
  }

  async reply(ms?: number): Promise<Result<Reply, TalkFault>> {
    const until = ms === undefined ? undefined : this.#now() + ms
    for (;;) {
      const next = this.#replies.shift()
      if (next !== undefined) return next.ok ? next : fail({ kind: 'bad-reply' })
      const some = await this.#link.some(until === undefined ? undefined : Math.max(1, until - this.#now()))
      if (!some.ok) return fail({ kind: 'link', why: some.error })
      const read = this.#reader.feed(some.value)
      if (read.length > MOST_AHEAD) return fail({ kind: 'bad-reply' })
      this.#replies = this.#replies.length === 0 ? [...read] : [...this.#replies, ...read]
      if (until !== undefined && this.#replies.length === 0 && this.#now() >= until)
        return fail({ kind: 'link', why: 'timeout' })
    }
  }

  async say(text: string | Uint8Array): Promise<Result<undefined, TalkFault>> {
    const sent = await this.#link.send(text)
    return sent.ok ? ok(undefined) : fail({ kind: 'link', why: sent.error })
  }

  async ask(text: string | Uint8Array, ms?: number): Promise<Result<Reply, TalkFault>> {
    const sent = await this.say(text)
    return sent.ok ? this.reply(ms) : sent
  }

  /** EHLO, or HELO where the server knows no better. @param orHelo false: what is to come needs extensions */
  async hello(name: string, ms?: number, orHelo = true): Promise<Result<undefined, TalkFault | Refused>> {
    const reply = await this.ask(`EHLO ${name}\r\n`, ms)
    if (!reply.ok) return reply
    this.#offers = new Map()
    if (isGood(reply.value)) {
      const words = reply.value.lines.slice(1).map((line) => line.split(' '))
      this.#offers = new Map(words.map(([word = '', ...rest]) => [word.toUpperCase(), rest.join(' ')]))
      return ok(undefined)
    }
    if (!orHelo || reply.value.code < 500) return fail({ kind: 'refused', reply: reply.value })
    const old = await this.ask(`HELO ${name}\r\n`, ms)
    if (!old.ok) return old
    return isGood(old.value) ? ok(undefined) : fail({ kind: 'refused', reply: old.value })
  }

  /** After the server's 220 to STARTTLS. */
  async secure(): Promise<Result<undefined, TalkFault>> {
    if (this.#replies.length > 0) return fail({ kind: 'bad-reply' })
    const secured = await this.#link.secure()
    return secured.ok ? ok(undefined) : fail({ kind: 'link', why: secured.error })
  }
}
