/** The reports that are sent, tied to what they need of the machine: compression, HTTPS, the queue. Composition. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Resolve } from '../../base/dns.ts'
import type { Log } from '../../base/log.ts'
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
const squeeze = promisify(gzip)

const postOctets = async (url: string, type: string, octets: Uint8Array): Promise<boolean> => {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': type },
      body: new Uint8Array(octets),
      redirect: 'error',
      signal: AbortSignal.timeout(POST_MS),
    })
    await answer.body?.cancel()
    return answer.ok
  } catch (error) {
    if (!(error instanceof Error)) throw error // what fetch rejects with when the peer or the network fails
    return false
  }
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
    ...{ ledger, tls, store, resolve, now, log, post: postOctets, generator: `Postern ${version}` },
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
    run: (signal) => outgoing.run(signal),
    flushed: () => ledger.flushed(),
  }
}
