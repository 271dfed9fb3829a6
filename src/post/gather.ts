/**
 * What is known of a peer and a sender before a message is read: the reverse name and the blocklists (asked once for a peer, from MAIL
 * on, while the envelope is still being said), and our own history. Look-ups are parameters, bounded in time by whoever made them.
 *
 * A look-up that fails is a fact that is missing: it rejects nothing.
 */
import type { AccountId } from '../base/ids.ts'
import type { Log } from '../base/log.ts'
import type { History } from '../spam/facts.ts'
import type { Acquaintance } from './acquaintances.ts'
import type { SenderHistory, Standings } from './history.ts'
import type { Envelope } from './ports.ts'
import { Recent } from './recent.ts'
import type { EarlyFacts } from './scan-port.ts'
import type { PostSettings } from './settings.ts'
import { senderKeys, standingScore } from './standing.ts'

const PEER_MS = 300_000
const MOST_PEERS = 4_096
const MOST_ASKED = 100 // accounts of one message whose correspondents are looked at
const MOST_ALIKE = 20 // correspondents that the filter is told of

/** One that rejects all the same is a look-up that failed. Words of `result`: RFC 8601 section 2.7.3; `permerror` is a peer without any reverse name. */
export type Lookups = {
  readonly iprev?: (ip: string) => Promise<NonNullable<EarlyFacts['iprev']>>
  readonly dnsbl?: (ip: string) => Promise<NonNullable<EarlyFacts['dnsbl']>>
}
export type PeerFacts = Pick<EarlyFacts, 'iprev' | 'dnsbl'>

/** Asks about a peer once in five minutes, however many messages it brings. */
export class Peers {
  readonly #lookups: Lookups
  readonly #now: () => number
  readonly #log: Log
  readonly #asked = new Recent<{ readonly at: number; readonly facts: Promise<PeerFacts> }>(MOST_PEERS)

  constructor(lookups: Lookups, now: () => number, log: Log) {
    this.#lookups = lookups
    this.#now = now
    this.#log = log
  }

  /** @returns what was found out already, and asks nothing. */
  known(ip: string): Promise<PeerFacts> {
    return this.#asked.get(ip)?.facts ?? Promise.resolve({})
  }

  /** @returns the facts; the first call for a peer starts the look-ups. Never rejects. */
  facts(ip: string, wanted: PostSettings['lookups']): Promise<PeerFacts> {
    const before = this.#asked.get(ip)
    if (before !== undefined && Math.abs(this.#now() - before.at) < PEER_MS) return before.facts
    const facts = this.#ask(ip, wanted).catch((error: unknown): PeerFacts => {
      this.#log.event('dns-unavailable', { ip, why: String(error) })
      return {}
    })
    this.#asked.set(ip, { at: this.#now(), facts })
    return facts
  }

  async #ask(ip: string, wanted: PostSettings['lookups']): Promise<PeerFacts> {
    const [iprev, dnsbl] = await Promise.all([
      wanted.reverse ? this.#lookups.iprev?.(ip) : undefined,
      wanted.dnsbl ? this.#lookups.dnsbl?.(ip) : undefined,
    ])
    // "temperror" must be asked again at the next message, or one lost packet speaks for five minutes.
    if (iprev?.result === 'temperror') this.#asked.delete(ip)
    return { iprev, dnsbl }
  }
}

const historyFor = (
  standings: Standings,
  knows: boolean,
  vouched: boolean,
  domains: readonly string[],
  correspondents: readonly Acquaintance[],
  now: number,
): History => ({
  firstTimeSender: !vouched || standings.address === undefined,
  knownCorrespondent: vouched && knows,
  senderScore: vouched ? standingScore(standings.address ?? standings.domain, now) : 0,
  networkScore: standingScore(standings.host ?? standings.network, now),
  ownDomains: domains,
  correspondents,
})

export type Claim = {
  /** What the message says it is from, or its envelope; lower case. */
  readonly address: string | undefined
  /** The name that its From field shows; empty where it shows none. */
  readonly name: string
  readonly accounts: readonly AccountId[]
  readonly ownDomains: readonly string[]
}

/** @returns the address that a message claims to come from: its From field, else its envelope. */
export const claimedAddress = (fromAddress: string | undefined, envelope: Envelope): string | undefined =>
  fromAddress ?? envelope.mailFrom?.text.toLowerCase()

/** @returns everything known before the scan, with the sender's history under both assumptions about its name. */
export const gather = async (
  deps: { readonly peers: Peers; readonly history: SenderHistory; readonly now: () => number },
  settings: PostSettings,
  ip: string,
  claim: Claim,
): Promise<EarlyFacts> => {
  const peer = deps.peers.facts(ip, settings.lookups)
  if (!settings.scan.score) return peer
  const { address } = claim
  const domain = address?.slice(address.lastIndexOf('@') + 1)
  const accounts = address === undefined ? [] : claim.accounts.slice(0, MOST_ASKED)
  const [standings, known, alike] = await Promise.all([
    deps.history.standings(senderKeys(ip, address, domain)),
    Promise.all(accounts.map((account) => deps.history.knows(account, address ?? ''))),
    Promise.all(accounts.map((account) => deps.history.alike(account, { name: claim.name, address: address ?? '' }))),
  ])
  const knows = known.includes(true)
  const people = alike.flat().slice(0, MOST_ALIKE)
  const of = (vouched: boolean): History => historyFor(standings, knows, vouched, claim.ownDomains, people, deps.now())
  return { ...(await peer), history: { vouched: of(true), unvouched: of(false), domain } }
}
