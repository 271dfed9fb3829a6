/** A small POP3 client for benches: it logs in and takes messages, and counts their octets. RFC 1939. */
import { connect, type Socket } from 'node:net'

const LINE_END = Buffer.from('\r\n')
const DATA_END = Buffer.from('\r\n.\r\n')

export class Pop3Load {
  readonly #socket: Socket
  #held: Buffer = Buffer.alloc(0)
  #waiting: { readonly end: Buffer; readonly done: (answer: string) => void } | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
      this.#look()
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#waiting?.done('-ERR The server hung up'))
  }

  #look(): void {
    const waiting = this.#waiting
    if (waiting === undefined) return
    // A refusal is one line, whatever was asked.
    const end = this.#held[0] === 0x2d ? LINE_END : waiting.end
    const at = this.#held.indexOf(end)
    if (at < 0) return
    const answer = this.#held.toString('latin1', 0, at)
    this.#held = this.#held.subarray(at + end.length)
    this.#waiting = undefined
    waiting.done(answer)
  }

  /** @returns the answer; of one of several lines all of them. @throws where the server refuses */
  async command(text: string, isLong = false): Promise<string> {
    const answer = await new Promise<string>((done) => {
      this.#waiting = { end: isLong ? DATA_END : LINE_END, done }
      if (text !== '') this.#socket.write(`${text}\r\n`)
      this.#look()
    })
    if (!answer.startsWith('+OK')) throw new Error(`${text}: ${answer}`)
    return answer
  }

  /** Hangs up. */
  close(): void {
    this.#socket.destroy()
  }
}

/** Connects and logs in. */
export const openPop3 = async (door: {
  readonly port: number
  readonly user: string
  readonly password: string
}): Promise<Pop3Load> => {
  const load = new Pop3Load(connect({ host: '127.0.0.1', port: door.port, noDelay: true }))
  await load.command('')
  await load.command(`USER ${door.user}`)
  await load.command(`PASS ${door.password}`)
  return load
}
