/**
 * The post office as the SMTP session sees it (ports.ts): who may send, which recipients there are, what becomes of a message, and what a
 * session did wrong. RFC 5321 sections 3.3, 3.6 and 4.5.1. What RCPT promised is kept until the message comes, so that the data
 * phase looks nothing up again.
 *
 * Whoever has logged in (`account`) is asked who they send as, and may write to anybody; submit.ts has what happens then.
 *
 * Refused on purpose: addresses that lead elsewhere where nothing can be sent on, also when they lead here too: half a delivery is a loss.
 */
import type { Offence } from '../ban/offence.ts'
import { isPrivate } from '../ban/subject.ts'
import type { AccountId } from '../base/ids.ts'
import type { Account, Store } from '../store/store.ts'
import type { OfficeDeps, PostDeps } from './deps.ts'
import { type PeerFacts, Peers } from './gather.ts'
import { MOST_HEAD, readHead } from './head.ts'
import { accountName } from './login.ts'
import type { Mail, Taken, Taker } from './mail.ts'
import { isNameless, unknownWeight } from './offences.ts'
import type {
  Envelope,
  OffendingPeer,
  PostOffice,
  RcptOutcome,
  RcptReason,
  ReceiveOutcome,
  Recipient,
  Sender,
  SessionOffence,
} from './ports.ts'
import { receive } from './receive.ts'
import { Recent } from './recent.ts'
import { type Destination, isRole, type Route, type RouteLookups, route } from './route.ts'
import type { Returned } from './srs.ts'
import { senderKeys } from './standing.ts'
import { submit } from './submit.ts'
import { draftOf, type Refusal, type Routed } from './submit-draft.ts'
import { openGuard, type SendingPorts } from './submit-ports.ts'
import { maySendAs, notYours } from './submit-senders.ts'
import { hostTrust } from './weigh.ts'

const MOST_TRANSACTIONS = 10_000
const MOST_TAKEN = 2_000 // recipients of one transaction; the session refuses more much earlier
const DOMAINS_MS = 2_000
const ID_OCTETS = 8
/** The queue knows messages by it. */
const QUEUED_ID_OCTETS = 16
const NOT_ON = 'This address leads to another server, and this one does not send mail on'
/** Where nothing is sent on, people here still write to each other. */
const nothingOn: SendingPorts = { guard: openGuard, sign: async () => '', wake: () => undefined }

const refuse = (reason: RcptReason, text?: string): RcptOutcome => ({
  kind: 'refuse',
  reason,
  ...(text === undefined || text === '' ? {} : { text }),
})
/** Offences that a good host may come to without being one that means ill. */
const spareable: ReadonlySet<SessionOffence> = new Set(['too-many-connections', 'too-slow'])
const ok: RcptOutcome = { kind: 'ok' }

/** The domains that are served here, asked of the store every DOMAINS_MS at most. */
class Domains {
  readonly #store: Store
  readonly #now: () => number
  #names: ReadonlySet<string> = new Set()
  #readAt: number | undefined

  constructor(store: Store, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** @returns the names; those of before when the store does not answer, undefined when it never did. */
  async names(): Promise<ReadonlySet<string> | undefined> {
    if (this.#readAt !== undefined && Math.abs(this.#now() - this.#readAt) < DOMAINS_MS) return this.#names
    const read = await this.#store.domains()
    if (read.ok) {
      this.#names = new Set(read.value.map(({ name }) => name))
      this.#readAt = this.#now()
    }
    return this.#readAt === undefined ? undefined : this.#names
  }
}

type Transaction = { readonly at: number; readonly taken: Map<string, Taken> }
type Found = { readonly taken: Taken } | { readonly refused: RcptOutcome; readonly unknown: boolean }

/** The office itself; `postOffice` gives its door. */
class Office {
  readonly #deps: OfficeDeps
  readonly #domains: Domains
  readonly #transactions = new Recent<Transaction>(MOST_TRANSACTIONS)

  constructor(deps: PostDeps) {
    this.#deps = { ...deps, peers: new Peers(deps.lookups, deps.now, deps.log) }
    this.#domains = new Domains(deps.store, deps.now)
  }

  async sender(sender: Sender): Promise<RcptOutcome> {
    const { jail } = this.#deps
    const named = sender.mailFrom?.text.toLowerCase()
    if (sender.account !== undefined) return this.#submitter(sender, sender.account)
    if (jail.barred(sender.ip, 'mail') !== undefined) return refuse('sender-banned')
    if (named !== undefined && jail.barredSender(named) !== undefined) return refuse('sender-banned')
    this.#transactions.set(sender.session, { at: sender.at, taken: new Map() })
    // Started here, waited for at RCPT: the answers come while the envelope is still being said. It never rejects.
    void this.#facts(sender)
    return ok
  }

  async route(
    sender: Sender,
    recipient: Recipient,
    so: { readonly accepted: number; readonly declaredSize: number },
  ): Promise<RcptOutcome> {
    const stranger = sender.account === undefined
    if (stranger && sender.mailFrom === null && so.accepted > 0) return refuse('null-sender-many')
    if (stranger && (await this.#isRefusedPeer(sender))) return refuse('sender-banned')
    const found = await this.#find(recipient, so.declaredSize, sender)
    if ('refused' in found) {
      if (found.unknown && stranger) await this.#tellUnknown(sender, recipient)
      return found.refused
    }
    const transaction = this.#transactions.get(sender.session)
    if (transaction?.at === sender.at && transaction.taken.size < MOST_TAKEN)
      transaction.taken.set(recipient.address.text, found.taken)
    return ok
  }

  async receive(envelope: Envelope, body: Mail['body']): ReturnType<PostOffice['receive']> {
    try {
      return await this.#receive(envelope, body)
    } finally {
      // The store has moved it to its own place, or nobody wants it.
      if ('file' in body) await this.#deps.files?.drop(body.file)
    }
  }

  async #receive(envelope: Envelope, body: Mail['body']): ReturnType<PostOffice['receive']> {
    const { fresh, now, settings } = this.#deps
    const current = settings()
    const routed = await this.#takenOf(envelope)
    if (routed === undefined) return { kind: 'deferred', reason: 'busy' }
    if (envelope.account !== undefined) return this.#submit(envelope, body, envelope.account, routed)
    const taken = routed.map((one) => one.taken)
    const forwards = routed.flatMap((one) =>
      one.taken.kind === 'mailboxes' ? one.taken.forwards.map((to) => ({ recipient: one.recipient, to })) : [],
    )
    const mail: Mail = {
      id: Buffer.from(fresh(forwards.length === 0 ? ID_OCTETS : QUEUED_ID_OCTETS)).toString('hex'),
      at: now(),
      envelope,
      body,
      head: readHead(await this.#headOf(body), current.host),
      takers: distinctTakers(taken),
      trapped: taken.some(({ kind }) => kind === 'spamtrap'),
      forwards,
    }
    return receive(this.#deps, current, mail, [...((await this.#domains.names()) ?? [])])
  }

  offence(kind: SessionOffence, peer: OffendingPeer): void {
    const { jail, log } = this.#deps
    const offence: Offence = { kind, ip: peer.ip, service: peer.service ?? 'mail', note: peer.session }
    if (!spareable.has(kind)) {
      jail.offence(offence)
      return
    }
    // A provider that brings much mail at once, or over a bad line, is known by what it brought before.
    this.#trust(peer, this.#deps.peers.known(peer.ip)).then(
      (trust) => jail.offence({ ...offence, ...trust }),
      (error: unknown) => log.event('session-fault', { why: String(error) }),
    )
  }

  /** Whether an account may send now, and as whom it wants to. */
  async #submitter(sender: Sender, name: string): Promise<RcptOutcome> {
    const account = await this.#deps.store.account({ name })
    if (!account.ok) return refuse(account.error === 'no-such-account' ? 'frozen' : 'unavailable')
    if (account.value.state !== 'active') return refuse('frozen')
    // RFC 6409 section 6.1: a program that reports (a read receipt, a rejection) says the null sender; its From is looked at later.
    const may = sender.mailFrom === null ? true : await this.#maySendAs(account.value, sender.mailFrom)
    if (may === undefined) return refuse('unavailable')
    if (!may) return refuse('not-your-address', notYours(sender.mailFrom?.text ?? '', account.value))
    this.#transactions.set(sender.session, { at: sender.at, taken: new Map() })
    return ok
  }

  async #maySendAs(account: Account, address: { local: string; domain: string }): Promise<boolean | undefined> {
    const domains = await this.#domains.names()
    if (domains === undefined) return undefined
    const lookups = await this.#lookups(domains, address.local)
    return maySendAs(account, address, lookups, this.#deps.settings().submission.sharedAliases)
  }

  /** The message of an account: its header is made whole, and off it goes. */
  async #submit(
    envelope: Envelope,
    body: Mail['body'],
    name: string,
    routed: readonly Routed[],
  ): ReturnType<PostOffice['receive']> {
    const { fresh, now, settings, store, files, sending } = this.#deps
    const account = await store.account({ name })
    if (!account.ok) return { kind: 'deferred', reason: 'busy' }
    if (account.value.state !== 'active') return { kind: 'deferred', reason: 'frozen' }
    const id = Buffer.from(fresh(QUEUED_ID_OCTETS)).toString('hex')
    const draft = await draftOf(
      { files, maySendAs: (address) => this.#maySendAs(account.value, address) },
      settings(),
      { id, at: now(), envelope, body, account: account.value, routed },
      distinctTakers(routed.map((one) => one.taken)),
    )
    if (draft === undefined) return { kind: 'deferred', reason: 'busy' }
    if (!draft.ok) return this.#unsendable(envelope, id, draft.error)
    try {
      return await submit(this.#deps, sending ?? nothingOn, settings(), draft.value)
    } finally {
      const written = draft.value.mail.body
      if ('file' in written && !('file' in body && body.file === written.file)) await files?.drop(written.file)
    }
  }

  #unsendable({ session, ip }: Envelope, id: string, { reason, text }: Refusal): ReceiveOutcome {
    this.#deps.log.event('message-rejected', { id, session, ip, reason, why: text })
    return { kind: 'rejected', reason, text }
  }

  #facts(sender: { readonly ip: string }): Promise<PeerFacts> {
    return this.#deps.peers.facts(sender.ip, this.#deps.settings().lookups)
  }

  async #headOf(body: Mail['body']): Promise<Uint8Array> {
    if ('bytes' in body) return body.bytes
    return (await this.#deps.files?.head(body.file, MOST_HEAD)) ?? new Uint8Array(0)
  }

  /** What RCPT promised, or asked again where the transaction was forgotten; undefined when the store does not answer. */
  async #takenOf(envelope: Envelope): Promise<readonly Routed[] | undefined> {
    const transaction = this.#transactions.get(envelope.session)
    this.#transactions.delete(envelope.session)
    const all: Routed[] = []
    for (const recipient of envelope.recipients) {
      const promised = transaction?.at === envelope.at ? transaction.taken.get(recipient.address.text) : undefined
      if (promised !== undefined) {
        all.push({ recipient, taken: promised })
        continue
      }
      const found = await this.#find(recipient, 0, envelope)
      if ('refused' in found) return undefined
      all.push({ recipient, taken: found.taken })
    }
    return all
  }

  /** The peer is banned by now, or has no reverse name and is banned for it. */
  async #isRefusedPeer(sender: Sender): Promise<boolean> {
    const { jail, settings } = this.#deps
    if (jail.barred(sender.ip, 'mail') !== undefined) return true
    if (!settings().lookups.reverse || !settings().requireReverse) return false
    if (isPrivate(sender.ip) || !isNameless(await this.#facts(sender))) return false
    const bans = jail.offence({
      kind: 'no-reverse',
      ip: sender.ip,
      service: 'mail',
      note: sender.session,
      ...(await this.#trust(sender, this.#facts(sender))),
    })
    return bans.length > 0
  }

  async #tellUnknown(sender: Sender, recipient: Recipient): Promise<void> {
    const facts = await this.#facts(sender)
    const trust = await this.#trust(sender, this.#facts(sender))
    const { jail, soon } = this.#deps
    soon(() => {
      jail.offence({
        kind: 'unknown-recipient',
        ip: sender.ip,
        service: 'mail',
        weight: isPrivate(sender.ip) ? 1 : unknownWeight(facts),
        sameAs: recipient.address.text.toLowerCase().slice(0, 64),
        note: sender.session,
        ...trust,
      })
    })
  }

  async #trust(
    peer: { readonly ip: string },
    facts: Promise<PeerFacts>,
  ): Promise<{ readonly hostTrusted: boolean; readonly networkTrusted: boolean }> {
    const { history, now } = this.#deps
    const standings = await history.standings(senderKeys(peer.ip, undefined, undefined))
    return hostTrust(standings, (await facts).iprev, now())
  }

  async #find(recipient: Recipient, declaredSize: number, sender: Sender): Promise<Found> {
    const submitted = sender.account !== undefined
    const refused = (outcome: RcptOutcome, unknown = false): Found => ({ refused: outcome, unknown })
    const domains = await this.#domains.names()
    if (domains === undefined) return refused(refuse('unavailable'))
    const { local } = recipient.address
    // RFC 5321 section 4.5.1: <postmaster> without a domain is the one of this host.
    const domain = recipient.address.domain === '' ? ([...domains][0] ?? '') : recipient.address.domain
    // RFC 6409 section 8.7: a name without a domain would be somebody else's on the way.
    if (submitted && recipient.address.domain === '') return refused(refuse('bad-destination'))
    const back = domains.has(domain) ? this.#deps.returnTo?.(local) : undefined
    if (back !== undefined) return returnsTo(back, sender)
    const where = await route(local, domain, await this.#lookups(domains, local))
    if (where.kind === 'elsewhere' && submitted) return this.#leaves(domain)
    if (where.kind !== 'deliver') return foundOf(where)
    if (where.forwards.length > 0 && !this.#sendsOn(submitted)) return refused(refuse('relay-denied', NOT_ON))
    return this.#takers(where.to, where.forwards, declaredSize)
  }

  /** Whether what leads elsewhere can go there. */
  #sendsOn(submitted: boolean): boolean {
    const { sending, forward } = this.#deps
    return sending !== undefined && (submitted || forward !== undefined)
  }

  /** A recipient of a submission at a domain of others. */
  #leaves(domain: string): Found {
    if (this.#deps.sending === undefined) return { refused: refuse('relay-denied', NOT_ON), unknown: false }
    // A name without a dot is a name within somebody's own network: nothing that mail can be sent to.
    if (!domain.startsWith('[') && !domain.includes('.')) return { refused: refuse('bad-destination'), unknown: false }
    return { taken: { kind: 'elsewhere' } }
  }

  async #lookups(domains: ReadonlySet<string>, local: string): Promise<RouteLookups> {
    const postmaster = await this.#postmaster(local)
    return {
      isOurs: (name) => domains.has(name),
      address: (address) => this.#deps.store.address({ address }),
      postmaster: () => postmaster,
      now: this.#deps.now(),
    }
  }

  async #takers(to: readonly Destination[], forwards: readonly string[], declaredSize: number): Promise<Found> {
    const takers: Taker[] = []
    for (const { account: id, detail } of to) {
      const account = await this.#deps.store.account({ id })
      if (!account.ok)
        return { refused: refuse(account.error === 'no-such-account' ? 'unknown-user' : 'unavailable'), unknown: false }
      if (account.value.state === 'disabled') return { refused: refuse('disabled'), unknown: false }
      const { quotaBytes, usedBytes } = account.value
      if (quotaBytes > 0 && usedBytes + declaredSize > quotaBytes)
        return { refused: refuse('over-quota'), unknown: false }
      takers.push({ account: account.value, detail })
    }
    return { taken: { kind: 'mailboxes', takers, forwards } }
  }

  async #postmaster(local: string): Promise<AccountId | undefined> {
    if (!isRole(local)) return undefined
    const { postmaster } = this.#deps.settings()
    const { store } = this.#deps
    if (postmaster !== undefined) {
      const account = await store.account({ name: accountName(postmaster) })
      if (account.ok) return account.value.id
    }
    const accounts = await store.accounts()
    return accounts.ok ? oldest(accounts.value)?.id : undefined
  }
}

const oldest = (accounts: readonly Account[]): Account | undefined =>
  accounts.reduce<Account | undefined>(
    (first, next) => (first === undefined || next.id < first.id ? next : first),
    undefined,
  )

const foundOf = (where: Exclude<Route, { readonly kind: 'deliver' }>): Found => {
  if (where.kind === 'spamtrap' || where.kind === 'blackhole') return { taken: { kind: where.kind } }
  if (where.kind === 'unknown') return { refused: refuse('unknown-user'), unknown: true }
  if (where.kind === 'elsewhere') return { refused: refuse('relay-denied'), unknown: false }
  if (where.kind === 'reject') return { refused: refuse('disabled', where.says), unknown: false }
  return { refused: refuse('unavailable'), unknown: false }
}

/** Mail to a return address that we wrote: a report of failure for whoever sent what we sent on, and nothing else. */
const returnsTo = (back: Returned, sender: Sender): Found => {
  const refused = (text: string): Found => ({ refused: refuse('unknown-user', text), unknown: back.kind === 'forged' })
  if (back.kind !== 'to') return refused(back.kind === 'expired' ? 'This return address is too old' : '')
  if (sender.mailFrom !== null || sender.account !== undefined)
    return refused('Only reports of failure can be sent to this address')
  return { taken: { kind: 'mailboxes', takers: [], forwards: [back.address] } }
}

/** One for each account, however many of its addresses were named; the one with a detail where there is one. */
const distinctTakers = (taken: readonly Taken[]): readonly Taker[] => {
  const byAccount = new Map<AccountId, Taker>()
  for (const taker of taken.flatMap((one) => (one.kind === 'mailboxes' ? one.takers : []))) {
    const before = byAccount.get(taker.account.id)
    if (before === undefined || before.detail === '') byAccount.set(taker.account.id, taker)
  }
  return [...byAccount.values()]
}

/** @returns the door that session/smtp knocks at. */
export const postOffice = (deps: PostDeps): PostOffice => {
  const office = new Office(deps)
  return {
    sender: (sender) => office.sender(sender),
    route: (sender, recipient, so) => office.route(sender, recipient, so),
    receive: (envelope, body) => office.receive(envelope, body),
    offence: (kind, peer) => office.offence(kind, peer),
  }
}
