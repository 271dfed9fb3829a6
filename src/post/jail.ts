/**
 * The hinge between what happens here and who is kept out: takes offences, asks `judge`, puts bans in force (in this process, in the
 * packet filter, on live connections), remembers them through the store, and lifts them. Clock, random and store are parameters.
 *
 * Enforcement never waits for the disk: a ban holds from the line that sets it, and is written behind. A store that refuses costs
 * memory of bans over a restart, and nothing else. Records in memory are bounded (MOST_RECORDS), the longest unseen forgotten first.
 */
import { createHash } from 'node:crypto'
import { Bans } from '../ban/bans.ts'
import type { Cut, Firewall } from '../ban/firewall.ts'
import { type Docket, type JudgeSettings, judge, subjectsToJudge } from '../ban/judge.ts'
import { readBan, readRecord, writeBan, writeRecord } from '../ban/memo.ts'
import type { Ban, Offence, Service } from '../ban/offence.ts'
import { forgiven, type OffenceRecord, weighed } from '../ban/record.ts'
import { isLoopback, isSender, listed, readSubject, subjectsOf } from '../ban/subject.ts'
import type { Log } from '../base/log.ts'
import type { Store } from '../store/store.ts'
import { Recent } from './recent.ts'
import { WriteBehind } from './write-behind.ts'

const MOST_RECORDS = 50_000 // some 300 octets each
const RECORD_DAYS = 30
const DAY = 86_400_000
/** Good logins spare an address for this long. */
const GOOD_LOGIN_MS = 30 * DAY
const GOOD_LOGIN_REFRESH_MS = 3_600_000

export type JailSettings = JudgeSettings & { readonly enabled: boolean }

export type JailDeps = {
  readonly store: Pick<Store, 'remember' | 'recall' | 'forget'>
  readonly now: () => number
  /** 0 to 1, 1 excluded. */
  readonly random: () => number
  readonly log: Log
  readonly settings: () => JailSettings
  readonly firewall?: Firewall
  /** Cuts live connections; the ban is in force before it is called. */
  readonly cut?: Cut
}

export type Jail = {
  /** The ban that keeps `ip` from `service`: for the accept path; under a microsecond where nothing is banned. */
  readonly barred: (ip: string, service: Service) => Ban | undefined
  /** The ban on a sender's address or domain. @param address lower case. */
  readonly barredSender: (address: string) => Ban | undefined
  /** @returns the bans that it earned; they are in force. */
  readonly offence: (offence: Offence) => readonly Ban[]
  /** Records a login that was right; takes back the failures counted against this address. */
  readonly goodLogin: (ip: string, user: string) => void
  /** Whether `ip` had a good login of `user` (of anybody, without a name) within GOOD_LOGIN_MS. */
  readonly hadGoodLogin: (ip: string, user?: string) => boolean
  /** How many failed logins count against this address now. */
  readonly failures: (ip: string) => number
  /** How many wrong guesses an address and its network have left before a sentence. */
  readonly guessesLeft: (ip: string) => { readonly address: number; readonly network: number }
  /** Reads bans, records and good logins back; before the first listener opens. @returns how many bans. */
  readonly restore: () => Promise<number>
  /** Sets a ban by hand. @returns undefined where `subject` is no address, prefix or sender. */
  readonly ban: (subject: string, ms: number, note: string) => Ban | undefined
  /** Lifts every ban on the subject and forgets its record. @returns the lifted ones. */
  readonly pardon: (subject: string) => readonly Ban[]
  readonly list: () => readonly Ban[]
  /** What is over ends; once a minute. */
  readonly sweep: () => void
  /** Resolves when everything so far is written. */
  readonly flushed: () => Promise<void>
}

/** What makes two failed logins the same offence; short, whatever name a stranger types. @param pair a hash of name and password. */
export const guessKey = (user: string, pair: string): string => `${userTag(user)} ${pair}`
const userTag = (user: string): string => createHash('sha256').update(user).digest('base64url').slice(0, 12)

const goodKey = (address: string, user: string): string => `${address} ${user}`

/** @returns a jail without bans; call `restore` before the listeners open. */
export const openJail = (deps: JailDeps): Jail => {
  const { now, log } = deps
  const bans = new Bans()
  const records = new Recent<OffenceRecord>(MOST_RECORDS)
  const good = new Recent<number>(MOST_RECORDS)
  const anyGood = new Recent<number>(MOST_RECORDS)
  const banMemos = new WriteBehind('bans', deps.store, log)
  const recordMemos = new WriteBehind('ban-records', deps.store, log)
  const goodMemos = new WriteBehind('good-logins', deps.store, log)

  const keepRecord = (subject: string, record: OffenceRecord): void => {
    records.set(subject, record)
    recordMemos.put(subject, writeRecord(record), Math.max(now(), record.until) + RECORD_DAYS * DAY)
  }

  const enforce = (ban: Ban): void => {
    bans.add(ban)
    banMemos.put(`${ban.scope} ${ban.subject}`, writeBan(ban), ban.until)
    const { subject, scope, offence, until, times, note } = ban
    log.event('ban-set', { subject, scope, offence, until: new Date(until).toISOString(), times, note })
    if (isSender(subject)) return
    deps.firewall?.ban(subject, until, scope)
    deps.cut?.(subject, scope)
  }

  const hadGoodLogin = (ip: string, user?: string): boolean => {
    const subjects = subjectsOf(ip)
    if (subjects === undefined) return false
    const at = user === undefined ? anyGood.get(subjects.address) : good.get(goodKey(subjects.address, user))
    return at !== undefined && now() - at < GOOD_LOGIN_MS
  }

  const barred = (ip: string, service: Service): Ban | undefined => {
    const ban = bans.barring(ip, service, now())
    if (ban === undefined) return undefined
    const { allow, banLoopback, enabled } = deps.settings()
    if (!enabled || listed(ip, allow) || (isLoopback(ip) && !banLoopback)) return undefined
    // A neighbour's guessing closes the network, never the owner's own address in it.
    const neighbours = ban.subject !== subjectsOf(ip)?.address
    return neighbours && service === 'login' && hadGoodLogin(ip) ? undefined : ban
  }

  const offence = (one: Offence): readonly Ban[] => {
    const settings = deps.settings()
    if (!settings.enabled) return []
    const docket: Record<string, OffenceRecord> = {}
    for (const subject of subjectsToJudge(one)) {
      const record = records.get(subject)
      if (record !== undefined) docket[subject] = record
    }
    const judgement = judge(one, docket satisfies Docket, now(), settings, deps.random)
    for (const [subject, record] of Object.entries(judgement.records)) keepRecord(subject, record)
    for (const { subject, mercy } of judgement.spared)
      log.event('ban-spared', { subject, mercy, offence: one.kind, note: one.note })
    for (const ban of judgement.bans) enforce(ban)
    return judgement.bans
  }

  const goodLogin = (ip: string, user: string): void => {
    const subjects = subjectsOf(ip)
    if (subjects === undefined) return
    const own = guessKey(user, '')
    for (const subject of [subjects.address, subjects.network]) {
      const record = records.get(subject)
      const failed = record?.counts.some((count) => count.kind === 'login-failed' && count.same.startsWith(own))
      if (record !== undefined && failed === true)
        keepRecord(
          subject,
          forgiven(record, 'login-failed', (same) => same.startsWith(own)),
        )
    }
    const key = goodKey(subjects.address, user)
    const before = good.get(key)
    if (before !== undefined && before <= now() && now() - before < GOOD_LOGIN_REFRESH_MS) return
    good.set(key, now())
    anyGood.set(subjects.address, now())
    goodMemos.put(key, Buffer.from(String(now())), now() + GOOD_LOGIN_MS)
  }

  const tally = (ip: string, who: 'address' | 'network'): { readonly failed: number; readonly left: number } => {
    const record = records.get(subjectsOf(ip)?.[who] ?? '')
    const row = deps.settings().sentences.rows.find((one) => one.offence === 'login-failed' && one.who === who)
    if (row === undefined) return { failed: 0, left: Number.POSITIVE_INFINITY }
    const failed = record === undefined ? 0 : weighed(record, 'login-failed', row.withinMs, now())
    return { failed, left: deps.settings().enabled ? row.count - failed : Number.POSITIVE_INFINITY }
  }

  const restore = async (): Promise<number> => {
    const found = await Promise.all(
      ['bans', 'ban-records', 'good-logins'].map((space) => deps.store.recall({ space, now: now() })),
    )
    const [banRows, recordRows, goodRows] = found.map((answer) => (answer.ok ? answer.value : []))
    for (const answer of found) if (!answer.ok) log.event('store-fault', { verb: 'recall', fault: answer.error })
    for (const { value } of banRows ?? []) {
      const ban = readBan(value)
      if (ban !== undefined) bans.add(ban)
    }
    bans.sweep(now())
    for (const { key, value } of recordRows ?? []) {
      const record = readRecord(value)
      if (record !== undefined) records.set(key, record)
    }
    for (const { key, value } of goodRows ?? []) {
      const at = Number(Buffer.from(value).toString('latin1'))
      if (!Number.isFinite(at)) continue
      good.set(key, Math.min(at, now()))
      anyGood.set(key.slice(0, key.indexOf(' ')), Math.min(at, now()))
    }
    deps.firewall?.restore(bans.list(now()).filter((ban) => !isSender(ban.subject)))
    return bans.size
  }

  const byHand = (text: string, ms: number, note: string): Ban | undefined => {
    const subject = readSubject(text)
    if (subject === undefined) return undefined
    const from = now()
    const ban: Ban = { subject, scope: 'all', offence: 'by-hand', from, until: from + ms, times: 1, note }
    enforce(ban)
    return ban
  }

  const pardon = (text: string): readonly Ban[] => {
    const subject = readSubject(text)
    if (subject === undefined) return []
    const lifted = bans.remove(subject)
    records.delete(subject)
    recordMemos.drop(subject)
    for (const ban of lifted) banMemos.drop(`${ban.scope} ${subject}`)
    if (lifted.length > 0) log.event('ban-lifted', { subject, bans: lifted.length })
    if (!isSender(subject)) deps.firewall?.unban(subject)
    return lifted
  }

  return {
    barred,
    barredSender: (address) => (deps.settings().enabled ? bans.barringSender(address, now()) : undefined),
    offence,
    goodLogin,
    hadGoodLogin,
    failures: (ip) => tally(ip, 'address').failed,
    guessesLeft: (ip) => ({ address: tally(ip, 'address').left, network: tally(ip, 'network').left }),
    restore,
    ban: byHand,
    pardon,
    list: () => bans.list(now()),
    sweep: () => void bans.sweep(now()),
    flushed: async () => {
      await Promise.all([banMemos.flushed(), recordMemos.flushed(), goodMemos.flushed()])
    },
  }
}
