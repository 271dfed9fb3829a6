/**
 * One GET over HTTPS, for policies that other domains publish (RFC 8461 section 3.3), or one POST, for reports that they ask for (RFC 8460 section 5.4): the certificate must hold for the host, TLS 1.2 and up; bounded in time and
 * size; the addresses are given, so that names are looked up by our own resolver. RFC 9110, RFC 9112, RFC 9110 section 4.3.4 (certificates). Refused on purpose: following redirects,
 * caching, cookies, compressed bodies, keeping the connection.
 */
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { fail, ok, type Result } from '../base/result.ts'
import type { PkixProblem } from '../base/tls.ts'
import { type Clock, systemClock } from './clock.ts'
import { pkixProblem } from './tls-problem.ts'

export type HttpsQuestion = {
  /** For the certificate, SNI and the Host field. */
  readonly host: string
  /** Tried one after the other until one answers. */
  readonly addresses: readonly string[]
  readonly port?: number
  readonly path: string
  /** What is sent; without it nothing is, and something is asked for. */
  readonly post?: { readonly type: string; readonly octets: Uint8Array }
  readonly mostOctets: number
  /** For all of it. */
  readonly totalMs: number
  /** PEM of authorities instead of the system's. */
  readonly ca?: string
  readonly clock?: Clock
}
export type HttpsAnswer = {
  readonly status: number
  /** The media type in lower case, without its parameters. */
  readonly type: string
  readonly body: Uint8Array
}
export type HttpsFault = {
  readonly kind: 'no-answer' | 'timeout' | 'certificate' | 'too-long'
  /** The system's code, or what is wrong with the certificate. */
  readonly why: string
}

const MOST_ADDRESSES = 4
const MOST_HEADER = 16_384

const faultOf = (error: Error): HttpsFault => {
  const problem: PkixProblem | undefined = pkixProblem(error)
  if (problem !== undefined) return { kind: 'certificate', why: problem }
  return { kind: 'no-answer', why: 'code' in error ? String(error.code) : 'unknown' }
}

/** Reads the body up to its bound. */
const bodyOf = async (response: IncomingMessage, mostOctets: number): Promise<Result<Uint8Array, HttpsFault>> => {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of response) {
    if (!Buffer.isBuffer(part)) continue
    size += part.length
    if (size > mostOctets) {
      response.destroy()
      return fail({ kind: 'too-long', why: `over ${mostOctets} octets` })
    }
    parts.push(part)
  }
  return ok(Buffer.concat(parts))
}

const answerOf = async (response: IncomingMessage, mostOctets: number): Promise<Result<HttpsAnswer, HttpsFault>> => {
  const body = await bodyOf(response, mostOctets)
  if (!body.ok) return body
  const type = (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  return ok({ status: response.statusCode ?? 0, type, body: body.value })
}

const contentOf = (post: HttpsQuestion['post']): Readonly<Record<string, string>> =>
  post === undefined
    ? { accept: 'text/plain' }
    : { 'content-type': post.type, 'content-length': String(post.octets.length) }

/** One address. */
const ask = async (
  question: HttpsQuestion,
  address: string,
  ms: number,
  clock: Clock,
): Promise<Result<HttpsAnswer, HttpsFault>> => {
  const { host, path, port = 443, ca, mostOctets, post } = question
  const asked = request({
    host: address,
    port,
    path,
    method: post === undefined ? 'GET' : 'POST',
    servername: host,
    headers: { host: port === 443 ? host : `${host}:${port}`, 'user-agent': 'Postern', ...contentOf(post) },
    agent: false,
    minVersion: 'TLSv1.2',
    maxHeaderSize: MOST_HEADER,
    ...(ca === undefined ? {} : { ca }),
  })
  let late = false
  const cancel = clock.after(ms, () => {
    late = true
    asked.destroy()
  })
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      asked.once('response', resolve)
      asked.on('error', reject) // also after the answer: the promise is settled then
      asked.end(post?.octets)
    })
    return await answerOf(response, mostOctets)
  } catch (error) {
    if (late) return fail({ kind: 'timeout', why: `${ms} ms` })
    if (error instanceof Error) return fail(faultOf(error))
    throw error
  } finally {
    cancel()
    asked.destroy()
  }
}

/** @returns the answer of the first address that gives one, whatever its status; or the last fault. Never rejects. */
export const getHttps = async (question: HttpsQuestion): Promise<Result<HttpsAnswer, HttpsFault>> => {
  const clock = question.clock ?? systemClock
  const by = clock.now() + question.totalMs
  const addresses = question.addresses.slice(0, MOST_ADDRESSES)
  let last: Result<HttpsAnswer, HttpsFault> = fail({ kind: 'no-answer', why: 'no address' })
  for (const [index, address] of addresses.entries()) {
    const left = by - clock.now()
    if (left <= 0) break
    last = await ask(question, address, left / (addresses.length - index), clock)
    if (last.ok || last.error.kind !== 'no-answer') break
  }
  return last
}
