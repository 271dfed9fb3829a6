/**
 * Whether somebody whose word counts here says that a message was good before it was sent on: the fact that excuses a DMARC failure. RFC 8617 section 7.2,
 * RFC 7489 section 6.7 (a receiver may know better), docs/decisions/0071. Forwarders are known by the owner's list, as large providers, or by having brought wanted mail.
 *
 * A chain that holds is not enough: a spammer's forged message, sent on by a large provider, has one too. The forwarder must have found DMARC, or an aligned
 * signature, good itself, or vouch for one before it that did.
 */
import { type ArcHop, arcHops } from '../verify/arc-hops.ts'
import type { SenderHistory } from './history.ts'
import { isSharedDomain, isSharedHost } from './providers.ts'
import type { Verified } from './scan-port.ts'
import { isTrusted } from './standing.ts'

export type ForwarderDeps = {
  readonly history: Pick<SenderHistory, 'domainStanding'>
  readonly now: () => number
  /** The owner's list, lower case. */
  readonly sealers: readonly string[]
}

const covers = (of: string, domain: string): boolean => domain === of || domain.endsWith(`.${of}`)

const isKnown = async ({ history, now, sealers }: ForwarderDeps, sealer: string): Promise<boolean> =>
  sealers.some((one) => covers(one, sealer)) ||
  isSharedDomain(sealer) ||
  isSharedHost(sealer) ||
  isTrusted(await history.domainStanding(sealer), now())

/** Whether a forwarder found the message to come from where its From field says. */
const foundGood = ({ dmarc, dmarcDomain, signed }: ArcHop, from: string): boolean =>
  dmarc === 'pass'
    ? dmarcDomain === '' || dmarcDomain === from
    : dmarc !== 'fail' && signed.some((one) => covers(one, from))

/** @returns whether a forwarder whose word counts vouches for a message that fails DMARC here. */
export const isVouchedFor = async (deps: ForwarderDeps, wire: Verified | undefined): Promise<boolean> => {
  const from = wire?.fromDomain
  if (wire?.arcChain === undefined || from === undefined || wire.dmarc?.result !== 'fail') return false
  for (const hop of arcHops(wire.arcChain)) {
    if (!(await isKnown(deps, hop.sealer))) return false
    if (foundGood(hop, from)) return true
    if (hop.arc !== 'pass') return false
  }
  return false
}
