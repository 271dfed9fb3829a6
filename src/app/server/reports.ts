/** The reports that are sent, tied to what they need of the machine: compression, HTTPS, the queue. Composition. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { isLoopback, isPrivate } from '../../ban/subject.ts'
import type { Resolve } from '../../base/dns.ts'
import type { Log } from '../../base/log.ts'
import { getHttps } from '../../net/https-get.ts'
import { openOwnMail } from '../../post/own-mail.ts'
import { DmarcLedger } from '../../post/reports/dmarc-ledger.ts'
import { type KeptReports, openKept } from '../../post/reports/kept.ts'
import { openOutgoing } from '../../post/reports/outgoing.ts'
import { openReports, type Reports } from '../../post/reports/reports.ts'
import type { ComplaintTold } from '../../post/reports/take.ts'
import type { Signing } from '../../post/signing.ts'
import type { TlsCounts } from '../../post/transport/tls-counts.ts'
import type { Store } from '../../store/store.ts'
import type { Settings } from '../settings/schema.ts'
import { version } from '../version.ts'

const POST_MS = 30_000
const MOST_ANSWER = 65_536
const squeeze = promisify(gzip)

/** A POST to a public address of the host that an URL names: no record leads us into a network of ours. */
const poster =
  (resolve: Resolve) =>
  async (text: string, type: string, octets: Uint8Array): Promise<boolean> => {
    const { hostname: host, port, pathname, search } = new URL(text)
    const answers = await Promise.all([resolve(host, 'AAAA'), resolve(host, 'A')])
    const addresses = answers.flatMap((answer) => (answer.kind === 'found' ? answer.records : []))
    const got = await getHttps({
      ...{ host, path: `${pathname}${search}`, port: port === '' ? 443 : Number(port), post: { type, octets } },
      addresses: addresses.filter((ip) => !isPrivate(ip) && !isLoopback(ip)),
      ...{ mostOctets: MOST_ANSWER, totalMs: POST_MS },
    })
    return got.ok && got.value.status >= 200 && got.value.status < 300
  }

export type ReportsHouse = {
  readonly store: Store
  readonly resolve: Resolve
  readonly signing: Signing
  readonly settings: () => Settings
  readonly tls: Pick<TlsCounts, 'reportsFor'>
  readonly wake: () => void
  readonly complained: (told: ComplaintTold) => void
  readonly fresh: (octets: number) => Uint8Array
  readonly now: () => number
  readonly log: Log
}
export type ReportsHere = Reports & {
  readonly kept: KeptReports
  /** Sends what is due. */
  readonly run: (signal: AbortSignal) => Promise<void>
  readonly flushed: () => Promise<void>
}

/** @returns the reports, with the counters of before. */
export const openReportsHere = async (house: ReportsHouse): Promise<ReportsHere> => {
  const { store, settings, now, log, resolve, tls, wake, fresh, signing, complained } = house
  const kept = openKept({ store, now })
  const ledger = new DmarcLedger({ store, now, log })
  const loaded = await ledger.load()
  if (!loaded.ok) log.event('store-fault', { verb: 'dmarc-rows', fault: loaded.error })
  const outgoing = openOutgoing({
    ...{ ledger, tls, store, resolve, now, log, post: poster(resolve), generator: `Postern ${version}` },
    gzip: async (text) => squeeze(text),
    send: openOwnMail({ store, sign: signing.sign, wake, now, fresh, log }),
    settings: () => {
      const { host, reports } = settings()
      return { host, ...reports }
    },
  })
  return {
    kept,
    ...openReports({ ledger, isOn: () => settings().reports.dmarc, take: { kept, store, complained, now, log } }),
    run: (signal) =>
      outgoing.run(signal).catch((error: unknown) => log.event('session-fault', { why: `reports: ${String(error)}` })),
    flushed: () => ledger.flushed(),
  }
}
