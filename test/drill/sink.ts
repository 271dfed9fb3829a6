/** A server that takes every message and keeps who it was from and to, and when it came: the world outside, for drills. On loopback. */
import { createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

export type Arrival = {
  readonly at: number
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
}
export type Sink = {
  readonly port: number
  readonly arrivals: readonly Arrival[]
  /** Resolves when `enough` says so of what has arrived, or `ms` have passed. @returns whether it did. */
  readonly until: (enough: (arrivals: readonly Arrival[]) => boolean, ms: number) => Promise<boolean>
  readonly close: () => Promise<void>
}

const POLL_MS = 20
const addressIn = (line: string): string => /<([^>]*)>/.exec(line)?.[1] ?? ''

/** One connection: a command at a time, as they come. */
const serve = (socket: Socket, arrived: (one: Arrival) => void): void => {
  let [from, to, subject]: [string, string[], string] = ['', [], '']
  let inData = false
  const say = (text: string): void => void socket.write(`${text}\r\n`)
  const data = (line: string): void => {
    if (line !== '.') {
      if (subject === '' && /^subject:/i.test(line)) subject = line.slice(8).trim()
      return
    }
    inData = false
    arrived({ at: performance.now(), from, to, subject })
    say('250 2.0.0 taken')
  }
  const command = (line: string): void => {
    const verb = line.slice(0, 4).toUpperCase()
    if (verb === 'EHLO') say('250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8')
    else if (verb === 'MAIL') {
      ;[from, to, subject] = [addressIn(line), [], '']
      say('250 2.1.0 ok')
    } else if (verb === 'RCPT') {
      to = [...to, addressIn(line)]
      say('250 2.1.5 ok')
    } else if (verb === 'DATA') {
      inData = true
      say('354 go on')
    } else if (verb === 'QUIT') socket.end('221 bye\r\n')
    else say('250 ok')
  }
  socket.on('error', () => socket.destroy())
  createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) =>
    inData ? data(line) : command(line),
  )
  say('220 sink ESMTP')
}

/** Opens one on a port of its own. */
export const openSink = async (): Promise<Sink> => {
  const arrivals: Arrival[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    serve(socket, (one) => void arrivals.push(one))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the sink has no port')
  return {
    port: address.port,
    arrivals,
    until: async (enough, ms) => {
      const late = performance.now() + ms
      while (!enough(arrivals) && performance.now() < late) await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      return enough(arrivals)
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
