/**
 * A small house for IMAP dialogues: a store in memory, accounts, and connections that are driven as the pump of net/ drives them (one call at a
 * time, the bell heard when nothing else runs), without a socket. Clock and nonces are fixed, so that a dialogue says the same each time.
 */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import type { Act, Peer, Session } from '../../src/base/act.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Body, Spool } from '../../src/base/spool.ts'
import { type ImapDeps, type ImapLimits, imapLimits } from '../../src/session/imap/deps.ts'
import { imapSession } from '../../src/session/imap/session.ts'
import { MailboxViews } from '../../src/session/imap/view.ts'
import type { LoginOutcome } from '../../src/session/login.ts'
import { openInline } from '../../src/store/sqlite/inline.ts'
import type { Account, Store } from '../../src/store/store.ts'
import type { ScramKeys } from '../../src/wire/sasl/scram.ts'

/** 2026-03-01 12:00:00 UTC; each reading of the clock is a second later. */
export const START = Date.UTC(2026, 2, 1, 12)

/** A spool in memory. @param most octets before it says that the disk is full. */
export const memorySpool = (): Spool => {
  let chunks: Uint8Array[] = []
  let size = 0
  return {
    write: (bytes) => {
      chunks.push(Uint8Array.from(bytes))
      size += bytes.length
    },
    finish: async (): Promise<{ body: Body; size: number }> => ({ body: { bytes: Buffer.concat(chunks) }, size }),
    discard: () => {
      chunks = []
    },
  }
}

/** The keys of `password` (RFC 5802 section 3). */
const keysOf = (password: string): ScramKeys => {
  const salt = Buffer.from('0123456789abcdef')
  const salted = pbkdf2Sync(password, salt, 4096, 32, 'sha256')
  const hmac = (text: string): Buffer => createHmac('sha256', salted).update(text).digest()
  return {
    salt,
    iterations: 4096,
    storedKey: createHash('sha256').update(hmac('Client Key')).digest(),
    serverKey: hmac('Server Key'),
  }
}

export type House = {
  readonly store: Store
  readonly deps: ImapDeps
  readonly accounts: ReadonlyMap<string, Account>
  readonly logins: string[]
  readonly close: () => Promise<void>
}

export type HouseOptions = {
  readonly limits?: Partial<ImapLimits>
  readonly quotaBytes?: number
  readonly newSpool?: () => Spool
  readonly startTls?: boolean
}

/** Accounts alice, bob and carol `@example.org`, each with the password `secret`, and an INBOX. */
export const openHouse = async (options: HouseOptions = {}): Promise<House> => {
  const opened = openInline({ folder: ':memory:' })
  if (!opened.ok) throw new Error(opened.error)
  const store = opened.value
  let clock = START
  const now = (): number => {
    clock += 1000
    return clock
  }
  const accounts = new Map<string, Account>()
  for (const name of ['alice', 'bob', 'carol']) {
    const made = await store.addAccount({
      name: `${name}@example.org`,
      passwordHash: '',
      quotaBytes: options.quotaBytes ?? 0,
      settings: '{}',
      now: now(),
    })
    if (!made.ok) throw new Error(made.error)
    accounts.set(made.value.name, made.value)
    await store.addMailbox({ account: made.value.id, name: 'INBOX', now: now() })
  }
  const logins: string[] = []
  const login: ImapDeps['login'] = async (user, secret): Promise<LoginOutcome> => {
    const account = accounts.get(user.includes('@') ? user : `${user}@example.org`)
    const good = account !== undefined && ('proven' in secret ? secret.proven : secret.password === 'secret')
    logins.push(`${user} ${good ? 'ok' : 'failed'}`)
    if (user === 'frozen' || user === 'barred') return { kind: user }
    return good ? { kind: 'ok', account } : { kind: 'bad-credentials' }
  }
  const views = new MailboxViews(store)
  const deps: ImapDeps = {
    store,
    views,
    login,
    scram: {
      keys: async (user) => (accounts.has(`${user}@example.org`) ? keysOf('secret') : null),
      nonce: () => 'servernonce',
      secret: Buffer.from('decoy'),
    },
    now,
    breathe: () => Promise.resolve(),
    within: (work) => work.then(() => true),
    log: silentLog,
    limits: { ...imapLimits, ...options.limits },
    newSpool: options.newSpool ?? memorySpool,
    startTls: options.startTls ?? true,
    id: [['name', 'Postern']],
  }
  const close = async (): Promise<void> => {
    views.stop()
    await store.close()
  }
  return { store, deps, accounts, logins, close }
}

const securePeer: Peer = {
  session: 's1',
  ip: '192.0.2.1',
  port: 40000,
  localIp: '192.0.2.2',
  localPort: 993,
  tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', bindings: { 'tls-exporter': Buffer.from('exported') } },
  mayPlaintext: false,
}

/** One connection. `said` gathers what the server wrote, latin1; acts but patience and wait stand in it as lines `[close]`. */
export class Line {
  readonly #session: Session
  readonly #peer: Peer
  #said = ''
  #work: Promise<void> = Promise.resolve()
  #rung = false
  #ended = false
  readonly waits: number[] = []

  /** @param session of another protocol than IMAP. */
  constructor(house: House, tls: boolean, session?: Session) {
    this.#session = session ?? imapSession(house.deps)
    this.#peer = tls ? securePeer : { ...securePeer, tls: null, localPort: 143 }
    this.#session.bell(() => this.#ring())
    this.#do(() => this.#session.greet(this.#peer, () => Promise.resolve(true)))
  }

  #do(acts: () => AsyncIterable<Act>): void {
    this.#work = this.#work.then(async () => {
      if (this.#ended) return
      for await (const act of acts()) this.#act(act)
    })
  }

  #act(act: Act): void {
    if (act.act === 'write') this.#said += Buffer.from(act.bytes).toString('latin1')
    else if (act.act === 'wait') this.waits.push(act.ms)
    else if (act.act !== 'patience') this.#said += `[${act.act}]\r\n`
    if (act.act === 'start-tls') this.#session.secured(securePeer)
    if (act.act === 'close') this.gone()
  }

  #ring(): void {
    if (this.#rung) return
    this.#rung = true
    this.#do(() => {
      this.#rung = false
      return this.#session.wake()
    })
  }

  /** Sends octets, whole or cut into pieces of `cut` octets. */
  send(text: string, cut = Number.MAX_SAFE_INTEGER): void {
    const bytes = Buffer.from(text, 'latin1')
    for (let at = 0; at < bytes.length; at += cut) {
      const piece = bytes.subarray(at, at + cut)
      this.#do(() => this.#session.octets(piece))
    }
  }

  /** Waits until nothing runs, and gives what was said since the last time. */
  async heard(): Promise<string> {
    for (let before: unknown; before !== this.#work; ) {
      before = this.#work
      await this.#work
      await new Promise((resolve) => setImmediate(resolve))
    }
    const said = this.#said
    this.#said = ''
    return said
  }

  /** Sends a command and gives the answer. */
  async say(text: string): Promise<string> {
    this.send(`${text}\r\n`)
    return this.heard()
  }

  get ended(): boolean {
    return this.#ended
  }

  /** The transport wants last words; then the connection ends. */
  farewell(why: Parameters<Session['farewell']>[0]): void {
    this.#do(() => this.#session.farewell(why))
    this.#work = this.#work.then(() => this.gone())
  }

  gone(): void {
    if (this.#ended) return
    this.#ended = true
    this.#session.gone()
  }
}
