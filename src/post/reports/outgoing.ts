/**
 * The reports that we send: once a day for the day before, at a minute of its own for each server, so that not all of the world sends at midnight. DMARC
 * aggregate (RFC 9990, RFC 7489 section 7.2) and TLS (RFC 8460 section 5). Look-ups, compression, the queue and HTTPS are parameters.
 *
 * A domain is done when its report is in the queue, or when nobody may have it. DNS or a store that does not answer is asked again at the next turn; what is
 * two days old is given up. No report goes to domains that are served here, nor on the receipt of reports: the queue sends them from the null sender.
 */
import { createHash } from 'node:crypto'
import type { Resolve } from '../../base/dns.ts'
import type { Log } from '../../base/log.ts'
import type { Store } from '../../store/store.ts'
import { recordAt } from '../../verify/dmarc-walk.ts'
import { toAscii } from '../../verify/lookup.ts'
import type { SendOwn } from '../own-mail.ts'
import type { TlsCounts } from '../transport/tls-counts.ts'
import { type Destination, readDestinations, verifyDestination } from './destinations.ts'
import { type DmarcLedger, type DomainDay, dayOf, dayStart } from './dmarc-ledger.ts'
import { writeAggregate } from './dmarc-xml.ts'
import { type ReportMail, writeReportMail } from './report-mail.ts'

const DAY = 86_400_000
const MINUTE = 60_000
const SPREAD_MINUTES = 360
const GIVEN_UP_MS = 2 * DAY // after the day's end
const LIFETIME_MS = DAY // in the queue
const AGAIN_MS = 3_600_000 // what failed is tried again after so long
const SPACE = 'reports-sent'

export type ReportSettings = {
  readonly dmarc: boolean
  readonly tls: boolean
  /** Our own name. */
  readonly host: string
  readonly organization: string
  /** A mail address, or a page; '' for none. */
  readonly contact: string
}
export type OutgoingDeps = {
  readonly ledger: Pick<DmarcLedger, 'groups' | 'rows' | 'drop'>
  readonly tls: Pick<TlsCounts, 'reportsFor'> | undefined
  readonly store: Pick<Store, 'domains' | 'remember' | 'recall'>
  readonly resolve: Resolve
  readonly gzip: (text: string) => Promise<Uint8Array>
  readonly send: SendOwn
  /** POSTs to an https URL. @returns whether it was taken. Never rejects. */
  readonly post: (url: string, type: string, octets: Uint8Array) => Promise<boolean>
  readonly settings: () => ReportSettings
  readonly generator: string
  readonly now: () => number
  readonly log: Log
}

/** @returns when the reports of a day are due: at a minute of the next day that depends on who we are. */
export const dueAt = (day: string, host: string): number => {
  const minute = createHash('sha256').update(`${host} ${day}`).digest().readUInt32BE(0) % SPREAD_MINUTES
  return dayStart(day) + DAY + minute * MINUTE
}

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)
const mailOf = ({ host, organization }: ReportSettings, name: string) => ({
  from: `${name}@${host}`,
  organization: organization === '' ? host : organization,
})
const emailOf = ({ contact, host }: ReportSettings, name: string): string =>
  contact.includes('@') ? contact : `${name}@${host}`

type Outcome = 'done' | 'later'

class Outgoing {
  readonly #deps: OutgoingDeps
  #ours: ReadonlySet<string> = new Set()
  /** When the TLS reports of a day were last tried: what failed is not tried at every turn. */
  readonly #tried = new Map<string, number>()

  constructor(deps: OutgoingDeps) {
    this.#deps = deps
  }

  async run(signal: AbortSignal): Promise<void> {
    const { settings, ledger, now, store } = this.#deps
    const domains = await store.domains()
    if (!domains.ok) return
    this.#ours = new Set(domains.value.map(({ name }) => toAscii(name)))
    const { host, dmarc, tls } = settings()
    const isDue = (day: string): boolean => dayStart(day) + DAY <= now() && dueAt(day, host) <= now()
    for (const group of ledger.groups()) {
      if (signal.aborted) return
      if (!isDue(group.day)) continue
      const outcome = dmarc ? await this.#aggregate(group) : 'done'
      if (outcome === 'done' || now() - dayStart(group.day) - DAY > GIVEN_UP_MS) ledger.drop(group)
    }
    for (const back of [2, 1]) {
      const day = dayOf(now() - back * DAY)
      if (tls && !signal.aborted && isDue(day)) await this.#tlsDay(day, signal)
    }
    for (const day of this.#tried.keys()) if (dayStart(day) < now() - 5 * DAY) this.#tried.delete(day)
  }

  #isOurs(domain: string): boolean {
    return this.#ours.has(domain)
  }

  async #aggregate(group: DomainDay): Promise<Outcome> {
    const { resolve, log } = this.#deps
    const { domain } = group
    if (this.#isOurs(domain)) return 'done'
    const { record, failed } = await recordAt(domain, resolve)
    if (failed) return 'later'
    const wanted = readDestinations(record?.rua ?? [])
    const verified = await Promise.all(wanted.map((one) => verifyDestination(domain, one, resolve)))
    if (verified.some(({ kind }) => kind === 'unknown')) return 'later'
    const to = verified.flatMap((one) => (one.kind === 'yes' ? one.destinations : []))
    const mail = to.flatMap((one) => (one.kind === 'mail' && !this.#isOurs(one.host) ? [one] : []))
    if (mail.length === 0) {
      log.event('report-skipped', {
        kind: 'dmarc',
        domain,
        day: group.day,
        why: wanted.length > 0 ? 'not-agreed' : 'no-address',
      })
      return 'done'
    }
    return this.#sendAggregate(group, mail)
  }

  async #sendAggregate(
    { day, domain }: DomainDay,
    to: readonly Extract<Destination, { readonly kind: 'mail' }>[],
  ): Promise<Outcome> {
    const { ledger, settings, gzip, generator, now, log } = this.#deps
    const current = settings()
    const who = mailOf(current, 'noreply-dmarc')
    const [begin, end] = [dayStart(day) / 1000, (dayStart(day) + DAY) / 1000 - 1]
    // The same for the same report, so that one that is sent twice is known for what it is.
    const id = `${day.replaceAll('-', '')}.${shortHash(`${current.host} ${domain} ${day}`)}`
    const rows = ledger.rows({ day, domain })
    const xml = writeAggregate({
      ...{ organization: who.organization, contact: current.contact.includes('@') ? '' : current.contact, generator },
      ...{ email: emailOf(current, 'noreply-dmarc'), id: `${id}@${current.host}`, begin, end, domain, rows },
    })
    const octets = await gzip(xml)
    let outcome: Outcome = 'done'
    for (const { address, mostBytes } of to) {
      const message: ReportMail = {
        ...who,
        ...{ to: address, id: `dmarc.${id}.${shortHash(address)}`, at: now(), fields: [] },
        subject: `Report Domain: ${domain} Submitter: ${current.host} Report-ID: <${id}@${current.host}>`,
        text: `This is a DMARC aggregate report for\n${domain}:\nhow mail in its name fared on ${day} (UTC) at\n${current.host}.\nIt is made for programs, and nobody reads answers to it.\n`,
        attachment: {
          ...{ type: 'application/gzip', octets },
          name: `${current.host}!${domain}!${begin}!${end}.xml.gz`,
        },
      }
      outcome =
        (await this.#queue(message, mostBytes, { kind: 'dmarc', domain, day, rows: rows.length })) === 'later'
          ? 'later'
          : outcome
    }
    if (outcome === 'done') log.event('report-done', { kind: 'dmarc', domain, day, rows: rows.length })
    return outcome
  }

  async #queue(
    mail: ReportMail,
    mostBytes: number,
    about: { readonly kind: string; readonly domain: string; readonly day: string; readonly rows?: number },
  ): Promise<Outcome> {
    const { send, settings, log } = this.#deps
    const message = writeReportMail(mail)
    // RFC 9990 section 3.5: the limit is for what goes over the wire, encodings included.
    if (message.length > mostBytes) {
      log.event('report-skipped', { ...about, why: 'too-large' })
      return 'done'
    }
    const { subject, to } = mail
    const queued = await send({ domain: settings().host, to, message, subject, lifetimeMs: LIFETIME_MS })
    if (queued) log.event('report-sent', { ...about, to })
    return queued ? 'done' : 'later'
  }

  async #tlsDay(day: string, signal: AbortSignal): Promise<void> {
    const { tls, settings, gzip, now } = this.#deps
    const whole = `tls ${day} all`
    const tried = this.#tried.get(day)
    if ((tried !== undefined && Math.abs(now() - tried) < AGAIN_MS) || (await this.#isSent(whole))) return
    this.#tried.set(day, now())
    const current = settings()
    const { organization } = mailOf(current, 'noreply-tlsrpt')
    const reports = (await tls?.reportsFor(day, { organization, contact: emailOf(current, 'noreply-tlsrpt') })) ?? []
    let outcome: Outcome = 'done'
    for (const { domain, rua, json } of reports) {
      if (signal.aborted) return
      if (this.#isOurs(domain)) continue
      const octets = await gzip(json)
      for (const destination of readDestinations(rua))
        if ((await this.#tlsReport(day, domain, destination, octets)) === 'later') outcome = 'later'
    }
    if (outcome === 'done') await this.#markSent(whole)
  }

  /** A store that does not answer says yes: a report less is better than one every ten minutes. */
  async #isSent(key: string): Promise<boolean> {
    const { store, now } = this.#deps
    const sent = await store.recall({ space: SPACE, key, now: now() })
    return !sent.ok || sent.value.length > 0
  }

  async #markSent(key: string): Promise<void> {
    const { store, now, log } = this.#deps
    const memo = { key, value: new Uint8Array(0), expiresAt: now() + 4 * DAY }
    const kept = await store.remember({ space: SPACE, memos: [memo] })
    if (!kept.ok) log.event('store-fault', { verb: 'remember', space: SPACE, fault: kept.error })
  }

  /** One report to one destination, once. */
  async #tlsReport(day: string, domain: string, destination: Destination, octets: Uint8Array): Promise<Outcome> {
    const { log, post } = this.#deps
    if (destination.kind === 'mail' && this.#isOurs(destination.host)) return 'done'
    const to = destination.kind === 'mail' ? destination.address : destination.url
    const key = `tls ${day} ${shortHash(`${domain} ${to}`)}`
    if (await this.#isSent(key)) return 'done'
    const about = { kind: 'tls', domain, day }
    if (destination.kind === 'mail') {
      const mail = this.#tlsMail(day, domain, destination.address, octets)
      if ((await this.#queue(mail, destination.mostBytes, about)) === 'later') return 'later'
    } else if (await post(destination.url, 'application/tlsrpt+gzip', octets)) {
      log.event('report-sent', { ...about, to: new URL(destination.url).hostname })
    } else {
      log.event('report-failed', { ...about, to: new URL(destination.url).hostname })
      return 'later'
    }
    await this.#markSent(key)
    return 'done'
  }

  #tlsMail(day: string, domain: string, to: string, octets: Uint8Array): ReportMail {
    const { settings, now } = this.#deps
    const current = settings()
    const [begin, end] = [dayStart(day) / 1000, (dayStart(day) + DAY) / 1000 - 1]
    const id = `${day}-${domain}-${current.host}`
    return {
      ...mailOf(current, 'noreply-tlsrpt'),
      ...{ to, id: `tls.${shortHash(`${id} ${to}`)}`, at: now(), reportType: 'tlsrpt' },
      subject: `Report Domain: ${domain} Submitter: ${current.host} Report-ID: <${id}>`,
      fields: [
        ['TLS-Report-Domain', domain],
        ['TLS-Report-Submitter', current.host],
        // RFC 8689 section 3: what is wrong with the domain's TLS must not keep the report of it away (RFC 8460 section 3).
        ['TLS-Required', 'No'],
      ],
      text: `This is an aggregate report of TLS for\n${domain}:\nhow deliveries to it fared on ${day} (UTC) at\n${current.host}.\nIt is made for programs, and nobody reads answers to it.\n`,
      attachment: {
        ...{ type: 'application/tlsrpt+gzip', octets },
        name: `${current.host}!${domain}!${begin}!${end}!001.json.gz`,
      },
    }
  }
}

/** @returns one turn of the work, to be called every few minutes: it sends what is due and not yet sent. */
export const openOutgoing = (deps: OutgoingDeps): { readonly run: (signal: AbortSignal) => Promise<void> } => {
  const outgoing = new Outgoing(deps)
  return { run: (signal) => outgoing.run(signal) }
}
