/**
 * TLS on a socket that is already accepted: the handshake, what it agreed on, and the channel bindings for SCRAM-…-PLUS:
 * `tls-exporter` (RFC 9266 section 2, TLS 1.3 only) and `tls-server-end-point` (RFC 5929 section 4.1). TLS 1.2 and up (RFC 8996).
 * The bindings are computed when they are asked for: most connections never log in with them.
 */
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import type { Peer } from '../base/act.ts'
import { fail, ok, type Result } from '../base/result.ts'

/** Gives the certificate for a name (SNI), or for none. Asked at every handshake, so that a renewed certificate is used at once. */
export type Contexts = (serverName: string | undefined) => SecureContext

const EXPORTER_LABEL = 'EXPORTER-Channel-Binding'
const EXPORTER_OCTETS = 32

/** @param pem certificate chain and key as PEM text. @returns a context for TLS 1.2 and up, our order of ciphers. Throws on text that is not PEM. */
export const newSecureContext = (pem: { readonly certificate: string; readonly key: string }): SecureContext =>
  createSecureContext({ cert: pem.certificate, key: pem.key, minVersion: 'TLSv1.2', honorCipherOrder: true })

/** Begins a server's handshake on `raw`; what `raw` has read and not given out is part of it. Destroying the socket ends it. */
export const beginHandshake = (
  raw: Socket,
  contexts: Contexts,
): { readonly socket: TLSSocket; readonly done: Promise<Result<TLSSocket, string>> } => {
  const socket = new TLSSocket(raw, {
    isServer: true,
    secureContext: contexts(undefined),
    SNICallback: (name, answer) => answer(null, contexts(name)),
  })
  const done = new Promise<Result<TLSSocket, string>>((resolve) => {
    let reason = 'closed'
    const failed = (error: NodeJS.ErrnoException): void => {
      reason = error.code ?? 'unknown'
      socket.destroy()
    }
    const ended = (): void => void socket.destroy() // half a connection cannot shake hands
    socket.on('_tlsError', failed)
    socket.on('error', failed)
    socket.once('end', ended)
    socket.once('close', () => resolve(fail(reason)))
    socket.once('secure', () => {
      socket.off('end', ended)
      resolve(ok(socket))
    })
  })
  return { socket, done }
}

const endPoint = (socket: TLSSocket): Uint8Array => {
  const certificate = socket.getX509Certificate()
  if (certificate === undefined) return new Uint8Array()
  const named = /sha-?(224|256|384|512)/i.exec(certificate.signatureAlgorithm ?? '')
  return createHash(`sha${named?.[1] ?? '256'}`) // MD5 and SHA-1 are taken as SHA-256, and so is EdDSA, which names no hash
    .update(certificate.raw)
    .digest()
}

const bindingsOf = (socket: TLSSocket): Readonly<Record<string, Uint8Array>> => {
  const end = {
    get 'tls-server-end-point'(): Uint8Array {
      return endPoint(socket)
    },
  }
  if (socket.getProtocol() !== 'TLSv1.3') return end
  return {
    get 'tls-exporter'(): Uint8Array {
      return socket.exportKeyingMaterial(EXPORTER_OCTETS, EXPORTER_LABEL, Buffer.alloc(0))
    },
    get 'tls-server-end-point'(): Uint8Array {
      return endPoint(socket)
    },
  }
}

/** What the handshake agreed on, for the session. */
export const agreed = (socket: TLSSocket): NonNullable<Peer['tls']> => {
  const name: unknown = Reflect.get(socket, 'servername')
  return {
    version: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    ...(typeof name === 'string' && name !== '' ? { serverName: name } : {}),
    bindings: bindingsOf(socket),
  }
}
