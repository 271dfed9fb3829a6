/**
 * The table of services that listen: protocol, encryption, what a session of it is, what it says before it hangs up. One row a kind of listener; opening them
 * is the same for all.
 */
import type { Peer, Session } from '../../base/act.ts'
import type { Log } from '../../base/log.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import {
  type Admission,
  defaultLimits,
  type Listener,
  type ListenFault,
  type ListenLimits,
  type ListenOptions,
  listen,
} from '../../net/listen.ts'
import type { Contexts } from '../../net/secure.ts'
import type { Settings } from '../settings/schema.ts'

export type Kind = 'smtp' | 'submissions' | 'submission' | 'imaps' | 'imap' | 'pop3s' | 'pop3' | 'spamd'
type Row = {
  readonly tls: ListenOptions['tls']
  /** What the jail closes. */
  readonly service: 'mail' | 'login'
  readonly lastWords: ListenOptions['lastWords']
  /** Its clients are one host, a mail server: no fewer connections for an address than in all. */
  readonly oneHost?: true
}

const imapWords: Row['lastWords'] = (why) =>
  why === 'limited'
    ? '* BYE [UNAVAILABLE] Too many connections; try again later\r\n'
    : why === 'refused'
      ? '* BYE [UNAVAILABLE] Not now\r\n'
      : '* BYE [SERVERBUG] Something went wrong here; try again later\r\n'

const pop3Words: Row['lastWords'] = (why) =>
  why === 'limited'
    ? '-ERR [SYS/TEMP] Too many connections; try again later\r\n'
    : why === 'refused'
      ? '-ERR [SYS/TEMP] Not now; try again later\r\n'
      : '-ERR [SYS/TEMP] Something went wrong here; try again later\r\n'

const smtpLast: Row['lastWords'] = (why) =>
  why === 'limited'
    ? '421 4.7.0 Too many connections; try again later\r\n'
    : why === 'refused'
      ? '421 4.3.2 Not now; try again later\r\n'
      : '421 4.3.0 Something went wrong here; try again later\r\n'

const spamdLast: Row['lastWords'] = (why) =>
  why === 'fault' ? 'SPAMD/1.1 70 Something went wrong here\r\n' : 'SPAMD/1.1 75 Not now; ask again later\r\n'

export const services: Readonly<Record<Kind, Row>> = {
  smtp: { tls: 'starttls', service: 'mail', lastWords: smtpLast },
  submissions: { tls: 'implicit', service: 'login', lastWords: smtpLast },
  submission: { tls: 'starttls', service: 'login', lastWords: smtpLast },
  imaps: { tls: 'implicit', service: 'login', lastWords: imapWords },
  imap: { tls: 'starttls', service: 'login', lastWords: imapWords },
  pop3s: { tls: 'implicit', service: 'login', lastWords: pop3Words },
  pop3: { tls: 'starttls', service: 'login', lastWords: pop3Words },
  spamd: { tls: 'none', service: 'mail', lastWords: spamdLast, oneHost: true },
}

/** What opening the listeners needs of the house. */
export type ServiceDeps = {
  readonly session: (kind: Kind, peer: Peer) => Session
  readonly admit: (service: Row['service'], ip: string) => Admission
  readonly newId: () => string
  readonly contexts: Contexts
  readonly limits: Partial<ListenLimits>
  /** An address has more connections than it may. */
  readonly limited: (ip: string) => void
  readonly log: Log
}

export type Opened = { readonly kind: Kind; readonly listener: Listener }
export type ServiceFault = { readonly kind: Kind; readonly endpoint: string; readonly fault: ListenFault }

const kinds = Object.keys(services) as readonly Kind[]

/** Opens all that the settings name. @returns them, or the first that could not be opened, with the others closed again. */
export const openServices = async (
  settings: Settings,
  deps: ServiceDeps,
): Promise<Result<readonly Opened[], ServiceFault>> => {
  const opened: Opened[] = []
  for (const kind of kinds) {
    const { tls, service, lastWords, oneHost } = services[kind]
    const most = deps.limits.most ?? defaultLimits.most
    const limits = oneHost === true ? { ...deps.limits, mostPerIp: most, mostPerNet: most } : deps.limits
    for (const { host, port } of settings.listen[kind]) {
      const listener = await listen({
        name: kind,
        host,
        port,
        tls,
        contexts: deps.contexts,
        proxyFrom: settings.listen.proxies,
        newSession: (peer) => deps.session(kind, peer),
        newId: deps.newId,
        admit: (ip) => deps.admit(service, ip),
        plaintextFromLoopback: settings.dangerous['passwords-without-encryption-from-loopback'],
        limits,
        limited: deps.limited,
        lastWords,
        log: deps.log,
      })
      // A machine without IPv6 serves IPv4: the default names both.
      if (!listener.ok && host === '::' && listener.error === 'no-such-address') continue
      if (!listener.ok) {
        const endpoint = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
        await Promise.all(opened.map((one) => one.listener.close(0)))
        return fail({ kind, endpoint, fault: listener.error })
      }
      opened.push({ kind, listener: listener.value })
    }
  }
  return ok(opened)
}
