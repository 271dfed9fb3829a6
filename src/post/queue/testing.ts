/** A queue's run without sockets and without waiting: a clock that tests turn, a store in memory, couriers that answer as told. */
import type { DnsAnswer, DnsRecords, DnsType, Resolve } from '../../base/dns.ts'
import type { Log } from '../../base/log.ts'
import { fail, ok } from '../../base/result.ts'
import type { NewQueueEntry, Store } from '../../store/store.ts'
import type { Said } from '../bounce/said.ts'
import type { Outcome, Parcel } from './courier.ts'
import { openNotices } from './notices.ts'
import { writeOptions } from './options.ts'
import { paceDefaults } from './pace.ts'
import type { DialFault, OpenCourier, Target } from './reach.ts'
import { QueueRunner, type RunnerDeps, type RunnerRules } from './runner.ts'
import { scheduleDefaults } from './schedule.ts'
import { watchQueue } from './watch.ts'

export const START = 1_795_579_200_000

type Timer = { readonly at: number; readonly run: () => void }

/** Time that stands still until it is turned; everything that is under way is let finish at each step. */
class TestClock {
  #now = START
  #timers = new Set<Timer>()

  readonly now = (): number => this.#now
  readonly after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.#now + ms, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Lets what is under way come to rest. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 40; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  }

  async turn(ms: number): Promise<void> {
    const end = this.#now + ms
    await this.settle()
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.run()
      await this.settle()
    }
    this.#now = end
  }
}

/** What a server says of a parcel: for each recipient; `over` ends the session after it. */
type Answer = {
  readonly said?: 'taken' | Said | ((address: string, parcel: Parcel) => 'taken' | Said)
  readonly unsure?: boolean
  readonly over?: Said
  readonly dsn?: boolean
  /** The parcel goes back untried. */
  readonly back?: boolean
}
export type Server = {
  /** Why it cannot be reached. */
  readonly fault?: () => DialFault | undefined
  /** `at`: how many came before. */
  readonly answer?: (parcel: Parcel, at: number) => Answer
}

const zoneOf =
  (names: Readonly<Record<string, { readonly [T in DnsType]?: readonly DnsRecords[T][] }>>): Resolve =>
  async <T extends DnsType>(name: string, type: T): Promise<DnsAnswer<T>> => {
    const records = names[name]?.[type]
    if (names[name] === undefined) return { kind: 'none', why: 'nxdomain', secure: false }
    return records === undefined
      ? { kind: 'none', why: 'nodata', secure: false }
      : { kind: 'found', records, secure: false }
  }

const textOf = async ({ content, size }: Parcel): Promise<string> =>
  Buffer.from((typeof content === 'function' ? await content(0, size) : content) ?? []).toString('latin1')

export type World = {
  readonly clock: TestClock
  readonly runner: QueueRunner
  /** The store as others have it. */
  readonly store: Store
  /** What the servers took: `ip: recipient,recipient: text`. */
  readonly sent: string[]
  readonly events: string[]
  readonly dialled: string[]
  /** Notes in flight. */
  readonly notes: Set<string>
  readonly queue: (text: string, entries: readonly Partial<NewQueueEntry>[]) => Promise<void>
}

/** @param servers by IP address; the domains `a.example` … `e.example` have an MX of 192.0.2.1 … 192.0.2.5, `two.example` both of the first two. */
export const queueWorld = (
  opened: Store,
  servers: Readonly<Record<string, Server>>,
  over: Partial<RunnerDeps> & { readonly some?: Partial<RunnerRules> } = {},
): World => {
  const clock = new TestClock()
  const [sent, events, dialled]: [string[], string[], string[]] = [[], [], []]
  const notes = new Set<string>()
  const log: Log = {
    event: (name, fields) => events.push(`${name} ${String(fields['to'] ?? fields['message'] ?? '')}`.trim()),
  }
  const counts = new Map<string, number>()
  const countOf = (ip: string): number => {
    const count = counts.get(ip) ?? 0
    counts.set(ip, count + 1)
    return count
  }
  const courierOf = (ip: string, server: Server): OpenCourier => {
    let open = true
    return {
      ...{ isTls: true, problem: undefined, localIp: '192.0.2.99' },
      close: () => {
        open = false
      },
      quit: async () => undefined,
      run: async (errand) => {
        while (open) {
          const parcel = errand.next()
          if (parcel === undefined) {
            if (!(await errand.more())) return undefined
            continue
          }
          const answer = server.answer?.(parcel, countOf(ip)) ?? {}
          if (answer.back === true) errand.back(parcel)
          else {
            errand.begins(parcel)
            const text = await textOf(parcel)
            const said = answer.said ?? 'taken'
            const recipients = parcel.recipients.map(({ address }) =>
              typeof said === 'function' ? said(address, parcel) : said,
            )
            const taken = parcel.recipients.filter((_, i) => recipients[i] === 'taken').map(({ address }) => address)
            if (taken.length > 0) sent.push(`${ip}: ${taken.join(',')}: ${text}`)
            const reply: Said = { code: 250, enhanced: '', text: 'ok', host: ip, stage: 'message' }
            const outcome: Outcome = {
              ...{ recipients, unsure: answer.unsure === true, dsn: answer.dsn === true },
              ...(taken.length > 0 ? { reply } : {}),
            }
            errand.done(parcel, outcome)
          }
          if (answer.over !== undefined) return answer.over
        }
        return { code: 0, enhanced: '4.4.2', text: 'we stopped', host: ip, stage: 'mail' }
      },
    }
  }
  const letters = ['a', 'b', 'c', 'd', 'e']
  const zone = Object.fromEntries(
    letters.flatMap((letter, at) => [
      [`${letter}.example`, { MX: [{ preference: 1, exchange: `mx.${letter}.example` }] }],
      [`mx.${letter}.example`, { A: [`192.0.2.${at + 1}`] }],
    ]),
  )
  const rules = (): RunnerRules => ({
    ...{ enabled: true, schedule: scheduleDefaults, pace: paceDefaults, connections: 20, messages: 100 },
    ...over.some,
  })
  const runner = new QueueRunner({
    ...{ store: opened, now: clock.now, after: clock.after, chance: () => 0.5, log, port: 25 },
    mayLeave: () => true,
    resolve: zoneOf({
      ...zone,
      'two.example': {
        MX: [
          { preference: 1, exchange: 'mx.a.example' },
          { preference: 2, exchange: 'mx.b.example' },
        ],
      },
    }),
    security: {
      forDomain: async () => ({
        ...{ sts: 'none', allowsMx: () => true, told: () => undefined },
        forHost: async () => ({ kind: 'opportunistic' }),
      }),
    },
    isUs: () => false,
    here: () => {
      throw new Error('nobody lives here')
    },
    relayFor: () => undefined,
    rules,
    inFlight: {
      begin: (message) => {
        notes.add(message)
        return 1
      },
      end: () => notes.clear(),
    },
    notices: openNotices({
      store: opened,
      now: clock.now,
      log,
      host: () => 'mail.here.example',
      keepReceiptsMs: () => 1000,
      returnTo: (sender) => (sender === 'SRS0=x@here.example' ? 'carl@b.example' : undefined),
      wake: () => runner.wake(),
    }),
    dial: async ({ ip }: Target) => {
      dialled.push(ip)
      const server = servers[ip]
      const fault = server?.fault?.()
      if (server === undefined || fault !== undefined)
        return fail(fault ?? { said: { code: 0, enhanced: '4.4.1', text: 'no answer', host: ip, stage: 'connect' } })
      return ok(courierOf(ip, server))
    },
    ...over,
  })
  const store = watchQueue(opened, { queued: () => runner.wake(), changed: (changes) => runner.heard(changes) })
  let count = 0
  return {
    ...{ clock, runner, store, sent, events, dialled, notes },
    queue: async (text, entries) => {
      count += 1
      const made = entries.map((one): NewQueueEntry => {
        const recipient = one.recipient ?? 'x@a.example'
        return {
          ...{ message: count.toString(16).padStart(32, '0'), account: null, sender: 'anna@here.example', recipient },
          ...{ domain: recipient.slice(recipient.indexOf('@') + 1), state: 'waiting', why: '', queuedAt: clock.now() },
          ...{ nextAt: clock.now(), expiresAt: clock.now() + scheduleDefaults.lifetimeMs },
          options: writeOptions({ notify: [], smtpUtf8: false, body: '7bit', requireTls: false, subject: text }),
          ...one,
        }
      })
      const body = { bytes: Buffer.from(text, 'latin1') }
      const done = await store.deliver({ body, places: [], queue: { prefix: '', entries: made }, now: clock.now() })
      if (!done.ok) throw new Error(done.error)
    },
  }
}
