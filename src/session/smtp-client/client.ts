/**
 * An SMTP client as a dialogue over a link that somebody else opened: greets, begins TLS, and hands over messages one after another. RFC 5321
 * section 3; PIPELINING (RFC 2920), SIZE (1870), 8BITMIME (6152), SMTPUTF8 (6531), CHUNKING (3030), STARTTLS (3207), DSN (3461). No socket.
 *
 * It says what each recipient and the message were answered; whether to try again is its caller's business. For the demo's senders, tests
 * and benches; the queue has courier.ts.
 */
import { fail, ok, type Result } from '../../base/result.ts'
import type { Notify } from '../../wire/smtp/parameters.ts'
import type { Reply } from '../../wire/smtp/reply.ts'
import { writeChunk, writeContent, writeMail, writeRcpt } from '../../wire/smtp/writer.ts'
import { Dialogue, isGood, type Link, type Refused, type TalkFault } from './dialogue.ts'

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
export type ClientFault = TalkFault | Refused | { readonly kind: 'no-tls' }
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

const ascii = (text: string): boolean => !/[^\x00-\x7f]/.test(text)

export class SmtpClient {
  readonly #talk: Dialogue
  readonly #options: ClientOptions

  /** Use `openSmtp`. */
  constructor(link: Link, options: ClientOptions) {
    this.#talk = new Dialogue(link)
    this.#options = options
  }

  /** Keywords of the server's last EHLO, in capitals, with what stands behind them. */
  get offers(): ReadonlyMap<string, string> {
    return this.#talk.offers
  }

  /** Greeting, EHLO, TLS where it is wanted, EHLO again. */
  async open(): Promise<Result<undefined, ClientFault>> {
    const greeting = await this.#talk.reply()
    if (!greeting.ok) return greeting
    if (!isGood(greeting.value)) return fail({ kind: 'refused', reply: greeting.value })
    const hello = await this.#talk.hello(this.#options.name)
    const { tls } = this.#options
    if (!hello.ok || tls === 'never') return hello
    if (!this.offers.has('STARTTLS')) return tls === 'required' ? fail({ kind: 'no-tls' }) : hello
    const ready = await this.#talk.ask('STARTTLS\r\n')
    if (!ready.ok) return ready
    if (!isGood(ready.value)) return tls === 'required' ? fail({ kind: 'refused', reply: ready.value }) : hello
    const secured = await this.#talk.secure()
    return secured.ok ? this.#talk.hello(this.#options.name) : secured
  }

  #mailLine(mail: ClientMail, utf8: boolean): string {
    const has = (word: string): boolean => this.offers.has(word)
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
      return writeRcpt(this.offers.has('DSN') ? { ...to, to: to.address } : { to: to.address })
    })
  }

  /** Hands over a message. @returns what was answered; a fault ends the session. */
  async send(mail: ClientMail): Promise<Result<ClientOutcome, ClientFault>> {
    const none = { accepted: false, sender: undefined, recipients: [], data: undefined, message: undefined }
    const utf8 = ![mail.from, ...mail.to.map((to) => (typeof to === 'string' ? to : to.address))].every(ascii)
    if (utf8 && !this.offers.has('SMTPUTF8')) return ok({ ...none, untried: 'needs-utf8' })
    const content = writeContent(mail.message)
    if (!content.ok) return ok({ ...none, untried: content.error })
    const chunk = this.#options.chunking === true && this.offers.has('CHUNKING')
    const lines = [this.#mailLine(mail, utf8), ...this.#rcptLines(mail), ...(chunk ? [] : ['DATA\r\n'])]
    const asked = await this.#askAll(lines)
    if (!asked.ok) return asked
    const replies = asked.value
    const sender = replies[0]
    const recipients = replies.slice(1, 1 + mail.to.length)
    const data = chunk ? undefined : replies[1 + mail.to.length]
    const wanted = isGood(sender) && recipients.some(isGood)
    const outcome = { accepted: false, sender, recipients, data, message: undefined }
    if (!wanted || (!chunk && data?.code !== 354)) {
      // A server that says 354 although it took no recipient gets an empty message (RFC 2920 section 3.1).
      const cleared = data?.code === 354 ? await this.#talk.ask('.\r\n') : ok(undefined)
      const reset = cleared.ok && isGood(sender) ? await this.#talk.ask('RSET\r\n') : cleared
      return reset.ok ? ok(outcome) : reset
    }
    const message = await this.#talk.ask(chunk ? writeChunk(mail.message) : content.value)
    return message.ok ? ok({ ...outcome, accepted: isGood(message.value), message: message.value }) : message
  }

  /** All at once where the server allows it; otherwise one by one, to the first that makes the others useless. */
  async #askAll(lines: readonly string[]): Promise<Result<readonly Reply[], ClientFault>> {
    const replies: Reply[] = []
    if (this.#options.pipelining !== false && this.offers.has('PIPELINING')) {
      const sent = await this.#talk.say(lines.join(''))
      if (!sent.ok) return sent
      while (replies.length < lines.length) {
        const reply = await this.#talk.reply()
        if (!reply.ok) return reply
        replies.push(reply.value)
      }
      return ok(replies)
    }
    for (const line of lines) {
      if (line === 'DATA\r\n' && !replies.slice(1).some(isGood)) break
      const reply = await this.#talk.ask(line)
      if (!reply.ok) return reply
      replies.push(reply.value)
      if (!isGood(replies[0])) break
    }
    return ok(replies)
  }

  /** QUIT, and the answer to it. */
  async quit(): Promise<Result<undefined, ClientFault>> {
    const bye = await this.#talk.ask('QUIT\r\n')
    return bye.ok ? ok(undefined) : bye
  }
}

/** @param link a connection on which nothing was said. @returns the session after EHLO (and TLS), or why there is none. */
export const openSmtp = async (link: Link, options: ClientOptions): Promise<Result<SmtpClient, ClientFault>> => {
  const client = new SmtpClient(link, options)
  const opened = await client.open()
  return opened.ok ? ok(client) : opened
}
