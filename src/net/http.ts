/**
 * A small HTTP/1.1 server for metrics, health and the policies that others fetch, over node:http: GET and HEAD of the paths in a table, on loopback unless told
 * otherwise; with TLS where contexts are given (to clients that send a name: RFC 6066 section 3). RFC 9110, RFC 9112. Refused on purpose: bodies, other methods, keep-alive over IDLE_MS, headers over MOST_HEADER octets.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { fail, ok, type Result } from '../base/result.ts'
import type { Contexts } from './secure.ts'

type HttpAnswer = { readonly status: number; readonly type: string; readonly body: string }
export type HttpOptions = {
  readonly host?: string
  /** 0: any that is free. */
  readonly port: number
  /** Path -> answer; asked at each request. `host` is the Host field in lower case, without its port. Undefined: not found. */
  readonly routes: Readonly<Record<string, (host: string) => HttpAnswer | undefined | Promise<HttpAnswer | undefined>>>
  /** With TLS, by the certificates that these give. */
  readonly contexts?: Contexts
  /** Told when a route throws; the client hears 500. */
  readonly failed?: (path: string, error: unknown) => void
}
export type HttpListener = { readonly port: number; readonly close: () => Promise<void> }

const MOST_HEADER = 8192
const MOST_HEADERS = 64
const MOST_CONNECTIONS = 64
const MOST_REQUESTS = 1000
const HEADERS_MS = 5000
const HANDSHAKE_MS = 10_000
const IDLE_MS = 5000
const TEXT = 'text/plain; charset=utf-8'

const plain = (status: number, body: string): HttpAnswer => ({ status, type: TEXT, body: `${body}\n` })

const answerTo = async (options: HttpOptions, request: IncomingMessage): Promise<HttpAnswer> => {
  const path = (request.url ?? '/').split('?')[0] ?? '/'
  const route = Object.hasOwn(options.routes, path) ? options.routes[path] : undefined
  if (route === undefined) return plain(404, 'not found')
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'only GET')
  const host = (request.headers.host ?? '').toLowerCase().replace(/:\d*$/, '')
  try {
    return (await route(host)) ?? plain(404, 'not found')
  } catch (error) {
    options.failed?.(path, error)
    return plain(500, 'a mistake of ours')
  }
}

const send = (request: IncomingMessage, response: ServerResponse, answer: HttpAnswer): void => {
  const body = Buffer.from(answer.body)
  response.writeHead(answer.status, {
    'content-type': answer.type,
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(answer.status === 405 ? { allow: 'GET, HEAD' } : {}),
    ...(request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined
      ? {}
      : { connection: 'close' }), // a body is not read
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** @returns the server when it answers, or the system's code for why not. */
export const serveHttp = async (options: HttpOptions): Promise<Result<HttpListener, string>> => {
  const bounds = {
    maxHeaderSize: MOST_HEADER,
    headersTimeout: HEADERS_MS,
    requestTimeout: HEADERS_MS,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: 1000,
  }
  const heard = (request: IncomingMessage, response: ServerResponse): void => {
    response.on('error', () => undefined) // the client went away
    void answerTo(options, request).then((answer) => send(request, response, answer))
  }
  const { contexts } = options
  const server =
    contexts === undefined
      ? createServer(bounds, heard)
      : createTlsServer(
          {
            ...bounds,
            handshakeTimeout: HANDSHAKE_MS,
            minVersion: 'TLSv1.2',
            SNICallback: (name, answer) => answer(null, contexts(name)),
          },
          heard,
        )
  server.maxHeadersCount = MOST_HEADERS
  server.maxConnections = MOST_CONNECTIONS
  server.maxRequestsPerSocket = MOST_REQUESTS
  return new Promise((resolve) => {
    const refused = (error: NodeJS.ErrnoException): void => resolve(fail(error.code ?? 'unknown'))
    server.once('error', refused)
    server.listen(options.port, options.host ?? '127.0.0.1', () => {
      server.off('error', refused)
      server.on('error', () => undefined) // of one accept; the next may do
      const at = server.address()
      const close = async (): Promise<void> => {
        const closed = new Promise<void>((done) => server.close(() => done()))
        server.closeAllConnections()
        await closed
      }
      resolve(ok({ port: at !== null && typeof at === 'object' ? at.port : options.port, close }))
    })
  })
}
