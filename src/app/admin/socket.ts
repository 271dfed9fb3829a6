/** The two ends of the admin socket. The server's end answers one request a connection; the command's end asks one. */
import { chmodSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { fail, ok, type Result } from '../../base/result.ts'
import {
  type AdminAnswer,
  type AdminRequest,
  MOST_ANSWER,
  MOST_REQUEST,
  readAnswer,
  readRequest,
  SOCKET_NAME,
  writeLine,
} from './wire.ts'

const MOST_CONNECTIONS = 20
const REQUEST_MS = 10_000
const ANSWER_MS = 600_000 // `check` reads every stored body

/** @param answer never rejects. @returns the listening end; its socket file is made anew. */
export const listenAdmin = (
  folder: string,
  answer: (request: AdminRequest) => Promise<AdminAnswer>,
): Promise<Result<Server, 'failed'>> =>
  new Promise((resolve) => {
    const path = join(folder, SOCKET_NAME)
    rmSync(path, { force: true }) // the data folder is locked by this server: a socket that is there is a dead one's
    const server = createServer((socket) => {
      let text = ''
      socket.setEncoding('utf8').setTimeout(REQUEST_MS, () => socket.destroy())
      socket.on('error', () => socket.destroy())
      socket.on('data', (piece: string) => {
        text += piece
        if (text.length > MOST_REQUEST) return socket.destroy()
        const end = text.indexOf('\n')
        if (end < 0) return undefined
        socket.pause().setTimeout(0)
        const request = readRequest(text.slice(0, end))
        if (!request.ok) return socket.end(writeLine({ ok: false, says: 'the request cannot be read' }))
        answer(request.value).then(
          (said) => socket.end(writeLine(said)),
          () => socket.destroy(),
        )
        return undefined
      })
    })
    server.maxConnections = MOST_CONNECTIONS
    server.once('error', () => resolve(fail('failed')))
    server.listen(path, () => {
      chmodSync(path, 0o600)
      resolve(ok(server))
    })
  })

/** @returns the server's answer, or `no-server` where none listens in that folder. */
export const askServer = (
  folder: string,
  request: AdminRequest,
): Promise<Result<AdminAnswer, 'no-server' | 'broken'>> =>
  new Promise((resolve) => {
    const socket = createConnection(join(folder, SOCKET_NAME))
    let pieces: string[] = []
    let size = 0
    socket.setEncoding('utf8').setTimeout(ANSWER_MS, () => socket.destroy())
    socket.once('connect', () => socket.write(writeLine(request)))
    socket.on('data', (piece: string) => {
      pieces.push(piece)
      size += piece.length
      if (size > MOST_ANSWER) socket.destroy()
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(fail(['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes(error.code ?? '') ? 'no-server' : 'broken'))
    })
    socket.once('close', () => {
      const read = readAnswer(pieces.join('').trimEnd())
      pieces = []
      resolve(read.ok ? ok(read.value) : fail('broken'))
    })
  })
