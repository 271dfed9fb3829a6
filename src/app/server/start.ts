/**
 * Start and stop of the whole server. Opening goes from the inside out (store, house, listeners), closing from the outside in: what is open is finished or
 * refused, then everything is flushed and closed. Nothing acknowledged is lost.
 */

import type { Server as AdminServer } from 'node:net'
import type { Ban } from '../../ban/offence.ts'
import type { Peer, Session, SessionTag } from '../../base/act.ts'
import { readIp, readPrefix, within } from '../../base/ip.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import type { DnsServer } from '../../net/dns/exchange.ts'
import { createResolver, type Resolver, systemServers } from '../../net/dns/resolver.ts'
import { type HttpListener, serveHttp } from '../../net/http.ts'
import { imapLimits } from '../../session/imap/deps.ts'
import { imapSession } from '../../session/imap/session.ts'
import { Maildrops } from '../../session/pop3/maildrops.ts'
import { pop3Session } from '../../session/pop3/session.ts'
import { smtpSession } from '../../session/smtp/session.ts'
import { spamdSession } from '../../session/spamd/session.ts'
import { listenAdmin } from '../admin/socket.ts'
import { answerAdmin } from '../admin/verbs.ts'
import type { LogWriter } from '../log/writer.ts'
import type { Settings } from '../settings/schema.ts'
import { collectAtRest } from '../threads/rest.ts'
import { openStore } from '../threads/store-client.ts'
import { version } from '../version.ts'
import { startWatching } from '../watch/watching.ts'
import { type CertificateFiles, type Certificates, openCertificates, ownCertificate } from './certificates.ts'
import type { FirewallClient } from './firewall-client.ts'
import { openFirewalling } from './firewalling.ts'
import { type House, openHouse } from './house.ts'
import { sessionIds } from './ids.ts'
import { startKeeping } from './keeping.ts'
import { pageOf } from './pages.ts'
import { type Kind, type Opened, openServices, services } from './services.ts'
import { spamdDeps } from './spamd.ts'
import { storeWords } from './store-words.ts'
import { policyRoutes } from './trust.ts'

export type ServerOptions = {
  readonly settings: Settings
  /** The data folder, absolute. */
  readonly folder: string
  /** Resolves a path of the settings. */
  readonly file: (path: string) => string
  readonly now: () => number
  readonly log: LogWriter
  /** Instead of those of the settings and of the system. */
  readonly dnsServers?: readonly DnsServer[]
}

export type PosternServer = {
  readonly house: House
  readonly listeners: readonly Opened[]
  /** The port of the first listener of a kind. */
  readonly port: (kind: Kind | 'metrics' | 'https') => number | undefined
  /** The authority of our own certificate, PEM file; undefined with a certificate of the owner's. */
  readonly authority: string | undefined
  /** Takes new settings: what can change without opening ports anew does, at once. @returns what is wrong with the certificate, if anything is. */
  readonly reload: (settings: Settings) => Promise<Result<null, string>>
  /** Resolves when the storage thread is lost: nothing can be taken any longer, and the program should end and be started anew. */
  readonly failed: Promise<'store'>
  readonly stop: () => Promise<void>
}

const GRACE_MS = 10_000

/** A sentence for the operator. */
export type StartFault = string

const certificateOf = async (
  settings: Settings,
  options: Pick<ServerOptions, 'folder' | 'file' | 'now'>,
): Promise<CertificateFiles & { readonly authority?: string }> => {
  const { certificate, key } = settings.tls
  if (certificate !== '' && key !== '') return { certificate: options.file(certificate), key: options.file(key) }
  return ownCertificate(options.folder, [settings.host, 'localhost', '127.0.0.1', '::1'], options.now())
}

const resolverOf = async (options: ServerOptions): Promise<Resolver> => {
  const { dns } = options.settings
  const named = dns.servers.map(({ host, port }) => ({ ip: host, port }))
  const servers = options.dnsServers ?? (named.length > 0 ? named : await systemServers())
  return createResolver({ servers, totalMs: dns.timeout, trustAd: dns['trust-ad'], log: options.log })
}

/** A log that also hears when the storage thread is lost. */
const noticing = (log: LogWriter, lost: () => void): LogWriter => ({
  ...log,
  event: (name, fields) => {
    log.event(name, fields)
    if (name === 'store-fault' && fields['verb'] === 'thread') lost()
  },
})

/** Whether a banned prefix holds an address. */
const holds = (prefix: string): ((ip: string) => boolean) => {
  const network = readPrefix(prefix)
  return (text) => {
    const ip = readIp(text)
    return network.ok && ip.ok && within(ip.value, network.value)
  }
}

/** Waits for work, at most so long. @returns whether it has ended, well or not */
const endsWithin = (work: Promise<unknown>, ms: number): Promise<boolean> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms)
    const ended = (): void => {
      clearTimeout(timer)
      resolve(true)
    }
    work.then(ended, ended)
  })

/** The sessions of this server, by the kind of listener. */
const sessionsOf = (house: House, options: ServerOptions, current: () => Settings) => {
  const { log, now } = options
  const reading = {
    store: house.store,
    views: house.views,
    scram: house.scram,
    now,
    breathe: () => new Promise<void>((resolve) => setImmediate(resolve)),
    within: endsWithin,
    log,
    maildrops: new Maildrops(),
  }
  const spamd = spamdDeps(house, current)
  return (kind: Kind, _peer: Peer): Session => {
    const settings = current()
    const mail = {
      office: house.office,
      newSpool: house.newSpool,
      now,
      log,
      host: settings.host,
      startTls: kind !== 'submissions',
      bareLf: settings.smtp['bare-lf'],
      requireTls: house.sends,
    }
    if (kind === 'smtp') return smtpSession({ ...mail, limits: settings.smtp.limits, early: settings.smtp.early })
    if (kind === 'submission' || kind === 'submissions')
      return smtpSession({
        ...mail,
        limits: settings.submission.limits,
        // Mail programs are no peers: one that talks on is borne with.
        early: 'allow',
        submission: { login: house.loginAt('submission'), scram: house.scram, limits: settings.submission.logins },
      })
    if (kind === 'spamd') return spamdSession(spamd())
    if (kind === 'pop3' || kind === 'pop3s')
      return pop3Session({
        ...reading,
        login: house.loginAt('pop3'),
        limits: settings.pop3.limits,
        startTls: kind === 'pop3',
        markSeen: settings.pop3['mark-seen'],
        expireMs: settings.pop3.expire,
      })
    return imapSession({
      ...reading,
      login: house.loginAt('imap'),
      limits: { ...imapLimits, ...settings.imap },
      newSpool: house.newSpool,
      startTls: kind === 'imap',
      id: [
        ['name', 'Postern'],
        ['version', version],
      ],
      moved: house.teacher.moved,
    })
  }
}

type Outside = {
  readonly listeners: readonly Opened[]
  readonly admin: AdminServer
  readonly pages: readonly Page[]
}

/** The pages: metrics for the operator, our MTA-STS policy for other servers. */
type Page = { readonly kind: 'metrics' | 'https'; readonly page: HttpListener }

const openPages = async (
  house: House,
  listeners: readonly Opened[],
  { settings, log }: ServerOptions,
  { contexts }: Certificates,
  current: () => Settings,
): Promise<Result<readonly Page[], StartFault>> => {
  const wanted = [
    ...settings.listen.metrics.map((at) => ({ kind: 'metrics', at, routes: pageOf(house, listeners, log) }) as const),
    ...settings.listen.https.map(
      (at) => ({ kind: 'https', at, contexts, routes: policyRoutes(house.store, current) }) as const,
    ),
  ]
  const pages: Page[] = []
  for (const { kind, at, ...how } of wanted) {
    const page = await serveHttp({ ...at, ...how })
    if (!page.ok) {
      await Promise.all(pages.map((one) => one.page.close()))
      return fail(`cannot listen for ${kind} on ${at.host}:${at.port}: ${page.error}`)
    }
    pages.push({ kind, page: page.value })
  }
  return ok(pages)
}

/** Opens everything that others can reach. */
const openOutside = async (
  house: House,
  options: ServerOptions,
  certificates: Certificates,
  current: () => Settings,
  firewall: FirewallClient | undefined,
): Promise<Result<Outside, StartFault>> => {
  const { settings, log, now, folder } = options
  const listeners = await openServices(settings, {
    session: sessionsOf(house, options, current),
    admit: (service, ip) => (house.jail.barred(ip, service) === undefined ? 'ok' : 'barred'),
    newId: sessionIds(now()),
    contexts: certificates.contexts,
    limits: settings.connections,
    limited: (ip) => house.office.offence('too-many-connections', { ip, session: '' }),
    log,
  })
  if (!listeners.ok) {
    const { kind, endpoint, fault } = listeners.error
    return fail(`cannot listen for ${kind} on ${endpoint}: ${listenWords[fault]}`)
  }
  const close = (): Promise<unknown> => Promise.all(listeners.value.map((one) => one.listener.close(0)))
  const pages = await openPages(house, listeners.value, options, certificates, current)
  if (!pages.ok) {
    await close()
    return pages
  }
  const admin = await listenAdmin(folder, (request) => answerAdmin({ ...house, firewall, now, log }, request))
  if (admin.ok) return ok({ listeners: listeners.value, admin: admin.value, pages: pages.value })
  await Promise.all([close(), ...pages.value.map(({ page }) => page.close())])
  return fail(
    `cannot make the admin socket in ${folder}: is the path longer than 90 characters, or the folder not writable?`,
  )
}

const listenWords = {
  'in-use': 'another program holds the port; end it, or choose another port in [listen]',
  'not-permitted':
    'ports below 1024 need the privilege: start as root by systemd with CAP_NET_BIND_SERVICE, or choose other ports in [listen]',
  'no-such-address': 'this machine has no such address; correct it in [listen]',
  failed: 'the system refuses',
} as const

/** @returns the running server, every listener answering; or why it does not start, with everything closed again. */
export const startServer = async (options: ServerOptions): Promise<Result<PosternServer, StartFault>> => {
  const { settings, folder, log, now } = options
  let current = settings
  const files = await certificateOf(settings, options)
  const certificates = openCertificates(files)
  if (!certificates.ok) return fail(certificates.error)
  const lost = Promise.withResolvers<'store'>()
  const store = await openStore({ folder, log: noticing(log, () => lost.resolve('store')) })
  if (!store.ok) return fail(storeWords(store.error, folder))
  const resolver = await resolverOf(options)
  let listeners: readonly Opened[] = []
  let bansOf: () => readonly Ban[] = () => []
  const firewalling = openFirewalling({
    settings: () => current,
    folder,
    file: options.file,
    bans: () => bansOf(),
    now,
    log,
  })
  const house = await openHouse({
    firewall: firewalling.client,
    folder,
    store: store.value,
    resolve: resolver.resolve,
    settings: () => current,
    file: options.file,
    now,
    log,
    cut: (prefix, scope) =>
      listeners
        .filter(({ kind }) => scope === 'all' || services[kind].service === scope)
        .reduce((sum, { listener }) => sum + listener.cut(holds(prefix), 'barred'), 0),
    cutAccount: (account, key) => {
      const matches = (tag: SessionTag | undefined): boolean =>
        tag?.account === account && (key === undefined || tag.key === key)
      return listeners.reduce((sum, { listener }) => sum + listener.cut((_, tag) => matches(tag), 'revoked'), 0)
    },
  })
  bansOf = house.jail.list
  const outside = await openOutside(house, options, certificates.value, () => current, firewalling.client)
  const closeInside = async (): Promise<void> => {
    await house.close()
    firewalling.close()
    resolver.close()
    await store.value.close()
  }
  if (!outside.ok) {
    await closeInside()
    return outside
  }
  listeners = outside.value.listeners
  await house.sending.start()
  collectAtRest()
  const keeping = startKeeping(house, folder, () => current, { now, log })
  const watching = await startWatching({
    ...house,
    resolve: resolver.resolve,
    settings: () => current,
    file: options.file,
    now,
    log,
  })
  return ok({
    house,
    listeners,
    port: (kind) =>
      outside.value.pages.find((one) => one.kind === kind)?.page.port ??
      listeners.find((one) => one.kind === kind)?.listener.port,
    authority: files.authority,
    failed: lost.promise,
    reload: async (anew) => {
      current = anew
      log.setLevel(anew.log.level)
      await watching.reload()
      return certificates.value.reload(await certificateOf(anew, options))
    },
    stop: async () => {
      await Promise.all([...listeners.map((one) => one.listener.close(GRACE_MS)), house.sending.stop(GRACE_MS)])
      await house.teacher.settled()
      outside.value.admin.close()
      await Promise.all(outside.value.pages.map(({ page }) => page.close()))
      await watching.stop()
      await keeping.stop()
      await closeInside()
    },
  })
}
