/**
 * One query to one server and its answer, over UDP (RFC 1035 section 4.2.1) or TCP (section 4.2.2, RFC 7766). Each UDP query has a
 * socket of its own, so its source port is as hard to guess as its id (RFC 5452 section 9.2), and the socket is connected: the
 * system drops what comes from elsewhere. What does not repeat our question is passed over until the time is up.
 */
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { fail, type Result } from '../../base/result.ts'
import type { Clock } from '../clock.ts'
import { type Query, type Response, readResponse } from './packet.ts'

export type DnsServer = { readonly ip: string; readonly port: number }
type ExchangeFault = 'timeout' | 'unreachable' | 'malformed'
/** Sends a query; `cancel` ends the wait as a timeout. */
export type Exchange = {
  readonly answer: Promise<Result<Response, ExchangeFault>>
  readonly cancel: () => void
}

const STRAYS = 32 // datagrams passed over before we give up: somebody is guessing

const settled = (
  clock: Clock,
  ms: number,
  release: () => void,
): { readonly exchange: Exchange; readonly settle: (outcome: Result<Response, ExchangeFault>) => void } => {
  let resolve: (outcome: Result<Response, ExchangeFault>) => void = () => undefined
  const answer = new Promise<Result<Response, ExchangeFault>>((done) => {
    resolve = done
  })
  let open = true
  const settle = (outcome: Result<Response, ExchangeFault>): void => {
    if (!open) return
    open = false
    stop()
    release()
    resolve(outcome)
  }
  const stop = clock.after(ms, () => settle(fail('timeout')))
  return { exchange: { answer, cancel: () => settle(fail('timeout')) }, settle }
}

export const askUdp = (server: DnsServer, query: Query, ms: number, clock: Clock): Exchange => {
  const socket = createSocket(server.ip.includes(':') ? 'udp6' : 'udp4')
  const { exchange, settle } = settled(clock, ms, () => socket.close())
  let strays = 0
  socket.on('message', (message) => {
    const response = readResponse(message, query)
    if (response.ok) settle(response)
    else if (response.error === 'malformed') settle(fail('malformed'))
    else if (++strays > STRAYS) settle(fail('malformed'))
  })
  socket.on('error', () => settle(fail('unreachable')))
  socket.connect(server.port, server.ip, () => socket.send(query.bytes))
  return exchange
}

export const askTcp = (server: DnsServer, query: Query, ms: number, clock: Clock): Exchange => {
  const socket = connect({ host: server.ip, port: server.port, noDelay: true })
  const { exchange, settle } = settled(clock, ms, () => socket.destroy())
  let got: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    got = Buffer.concat([got, chunk])
    if (got.length < 2 || got.length < 2 + got.readUInt16BE(0)) return
    const response = readResponse(got.subarray(2, 2 + got.readUInt16BE(0)), query)
    settle(response.ok ? response : fail('malformed'))
  })
  socket.on('error', () => settle(fail('unreachable')))
  socket.on('close', () => settle(fail('unreachable')))
  const length = Buffer.from([query.bytes.length >> 8, query.bytes.length & 255])
  socket.write(Buffer.concat([length, query.bytes]))
  return exchange
}
