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
import type { Account } from '../store/store.ts'
import { type Consult, type Consulted, consult, type Question } from './consult.ts'
import type { OfficeDeps, PostDeps } from './deps.ts'
import { Addresses, refuse } from './find.ts'
import { type PeerFacts, Peers } from './gather.ts'
import { MOST_HEAD, readHead } from './head.ts'
import type { Mail, Taken, Taker } from './mail.ts'
import { isNameless, unknownWeight } from './offences.ts'
import type {
  Envelope,
  OffendingPeer,
  PostOffice,
  RcptOutcome,
  ReceiveOutcome,
  Recipient,
  Sender,
  SessionOffence,
} from './ports.ts'
import { receive } from './receive.ts'
import { Recent } from './recent.ts'
import { RejectedCounts } from './rejected.ts'
import { senderKeys } from './standing.ts'
import { submit } from './submit.ts'
import { draftOf, type Refusal, type Routed } from './submit-draft.ts'
import { openGuard, type SendingPorts } from './submit-ports.ts'
import { maySendAs, notYours } from './submit-senders.ts'
import { hostTrust } from './weigh.ts'

const MOST_TRANSACTIONS = 10_000
const MOST_TAKEN = 2_000 // recipients of one transaction; the session refuses more much earlier
const ID_OCTETS = 8
/** The queue knows messages by it. */
const QUEUED_ID_OCTETS = 16
/** Where nothing is sent on, people here still write to each other. */
const nothingOn: SendingPorts = { guard: openGuard, sign: async () => '', wake: () => undefined }

/** Offences that a good host may come to without being one that means ill. */
const spareable: ReadonlySet<SessionOffence> = new Set(['too-many-connections', 'too-slow'])
const ok: RcptOutcome = { kind: 'ok' }

type Transaction = { readonly at: number; readonly taken: Map<string, Taken> }

/** The office itself; `postOffice` gives its door. */
class Office {
  readonly #deps: OfficeDeps
  readonly #addresses: Addresses
  readonly #transactions = new Recent<Transaction>(MOST_TRANSACTIONS)

  constructor(deps: PostDeps) {
    this.#deps = { ...deps, peers: new Peers(deps.lookups, deps.now, deps.log), rejected: new RejectedCounts() }
    this.#addresses = new Addresses(deps)
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
    const found = await this.#addresses.find(recipient, so.declaredSize, sender)
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
    return receive(this.#deps, current, mail, [...((await this.#addresses.domains()) ?? [])])
  }

  consult(question: Question): Promise<Consulted> {
    return consult(this.#deps, question, () => this.#addresses.domains())
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
    const lookups = await this.#addresses.lookups(address.local)
    if (lookups === undefined) return undefined
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
      const found = await this.#addresses.find(recipient, 0, envelope)
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

/** @returns the door that session/smtp knocks at, and the one for other mail servers. */
export const postOffice = (deps: PostDeps): PostOffice & { readonly consult: Consult } => {
  const office = new Office(deps)
  return {
    sender: (sender) => office.sender(sender),
    route: (sender, recipient, so) => office.route(sender, recipient, so),
    receive: (envelope, body) => office.receive(envelope, body),
    offence: (kind, peer) => office.offence(kind, peer),
    consult: (question) => office.consult(question),
  }
}
