/**
 * An SMTP client as a dialogue over a link that somebody else opened: greets, begins TLS, and hands over messages one after another. RFC 5321
 * section 3; PIPELINING (RFC 2920), SIZE (1870), 8BITMIME (6152), SMTPUTF8 (6531), CHUNKING (3030), STARTTLS (3207), DSN (3461). No socket:
 * a link is three functions, which `Connection` of net/client has.
 *
 * It says what each recipient and the message were answered; whether to try again is its caller's business. Enough for the demo's
 * senders, tests and benches; the queue builds on it.
 */
import { fail, ok, type Result } from '../../base/result.ts'
import type { Notify } from '../../wire/smtp/parameters.ts'
import { type Reply, ReplyReader } from '../../wire/smtp/reply.ts'
import { writeChunk, writeContent, writeMail, writeRcpt } from '../../wire/smtp/writer.ts'

export type Link = {
  /** @returns what has come, once something has. */
  readonly some: () => Promise<Result<Uint8Array, string>>
  readonly send: (bytes: string | Uint8Array) => Promise<Result<unknown, string>>
  /** Begins TLS after the server's 220. */
  readonly secure: () => Promise<Result<unknown, string>>
}
export type ClientOptions = {
  /** What it calls itself. */
  readonly name: string
  readonly tls: 'never' | 'if-offered' | 'required'
  /** false: a command at a time although the server can do better. */
  readonly pipelining?: boolean
  /** BDAT instead of DATA, where the server has it. */
  readonly chunking?: boolean
}
export type ClientMail = {
  /** Addresses as they stand between angle brackets; empty for the null sender. */
  readonly from: string
  readonly to: readonly (
    | string
    | { readonly address: string; readonly notify?: readonly Notify[]; readonly orcpt?: string }
  )[]
  /** Lines end with CRLF. */
  readonly message: Uint8Array
  readonly ret?: 'full' | 'hdrs'
  readonly envid?: string
}
export type ClientFault =
  /** The link failed, in the link's own word. */
  | { readonly kind: 'link'; readonly why: string }
  | { readonly kind: 'bad-reply' }
  /** The server does not want to talk: its reply to the connection, EHLO or STARTTLS. */
  | { readonly kind: 'refused'; readonly reply: Reply }
  | { readonly kind: 'no-tls' }
/** The answers, as far as it came. */
export type ClientOutcome = {
  readonly accepted: boolean
  readonly sender: Reply | undefined
  /** One for each recipient that was named. */
  readonly recipients: readonly Reply[]
  /** To DATA; undefined with BDAT. */
  readonly data: Reply | undefined
  /** To the message itself. */
  readonly message: Reply | undefined
  /** It was not even tried: an address needs SMTPUTF8 that is not offered, or the message is no lines. */
  readonly untried?: 'needs-utf8' | 'bare-cr' | 'bare-lf'
}

const good = (reply: Reply | undefined): boolean => reply !== undefined && reply.code >= 200 && reply.code < 300
const ascii = (text: string): boolean => !/[^\x00-\x7f]/.test(text)

export class SmtpClient {
  readonly #link: Link
  readonly #options: ClientOptions
  readonly #reader = new ReplyReader()
  #replies: Result<Reply, unknown>[] = []
  #offers: ReadonlyMap<string, string> = new Map()

  /** Use `openSmtp`. */
  constructor(link: Link, options: ClientOptions) {
    this.#link = link
    this.#options = options
  }

  /** Keywords of the server's last EHLO, in capitals, with what stands behind them. */
  get offers(): ReadonlyMap<string, string> {
    return this.#offers
  }

  async #reply(): Promise<Result<Reply, ClientFault>> {
    for (;;) {
      const next = this.#replies.shift()
      if (next !== undefined) return next.ok ? next : fail({ kind: 'bad-reply' })
      const some = await this.#link.some()
      if (!some.ok) return fail({ kind: 'link', why: some.error })
      this.#replies.push(...this.#reader.feed(some.value))
    }
  }

  async #ask(text: string | Uint8Array): Promise<Result<Reply, ClientFault>> {
    const sent = await this.#link.send(text)
    return sent.ok ? this.#reply() : fail({ kind: 'link', why: sent.error })
  }

  async #hello(): Promise<Result<undefined, ClientFault>> {
    const reply = await this.#ask(`EHLO ${this.#options.name}\r\n`)
    if (!reply.ok) return reply
    if (good(reply.value)) {
      const words = reply.value.lines.slice(1).map((line) => line.split(' '))
      this.#offers = new Map(words.map(([word = '', ...rest]) => [word.toUpperCase(), rest.join(' ')]))
      return ok(undefined)
    }
    this.#offers = new Map()
    const old = await this.#ask(`HELO ${this.#options.name}\r\n`)
    if (!old.ok) return old
    return good(old.value) ? ok(undefined) : fail({ kind: 'refused', reply: old.value })
  }

  /** Greeting, EHLO, TLS where it is wanted, EHLO again. */
  async open(): Promise<Result<undefined, ClientFault>> {
    const greeting = await this.#reply()
    if (!greeting.ok) return greeting
    if (!good(greeting.value)) return fail({ kind: 'refused', reply: greeting.value })
    const hello = await this.#hello()
    const { tls } = this.#options
    if (!hello.ok || tls === 'never') return hello
    if (!this.#offers.has('STARTTLS')) return tls === 'required' ? fail({ kind: 'no-tls' }) : hello
    const ready = await this.#ask('STARTTLS\r\n')
    if (!ready.ok) return ready
    if (!good(ready.value)) return tls === 'required' ? fail({ kind: 'refused', reply: ready.value }) : hello
    const secured = await this.#link.secure()
    return secured.ok ? this.#hello() : fail({ kind: 'link', why: secured.error })
  }

  #mailLine(mail: ClientMail, utf8: boolean): string {
    const has = (word: string): boolean => this.#offers.has(word)
    return writeMail({
      from: mail.from,
      ...(has('SIZE') ? { size: mail.message.length } : {}),
      ...(has('8BITMIME') && mail.message.some((octet) => octet > 127) ? { body: '8bitmime' } : {}),
      ...(utf8 ? { smtpUtf8: true } : {}),
      ...(has('DSN') && mail.ret !== undefined ? { ret: mail.ret } : {}),
      ...(has('DSN') && mail.envid !== undefined ? { envid: mail.envid } : {}),
    })
  }

  #rcptLines(mail: ClientMail): readonly string[] {
    return mail.to.map((to) => {
      if (typeof to === 'string') return writeRcpt({ to })
      return writeRcpt(this.#offers.has('DSN') ? { ...to, to: to.address } : { to: to.address })
    })
  }

  /** Hands over a message. @returns what was answered; a fault ends the session. */
  async send(mail: ClientMail): Promise<Result<ClientOutcome, ClientFault>> {
    const none = { accepted: false, sender: undefined, recipients: [], data: undefined, message: undefined }
    const utf8 = ![mail.from, ...mail.to.map((to) => (typeof to === 'string' ? to : to.address))].every(ascii)
    if (utf8 && !this.#offers.has('SMTPUTF8')) return ok({ ...none, untried: 'needs-utf8' })
    const content = writeContent(mail.message)
    if (!content.ok) return ok({ ...none, untried: content.error })
    const chunk = this.#options.chunking === true && this.#offers.has('CHUNKING')
    const lines = [this.#mailLine(mail, utf8), ...this.#rcptLines(mail), ...(chunk ? [] : ['DATA\r\n'])]
    const asked = await this.#askAll(lines)
    if (!asked.ok) return asked
    const replies = asked.value
    const sender = replies[0]
    const recipients = replies.slice(1, 1 + mail.to.length)
    const data = chunk ? undefined : replies[1 + mail.to.length]
    const wanted = good(sender) && recipients.some(good)
    const outcome = { accepted: false, sender, recipients, data, message: undefined }
    if (!wanted || (!chunk && data?.code !== 354)) {
      // A server that says 354 although it took no recipient gets an empty message (RFC 2920 section 3.1).
      const cleared = data?.code === 354 ? await this.#ask('.\r\n') : ok(undefined)
      const reset = cleared.ok && good(sender) ? await this.#ask('RSET\r\n') : cleared
      return reset.ok ? ok(outcome) : reset
    }
    const message = await this.#ask(chunk ? writeChunk(mail.message) : content.value)
    return message.ok ? ok({ ...outcome, accepted: good(message.value), message: message.value }) : message
  }

  /** All at once where the server allows it; otherwise one by one, to the first that makes the others useless. */
  async #askAll(lines: readonly string[]): Promise<Result<readonly Reply[], ClientFault>> {
    const replies: Reply[] = []
    if (this.#options.pipelining !== false && this.#offers.has('PIPELINING')) {
      const sent = await this.#link.send(lines.join(''))
      if (!sent.ok) return fail({ kind: 'link', why: sent.error })
      while (replies.length < lines.length) {
        const reply = await this.#reply()
        if (!reply.ok) return reply
        replies.push(reply.value)
      }
      return ok(replies)
    }
    for (const line of lines) {
      if (line === 'DATA\r\n' && !replies.slice(1).some(good)) break
      const reply = await this.#ask(line)
      if (!reply.ok) return reply
      replies.push(reply.value)
      if (!good(replies[0])) break
    }
    return ok(replies)
  }

  /** QUIT, and the answer to it. */
  async quit(): Promise<Result<undefined, ClientFault>> {
    const bye = await this.#ask('QUIT\r\n')
    return bye.ok ? ok(undefined) : bye
  }
}

/** @param link a connection on which nothing was said. @returns the session after EHLO (and TLS), or why there is none. */
export const openSmtp = async (link: Link, options: ClientOptions): Promise<Result<SmtpClient, ClientFault>> => {
  const client = new SmtpClient(link, options)
  const opened = await client.open()
  return opened.ok ? ok(client) : opened
}
