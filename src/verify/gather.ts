/**
 * Everything the wire says about one message, in one plain object: reverse name, HELO, blocklists, SPF of both identities, DKIM, ARC,
 * DMARC, and the Authentication-Results field that tells it. RFC 8601 section 2.7 (the words), RFC 9989 section 5.3 (the order: DMARC after
 * SPF and DKIM). Pure: look-ups, time and deadline are parameters, and each part fails to `temperror` by itself; nothing here rejects.
 */
import type { Resolve } from '../base/dns.ts'
import { type ArcVerdict, verifyArc } from './arc.ts'
import { forgedResults, type MethodResult, type Property, writeAuthResults } from './auth-results.ts'
import { type DkimVerdict, verifyDkim } from './dkim.ts'
import type { KeyRing } from './dkim-key.ts'
import { checkDmarc, type DmarcVerdict } from './dmarc.ts'
import { checkDnsbl, type DnsblFindings, type DnsblListing, type DnsblZone } from './dnsbl.ts'
import { readMessage } from './fields.ts'
import { checkHelo, type HeloVerdict } from './helo.ts'
import { checkIprev, type IprevVerdict } from './iprev.ts'
import { boundedResolve } from './lookup.ts'
import { checkSpf, type SpfVerdict } from './spf.ts'

export type Peer = {
  readonly ip: string
  readonly helo: string
}
export type VerifyInput = Peer & {
  /** `local@domain`, or empty for the null sender. */
  readonly mailFrom: string
  /** As received, without our own trace fields. */
  readonly message: Uint8Array
}
export type VerifyOptions = {
  /** Our own name: the authserv-id, and `%{r}` of SPF. */
  readonly host: string
  /** Other names and addresses of ours, that no stranger may use in HELO or in Authentication-Results. */
  readonly ours?: readonly string[]
  /** Epoch ms. */
  readonly now: number
  /** The deadline of all look-ups together: when it fires, what is not known yet is a temperror. */
  readonly signal?: AbortSignal
  /** None: no blocklist is asked. */
  readonly zones?: readonly DnsblZone[]
  /** Keys of earlier messages; one for a thread. */
  readonly keys?: KeyRing
  /** 0 to 99: see `DmarcOptions`. */
  readonly sample?: number
}

/** What can be known of a client before it sends a message. */
export type PeerVerdicts = {
  readonly iprev: IprevVerdict
  readonly helo: HeloVerdict
  /** SPF of the HELO name (RFC 7208 section 2.3). */
  readonly heloSpf: SpfVerdict
  readonly dnsbl: readonly DnsblListing[]
  /** Zones that refuse our resolver, and those that did not answer: the caller logs them. */
  readonly dnsblTrouble: Omit<DnsblFindings, 'listings'>
}
export type Verdicts = PeerVerdicts & {
  readonly spf: SpfVerdict
  readonly dkim: readonly DkimVerdict[]
  readonly dmarc: DmarcVerdict
  readonly arc: ArcVerdict
  /** The Authentication-Results field to put on top, CRLF included; ASCII. */
  readonly field: string
  /** The header is longer than is looked at (1 MiB, 2,000 fields): nothing signed passes, and forged fields may stand further down. */
  readonly headerCut: boolean
  /** Octet ranges of incoming Authentication-Results fields that carry our name: cut them out. */
  readonly forged: readonly { readonly from: number; readonly to: number }[]
}

/** What a client's address and name say; needs no message. @param resolve look-ups. */
export const verifyPeer = async (peer: Peer, resolve: Resolve, options: VerifyOptions): Promise<PeerVerdicts> => {
  const ask = boundedResolve(resolve, options.signal)
  const so = { receiver: options.host, now: options.now }
  const [iprev, heloSpf, { listings, ...dnsblTrouble }] = await Promise.all([
    checkIprev(peer.ip, ask),
    checkSpf({ ip: peer.ip, helo: peer.helo, mailFrom: '' }, ask, so),
    checkDnsbl(peer.ip, options.zones ?? [], ask),
  ])
  const ours = [options.host, ...(options.ours ?? [])].map((name) => name.toLowerCase())
  const helo = await checkHelo(peer.helo, peer.ip, ask, {
    ours,
    ...(iprev.name === undefined ? {} : { reverseName: iprev.name }),
  })
  return { iprev, helo, heloSpf, dnsbl: listings, dnsblTrouble }
}

/**
 * All verdicts of one message. @param resolve look-ups, which may cross a thread. @param known what `verifyPeer` found for this client, so
 * that it is not asked again. @returns plain data; never rejects for what a peer or DNS says.
 */
export const verifyMessage = async (
  input: VerifyInput,
  resolve: Resolve,
  options: VerifyOptions,
  known?: PeerVerdicts,
): Promise<Verdicts> => {
  const ask = boundedResolve(resolve, options.signal)
  const message = readMessage(input.message)
  const { fields } = message
  const [peer, spf, dkim, arc] = await Promise.all([
    known ?? verifyPeer(input, ask, options),
    checkSpf(input, ask, { receiver: options.host, now: options.now }),
    verifyDkim(message, ask, options),
    verifyArc(message, ask, options),
  ])
  const sample = options.sample === undefined ? {} : { sample: options.sample }
  const dmarc = await checkDmarc({ fields, spf, dkim }, ask, sample)
  const found = { ...peer, spf, dkim, dmarc, arc }
  return {
    ...found,
    headerCut: message.cut,
    field: writeAuthResults({ authserv: options.host, results: methodResults(input, found) }),
    forged: forgedResults(fields, [options.host, ...(options.ours ?? [])]),
  }
}

const property = (name: string, value: string | undefined): readonly Property[] =>
  value === undefined || value === '' ? [] : [{ name, value }]

const dkimResult = (one: DkimVerdict): MethodResult => ({
  method: 'dkim',
  result: one.result,
  ...(one.reason === undefined ? {} : { reason: one.reason }),
  properties: [
    ...property('header.d', one.domain),
    ...property('header.i', one.identity),
    ...property('header.s', one.selector),
    ...property('header.a', one.algorithm),
    ...property('header.b', one.tag),
  ],
})

const spfResult = (spf: SpfVerdict, property: Property): MethodResult => ({
  method: 'spf',
  result: spf.result,
  ...(spf.reason === undefined ? {} : { reason: spf.reason }),
  properties: [property],
})

type Found = Omit<Verdicts, 'field' | 'forged' | 'headerCut'>
/** The results in the order in which readers look for them. RFC 8601 section 2.7; `policy.iprev` section 2.7.3; `policy.published-domain-policy` is not sent. */
const methodResults = (input: Omit<VerifyInput, 'message'>, found: Found): readonly MethodResult[] => [
  ...(found.dkim.length === 0 ? [{ method: 'dkim', result: 'none', properties: [] }] : found.dkim.map(dkimResult)),
  spfResult(
    found.spf,
    found.spf.identity === 'helo'
      ? { name: 'smtp.helo', value: input.helo }
      : { name: 'smtp.mailfrom', value: input.mailFrom },
  ),
  ...(found.spf.identity === 'helo' ? [] : [spfResult(found.heloSpf, { name: 'smtp.helo', value: input.helo })]),
  {
    method: 'dmarc',
    result: found.dmarc.result,
    ...(found.dmarc.reason === undefined ? {} : { reason: found.dmarc.reason }),
    properties: property('header.from', found.dmarc.domain),
  },
  ...(found.arc.cv === 'none'
    ? []
    : [
        {
          method: 'arc',
          result: found.arc.cv,
          ...(found.arc.reason === undefined ? {} : { reason: found.arc.reason }),
          properties: property('header.oldest-pass', found.arc.oldestPass?.toString()),
        },
      ]),
  { method: 'iprev', result: found.iprev.result, properties: [{ name: 'policy.iprev', value: input.ip }] },
]
