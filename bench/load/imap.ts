/**
 * A small IMAP client for benches: it sends a command, counts what comes back, and notes when. It keeps only what it is asked to keep, so that it
 * is not what is measured. RFC 9051; no library, because each of them parses more than the server prints.
 */
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export type Answer = {
  readonly ok: boolean
  readonly ms: number
  readonly octets: number
  /** The tagged line. */
  readonly tagged: string
  /** All that came, where `keep` was asked for; otherwise empty. */
  readonly text: string
}

type Waiting = {
  readonly mark: Buffer
  readonly began: number
  readonly keep: boolean
  readonly done: (answer: Answer) => void
  chunks: Buffer[]
  octets: number
  tail: Buffer
}

const HUNG_UP = 'NO The server hung up'

export class ImapLoad {
  readonly #socket: Socket
  #waiting: Waiting | undefined
  #count = 0
  #watch: { readonly pattern: RegExp; text: string; readonly done: (at: number) => void } | undefined
  #closed = false

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#heard(chunk))
    socket.on('error', () => this.#socket.destroy())
    socket.on('close', () => {
      this.#closed = true
      const waiting = this.#waiting
      if (waiting !== undefined) this.#answer(waiting, HUNG_UP)
    })
  }

  get closed(): boolean {
    return this.#closed
  }

  #heard(chunk: Buffer): void {
    const watch = this.#watch
    if (watch !== undefined) {
      watch.text = (watch.text + chunk.toString('latin1')).slice(-4096)
      if (watch.pattern.test(watch.text)) {
        this.#watch = undefined
        watch.done(performance.now())
      }
    }
    const waiting = this.#waiting
    if (waiting === undefined) return
    waiting.octets += chunk.length
    if (waiting.keep) waiting.chunks.push(chunk)
    // The mark may lie across two chunks, and the line may end in a third.
    const seen = waiting.tail.length === 0 ? chunk : Buffer.concat([waiting.tail, chunk])
    const at = seen.lastIndexOf(waiting.mark)
    const end = at < 0 ? -1 : seen.indexOf('\r\n', at + 2)
    if (end >= 0) this.#answer(waiting, seen.toString('latin1', at, end).trim())
    else waiting.tail = Buffer.from(seen.subarray(at >= 0 ? at : Math.max(0, seen.length - waiting.mark.length)))
  }

  #answer(waiting: Waiting, tagged: string): void {
    this.#waiting = undefined
    const ms = performance.now() - waiting.began
    const text = waiting.keep ? Buffer.concat(waiting.chunks).toString('latin1') : ''
    waiting.done({ ok: / OK\b/.test(tagged), ms, octets: waiting.octets, tagged, text })
  }

  /** Sends a command and waits for its tagged answer. @param literal octets that follow it, as a literal that is not waited for. */
  command(text: string, options: { readonly keep?: boolean; readonly literal?: Uint8Array } = {}): Promise<Answer> {
    this.#count += 1
    const tag = `b${this.#count}`
    if (this.#closed) return Promise.resolve({ ok: false, ms: 0, octets: 0, tagged: HUNG_UP, text: '' })
    return new Promise((done) => {
      const began = performance.now()
      this.#waiting = {
        // A newline before it keeps a tag in a message's text from being taken for the answer, but for a text that means to.
        mark: Buffer.from(`\n${tag} `),
        began,
        keep: options.keep === true,
        done,
        chunks: [],
        octets: 0,
        tail: Buffer.from('\n'),
      }
      if (options.literal === undefined) this.#socket.write(`${tag} ${text}\r\n`)
      else {
        this.#socket.write(`${tag} ${text} {${options.literal.length}+}\r\n`)
        this.#socket.write(options.literal)
        this.#socket.write('\r\n')
      }
    })
  }

  /** Begins IDLE. @returns what ends it. */
  async idle(): Promise<() => Promise<Answer>> {
    const begun = this.see(/^\+ /m)
    const ended = this.command('IDLE')
    await begun
    return async () => {
      this.#socket.write('DONE\r\n')
      return ended
    }
  }

  /** @returns when (`performance.now()`) a text came that matches; one at a time. */
  see(pattern: RegExp): Promise<number> {
    return new Promise((done) => {
      this.#watch = { pattern, text: '', done }
    })
  }

  /** Hangs up. */
  close(): void {
    this.#socket.destroy()
  }
}

export type Door = { readonly host: string; readonly port: number; readonly tls: boolean }

/** Connects and waits for the greeting; certificates are not checked, because benches make their own. */
export const connectImap = async (door: Door): Promise<ImapLoad> => {
  const { host, port } = door
  const socket = door.tls ? connectTls({ host, port, rejectUnauthorized: false }) : connectPlain({ host, port })
  socket.setNoDelay(true)
  const load = new ImapLoad(socket)
  const failed = new Promise<never>((_, refuse) => {
    socket.once('error', refuse)
    socket.once('close', () => refuse(new Error('the server hung up before its greeting')))
  })
  failed.catch(() => undefined)
  await Promise.race([load.see(/^\* (OK|PREAUTH) [^\n]*\n/m), failed])
  return load
}

/** Connects, logs in, and selects a mailbox where one is named. @throws where the server says no. */
export const openImap = async (
  door: Door & { readonly user: string; readonly password: string; readonly mailbox?: string },
): Promise<ImapLoad> => {
  const load = await connectImap(door)
  const login = await load.command(`LOGIN "${door.user}" "${door.password}"`)
  if (!login.ok) throw new Error(login.tagged)
  if (door.mailbox === undefined) return load
  const selected = await load.command(`SELECT "${door.mailbox}"`)
  if (!selected.ok) throw new Error(selected.tagged)
  return load
}

/** Figures of many answers. */
export const latencies = (
  ms: readonly number[],
): { readonly p50: number; readonly p99: number; readonly most: number } => {
  const sorted = [...ms].sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { p50: at(0.5), p99: at(0.99), most: sorted.at(-1) ?? 0 }
}
