/**
 * The queue's SMTP client: opens a session on a link that somebody dialled, and carries parcels over it, one transaction after another. RFC 5321 sections 3 and 4.5.3.2 (deadlines by stage), PIPELINING
 * (RFC 2920: the envelope of the next message goes in one piece with the content of this one), STARTTLS (RFC 3207), AUTH (auth.ts). No socket, no clock.
 *
 * A hostile server is bounded in time and memory: a reply has a deadline, a transaction has one, what comes unasked ends the session. Whatever goes wrong before the content is sent is safe to try
 * again; a connection that breaks after it and before the answer is `unsure` (the only way a message may arrive twice). A server that answers before it was asked is not believed: what it
 * says next would be taken for the answer to something else.
 */
import { fail, ok, type Result } from '../../base/result.ts'
import type { Said, Stage } from '../../post/bounce/said.ts'
import type { Courier, Errand, Outcome, Parcel } from '../../post/queue/courier.ts'
import { ours } from '../../post/queue/said.ts'
import { tlsSentence } from '../../post/transport/tls-words.ts'
import type { Reply } from '../../wire/smtp/reply.ts'
import { ContentWriter, writeBdat } from '../../wire/smtp/writer.ts'
import { type Login, logIn } from './auth.ts'
import { Dialogue, isGood, type Link, type TalkFault } from './dialogue.ts'
import { type Plan, planOf, type Server } from './transaction.ts'

export type CourierOptions = {
  /** What we call ourselves. */
  readonly name: string
  /** The server's name or address, for what is told of it. */
  readonly host: string
  /** `on`: the link is encrypted already. */
  readonly tls: 'never' | 'if-offered' | 'required' | 'on'
  readonly login?: Login
  /** The link does not leave this machine. */
  readonly isLocal: boolean
  readonly nonce: () => string
  /** Milliseconds; only differences count. */
  readonly now: () => number
}
/** `said.stage` tells where it ended; at `tls` another try without TLS may be allowed. */
export type OpenFault = { readonly said: Said }

/** RFC 5321 section 4.5.3.2. */
const waits = { greeting: 300_000, hello: 300_000, envelope: 300_000, data: 120_000, message: 600_000, quit: 3_000 }
const MOST_TRANSACTION_MS = 3_600_000 // with 100 recipients, each answered just in time, it would be 8 h
const SLICE = 262_144 // octets of a large message at a time
const MOST_TEXT = 800 // characters of a reply that are kept
const CLOSING = 421

const saidBy = ({ code, enhanced = '', lines }: Reply, host: string, stage: Stage): Said => ({
  ...{ code, enhanced, host, stage },
  text: lines
    .join(' ')
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, MOST_TEXT),
})
const faultWords: Readonly<Record<string, string>> = {
  timeout: 'the server did not answer in time',
  closed: 'the server closed the connection',
  aborted: 'we stopped',
  tls: 'the encryption failed',
}
const saidOf = (fault: TalkFault, host: string, stage: Stage): Said => {
  if (fault.kind === 'bad-reply')
    return ours('4.5.0', stage, 'the server says what is no SMTP reply, or says it unasked', host)
  const certificate = tlsSentence(fault.why)
  return certificate !== undefined
    ? ours('4.7.5', stage, certificate, host)
    : ours('4.4.2', stage, faultWords[fault.why] ?? `the connection failed (${fault.why})`, host)
}

/** What came back of an envelope. */
type Answers = { readonly mail: Reply; readonly rcpts: readonly Reply[]; readonly data: Reply | undefined }
/** A parcel whose envelope is about to be answered. */
type Begun<P> = { readonly parcel: P; readonly plan: Plan; readonly reset: boolean; readonly told: boolean }
type Carried<P> = { readonly next: Begun<P> | undefined; readonly over: Said | undefined }
type Ended = { readonly over: Said } | undefined

class SmtpCourier implements Courier {
  readonly #talk: Dialogue
  readonly #server: Server
  readonly #now: () => number
  /** Transactions that came to an end here. */
  #served = 0
  /** A transaction was opened and not ended: RSET comes first. */
  #dirty = false
  #deadline = 0

  constructor(talk: Dialogue, server: Server, now: () => number) {
    this.#talk = talk
    this.#server = server
    this.#now = now
  }

  async run<P extends Parcel>(errand: Errand<P>): Promise<Said | undefined> {
    let begun: Begun<P> | undefined
    for (;;) {
      begun ??= await this.#first(errand)
      if (begun === undefined) return undefined
      this.#deadline = this.#now() + MOST_TRANSACTION_MS
      const carried: Carried<P> = await this.#carry(begun, errand)
      if (carried.over !== undefined) {
        if (carried.next !== undefined) errand.back(carried.next.parcel)
        return carried.over
      }
      begun = carried.next
    }
  }

  async quit(): Promise<void> {
    await this.#talk.ask('QUIT\r\n', waits.quit)
  }

  /** The next parcel that this server can be handed; others are answered at once. */
  async #first<P extends Parcel>(errand: Errand<P>): Promise<Begun<P> | undefined> {
    for (;;) {
      const parcel = errand.next()
      if (parcel === undefined && !(await errand.more())) return undefined
      if (parcel === undefined) continue
      const begun = this.#plan(parcel, errand, false)
      if (begun !== undefined) return begun
    }
  }

  #plan<P extends Parcel>(parcel: P, errand: Errand<P>, told: boolean): Begun<P> | undefined {
    const plan = planOf(parcel, this.#server)
    if ('mail' in plan) return { parcel, plan, reset: this.#dirty, told }
    errand.done(
      parcel,
      outcomeOf(parcel, false, () => plan),
    )
    return undefined
  }

  get #pipelining(): boolean {
    return this.#server.offers.has('PIPELINING')
  }

  #reply(ms: number): Promise<Result<Reply, TalkFault>> {
    return this.#talk.reply(Math.max(1, Math.min(ms, this.#deadline - this.#now())))
  }

  async #ask(text: string | Uint8Array, ms: number): Promise<Result<Reply, TalkFault>> {
    const sent = await this.#talk.say(text)
    return sent.ok ? this.#reply(ms) : sent
  }

  /** One transaction, from its envelope (which may have gone already) to the answer to its content. */
  async #carry<P extends Parcel>(begun: Begun<P>, errand: Errand<P>): Promise<Carried<P>> {
    const { parcel, plan } = begun
    const { host } = this.#server
    const answers = await this.#envelope(begun)
    if (!answers.ok) {
      const said = saidOf(answers.error, host, 'mail')
      return { next: undefined, over: this.#cut(parcel, errand, said, answers.error.kind === 'link') }
    }
    const closing = [answers.value.mail, ...answers.value.rcpts].find(({ code }) => code === CLOSING)
    if (closing !== undefined) {
      const said = saidBy(closing, host, 'mail')
      return { next: undefined, over: this.#cut(parcel, errand, said, answers.value.mail === closing) }
    }
    const { mail, rcpts, data } = answers.value
    const wanted = isGood(mail) && rcpts.some(isGood)
    if (wanted && (plan.chunk || data?.code === 354)) return this.#content(begun, errand, rcpts)
    const ended = await this.#abandon(isGood(mail), data)
    errand.done(
      parcel,
      outcomeOf(parcel, plan.dsn, (at) => refusalOf(answers.value, at, host)),
    )
    this.#served += 1
    return { next: undefined, over: ended?.over }
  }

  /** The session ends before any content: the parcel is told so, or (when it was the turn of a connection that had served) goes to another connection. */
  #cut<P extends Parcel>(parcel: P, errand: Errand<P>, said: Said, isStale: boolean): Said {
    if (isStale && this.#served > 0) errand.back(parcel)
    else
      errand.done(
        parcel,
        outcomeOf(parcel, false, () => said),
      )
    return said
  }

  /** A transaction without content. A server that says 354 although it took no recipient gets an empty message (RFC 2920 section 3.1). */
  async #abandon(open: boolean, data: Reply | undefined): Promise<Ended> {
    this.#dirty = open
    if (data?.code === CLOSING) return { over: saidBy(data, this.#server.host, 'data') }
    if (data?.code !== 354) return undefined
    const cleared = await this.#ask('.\r\n', waits.message)
    this.#dirty = false
    return cleared.ok ? undefined : { over: saidOf(cleared.error, this.#server.host, 'data') }
  }

  /** Says the envelope (if it has not gone yet) and reads what is answered: all at once, or line by line to the first that makes the others useless. */
  async #envelope<P>({ plan, reset, told }: Begun<P>): Promise<Result<Answers, TalkFault>> {
    this.#dirty = false
    const lines = [plan.mail, ...plan.rcpts, ...(plan.chunk ? [] : ['DATA\r\n'])]
    if (!told && this.#talk.ahead > 0) return this.#unasked()
    if (this.#pipelining) {
      const sent = told ? ok(undefined) : await this.#talk.say(`${reset ? 'RSET\r\n' : ''}${lines.join('')}`)
      if (!sent.ok) return sent
      return this.#answersOf(plan, reset)
    }
    if (reset) {
      const cleared = await this.#ask('RSET\r\n', waits.envelope)
      if (!cleared.ok) return cleared
    }
    const mail = await this.#ask(plan.mail, waits.envelope)
    if (!mail.ok) return mail
    const rcpts: Reply[] = []
    for (const line of isGood(mail.value) ? plan.rcpts : []) {
      const rcpt = await this.#ask(line, waits.envelope)
      if (!rcpt.ok) return rcpt
      rcpts.push(rcpt.value)
    }
    if (plan.chunk || !rcpts.some(isGood)) return ok({ mail: mail.value, rcpts, data: undefined })
    const data = await this.#ask('DATA\r\n', waits.data)
    return data.ok ? ok({ mail: mail.value, rcpts, data: data.value }) : data
  }

  /** A waiting 421 is the server's good-bye; anything else unasked is not believed. */
  async #unasked(): Promise<Result<Answers, TalkFault>> {
    const reply = await this.#talk.reply(1)
    return reply.ok && reply.value.code === CLOSING
      ? ok({ mail: reply.value, rcpts: [], data: undefined })
      : fail({ kind: 'bad-reply' })
  }

  async #answersOf(plan: Plan, reset: boolean): Promise<Result<Answers, TalkFault>> {
    const count = plan.rcpts.length + (reset ? 1 : 0)
    const replies: Reply[] = []
    while (replies.length < count + (plan.chunk ? 1 : 2)) {
      const reply = await this.#reply(replies.length > count ? waits.data : waits.envelope)
      if (!reply.ok) return reply
      replies.push(reply.value)
      if (reply.value.code === CLOSING) return ok({ mail: reply.value, rcpts: [], data: undefined })
    }
    const [mail, ...rest] = reset ? replies.slice(1) : replies
    if (mail === undefined) return fail({ kind: 'bad-reply' })
    const rcpts = rest.slice(0, plan.rcpts.length)
    return ok({ mail, rcpts, data: rest[plan.rcpts.length] })
  }

  /** Sends the content, with the next envelope behind it where that is there already, and reads the answer. */
  async #content<P extends Parcel>(begun: Begun<P>, errand: Errand<P>, rcpts: readonly Reply[]): Promise<Carried<P>> {
    const { parcel, plan } = begun
    const { host } = this.#server
    const finish = (said: Said | 'taken', more: Pick<Outcome, 'unsure'> & { readonly reply?: Said }): void =>
      errand.done(parcel, {
        ...more,
        recipients: rcpts.map((rcpt) => (isGood(rcpt) ? said : saidBy(rcpt, host, 'rcpt'))),
        dsn: plan.dsn,
      })
    if (this.#talk.ahead > 0) {
      const said = saidOf({ kind: 'bad-reply' }, host, 'data')
      finish(said, { unsure: false })
      return { next: undefined, over: said }
    }
    errand.begins(parcel)
    const next = plan.content === undefined || !this.#pipelining ? undefined : this.#ahead(errand)
    const sent =
      plan.content === undefined
        ? await this.#pieces(parcel, plan)
        : await this.#talk.say(next === undefined ? plan.content : withEnvelope(plan.content, next.plan))
    if (sent !== undefined && !('ok' in sent)) {
      finish(sent, { unsure: false })
      return { next, over: sent }
    }
    const reply = sent === undefined || sent.ok ? await this.#reply(waits.message) : sent
    if (!reply.ok) {
      const said = saidOf(reply.error, host, 'message')
      finish(said, { unsure: true })
      return { next, over: said }
    }
    this.#served += 1
    const said = saidBy(reply.value, host, 'message')
    finish(isGood(reply.value) ? 'taken' : said, { unsure: false, ...(isGood(reply.value) ? { reply: said } : {}) })
    return { next, over: reply.value.code === CLOSING ? said : undefined }
  }

  /** The next parcel, where it is here already. */
  #ahead<P extends Parcel>(errand: Errand<P>): Begun<P> | undefined {
    for (;;) {
      const next = errand.next()
      if (next === undefined) return undefined
      const begun = this.#plan(next, errand, true)
      if (begun !== undefined) return begun
    }
  }

  /** A large message, slice by slice. @returns nothing when all was sent; what to say when it must not be ended; a fault of the link */
  async #pieces(parcel: Parcel, plan: Plan): Promise<undefined | Said | Result<never, TalkFault>> {
    const { host } = this.#server
    const { content, size } = parcel
    const read =
      typeof content === 'function' ? content : async (from: number, to: number) => content.subarray(from, to)
    const writer = plan.chunk ? undefined : new ContentWriter()
    if (plan.chunk) {
      const sent = await this.#talk.say(writeBdat(size))
      if (!sent.ok) return saidOf(sent.error, host, 'message')
    }
    for (let from = 0; from < size; from += SLICE) {
      if (this.#now() > this.#deadline) return saidOf({ kind: 'link', why: 'timeout' }, host, 'message')
      const slice = await read(from, Math.min(size, from + SLICE))
      if (slice === undefined) return ours('4.3.0', 'message', 'the message could not be read here', host)
      const piece = writer === undefined ? ok(slice) : writer.feed(slice)
      if (!piece.ok)
        return ours(
          '5.6.0',
          'message',
          'the message has a line end that is not CRLF: it would not arrive as it is',
          host,
        )
      const sent = await this.#talk.say(piece.value)
      // With the last slice of a chunk the message is whole; of DATA only with the dot.
      if (!sent.ok) return plan.chunk && from + SLICE >= size ? sent : saidOf(sent.error, host, 'message')
    }
    const end = writer?.end() ?? ok(new Uint8Array(0))
    if (!end.ok) return ours('5.6.0', 'message', 'the message ends in the middle of a line end', host)
    if (end.value.length === 0) return undefined
    const sent = await this.#talk.say(end.value)
    return sent.ok ? undefined : sent
  }
}

const withEnvelope = (content: Uint8Array, { mail, rcpts, chunk }: Plan): Uint8Array =>
  Buffer.concat([content, Buffer.from(`${mail}${rcpts.join('')}${chunk ? '' : 'DATA\r\n'}`)])

const outcomeOf = (parcel: Parcel, dsn: boolean, said: (at: number) => Said): Outcome => ({
  ...{ recipients: parcel.recipients.map((_, at) => said(at)), unsure: false, dsn },
})

/** Why a recipient's message was not even begun: the sender was refused, or this recipient, or DATA. */
const refusalOf = ({ mail, rcpts, data }: Answers, at: number, host: string): Said => {
  if (!isGood(mail)) return saidBy(mail, host, 'mail')
  const rcpt = rcpts[at]
  if (rcpt !== undefined && !isGood(rcpt)) return saidBy(rcpt, host, 'rcpt')
  return data === undefined
    ? ours('4.5.0', 'data', 'the server did not say how to go on', host)
    : saidBy(data, host, 'data')
}

/** Greeting, EHLO, TLS where it is wanted and EHLO again, login where one is given. @returns the courier, or where it ended */
export const openCourier = async (
  link: Link,
  options: CourierOptions,
): Promise<Result<Courier & { readonly isTls: boolean }, OpenFault>> => {
  const { host, name, tls } = options
  const talk = new Dialogue(link, options.now)
  const ended = (fault: TalkFault, stage: Stage): Result<never, OpenFault> => fail({ said: saidOf(fault, host, stage) })
  const greeting = await talk.reply(waits.greeting)
  if (!greeting.ok) return ended(greeting.error, 'greeting')
  if (!isGood(greeting.value)) return fail({ said: saidBy(greeting.value, host, 'greeting') })
  const hello = async (): Promise<Result<undefined, OpenFault>> => {
    const greeted = await talk.hello(name, waits.hello, tls !== 'required')
    if (greeted.ok) return greeted
    return greeted.error.kind === 'refused'
      ? fail({ said: saidBy(greeted.error.reply, host, 'greeting') })
      : ended(greeted.error, 'greeting')
  }
  const first = await hello()
  if (!first.ok) return first
  let isTls = tls === 'on'
  if (tls === 'required' && !talk.offers.has('STARTTLS'))
    return fail({
      said: ours('4.7.4', 'tls', 'the server offers no encryption (STARTTLS), and it must be encrypted', host),
    })
  if ((tls === 'required' || tls === 'if-offered') && talk.offers.has('STARTTLS')) {
    const begun = await begin(talk, host, tls === 'required')
    if (!begun.ok) return begun
    isTls = begun.value
    const second = isTls ? await hello() : ok(undefined)
    if (!second.ok) return second
  }
  if (options.login !== undefined) {
    const needs = { host, isSafe: isTls || options.isLocal, nonce: options.nonce }
    const logged = await logIn(talk, options.login, needs)
    if (!logged.ok) return fail({ said: logged.error })
  }
  const courier = new SmtpCourier(talk, { host, offers: talk.offers, isTls }, options.now)
  return ok({ run: (errand) => courier.run(errand), quit: () => courier.quit(), isTls })
}

/** STARTTLS and the handshake. @returns whether there is TLS now */
const begin = async (talk: Dialogue, host: string, isMust: boolean): Promise<Result<boolean, OpenFault>> => {
  const ready = await talk.ask('STARTTLS\r\n', waits.hello)
  if (!ready.ok) return fail({ said: saidOf(ready.error, host, 'tls') })
  if (!isGood(ready.value)) {
    if (ready.value.code === CLOSING) return fail({ said: saidBy(ready.value, host, 'greeting') })
    return isMust ? fail({ said: saidBy(ready.value, host, 'tls') }) : ok(false)
  }
  const secured = await talk.secure()
  return secured.ok ? ok(true) : fail({ said: saidOf(secured.error, host, 'tls') })
}
