/**
 * The house behind the listeners: store, jail, scan threads, post office, accounts, mailbox views, tied together. It can be run without a listener (commands of
 * the administrator, tests). Composition only.
 */
import { randomBytes, randomInt } from 'node:crypto'
import * as files from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Firewall } from '../../ban/firewall.ts'
import type { Resolve } from '../../base/dns.ts'
import type { AccountId } from '../../base/ids.ts'
import type { Spool } from '../../base/spool.ts'
import { newSpool, sweepSpool } from '../../net/spool.ts'
import { type Accounts, openAccounts } from '../../post/accounts.ts'
import { type AppPasswords, type LoginService, openAppPasswords } from '../../post/app-passwords.ts'
import { courierHere } from '../../post/arrive.ts'
import type { Consult } from '../../post/consult.ts'
import type { Forwarding } from '../../post/forward.ts'
import type { Lookups } from '../../post/gather.ts'
import { openHistory, type SenderHistory } from '../../post/history.ts'
import { type Jail, openJail } from '../../post/jail.ts'
import { openTeacher, type Teacher } from '../../post/learn.ts'
import { type Logins, openLogins } from '../../post/login.ts'
import { postOffice } from '../../post/office.ts'
import type { PostOffice } from '../../post/ports.ts'
import type { OpenCourier } from '../../post/queue/reach.ts'
import type { PostSettings } from '../../post/settings.ts'
import type { Signing } from '../../post/signing.ts'
import { spoolFilesOver } from '../../post/spool-files.ts'
import type { OpenSecurity } from '../../post/transport/security.ts'
import { MailboxViews } from '../../session/imap/view.ts'
import type { Scram } from '../../session/login.ts'
import { Learner } from '../../spam/learner.ts'
import { saEngine } from '../../spam/sa/engine.ts'
import { type RuleText, readRules } from '../../spam/sa/rule-file.ts'
import type { Store } from '../../store/store.ts'
import { checkDnsbl, type DnsblZone, defaultZones } from '../../verify/dnsbl.ts'
import { checkIprev } from '../../verify/iprev.ts'
import type { LogWriter } from '../log/writer.ts'
import type { Settings } from '../settings/schema.ts'
import { readRuleFolders } from '../spam/rule-folder.ts'
import { createScanPool, type ScanPool } from '../threads/scan-pool.ts'
import { openForwardingHere } from './forwarding.ts'
import { frozenWith, type Guarding, openGuarding } from './guarding.ts'
import { readLearner, setLearnerAside } from './learner-file.ts'
import { openReportsHere, type ReportsHere } from './reports.ts'
import { openSending, type Sending } from './sending.ts'
import { postSettings } from './settings-of.ts'
import { openSigningHere } from './signing.ts'
import { openTrust } from './trust.ts'

const MOST_RULE_FAULTS = 50
const SPOOL_MEMORY = 262_144 // octets of a message that are held in memory before it goes to a file

export type HouseOptions = {
  /** The data folder, absolute. */
  readonly folder: string
  readonly store: Store
  readonly resolve: Resolve
  readonly settings: () => Settings
  /** Resolves a path of the settings. */
  readonly file: (path: string) => string
  readonly now: () => number
  readonly log: LogWriter
  readonly firewall?: Firewall | undefined
  /** Cuts live connections of a banned prefix. */
  readonly cut: (prefix: string, scope: 'mail' | 'login' | 'all') => number
  /** Cuts the live sessions of an account, or those alone that used the app password of this id. */
  readonly cutAccount: (account: AccountId, key?: string) => number
}

export type House = {
  readonly store: Store
  readonly jail: Jail
  readonly accounts: Accounts
  readonly logins: Logins
  readonly history: SenderHistory
  readonly pool: ScanPool
  readonly office: PostOffice & { readonly consult: Consult }
  readonly views: MailboxViews
  readonly newSpool: () => Spool
  readonly postSettings: () => PostSettings
  readonly teacher: Teacher
  /** Whether mail can be sent on. */
  readonly sends: boolean
  /** What TLS with other servers must be. */
  readonly security: OpenSecurity
  readonly sending: Sending
  readonly scram: Scram
  readonly guarding: Guarding
  readonly appPasswords: AppPasswords
  readonly cutAccount: HouseOptions['cutAccount']
  /** The door to an account for a service; the guard hears of who came in. */
  readonly loginAt: (service: LoginService) => Logins['login']
  readonly signing: Signing
  readonly reports: ReportsHere
  /** Ends the threads and writes what is still to be written; the store stays open. */
  readonly close: () => Promise<void>
}

/** The zones that the settings name, with the meanings that are known of them. */
const zonesOf = (settings: Settings): readonly DnsblZone[] =>
  settings.blocklists.map(({ zone, weight }) => {
    const known = defaultZones.find((one) => one.zone === zone)
    return known === undefined ? { zone, lists: 'addresses', weight, codes: {} } : { ...known, weight }
  })

const lookupsOf = ({ resolve, settings, log }: HouseOptions): Lookups => ({
  iprev: (ip) => checkIprev(ip, resolve),
  dnsbl: async (ip) => {
    const found = await checkDnsbl(ip, zonesOf(settings()), resolve)
    for (const { zone, code } of found.blocked) log.event('dnsbl-blocked', { zone, code })
    return found.listings
  },
})

/** The owner's rule files. A folder that cannot be read and lines with mistakes are told of; mail goes on without them. */
const rulesOf = async (folders: readonly string[], log: LogWriter): Promise<readonly RuleText[]> => {
  if (folders.length === 0) return []
  const texts = await readRuleFolders(folders)
  if (!texts.ok) {
    log.event('rules-missing', { why: texts.error })
    return []
  }
  for (const { file, line, why, text } of saEngine(readRules(texts.value)).faults.slice(0, MOST_RULE_FAULTS))
    log.event('rule-fault', { file, line, why, text })
  return texts.value
}

/** @returns the house, with bans and learning restored. */
export const openHouse = async (options: HouseOptions): Promise<House> => {
  const { folder, log, now, settings } = options
  const spoolFolder = join(folder, 'spool')
  await sweepSpool(spoolFolder)
  const fresh = (octets: number): Uint8Array => randomBytes(octets)
  const random = (): number => randomInt(2 ** 47) / 2 ** 47
  const security = openTrust(options)
  // The forwarding needs the signing, and that the store which sending watches over.
  let forwarding: Forwarding | undefined
  const returnTo = (sender: string): string | undefined => forwarding?.trueSender(sender)
  const openSpool = (): Spool => newSpool({ folder: spoolFolder, memoryLimit: SPOOL_MEMORY })
  const here = (): OpenCourier =>
    courierHere({
      store: options.store,
      now,
      log,
      settings: () => postSettings(settings()),
      files: spoolFilesOver(files),
      newSpool: openSpool,
    })
  // The guard is opened over that store too, and the queue asks the guard: nothing leaves before both are there.
  const watching: { guarding?: Guarding } = {}
  const mayLeave = (account: AccountId): boolean => watching.guarding?.freezer.of(account) === undefined
  const sending = openSending({ ...options, security, chance: random, returnTo, here, mayLeave })
  const { store, wake } = sending
  const forPost = (): PostSettings => postSettings(settings())
  const { threads, deadline } = settings().spam
  const learned = await readLearner(folder)
  // The pool says that it is damaged, and begins anew.
  if (learned !== undefined && !Learner.read(learned).ok) await setLearnerAside(folder)
  const rules = await rulesOf(settings().spam.rules, log)
  const pool = createScanPool({
    threads: threads === 0 ? Math.max(1, availableParallelism() - 1) : threads,
    deadlineMs: deadline,
    log,
    resolve: options.resolve,
    learned,
    rules,
  })
  const jail = openJail({
    store,
    now,
    random,
    log,
    settings: () => forPost().jail,
    cut: options.cut,
    ...(options.firewall === undefined ? {} : { firewall: options.firewall }),
  })
  await jail.restore()
  const history = openHistory({ store, now, log })
  const mostGuesses = (): number =>
    settings().bans.sentences.rows.find((row) => row.offence === 'login-failed' && row.who === 'address')?.count ?? 3
  const secret = fresh(32)
  const appPasswords = openAppPasswords({ store, now, fresh, log })
  const logins = openLogins({ store, jail, now, random, log, secret, mostGuesses, appPasswords })
  const teacher = openTeacher({ store, learn: pool.learn, history, jail, now, log, host: () => settings().host })
  const views = new MailboxViews(store)
  const signing = await openSigningHere(options)
  forwarding = await openForwardingHere({ ...options, signing, fresh })
  const guarding = await openGuarding({
    store,
    settings,
    history,
    signing,
    now,
    log,
    fresh,
    cut: options.cutAccount,
    revoke: appPasswords.revokeAll,
    wake,
  })
  watching.guarding = guarding
  const reports = await openReportsHere({
    ...options,
    store,
    signing,
    fresh,
    wake,
    tls: security.counts,
    complained: ({ account }) => guarding.guard.complained(account),
  })
  return {
    store,
    jail,
    history,
    pool,
    logins,
    teacher,
    views,
    signing,
    appPasswords,
    cutAccount: options.cutAccount,
    guarding,
    loginAt: (service) => async (user, secret, peer) => {
      const outcome = await logins.login(user, secret, peer, service)
      if (outcome.kind === 'ok') guarding.guard.login({ account: outcome.account, ip: peer.ip, at: now(), service })
      return outcome
    },
    security,
    reports,
    sends: true,
    sending,
    scram: { keys: logins.scramKeys, nonce: () => Buffer.from(fresh(18)).toString('base64url'), secret },
    accounts: openAccounts({ store, now, fresh, frozenWith: frozenWith(guarding) }),
    office: postOffice({
      store,
      scan: pool.scan,
      learn: pool.learn,
      lookups: lookupsOf(options),
      jail,
      history,
      settings: forPost,
      now,
      fresh,
      soon: (work) => setImmediate(work),
      files: spoolFilesOver(files),
      reports,
      sending: { guard: guarding.guard, sign: signing.sign, wake },
      forward: forwarding.sendOn,
      returnTo: forwarding.returnTo,
      log,
    }),
    newSpool: openSpool,
    postSettings: forPost,
    close: async () => {
      await sending.stop(0)
      views.stop()
      await teacher.settled()
      await pool.close()
      await guarding.settled()
      await Promise.all([
        jail.flushed(),
        history.flushed(),
        appPasswords.flushed(),
        reports.flushed(),
        security.flushed(),
      ])
    },
  }
}
