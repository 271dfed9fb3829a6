/** How the queue reaches a host: dialled by net/client, with TLS as the host's policy says, and opened as a session of session/smtp-client. Composition only. */
import { isLoopback, readIp } from '../../base/ip.ts'
import { fail, ok } from '../../base/result.ts'
import type { TlsFailure } from '../../base/tls.ts'
import { type DialOptions, dial, type DialFault as SocketFault } from '../../net/client.ts'
import type { DialFault, ReachDeps, Target } from '../../post/queue/reach.ts'
import { ours } from '../../post/queue/said.ts'
import { isTlsFailure } from '../../post/transport/tls-words.ts'
import { openCourier } from '../../session/smtp-client/courier.ts'

const CONNECT_MS = 30_000
const WAIT_MS = 180_000 // for room to write: RFC 5321 section 4.5.3.2.5

export type DiallingOptions = {
  /** What we call ourselves. */
  readonly name: () => string
  /** Addresses of ours to come from. */
  readonly addresses: () => readonly string[]
  readonly nonce: () => string
  readonly now: () => number
}

const words: Readonly<Record<SocketFault, string>> = {
  refused: 'the connection was refused',
  unreachable: 'the address cannot be reached',
  'no-local-address': 'this machine does not have the address to send from; see [send] addresses',
  timeout: 'there was no answer in time',
  tls: 'the encryption failed',
  aborted: 'we stopped',
  closed: 'the connection was closed',
}
type Tls = NonNullable<DialOptions['tls']>
const tlsOf = ({ policy, host, ip }: Target): Tls => {
  if (policy.kind === 'pkix') return { serverName: policy.name, verify: true }
  if (policy.kind === 'dane') return { serverName: policy.name, verify: false, check: policy.check }
  return { ...(readIp(host).ok || host.startsWith('[') || host === ip ? {} : { serverName: host }), verify: false }
}

/** @returns the first of our addresses of the same family. */
const fromAddress = (ip: string, addresses: readonly string[]): string | undefined => {
  const six = ip.includes(':')
  return addresses.find((one) => one.includes(':') === six)
}

/** @returns the dialler of the queue. Never rejects. */
export const diallerOf =
  (options: DiallingOptions): ReachDeps['dial'] =>
  async (target) => {
    const { host, ip, port, policy } = target
    const localAddress = fromAddress(ip, options.addresses())
    const implicit = target.tls === 'implicit'
    const connection = await dial({
      ...{ host: ip, port, connectMs: CONNECT_MS, waitMs: WAIT_MS },
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(implicit ? { tls: tlsOf(target) } : {}),
    })
    if (!connection.ok) {
      const isTls = connection.error === 'tls'
      const said = ours(isTls ? '4.7.5' : '4.4.1', isTls ? 'tls' : 'connect', words[connection.error], host)
      return fail({ said, ...(isTls ? { failure: 'validation-failure' as const } : {}) })
    }
    const link = connection.value
    let failure: TlsFailure | undefined
    const opened = await openCourier(
      {
        some: link.some,
        send: link.send,
        secure: async () => {
          const secured = await link.secure(tlsOf(target))
          if (!secured.ok) failure = isTlsFailure(secured.error) ? secured.error : 'validation-failure'
          return secured
        },
      },
      {
        ...{ name: options.name(), host, isLocal: isLoopback(ip), nonce: options.nonce, now: options.now },
        tls: target.tls === 'implicit' ? 'on' : target.tls,
        ...(target.login === undefined ? {} : { login: target.login }),
      },
    )
    if (opened.ok) {
      const close = (): void => link.destroy()
      const problem = policy.kind === 'dane' ? undefined : link.tls()?.problem
      return ok({ ...opened.value, problem, localIp: link.localAddress, close })
    }
    link.destroy()
    const { said } = opened.error
    const fault: DialFault = { said }
    if (said.stage !== 'tls') return fail(fault)
    return fail({ ...fault, failure: failure ?? 'starttls-not-supported' })
  }
