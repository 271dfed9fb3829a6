/**
 * Sending, put together: the runner of the queue over the store, the resolver, the sockets and the clock; what others do to the queue, it hears of. Composition only.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import type { Resolve } from '../../base/dns.ts'
import type { AccountId } from '../../base/ids.ts'
import type { Log } from '../../base/log.ts'
import { systemClock } from '../../net/clock.ts'
import { type Desk, openDesk, type Ways } from '../../post/queue/desk.ts'
import { type Notices, openNotices } from '../../post/queue/notices.ts'
import { paceDefaults } from '../../post/queue/pace.ts'
import type { OpenCourier } from '../../post/queue/reach.ts'
import { QueueRunner, type RunnerRules } from '../../post/queue/runner.ts'
import { watchQueue } from '../../post/queue/watch.ts'
import { type RelayRow, relayFor } from '../../post/relay.ts'
import type { TransportSecurity } from '../../post/transport/policy.ts'
import type { Store } from '../../store/store.ts'
import { relayRows } from '../settings/relay.ts'
import type { Settings } from '../settings/schema.ts'
import { diallerOf } from './dialling.ts'
import { openInFlight } from './in-flight.ts'

export type SendingOptions = {
  readonly folder: string
  readonly store: Store
  readonly resolve: Resolve
  readonly security: TransportSecurity
  /** Resolves a path of the settings. */
  readonly file: (path: string) => string
  readonly settings: () => Settings
  /** false: mail of this account is about to be held. */
  readonly mayLeave: (account: AccountId) => boolean
  readonly now: () => number
  readonly chance: () => number
  /** The true sender behind a return address of ours. */
  readonly returnTo: (sender: string) => string | undefined
  /** What takes mail for people here. */
  readonly here: () => OpenCourier
  readonly log: Log
}
export type Sending = {
  /** The store, for everybody else: what is done to its queue takes effect at once. */
  readonly store: Store
  readonly runner: QueueRunner
  readonly desk: Desk
  /** Something was queued; with `store` above it is not needed. */
  readonly wake: () => void
  /** Tells of what was in flight when the last run ended, and begins to send. */
  readonly start: () => Promise<void>
  readonly stop: (graceMs: number) => Promise<void>
}

const rulesOf = ({ send }: Settings): RunnerRules => ({
  enabled: send.enabled,
  schedule: {
    ...{ firstMs: send['first-retry'], longestMs: send['longest-retry'] },
    ...{ lifetimeMs: send.lifetime, delayNoticeMs: send['delay-notice'] },
  },
  // A destination never rests for longer than a message waits: the first retry would come to nothing.
  pace: {
    ...paceDefaults,
    most: send['per-destination'],
    restMs: Math.min(paceDefaults.restMs, send['first-retry']),
    longestRestMs: Math.min(paceDefaults.longestRestMs, send['longest-retry']),
  },
  ...{ connections: send.connections, messages: send['messages-per-connection'] },
})

/** The relays of the settings; read anew when the settings are others. A password that cannot be read takes its relay out, and the log says so. */
const relaysOf = ({ settings, file, log }: SendingOptions): (() => readonly RelayRow[]) => {
  let from: Settings | undefined
  let rows: readonly RelayRow[] = []
  return () => {
    const current = settings()
    if (current === from) return rows
    from = current
    const read = relayRows(current.relay, (path) => readText(file(path)))
    for (const why of read.problems) log.event('send-fault', { why })
    rows = read.rows
    return rows
  }
}

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}

/** Addresses of this machine, those of loopback included: mail that leads to them is a loop. */
const ownAddresses = (): ReadonlySet<string> =>
  new Set(Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)))

/** Whether a host is this server: by its name, or by an address where we listen for mail on port 25. */
const isUsWith =
  (settings: () => Settings) =>
  (name: string, addresses: readonly string[]): boolean => {
    const { host, listen } = settings()
    if (name.toLowerCase() === host.toLowerCase()) return true
    const listening = listen.smtp.filter(({ port }) => port === 25).map((one) => one.host)
    if (listening.length === 0) return false
    const own = ownAddresses()
    return addresses.some((ip) =>
      listening.some(
        (at) =>
          at === ip || ((at === '0.0.0.0' || at === '::') && own.has(ip) && (ip.includes(':') || at === '0.0.0.0')),
      ),
    )
  }

/** @returns sending, at rest until `start`. */
export const openSending = (options: SendingOptions): Sending => {
  const { store, settings, now, log } = options
  const inFlight = openInFlight(options.folder)
  const relays = relaysOf(options)
  let stopped: Promise<void> | undefined
  const noticesOver = (over: Store): Notices =>
    openNotices({
      ...{ store: over, now, log, host: () => settings().host, keepReceiptsMs: () => settings().keep.receipts },
      ...{ returnTo: options.returnTo, wake: () => runner.wake() },
    })
  const isUs = isUsWith(settings)
  const byRelay: Ways['relayFor'] = (a) => relayFor(relays(), a)
  const runner = new QueueRunner({
    ...{ store, now, log, inFlight, resolve: options.resolve, security: options.security },
    here: options.here,
    ...{ relayFor: byRelay, chance: options.chance, port: 25, isUs },
    rules: () => rulesOf(settings()),
    mayLeave: options.mayLeave,
    after: systemClock.after,
    notices: noticesOver(store),
    dial: diallerOf({
      ...{ name: () => settings().host, addresses: () => settings().send.addresses, now: systemClock.now },
      nonce: () => randomBytes(18).toString('base64url'),
    }),
  })
  const watched = watchQueue(store, { queued: () => runner.wake(), changed: (changes) => runner.heard(changes) })
  const ways = { resolve: options.resolve, security: options.security, isUs, relayFor: byRelay }
  return {
    store: watched,
    runner,
    desk: openDesk({
      ...{ store: watched, now, runner, ways },
      notices: noticesOver(watched),
    }),
    wake: () => runner.wake(),
    start: async () => {
      for (const message of inFlight.left) {
        const left = await store.queue({ message, state: 'waiting', most: 1000 })
        for (const { recipient } of left.ok ? left.value : [])
          log.event('send-unsure', { message, to: recipient, why: 'Postern ended while it was being sent' })
      }
      runner.start()
    },
    stop: (graceMs) => {
      stopped ??= runner.stop(graceMs).then(inFlight.close)
      return stopped
    },
  }
}
