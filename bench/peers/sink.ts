/** A server that takes everything and keeps the Message-IDs, in this process: what kills its client leaves it standing. Loopback only. */
import { createServer, type Socket } from 'node:net'

export type Sink = {
  readonly port: number
  /** How often each Message-ID came. */
  readonly taken: ReadonlyMap<string, number>
  readonly close: () => Promise<void>
}

const answers: Readonly<Record<string, string>> = {
  EHLO: '250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 0\r\n',
  DATA: '354 go\r\n',
  QUIT: '221 bye\r\n',
}

const serve = (socket: Socket, taken: Map<string, number>): void => {
  let held = ''
  let inContent = false
  socket.on('error', () => socket.destroy())
  socket.write('220 sink.example ESMTP\r\n')
  socket.on('data', (octets: Buffer) => {
    held += octets.toString('latin1')
    let said = ''
    for (;;) {
      const end = held.indexOf(inContent ? '\r\n.\r\n' : '\r\n')
      if (end < 0) break
      const text = held.slice(0, end)
      held = held.slice(end + (inContent ? 5 : 2))
      if (inContent) {
        const id = /^Message-ID: <(.+)>/m.exec(text)?.[1] ?? ''
        taken.set(id, (taken.get(id) ?? 0) + 1)
        said += '250 2.0.0 taken\r\n'
      } else said += answers[text.slice(0, 4)] ?? '250 2.0.0 ok\r\n'
      inContent = !inContent && text === 'DATA'
    }
    if (said !== '') socket.write(said)
  })
}

/** @returns it, listening. */
export const startSink = (): Promise<Sink> =>
  new Promise((resolve) => {
    const taken = new Map<string, number>()
    const sockets = new Set<Socket>()
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      serve(socket, taken)
    })
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : 0,
        taken,
        close: () =>
          new Promise((done) => {
            for (const socket of sockets) socket.destroy()
            server.close(() => done())
          }),
      })
    })
  })
