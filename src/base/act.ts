/**
 * What a session and the transport say to each other: the only vocabulary between src/session/* and the pump in src/net. A session
 * takes octets, writes octets, and asks for the few acts that need a socket; it never sees one. Order is kept: what is written
 * before an act goes out before it. After `start-tls` the pump flushes, upgrades, and throws away what the peer had pipelined in
 * plain text (RFC 3207 section 4.2, RFC 9051 section 6.2.1). Types only; pure.
 */
export type Act =
  | { readonly act: 'write'; readonly bytes: Uint8Array | string }
  | { readonly act: 'start-tls' }
  /** From here on both directions are deflated (RFC 4978); what was written before is not. */
  | { readonly act: 'compress' }
  /** Waits this long before anything more is written or read from this peer; costs one timer. */
  | { readonly act: 'wait'; readonly ms: number }
  /** How long the peer may be silent from now on. */
  | { readonly act: 'patience'; readonly ms: number }
  /** Flush, then close. */
  | { readonly act: 'close' }

/** What the session knows of its peer; `tls` changes after start-tls. */
export type Peer = {
  readonly session: string
  readonly ip: string
  readonly port: number
  readonly localIp: string
  readonly localPort: number
  readonly tls: {
    readonly version: string
    readonly cipher: string
    readonly serverName?: string
    readonly bindings: Readonly<Record<string, Uint8Array>>
  } | null
  /** Whether a password may be taken without TLS: from loopback, with the setting that nobody sets by accident. */
  readonly mayPlaintext: boolean
}

/** Waits up to `ms` for the peer to speak. @returns whether it kept quiet. Only for `greet`. */
export type Quiet = (ms: number) => Promise<boolean>

/** Whose session it is: the account (AccountId), and the id of the app password that was used, if one was. */
export type SessionTag = { readonly account: number; readonly key: string | undefined }

/** A session as the pump drives it: one call at a time, never two at once; every call's acts are done before the next. */
export type Session = {
  readonly greet: (peer: Peer, quiet: Quiet) => AsyncIterable<Act>
  /** Octets as they came; the session frames them itself. The pump reads on only when the acts are done (back-pressure). The buffer may be used again afterwards. */
  readonly octets: (bytes: Uint8Array) => AsyncIterable<Act>
  /** After the TLS handshake that `start-tls` asked for. */
  readonly secured: (peer: Peer) => void
  /** Given once, before `greet`; the session calls `ring` when it has something to say unasked (IDLE, NOTIFY), and the pump then calls `wake` when nothing else runs. */
  readonly bell: (ring: () => void) => void
  readonly wake: () => AsyncIterable<Act>
  /** The peer was silent too long (`timeout`), sends too slowly (`slow`), the server stops, the address was banned meanwhile, or the login does not hold any longer (`revoked`): the last words, before the pump closes. */
  readonly farewell: (why: 'timeout' | 'slow' | 'shutdown' | 'barred' | 'revoked') => AsyncIterable<Act>
  /** Who logged in, once somebody did. */
  readonly tag?: () => SessionTag | undefined
  /** The connection is gone; release everything. */
  readonly gone: () => void
}
