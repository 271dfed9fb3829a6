/**
 * A house for SMTP sessions in tests: a post office that knows a few addresses, a spool in memory, a clock that stands still. What an
 * address or a message is made to cause is in its name: `full@`, `throws@`, a body with `X-Test: spam`.
 */

import type { Act, Peer, Session } from '../../../src/base/act.ts'
import { accountId, modSeq } from '../../../src/base/ids.ts'
import type { Fields, Log } from '../../../src/base/log.ts'
import { type Spool, SpoolError } from '../../../src/base/spool.ts'
import type { Envelope, PostOffice, RcptOutcome, ReceiveOutcome } from '../../../src/post/ports.ts'
import type { LoginOutcome } from '../../../src/session/login.ts'
import type { SmtpDeps } from '../../../src/session/smtp/deps.ts'
import { smtpLimits, submissionLimits } from '../../../src/session/smtp/limits.ts'
import { smtpSession } from '../../../src/session/smtp/session.ts'
import type { Account } from '../../../src/store/store.ts'

export type Taken = { readonly envelope: Envelope; readonly bytes: Buffer }
export type House = {
  readonly deps: SmtpDeps
  readonly session: Session
  readonly taken: Taken[]
  readonly offences: string[]
  readonly events: { readonly name: string; readonly fields: Fields }[]
  /** Spools that were neither finished nor discarded. */
  readonly openSpools: () => number
  readonly clock: { now: number }
}

export const testPeer: Peer = {
  session: 's1',
  ip: '192.0.2.7',
  port: 40_000,
  localIp: '192.0.2.1',
  localPort: 25,
  tls: null,
  mayPlaintext: false,
}
export const testTls: Peer = {
  ...testPeer,
  tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', bindings: {} },
}

const refuse = (reason: Extract<RcptOutcome, { kind: 'refuse' }>['reason'], text?: string): RcptOutcome => ({
  kind: 'refuse',
  reason,
  ...(text === undefined ? {} : { text }),
})

const routes: Readonly<Record<string, () => RcptOutcome>> = {
  alice: () => ({ kind: 'ok' }),
  bob: () => ({ kind: 'ok' }),
  postmaster: () => ({ kind: 'ok' }),
  jürgen: () => ({ kind: 'ok' }),
  'a b"c': () => ({ kind: 'ok' }),
  full: () => refuse('over-quota'),
  closed: () => refuse('disabled', 'She has moved\r\n250 ok'),
  grey: () => refuse('greylisted'),
  throws: () => {
    throw new Error('the store is on fire')
  },
}

const outcomes: Readonly<Record<string, () => ReceiveOutcome>> = {
  spam: () => ({ kind: 'rejected', reason: 'spam' }),
  loop: () => ({ kind: 'rejected', reason: 'loop' }),
  policy: () => ({ kind: 'rejected', reason: 'policy', text: 'No mail on Sundays' }),
  full: () => ({ kind: 'deferred', reason: 'disk-full' }),
  throws: () => {
    throw new Error('the store is on fire')
  },
}

/** A spool in memory; `full` after so many octets. */
export const memorySpool = (room: number, opened: (by: 1 | -1) => void): Spool => {
  const parts: Buffer[] = []
  let size = 0
  opened(1)
  return {
    write: (bytes) => {
      size += bytes.length
      if (size > room) return Promise.reject(new SpoolError('disk-full'))
      parts.push(Buffer.from(bytes))
      return undefined
    },
    finish: () => {
      opened(-1)
      return Promise.resolve({ body: { bytes: Buffer.concat(parts) }, size })
    },
    discard: () => opened(-1),
  }
}

export type HouseOptions = Partial<Pick<SmtpDeps, 'bareLf' | 'early' | 'startTls' | 'requireTls'>> & {
  readonly limits?: Partial<SmtpDeps['limits']>
  readonly room?: number
  /** A submission port, where alice logs in with `secret`. */
  readonly submission?: boolean
}

const alice: Account = {
  id: accountId(1),
  name: 'alice@example.org',
  passwordHash: '',
  state: 'active',
  quotaBytes: 0,
  usedBytes: 0,
  messages: 0,
  createdAt: 0,
  modSeq: modSeq(1),
  settings: '{}',
}

const logins: Readonly<Record<string, LoginOutcome>> = {
  'alice secret': { kind: 'ok', account: alice },
  'frozen secret': { kind: 'frozen' },
  'barred secret': { kind: 'barred' },
  'busy secret': { kind: 'try-later' },
}
const submission: NonNullable<SmtpDeps['submission']> = {
  login: async (user, secret) => {
    if (user === 'throws') throw new Error('the store is on fire')
    if ('proven' in secret) return secret.proven ? { kind: 'ok', account: alice } : { kind: 'bad-credentials' }
    return logins[`${user} ${secret.password}`] ?? { kind: 'bad-credentials' }
  },
  limits: { ...submissionLimits, logins: 3 },
}

/** @param options what differs from the defaults; there is no pause before the greeting unless it is asked for. */
export const smtpHouse = (options: HouseOptions = {}): House => {
  const taken: Taken[] = []
  const offences: string[] = []
  const events: { name: string; fields: Fields }[] = []
  const clock = { now: 1_790_000_000_000 }
  let open = 0
  const log: Log = { event: (name, fields) => events.push({ name, fields }) }
  const office: PostOffice = {
    sender: async ({ mailFrom, account }) => {
      if (mailFrom?.domain === 'throws.example') throw new Error('the store is on fire')
      if (account !== undefined && mailFrom !== null && mailFrom.local !== 'alice') return refuse('not-your-address')
      return mailFrom?.domain === 'banned.example' ? refuse('sender-banned') : { kind: 'ok' }
    },
    route: async (sender, { address }, { accepted }) => {
      if (sender.account !== undefined && address.domain === 'friend.example') return { kind: 'ok' }
      if (!['example.org', 'xn--bcher-kva.example', ''].includes(address.domain)) return refuse('relay-denied')
      if (sender.mailFrom === null && accepted > 0) return refuse('null-sender-many')
      return routes[address.local.toLowerCase()]?.() ?? refuse('unknown-user')
    },
    receive: async (envelope, body) => {
      const bytes = 'bytes' in body ? Buffer.from(body.bytes) : Buffer.alloc(0)
      const wish = /^X-Test: (\w+)\r\n/m.exec(bytes.toString('latin1'))?.[1]
      const outcome = wish === undefined ? undefined : outcomes[wish]?.()
      if (outcome !== undefined) return outcome
      taken.push({ envelope, bytes })
      return { kind: 'accepted', id: `m${taken.length}` }
    },
    offence: (kind) => offences.push(kind),
  }
  const deps: SmtpDeps = {
    office,
    newSpool: () =>
      memorySpool(options.room ?? Number.POSITIVE_INFINITY, (by) => {
        open += by
      }),
    now: () => clock.now,
    log,
    limits: { ...smtpLimits, greetPauseMs: 0, ...options.limits },
    host: 'mx.example.org',
    startTls: options.startTls ?? true,
    bareLf: options.bareLf ?? 'refuse',
    early: options.early ?? 'refuse',
    requireTls: options.requireTls ?? false,
    ...(options.submission === true ? { submission } : {}),
  }
  return { deps, session: smtpSession(deps), taken, offences, events, openSpools: () => open, clock }
}

/** @returns all acts of a call. */
export const actsOf = async (acts: AsyncIterable<Act>): Promise<readonly Act[]> => {
  const all: Act[] = []
  for await (const act of acts) all.push(act)
  return all
}

/** @returns what the acts write. */
export const written = (acts: readonly Act[]): string =>
  acts.map((act) => (act.act === 'write' ? Buffer.from(act.bytes).toString('latin1') : '')).join('')

/** Greets, gives the session `text` in the cuts that are named, and says goodbye to it. @returns all that it wrote. */
export const converse = async (house: House, chunks: readonly (string | Uint8Array)[]): Promise<string> => {
  let said = written(await actsOf(house.session.greet(testPeer, async () => true)))
  for (const chunk of chunks)
    said += written(await actsOf(house.session.octets(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)))
  house.session.gone()
  return said
}
