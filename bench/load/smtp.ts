/**
 * A load of SMTP: so many sessions at once, from so many addresses, hand over messages of a size, and the time from the end of data to 250
 * is measured. Lean on purpose (prepared octets, no parsing beyond the codes), because it shares the machine with the server that it loads.
 */
import { createConnection, type Socket } from 'node:net'

export type SmtpLoad = {
  readonly host: string
  readonly port: number
  /** Connections at once. */
  readonly sessions: number
  /** Messages in all. */
  readonly messages: number
  /** Octets of a message, its header included (at least some 300). */
  readonly size: number
  /** Recipients of the message numbered `n`. */
  readonly to: (n: number) => readonly string[]
  readonly from?: (n: number) => string
  /** A message of the caller's own, CRLF lines, instead of one of `size` octets. */
  readonly message?: (n: number) => Buffer
  /** Where connection `n` comes from; the system's choice when left out. */
  readonly localAddress?: (session: number) => string
  /** Messages of one connection before it is closed and opened anew; 100 when left out. */
  readonly each?: number
  /** MAIL, RCPT and DATA in one write, as real senders do; true when left out. */
  readonly pipelining?: boolean
  /** Told of every message that was answered with 250. */
  readonly accepted?: (n: number, reply: string) => void
}
export type SmtpLoadResult = {
  readonly accepted: number
  /** Answers other than 250, and how often each came. */
  readonly refused: ReadonlyMap<string, number>
  /** Messages without an answer: the connection ended. */
  readonly lost: number
  readonly seconds: number
  readonly perSecond: number
  /** From the last octet of a message to its 250, milliseconds. */
  readonly latency: { readonly p50: number; readonly p90: number; readonly p99: number; readonly most: number }
}

const filler = 'Lorem ipsum dolor sit amet, consectetur adipisici elit, sed eiusmod tem\r\n'

/** @returns message `n`, `size` octets, with a Message-ID and a body of its own. */
export const loadMessage = (n: number, size: number): Buffer => {
  const head = `From: Load <load@bench.example>\r\nTo: <user@bench.example>\r\nSubject: Message ${n}\r\nDate: Tue, 24 Nov 2026 05:20:16 +0000\r\nMessage-ID: <load.${n}@bench.example>\r\nX-Load: ${n}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nThis is message ${n}.\r\n`
  const room = Math.max(0, size - head.length - 2)
  return Buffer.from(
    `${head}${filler
      .repeat(Math.ceil(room / filler.length))
      .slice(0, room)
      .replace(/[\r\n]+$/, '')}\r\n`,
  )
}

const LOST = 'lost'

/** One connection: writes, and waits for so many replies. */
class Line {
  readonly #socket: Socket
  #held = ''
  #replies: string[] = []
  #wanted = 0
  #resolve: ((replies: readonly string[] | typeof LOST) => void) | undefined
  #closed = false

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => this.#heard(bytes.toString('latin1')))
    socket.on('error', () => this.#end())
    socket.on('close', () => this.#end())
  }

  #end(): void {
    this.#closed = true
    this.#resolve?.(LOST)
  }

  #heard(text: string): void {
    const lines = (this.#held + text).split('\r\n')
    this.#held = lines.pop() ?? ''
    for (const line of lines) if (line[3] !== '-') this.#replies.push(line)
    if (this.#replies.length >= this.#wanted && this.#resolve !== undefined)
      this.#resolve(this.#replies.splice(0, this.#wanted))
  }

  /** @returns the last lines of the next replies, or `lost`. */
  async ask(bytes: string | Buffer, replies = 1): Promise<readonly string[] | typeof LOST> {
    if (this.#closed) return LOST
    this.#wanted = replies
    const heard = new Promise<readonly string[] | typeof LOST>((resolve) => {
      this.#resolve = resolve
    })
    if (bytes.length > 0) this.#socket.write(bytes)
    if (this.#replies.length >= replies) this.#resolve?.(this.#replies.splice(0, replies))
    const answer = await heard
    this.#resolve = undefined
    return answer
  }

  close(): void {
    this.#socket.end()
    this.#socket.destroySoon()
  }
}

type Tally = {
  next: number
  accepted: number
  lost: number
  readonly refused: Map<string, number>
  readonly latencies: number[]
}

const envelopeOf = (load: SmtpLoad, n: number): readonly string[] => {
  const from = load.from?.(n) ?? `load${n % 100}@bench.example`
  return [`MAIL FROM:<${from}>\r\n`, ...load.to(n).map((to) => `RCPT TO:<${to}>\r\n`), 'DATA\r\n']
}

/** @returns the reply to the message, or to what refused it; `lost` without one. */
const deliver = async (line: Line, load: SmtpLoad, n: number, tally: Tally): Promise<string> => {
  const envelope = envelopeOf(load, n)
  const content = Buffer.concat([load.message?.(n) ?? loadMessage(n, load.size), Buffer.from('.\r\n')])
  let last = ''
  if (load.pipelining ?? true) {
    const replies = await line.ask(envelope.join(''), envelope.length)
    if (replies === LOST) return LOST
    const final = replies.at(-1) ?? ''
    // What refused it is the first answer that is not good, rather than the answer to DATA.
    last = final.startsWith('354') ? final : (replies.find((reply) => !/^[23]/.test(reply)) ?? final)
  } else {
    for (const command of envelope) {
      const replies = await line.ask(command)
      if (replies === LOST) return LOST
      last = replies[0] ?? ''
      if (!/^[23]/.test(last)) break
    }
  }
  if (!last.startsWith('354')) {
    await line.ask('RSET\r\n')
    return last
  }
  const since = performance.now()
  const answer = await line.ask(content)
  if (answer === LOST) return LOST
  tally.latencies.push(performance.now() - since)
  return answer[0] ?? ''
}

const run = async (load: SmtpLoad, session: number, tally: Tally): Promise<void> => {
  const each = load.each ?? 100
  const localAddress = load.localAddress?.(session)
  while (tally.next < load.messages) {
    const where = { host: load.host, port: load.port, ...(localAddress === undefined ? {} : { localAddress }) }
    const line = new Line(createConnection(where))
    const greeted = await line.ask('')
    const hello = greeted === LOST ? LOST : await line.ask('EHLO load.bench.example\r\n')
    for (let done = 0; done < each && tally.next < load.messages; done += 1) {
      const n = tally.next
      tally.next += 1
      const reply = hello === LOST ? LOST : await deliver(line, load, n, tally)
      if (reply === LOST) {
        tally.lost += 1
        break
      }
      if (reply.startsWith('250')) {
        tally.accepted += 1
        load.accepted?.(n, reply)
      } else tally.refused.set(reply, (tally.refused.get(reply) ?? 0) + 1)
    }
    await line.ask('QUIT\r\n')
    line.close()
  }
}

const share = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN

/** Runs the load to its end. A message is tried once; a connection that ends takes its message with it (`lost`). */
export const smtpLoad = async (load: SmtpLoad): Promise<SmtpLoadResult> => {
  const tally: Tally = { next: 0, accepted: 0, lost: 0, refused: new Map(), latencies: [] }
  const since = performance.now()
  await Promise.all(Array.from({ length: load.sessions }, (_, session) => run(load, session, tally)))
  const seconds = (performance.now() - since) / 1000
  const sorted = tally.latencies.toSorted((a, b) => a - b)
  return {
    accepted: tally.accepted,
    refused: tally.refused,
    lost: tally.lost,
    seconds,
    perSecond: tally.accepted / seconds,
    latency: {
      p50: share(sorted, 0.5),
      p90: share(sorted, 0.9),
      p99: share(sorted, 0.99),
      most: sorted.at(-1) ?? Number.NaN,
    },
  }
}
