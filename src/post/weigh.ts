/**
 * Facts, the scan's outcome and our own history put together: who the sender is (as far as anybody vouches), whether the host is one that
 * delivers wanted mail, what the message scores, and what follows for each recipient. History is read through the deps; the decision is pure.
 */
import type { SenderIdentity } from '../ban/offence.ts'
import { thresholdsOf } from './account-settings.ts'
import { plainAuthResults } from './auth-results.ts'
import { isVouchedFor } from './forwarders.ts'
import { claimedAddress } from './gather.ts'
import type { SenderHistory, Standings } from './history.ts'
import type { Jail } from './jail.ts'
import type { Decision, Known, Mail } from './mail.ts'
import { isSharedDomain, isSharedHost } from './providers.ts'
import { type EarlyFacts, historyOf, type ScanOutcome, vouchedDomain } from './scan-port.ts'
import type { PostSettings } from './settings.ts'
import { isTrusted, senderKeys } from './standing.ts'
import { decide, type Judged, mildest, type Verdict } from './verdict.ts'

export type WeighDeps = {
  readonly history: SenderHistory
  readonly jail: Pick<Jail, 'barredSender'>
  readonly now: () => number
}

/** @returns the claimed address, where authentication speaks for its domain. */
const provenAddress = (claimed: string | undefined, vouched: string | undefined): string | undefined =>
  claimed !== undefined && vouched !== undefined && claimed.endsWith(`@${vouched}`) ? claimed : undefined

const identityOf = (
  claimed: string | undefined,
  vouched: string | undefined,
  standings: Standings,
  own: { readonly domains: readonly string[]; readonly correspondent: boolean },
  now: number,
): SenderIdentity => {
  const ours = vouched !== undefined && own.domains.includes(vouched)
  return {
    domain: vouched,
    address: provenAddress(claimed, vouched),
    domainTrusted:
      ours ||
      own.correspondent ||
      (vouched !== undefined && isSharedDomain(vouched)) ||
      isTrusted(standings.domain, now),
    addressTrusted: ours || own.correspondent || isTrusted(standings.address, now),
  }
}

/** Whether the host, and its network, deliver wanted mail: by a large provider's confirmed name, or by what they brought before. */
export const hostTrust = (
  standings: Standings,
  iprev: EarlyFacts['iprev'],
  now: number,
): { readonly hostTrusted: boolean; readonly networkTrusted: boolean } => {
  const provider = iprev?.result === 'pass' && iprev.name !== undefined && isSharedHost(iprev.name)
  const { host, network } = standings
  return {
    hostTrusted: provider || isTrusted(host, now) || isTrusted(network, now, true),
    networkTrusted: provider || isTrusted(network, now),
  }
}

/** @returns what is known of the message and its sender. */
export const weigh = async (
  deps: WeighDeps,
  settings: PostSettings,
  mail: Mail,
  facts: EarlyFacts,
  scanned: ScanOutcome,
): Promise<Known> => {
  const now = deps.now()
  const { wire, output, authResults } = scanned.kind === 'done' ? scanned : {}
  const claimed = claimedAddress(mail.head.fromAddress, mail.envelope)
  const vouched = vouchedDomain(wire, claimed?.slice(claimed.lastIndexOf('@') + 1))
  const keys = senderKeys(mail.envelope.ip, claimed, vouched)
  const history = historyOf(facts, wire)
  const standings = settings.scan.score ? await deps.history.standings(keys) : {}
  const own = { domains: history?.ownDomains ?? [], correspondent: history?.knownCorrespondent ?? false }
  const sender = identityOf(claimed, vouched, standings, own, now)
  const proven = sender.address ?? (vouched === undefined ? undefined : `@${vouched}`)
  return {
    facts,
    scan: scanned.kind,
    wire,
    output,
    authResults: authResults ?? plainAuthResults(settings.host, mail.envelope.ip, facts.iprev),
    keys,
    sender,
    ...hostTrust(standings, facts.iprev, now),
    trustedForwarder: await isVouchedFor({ ...deps, sealers: settings.trustedSealers }, wire),
    barred: proven !== undefined && deps.jail.barredSender(proven) !== undefined,
  }
}

const dmarcWords = ['pass', 'fail', 'temperror', 'permerror'] as const
const policyWords = ['quarantine', 'reject'] as const

const isWanted = ({ sender }: Known): boolean => sender.address !== undefined && sender.addressTrusted

const judgedOf = (mail: Mail, known: Known): Judged => ({
  score: known.output?.score ?? 0,
  dmarc: dmarcWords.find((word) => word === known.wire?.dmarc?.result) ?? 'none',
  dmarcPolicy: policyWords.find((word) => word === known.wire?.dmarc?.policy) ?? 'none',
  trustedForwarder: known.trustedForwarder,
  // A wanted sender who answers to everybody named in a spammer's message is no spammer; one who writes to the trap alone is told.
  trapped: mail.trapped && (mail.takers.length + mail.forwards.length === 0 || !isWanted(known)),
  barred: known.barred,
})

/** The verdict for what goes on elsewhere. What is flagged and not sent on is refused, as far as nobody here keeps it. */
const forwardVerdict = (settings: PostSettings, mail: Mail, server: Verdict): Verdict | undefined => {
  if (mail.forwards.length === 0) return undefined
  return server.kind === 'flag' && settings.forward.flagged === 'refuse'
    ? { kind: 'reject', reasons: server.reasons }
    : server
}

/** @returns the verdicts: each recipient's by their own thresholds, the answer, and the server's. Pure. */
export const decideMail = (settings: PostSettings, mail: Mail, known: Known): Decision => {
  const judged = judgedOf(mail, known)
  const { honourDmarc } = settings.spam
  const server = decide(settings.spam, judged)
  const verdicts = mail.takers.map(({ account }) =>
    decide({ ...thresholdsOf(account.settings, settings.spam), honourDmarc }, judged),
  )
  const onward = forwardVerdict(settings, mail, server)
  const all = onward === undefined ? verdicts : [...verdicts, onward]
  return { verdicts, answer: all.length === 0 ? server : mildest(all), server }
}
